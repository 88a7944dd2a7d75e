"""Tests of the numbers."""

from math import inf, nan

import probatio as vol
import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from simulator.server import Simulator

from .conftest import Act, StateOf, Tick
from .control_ways import COMMIT, OPERATION, WAYS, entity_id

RESERVE = WAYS["number"]
ACTION = WAYS["set operation"]
MEASURED = [(5, 10), (16, 20), (16, 20.6), (20, 24), (21, 24.6), (30, 33), (100, 100)]
"""App's and gateway's percent."""
NONSENSE = [nan, inf, -inf, -1, 101, 100.01, "text", "nan", None, [20], ""]


async def test_reserve(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Test it is the app's percent, in whole ones."""
    state = hass.states.get(entity_id(hass, entry, *RESERVE.control))
    assert state is not None
    assert state.state == "20"
    assert {
        name: state.attributes[name]
        for name in ("min", "max", "step", "unit_of_measurement")
    } == {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%"}


async def test_sent(act: Act, gateway: Simulator) -> None:
    """Test the gateway is sent its own percent and the mode as it was, once."""
    gateway.site.mode = "autonomous"
    for percent, sent in ((20, 24.0), (5, 9.75), (100, 100), (0, 5)):
        gateway.reset_stats()
        await act(RESERVE, value=percent)
        document = {"mode": "autonomous", "backup_reserve_percent": sent}
        assert gateway.stats.writes == [(OPERATION, document, 200), (COMMIT, {}, 202)]


async def test_every_reserve(act: Act, gateway: Simulator, state_of: StateOf) -> None:
    """Test each whole percent comes back as it was set."""
    for percent in range(101):
        await act(RESERVE, value=percent)
        assert state_of("backup_reserve", platforms=("number",)) == str(percent)
        told = state_of("backup_reserve")
        assert told is not None
        assert round(float(told)) == percent
        assert gateway.site.backup_reserve_percent == pytest.approx(0.95 * percent + 5)


async def test_decimals(act: Act, gateway: Simulator, state_of: StateOf) -> None:
    """Test the action takes decimals, which the control rounds."""
    for percent in (0.4, 20.4, 20.8, 99.9):
        await act(ACTION, backup_reserve=percent)
        sent = pytest.approx(0.95 * percent + 5, abs=0.005)
        assert gateway.site.backup_reserve_percent == sent
        shown = state_of("backup_reserve", platforms=("number",))
        assert shown == str(round(percent))
        told = state_of("backup_reserve")
        assert told is not None
        assert float(told) == pytest.approx(percent, abs=0.01)


async def test_reference(
    act: Act, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test what somebody has measured holds within half a point.

    33 was typed as a whole number for 30, and is one that rounds to 29.
    """
    for app, percent in MEASURED:
        await act(RESERVE, value=app)
        assert gateway.site.backup_reserve_percent == pytest.approx(percent, abs=0.5)
        gateway.site.backup_reserve_percent = percent
        await tick(30)
        shown = state_of("backup_reserve", platforms=("number",))
        assert shown == str(29 if percent == 33 else app)


async def test_no_reserve(act: Act, gateway: Simulator) -> None:
    """Test what is no reserve is refused by control and action, and nothing sent."""
    gateway.reset_stats()
    for value in NONSENSE:
        with pytest.raises((ServiceValidationError, vol.Invalid)):
            await act(RESERVE, value=value)
        with pytest.raises(ServiceValidationError) as raised:
            await act(ACTION, backup_reserve=value)
        assert raised.value.translation_key == "reserve_out_of_range", value
    assert gateway.stats.total == 0
