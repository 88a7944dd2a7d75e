"""The Tesla Energy Gateway integration."""

import asyncio

from aiohttp import DummyCookieJar

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.typing import ConfigType

from .certificate import async_settle_what_is_gone
from .connection import client_from_entry_data, kept_record
from .const import DOMAIN
from .coordinator import (
    DeviceCoordinator,
    GatewayConfigEntry,
    GatewayRuntimeData,
    InfoCoordinator,
    LiveCoordinator,
    StateCoordinator,
)
from .devices import GatewayDevices, is_told
from .gateway import FirmwareUpdate
from .goals import Goal, Goals
from .services import async_setup_services
from .settings_refused import async_follow_firmware

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what is there whether a gateway is loaded or not."""
    async_setup_services(hass)
    async_settle_what_is_gone(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: GatewayConfigEntry) -> bool:
    """Set up a gateway from its config entry."""
    record = kept_record(hass, entry)
    entry.async_on_unload(record.detach)
    # Home Assistant's shared session would keep the gateway's cookies, a login.
    web = async_create_clientsession(hass, cookie_jar=DummyCookieJar())
    client = client_from_entry_data(entry.data, web=web, record=record)
    # What is slow to change goes one request at a time, to leave room for the rest.
    turn = asyncio.Lock()
    live = LiveCoordinator(hass, entry, client)
    state = StateCoordinator(hass, entry, client)
    entry.runtime_data = runtime = GatewayRuntimeData(
        client=client,
        live=live,
        state=state,
        devices=DeviceCoordinator(hass, entry, client, turn=turn),
        info=InfoCoordinator(hass, entry, client, turn=turn),
        goals=Goals(
            mode=Goal(state.async_update_listeners),
            backup_reserve=Goal(state.async_update_listeners),
            is_off_grid=Goal(live.async_update_listeners),
            is_site_controller_running=Goal(state.async_update_listeners),
        ),
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
    async_follow_firmware(entry)
    _follow_updates(hass, entry)
    _end_writes(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    for what in (
        _async_add_the_rest(entry),
        *(each.async_refresh() for each in (state, runtime.devices, runtime.info)),
    ):
        entry.async_create_background_task(
            hass, what, name=f"{DOMAIN} after set-up", eager_start=False
        )
    return True


async def _async_add_the_rest(entry: GatewayConfigEntry) -> None:
    """Add what set-up has not waited for, while others have their turn in between."""
    for add in entry.runtime_data.after_setup:
        await asyncio.sleep(0)
        if entry.state is ConfigEntryState.LOADED:
            add()


async def async_unload_entry(hass: HomeAssistant, entry: GatewayConfigEntry) -> bool:
    """Unload a config entry."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.client.close()
    return unloaded


def _follow_updates(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Read the gateway itself anew when its update goes on: its firmware may differ."""
    devices, info = entry.runtime_data.devices, entry.runtime_data.info
    seen: FirmwareUpdate | None = None

    @callback
    def compare() -> None:
        nonlocal seen
        update = devices.data.firmware_update
        if update is None or update == seen:
            return
        if seen is not None:
            entry.async_create_background_task(
                hass, info.async_refresh(), name=f"{info.name} after an update"
            )
        seen = update

    entry.async_on_unload(devices.async_add_listener(compare))


def _end_writes(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """End what is being written before Home Assistant stops, which waits for this."""

    async def end(_: Event) -> None:
        await entry.runtime_data.client.close()

    # Not once: a listener that is gone by itself cannot be taken away at the unload.
    entry.async_on_unload(hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, end))


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: GatewayConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Let a device be deleted that the gateway tells nothing of any more.

    The entry begins anew then, so that the device appears again when it comes back.
    """
    if entry.state is not ConfigEntryState.LOADED or is_told(entry, device):
        return False
    hass.config_entries.async_schedule_reload(entry.entry_id)
    return True
