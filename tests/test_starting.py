"""Tests of a set-up in which the gateway is not itself yet, or refuses the login."""

from http import HTTPStatus

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from simulator.server import Simulator

from .conftest import PASSWORD, StateOf, Tick


async def test_gateway_starting(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test a gateway that answers 404 to everything is not taken at its word."""
    gateway.faults.add(status=HTTPStatus.NOT_FOUND)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    gateway.faults.clear()
    await tick(120)
    assert entry.state is ConfigEntryState.LOADED


async def test_password_changed_at_start(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test a refused login at set-up asks for the password, and goes on trying."""
    gateway.change_password("other")
    gateway.expire_tokens()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    for _ in range(9):
        assert len(list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))) == 1
        assert gateway.stats.logins_refused == 1
        await tick(60)
    gateway.change_password(PASSWORD)
    for _ in range(10):
        await tick(60)
    assert entry.state is ConfigEntryState.LOADED
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_some_are_absent_at_start(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a gateway that starts with Home Assistant is waited for, not for an hour."""
    gateway.faults.add("/api/meters/aggregates", status=HTTPStatus.NOT_FOUND)
    gateway.faults.add("/api/operation", status=HTTPStatus.NOT_FOUND)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert state_of("home_power") == STATE_UNAVAILABLE
    for _ in range(6):
        await tick(10)
    gateway.faults.clear()
    for _ in range(2):
        await tick(31)
    assert state_of("home_power") not in (None, STATE_UNAVAILABLE)
    assert state_of("operation_mode") not in (None, STATE_UNAVAILABLE)
