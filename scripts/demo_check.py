"""Whether Home Assistant shows what the demo's gateway says."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
import math
import time
from typing import Any, Final

from scripts.demo_gateway import LIVE, Gateway, Reading, Value
from scripts.real_home_assistant import RealHomeAssistant, State

DOMAIN: Final = "tesla_gateway"

FIRST_TIMEOUT: Final = 5.0
"""Seconds for all entities to show, once the integration is loaded."""
FOLLOW_TIMEOUT: Final = 25.0
"""Seconds for a change to show: the power flow is read every ten."""

FACTORS: Final[Mapping[str, float]] = {"kW": 1e3, "MW": 1e6, "kWh": 1e3, "MWh": 1e6}
"""To W and Wh, the gateway's own units, from others that Home Assistant may show."""

NO_VALUE: Final = ("unavailable", "unknown")
QUIET: Final = (" DEBUG ", " INFO ")
OURS: Final = (DOMAIN, "[asyncio]", "[homeassistant]")
"""In a record of the log. The last two speak of what nobody awaited or caught."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the gateway said and Home Assistant showed at one moment."""

    readings: Sequence[Reading]
    states: Mapping[str, State]
    """By unique id."""
    deviations: Sequence[str]

    @property
    def values(self) -> dict[str, Value]:
        """What the gateway told, by unique id."""
        return {reading.unique_id: reading.value for reading in self.readings}


async def compare(
    home: RealHomeAssistant, gateway: Gateway, patience: float
) -> Comparison:
    """Compare until nothing deviates or the patience, in seconds, is at its end."""
    readings = (await gateway.read()).readings()
    deadline = time.monotonic() + patience
    while True:
        entities, states = await home.entities(DOMAIN), await home.states()
        lines = deviations(readings, entities, states)
        if not lines or time.monotonic() > deadline:
            shown = {
                unique_id: states[entity_id]
                for unique_id, entity_id in entities.items()
                if entity_id in states
            }
            return Comparison(readings=readings, states=shown, deviations=lines)
        await asyncio.sleep(0.2)


async def follow_change(
    home: RealHomeAssistant, gateway: Gateway, first: Comparison
) -> Comparison:
    """Change the simulated site, and see whether Home Assistant goes along.

    The power flow is left to the integration's own pace. What it reads every half
    minute is asked for at once, as a person can.
    """
    await gateway.change_site()
    slow = [
        first.states[reading.unique_id].entity_id
        for reading in first.readings
        if reading.path not in LIVE and reading.unique_id in first.states
    ]
    if slow:
        await home.act("homeassistant.update_entity", entity_id=slow[0])
    return await compare(home, gateway, FOLLOW_TIMEOUT)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check has found."""

    shown: Sequence[Comparison]
    """One, or two with a change between them."""
    moved: int
    """Readings that the change has moved."""
    deviations: Sequence[str]


async def check(
    home: RealHomeAssistant, gateway: Gateway, *, can_change: bool
) -> Result:
    """Compare, change the site where it can be changed, and compare again."""
    first = last = await compare(home, gateway, FIRST_TIMEOUT)
    lines = [*first.deviations]
    if can_change:
        last = await follow_change(home, gateway, first)
        lines += [f"after a change, {line}" for line in last.deviations]
    moved = sum(
        first.values.get(unique_id) != value for unique_id, value in last.values.items()
    )
    if can_change and not moved:
        lines.append("nothing moved at the simulated site")
    lines += energy_complaints(await home.command("energy/validate"))
    shown = (first, last) if can_change else (first,)
    return Result(shown=shown, moved=moved, deviations=lines)


def deviations(
    readings: Iterable[Reading],
    entities: Mapping[str, str],
    states: Mapping[str, State],
) -> list[str]:
    """Return what Home Assistant does not show, or shows otherwise, a line for each."""
    compared = {reading.unique_id: reading for reading in readings}
    lines = [
        _deviation(reading, states.get(entities.get(unique_id, "")))
        for unique_id, reading in compared.items()
    ]
    lines += [
        _emptiness(entity_id, states.get(entity_id))
        for unique_id, entity_id in entities.items()
        if unique_id not in compared
    ]
    return [line for line in lines if line]


def _deviation(reading: Reading, state: State | None) -> str | None:
    """Return in which way a state is not the gateway's, None where it is."""
    expected = reading.value
    if state is None:
        missing = f"{reading.name} has no entity, and {reading.path} says {expected}"
        return None if expected is None else missing
    if expected is None:
        untrue = f"{state.entity_id} is {state.value}, but {reading.path} says nothing"
        return None if state.value in NO_VALUE else untrue
    if _is_same(expected, state):
        return None
    shown = f"{state.value} {state.unit}".strip()
    return f"{state.entity_id} is {shown}, but the gateway says {expected}"


def _emptiness(entity_id: str, state: State | None) -> str | None:
    """Return in which way an entity shows nothing, while it is there to show it."""
    if state is None:
        return f"{entity_id} has no state"
    if entity_id.startswith("event.") and state.value == "unknown":
        return None  # nothing has happened yet
    return f"{entity_id} is {state.value}" if state.value in NO_VALUE else None


def _is_same(expected: float | str, state: State) -> bool:
    """Compare to a millionth: numbers are handed on in full."""
    if isinstance(expected, str):
        return state.value == expected
    try:
        shown = float(state.value) * FACTORS.get(state.unit, 1)
    except ValueError:
        return False
    return math.isclose(shown, expected, rel_tol=1e-6, abs_tol=1e-6)


def log_complaints(log: Iterable[str]) -> list[str]:
    """Return the records of a log that speak of trouble with ours.

    A record is a line with a date and those that follow it. That ours is a custom
    integration is always warned of.
    """
    records: list[list[str]] = []
    for line in log:
        if line[:2] == "20" or not records:
            records.append([])
        records[-1].append(line)
    return [
        record[0] if len(record) == 1 else f"{record[0]} … {record[-1].strip()}"
        for record in records
        if not any(level in record[0] for level in QUIET)
        and "We found a custom integration" not in record[0]
        and any(mark in "\n".join(record) for mark in OURS)
    ]


def energy_complaints(
    validation: Mapping[str, list[list[Mapping[str, Any]]]],
) -> list[str]:
    """Return what the Energy dashboard finds wrong with its sources.

    Statistics come with time: Home Assistant makes them every five minutes.
    """
    return [
        f"the Energy dashboard says {issue['type']}: {issue['affected_entities']}"
        for sources in validation.values()
        for issues in sources
        for issue in issues
        if issue["type"] != "statistics_not_defined"
    ]
