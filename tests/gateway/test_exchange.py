"""Requests that nobody knows the answers of: sent once, and answered by anything."""

from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
import re
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAuthenticationError,
    GatewayClient,
    GatewayRateLimitError,
    GatewayRecord,
    GatewaySession,
    GatewayUnansweredError,
    Reply,
    UnexploredEndpoint,
)
from simulator.faults import Ending
from simulator.server import Simulator
from simulator.tls import Identity

from .conftest import Clock, Connect, Serve

LOGGING = "/api/logging"
SENT = f"POST {LOGGING}"


@pytest.fixture
async def session(connect: Connect, gateway: Simulator) -> GatewaySession:
    """Return a session that has logged in."""
    session = connect(timeout=1)
    await session.login()
    gateway.reset_stats()
    return session


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 409, 500, 502, 503])
async def test_any_status_is_an_answer(
    session: GatewaySession, gateway: Simulator, status: int
) -> None:
    """Test whatever comes back is handed on, and nothing is asked again or avoided."""
    gateway.faults.add(LOGGING, status=status, body='{"a": 1}')
    for times in (1, 2):
        answer = await session.exchange("POST", LOGGING, {})
        assert answer.status == status
        assert gateway.stats.requests == {SENT: times}
        gateway.faults.add(LOGGING, status=status, body='{"a": 1}')
    assert answer.body == (b"" if status == 204 else b'{"a": 1}')


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nothing_is_kept(
    session: GatewaySession, gateway: Simulator, method: str
) -> None:
    """Test of what was sent and answered only the counts are kept."""
    gateway.faults.add(LOGGING, status=404)
    await session.exchange(method, LOGGING, {})
    told = session.journal.endpoints[f"{method} {LOGGING}"]
    assert told.last is None
    assert told.counts == {"404": 1}
    assert LOGGING not in session.endpoints.outcomes


async def test_unknown_token(session: GatewaySession, gateway: Simulator) -> None:
    """Test 401, which says that nothing was done, costs a login and a second try."""
    gateway.expire_tokens()
    gateway.faults.add(LOGGING, status=401, times=1)
    gateway.faults.add(LOGGING, status=200, body="{}")
    answer = await session.exchange("POST", LOGGING, {})
    assert answer.status == 200
    assert gateway.stats.requests == {SENT: 2, "POST /api/login/Basic": 1}


async def test_unknown_token_for_good(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test a second 401 is the answer."""
    gateway.faults.add(LOGGING, status=401)
    answer = await session.exchange("POST", LOGGING, {})
    assert answer.status == 401
    assert gateway.stats.requests == {SENT: 2, "POST /api/login/Basic": 1}


async def test_forbidden(session: GatewaySession, gateway: Simulator) -> None:
    """Test 403 is the answer where the token opens something else."""
    await session.get("/api/sitemaster")
    await session.get("/api/operation")
    gateway.reset_stats()
    gateway.faults.add(LOGGING, status=403)
    answer = await session.exchange("POST", LOGGING, {})
    assert answer.status == 403
    assert gateway.stats.requests == {SENT: 1, "GET /api/operation": 1}


@pytest.mark.parametrize("last", [403, 200])
async def test_forbidden_to_a_token_that_opens_nothing(
    session: GatewaySession, gateway: Simulator, last: int
) -> None:
    """Test 403 may be about the token: then nothing was done, and a login helps."""
    await session.get("/api/operation")
    gateway.expire_tokens(403)
    gateway.reset_stats()
    gateway.faults.add(LOGGING, status=403, times=1)
    gateway.faults.add(LOGGING, status=last)
    answer = await session.exchange("POST", LOGGING, {})
    assert answer.status == last
    assert gateway.stats.requests == {
        SENT: 2,
        "GET /api/operation": 1,
        "POST /api/login/Basic": 1,
    }


async def test_forbidden_right_after_a_login(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test a token that is as fresh as can be is not renewed."""
    session.record.forget_token()
    gateway.faults.add(LOGGING, status=403)
    answer = await session.exchange("POST", LOGGING, {})
    assert answer.status == 403
    assert gateway.stats.requests == {SENT: 1, "POST /api/login/Basic": 1}


async def test_refused_login(session: GatewaySession, gateway: Simulator) -> None:
    """Test a token that is good for nothing is kept no longer."""
    gateway.change_password("other")
    gateway.expire_tokens()
    gateway.faults.add(LOGGING, status=401)
    with pytest.raises(GatewayAuthenticationError):
        await session.exchange("POST", LOGGING, {})
    assert session.record.token is None
    assert gateway.stats.requests[SENT] == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "fault",
    [
        {"ending": Ending.HANG},
        {"ending": Ending.MUTE},
        {"body": "{}", "ending": Ending.RESET},
        {"body": "{}", "ending": Ending.CUT},
    ],
)
async def test_sent_once(
    session: GatewaySession, gateway: Simulator, fault: Mapping[str, Any], method: str
) -> None:
    """Test what may have been done already is not sent again."""
    gateway.faults.add(LOGGING, **fault)
    with pytest.raises(GatewayUnansweredError):
        await session.exchange(method, LOGGING)
    assert gateway.stats.requests == {f"{method} {LOGGING}": 1}


async def test_wait(session: GatewaySession, gateway: Simulator, clock: Clock) -> None:
    """Test 429 is an answer too, and makes the whole gateway wait."""
    gateway.faults.add(LOGGING, status=429, headers={"Retry-After": "120"}, times=1)
    assert (await session.exchange("POST", LOGGING, {})).status == 429
    clock.now += 119
    with pytest.raises(GatewayRateLimitError):
        await session.exchange("POST", LOGGING, {})
    with pytest.raises(GatewayRateLimitError):
        await session.get("/api/status")
    assert gateway.stats.requests == {SENT: 1}
    clock.now += 2
    assert await session.get("/api/status")


@pytest.mark.parametrize(
    ("endpoint", "more", "asked"),
    [
        ("run_for_commissioning", {}, "POST /api/sitemaster/run_for_commissioning"),
        ("ping_test", {}, "GET /api/system/networks/ping_test"),
        ("ping_test", {"data": []}, "POST /api/system/networks/ping_test"),
        ("log", {"data": {"level": 1}}, SENT),
        ("registration_legal", {}, "POST /api/customer/registration/legal"),
        ("verify_meter", {"serial": "A_1-b"}, "POST /api/meters/A_1-b/verify"),
    ],
)
async def test_what_is_asked(
    session: GatewaySession,
    gateway: Simulator,
    endpoint: str,
    more: Mapping[str, Any],
    asked: str,
) -> None:
    """Test each of the five endpoints is asked as it is listed."""
    gateway.faults.add(asked.split()[1], body='{"done": [1]}')
    client = GatewayClient(session)
    reply = await client.try_out(UnexploredEndpoint(endpoint), **more)
    assert reply == Reply(status=200, body={"done": [1]})
    assert gateway.stats.requests == {asked: 1}


@pytest.mark.parametrize(
    ("endpoint", "data", "sent"),
    [
        ("log", {"level": [1, None]}, b'{"level": [1, null]}'),
        ("log", None, b"{}"),
        ("ping_test", None, b""),
    ],
)
async def test_what_is_sent(
    connect: Connect, serve: Serve, endpoint: str, data: object, sent: bytes
) -> None:
    """Test data go over the wire as JSON, and where there are none, an empty object."""
    heard: list[bytes] = []

    async def listen(reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"Content-Length: (\d+)", head)
        heard.append(await reader.readexactly(int(size[1]) if size else 0))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    identity = Identity(lambda _: True)
    async with serve(listen, tls=identity.context) as port:
        host, pin = f"127.0.0.1:{port}", identity.fingerprint
        record = GatewayRecord({"token": "x"})
        client = GatewayClient(connect(host=host, fingerprint=pin, record=record))
        await client.try_out(UnexploredEndpoint(endpoint), data=data)
    assert heard == [sent]


@pytest.mark.parametrize(("body", "told"), [("", None), ("<a>", "<a>"), ("1", 1)])
async def test_what_is_told(
    session: GatewaySession, gateway: Simulator, body: str, told: object
) -> None:
    """Test what is no JSON is a text."""
    gateway.faults.add(LOGGING, status=500, body=body)
    reply = await GatewayClient(session).try_out(UnexploredEndpoint.LOG)
    assert reply == Reply(status=500, body=told)


@pytest.mark.parametrize(
    ("endpoint", "serial"),
    [
        (UnexploredEndpoint.VERIFY_METER, None),
        (UnexploredEndpoint.VERIFY_METER, ""),
        (UnexploredEndpoint.VERIFY_METER, "a/../../sitemaster/stop?"),
        (UnexploredEndpoint.VERIFY_METER, "a%2f"),
        (UnexploredEndpoint.VERIFY_METER, "a\n"),
        (UnexploredEndpoint.VERIFY_METER, "\u0661"),
        *(
            (endpoint, "A1")
            for endpoint in UnexploredEndpoint
            if endpoint is not UnexploredEndpoint.VERIFY_METER
        ),
    ],
)
async def test_no_other_path(
    session: GatewaySession,
    gateway: Simulator,
    endpoint: UnexploredEndpoint,
    serial: str | None,
) -> None:
    """Test a serial number leads nowhere else, and is wanted for meters alone."""
    with pytest.raises(ValueError, match="serial number"):
        await GatewayClient(session).try_out(endpoint, serial=serial)
    assert gateway.stats.total == 0
