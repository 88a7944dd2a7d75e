"""More Powerwalls and more gateways: what grows with them."""

import asyncio
from collections.abc import Callable
from functools import partial
import gc
from statistics import median
import time
from typing import Any, Final

from benchmarks.homes import CORE, OURS
from homeassistant.helpers import entity_platform

from .house import Installed, add, house, settle
from .lines import MICRO, MILLI, Line, best, slope
from .pieces import pieces
from .polls import Writes
from .remote import everything, gateways

BATTERIES: Final = (1, 2, 4, 7, 10)
REFRESHES: Final = 12
"""In a round."""
GATEWAYS: Final = (1, 10, 50)
LIFE: Final = 31.0
"""Seconds of real time in which gateways are polled: three of the live values."""
WRITTEN: Final = 15.0
"""Seconds after which all that is new has been written to storage."""
NEAR: Final = 0.1
"""Seconds within which polls are said to begin at once."""


async def batteries(rounds: int) -> list[Line]:
    """Measure a refresh with 1 to 10 Powerwalls, everything enabled."""
    found = [await _batteries(rounds, count) for count in BATTERIES]
    base, rise, miss = slope((each["entities"], each["cpu"]) for each in found)
    told = ", ".join(f"{each['entities']}: {each['cpu'] * MILLI:.1f}" for each in found)
    unchanged = median(each["unchanged"] for each in found)
    changed = median(each["changed"] for each in found)
    data = {"sizes": found, "base": base, "rise": rise}
    return [
        Line(
            figure="CPU per refresh in ms, by entities (1 to 10 Powerwalls)",
            ours=told,
            result=f"{rise * MICRO:.1f} µs each, line misses by {miss:.0%}",
            goal="linear",
            is_met=miss <= 0.15,
            data=data,
        ),
        Line(
            figure="of that, for an entity that did not change",
            ours=", ".join(f"{each['unchanged'] * MICRO:.2f}" for each in found),
            result=f"{unchanged * MICRO:.2f} µs",
            goal="1 µs or less",
            is_met=unchanged <= 1 / MICRO,
        ),
        Line(
            figure="of that, for an entity that did (core: any)",
            core=f"{await _core() * MICRO:.1f} µs",
            ours=", ".join(f"{each['changed'] * MICRO:.1f}" for each in found),
            result=f"{changed * MICRO:.1f} µs",
            goal="12 µs or less",
            is_met=changed <= 12 / MICRO,
        ),
    ]


async def _batteries(rounds: int, count: int) -> dict[str, Any]:
    """Measure one size."""
    with gateways(batteries=count) as (gateway,):
        async with house() as hass:
            ours = await add(hass, OURS, gateway, polls=False)
            await ours.enable()
            gc.collect()
            gc.freeze()
            times = []
            for number in range(rounds * REFRESHES):
                gateway.control(**everything(number))
                began = time.process_time()
                await ours.refresh()
                await settle()
                times.append(time.process_time() - began)
            unchanged = await _unchanged(ours, rounds)
            changed = await _changed(ours, rounds, unchanged)
            entities = ours.shown()
            gc.unfreeze()
    return {
        "batteries": count,
        "entities": entities,
        "cpu": best(times),
        "unchanged": unchanged,
        "changed": changed,
    }


async def _worked(update: Callable[[], None]) -> float:
    """Return the seconds of processor time that an update takes to be shown."""
    began = time.process_time()
    await settle()
    empty = time.process_time()
    update()
    await settle()
    return time.process_time() - empty - (empty - began)


def _followers(each: Installed, coordinator: Any) -> list[str]:
    """Return the entities that follow a coordinator."""
    return [
        name
        for platform in entity_platform.async_get_platforms(
            each.hass, each.entry.domain
        )
        for name, entity in platform.entities.items()
        if getattr(entity, "coordinator", None) is coordinator
    ]


async def _unchanged(ours: Installed, rounds: int) -> float:
    """Return the seconds for one entity that finds nothing new."""
    seconds, entities = 0.0, 0
    for each in ours.coordinators:
        update = each.async_update_listeners
        seconds += best([await _worked(update) for _ in range(rounds * REFRESHES)])
        entities += len(_followers(ours, each))
    return seconds / entities


async def _changed(each: Installed, rounds: int, unchanged: float) -> float:
    """Return the seconds for one entity that finds something new.

    Data that have been read are shown again, in turn. Energies stand still in them:
    they must not go back.
    """
    seconds, writes = 0.0, 0.0
    seen: list[list[Any]] = []
    for number in range(REFRESHES):
        each.gateway.control(**everything(number, seconds=0))
        await each.refresh()
        await settle()
        seen.append([coordinator.data for coordinator in each.coordinators])
    for number, coordinator in enumerate(each.coordinators):
        updates = [
            partial(coordinator.async_set_updated_data, data[number]) for data in seen
        ]
        counts = Writes(each)
        for update in updates:
            await _worked(update)
        counts.close()
        times = [await _worked(update) for update in updates * rounds * 4]
        moved = counts.count / len(updates)
        still = len(_followers(each, coordinator)) - moved
        seconds += best(times) - still * unchanged
        writes += moved
    return seconds / writes


async def _core() -> float:
    """Return the seconds for one entity of core's, which writes whatever comes."""
    with gateways() as (gateway,):
        async with house() as hass:
            each = await add(hass, CORE, gateway, polls=False)
            await each.enable()
            gc.collect()
            gc.freeze()
            took = await _changed(each, 1, 0.0)
            gc.unfreeze()
            return took


async def crowd(rounds: int) -> list[Line]:
    """Measure 1, 10 and 50 gateways in one Home Assistant, in real time."""
    found = [await _crowd(count) for count in GATEWAYS]
    share = [each["cpu"] / each["gateways"] for each in found]
    worst = max(each["longest"] for each in found)
    most = found[-1]["at_once"]
    told = ", ".join(f"{each['gateways']}: {each['cpu'] * MILLI:.0f}" for each in found)
    return [
        Line(
            figure=f"CPU in {LIFE:.0f} s in ms, by gateways",
            ours=told,
            result=f"{share[-1] / share[0]:.2f} of one gateway's for each of 50",
            goal="linear",
            is_met=share[-1] <= 1.15 * share[0],
            data={"sizes": found},
        ),
        Line(
            figure="longest callback in the event loop, 50 gateways",
            ours=", ".join(f"{each['longest'] * MILLI:.2f}" for each in found),
            result=f"{worst * MILLI:.2f} ms",
            goal="under 10 ms",
            is_met=worst < 0.010,
        ),
        Line(
            figure=f"of 50 gateways, polls that begin within {NEAR} s",
            ours=", ".join(str(each["at_once"]) for each in found),
            result=f"{most} of 50",
            goal="never all at once",
            is_met=most < GATEWAYS[-1],
        ),
    ]


async def _crowd(count: int) -> dict[str, Any]:
    """Let so many gateways be polled for a while."""
    with gateways(count) as crowd:
        async with house() as hass:
            for gateway in crowd:
                gateway.control(speed=1)
                await add(hass, OURS, gateway, polls=True)
            # The test package writes registries in the loop, soon after a change.
            await asyncio.sleep(WRITTEN)
            for gateway in crowd:
                gateway.reset()
            gc.collect()
            gc.freeze()
            with pieces() as measured:
                began = time.process_time()
                await asyncio.sleep(LIFE)
                cpu = time.process_time() - began
            # So that what follows is no part of the last piece.
            await asyncio.sleep(0)
            moments = sorted(
                moment for each in crowd for moment in each.stats()["moments"]
            )
            entities = len(hass.states.async_all())
            gc.unfreeze()
    return {
        "gateways": count,
        "entities": entities,
        "cpu": cpu,
        "longest": max(measured),
        "polls": len(moments),
        "at_once": _at_once(moments),
    }


def _at_once(moments: list[float]) -> int:
    """Return the most of these moments that are near each other."""
    return max(
        sum(0 <= other - moment <= NEAR for other in moments) for moment in moments
    )
