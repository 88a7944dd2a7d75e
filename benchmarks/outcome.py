"""What comes of a fault: measured, whatever the integration."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
import logging
from typing import Final

from homeassistant.components.sensor import (
    ATTR_STATE_CLASS,
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNKNOWN,
    UnitOfEnergy,
)
from homeassistant.core import State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.unit_conversion import EnergyConverter
from tests.fault_cases import ISLAND_MODE, Case, Kind, Row
from tests.faulty_home import Home

from .homes import Integration, add

POLLS: Final = 10
"""How long a fault lasts, if its row does not say it."""
BASELINE: Final = 4
"""Polls in which it is seen what moves."""
STALE: Final = 3
"""Polls without a new value, after which what moves does not any more."""
PATIENCE: Final = 25
"""Polls within which it may heal by itself; after them an hour, then a reload."""
HOUR: Final = 3600


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What was seen of one fault. A poll is one of every 30 s."""

    entities: int
    """How many were available before."""
    polls: int
    """How long the fault lasted."""
    fewest: int = 0
    """How many of those from before were available in the worst poll."""
    new: int = 0
    """How many are available in the end that were not before."""
    stale: int = 0
    """How many are available in the end, and show nothing new any more."""
    unknown: int = 0
    """How many are available in the end, and say that they know nothing."""
    requests: int = 0
    logins: int = 0
    strangers: int = 0
    """Connections to another server."""
    reauth: bool = False
    """Whether a person is asked for the password."""
    repairs: int = 0
    complaints: int = 0
    """Lines in the log: warnings and errors."""
    tracebacks: int = 0
    fell: float = 0.0
    """By how much a lifetime energy fell, in kWh."""
    jumped: float = 0.0
    """By how much one rose within a poll, in kWh."""
    negative: bool = False
    """Whether one was negative."""
    healed: str | None = None
    """How it healed: `1 poll`, `1 h`, `reload`, `never`; None where it stays so."""
    notes: list[str] = field(default_factory=list)
    """What else was seen."""


def _is_counter(state: State) -> bool:
    """Return whether a state is a lifetime energy."""
    return (
        state.attributes.get(ATTR_DEVICE_CLASS) == SensorDeviceClass.ENERGY
        and state.attributes.get(ATTR_STATE_CLASS) == SensorStateClass.TOTAL_INCREASING
    )


class _Watch:
    """Looks at what is shown, poll after poll."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.polls: list[dict[str, str]] = []
        self.energies: dict[str, list[float]] = {}

    async def poll(self, times: int, *, hangs: bool = False) -> None:
        """Let half a minute pass, so many times, and look each time."""
        for _ in range(times):
            await self._home.poll(hangs=hangs)
            self.polls.append(self._home.shown())
            self._look_at_energies()

    def _look_at_energies(self) -> None:
        """Keep the lifetime energies, in kWh."""
        ids = self._home.entity_ids()
        for name, value in self.polls[-1].items():
            state = self._home.hass.states.get(ids[name])
            if state is None or value == STATE_UNKNOWN or not _is_counter(state):
                continue
            unit = state.attributes[ATTR_UNIT_OF_MEASUREMENT]
            energy = EnergyConverter.convert(
                float(value), unit, UnitOfEnergy.KILO_WATT_HOUR
            )
            self.energies.setdefault(name, []).append(energy)

    def moving(self) -> set[str]:
        """Return what is another value at every poll."""
        first, *others = self.polls
        return {
            name
            for name in first
            if all(
                name in after and before.get(name) != after[name]
                for before, after in pairwise([first, *others])
            )
        }

    def stale(self, moving: Iterable[str]) -> int:
        """Return how many are available, and have not moved for some polls."""
        last = self.polls[-STALE - 1 :]
        return sum(
            len(last) > STALE
            and all(name in poll for poll in last)
            and len({poll[name] for poll in last}) == 1
            and last[-1][name] != STATE_UNKNOWN
            for name in moving
        )

    def unknown(self, moving: Iterable[str]) -> int:
        """Return how many are available, and know nothing."""
        return sum(self.polls[-1].get(name) == STATE_UNKNOWN for name in moving)


async def measure(
    home: Home, integration: Integration, row: Row, case: Case
) -> Outcome:
    """Let a fault come and go, and return what was seen of it."""
    match row.kind:
        case Kind.WRITE:
            return await _write(home, case)
        case Kind.UNLOAD:
            return await _unload(home, case)
    return await _poll(home, integration, row, case)


async def _poll(home: Home, integration: Integration, row: Row, case: Case) -> Outcome:
    watch = _Watch(home)
    await watch.poll(BASELINE)
    moving, before = watch.moving(), watch.polls[-1].keys()
    polls = case.polls or POLLS
    outcome = Outcome(entities=len(before), polls=polls)
    home.watch()
    case.begin(home.world)
    if case.restart:
        await home.restart()
    watch.polls.clear()
    await watch.poll(polls, hangs=case.hangs)
    _note_polls(outcome, watch, before, moving)
    _note_traffic(outcome, home, integration)
    if row.number == 21:
        await add(home.hass, integration, home.world.gateway)
        count = len(home.hass.config_entries.async_entries(integration.domain))
        outcome.notes.append(f"added twice: {'yes' if count > 1 else 'no'}")
    if case.end is not None:
        case.end(home.world)
        outcome.healed = await _healed(home, watch, set(before), moving)
    _note_energies(outcome, watch)
    return outcome


def _note_polls(
    outcome: Outcome, watch: _Watch, before: Iterable[str], moving: set[str]
) -> None:
    known = set(before)
    outcome.fewest = min(len(known & poll.keys()) for poll in watch.polls)
    outcome.new = len(watch.polls[-1].keys() - known)
    outcome.stale = watch.stale(moving)
    outcome.unknown = watch.unknown(moving)


def _note_traffic(outcome: Outcome, home: Home, integration: Integration) -> None:
    stats = home.world.gateway.stats
    outcome.requests, outcome.logins = stats.total, stats.logins
    outcome.strangers = home.world.stranger.stats.handshakes
    outcome.reauth = home.reauths() > 0
    outcome.repairs = len(home.repairs())
    records = home.log.records
    outcome.complaints = sum(
        each.name.startswith(integration.logger) for each in records
    )
    outcome.tracebacks = sum(
        bool(each.exc_info) and each.levelno >= logging.ERROR for each in records
    )


def _note_energies(outcome: Outcome, watch: _Watch) -> None:
    for values in watch.energies.values():
        steps = [after - before for before, after in pairwise(values)]
        outcome.fell = max([outcome.fell, *(-step for step in steps)])
        outcome.jumped = max([outcome.jumped, *steps])
        outcome.negative |= min(values) < 0


async def _healed(home: Home, watch: _Watch, before: set[str], moving: set[str]) -> str:
    """Return how everything came to be as before."""

    def is_healed() -> bool:
        earlier, now = watch.polls[-2:]
        return before <= now.keys() and all(
            earlier.get(name) != now[name] for name in moving
        )

    for number in range(1, PATIENCE + 1):
        await watch.poll(1)
        if is_healed():
            return f"{number} poll{'s' if number > 1 else ''}"
    await home.rest(HOUR)
    await watch.poll(2)
    if is_healed():
        return "1 h"
    await home.restart()
    await watch.poll(2)
    return "reload" if is_healed() else "never"


def _switch(home: Home) -> str:
    """Return the switch that sends the home off the grid."""
    (name,) = (
        each
        for each in home.entity_ids()
        if each.startswith("switch.") and "off_grid" in each
    )
    return name


async def _write(home: Home, case: Case) -> Outcome:
    """Send the home off the grid, and return what was said and shown."""
    await home.poll()
    before, switch = home.shown(), _switch(home)
    home.watch()
    case.begin(home.world)
    outcome = Outcome(entities=len(before), polls=3)
    try:
        await home.act(switch, "turn_on")
    except HomeAssistantError:
        said = "says so"
    except Exception as error:  # noqa: BLE001  # whatever comes out is what is measured
        said = f"raises {type(error).__name__}"
    else:
        said = "says nothing"
    stats = home.world.gateway.stats
    outcome.notes.append(said)
    outcome.logins = stats.logins
    outcome.requests = stats.requests[f"POST {ISLAND_MODE}"]
    home.world.gateway.faults.clear()
    await home.poll(3)
    outcome.fewest = len(before.keys() & home.shown().keys())
    truth = "on" if home.world.gateway.site.is_off_grid_wanted else "off"
    shows = "the truth" if home.shown().get(switch) == truth else "something else"
    done = "done" if truth == "on" else "not done"
    outcome.notes.append(f"{done}, shows {shows}")
    return outcome


async def _unload(home: Home, case: Case) -> Outcome:
    """Unload in the middle of a poll, and return what goes on after it."""
    await home.poll()
    outcome = Outcome(entities=len(home.shown()), polls=POLLS)
    home.watch()
    case.begin(home.world)
    home.fire()
    await home.asked()
    await home.unload()
    home.world.gateway.faults.clear()
    home.watch()
    for _ in range(POLLS):
        await home.rest(30)
    outcome.requests = home.world.gateway.stats.total
    outcome.notes.append("after unloading")
    return outcome
