"""Logging in: once, rarely, and with nothing said about it."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    Credentials,
    GatewayAuthenticationError,
    GatewayConnectionError,
    GatewayError,
    GatewayForbiddenError,
    GatewayRateLimitError,
    GatewayRecord,
    GatewayRejectedError,
    GatewayResponseError,
    GatewaySession,
    GatewayTimeoutError,
    GatewayUnreachableError,
    LoginRefusal,
    Role,
)
from simulator.faults import Ending
from simulator.server import Simulator
from simulator.tls import Identity
from tests.waiting import until

from .conftest import EMAIL, PASSWORD, Clock, Connect, Serve

LOGIN = "/api/login/Basic"
SOE = "/api/system_status/soe"
PATHS = (SOE, "/api/operation", "/api/meters/aggregates")
WRONG = Credentials(password="wrong")
BUDGET = 3


async def _poll(session: GatewaySession) -> list[bytes | BaseException]:
    """Return what three reads together come to."""
    with session.poll():
        reads = map(session.get, PATHS)
        return await asyncio.gather(*reads, return_exceptions=True)


async def _errors(session: GatewaySession) -> list[GatewayError]:
    """Return what each of three reads together raises."""
    errors = [item for item in await _poll(session) if isinstance(item, GatewayError)]
    assert len(errors) == len(PATHS)
    return errors


def _logins(record: GatewayRecord) -> list[object]:
    """Return the logins that count toward the budget."""
    logins = record.as_dict()["logins_until"]
    assert isinstance(logins, list)
    return logins


def _all_answered(outcomes: list[bytes | BaseException]) -> bool:
    """Return whether no read failed."""
    return all(isinstance(outcome, bytes) for outcome in outcomes)


async def test_logs_in_once_for_all(connect: Connect, gateway: Simulator) -> None:
    """Test reads that come together share a login, and later ones its token."""
    session = connect()
    for _ in range(3):
        assert _all_answered(await _poll(session))
    assert gateway.stats.logins == 1
    assert gateway.stats.total == 1 + 9


@pytest.mark.parametrize(("status", "proofs"), [(401, 0), (403, 1)])
async def test_an_expired_token_costs_one_login(
    connect: Connect, gateway: Simulator, status: int, proofs: int
) -> None:
    """Test reads that meet an expired token together are all answered after a login.

    403 may be about the endpoint: each first asks another one whether it is.
    """
    session = connect()
    await _poll(session)
    gateway.expire_tokens(status)
    assert _all_answered(await _poll(session))
    assert gateway.stats.logins == 2
    assert _all_answered(await _poll(session))
    assert gateway.stats.total == 2 + (4 + proofs) * len(PATHS)


async def test_a_kept_token_needs_no_login(
    connect: Connect, gateway: Simulator, record: GatewayRecord
) -> None:
    """Test a restart costs no login, not even with a password that is wrong by now."""
    await _poll(connect())
    restarted = GatewayRecord(orjson.loads(orjson.dumps(record.as_dict())))
    assert _all_answered(await _poll(connect(record=restarted, credentials=WRONG)))
    assert gateway.stats.logins == 1


@pytest.mark.parametrize(
    ("role", "needs_switch", "refusal"),
    [
        (Role.CUSTOMER, False, LoginRefusal.CREDENTIALS),
        (Role.INSTALLER, True, LoginRefusal.PHYSICAL_ACCESS),
    ],
)
async def test_a_refused_login(
    connect: Connect,
    gateway: Simulator,
    clock: Clock,
    *,
    role: Role,
    needs_switch: bool,
    refusal: LoginRefusal,
) -> None:
    """Test a refusal is told to all, with its reason, and rests for ten minutes."""
    gateway.device.logins.installer_needs_switch = needs_switch
    if not needs_switch:
        gateway.change_password("other")
    session = connect(credentials=Credentials(password=PASSWORD, role=role))
    for _ in range(3):
        for error in await _errors(session):
            assert isinstance(error, GatewayAuthenticationError)
            assert error.refusal is refusal
        clock.now += 199
    assert gateway.stats.requests == {f"POST {LOGIN}": 1}
    gateway.change_password(PASSWORD)
    gateway.device.logins.installer_needs_switch = False
    clock.now += 3
    assert _all_answered(await _poll(session))
    assert gateway.stats.logins == 2


async def test_a_refused_login_costs_no_good_token(
    connect: Connect, gateway: Simulator
) -> None:
    """Test what a token still opens stays open when the password is wrong by now.

    Some firmware forgets the password after a while: only the token goes on.
    """
    session = connect()
    await _poll(session)
    gateway.change_password("other")
    gateway.faults.add("/api/operation", status=403)
    for _ in range(3):
        with pytest.raises(GatewayForbiddenError):
            await session.get("/api/operation")
        assert await session.get(SOE)
    assert gateway.stats.logins_refused == 0
    assert gateway.stats.requests["GET /api/operation"] == 2


async def test_a_refused_login_and_a_token_good_elsewhere(
    connect: Connect, gateway: Simulator, clock: Clock
) -> None:
    """Test an endpoint that is not for this login is no matter of the password."""
    session = connect()
    await _poll(session)
    gateway.change_password("other")
    gateway.faults.add("/api/operation", status=403)
    gateway.faults.add("/api/[ms]*", delay=0.05)
    clock.now += 10
    outcomes = [type(outcome) for outcome in await _poll(session)]
    assert outcomes == [bytes, GatewayForbiddenError, bytes]
    assert gateway.stats.logins_refused == 0


async def test_a_changed_password(
    connect: Connect, gateway: Simulator, clock: Clock
) -> None:
    """Test tokens and password gone at once: little is sent, nothing is remembered."""
    session = connect()
    await _poll(session)
    gateway.expire_tokens()
    gateway.change_password("other")
    gateway.reset_stats()
    for _ in range(59):
        clock.now += 10
        for error in await _errors(session):
            assert isinstance(error, GatewayAuthenticationError)
    assert session.record.is_login_refused
    assert session.record.token is None
    assert gateway.stats.logins == 1
    assert gateway.stats.total < 1 + 7 * len(PATHS)
    gateway.change_password(PASSWORD)
    clock.now += 20
    assert _all_answered(await _poll(session))
    assert not session.record.is_login_refused


async def test_a_password_that_changes_within_a_poll(
    connect: Connect, gateway: Simulator
) -> None:
    """Test a token that was good a moment ago does not hide a refused login."""
    session = connect()
    with session.poll():
        assert await session.get(SOE)
        gateway.expire_tokens(401)
        gateway.change_password("other")
        with pytest.raises(GatewayAuthenticationError):
            await session.get("/api/operation")
    gateway.change_password(PASSWORD)
    await session.login()
    assert await session.get("/api/operation")


async def test_three_logins_in_ten_minutes(
    connect: Connect, gateway: Simulator, clock: Clock
) -> None:
    """Test tokens that never last are not renewed for ever."""
    session = connect()
    for _ in range(BUDGET):
        assert _all_answered(await _poll(session))
        gateway.expire_tokens()
        clock.now += 60
    for error in await _errors(session):
        assert isinstance(error, GatewayRateLimitError)
        assert error.retry_after == 600 - BUDGET * 60
    assert gateway.stats.logins == BUDGET
    clock.now += 600 - BUDGET * 60
    assert _all_answered(await _poll(session))
    assert gateway.stats.logins == BUDGET + 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 500, "body": "secret"}, GatewayRejectedError),
        ({"status": 404, "body": "secret"}, GatewayResponseError),
        ({"status": 302, "body": "secret"}, GatewayResponseError),
        ({"body": "<html>secret</html>"}, GatewayResponseError),
        ({"body": "secret", "ending": Ending.ENDLESS}, GatewayResponseError),
        ({"body": "secret", "ending": Ending.RESET}, GatewayConnectionError),
        ({"body": "secret", "ending": Ending.CUT}, GatewayConnectionError),
        ({"body": "secret", "ending": Ending.HANG}, GatewayTimeoutError),
    ],
    ids=["500", "404", "302", "HTML", "endless", "reset", "cut", "hang"],
)
async def test_a_login_that_goes_wrong_counts(
    connect: Connect,
    gateway: Simulator,
    fault: Mapping[str, Any],
    error: type[GatewayError],
) -> None:
    """Test whatever becomes of a login, the gateway has counted it and so do we."""
    session = connect(timeout=0.5 if fault.get("ending") == Ending.HANG else 10)
    gateway.faults.add(LOGIN, **fault)
    for attempt in range(BUDGET + 2):
        for raised in await _errors(session):
            expected = error if attempt < BUDGET else GatewayRateLimitError
            assert type(raised) is expected
            assert "secret" not in str(raised)
    assert gateway.stats.total == gateway.stats.requests[f"POST {LOGIN}"] == BUDGET


async def test_a_login_that_was_not_sent_does_not_count(
    connect: Connect, gateway: Simulator
) -> None:
    """Test a gateway that was away for a while gets its login at once."""
    session = connect()
    gateway.stop()
    for _ in range(BUDGET + 2):
        for error in await _errors(session):
            assert type(error) is GatewayUnreachableError
    gateway.start()
    assert _all_answered(await _poll(session))


async def test_what_a_person_types_is_sent(
    connect: Connect, gateway: Simulator, clock: Clock
) -> None:
    """Test a login by hand is not counted, nor kept back by anything but itself."""
    session = connect(credentials=WRONG)
    for _ in range(BUDGET + 2):
        with pytest.raises(GatewayAuthenticationError):
            await session.login()
    good = connect()
    await good.login()
    assert _all_answered(await _poll(good))
    for _ in range(BUDGET):
        gateway.expire_tokens()
        assert _all_answered(await _poll(good))
    good.record.wait(600)
    await good.login()
    assert gateway.stats.logins_refused == BUDGET + 2
    assert gateway.stats.logins_accepted == 2 + BUDGET


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [({}, 300), ({"Retry-After": "900"}, 900), ({"Retry-After": "86400"}, 3600)],
    ids=["without", "900 s", "a day"],
)
async def test_too_many_logins(
    connect: Connect,
    gateway: Simulator,
    clock: Clock,
    status: int,
    headers: dict[str, str],
    wait: float,
) -> None:
    """Test the gateway has its rest, from data too, and is then asked again."""
    gateway.faults.add(LOGIN, status=status, headers=headers, times=1)
    session = connect()
    for _ in range(2):
        for error in await _errors(session):
            assert isinstance(error, GatewayRateLimitError)
        clock.now += wait - 1
    assert gateway.stats.total == 1
    clock.now -= wait - 2
    assert _all_answered(await _poll(session))


async def test_a_limit_does_not_ask_for_the_password(
    connect: Connect, gateway: Simulator
) -> None:
    """Test an expired token together with a limit on logins is no refusal."""
    session = connect()
    await _poll(session)
    gateway.expire_tokens()
    gateway.faults.add(LOGIN, status=429)
    for _ in range(5):
        assert {type(error) for error in await _errors(session)} == {
            GatewayRateLimitError
        }
    assert gateway.stats.requests[f"POST {LOGIN}"] == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"token"',
        b"{}",
        *(b'{"token": %s}' % token for token in (b"null", b'""', b"5", b'["a"]')),
        rb'{"token": "a\r\nX: y"}',
        rb'{"token": "a\u0000"}',
        '{"token": "\N{SNOWMAN}"}'.encode(),
    ],
)
async def test_an_answer_without_a_usable_token(
    connect: Connect, gateway: Simulator, body: bytes
) -> None:
    """Test what cannot stand in a header is no token."""
    gateway.faults.add(LOGIN, body=body)
    session = connect()
    with pytest.raises(GatewayResponseError, match=LOGIN):
        await session.get(SOE)
    assert session.record.token is None
    assert gateway.stats.total == 1


async def test_says_what_a_login_needs(serve: Serve, connect: Connect) -> None:
    """Test the words of a login: above all, never stop the site controller."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        heard.append(await reader.read(1024))
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    identity = Identity(lambda _: True)
    async with serve(hear, tls=identity.context) as port:
        session = connect(
            host=f"127.0.0.1:{port}",
            fingerprint=identity.fingerprint,
            credentials=Credentials(password="a", role=Role.INSTALLER, email=EMAIL),
        )
        with pytest.raises(GatewayAuthenticationError):
            await session.login()
    head, body = heard
    assert head.startswith(b"POST /api/login/Basic HTTP/1.1\r\n")
    assert b"cookie" not in head.lower()
    assert b"authorization" not in head.lower()
    assert b"\r\naccept-encoding: identity\r\n" in head.lower()
    assert orjson.loads(body) == {
        "username": "installer",
        "password": "a",
        "email": EMAIL,
        "force_sm_off": False,
    }


async def test_a_cancelled_login_is_taken_over(
    connect: Connect, gateway: Simulator
) -> None:
    """Test reads that wait for somebody's login go on when that one gives up."""
    gateway.faults.add(LOGIN, ending=Ending.HANG, times=1)
    session = connect()
    first, second = (asyncio.create_task(session.get(path)) for path in PATHS[:2])
    await until(lambda: gateway.stats.in_flight)
    first.cancel()
    assert await second
    assert first.cancelled()
    assert gateway.stats.requests[f"POST {LOGIN}"] == 2
    assert len(_logins(session.record)) == 2


async def test_a_login_counts_from_when_it_is_sent(
    connect: Connect, gateway: Simulator
) -> None:
    """Test one that is under way when nobody keeps the record any more."""
    session = connect()
    gateway.faults.add(LOGIN, ending=Ending.HANG)
    read = asyncio.create_task(session.get(SOE))
    await until(lambda: gateway.stats.in_flight)
    assert gateway.stats.in_flight == len(_logins(session.record)) == 1
    session.record.detach()
    read.cancel()
    await asyncio.wait([read])
    assert len(_logins(session.record)) == 1


async def test_no_login_in_a_wait_asked_for_meanwhile(
    connect: Connect, gateway: Simulator
) -> None:
    """Test one that waits for a slot while others are told to keep away."""
    session = connect()
    await session.login()
    others = ["/api/sitemaster", "/api/system_status", "/api/meters/aggregates"]
    for path in others:
        gateway.faults.add(path, status=429, delay=0.3)
    gateway.faults.add("/api/operation", status=401, delay=0.15)
    gateway.reset_stats()
    with session.poll():
        reads = map(session.get, ["/api/operation", *others])
        errors = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(error) for error in errors] == [GatewayRateLimitError] * 4
    assert gateway.stats.logins == 0
    assert not _logins(session.record)
