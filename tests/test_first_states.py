"""Tests of what set-up waits for, and of what comes right after it."""

from logging import WARNING
from typing import Any, Final

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.gateway import MeterKind
from homeassistant import loader
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import AddGateway, StateOf, Tick

FIRST: Final = {
    "GET /api/meters/aggregates",
    "GET /api/operation",
    "GET /api/sitemaster",
    "GET /api/system_status",
    "GET /api/system_status/grid_status",
    "GET /api/system_status/soe",
}
"""What is asked before the first states are there."""
METERS: Final = "/api/meters/aggregates"


def _off(hass: HomeAssistant, entry: GatewayConfigEntry) -> list[er.RegistryEntry]:
    """Return the registered entities that are turned off."""
    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    return [each for each in entities if each.disabled_by]


async def test_what_setup_waits_for(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator
) -> None:
    """Test a gateway that is added shows what everybody looks at, and then the rest."""
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], user_input)
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    shown = {state.entity_id for state in hass.states.async_all()}
    assert {
        "sensor.simulated_home_grid_power",
        "sensor.simulated_home_state_of_charge",
        "select.simulated_home_operation_mode",
        "binary_sensor.simulated_home_site_controller",
    } <= shown
    assert "sensor.simulated_home_grid_faults_in_24_hours" not in shown

    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get("sensor.simulated_home_grid_faults_in_24_hours")
    assert len(_off(hass, entry)) > 100


async def test_what_is_asked_first(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test set-up asks for as little as that, and the rest is asked once after it."""
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.reset_stats()
    await hass.config_entries.async_setup(entry.entry_id)
    assert dict(gateway.stats.requests) == dict.fromkeys(FIRST, 1)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert set(gateway.stats.requests.values()) == {1}
    assert "GET /api/devices/vitals" in gateway.stats.requests


async def test_what_set_up_could_not_read(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
) -> None:
    """Test what failed at set-up is read with the rest, not at its next poll."""
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.faults.add("/api/operation", status=500, times=1)
    await hass.config_entries.async_setup(entry.entry_id)
    assert state_of("backup_reserve") in (None, STATE_UNAVAILABLE)
    gateway.reset_stats()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of("backup_reserve") == "20.0"
    assert gateway.stats.requests["GET /api/operation"] == 1
    assert gateway.stats.requests["GET /api/system_status"] == 0


async def test_polls_after_that(
    entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test what was read right after set-up is no poll that would be missing later."""
    gateway.reset_stats()
    await tick(30)
    assert {path for path in gateway.stats.requests if "system_status" in path} == {
        "GET /api/system_status",
        "GET /api/system_status/grid_faults",
        "GET /api/system_status/grid_status",
        "GET /api/system_status/soe",
    }


async def test_unloaded_before_the_rest(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test an entry that is unloaded right after its set-up leaves nothing undone."""
    entry = await add_gateway()
    all_off = len(_off(hass, entry))
    await hass.config_entries.async_unload(entry.entry_id)
    for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        entity_registry.async_remove(each.entity_id)

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.reset_stats()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gateway.stats.total == 0
    assert not _off(hass, entry)

    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(_off(hass, entry)) == all_off
    warned = {each.name for each in caplog.records if each.levelno >= WARNING}
    assert warned <= {loader.__name__}  # of every custom integration


async def test_turned_on(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    state_of: StateOf,
) -> None:
    """Test what a person has turned on, or off, is so from the first states on."""
    for key, disabled_by in (
        ("grid_import_power", None),
        ("grid_power", er.RegistryEntryDisabler.USER),
    ):
        found = entity_registry.async_get_entity_id(
            "sensor", DOMAIN, f"{entry.unique_id}_{key}"
        )
        assert found
        entity_registry.async_update_entity(found, disabled_by=disabled_by)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    assert state_of("grid_import_power") is not None
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of("grid_power") is None


@pytest.mark.parametrize("gateway_options", [{"speed": 0}])
async def test_what_is_equal_stays_the_same(
    entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test entities can see at a glance of which parts and units nothing is new."""
    live = entry.runtime_data.live
    before = live.data
    gateway.faults.add(METERS, edit={"site.instant_power": 123})
    await tick(10)
    assert live.data.charge is before.charge
    assert before.meters
    assert live.data.meters
    assert live.data.meters[MeterKind.SITE].real_power == 123
    assert {
        kind
        for kind, meter in live.data.meters.items()
        if meter is not before.meters[kind]
    } == {MeterKind.SITE}
