"""A gateway that means harm costs what it answers, and nothing of Home Assistant."""

from contextlib import suppress
import logging
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_bytes
from simulator.server import Simulator

from .conftest import StateOf, Tick

CHARGE: Final = "/api/system_status/soe"
PROBLEMS: Final = "/api/troubleshooting/problems"


def _deep(levels: int, innermost: str = "") -> str:
    """Return JSON of so many levels."""
    return "[" * levels + innermost + "]" * levels


def _tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what went wrong that nobody had thought of."""
    return [
        each.message
        for each in caplog.records
        if each.levelno >= logging.ERROR
        and each.exc_info
        and each.name != "aiohttp.access"  # it cannot cope with a frozen clock
    ]


async def test_a_long_header(
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test what Home Assistant's own sessions let through is refused all the same."""
    gateway.faults.add(CHARGE, headers={"X": "a" * 20_000})
    for _ in range(12):
        await tick(10)
    assert state_of("state_of_charge") == "unavailable"
    assert state_of("home_power") not in (None, "unavailable")
    assert f"{CHARGE} is not answered in HTTP" in caplog.text
    gateway.faults.clear()
    await tick(10)
    assert state_of("state_of_charge") not in (None, "unavailable")


@pytest.mark.parametrize("levels", [300, 1024, 5000])
async def test_deep_answers(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    levels: int,
) -> None:
    """Test JSON of many levels is compared, handed on and downloaded, or refused."""
    gateway.faults.add("/api/logging", body=_deep(levels))
    gateway.reset_stats()
    for innermost in ("1", "1", "2"):
        body = f'{{"problems": {_deep(levels, innermost)}}}'
        gateway.faults.add(PROBLEMS, body=body, times=1)
        await tick(301)
    assert gateway.stats.requests[f"GET {PROBLEMS}"] == 3
    gateway.faults.add("/api/*", body=f'{{"a": {_deep(levels)}}}')
    await tick(301)
    told: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["endpoints"][PROBLEMS]["outcome"] == "200"
    for name, data in (("get_problems", {}), ("request", {"endpoint": "log"})):
        with suppress(HomeAssistantError):  # where it is no JSON any more
            told = await hass.services.async_call(
                DOMAIN,
                name,
                {"config_entry_id": entry.entry_id, **data},
                blocking=True,
                return_response=True,
            )
            assert json_bytes(told)
    assert not _tracebacks(caplog)
