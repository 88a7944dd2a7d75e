"""The Tesla Energy Gateway integration."""

import asyncio

from aiohttp import DummyCookieJar

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from .connection import client_of
from .const import CONF_RECORD
from .coordinator import (
    DeviceCoordinator,
    GatewayConfigEntry,
    GatewayRuntimeData,
    InfoCoordinator,
    LiveCoordinator,
    StateCoordinator,
)
from .entity import battery_device, gateway_device
from .gateway import GatewayClient, GatewayRecord

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]


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
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, **gateway_device(entry)
    )
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    _follow_devices(hass, entry)
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


@callback
def _follow_devices(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Keep the devices up to date with what is read in the background."""
    registry = dr.async_get(hass)
    runtime = entry.runtime_data

    @callback
    def update_gateway() -> None:
        if status := runtime.info.data and runtime.info.data.status:
            registry.async_get_or_create(
                config_entry_id=entry.entry_id,
                **gateway_device(entry, status),
            )

    @callback
    def update_batteries() -> None:
        if powerwalls := runtime.devices.data and runtime.devices.data.powerwalls:
            for unit in powerwalls.units:
                registry.async_get_or_create(
                    config_entry_id=entry.entry_id, **battery_device(hass, entry, unit)
                )

    for coordinator, update in (
        (runtime.info, update_gateway),
        (runtime.devices, update_batteries),
    ):
        entry.async_on_unload(coordinator.async_add_listener(update))
        entry.async_create_background_task(
            hass, coordinator.async_refresh(), name=f"{coordinator.name} first refresh"
        )
