"""How long the event loop is kept busy at once."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
import time
from typing import Final
from unittest.mock import patch

from benchmarks.homes import OURS

from .house import add, house, settle
from .lines import MILLI, Line
from .remote import everything, gateways

REFRESHES: Final = 15
"""Of which the best counts: what the machine does beside it is not ours."""


@contextmanager
def pieces() -> Generator[list[float]]:
    """Measure each piece of work of the event loop, in seconds of processor time."""
    found: list[float] = []
    run = asyncio.Handle._run  # noqa: SLF001  # there is no other way to see them

    def timed(handle: asyncio.Handle) -> None:
        started = time.thread_time()
        run(handle)
        found.append(time.thread_time() - started)

    with patch.object(asyncio.Handle, "_run", timed):
        yield found


async def longest(rounds: int) -> list[Line]:
    """Measure the longest piece of any refresh, everything enabled."""
    return [await _longest(rounds, batteries) for batteries in (1, 10)]


async def _longest(rounds: int, batteries: int) -> Line:
    found: dict[str, float] = {}
    with gateways(batteries=batteries) as (gateway,):
        async with house() as hass:
            ours = await add(hass, OURS, gateway, polls=False)
            await ours.enable()
            runtime = ours.entry.runtime_data
            entities, number = ours.shown(), 0
            for name in ("live", "state", "devices", "info"):
                coordinator = getattr(runtime, name)
                tries = []
                for _ in range(REFRESHES * rounds):
                    number += 1
                    gateway.control(**everything(number))
                    with pieces() as measured:
                        await coordinator.async_refresh()
                        await settle()
                    await asyncio.sleep(0)
                    tries.append(max(measured))
                found[name] = min(tries)
    name, most = max(found.items(), key=lambda item: item[1])
    plural = "s" if batteries > 1 else ""
    return Line(
        figure=f"longest piece of work in a refresh, {batteries} Powerwall{plural}",
        ours=", ".join(f"{key} {took * MILLI:.2f}" for key, took in found.items()),
        result=f"{most * MILLI:.2f} ms ({name}, {entities} entities)",
        goal="under 5 ms",
        is_met=most < 0.005,
        data=found,
    )
