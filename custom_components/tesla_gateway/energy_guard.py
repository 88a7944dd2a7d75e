"""What goes out of a lifetime energy counter, so that totals made of it stay right.

Home Assistant takes a fall of a counter to below nine tenths for a reset, and then
counts all it shows once more. Gateways let theirs fall to 0 for a moment, go back,
jump, and be negative. So what cannot be is held back until it has lasted: nothing is
lost by that, since what was counted meanwhile comes with the value that goes out.

Hand readings to `admit` in the order they come, equal ones too, and show what it
returns.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
import math
import sys
from typing import Final, Self, TypeIs

RESET_WAIT: Final = 900.0
"""Seconds for which a fall is held back; zeros after a restart last about 180."""
JUMP_WAIT: Final = 3600.0
"""Seconds for which a rise is held back that the hardware cannot have made."""
STEP: Final = 100.0
"""Watt-hours by which a counter moves without any power, up or down.

A Powerwall counts in tens: 642500 and 567740 on 21.44, 53100 and 24200 on 21.13. The
home's counter is made of all others, to the hundredth there, so that it falls by ten
as one is charged on. Ten Powerwalls are the most.
"""
LATENESS: Final = 200.0
"""Seconds by which a reading may be older than it looks.

At the gentlest pace a value is read every 90 s, shown for 90 s more while the gateway
fails, and a refresh takes up to 10 s; meters give up after 1.5 s. It also lets through
what lasts for seconds only: 12000 W where 5000 are allowed, as 21.44 tells.
"""
MARGIN: Final = 1.2
"""By how much hardware may do more than it is said to: 5800 W of 5000 on 21.44."""


class Notice(Enum):
    """What is worth telling of a reading."""

    HELD_BACK = "held_back"
    """It is the first that does not go out, and no matter of a step."""
    RESET_CONFIRMED = "reset_confirmed"
    """It is lower than what went out before, and goes out."""
    JUMP_ACCEPTED = "jump_accepted"
    """It is higher than can be, and goes out."""
    STAYS_LOWER = "stays_lower"
    """It has been lower for as long as a reset takes, and does not rise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _HeldBack:
    """A counter that is not believed yet."""

    first: float
    """Watt-hours when it was first seen."""
    latest: float
    """Watt-hours when it was last seen."""
    waited: float = 0.0
    """Seconds for which it has been watched."""


# Made anew with every reading, and never changed; frozen, that takes twice the time.
@dataclass(kw_only=True, slots=True)
class _Known:
    """What is known of a counter."""

    energy: float
    """Watt-hours of the last good reading, which is what goes out."""
    age: float = 0.0
    """Seconds from the last good reading to the last one."""
    seen: float
    """When the last reading was, in UTC seconds."""
    held: _HeldBack | None = None

    @classmethod
    def from_dict(cls, kept: object) -> Self | None:
        """Take up what `asdict` gave; None if it is anything else."""
        good = _amounts(kept, "energy", "age", "seen")
        if not isinstance(kept, Mapping) or not good or not good["energy"]:
            return None
        held = _amounts(kept.get("held"), "first", "latest", "waited")
        return cls(**good, held=_HeldBack(**held) if held else None)

    def after(
        self, energy: float, *, limit: float | None, utc: float, watched: float
    ) -> tuple[_Known, Notice | None]:
        """Return what is known after a reading, and what is worth telling of it.

        `watched` is how many seconds have surely passed since the one before.
        """
        good = _Known(energy=energy, seen=utc)
        if self.held is None and 0 <= energy - self.energy <= STEP:
            return good, None
        passed = max(watched, utc - self.seen)
        age = self.age + passed
        held = self._held_on(energy, _reach(limit, passed), watched)
        if held is None and 0 <= energy - self.energy <= _reach(limit, age):
            return good, None
        if held is not None and (notice := self._confirmed(held)):
            return good, notice
        held = held or _HeldBack(first=energy, latest=energy)
        doubt = _Known(energy=self.energy, age=age, seen=utc, held=held)
        return doubt, self._news(doubt)

    def _news(self, doubt: _Known) -> Notice | None:
        """Return what is worth telling of a counter that is held back."""
        if not doubt.is_serious:
            return None
        if not self.is_serious:
            return Notice.HELD_BACK
        return Notice.STAYS_LOWER if doubt.stands_low and not self.stands_low else None

    def _held_on(self, energy: float, reach: float, watched: float) -> _HeldBack | None:
        """Return what is held back as it has gone on; None if this is another one.

        A counter moves as hardware can move it, a step back at most and never to below
        where it began. None begins at 0, and what has been low is no jump.
        """
        held = self.held
        if held is None or (energy and not held.first):
            return None
        if self._is_low(held.latest) != self._is_low(energy):
            return None
        if energy < held.first or not -STEP <= energy - held.latest <= reach:
            return None
        return _HeldBack(first=held.first, latest=energy, waited=held.waited + watched)

    def _is_low(self, energy: float) -> bool:
        """Return whether it would be a fall."""
        return energy < self.energy

    def _confirmed(self, held: _HeldBack) -> Notice | None:
        """Return as what to believe in a counter that has been held back.

        A step down is no reset, however long it takes to overtake it.
        """
        if not self._is_low(held.latest):
            return Notice.JUMP_ACCEPTED if held.waited >= JUMP_WAIT else None
        if self.energy - held.latest <= STEP:
            return None
        has_lasted = held.waited >= RESET_WAIT and held.latest > held.first
        return Notice.RESET_CONFIRMED if has_lasted else None

    @property
    def stands_low(self) -> bool:
        """Return whether a counter that fell has had its time and has not risen."""
        held = self.held
        return (
            held is not None and held.waited >= RESET_WAIT and self._is_low(held.latest)
        )

    @property
    def is_serious(self) -> bool:
        """Return whether something is held back that is no matter of a step."""
        held = self.held
        return held is not None and not 0 < self.energy - held.latest <= STEP


class EnergyGuard:
    """Watches over one lifetime energy counter."""

    notice: Notice | None = None
    """What is worth telling of the last reading."""

    def __init__(self, kept: object = None) -> None:
        """Take up what `as_dict` of an earlier guard gave, if it did."""
        self._known = _Known.from_dict(kept)
        self._clock: float | None = None

    def admit(
        self, energy: float | None, *, limit: float | None, utc: float, monotonic: float
    ) -> float | None:
        """Return the watt-hours to show for a reading; None where there are none.

        `limit` is the most that the hardware moves, in watts; None or 0 where nobody
        knows. `utc` and `monotonic` are the clocks' seconds: the first one bridges the
        time between two runs, and may leap as it likes; waits are measured by the
        second one alone, so that no leap can end them.
        """
        self.notice, utc = None, max(0.0, utc)
        if not _is_amount(energy) or (self._known is None and not energy):
            return None
        watched = 0.0 if self._clock is None else max(0.0, monotonic - self._clock)
        self._clock = monotonic
        if self._known is None:
            self._known = _Known(energy=energy, seen=utc)
        else:
            self._known, self.notice = self._known.after(
                energy, limit=limit, utc=utc, watched=watched
            )
        return self._known.energy

    def as_dict(self) -> dict[str, object]:
        """Return what the next guard needs, as JSON values."""
        return asdict(self._known) if self._known else {}


def limit_kept(kept: object) -> float | None:
    """Return a limit in watts that was kept; None where nobody knew one."""
    return float(kept) if _is_amount(kept) else None


def _reach(limit: float | None, seconds: float) -> float:
    """Return by how many watt-hours a counter may rise in so many seconds."""
    if limit is None or not limit > 0:
        return math.inf
    return STEP + limit * MARGIN * (seconds + LATENESS) / 3600


def _amounts(kept: object, *names: str) -> dict[str, float] | None:
    """Return the amounts of these names; None unless all of them are some."""
    if not isinstance(kept, Mapping):
        return None
    amounts = {n: float(kept[n]) for n in names if _is_amount(kept.get(n))}
    return amounts if len(amounts) == len(names) else None


def _is_amount(value: object) -> TypeIs[int | float]:
    """Return whether it is a number that is neither negative nor infinite."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value <= sys.float_info.max
