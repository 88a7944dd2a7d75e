"""A write that is under way when Home Assistant stops, or its entry goes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import logging
from typing import Any, Final

import pytest

from custom_components.tesla_gateway.const import LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind

from .conftest import Act, Tick
from .control_ways import COMMIT, OPERATION, WAYS, Way, taken
from .waiting import until_asked

type End = Callable[[HomeAssistant, GatewayConfigEntry], Awaitable[object]]

ENDS: Final[dict[str, End]] = {
    "stop": lambda hass, _: hass.async_stop(force=True),
    "unload": lambda hass, entry: hass.config_entries.async_unload(entry.entry_id),
    "reload": lambda hass, entry: hass.config_entries.async_reload(entry.entry_id),
    "remove": lambda hass, entry: hass.config_entries.async_remove(entry.entry_id),
}
READ: Final = "GET /api/operation"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How far a write has come when all ends."""

    way: Way
    fault: dict[str, Any] | None = None
    """What holds it there, once."""
    asked: tuple[str, int]
    """What the gateway has been asked for then, and how often."""
    sent: list[str]
    """What it is asked to do, in the end."""


SLOWLY: Final = {"delay": 0.1, "times": 1}
SETTING: Final = WAYS["set operation"]
WHOLE: Final = [OPERATION, COMMIT]
STAGES: Final = {
    "before it is sent": Stage(
        way=SETTING,
        fault={"path": "/api/operation", "method": "GET", **SLOWLY},
        asked=(READ, 1),
        sent=[],
    ),
    "being sent": Stage(
        way=WAYS["number"],
        fault={"path": "/api/operation", "method": "POST", **SLOWLY},
        asked=(OPERATION, 1),
        sent=WHOLE,
    ),
    "being committed": Stage(
        way=WAYS["select"],
        fault={"path": "/api/config/completed", **SLOWLY},
        asked=(COMMIT, 1),
        sent=WHOLE,
    ),
    "being read back": Stage(way=SETTING, asked=(READ, 2), sent=WHOLE),
    "being followed": Stage(
        way=WAYS["switch"],
        asked=("GET /api/system_status/grid_status", 1),
        sent=WAYS["switch"].whole,
    ),
    "being stopped": Stage(
        way=WAYS["site controller"],
        fault={"path": "/api/sitemaster/stop", "method": "POST", **SLOWLY},
        asked=("POST /api/sitemaster/stop", 1),
        sent=WAYS["site controller"].whole,
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
@pytest.mark.usefixtures("with_site_controller")
async def test_ends_in_the_middle(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    stage: Stage,
    end: End,
) -> None:
    """Test what was posted is committed, nothing is begun, and nothing stays behind."""
    if stage.fault:
        gateway.faults.add(**stage.fault)
    else:
        gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=3600)
    gateway.reset_stats()
    writing = asyncio.create_task(act(stage.way))
    await until_asked(gateway, *stage.asked)
    await end(hass, entry)
    assert taken(gateway) == stage.sent
    with pytest.raises(HomeAssistantError) as raised:
        await writing
    assert raised.value.translation_key == (
        "not_read_back" if stage.sent else "not_sent"
    )
    if stage.fault:
        assert stage.way.done(gateway.site) == bool(stage.sent)
    if end is not ENDS["stop"]:  # After a stop no time passes any more.
        await tick(60)
    assert taken(gateway) == stage.sent
    assert _complaints(caplog) == []


async def test_after_a_stop(
    hass: HomeAssistant, entry: GatewayConfigEntry, act: Act, gateway: Simulator
) -> None:
    """Test nothing is begun any more once Home Assistant stops."""
    await hass.async_stop(force=True)
    gateway.reset_stats()
    with pytest.raises(HomeAssistantError) as raised:
        await act(SETTING)
    assert raised.value.translation_key == "not_sent"
    assert gateway.stats.total == 0


async def test_somebody_leaves(
    entry: GatewayConfigEntry, act: Act, gateway: Simulator
) -> None:
    """Test an automation that is ended commits what it has sent."""
    gateway.faults.add("/api/operation", method="POST", **SLOWLY)
    gateway.reset_stats()
    writing = asyncio.create_task(act(SETTING))
    await until_asked(gateway, OPERATION)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert taken(gateway) == WHOLE
    assert entry.runtime_data.goals.mode.value is None


def _complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what anybody has logged as an error, and our own warnings."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.ERROR
        or (record.levelno >= logging.WARNING and record.name == LOGGER.name)
    ]


async def test_what_appears_meanwhile(
    hass: HomeAssistant,
    act: Act,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test no entity is added while unloading waits for a write to end."""
    gateway.faults.add("/api/operation", method="POST", **SLOWLY)
    write = asyncio.create_task(act(WAYS["number"]))
    await until_asked(gateway, OPERATION)
    unload = asyncio.create_task(hass.config_entries.async_unload(entry.entry_id))
    await asyncio.sleep(0)
    gateway.control({"site": {"batteries": 2}})
    await entry.runtime_data.state.async_refresh()
    assert entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS
    await unload
    with suppress(HomeAssistantError):
        await write
    left = [
        each for each in hass.states.async_all() if "restored" not in each.attributes
    ]
    assert not left
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_stop_during_a_reload(
    hass: HomeAssistant,
    act: Act,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test both wait for a write, and neither complains."""
    gateway.faults.add("/api/operation", method="POST", **SLOWLY)
    write = asyncio.create_task(act(WAYS["number"]))
    await until_asked(gateway, OPERATION)
    reload = asyncio.create_task(hass.config_entries.async_reload(entry.entry_id))
    await asyncio.sleep(0)
    assert entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await reload
    with suppress(HomeAssistantError):
        await write
    await hass.async_block_till_done(wait_background_tasks=True)
    assert _complaints(caplog) == []
