"""Polls of core's data, by core and by us: requests, time, work, states written."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
import time
from typing import Any, Final

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, callback

from .house import Installed, counted, pair
from .lines import Line, Samples
from .remote import METERS, ONLY_OURS, Move, Remote, everything, gateways, without

REFRESHES: Final = 40
"""In a round, of which the median counts."""
SLOW_REFRESHES: Final = 5
"""The same where the gateway takes its time."""
WARM_UP: Final = 10

type Pair = tuple[Installed, Installed]


@asynccontextmanager
async def paired(*absent: str) -> AsyncGenerator[tuple[Remote, Pair]]:
    """Run both at a gateway that has not all endpoints."""
    with gateways() as (gateway,):
        gateway.control(faults=without(*absent))
        async with pair(gateway) as both:
            for each in both:
                for _ in range(WARM_UP):
                    await each.refresh()
            yield gateway, both


def _turns(both: Pair, rounds: int) -> Iterable[Installed]:
    """Yield who has its turn: alternating, and not always the same one first."""
    for number in range(rounds):
        yield from both if number % 2 else reversed(both)


async def requests(rounds: int) -> list[Line]:
    """Count the requests of one full poll."""
    counts: dict[str, list[int]] = {"core": [], "ours": []}
    async with paired(*ONLY_OURS) as (gateway, both):
        for each in _turns(both, rounds):
            gateway.reset()
            await each.refresh()
            counts[each.name].append(gateway.stats()["total"])
    core, ours = max(counts["core"]), max(counts["ours"])
    return [
        Line(
            figure="requests for one full poll of core's data",
            core=str(core),
            ours=str(ours),
            result=str(ours),
            goal="6",
            is_met=ours == 6,
            data=counts,
        )
    ]


async def _wall(each: Installed, count: int) -> list[float]:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        await each.refresh()
        times.append(time.perf_counter() - started)
        each.gateway.control(advance=30)
    return times


async def wall(rounds: int) -> list[Line]:
    """Measure the time of a full poll, as the gateway takes it."""
    lines = []
    async with paired(*ONLY_OURS) as (gateway, both):
        for latency, most in ((50, 0.22), (150, 0.22), (0, 0.5)):
            gateway.control(latency_ms=latency)
            samples = Samples()
            for each in _turns(both, rounds):
                count = SLOW_REFRESHES if latency else REFRESHES
                samples.add(each.name, await _wall(each, count))
            figure = f"wall of that poll at {latency} ms per answer"
            if not latency:
                figure = "wall with no latency"
            lines.append(samples.line(figure, most))
    async with paired() as (gateway, both):
        for latency in (50, 150):
            gateway.control(latency_ms=latency)
            samples = Samples()
            for each in _turns(both, rounds):
                samples.add(each.name, await _wall(each, SLOW_REFRESHES))
            figure = f"the same with all eight endpoints, at {latency} ms"
            lines.insert(-1, samples.line(figure, 0.32))
    return lines


async def work(rounds: int) -> list[Line]:
    """Measure the CPU of a full refresh in which every value moves."""
    return [
        await _work(rounds, "CPU per full refresh, all values moving", ONLY_OURS, 0.6),
        await _work(rounds, "the same with all eight endpoints there", (), None),
    ]


async def _work(
    rounds: int, figure: str, absent: tuple[str, ...], most: float | None
) -> Line:
    samples, number = Samples(), 0
    async with paired(*absent) as (gateway, both):
        for each in _turns(both, rounds):
            times = []
            for _ in range(REFRESHES):
                number += 1
                gateway.control(**everything(number, absent=absent))
                started = time.process_time()
                await each.refresh()
                times.append(time.process_time() - started)
            samples.add(each.name, times)
        entities = counted(both)
    return samples.line(figure, most, entities=entities)


class Writes:
    """Counts the states that are written, changed or not, by entity."""

    def __init__(self, each: Installed) -> None:
        """Listen to the entities of one integration."""
        self.names: set[str] = set()
        self.changed = 0
        self.count = 0
        self._own = {entity.entity_id for entity in each.entities()}
        bus = each.hass.bus
        self._ends = [
            bus.async_listen(EVENT_STATE_CHANGED, self._note_changed, self._is_own),
            bus.async_listen(EVENT_STATE_REPORTED, self._note, self._is_own),
        ]

    @callback
    def _is_own(self, data: Any) -> bool:
        return data["entity_id"] in self._own

    @callback
    def _note(self, event: Event[Any]) -> None:
        self.count += 1
        self.names.add(event.data["entity_id"])

    @callback
    def _note_changed(self, event: Event[Any]) -> None:
        self.changed += 1
        self._note(event)

    def close(self) -> None:
        """Listen no more."""
        for end in self._ends:
            end()


async def still(rounds: int) -> list[Line]:
    """Count the states written when only the time has gone on at the site."""
    counts: dict[str, list[int]] = {"core": [], "ours": []}
    async with paired() as (gateway, both):
        quiet = {"load_power": 0, "solar_power": 0, "battery_power": 0}
        gateway.control(site=quiet)
        for each in both:
            await each.refresh()
        for each in _turns(both, rounds):
            gateway.control(advance=10)
            writes = Writes(each)
            await each.refresh()
            writes.close()
            counts[each.name].append(writes.count)
    core, ours = max(counts["core"]), max(counts["ours"])
    return [
        Line(
            figure="state writes when nothing but timestamps moved",
            core=str(core),
            ours=str(ours),
            result=str(ours),
            goal="0",
            is_met=ours == 0,
            data=counts,
        )
    ]


async def one_meter(rounds: int) -> list[Line]:
    """Count the states written when one meter has moved."""
    counts: dict[str, list[int]] = {"core": [], "ours": []}
    strangers: set[str] = set()
    async with paired() as (gateway, both):
        for number, each in enumerate(_turns(both, rounds)):
            gateway.control(faults=_loads(number))
            await each.refresh()
            gateway.control(faults=_loads(number + 1))
            writes = Writes(each)
            await each.refresh()
            writes.close()
            counts[each.name].append(writes.count)
            if each.name == "ours":
                strangers |= {name for name in writes.names if "_home_" not in name}
    core, ours = max(counts["core"]), max(counts["ours"])
    return [
        Line(
            figure="state writes when one meter moved",
            core=str(core),
            ours=str(ours),
            result=f"{len(strangers)} of others",
            goal="only that meter's entities",
            is_met=not strangers and ours > 0,
            data={**counts, "strangers": sorted(strangers)},
        )
    ]


def _loads(number: int) -> list[dict[str, Any]]:
    """Return what lets the home's meter alone read something else."""
    edits = {
        "load.instant_power": 1000 + number,
        "load.energy_imported": 2_000_000 + number,
        "load.instant_average_voltage": 230 + number % 10 / 2,
        "load.instant_total_current": 4 + number % 10 / 2,
    }
    return Move(edits={METERS: edits}).faults
