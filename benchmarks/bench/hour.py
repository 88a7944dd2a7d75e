"""An hour of life: every poll of it, and nothing else."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
import gc
from statistics import median
import time
from typing import Any, Final
from unittest.mock import patch

from benchmarks.homes import CORE, OURS, Integration
from homeassistant.helpers import aiohttp_client
from homeassistant.util.async_ import get_scheduled_timer_handles

from .house import add, house
from .lines import Line, Samples
from .remote import INVERTER, VITALS, Remote, gateways, without

HOUR: Final = 3600.0
LONGEST_STEP: Final = 10.0
"""Seconds by which the clock is put forward at once."""
EMPTY_STEPS: Final = 500
"""In which it is measured what a step costs by itself."""

_connector = aiohttp_client.HomeAssistantTCPConnector


class _Kept(_connector):
    """Keeps a connection for as long as the gateway does."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Prepare."""
        super().__init__(*arguments, **{**options, "keepalive_timeout": 2 * HOUR})


@dataclass(kw_only=True)
class _Lived:
    """What an hour took."""

    seconds: float = 0.0
    """Of processor time."""
    steps: int = 0
    handshakes: int = 0
    requests: int = 0


async def hour(rounds: int) -> list[Line]:
    """Live an hour with and without vitals, with and without handshakes."""
    lines = []
    for absent, figure, most in (
        ((VITALS, INVERTER), "without vitals", 1.2),
        ((), "with vitals", 1.5),
    ):
        for is_kept in (True, False):
            handshakes = "handshakes left out" if is_kept else "with its handshakes"
            lines.append(
                await _line(
                    rounds,
                    f"CPU over an hour of life, {figure}, {handshakes}",
                    absent,
                    most if is_kept else None,
                    is_kept=is_kept,
                )
            )
    return lines


async def _line(
    rounds: int,
    figure: str,
    absent: tuple[str, ...],
    most: float | None,
    *,
    is_kept: bool,
) -> Line:
    samples = Samples()
    counts: dict[str, Any] = {}
    for number in range(rounds):
        for each in (CORE, OURS) if number % 2 else (OURS, CORE):
            lived = await _live(each, absent, is_kept=is_kept)
            samples.add(each.name, [lived.seconds])
            counts[each.name] = vars(lived)
    hands = "/".join(str(counts[side]["handshakes"]) for side in ("core", "ours"))
    return samples.line(f"{figure} ({hands})", most, **counts)


@contextmanager
def _connections(*, are_kept: bool) -> Generator[None]:
    """Let connections be kept for the whole hour, or as long as aiohttp keeps them."""
    kind = _Kept if are_kept else _connector
    with patch.object(aiohttp_client, "HomeAssistantTCPConnector", kind):
        yield


async def _live(
    integration: Integration, absent: tuple[str, ...], *, is_kept: bool
) -> _Lived:
    """Live an hour with one gateway, as a person has it who has just added it."""
    with gateways() as (gateway,), _connections(are_kept=is_kept):
        gateway.control(faults=without(*absent))
        async with house() as hass:
            await add(hass, integration, gateway, polls=True)
            gc.collect()
            gc.freeze()
            await _pass(gateway, 60.0)
            gateway.reset()
            lived = await _pass(gateway, HOUR)
            stats = gateway.stats()
            lived.handshakes, lived.requests = stats["handshakes"], stats["total"]
            lived.seconds -= lived.steps * await _empty_step()
            gc.unfreeze()
            return lived


async def _pass(gateway: Remote, seconds: float) -> _Lived:
    """Let time pass at the site and here, and all that is due happen when it is."""
    lived = _Lived()
    end = time.monotonic() + seconds
    loop = asyncio.get_running_loop()
    while (left := end - time.monotonic()) > 0:
        moments = [
            handle.when()
            for handle in get_scheduled_timer_handles(loop)
            if not handle.cancelled()
        ]
        due = min(moments, default=loop.time() + LONGEST_STEP) - loop.time()
        step = max(0.0, min(due, left, LONGEST_STEP))
        gateway.control(advance=step)
        time.monotonic.leap(step)  # type: ignore[attr-defined]
        lived.seconds += await _worked()
        lived.steps += 1
    return lived


async def _worked() -> float:
    """Let happen what is due; return the seconds of processor time that it took."""
    me = {asyncio.current_task()}
    began = time.process_time()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    while others := asyncio.all_tasks() - me:
        await asyncio.wait(others)
    return time.process_time() - began


async def _empty_step() -> float:
    """Return what a step costs in which nothing is due."""
    return median([await _worked() for _ in range(EMPTY_STEPS)])
