"""What an entry holds in memory, at first and after ten thousand refreshes."""

import asyncio
from asyncio import sslproto
import gc
import json
import os
from pathlib import Path
import subprocess
import sys
import tracemalloc
from typing import Any, Final

from benchmarks.homes import CORE, OURS, Integration
from homeassistant.core import HomeAssistant

from .house import Installed, add, house
from .lines import Line
from .remote import Remote, gateways
from .same import COMMON

REFRESHES: Final = 10_000
WARM_UP: Final = 1_000
"""After which what is kept has been filled, such as caches."""
SOME: Final = 200
"""Refreshes before what an entry holds is counted."""
LEFT_OVER: Final = 32.0
"""Seconds of them: aiohttp closes connections that nobody has used for 15 to 30."""
MANY: Final = 23
"""Powerwalls with which core has as many entities as we have with one."""
TLS: Final = sslproto.__file__
"""Where asyncio allocates 256 KiB for each connection."""
SPEED: Final = 600.0
"""Seconds at the site in one of ours, so that every refresh has news."""
FLAT: Final = 1.02
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
SIDES: Final = {each.name: each for each in (CORE, OURS)}


async def memory(rounds: int) -> list[Line]:
    """Measure each integration in processes of its own."""
    # All at once: memory is the same on a busy machine.
    wanted = [(what, side) for side in SIDES for what in MEASURES]
    found = await asyncio.gather(
        *(asyncio.to_thread(_in_process, *each) for each in wanted)
    )
    measured = dict(zip(wanted, found, strict=True))
    core, ours = ({what: measured[what, side] for what in MEASURES} for side in SIDES)
    growth = ours["grown"]["resident"][1] / ours["grown"]["resident"][0]
    blocks = ours["grown"]["blocks"][1] / ours["grown"]["blocks"][0]
    return [
        _held_line("memory per entry, as many entities", core["all"], ours["all"], 1.2),
        _held_line("the same with those that both have", core["same"], ours["same"]),
        Line(
            figure=f"growth of the process from {WARM_UP} to {REFRESHES} refreshes",
            core=_growth(core["grown"]),
            ours=_growth(ours["grown"]),
            result=f"{growth - 1:+.1%} of memory, {blocks - 1:+.1%} of Python's blocks",
            goal="flat",
            is_met=max(growth, blocks) <= FLAT,
            data={"core": core["grown"], "ours": ours["grown"]},
        ),
    ]


def _held_line(
    figure: str, core: dict[str, Any], ours: dict[str, Any], most: float | None = None
) -> Line:
    """Return the line for what an entry holds."""
    ratio = ours["bytes"] / core["bytes"]
    own = (ours["bytes"] - ours["tls"]) / (core["bytes"] - core["tls"])
    return Line(
        figure=figure,
        core=_told(core),
        ours=_told(ours),
        result=f"{ratio:.2f}, without buffers of TLS {own:.2f}",
        goal="" if most is None else f"{most:.2f} or less",
        is_met=None if most is None else ratio <= most,
        data={"core": core, "ours": ours},
    )


def _told(held: dict[str, Any]) -> str:
    shown, registered = held["shown"], held["registered"]
    kib = f"{held['bytes'] / 1024:.0f} KiB"
    return f"{kib}, {shown} entities of {registered} registered"


def _growth(grown: dict[str, Any]) -> str:
    before, after = grown["resident"]
    return f"{before / 2**20:.1f} to {after / 2**20:.1f} MiB"


def _in_process(what: str, side: str) -> dict[str, Any]:
    """Measure in a process that has nothing else."""
    command = [sys.executable, "-P", "-m", __name__, what, side]
    done = subprocess.run(  # noqa: S603  # a program of ours
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def _held(integration: Integration, *, is_all: bool) -> dict[str, Any]:
    """Return what an entry holds that stands beside another one like it.

    The first one loads code and texts that the second one uses too.
    """
    options = {"batteries": MANY} if is_all and integration is CORE else {}
    with gateways(2, **options) as (first, second):
        async with house() as hass:
            other = await _running(hass, integration, first, is_all=is_all)
            before = await _traced()
            each = await _running(hass, integration, second, is_all=is_all)
            # It has been left alone meanwhile, so its connections have been closed.
            await other.refresh()
            after = await _traced()
            return {
                "bytes": after[0] - before[0],
                "tls": after[1] - before[1],
                "shown": each.shown(),
                "registered": len(each.entities()),
            }


async def _same(integration: Integration) -> dict[str, Any]:
    """Return what an entry holds with the entities that both integrations have."""
    return await _held(integration, is_all=False)


async def _all(integration: Integration) -> dict[str, Any]:
    """Return what an entry holds with all entities, of which core has Powerwalls."""
    return await _held(integration, is_all=True)


async def _running(
    hass: HomeAssistant, integration: Integration, gateway: Remote, *, is_all: bool
) -> Installed:
    """Add a gateway, and let it be read for a while."""
    gateway.control(speed=SPEED)
    each = await add(hass, integration, gateway, polls=False)
    same = COMMON.told
    wanted = same.keys() if integration is CORE else same.values()
    await each.enable(None if is_all else wanted)
    # Until connections are closed that are left from before it was loaded anew.
    for _ in range(SOME):
        await each.refresh()
        await asyncio.sleep(LEFT_OVER / SOME)
    return each


async def _traced() -> tuple[int, int]:
    """Return the bytes that Python has allocated, and those of them for TLS."""
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    tls = snapshot.filter_traces([tracemalloc.Filter(True, TLS)])  # noqa: FBT003
    held = sum(trace.size for trace in snapshot.traces)
    held_for_tls = sum(trace.size for trace in tls.traces)
    return held, held_for_tls


async def _grown(integration: Integration) -> dict[str, Any]:
    """Return the memory after some refreshes, and after many."""
    resident, blocks = [], []
    with gateways() as (gateway,):
        async with house() as hass:
            each = await _running(hass, integration, gateway, is_all=False)
            for number in range(1, REFRESHES + 1):
                await each.refresh()
                if number in {WARM_UP, REFRESHES}:
                    gc.collect()
                    pages = Path("/proc/self/statm").read_text().split()[1]  # noqa: ASYNC240
                    resident.append(int(pages) * PAGE)
                    blocks.append(sys.getallocatedblocks())
    return {"resident": resident, "blocks": blocks}


def main() -> None:
    """Measure one thing of one integration, and print it as JSON."""
    what, side = sys.argv[1:]
    if what != "grown":
        tracemalloc.start()
    found = asyncio.run(MEASURES[what](SIDES[side]))
    sys.stdout.write(json.dumps(found) + "\n")


MEASURES: Final = {"same": _same, "all": _all, "grown": _grown}


if __name__ == "__main__":
    main()
