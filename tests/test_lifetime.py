"""Tests of lifetime energies as they go out, over restarts too."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.energy_guard import EnergyGuard
from custom_components.tesla_gateway.gateway import MeterKind
from custom_components.tesla_gateway.limits import METER_LIMITS
from homeassistant.core import HomeAssistant, State
from simulator.server import Simulator

from .conftest import AddGateway, StateOf, Tick

METERS = "/api/meters/aggregates"
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
    kept = (State(SOLAR, "5000000.0"), guard.as_dict())
    mock_restore_cache_with_extra_data(hass, [kept])
    await add_gateway()
    state = hass.states.get(SOLAR)
    assert state
    assert state.state == "5000000.0"
    await tick(11)
    state = hass.states.get(SOLAR)
    assert state
    assert state.state == "5000000.0"


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
