"""What is kept of a gateway over reloads, restarts and clocks that jump."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAuthenticationError,
    GatewayError,
    GatewayRateLimitError,
    GatewayRecord,
    LoginRefusal,
    merge_login,
)

from .conftest import Clock

DAY = 86_400.0
BOOTED = 3.0
"""The monotonic clock after a restart of the machine."""


def _wait(record: GatewayRecord) -> float:
    """Return how many seconds nothing may be sent."""
    try:
        record.check_wait()
    except GatewayRateLimitError as err:
        return err.retry_after
    return 0.0


def _objection(record: GatewayRecord) -> GatewayError | None:
    """Return what speaks against a login now."""
    try:
        record.check_login()
    except GatewayError as err:
        return err
    return None


type Restart = Callable[..., tuple[GatewayRecord, Clock]]


@pytest.fixture
def restart(record: GatewayRecord, wall_clock: Clock) -> Restart:
    """Return what gives the record after a restart, and its clock."""

    def after(seconds: float) -> tuple[GatewayRecord, Clock]:
        kept = orjson.dumps(record.as_dict())
        wall_clock.now += seconds
        return _taken_up(kept, Clock(BOOTED), wall_clock)

    return after


def _taken_up(
    kept: bytes, clock: Clock, wall_clock: Clock
) -> tuple[GatewayRecord, Clock]:
    """Return the record that goes on with what was kept, and its clock."""
    record = GatewayRecord(orjson.loads(kept), clock=clock, wall_clock=wall_clock)
    return record, clock


def test_a_new_record_objects_to_nothing() -> None:
    """Test a gateway nobody has talked to, with the clocks of the machine."""
    record = GatewayRecord()
    record.check_wait()
    record.check_login()
    assert record.token is None


def test_waits(record: GatewayRecord, clock: Clock) -> None:
    """Test nothing is sent during a wait, not even a login, and all after it."""
    assert record.wait(120).retry_after == 120
    clock.now += 119.5
    assert _wait(record) == 0.5
    assert isinstance(_objection(record), GatewayRateLimitError)
    clock.now += 0.5
    assert _wait(record) == 0
    assert _objection(record) is None


@pytest.mark.parametrize(
    ("asked_for", "wait"), [(-5, 0), (0, 0), (60, 60), (DAY * 365, 3600)]
)
def test_waits_an_hour_at_most(
    record: GatewayRecord, asked_for: float, wait: float
) -> None:
    """Test a gateway cannot ask to be left alone for ever."""
    assert record.wait(asked_for).retry_after == wait
    assert _wait(record) == wait


def test_keeps_the_longer_wait(record: GatewayRecord) -> None:
    """Test answers that were under way together do not shorten a wait."""
    record.wait(300)
    record.wait(60)
    assert _wait(record) == 300


def test_budget_of_logins(record: GatewayRecord, clock: Clock) -> None:
    """Test three logins in ten minutes, and one more for each that grows old."""
    for _ in range(3):
        assert _objection(record) is None
        record.count_login()
        clock.now += 100
    objection = _objection(record)
    assert isinstance(objection, GatewayRateLimitError)
    assert objection.retry_after == 300
    assert _wait(record) == 0
    clock.now += 300
    assert _objection(record) is None
    record.count_login()
    assert isinstance(_objection(record), GatewayRateLimitError)


@pytest.mark.parametrize("refusal", LoginRefusal)
def test_pauses_after_a_refused_login(
    record: GatewayRecord, clock: Clock, refusal: LoginRefusal
) -> None:
    """Test a refused login is tried again after ten minutes."""
    assert record.login_refused(refusal).refusal is refusal
    clock.now += 599
    objection = _objection(record)
    assert isinstance(objection, GatewayAuthenticationError)
    assert objection.refusal is refusal
    clock.now += 1
    assert _objection(record) is None


def test_a_login_that_works_ends_the_pause(record: GatewayRecord) -> None:
    """Test a password that was put right."""
    record.login_refused(LoginRefusal.CREDENTIALS)
    assert record.is_login_refused
    record.logged_in("token")
    assert not record.is_login_refused
    assert record.token == "token"
    assert _objection(record) is None


def test_a_refused_login_keeps_the_token(record: GatewayRecord) -> None:
    """Test a token goes when it is said to be of no use, and not before."""
    record.logged_in("token")
    record.login_refused(LoginRefusal.CREDENTIALS)
    assert record.token == "token"
    record.forget_token()
    assert record.token is None
    assert record.is_login_refused


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.wait(60),
        lambda record: record.count_login(),
        lambda record: record.logged_in("token"),
        lambda record: record.login_refused(LoginRefusal.CREDENTIALS),
        lambda record: record.forget_token(),
    ],
    ids=["wait", "login", "token", "refused", "no token"],
)
def test_tells_of_changes(change: Callable[[GatewayRecord], object]) -> None:
    """Test whoever keeps the record hears of each change, after it was made."""
    heard: list[dict[str, object]] = []
    record = GatewayRecord(
        {"token": "old"}, on_change=lambda: heard.append(record.as_dict())
    )
    before = record.as_dict()
    change(record)
    assert len(heard) == 1
    assert heard[0] != before


@pytest.mark.parametrize(
    ("asked", "chance", "waited"),
    [
        (120.0, 0.0, 120.0),
        (120.0, 0.5, 122.5),
        (120.0, 1.0, 125.0),
        (10.0, 1.0, 11.0),
        (0.0, 1.0, 0.0),
        (9e9, 1.0, 3600.0),
    ],
)
def test_not_all_come_back_at_once(
    clock: Clock, asked: float, chance: float, waited: float
) -> None:
    """Test a wait is a little longer by chance, and what is told is what is waited."""
    record = GatewayRecord(clock=clock, chance=lambda: chance)
    assert record.wait(asked).retry_after == pytest.approx(waited)
    clock.now += waited - 0.01
    if waited:
        with pytest.raises(GatewayRateLimitError):
            record.check_wait()
    clock.now += 0.02
    record.check_wait()


@pytest.mark.parametrize(
    ("kept", "is_shortened"),
    [
        ({}, False),
        ({"wait_until": 1_800_000_100.0}, False),
        ({"wait_until": 1_800_086_400.0}, True),
        ({"refused_until": 1_800_000_601.0}, True),
        ({"refused_until": 1_800_000_601.0, "logins_until": [1_800_000_001.0]}, True),
        ({"logins_until": [1_800_000_001.0, 1_800_000_700.0]}, True),
    ],
)
def test_tells_of_a_leap(
    clock: Clock,
    wall_clock: Clock,
    kept: dict[str, object],
    is_shortened: bool,  # noqa: FBT001
) -> None:
    """Test a wait that is longer than any is said to be, so that it is kept anew."""
    record = GatewayRecord(kept, clock=clock, wall_clock=wall_clock)
    assert record.is_shortened == is_shortened


def test_survives_a_restart(record: GatewayRecord, restart: Restart) -> None:
    """Test token, wait, pause and budget go on where they were."""
    record.logged_in("token")
    record.count_login()
    record.count_login()
    record.count_login()
    record.wait(900)
    restarted, clock = restart(200)
    assert restarted.token == "token"
    assert _wait(restarted) == 700
    clock.now += 700
    assert _wait(restarted) == 0
    assert _objection(restarted) is None


@pytest.mark.parametrize("refusal", LoginRefusal)
def test_a_refusal_survives_a_restart(
    record: GatewayRecord, restart: Restart, refusal: LoginRefusal
) -> None:
    """Test a restart is no way around the pause after a refused login."""
    record.login_refused(refusal)
    restarted, clock = restart(100)
    clock.now += 499
    objection = _objection(restarted)
    assert isinstance(objection, GatewayAuthenticationError)
    assert objection.refusal is refusal
    clock.now += 1
    assert _objection(restarted) is None


def test_the_budget_survives_a_restart(record: GatewayRecord, restart: Restart) -> None:
    """Test a restart is no way around the budget of logins."""
    for _ in range(3):
        record.count_login()
    restarted, clock = restart(590)
    assert isinstance(_objection(restarted), GatewayRateLimitError)
    clock.now += 10
    assert _objection(restarted) is None


def test_keeps_nothing_that_is_over(record: GatewayRecord, clock: Clock) -> None:
    """Test what lies behind is left out of what is kept."""
    record.wait(60)
    record.count_login()
    record.login_refused(LoginRefusal.CREDENTIALS)
    clock.now += 601
    assert record.as_dict() == {
        "token": None,
        "wait_until": None,
        "refused_until": None,
        "refusal": "credentials",
        "logins_until": [],
    }


@pytest.mark.filterwarnings("ignore:It looks like `register_random`")
@given(
    asked_for=st.floats(0, 2 * DAY),
    logins=st.integers(0, 3),
    passed=st.floats(0, 2 * DAY),
    jump=st.floats(-400 * DAY, 400 * DAY),
    booted=st.floats(0, 400 * DAY),
)
@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_a_jump_lengthens_one_wait_at_most(
    asked_for: float, logins: int, passed: float, jump: float, booted: float
) -> None:
    """Test clocks that jump either way while the program is not running."""
    clock, wall_clock = Clock(100.0), Clock(1.8e9)
    record = GatewayRecord(clock=clock, wall_clock=wall_clock)
    record.wait(asked_for)
    for _ in range(logins):
        record.count_login()
    record.login_refused(LoginRefusal.CREDENTIALS)
    kept = orjson.dumps(record.as_dict())
    wall_clock.now += passed + jump
    restarted, clock = _taken_up(kept, Clock(booted), wall_clock)
    assert _wait(restarted) <= 3600
    if jump <= 0:
        assert _wait(restarted) >= min(asked_for, 3600) - passed - 1e-3
    clock.now += 3600.001
    assert _wait(restarted) == 0
    assert _objection(restarted) is None


@pytest.mark.parametrize("jump", [-DAY, DAY], ids=["back", "forward"])
def test_a_jump_while_running_changes_nothing(
    record: GatewayRecord, clock: Clock, wall_clock: Clock, jump: float
) -> None:
    """Test the clock on the wall is not looked at while the program runs."""
    record.wait(60)
    wall_clock.now += jump
    assert _wait(record) == 60
    clock.now += 60
    assert _wait(record) == 0


@pytest.mark.parametrize("value", [None, "", "text", 5, -1, True, [], {}], ids=repr)
def test_takes_up_anything(value: Any) -> None:
    """Test a record that somebody has edited is taken up as far as it makes sense."""
    keys = GatewayRecord().as_dict()
    for kept in ({key: value} for key in keys):
        record = GatewayRecord(kept, clock=Clock(BOOTED))
        assert _wait(record) == 0
        assert _objection(record) is None
        assert record.token in (None, value)
    record = GatewayRecord({"logins_until": [value] * 9}, clock=Clock(BOOTED))
    assert _objection(record) is None


def test_a_detached_record_tells_nobody() -> None:
    """Test a client that goes on after its time does not overwrite the next one's."""
    changes: list[str] = []
    record = GatewayRecord(on_change=lambda: changes.append("changed"))
    record.logged_in("token")
    record.detach()
    record.logged_in("another")
    assert changes == ["changed"]


MERGED_WAITS = {
    "none": (None, None, None),
    "one from before": (100.0, 100.0, None),
    "the same on another clock": (100.0, 100.9, None),
    "one that is over": (100.0, None, None),
    "a new one": (None, 100.0, 100.0),
    "a longer one": (100.0, 102.0, 102.0),
}


@pytest.mark.parametrize(
    ("before", "now", "wait"), MERGED_WAITS.values(), ids=MERGED_WAITS
)
def test_a_login_ends_a_wait_from_before(
    before: float | None, now: float | None, wait: float | None
) -> None:
    """Test of waits only one stays that the gateway has asked for meanwhile."""
    merged = merge_login(
        {"token": "new", "wait_until": 50.0},
        before={"wait_until": before},
        now={"wait_until": now},
    )
    assert (merged["token"], merged["wait_until"]) == ("new", wait)


def test_a_login_keeps_the_logins_counted() -> None:
    """Test a login that was tried out forgets none that was counted meanwhile."""
    tried: dict[str, Any] = GatewayRecord().as_dict() | {"token": "new"}
    old = GatewayRecord().as_dict() | {"token": "old"}
    merged = merge_login(tried, before=old, now=old | {"logins_until": [7.0, 9.0]})
    assert merged == tried | {"logins_until": [7.0, 9.0]}
    assert merge_login(tried, before={}, now={}) == tried
