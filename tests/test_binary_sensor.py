"""Tests of what is so, or is not: each from its own field, and nothing made up."""

from collections.abc import Callable
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.scenarios import DISABLED_REASON
from simulator.server import Simulator

from .conftest import StateOf, Tick

GRID_STATUS = "/api/system_status/grid_status"
SYSTEM_STATUS = "/api/system_status"
INTERVAL = 31
GATEWAY = "1232100-00-E--TGSIMULATED001"
BATTERY = "3012170-05-B--TGSIMULATED101"
SECOND = "3012170-05-B--TGSIMULATED102"
SYNCHRONIZER = f"{GATEWAY}_synchronizer"
GRID_METER = f"{GATEWAY}_TGSIMULATED301synchrometerX_site"
SOLAR_METER = f"{GATEWAY}_TGSIMULATED301synchrometerY_solar"

FLAGS: dict[str, dict[str, str]] = {
    GRID_STATUS: {"grid_services_active": f"{GATEWAY}_grid_services_active"},
    "/api/sitemaster": {
        "running": f"{GATEWAY}_site_controller",
        "connected_to_tesla": f"{GATEWAY}_connected_to_tesla",
        "power_supply_mode": f"{GATEWAY}_power_supply_mode",
    },
    SYSTEM_STATUS: {
        f"battery_blocks.0.{key}": f"{BATTERY}_{key}"
        for key in (
            "backup_ready",
            "off_grid",
            "vf_mode",
            "wobble_detected",
            "charge_power_clamped",
        )
    },
    "/api/devices/vitals": {
        "TEPOD.0.vitals.POD_PersistentlyFaulted": f"{BATTERY}_persistently_faulted",
        "TEPOD.0.vitals.POD_PermanentlyFaulted": f"{BATTERY}_permanently_faulted",
        "PVS.0.vitals.PVS_EnableOutput": f"{GATEWAY}_TGSIMULATED303_output_enabled",
    },
    "/api/meters/site": {
        "0.inverted.0": f"{GRID_METER}_ct_0_inverted",
        "0.inverted.1": f"{GRID_METER}_ct_1_inverted",
    },
    "/api/meters/solar": {"0.inverted.2": f"{SOLAR_METER}_ct_2_inverted"},
    "/api/powerwalls": {
        "updating": f"{GATEWAY}_powerwalls_updating",
        "enumerating": f"{GATEWAY}_enumerating",
        "powerwalls.0.updating": f"{BATTERY}_updating",
        "powerwalls.0.under_phase_detection": f"{BATTERY}_under_phase_detection",
        "powerwalls.0.in_config": f"{BATTERY}_in_config",
        "sync.updating": f"{SYNCHRONIZER}_updating",
    },
    "/api/system/update/status": {"offline_updating": f"{GATEWAY}_updating"},
    "/api/networks": {
        "2.lastInternetConnected": f"{GATEWAY}_internet_reachable",
        "2.lastTeslaConnected": f"{GATEWAY}_tesla_reachable",
    },
    "/api/customer/registration": {"registered": f"{GATEWAY}_registered"},
}
"""By endpoint: the field that each binary sensor follows."""


@pytest.fixture
def flags(
    hass: HomeAssistant, all_entities: list[er.RegistryEntry]
) -> Callable[[], dict[str, str]]:
    """Return what gives the states of all binary sensors by unique id."""
    entities = [each for each in all_entities if each.domain == Platform.BINARY_SENSOR]

    def states() -> dict[str, str]:
        found = {each.unique_id: hass.states.get(each.entity_id) for each in entities}
        return {key: state.state for key, state in found.items() if state}

    return states


@pytest.mark.parametrize("path", FLAGS)
async def test_each_follows_its_own_field(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    flags: Callable[[], dict[str, str]],
    path: str,
) -> None:
    """Test a field that turns changes the one that shows it, and no other."""
    runtime = entry.runtime_data
    before = flags()
    for field, unique_id in FLAGS[path].items():
        is_on = before[unique_id] == STATE_ON
        gateway.faults.add(path, edit={field: not is_on})
        for each in (runtime.live, runtime.state, runtime.devices, runtime.info):
            await each.async_refresh()
        now = flags()
        changed = {key: now[key] for key in before if now[key] != before[key]}
        turned = STATE_OFF if is_on else STATE_ON
        assert changed == {unique_id: turned}, field
        gateway.faults.clear()


@pytest.mark.parametrize(
    ("told", "connected"),
    [
        ("SystemGridConnected", STATE_ON),
        ("SystemIslandedActive", STATE_OFF),
        ("SystemIslandedReady", STATE_OFF),
        ("SystemTransitionToGrid", STATE_OFF),
        ("SystemTransitionToIsland", STATE_OFF),
        ("SystemMicroGridFaulted", STATE_OFF),
        ("SystemWaitForUser", STATE_OFF),
        ("SystemOnTheMoon", STATE_UNKNOWN),
    ],
)
async def test_grid_connected(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    told: str,
    connected: str,
) -> None:
    """Test the home is on the grid when it is, not while it is on its way there."""
    gateway.faults.add(GRID_STATUS, edit={"grid_status": told})
    await tick(11)
    assert state_of("grid_connected") == connected


def _reasons(hass: HomeAssistant, unique_id: str) -> Any:
    """Return the reasons that are given for a disabled Powerwall."""
    entity_id = er.async_get(hass).async_get_entity_id(
        Platform.BINARY_SENSOR, DOMAIN, f"{unique_id}_disabled"
    )
    state = hass.states.get(str(entity_id))
    assert state
    return state.attributes["reasons"]


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_a_powerwall_is_disabled(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a pack that is taken out of use says so and why, and disturbs no other."""
    assert state_of("disabled", SECOND) == STATE_OFF
    assert _reasons(hass, SECOND) == []
    gateway.control({"site": {"disabled_batteries": 1}})
    await tick(INTERVAL)
    assert state_of("disabled", SECOND) == STATE_ON
    assert _reasons(hass, SECOND) == [DISABLED_REASON]
    assert state_of("alerts", SECOND) == "4"
    # The controller of the pack still talks, its cells and their inverter do not.
    assert state_of("ambient_temperature", SECOND) == "21.4"
    for key in ("energy_remaining", "power", "pack_energy_remaining"):
        assert state_of(key, SECOND) == STATE_UNKNOWN
        assert float(state_of(key, BATTERY) or "nan")
    assert state_of("disabled", BATTERY) == STATE_OFF
    other = {"battery_blocks.1.disabled_reasons": ["DisabledByOperator"]}
    gateway.faults.add(SYSTEM_STATUS, edit=other)
    await tick(INTERVAL)
    assert _reasons(hass, SECOND) == ["DisabledByOperator"]
    gateway.faults.clear()
    gateway.control({"site": {"disabled_batteries": 0}})
    await tick(INTERVAL)
    assert state_of("disabled", SECOND) == STATE_OFF
    assert float(state_of("energy_remaining", SECOND) or "nan")
