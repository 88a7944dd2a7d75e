"""Tests of the selects."""

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations
from simulator.server import Simulator

from .conftest import Act, StateOf, Tick
from .control_ways import COMMIT, OPERATION, WAYS, entity_id

MODE = WAYS["select"]
RESERVE = WAYS["number"]
CHOICES = {
    "self_consumption": "Self-powered",
    "autonomous": "Time-based control",
    "backup": "Backup-only",
}
"""By the gateway's word: what the app calls it."""


def _options(hass: HomeAssistant, entry: GatewayConfigEntry) -> list[str]:
    """Return what the frontend offers."""
    state = hass.states.get(entity_id(hass, entry, *MODE.control))
    assert state is not None
    options: list[str] = state.attributes["options"]
    return options


async def test_modes(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Test three modes can be chosen, under the app's names."""
    assert _options(hass, entry) == list(CHOICES)
    texts = await async_get_translations(hass, "en", "entity", {DOMAIN})
    prefix = f"component.{DOMAIN}.entity.select.operation_mode.state"
    assert {mode: texts[f"{prefix}.{mode}"] for mode in CHOICES} == CHOICES


async def test_choose(act: Act, gateway: Simulator, state_of: StateOf) -> None:
    """Test each is sent with the reserve as it was read, once, and committed once."""
    reserve = 5.000019999999999
    gateway.site.backup_reserve_percent = reserve
    for mode in ("autonomous", "backup", "self_consumption"):
        gateway.reset_stats()
        await act(MODE, option=mode)
        assert gateway.stats.writes == [
            (OPERATION, {"mode": mode, "backup_reserve_percent": reserve}, 200),
            (COMMIT, {}, 202),
        ]
        assert gateway.site.mode == mode
        assert state_of("operation_mode", platforms=("select",)) == mode
        assert state_of("operation_mode") == mode


async def test_follows(gateway: Simulator, state_of: StateOf, tick: Tick) -> None:
    """Test a mode that was chosen elsewhere is shown at the next poll."""
    gateway.site.mode = "autonomous"
    await tick(30)
    assert state_of("operation_mode", platforms=("select",)) == "autonomous"


@pytest.mark.parametrize("mode", ["scheduler", "site_control", "freedom"])
async def test_mode_that_nobody_may_choose(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    mode: str,
) -> None:
    """Test it is shown while it is reported, is sent back, and never sent itself."""
    gateway.site.mode = mode
    await tick(30)
    assert state_of("operation_mode", platforms=("select",)) == mode
    assert _options(hass, entry) == [*CHOICES, mode]
    gateway.reset_stats()
    with pytest.raises(ServiceValidationError) as raised:
        await act(MODE, option=mode)
    assert raised.value.translation_key == "mode_not_choosable"
    assert gateway.stats.writes == []

    with pytest.raises(HomeAssistantError) as refused:
        await act(RESERVE)
    assert refused.value.translation_key == "write_rejected"
    assert f"Invalid mode {mode}" in str(refused.value)
    document = {"mode": mode, "backup_reserve_percent": 33.5}
    assert gateway.stats.writes == [(OPERATION, document, 400)]
    assert state_of("operation_mode", platforms=("select",)) == mode

    await act(MODE, option="backup")
    assert state_of("operation_mode", platforms=("select",)) == "backup"
    assert _options(hass, entry) == list(CHOICES)


async def test_no_mode(act: Act, gateway: Simulator) -> None:
    """Test what is no mode is refused, and nothing is sent."""
    gateway.reset_stats()
    for option in ("scheduler", "Backup", "", "nonsense"):
        with pytest.raises(ServiceValidationError) as raised:
            await act(MODE, option=option)
        assert raised.value.translation_key == "not_valid_option"
    assert gateway.stats.total == 0


async def test_reserve_that_is_not_told(
    act: Act, gateway: Simulator, state_of: StateOf
) -> None:
    """Test no reserve is made up for the mode to be sent with."""
    gateway.faults.add(
        "/api/operation", method="GET", edit={"backup_reserve_percent": None}
    )
    gateway.reset_stats()
    with pytest.raises(HomeAssistantError) as raised:
        await act(MODE)
    assert raised.value.translation_key == "settings_not_told"
    assert gateway.stats.writes == []
    assert state_of("operation_mode", platforms=("select",)) == "self_consumption"
