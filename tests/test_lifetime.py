"""Tests of lifetime energies as they go out, over restarts too."""

import json
import time
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from custom_components.tesla_gateway import sensor
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.energy_guard import EnergyGuard
from custom_components.tesla_gateway.gateway import MeterKind
from custom_components.tesla_gateway.limits import METER_LIMITS
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import AddGateway, StateOf, Tick

METERS = "/api/meters/aggregates"
SOLAR_METERS = "/api/meters/solar"
SYSTEM = "/api/system_status"
VITALS = "/api/devices/vitals"
GATEWAY = "1232100-00-E--TGSIMULATED001"
BATTERY = "3012170-05-B--TGSIMULATED101"
INVERTER = f"{GATEWAY}_TGSIMULATED303"
SOLAR = "sensor.simulated_home_solar_energy"


async def test_zeros_do_not_go_out(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test the last good value stays while a gateway that starts says 0."""
    before = state_of("solar_energy")
    assert before
    gateway.faults.add(METERS, edit={"solar.energy_exported": 0})
    await tick(11)
    assert state_of("solar_energy") == before
    gateway.faults.clear()
    await tick(11)
    assert float(state_of("solar_energy") or 0) > float(before)


@pytest.mark.parametrize("energy", [-5.0, "many"])
async def test_no_energy(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    energy: Any,
) -> None:
    """Test what is negative, or no number, is unknown and not recorded."""
    gateway.faults.add(METERS, edit={"solar.energy_exported": energy})
    await tick(11)
    assert state_of("solar_energy") == "unknown"


async def test_no_counter_that_never_counted(
    add_gateway: AddGateway, gateway: Simulator, hass: HomeAssistant, tick: Tick
) -> None:
    """Test a counter that says 0 has no entity before it counts."""
    gateway.faults.add(METERS, edit={"solar.energy_exported": 0})
    await add_gateway()
    assert hass.states.get(SOLAR) is None
    gateway.faults.clear()
    await tick(11)
    assert hass.states.get(SOLAR)


async def test_over_a_restart(
    hass: HomeAssistant, add_gateway: AddGateway, gateway: Simulator, tick: Tick
) -> None:
    """Test a counter that fell while Home Assistant was off does not go out."""
    guard = EnergyGuard()
    now = gateway.clock()
    guard.admit(5_000_000.0, limit=None, utc=now, monotonic=now)
    known = {"unique_id": f"{GATEWAY}_solar_energy", **guard.as_dict()}
    kept = (State(SOLAR, "5000000.0"), known)
    mock_restore_cache_with_extra_data(hass, [kept])
    await add_gateway()
    state = hass.states.get(SOLAR)
    assert state
    assert state.state == "5000000.0"
    await tick(11)
    state = hass.states.get(SOLAR)
    assert state
    assert state.state == "5000000.0"


async def test_two_change_names(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a counter does not take up what is kept by the entity ID of another one."""
    solar, home = state_of("solar_energy"), state_of("home_energy")
    other = "sensor.simulated_home_home_energy"
    for old, new in ((SOLAR, "sensor.free"), (other, SOLAR), ("sensor.free", other)):
        entity_registry.async_update_entity(old, new_entity_id=new)
        await hass.async_block_till_done(wait_background_tasks=True)
    for _ in range(2):
        assert float(state_of("solar_energy") or 0) == pytest.approx(float(solar or 0))
        assert float(state_of("home_energy") or 0) == pytest.approx(float(home or 0))
        await tick(0.1)


async def _reload(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Let the entry begin anew, with what it has kept."""
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_jump_while_off(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test the first reading is held to what the panels were known to give."""
    await tick(11)
    before = state_of("solar_energy")
    gateway.faults.add(METERS, edit={"solar.energy_exported": 9e9})
    await _reload(hass, entry)
    assert state_of("solar_energy") == before
    gateway.faults.clear()
    await tick(11)
    assert float(state_of("solar_energy") or 0) > float(before or 0)


async def test_a_limit_is_kept_that_is_not_told_now(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test batteries move no more than before while nobody says how much they do."""
    before = float(state_of("battery_energy_charged") or 0)
    gateway.faults.add(SYSTEM, status=500)
    for _ in range(10):
        await tick(11)
    assert state_of("energy_remaining") == STATE_UNAVAILABLE
    gateway.faults.add(METERS, edit={"battery.energy_imported": 9e9})
    for _ in range(2):
        await tick(11)
        assert before <= float(state_of("battery_energy_charged") or 0) < 9e9
    await _reload(hass, entry)
    assert before <= float(state_of("battery_energy_charged") or 0) < 9e9


async def test_a_limit_that_was_told_late(
    hass: HomeAssistant, add_gateway: AddGateway, gateway: Simulator, tick: Tick
) -> None:
    """Test what the home takes at most is known when it has been told once."""
    edit = {"max_site_meter_power_kW": 20, "min_site_meter_power_kW": -20}
    gateway.faults.add("/api/site_info", edit=edit)
    await add_gateway()  # which does not wait for the limit of the site
    await tick(11)
    before = float(_home_energy(hass))
    gateway.faults.add(SYSTEM, status=502, body="")
    for _ in range(4):
        await tick(30)
    gateway.faults.add(METERS, edit={"load.energy_imported": 9e9})
    await tick(11)
    assert before <= float(_home_energy(hass)) < 9e9


def _home_energy(hass: HomeAssistant) -> str:
    """Return the state of the home's lifetime energy."""
    state = hass.states.get("sensor.simulated_home_home_energy")
    assert state
    return state.state


async def test_a_wait_over_a_reload(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a counter that fell is held for 15 min in all, before and after."""
    before = state_of("solar_energy")
    for minute in range(8):
        edit = {"solar.energy_exported": 1000.0 + minute}
        gateway.faults.clear()
        gateway.faults.add(METERS, edit=edit)
        await tick(60)
        assert state_of("solar_energy") == before
    await _reload(hass, entry)
    for _ in range(7):
        assert state_of("solar_energy") == before
        await tick(60)
    for _ in range(2):
        await tick(60)
    assert float(state_of("solar_energy") or 0) == 1007


async def test_a_leap_of_the_clock(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test no wait ends because the wall's clock is put forward, without the other.

    Nothing else in a test puts one clock forward alone, so the sensors' is patched.
    """
    before = state_of("solar_energy")
    for energy in (1000, 1001):
        gateway.faults.clear()
        gateway.faults.add(METERS, edit={"solar.energy_exported": energy})
        await tick(60)
    with patch.object(sensor, "time", lambda: time.time() + 86400):
        for _ in range(3):
            await tick(60)
            assert state_of("solar_energy") == before


@pytest.mark.parametrize(
    ("path", "field", "key", "device"),
    [
        (METERS, "battery.energy_exported", "battery_energy_discharged", None),
        (SYSTEM, "battery_blocks.0.energy_charged", "energy_charged", BATTERY),
        (METERS, "solar.energy_exported", "solar_energy", None),
        (VITALS, "PVAC.0.vitals.PVAC_LifetimeEnergyPV_Total", "energy", INVERTER),
    ],
)
async def test_a_jump(
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    path: str,
    field: str,
    key: str,
    device: str | None,
) -> None:
    """Test no counter jumps of which is known how much the hardware moves."""
    await tick(31)
    before = float(state_of(key, device) or 0)
    assert before > 0
    gateway.faults.add(path, edit={field: 9e9})
    await tick(31)
    assert state_of(key, device) not in (None, STATE_UNAVAILABLE)
    assert before <= float(state_of(key, device) or 0) < before + 1000
    for _ in range(61):
        await tick(60)
    assert float(state_of(key, device) or 0) == 9e9


@pytest.mark.usefixtures("all_entities")
async def test_a_jump_of_an_inverter(
    gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test the inverter of one Powerwall moves no more than all Powerwalls can."""
    await tick(31)
    before = float(state_of("inverter_energy_charged", BATTERY) or 0)
    assert before > 0
    gateway.faults.add(VITALS, edit={"TEPINV.0.vitals.PINV_EnergyCharged": 9e9})
    await tick(31)
    after = float(state_of("inverter_energy_charged", BATTERY) or 0)
    assert before <= after < before + 1000


@pytest.mark.usefixtures("all_entities")
async def test_a_jump_of_a_phase(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test one phase of the panels gives no more than all of them can."""
    meter, key = f"{entry.unique_id}_TGSIMULATED301synchrometerY", "energy_imported_a"
    gateway.faults.add(SOLAR_METERS, edit={f"0.Cached_readings.{key}": 5000})
    await tick(31)
    (entity_id,) = (
        each.entity_id
        for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
        if each.unique_id == f"{meter}_solar_energy_imported_l1"
    )
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await _reload(hass, entry)
    await tick(31)
    assert state_of("solar_energy_imported_l1", meter) == "5000"
    gateway.faults.clear()
    gateway.faults.add(SOLAR_METERS, edit={f"0.Cached_readings.{key}": 9e9})
    await tick(31)
    assert state_of("solar_energy_imported_l1", meter) == "5000"


async def test_said_once(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a jump beyond the panels is held back, and believed with one warning."""
    before = state_of("solar_energy")
    gateway.faults.add(METERS, edit={"solar.energy_exported": 9e9})
    for _ in range(59):
        await tick(60)
    assert state_of("solar_energy") == before
    for _ in range(4):
        await tick(60)
    assert float(state_of("solar_energy") or 0) == 9e9
    said = [each.levelname for each in caplog.records if "stayed" in each.getMessage()]
    assert said == ["WARNING"]


async def test_a_fall_that_stays_is_said_once(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a counter that stands still, lower, is held back with one warning."""
    before = state_of("solar_energy")
    gateway.faults.add(METERS, edit={"solar.energy_exported": 1000})
    for _ in range(40):
        await tick(60)
    assert state_of("solar_energy") == before
    said = [each.levelname for each in caplog.records if "stands" in each.getMessage()]
    assert said == ["WARNING"]


@pytest.mark.parametrize(
    ("edit", "kind", "limit"),
    [
        ({}, MeterKind.SITE, None),
        ({}, MeterKind.LOAD, None),
        (
            {"max_site_meter_power_kW": 20, "min_site_meter_power_kW": -24},
            MeterKind.SITE,
            24_000,
        ),
        ({"max_site_meter_power_kW": 20}, MeterKind.SITE, None),
        ({}, MeterKind.SOLAR, 5250),
        ({}, MeterKind.BATTERY, 12_000),
    ],
)
async def test_limits(
    add_gateway: AddGateway,
    gateway: Simulator,
    edit: dict[str, Any],
    kind: MeterKind,
    limit: float | None,
) -> None:
    """Test the most that hardware moves is what the gateway says of it."""
    gateway.faults.add("/api/site_info", edit=edit)
    entry = await add_gateway()
    assert METER_LIMITS[kind](entry.runtime_data) == limit


@pytest.mark.parametrize(
    ("told", "limit"),
    [
        ({"max_charge_power": 4000, "max_discharge_power": 5000}, 5000),
        ({"max_charge_power": 5000, "instantaneous_max_charge_power": 5800}, 5800),
        ({}, None),
    ],
)
async def test_limit_of_batteries(
    add_gateway: AddGateway,
    gateway: Simulator,
    told: dict[str, float],
    limit: float | None,
) -> None:
    """Test the most of all that batteries are said to move counts."""
    ways = ("max_charge_power", "max_discharge_power")
    keys = [*ways, *(f"instantaneous_{key}" for key in ways)]
    gateway.faults.add(SYSTEM, edit={key: told.get(key) for key in keys})
    entry = await add_gateway()
    assert METER_LIMITS[MeterKind.BATTERY](entry.runtime_data) == limit


@pytest.mark.parametrize(
    ("ratings", "limit"),
    [((5000, 3000), 8000), ((5000, None), None), ((5000, 0), None), ((), None)],
)
async def test_limit_of_panels(
    add_gateway: AddGateway,
    gateway: Simulator,
    ratings: tuple[float | None, ...],
    limit: float | None,
) -> None:
    """Test a sum of ratings is none where one of them is not known."""
    systems = [
        {"brand": "A", "model": "B", "power_rating_watts": each} for each in ratings
    ]
    gateway.faults.add("/api/solars", body=json.dumps(systems))
    entry = await add_gateway()
    assert METER_LIMITS[MeterKind.SOLAR](entry.runtime_data) == limit


async def test_limit_of_home_and_batteries(
    add_gateway: AddGateway, gateway: Simulator
) -> None:
    """Test what a home can get is all that can feed it."""
    edit = {"max_site_meter_power_kW": 20, "min_site_meter_power_kW": -20}
    gateway.faults.add("/api/site_info", edit=edit)
    entry = await add_gateway()
    runtime = entry.runtime_data
    battery = METER_LIMITS[MeterKind.BATTERY](runtime)
    assert battery
    assert battery >= 5000
    assert METER_LIMITS[MeterKind.LOAD](runtime) == 20_000 + 5250 + battery
