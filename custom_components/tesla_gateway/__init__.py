"""The Tesla Energy Gateway integration."""

import asyncio

from aiohttp import DummyCookieJar

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.typing import ConfigType

from .connection import client_of
from .const import CONF_RECORD, DOMAIN
from .coordinator import (
    DeviceCoordinator,
    GatewayConfigEntry,
    GatewayRuntimeData,
    InfoCoordinator,
    LiveCoordinator,
    StateCoordinator,
)
from .devices import GatewayDevices
from .gateway import GatewayClient, GatewayRecord
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what is there without any gateway: the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: GatewayConfigEntry) -> bool:
    """Set up a gateway from its config entry."""
    client = _client(hass, entry)
    # What is slow to change goes one request at a time, to leave room for the rest.
    lane = asyncio.Lock()
    entry.runtime_data = runtime = GatewayRuntimeData(
        client=client,
        live=LiveCoordinator(hass, entry, client),
        state=StateCoordinator(hass, entry, client),
        devices=DeviceCoordinator(hass, entry, client, lane=lane),
        info=InfoCoordinator(hass, entry, client, lane=lane),
    )
    # Both to their end, so that nothing goes on behind a set-up that failed.
    for error in await asyncio.gather(
        runtime.live.async_config_entry_first_refresh(),
        runtime.state.async_config_entry_first_refresh(),
        return_exceptions=True,
    ):
        if error is not None:
            raise error
    GatewayDevices(hass, entry).follow()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    for coordinator in (runtime.devices, runtime.info):
        entry.async_create_background_task(
            hass, coordinator.async_refresh(), name=f"{coordinator.name} first refresh"
        )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: GatewayConfigEntry) -> bool:
    """Unload a config entry."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


def _client(hass: HomeAssistant, entry: GatewayConfigEntry) -> GatewayClient:
    """Return the client of an entry, which takes up where the last one ended."""

    @callback
    def keep_record() -> None:
        data = {**entry.data, CONF_RECORD: record.as_dict()}
        hass.config_entries.async_update_entry(entry, data=data)

    record = GatewayRecord(entry.data.get(CONF_RECORD), on_change=keep_record)
    entry.async_on_unload(record.detach)
    # Home Assistant's shared session would keep the gateway's cookies, a login.
    web = async_create_clientsession(hass, cookie_jar=DummyCookieJar())
    return client_of(entry.data, web=web, record=record)
