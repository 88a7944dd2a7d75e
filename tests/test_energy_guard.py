"""What goes out of a lifetime energy counter, whatever comes in."""

import math
from typing import Final

import pytest

from custom_components.tesla_gateway.energy_guard import EnergyGuard, Notice

from .guarded_meter import (
    BATTERY,
    CHARGED,
    DAY,
    HOME,
    HOUR,
    MINUTE,
    POLL,
    SOLAR,
    TOLERANCE,
    WEEK,
    Meter,
)

NONSENSE: Final = {
    "missing": None,
    "negative": -0.1,
    "lifetime that went below zero": -CHARGED,
    "not a number": math.nan,
    "infinite": math.inf,
    "infinitely negative": -math.inf,
    "larger than any float": 10**400,
}
nonsense = pytest.mark.parametrize("energy", NONSENSE.values(), ids=NONSENSE)
unlimited = pytest.mark.parametrize(
    "limit", [None, 0.0, -1.0, math.nan, math.inf], ids=str
)


@pytest.fixture
def meter() -> Meter:
    """Return a counter of a Powerwall, of which a first reading is known."""
    meter = Meter()
    assert meter.tell(CHARGED) == CHARGED
    return meter


@nonsense
def test_nonsense_is_unknown(energy: float | None, meter: Meter) -> None:
    """Test it neither goes out, nor leaves anything behind."""
    kept = meter.guard.as_dict()
    assert meter.tell(energy) is None
    assert meter.notice is None
    assert meter.guard.as_dict() == kept
    assert meter.tell(CHARGED) == CHARGED


@pytest.mark.parametrize(
    "energy", [*NONSENSE.values(), 0.0, -0.0], ids=[*NONSENSE, "zero", "minus zero"]
)
def test_nothing_known_stays_so(energy: float | None) -> None:
    """Test what is no first reading of a counter, after which any other is one."""
    meter = Meter()
    assert meter.tell(energy) is None
    assert meter.notice is None
    assert meter.guard.as_dict() == {}
    assert meter.tell(CHARGED) == CHARGED
    assert meter.notice is None


def test_goes_out_at_once(meter: Meter) -> None:
    """Test a Powerwall that charges with all it can, until it is full."""
    power = BATTERY * POLL / HOUR
    assert meter.rise(CHARGED, power, seconds=13.5 / 5 * HOUR)[-1] == pytest.approx(
        CHARGED + 13500
    )
    assert meter.notice is None
    assert meter.guard.as_dict()["held"] is None


@pytest.mark.parametrize("energy", [0.0, 0.4, 17.0, CHARGED - 0.01], ids=str)
def test_a_fall_for_one_poll(energy: float, meter: Meter) -> None:
    """Test the last good reading goes out meanwhile, and the next one then."""
    assert meter.tell(energy) == CHARGED
    assert meter.tell(CHARGED + 5) == CHARGED + 5
    assert meter.notice is None
    assert meter.guard.as_dict()["held"] is None


def test_placeholders_of_a_restart(meter: Meter) -> None:
    """Test three minutes of zeros, of which the first is worth telling."""
    assert meter.tell(0.0) == CHARGED
    assert meter.notice is Notice.HELD_BACK
    for _ in range(18):
        assert meter.tell(0.0) == CHARGED
        assert meter.notice is None
    assert meter.tell(CHARGED + 250) == CHARGED + 250
    assert meter.notice is None


def test_placeholders_are_no_counter() -> None:
    """Test a counter that comes back a little low after half an hour of zeros.

    What went before it is neither its wait nor its rise, even where any would do.
    """
    meter = Meter(limit=None)
    meter.tell(CHARGED)
    meter.tell_all([0.0] * 180)
    assert {*meter.rise(CHARGED - 500, 1.0, seconds=15 * MINUTE)} == {CHARGED}
    assert meter.tell(CHARGED + 1) == CHARGED + 1
    assert meter.notice is None


def test_comes_back_from_behind(meter: Meter) -> None:
    """Test what is lost in a restart is caught up as if nothing had been."""
    assert {*meter.rise(CHARGED - 250, 12.5, seconds=190)} == {CHARGED}
    assert meter.tell(CHARGED) == CHARGED
    assert meter.tell(CHARGED + 12.5) == CHARGED + 12.5
    assert meter.notice is None


def test_meter_replaced(meter: Meter) -> None:
    """Test a counter that begins anew: it goes out after 15 minutes, told of once."""
    meter.tell(0.0)
    assert {*meter.rise(0.0, 2.0, seconds=15 * MINUTE)} == {CHARGED}
    assert meter.tell(182.0) == 182.0
    assert meter.notice is Notice.RESET_CONFIRMED
    assert meter.tell(184.0) == 184.0
    assert meter.notice is None


def test_a_reset_has_to_rise(meter: Meter) -> None:
    """Test a counter that stands still is not believed, and at once when it moves."""
    assert {*meter.tell_all([17.0] * 1000)} == {CHARGED}
    assert meter.tell(17.5) == 17.5
    assert meter.notice is Notice.RESET_CONFIRMED


@pytest.mark.parametrize("lower", [101.0, 5000.0, CHARGED])
def test_a_counter_that_stands_still_lower(lower: float, meter: Meter) -> None:
    """Test it is told of twice: when it falls, and once it might have been a reset."""
    meter.tell(CHARGED - lower)
    assert meter.notice is Notice.HELD_BACK
    for _ in range(89):
        meter.tell(CHARGED - lower)
        assert meter.notice is None
    assert meter.tell(CHARGED - lower) == CHARGED
    assert meter.notice is Notice.STAYS_LOWER
    meter.restart()
    for _ in range(1000):
        assert meter.tell(CHARGED - lower) == CHARGED
        assert meter.notice is None


def test_a_step_that_stays_is_not_told_of(meter: Meter) -> None:
    """Test a counter that is overtaken some day is no matter."""
    for _ in range(1000):
        assert meter.tell(CHARGED - 100) == CHARGED
        assert meter.notice is None


def test_a_reset_may_rise_early(meter: Meter) -> None:
    """Test a counter that has risen may stand still when its wait is over."""
    meter.tell(17.0)
    assert {*meter.tell_all([18.0] * 89)} == {CHARGED}
    assert meter.tell(18.0) == 18.0


def test_a_reset_may_not_fall(meter: Meter) -> None:
    """Test a counter that falls by more than a step is another one."""
    meter.rise(17.0, 12.0, seconds=14 * MINUTE)
    assert {*meter.rise(900.0, 1.0, seconds=15 * MINUTE)} == {CHARGED}
    assert meter.tell(991.0) == 991.0


def test_a_reset_has_to_go_on(meter: Meter) -> None:
    """Test counters that take turns are each a new one."""
    for _ in range(20):
        rising = [
            *meter.rise(5000.0, 1.0, seconds=600),
            *meter.rise(900.0, 1.0, seconds=600),
        ]
        assert {*rising} == {CHARGED}
    assert meter.tell(960.5, after=310) == 960.5


@pytest.mark.parametrize("jump", [700.0, 13_500.0, 1e9])
def test_a_jump_lasts_or_goes_away(jump: float, meter: Meter) -> None:
    """Test an hour of what cannot be, and that it is told of once when it stays.

    A Powerwall could have moved 700 Wh within minutes, but not before the first one.
    """
    assert meter.tell(CHARGED + jump) == CHARGED
    assert meter.notice is Notice.HELD_BACK
    assert {*meter.rise(CHARGED + jump, 1.0, seconds=HOUR - POLL)} == {CHARGED}
    assert meter.notice is None
    gone = Meter(guard=EnergyGuard(meter.guard.as_dict()), utc=meter.utc)
    assert gone.tell(CHARGED + 1) == CHARGED + 1
    assert gone.notice is None
    assert meter.tell(CHARGED + jump + 360) == CHARGED + jump + 360
    assert meter.notice is Notice.JUMP_ACCEPTED
    assert meter.tell(CHARGED + jump + 361) == CHARGED + jump + 361
    assert meter.notice is None


def test_a_jump_may_stand_still(meter: Meter) -> None:
    """Test solar panels whose meter was changed by night."""
    assert {*meter.tell_all([CHARGED + 9000] * 360)} == {CHARGED}
    assert meter.tell(CHARGED + 9000) == CHARGED + 9000


def test_jumps_do_not_wait_for_each_other(meter: Meter) -> None:
    """Test a counter that goes on and on jumping: an hour counts from the last one."""
    for jump in (1e8, 3e8, 2e8, 1e8):
        assert {*meter.rise(jump, 1.0, seconds=50 * MINUTE)} == {CHARGED}
    assert {*meter.rise(1e7, 1.0, seconds=HOUR)} == {CHARGED}
    assert meter.tell(1e7 + 361) == 1e7 + 361


@pytest.mark.parametrize("off", [DAY, WEEK])
def test_a_long_pause(off: float) -> None:
    """Test what the panels made meanwhile goes out at once, and no more than that."""
    for made, goes_out in ((SOLAR, True), (1.25 * SOLAR, False)):
        meter = Meter(limit=SOLAR)
        meter.tell(CHARGED)
        meter.restart(off=off)
        energy = CHARGED + made * off / HOUR
        assert meter.tell(energy) == (energy if goes_out else CHARGED)


@unlimited
def test_no_limit(limit: float | None) -> None:
    """Test where nobody knows what can be, any rise can be; and falls still cannot."""
    meter = Meter(limit=limit)
    meter.tell(HOME)
    assert meter.tell(1e9) == 1e9
    assert meter.notice is None
    assert meter.tell(HOME) == 1e9
    assert meter.notice is Notice.HELD_BACK


@pytest.mark.parametrize(
    ("after", "most"),
    [(0.0, TOLERANCE), (POLL, TOLERANCE + 100 / 6), (2 * HOUR, TOLERANCE + 12_000)],
)
def test_most_that_can_be(after: float, most: float, meter: Meter) -> None:
    """Test where the line is: a fifth and 200 s more than 5 kW, and 100 Wh."""
    meter.tell(None, after=after)
    kept = meter.guard.as_dict()
    assert meter.tell(CHARGED + most + 0.01, after=0) == CHARGED
    other = Meter(guard=EnergyGuard(kept), utc=meter.utc)
    assert other.tell(CHARGED + most - 0.01, after=0) == CHARGED + most - 0.01


def test_a_late_value(meter: Meter) -> None:
    """Test a value shown for three minutes, at 5.8 kW in steps of ten."""
    for minutes in range(3, 120, 3):
        energy = CHARGED + (5800 * minutes / 60) // 10 * 10
        assert {*meter.tell_all([energy] * 18)} == {energy}


def test_the_steps_of_the_home() -> None:
    """Test a counter made of others goes up and down, and never does as it goes out.

    The home uses 300 W while a Powerwall is charged with 3 kW, counted in tens.
    """
    meter, shown = Meter(limit=None), [HOME]
    for second in range(0, 2 * 3600, 10):
        told = HOME + 3300 * second / 3600 - (3000 * second / 3600) // 10 * 10
        shown.append(meter.tell(told) or 0.0)
        assert meter.notice is None
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(HOME + 600, abs=12)


def test_a_reset_of_the_home(meter: Meter) -> None:
    """Test a counter that goes up and down is believed like any other."""
    steps = [17.0 + second / 12 - second // 60 for second in range(20, 920, 10)]
    assert {*meter.tell_all(steps)} == {CHARGED}
    assert meter.tell(95.0) == 95.0
    assert meter.notice is Notice.RESET_CONFIRMED


@pytest.mark.parametrize("step", [10.0, 90.0])
def test_a_step_is_no_reset(step: float) -> None:
    """Test a home that uses little overtakes a step in its time; nothing falls."""
    meter, shown = Meter(limit=None), [HOME]
    meter.tell(HOME)
    for energy in range(0, 300, 1):
        shown.append(meter.tell(HOME - step + energy / 3) or 0.0)
        assert meter.notice is None
    assert shown == sorted(shown)
    assert shown[-1] > HOME


def test_a_serious_fall_is_told_of_after_a_step(meter: Meter) -> None:
    """Test what is held back already may turn out worse."""
    meter.tell(CHARGED - 100)
    assert meter.notice is None
    meter.tell(CHARGED - 101)
    assert meter.notice is Notice.HELD_BACK
    meter.tell(0.0)
    assert meter.notice is None


@nonsense
def test_nonsense_ends_no_wait(energy: float | None, meter: Meter) -> None:
    """Test a counter that is missing now and then while it is held back."""
    meter.tell(17.0)
    for poll in range(44):
        assert meter.tell(energy) is None
        assert meter.notice is None
        assert meter.tell(17.0 + poll) == CHARGED
    assert meter.tell(energy) is None
    assert meter.tell(70.0) == 70.0


@pytest.mark.parametrize("leap", [-10 * DAY, 10 * DAY], ids=["back", "forward"])
def test_a_leap_ends_no_wait(leap: float, meter: Meter) -> None:
    """Test the wall's clock leaps while something is held back, either way."""
    meter.tell(17.0)
    meter.utc += leap
    assert {*meter.rise(17.0, 1.0, seconds=15 * MINUTE - POLL)} == {CHARGED}
    assert meter.tell(107.0) == 107.0
    meter.tell(1e6)
    meter.utc += leap
    assert {*meter.tell_all([1e6] * 359)} == {107.0}
    assert meter.tell(1e6) == 1e6


def test_no_clock_takes_a_wait_back(meter: Meter) -> None:
    """Test the other clock goes back as well, which it never should."""
    meter.rise(17.0, 1.0, seconds=8 * MINUTE)
    meter.monotonic -= HOUR
    assert {*meter.rise(65.0, 1.0, seconds=7 * MINUTE + POLL)} == {CHARGED}
    assert meter.tell(150.0) == 150.0


@pytest.mark.parametrize("leap", [-10 * DAY, 10 * DAY], ids=["back", "forward"])
def test_a_leap_holds_nothing_back(leap: float, meter: Meter) -> None:
    """Test what goes out at once goes out at once."""
    for day in range(1, 10):
        meter.utc += leap
        energy = CHARGED + day * DAY * BATTERY / HOUR
        assert meter.tell(energy, after=DAY) == energy


@pytest.mark.parametrize("leap", [-DAY, 0.0, DAY])
def test_a_wait_outlasts_a_restart(leap: float, meter: Meter) -> None:
    """Test only the time counts in which somebody looked, whatever the clock says."""
    meter.rise(17.0, 1.0, seconds=8 * MINUTE)
    meter.restart(off=HOUR, leap=leap)
    assert {*meter.rise(100.0, 1.0, seconds=7 * MINUTE + POLL)} == {CHARGED}
    assert meter.notice is None
    assert meter.tell(150.0) == 150.0
    assert meter.notice is Notice.RESET_CONFIRMED


def test_a_machine_that_forgets_the_time(meter: Meter) -> None:
    """Test a week's charge shows after an hour where the clock says it is 1970."""
    meter.restart(off=WEEK, leap=-meter.utc - WEEK - DAY)
    assert {*meter.rise(CHARGED + 90_000, 5.0, seconds=HOUR)} == {CHARGED}
    assert meter.utc < 0
    meter.restart()
    meter.tell(CHARGED + 91_800, after=0)
    assert meter.tell(CHARGED + 91_805) == CHARGED + 91_805
    assert meter.notice is Notice.JUMP_ACCEPTED


def test_a_day_without_a_good_reading_is_kept(meter: Meter) -> None:
    """Test what could be before a restart still can be after it."""
    meter.tell_all([17.0] * 24, after=HOUR)
    meter.restart(leap=-WEEK)
    assert meter.tell(CHARGED + 24 * BATTERY) == CHARGED + 24 * BATTERY


def test_keeps_what_the_next_one_needs(meter: Meter) -> None:
    """Test what is stored, and that it is taken up."""
    meter.tell(16.0)
    meter.tell(17.5)
    kept = {
        "energy": CHARGED,
        "age": 20.0,
        "seen": meter.utc,
        "held": {"first": 16.0, "latest": 17.5, "waited": 10.0},
    }
    assert meter.guard.as_dict() == kept
    assert EnergyGuard(kept).as_dict() == kept


KEPT: Final = {"energy": CHARGED, "age": 0.0, "seen": 1.8e9}
GARBAGE: Final = {
    "nothing": None,
    "no object": [CHARGED],
    "a text": "energy",
    "an empty object": {},
    "no time": {"energy": CHARGED, "age": 0.0},
    "no age": {"energy": CHARGED, "seen": 1.8e9},
    "no energy": {"age": 0.0, "seen": 1.8e9},
    "zero": KEPT | {"energy": 0.0},
    "negative": KEPT | {"energy": -CHARGED},
    "infinite": KEPT | {"energy": math.inf},
    "not a number": KEPT | {"age": math.nan},
    "too large": KEPT | {"energy": 10**400},
    "a number in a text": KEPT | {"energy": "642500"},
    "a truth": KEPT | {"energy": True},
    "negative age": KEPT | {"age": -1e9},
}


@pytest.mark.parametrize("kept", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_forgotten(kept: object) -> None:
    """Test a guard begins anew with what no guard has kept."""
    meter = Meter(guard=EnergyGuard(kept))
    assert meter.guard.as_dict() == {}
    assert meter.tell(17.0) == 17.0


@pytest.mark.parametrize(
    "held",
    [
        None,
        17.0,
        {},
        {"first": 1.0, "latest": 2.0},
        {"first": 1.0, "latest": 2.0, "waited": -1e9},
        {"first": 1.0, "latest": math.inf, "waited": 1e9},
        {"first": None, "latest": 2.0, "waited": 1e9},
    ],
    ids=str,
)
def test_garbage_leaves_what_is_good(held: object) -> None:
    """Test the last good reading survives what is odd about the one held back."""
    guard = EnergyGuard(KEPT | {"held": held, "more": 1})
    assert guard.as_dict() == KEPT | {"held": None}
