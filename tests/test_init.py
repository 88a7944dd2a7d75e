"""Tests of set-up and unloading."""

import asyncio
from http import HTTPStatus
import logging
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_gateway.const import DOMAIN, LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.diagnostics import (
    async_get_config_entry_diagnostics,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from simulator.server import Simulator

from .conftest import AddGateway, StateOf, Tick
from .waiting import until_asked

LOGIN = "/api/login/Basic"
READ = {
    "GET /api/customer/registration",
    "GET /api/devices/vitals",
    "GET /api/generators",
    "GET /api/generators/disconnect_types",
    "GET /api/meters/aggregates",
    "GET /api/meters/site",
    "GET /api/meters/solar",
    "GET /api/networks",
    "GET /api/operation",
    "GET /api/powerwalls",
    "GET /api/site_info",
    "GET /api/sitemaster",
    "GET /api/solars",
    "GET /api/status",
    "GET /api/system/update/status",
    "GET /api/system_status",
    "GET /api/system_status/grid_faults",
    "GET /api/system_status/grid_status",
    "GET /api/system_status/soe",
    "GET /api/troubleshooting/problems",
}
"""What is polled of a gateway that has everything."""


async def test_load_and_unload(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test an entry loads, unloads and loads again, on the token it has."""
    assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    gateway.reset_stats()
    await tick(3700)
    assert gateway.stats.total == 0

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert gateway.stats.logins == 0


async def test_a_poll_of_everything(
    hass: HomeAssistant, add_gateway: AddGateway, gateway: Simulator, tick: Tick
) -> None:
    """Test every endpoint is asked once, three at a time, after one login ever."""
    entry = await add_gateway()
    gateway.reset_stats()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert dict(gateway.stats.requests) == dict.fromkeys(READ, 1)
    assert gateway.stats.most_in_flight <= 3
    assert gateway.stats.logins == 0


async def test_adding_logs_in_once(
    entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test the login of the flow is the only one."""
    assert gateway.stats.logins == 1


async def test_intervals(
    entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test each part is asked at its own pace."""
    gateway.reset_stats()
    for _ in range(30):
        await tick(10)
    asked = gateway.stats.requests
    assert asked["GET /api/meters/aggregates"] == 30
    assert asked["GET /api/system_status"] == 10
    assert asked["GET /api/devices/vitals"] == 10
    assert asked["GET /api/powerwalls"] == 1
    assert asked["GET /api/status"] == 0
    assert asked["GET /api/meters/site"] == 0


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_devices(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Test the gateway and each Powerwall are devices."""
    devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    hub = device_registry.async_get_device_by_identifier(
        (DOMAIN, str(entry.unique_id)), entry.entry_id
    )
    assert hub is not None
    assert hub.sw_version == "21.44"
    assert hub.name == "Simulated Home"
    assert hub.model == "Backup Gateway 2"
    assert hub.serial_number
    assert hub.configuration_url
    others = [device for device in devices if device is not hub]
    assert sorted(str(device.name) for device in others) == [
        "Meter D304",
        "Powerwall D101",
        "Powerwall D102",
        "Solar inverter D303",
        "Synchronizer",
    ]
    batteries = [device for device in others if "Powerwall" in str(device.name)]
    for battery in batteries:
        assert battery.via_device_id == hub.id
        assert battery.manufacturer == "Tesla"
        assert str(battery.serial_number) in str(battery.identifiers)
        assert battery.sw_version


async def test_firmware_is_not_forgotten(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    device_registry: dr.DeviceRegistry,
    gateway: Simulator,
) -> None:
    """Test a restart while the status cannot be read keeps the firmware known."""
    gateway.faults.add("/api/status", status=HTTPStatus.INTERNAL_SERVER_ERROR)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    hub = device_registry.async_get_device_by_identifier(
        (DOMAIN, str(entry.unique_id)), entry.entry_id
    )
    assert hub is not None
    assert hub.sw_version == "21.44"


@pytest.mark.parametrize("gateway_options", [{"profile": "21.13", "batteries": 2}])
async def test_batteries_without_system_status(
    entry: GatewayConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """Test Powerwalls are devices too where only the installation tells of them."""
    devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    assert sorted(str(device.name) for device in devices) == [
        "Powerwall D101",
        "Powerwall D102",
        "Simulated Home",
        "Synchronizer",
    ]


@pytest.mark.parametrize("gateway_options", [{"profile": "pw3"}])
async def test_three_endpoints(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test a Powerwall 3 works on what it has, and is not asked for more."""
    assert entry.state is ConfigEntryState.LOADED
    assert state_of("home_power") not in (None, "unknown", "unavailable")
    assert state_of("grid_connected") == "on"
    assert state_of("operation_mode") is None
    served = {
        "GET /api/meters/aggregates",
        "GET /api/system_status/soe",
        "GET /api/system_status/grid_status",
    }
    await tick(3600)
    gateway.reset_stats()
    for _ in range(11):
        await tick(300)
    assert set(gateway.stats.requests) == served
    for _ in range(2):
        await tick(300)
    absent = set(gateway.stats.requests) - served
    assert absent
    assert {gateway.stats.requests[endpoint] for endpoint in absent} == {1}


@pytest.mark.parametrize("gateway_options", [{"profile": "stopped"}])
async def test_stopped_site_controller(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a stopped gateway shows that it is, and comes to life when it starts."""
    assert entry.state is ConfigEntryState.LOADED
    assert state_of("site_controller") == "off"
    assert state_of("grid_power") is None
    gateway.site.is_running = True
    await tick(31)
    await tick(31)
    assert state_of("site_controller") == "on"
    assert state_of("grid_power") is not None
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_gateway_down_at_start(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test set-up is tried again until the gateway answers."""
    gateway.faults.add(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "rejected"
    gateway.faults.clear()
    await tick(120)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": HTTPStatus.TOO_MANY_REQUESTS}, "rate_limited"),
        ({"status": HTTPStatus.INTERNAL_SERVER_ERROR}, "rejected"),
        ({"body": "<html>"}, "unexpected_error"),
        ({"body": "{}", "ending": "reset"}, "communication_error"),
        (None, "certificate_changed"),
    ],
)
async def test_why_set_up_fails(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    fault: dict[str, Any] | None,
    reason: str,
) -> None:
    """Test a person is told what is wrong, rather than what is only not there."""
    gateway.faults.add("/api/meters/aggregates", status=HTTPStatus.NOT_FOUND)
    if fault is None:
        gateway.stop()
        gateway.renew_certificate()
        gateway.start()
    else:
        gateway.faults.add(**fault)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == reason


async def test_a_wait_at_start(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test Home Assistant hears how long the gateway wants to be left alone."""
    gateway.faults.add(status=429, headers={"Retry-After": "120"})
    await hass.config_entries.async_reload(entry.entry_id)
    error: Any = entry.runtime_data.live.last_exception
    assert 120 <= error.retry_after <= 125


@pytest.mark.parametrize(
    ("gateway_options", "mode"),
    [
        pytest.param({}, "self_consumption", id="21.44"),
        pytest.param({"profile": "pw3"}, None, id="pw3"),
    ],
)
async def test_batteries_fail_at_start(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    mode: str | None,
) -> None:
    """Test the power flow is shown though nothing else can be read."""
    for path in ("/api/system_status", "/api/operation", "/api/sitemaster"):
        gateway.faults.add(path, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert state_of("grid_power") not in (None, "unavailable")
    gateway.faults.clear()
    await tick(30)
    assert state_of("operation_mode") == mode


async def test_slow_reads_go_one_at_a_time(
    entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test what hardly changes leaves the gateway room for the rest."""
    gateway.latency = 0.05
    gateway.reset_stats()
    runtime = entry.runtime_data
    await asyncio.gather(runtime.devices.async_refresh(), runtime.info.async_refresh())
    assert gateway.stats.total == 10
    assert gateway.stats.most_in_flight == 1


async def test_removed_in_the_middle_of_a_poll(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a login under way neither writes to an entry that is gone nor goes on."""
    gateway.expire_tokens()
    gateway.reset_stats()
    gateway.faults.add(LOGIN, ending="hang")
    refresh = hass.async_create_task(entry.runtime_data.live.async_refresh())
    await until_asked(gateway, f"POST {LOGIN}")
    await hass.config_entries.async_remove(entry.entry_id)
    gateway.faults.clear()
    await refresh
    assert "Unexpected error" not in caplog.text


async def test_set_up_waits_for_nothing_slow(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
) -> None:
    """Test what hardly changes, and does not answer, keeps nobody waiting."""
    for path in ("/api/powerwalls", "/api/status"):
        gateway.faults.add(path, ending="hang")
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of("grid_power") not in (None, STATE_UNAVAILABLE)
    gateway.faults.clear()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of("uptime") not in (None, STATE_UNAVAILABLE)


async def test_a_set_up_that_failed_is_over(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test nothing is asked any more, when a set-up has failed."""
    gateway.latency = 0.05
    for path in ("meters/aggregates", "system_status/soe", "system_status/grid_status"):
        gateway.faults.add(f"/api/{path}", status=HTTPStatus.INTERNAL_SERVER_ERROR)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert gateway.stats.in_flight == 0
    gateway.reset_stats()
    await hass.async_add_executor_job(time.sleep, 4 * gateway.latency)
    assert gateway.stats.total == 0


@pytest.mark.parametrize("is_stopping", [False, True], ids=["unload", "stop"])
@pytest.mark.parametrize(
    "path",
    ["/api/system_status/soe", "/api/devices/vitals", "/api/powerwalls", "/api/status"],
)
async def test_ends_in_the_middle_of_a_poll(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    freezer: FrozenDateTimeFactory,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    *,
    path: str,
    is_stopping: bool,
) -> None:
    """Test a poll under way ends with the entry, or with all, and leaves nothing."""
    gateway.faults.add(path, ending="hang")
    gateway.reset_stats()
    freezer.tick(3601)
    async_fire_time_changed(hass)
    await until_asked(gateway, f"GET {path}")
    if is_stopping:
        await hass.async_stop(force=True)
    else:
        assert await hass.config_entries.async_unload(entry.entry_id)
    gateway.faults.clear()
    gateway.reset_stats()
    if not is_stopping:  # After a stop no time passes any more.
        await tick(3700)
    assert gateway.stats.total == 0
    assert _complaints(caplog) == []


async def test_unloaded_in_the_middle_of_a_download(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test diagnostics that are being collected are handed on, and that is all."""
    gateway.faults.add("/api/config", ending="hang")
    download = hass.async_create_task(async_get_config_entry_diagnostics(hass, entry))
    await until_asked(gateway, "GET /api/config")
    assert await hass.config_entries.async_unload(entry.entry_id)
    gateway.faults.clear()
    assert (await download)["settings"]["role"] == "customer"
    gateway.reset_stats()
    await tick(3700)
    assert gateway.stats.total == 0
    assert _complaints(caplog) == []


def _complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what anybody has logged as an error, and our own warnings."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.ERROR
        or (record.levelno >= logging.WARNING and record.name == LOGGER.name)
    ]
