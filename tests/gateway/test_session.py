"""What a gateway answers, what that means, and when nothing is sent."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip
from time import monotonic
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAbsentError,
    GatewayConnectionError,
    GatewayError,
    GatewayNotSentError,
    GatewayRateLimitError,
    GatewayRecord,
    GatewayRejectedError,
    GatewayResponseError,
    GatewaySession,
    GatewayStoppedError,
    GatewayTimeoutError,
)
from simulator.faults import Ending
from simulator.server import Simulator

from .conftest import Clock, Connect, refused

SOE = "/api/system_status/soe"
OPERATION = "/api/operation"
ABSENT = "/api/solar_powerwall"
MIB = 1024 * 1024


async def test_brings_bytes(session: GatewaySession, gateway: Simulator) -> None:
    """Test an answer comes out as it was."""
    assert await session.get(SOE) == b'{"percentage":%r}' % gateway.site.charge_percent


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        ({"status": 400}, GatewayRejectedError, 400),
        ({"status": 404}, GatewayAbsentError, 404),
        ({"status": 405}, GatewayRejectedError, 405),
        ({"status": 500, "body": "secret"}, GatewayRejectedError, 500),
        ({"status": 502}, GatewayStoppedError, 502),
        ({"status": 502, "body": "secret"}, GatewayRejectedError, 502),
        ({"status": 503, "body": "secret"}, GatewayRejectedError, 503),
        ({"status": 301, "headers": {"Location": "/a"}}, GatewayResponseError, None),
        ({"status": 302, "body": "secret"}, GatewayResponseError, None),
        ({"body": "{}", "ending": Ending.CUT}, GatewayConnectionError, None),
        ({"ending": Ending.RESET}, GatewayConnectionError, None),
    ],
    ids=lambda value: str(value.__name__) if isinstance(value, type) else None,
)
async def test_a_fault_is_an_error_and_heals(
    session: GatewaySession,
    gateway: Simulator,
    clock: Clock,
    fault: Mapping[str, Any],
    error: type[GatewayError],
    status: int | None,
) -> None:
    """Test each refusal and each broken answer is an error of its own, and heals."""
    await session.get(SOE)
    gateway.faults.add(SOE, **fault)
    raised = await refused(session)
    assert type(raised) is error
    assert getattr(raised, "status", None) == status
    assert "secret" not in str(raised)
    assert status is None or SOE in str(raised)
    assert await session.get(OPERATION)
    gateway.faults.clear()
    clock.now += 10
    assert await session.get(SOE)
    assert gateway.stats.logins == 0


async def test_redirects_are_not_followed(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test nobody else is asked, whatever the gateway says."""
    with Simulator() as other:
        to_other = {"Location": f"{other.url}/api/login/Basic"}
        gateway.faults.add(status=307, headers=to_other)
        assert isinstance(await refused(session), GatewayResponseError)
        with pytest.raises(GatewayResponseError):
            await session.login()
        assert other.stats.handshakes == other.stats.total == 0


async def test_never_answered_is_asked_hourly(
    session: GatewaySession, gateway: Simulator, clock: Clock
) -> None:
    """Test an endpoint this firmware does not have costs a request an hour at last."""
    await refused(session, ABSENT)
    clock.now += 3600
    gateway.reset_stats()
    for _ in range(2):
        for _ in range(5):
            error = await refused(session, ABSENT)
            assert type(error) is GatewayAbsentError
            clock.now += 600
        clock.now += 600
    assert gateway.stats.requests[f"GET {ABSENT}"] == 2
    assert gateway.stats.logins == 0


async def test_answered_before_is_asked_soon(
    session: GatewaySession, gateway: Simulator, clock: Clock
) -> None:
    """Test an endpoint that is away for a while, as in a reboot, is not given up."""
    await session.get(SOE)
    gateway.faults.add(SOE, status=404)
    for _ in range(18):
        await refused(session)
        clock.now += 10
    assert gateway.stats.requests[f"GET {SOE}"] == 1 + 18
    gateway.faults.clear()
    assert await session.get(SOE)


async def test_stopped_before_is_asked_soon(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test a stopped site controller has answered too, and may be starting now."""
    gateway.faults.add(SOE, status=502, times=1)
    gateway.faults.add(SOE, status=404, times=1)
    await refused(session)
    await refused(session)
    assert await session.get(SOE)


@pytest.mark.parametrize(
    ("headers", "pause"),
    [({}, 0), ({"Retry-After": "45"}, 45), ({"Retry-After": "9999999"}, 3600)],
    ids=str,
)
async def test_a_busy_endpoint_waits_alone(
    session: GatewaySession,
    gateway: Simulator,
    clock: Clock,
    headers: dict[str, str],
    pause: float,
) -> None:
    """Test 503 keeps its endpoint from being asked, and no other."""
    gateway.faults.add(SOE, status=503, headers=headers, times=1)
    await refused(session)
    assert await session.get(OPERATION)
    if pause:
        clock.now += pause - 0.5
        assert (await refused(session)).status == 503  # type: ignore[attr-defined]
        clock.now += 0.5
    assert gateway.stats.requests[f"GET {SOE}"] == 1
    assert await session.get(SOE)


def _date(seconds: float, zone: str = "GMT") -> str:
    """Return a date so many seconds from now, in the form of HTTP."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return format_datetime(moment, usegmt=True).replace("GMT", zone)


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        pytest.param(lambda: "120", 120, id="seconds"),
        pytest.param(lambda: " 5 ", 5, id="blanks"),
        pytest.param(lambda: "\N{ARABIC-INDIC DIGIT THREE}", 3, id="other digits"),
        pytest.param(lambda: _date(600), 600, id="date"),
        pytest.param(lambda: _date(600, "-0000"), 600, id="date without zone"),
        pytest.param(lambda: "86400", 3600, id="a day"),
        pytest.param(lambda: "9" * 400, 3600, id="for ever"),
        pytest.param(lambda: _date(86400), 3600, id="date of tomorrow"),
        pytest.param(lambda: "0", 60, id="zero"),
        pytest.param(lambda: _date(-86400), 60, id="date of yesterday"),
        pytest.param(lambda: "soon", 60, id="word"),
        pytest.param(lambda: "-1", 60, id="negative"),
        pytest.param(lambda: "1.5", 60, id="fraction"),
        pytest.param(lambda: "", 60, id="empty"),
        pytest.param(lambda: None, 60, id="missing"),
        pytest.param(lambda: "Fri, 99 Foo 2026 99:99:99 GMT", 60, id="no date"),
    ],
)
async def test_too_many_requests(
    session: GatewaySession,
    gateway: Simulator,
    clock: Clock,
    retry_after: Callable[[], str | None],
    wait: float,
) -> None:
    """Test nothing is sent for as long as the gateway says, or for a minute."""
    value = retry_after()
    headers = {} if value is None else {"Retry-After": value}
    gateway.faults.add(SOE, status=429, headers=headers, times=1)
    error = await refused(session)
    assert isinstance(error, GatewayRateLimitError)
    assert error.retry_after == pytest.approx(wait, abs=30)
    clock.now += error.retry_after - 0.5
    for path in (SOE, OPERATION, "/api/status", ABSENT):
        assert isinstance(await refused(session, path), GatewayRateLimitError)
    assert gateway.stats.total == 1
    clock.now += 0.5
    assert await session.get(SOE)


async def test_a_wait_ends_a_poll_under_way(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test what is queued behind a 429 is not sent either."""
    gateway.faults.add(status=429)
    with session.poll():
        errors = await asyncio.gather(*(refused(session) for _ in range(9)))
    assert {type(error) for error in errors} == {GatewayRateLimitError}
    assert gateway.stats.total <= 3


@pytest.mark.parametrize(
    "fault",
    [
        {"ending": Ending.ENDLESS},
        {"ending": Ending.ENDLESS, "size": 100 * MIB},
        {"ending": Ending.ENDLESS, "size": 4 * MIB + 1},
        {"body": b" " * (4 * MIB + 1)},
        {
            "body": gzip.compress(b" " * (40 * MIB)),
            "headers": {"Content-Encoding": "gzip"},
        },
    ],
    ids=["endless", "100 MiB", "a byte too long", "with length", "compressed"],
)
async def test_no_answer_larger_than_any_real_one(
    session: GatewaySession, gateway: Simulator, fault: Mapping[str, Any]
) -> None:
    """Test an answer is cut at 4 MiB, and the gateway can be asked again."""
    gateway.faults.add(SOE, times=1, **fault)
    error = await refused(session)
    assert type(error) is GatewayResponseError
    assert SOE in str(error)
    assert await session.get(SOE)


async def test_an_answer_as_large_as_allowed(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test an answer of exactly 4 MiB comes through."""
    gateway.faults.add(SOE, ending=Ending.ENDLESS, size=4 * MIB)
    assert len(await session.get(SOE)) == 4 * MIB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
async def test_a_broken_encoding(
    session: GatewaySession, gateway: Simulator, encoding: str
) -> None:
    """Test a body that is not what its header says comes out as one of our errors."""
    headers = {"Content-Encoding": encoding}
    gateway.faults.add(SOE, body=b"\x00nonsense", headers=headers, times=1)
    try:
        assert await session.get(SOE) == b"\x00nonsense"
        assert encoding == "nonsense"
    except GatewayError as err:
        assert "nonsense" not in str(err)  # noqa: PT017  # one of two outcomes
    assert await session.get(SOE)


async def test_hangs_for_one_time_limit(connect: Connect, gateway: Simulator) -> None:
    """Test a poll of more than fits at once ends together, and sends no more then."""
    session = connect(timeout=0.3)
    await session.login()
    gateway.faults.add(ending=Ending.HANG)
    started = monotonic()
    with session.poll():
        errors = await asyncio.gather(*(refused(session) for _ in range(7)))
    assert [type(error) for error in errors] == [
        *[GatewayTimeoutError] * 3,
        *[GatewayNotSentError] * 4,
    ]
    assert gateway.stats.requests[f"GET {SOE}"] == 3
    assert 0.3 <= monotonic() - started < 0.8


async def test_a_poll_begins_with_its_first_byte(
    connect: Connect, gateway: Simulator
) -> None:
    """Test a poll that waits for hanging ones to end has its whole time after them."""
    session = connect(timeout=0.2)
    await session.login()
    gateway.faults.add(OPERATION, ending=Ending.HANG)

    async def hang() -> None:
        with session.poll():
            await asyncio.gather(*(refused(session, OPERATION) for _ in range(3)))

    with session.poll():
        hanging = asyncio.create_task(hang())
        await asyncio.sleep(0.05)
        assert await session.get(SOE)
    assert hanging.done()


async def test_one_poll_does_not_end_another(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test each poll, and each read outside of one, has its own time limit."""
    with session.poll():
        await session.get(SOE)
        with session.poll():
            await session.get(SOE)
    await session.get(SOE)
    assert gateway.stats.total == 3


async def test_a_new_client_takes_up_where_the_last_one_ended(
    session: GatewaySession, connect: Connect, gateway: Simulator, clock: Clock
) -> None:
    """Test token and wait outlive a client, over a restart too."""
    kept = GatewayRecord(session.record.as_dict(), clock=clock)
    gateway.faults.add(SOE, status=429, times=1)
    await refused(session)
    assert isinstance(await refused(connect()), GatewayRateLimitError)
    assert gateway.stats.total == 1
    assert await connect(record=kept).get(SOE)
    assert gateway.stats.logins == 0
