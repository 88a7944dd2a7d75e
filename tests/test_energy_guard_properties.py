"""What holds of energies that go out, for any that come in at any time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
import math
from typing import Final

from hypothesis import given, settings, strategies as st
import orjson
import pytest

from custom_components.tesla_gateway.energy_guard import STEP, EnergyGuard, Notice

from .guarded_meter import BATTERY, CHARGED, DAY, HOME, HOUR, MINUTE, SOLAR, Meter

LIMITS: Final = st.sampled_from([None, 0.0, 300.0, SOLAR, 10 * BATTERY])
FIGURES: Final = [0.0, 1.0, 5.0, CHARGED, HOME]
pytestmark = pytest.mark.filterwarnings("ignore:It looks like `register_random`")
PROPERTY: Final = settings(max_examples=100, derandomize=True, deadline=None)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A reading, and what happens before it."""

    energy: float | None
    is_rise: bool
    """Whether it is a difference to the one before."""
    after: float
    leap: float
    """Seconds by which the wall's clock is put forward."""
    is_restarted: bool
    limit: float | None


@dataclass
class TroubledMeter(Meter):
    """A counter that does anything, and what has been seen of it."""

    seen: list[tuple[float, float]] = field(default_factory=list)
    """Seconds that were watched, and watt-hours, of all that could be readings."""
    watched: float = 0.0

    def suffer(self, reading: Reading) -> float | None:
        """Return what goes out for a reading."""
        self.limit = reading.limit
        energy = reading.energy
        if reading.is_rise and energy is not None and self.seen:
            energy += self.seen[-1][1]
        if reading.is_restarted:
            self.restart(off=reading.after, leap=reading.leap)
            return self._look(energy, after=0.0)
        self.utc += reading.leap
        self.watched += reading.after
        return self._look(energy, after=reading.after)

    def _look(self, energy: float | None, *, after: float) -> float | None:
        """Return what goes out, and remember what came in."""
        if energy is not None and 0 <= energy < math.inf:
            self.seen.append((self.watched, energy))
        return self.tell(energy, after=after)

    def falls(self, shown: float) -> list[tuple[float, float]]:
        """Return the latest readings, in a row, below what was shown before."""
        return self._in_a_row(lambda energy: 0 < energy < shown)

    def rises(self, shown: float) -> list[tuple[float, float]]:
        """Return the latest readings, in a row, above what was shown before."""
        return self._in_a_row(lambda energy: energy > shown)

    def _in_a_row(self, holds: Callable[[float], bool]) -> list[tuple[float, float]]:
        """Return the latest readings of which all are so."""
        return [*takewhile(lambda each: holds(each[1]), reversed(self.seen))]


READINGS: Final = st.lists(
    st.builds(
        Reading,
        energy=st.one_of(
            st.none(), st.sampled_from(FIGURES), st.floats(-200, 2000), st.floats()
        ),
        is_rise=st.booleans(),
        after=st.sampled_from([0.0, 1.0, 10.0, 450.0, 900.0, 1800.0, HOUR, DAY]),
        leap=st.just(0.0) | st.floats(-1e10, 1e10),
        is_restarted=st.sampled_from([*[False] * 5, True]),
        limit=LIMITS,
    ),
    max_size=25,
)


@given(readings=READINGS)
@settings(PROPERTY, max_examples=500)
def test_falls_after_a_wait_only(readings: list[Reading]) -> None:
    """Test of all that goes out nothing is lower than before but a confirmed reset.

    Nothing is negative or no number; a reset has been lower for 15 minutes in a row
    and has risen; a jump has been higher for an hour in a row.
    """
    meter, shown = TroubledMeter(), 0.0
    for reading in readings:
        if (energy := meter.suffer(reading)) is None:
            continue
        assert 0 < energy < math.inf
        if meter.notice is Notice.RESET_CONFIRMED:
            assert energy < shown - STEP
            falls = meter.falls(shown)
            assert max(energy - first for _, first in falls) > 0
            assert meter.watched - falls[-1][0] >= 15 * MINUTE
        else:
            assert energy >= shown
        if meter.notice is Notice.JUMP_ACCEPTED:
            assert meter.watched - meter.rises(shown)[-1][0] >= HOUR
        shown = energy


@given(readings=READINGS)
@PROPERTY
def test_keeps_little_and_all_of_it(readings: list[Reading]) -> None:
    """Test what is kept stays small, and is the same after a restart."""
    meter = TroubledMeter()
    for reading in readings:
        meter.suffer(reading)
        kept = orjson.dumps(meter.guard.as_dict())
        assert len(kept) < 250
        assert orjson.dumps(EnergyGuard(orjson.loads(kept)).as_dict()) == kept


PAUSES: Final = st.one_of(
    st.floats(1, 100), st.floats(1, HOUR), st.floats(1, DAY), st.floats(1, 60 * DAY)
)


@given(
    first=st.floats(1e-3, 1e9),
    limit=st.none() | st.floats(1, 1e6),
    polls=st.lists(
        st.tuples(
            PAUSES,
            st.floats(0, 1) | st.sampled_from([0.0, 1.0]),
            st.just(0.0) | st.floats(-7e7, 1e10),
            st.booleans(),
        ),
        max_size=25,
    ),
)
@PROPERTY
def test_an_honest_counter_passes(
    first: float,
    limit: float | None,
    polls: list[tuple[float, float, float, bool]],
) -> None:
    """Test what hardware can do goes out unchanged, at any pace.

    Whatever the wall's clock does while somebody looks, and however long nobody does,
    as long as the clock is right then. No clock shows a time before 1970.
    """
    meter, energy = Meter(limit=limit), first
    assert meter.tell(energy) == energy
    for pause, share, leap, is_restarted in polls:
        energy += share * (limit or 1e12) * pause / HOUR
        if is_restarted:
            meter.restart(off=pause)
            assert meter.tell(energy, after=0.0) == energy
        else:
            meter.utc += leap
            assert meter.tell(energy, after=pause) == energy
        assert meter.notice is None


@given(
    readings=READINGS,
    first=st.sampled_from(FIGURES[1:]) | st.floats(1e-3, 1e9),
    limit=LIMITS,
    pace=st.sampled_from([10.0, 30.0, 90.0, 900.0]) | st.floats(10, 3 * HOUR),
    share=st.floats(0.01, 1),
)
@PROPERTY
def test_gets_over_it(
    readings: list[Reading],
    first: float,
    limit: float | None,
    pace: float,
    share: float,
) -> None:
    """Test an honest counter is shown again within an hour and a poll, and stays so.

    But for one that was no more than a step too high before: it is overtaken.
    """
    meter = TroubledMeter()
    for reading in readings:
        meter.suffer(reading)
    meter.limit, rise = limit, share * (limit or BATTERY) * pace / HOUR
    honest = [first + rise * poll for poll in range(math.ceil(HOUR / pace) + 4)]
    shown = meter.tell_all(honest, after=pace)
    for out, told in zip(shown[-4:], honest[-4:], strict=True):
        assert out is not None
        assert out == told or 0 < out - told <= STEP
    assert meter.notice is None
