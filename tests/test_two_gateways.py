"""Tests of two gateways that tell of the same Powerwall, or one after the other."""

from collections.abc import Generator
import logging

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import CONF_HOST, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import AddGateway, StateOf, Tick

BATTERY = "3012170-05-B--TGSIMULATED101"


@pytest.fixture
def other(gateway: Simulator) -> Generator[Simulator]:
    """Run a second gateway, with the Powerwall of the first one."""
    with Simulator(profile="21.44") as other:
        other.faults.add("/api/status", edit={"din": "1232100-00-E--OTHER"})
        yield other


def _host(gateway: Simulator) -> dict[str, str]:
    """Return what is typed to add a gateway."""
    return {CONF_HOST: f"127.0.0.1:{gateway.port}"}


def _errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what has been logged as an error, but for the gateway that is gone."""
    return [
        each.getMessage()
        for each in caplog.records
        if each.levelno >= logging.ERROR and "no connection" not in each.getMessage()
    ]


async def test_a_gateway_is_replaced(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    add_gateway: AddGateway,
    gateway: Simulator,
    other: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test its Powerwall appears at the new one once the old one is deleted."""
    gateway.stop()
    await tick(11)
    second = await add_gateway(**_host(other))
    await hass.config_entries.async_remove(entry.entry_id)
    await tick(31)
    await tick(301)
    registry = er.async_get(hass)
    for key in ("power", "energy_remaining"):
        assert state_of(key, BATTERY) not in (None, STATE_UNAVAILABLE)
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{BATTERY}_{key}")
        registered = registry.async_get(entity_id or "")
        assert registered
        assert registered.config_entry_id == second.entry_id
    assert _errors(caplog) == []


async def test_a_powerwall_moves(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    add_gateway: AddGateway,
    gateway: Simulator,
    other: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test it appears where it is now when the gateway it was at begins anew."""
    await add_gateway(**_host(other))
    gateway.faults.add("/api/system_status", edit={"battery_blocks": []})
    await tick(31)
    assert state_of("power", BATTERY) == STATE_UNAVAILABLE
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await tick(31)
    assert state_of("power", BATTERY) not in (None, STATE_UNAVAILABLE)
    assert _errors(caplog) == []


async def test_another_one_by_the_same_name(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    add_gateway: AddGateway,
    other: Simulator,
    tick: Tick,
) -> None:
    """Test a counter begins with its own gateway's, not with that of one deleted."""
    solar = "sensor.simulated_home_solar_energy"
    assert hass.states.get(solar)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    other.faults.add("/api/meters/aggregates", edit={"solar.energy_exported": 5000.0})
    await add_gateway(**_host(other))
    state = hass.states.get(solar)
    assert state
    assert float(state.state) == 5000
