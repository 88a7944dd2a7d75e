"""Changing the password: sent once, believed when it is so, and never shown."""

from asyncio import StreamReader, StreamWriter
import re
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    Credentials,
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayClient,
    GatewayError,
    GatewayForbiddenError,
    GatewayNotAppliedError,
    GatewayRateLimitError,
    GatewayRecord,
    GatewayRejectedError,
    GatewayStoppedError,
    GatewayUnreachableError,
    Role,
)
from simulator.faults import Ending
from simulator.server import Simulator
from simulator.tls import Identity

from .conftest import PASSWORD, Clock, Connect, Serve

NEW = "NEW-PASSWORD"
PATH = "/api/password/change"
CHANGE = f"POST {PATH}"
LOGIN = "POST /api/login/Basic"


@pytest.fixture
def gateway_options() -> dict[str, Any]:
    """Return how the gateway is simulated: reached by its own Wi-Fi."""
    return {"own_wifi": True}


async def _refused(client: GatewayClient) -> GatewayError:
    """Return what a change of the password raises."""
    with pytest.raises(GatewayError) as raised:
        await client.change_password(PASSWORD, NEW)
    return raised.value


async def _is_let_in(client: GatewayClient, gateway: Simulator) -> bool:
    """Return whether the client can log in as it is now."""
    gateway.expire_tokens()
    gateway.reset_stats()
    try:
        await client.site()
    except GatewayAuthenticationError:
        return False
    assert gateway.stats.logins_refused == 0
    return True


@pytest.mark.parametrize("is_logged_in", [False, True])
@pytest.mark.parametrize("profile", ["21.13", "21.44", "24.44", "stopped"])
async def test_changes_the_password(
    connect: Connect, profile: str, *, is_logged_in: bool
) -> None:
    """Test every firmware takes it, with and without a token, and no login for it."""
    with Simulator(profile=profile, own_wifi=True, speed=0) as gateway:
        host, pin = f"127.0.0.1:{gateway.port}", gateway.fingerprint
        client = GatewayClient(connect(host=host, fingerprint=pin))
        if is_logged_in:
            await client.login()
        gateway.reset_stats()
        await client.change_password(PASSWORD, NEW)
        assert gateway.stats.requests == {CHANGE: 1}
        assert gateway.device.logins.password == NEW
        assert await _is_let_in(client, gateway)


async def test_a_good_token_stays(client: GatewayClient, gateway: Simulator) -> None:
    """Test nobody logs in before there is a need."""
    await client.login()
    gateway.reset_stats()
    await client.change_password(PASSWORD, NEW)
    await client.site()
    assert gateway.stats.logins == 0


async def test_another_client_has_the_old_one(
    client: GatewayClient, gateway: Simulator, connect: Connect
) -> None:
    """Test the password is another one indeed."""
    await client.change_password(PASSWORD, NEW)
    other = GatewayClient(connect(record=GatewayRecord()))
    assert not await _is_let_in(other, gateway)


@pytest.mark.parametrize("token", [None, "A-TOKEN"])
async def test_what_is_sent(connect: Connect, serve: Serve, token: str | None) -> None:
    """Test three fields go over the wire, with the token if there is one."""
    heard: list[tuple[bytes, object]] = []

    async def listen(reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"Content-Length: (\d+)", head)
        body = await reader.readexactly(int(size[1]) if size else 0)
        heard.append((head, orjson.loads(body)))
        told = orjson.dumps({"password": NEW})
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told
        )

    identity = Identity(lambda _: True)
    async with serve(listen, tls=identity.context) as port:
        host, pin = f"127.0.0.1:{port}", identity.fingerprint
        record = GatewayRecord({"token": token})
        client = GatewayClient(connect(host=host, fingerprint=pin, record=record))
        await client.change_password(PASSWORD, NEW)
    [(head, document)] = heard
    assert head.startswith(f"{CHANGE} HTTP/1.1\r\n".encode())
    assert f"Origin: https://{host}\r\n".encode() in head
    assert (b"Authorization: Bearer A-TOKEN\r\n" in head) == bool(token)
    assert (b"Authorization" in head) == bool(token)
    assert document == {
        "old_password": PASSWORD,
        "new_password": NEW,
        "toggled_pw": False,
    }


@pytest.mark.parametrize("new", ["", PASSWORD])
async def test_a_new_one_that_is_none(
    client: GatewayClient, gateway: Simulator, new: str
) -> None:
    """Test nothing is sent for a password that is empty, or the old one."""
    with pytest.raises(ValueError, match="password") as raised:
        await client.change_password(PASSWORD, new)
    assert PASSWORD not in str(raised.value)
    assert gateway.stats.total == 0


@pytest.mark.parametrize(
    ("gateway_options", "old", "reason"),
    [
        ({"own_wifi": False}, PASSWORD, "unexpected request origin"),
        ({"own_wifi": True}, "WRONG", "bad credentials"),
    ],
    ids=["home network", "wrong old one"],
)
async def test_refused(
    client: GatewayClient, gateway: Simulator, old: str, reason: str
) -> None:
    """Test a refusal comes with the gateway's reason, and nothing has changed."""
    with pytest.raises(GatewayRejectedError) as raised:
        await client.change_password(old, NEW)
    assert raised.value.status == 400
    assert raised.value.path == PATH
    assert reason in (raised.value.reason or "")
    assert gateway.stats.requests == {CHANGE: 1}
    assert await _is_let_in(client, gateway)
    assert gateway.device.logins.password == PASSWORD


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401}, GatewayForbiddenError),
        ({"status": 403}, GatewayForbiddenError),
        ({"status": 404}, GatewayAbsentError),
        ({"status": 500}, GatewayRejectedError),
        ({"status": 502}, GatewayStoppedError),
        ({"status": 503}, GatewayRejectedError),
        ({"status": 429}, GatewayRateLimitError),
    ],
)
@pytest.mark.parametrize("is_logged_in", [False, True])
async def test_refused_otherwise(
    client: GatewayClient,
    gateway: Simulator,
    clock: Clock,
    fault: dict[str, Any],
    expected: type[GatewayError],
    *,
    is_logged_in: bool,
) -> None:
    """Test any no is told as it is, after one request, and nothing has changed."""
    if is_logged_in:
        await client.site()
        gateway.reset_stats()
    gateway.faults.add(PATH, **fault)
    assert type(await _refused(client)) is expected
    assert gateway.stats.requests == {CHANGE: 1}
    clock.now += 3600
    assert await _is_let_in(client, gateway)


@pytest.mark.parametrize("gateway_options", [{"profile": "pw3", "own_wifi": True}])
async def test_no_such_thing(client: GatewayClient) -> None:
    """Test a Powerwall 3 has its password elsewhere."""
    assert type(await _refused(client)) is GatewayAbsentError


@pytest.mark.parametrize("ending", [Ending.MUTE, Ending.RESET, Ending.CUT])
@pytest.mark.parametrize("poll_timeout", [0.3])
async def test_done_and_not_answered(
    client: GatewayClient, gateway: Simulator, record: GatewayRecord, ending: Ending
) -> None:
    """Test one login with the new password tells that it is the password now."""
    await client.login()
    gateway.reset_stats()
    gateway.faults.add(PATH, ending=ending)
    await client.change_password(PASSWORD, NEW)
    assert gateway.stats.requests == {CHANGE: 1, LOGIN: 1}
    assert gateway.stats.logins_refused == 0
    assert not record.is_login_refused
    assert await _is_let_in(client, gateway)


@pytest.mark.parametrize("is_logged_in", [False, True])
@pytest.mark.parametrize("poll_timeout", [0.3])
async def test_not_done_and_not_answered(
    client: GatewayClient,
    gateway: Simulator,
    record: GatewayRecord,
    *,
    is_logged_in: bool,
) -> None:
    """Test the refusal of that login is no refusal of the password there is."""
    if is_logged_in:
        await client.site()
        gateway.reset_stats()
    token = record.token
    gateway.faults.add(PATH, ending=Ending.HANG)
    error = await _refused(client)
    assert isinstance(error, GatewayNotAppliedError)
    assert not error.answered
    assert gateway.stats.requests == {CHANGE: 1, LOGIN: 1}
    assert gateway.stats.logins_refused == 1
    assert not record.is_login_refused
    assert record.token == token
    assert await _is_let_in(client, gateway)


@pytest.mark.parametrize("poll_timeout", [0.3])
@pytest.mark.parametrize("fault", [{"ending": Ending.HANG}, {"status": 500}], ids=str)
async def test_nobody_can_tell(
    client: GatewayClient,
    gateway: Simulator,
    record: GatewayRecord,
    fault: dict[str, Any],
) -> None:
    """Test where that login is not answered either, it is not said to be changed."""
    await client.login()
    gateway.reset_stats()
    gateway.faults.add(PATH, ending=Ending.HANG)
    gateway.faults.add("/api/login/Basic", times=1, **fault)
    error = await _refused(client)
    assert isinstance(error, GatewayNotAppliedError)
    assert not error.answered
    assert gateway.stats.requests == {CHANGE: 1, LOGIN: 1}
    assert not record.is_login_refused
    assert await _is_let_in(client, gateway)


async def test_unreachable(client: GatewayClient, gateway: Simulator) -> None:
    """Test nothing has changed where there was no connection."""
    gateway.stop()
    assert isinstance(await _refused(client), GatewayUnreachableError)
    gateway.start()
    assert gateway.stats.total == 0
    assert await _is_let_in(client, gateway)


@pytest.mark.parametrize(
    "words",
    [
        f"{PASSWORD} is not your password",
        f"{NEW} is too easy",
        f"from {PASSWORD} to {NEW}",
        "x" * 195 + NEW,
    ],
)
@pytest.mark.parametrize("is_json", [False, True])
async def test_no_password_is_repeated(
    client: GatewayClient,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
    words: str,
    *,
    is_json: bool,
) -> None:
    """Test a gateway that repeats what it heard does not make us do it too."""
    caplog.set_level("DEBUG")
    body = orjson.dumps({"error": words}) if is_json else words
    gateway.faults.add(PATH, status=400, body=body)
    error = await _refused(client)
    assert isinstance(error, GatewayRejectedError)
    told = f"{error} {error!r} {error.reason} {error.__cause__} {vars(error)}"
    told += f"{caplog.text} {client.journal.endpoints} {client.outcomes}"
    for secret in (PASSWORD, NEW, NEW[:5]):
        assert secret not in told


async def test_nothing_is_kept(client: GatewayClient) -> None:
    """Test the answer, which is the new password, goes into no report."""
    await client.change_password(PASSWORD, NEW)
    told = client.journal.endpoints[CHANGE]
    assert told.last is None
    assert told.counts == {"200": 1}
    assert NEW not in repr(Credentials(password=NEW))


@pytest.mark.parametrize(
    "body", ["", "<html>Switch to Tesla One</html>", '{"password": "other"}', "[]"]
)
async def test_a_yes_that_says_nothing(
    client: GatewayClient, gateway: Simulator, body: str
) -> None:
    """Test the working password is not given up for an answer that may be any page."""
    kept: list[None] = []
    gateway.faults.add(PATH, status=200, body=body)
    with pytest.raises(GatewayNotAppliedError):
        await client.change_password(
            PASSWORD, NEW, on_changed=lambda: kept.append(None)
        )
    assert not kept
    assert gateway.stats.requests == {CHANGE: 1, LOGIN: 1}
    gateway.faults.clear()
    assert await _is_let_in(client, gateway)


async def test_a_refused_login_is_forgotten(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test a new password is tried at once where the old one was refused before."""
    gateway.change_password("ANOTHER")
    with pytest.raises(GatewayAuthenticationError):
        await client.site()
    assert client.is_login_refused
    await client.change_password("ANOTHER", NEW)
    assert not client.is_login_refused
    await client.site()
    assert gateway.stats.logins_accepted == 1


async def test_a_wait_is_kept(client: GatewayClient, gateway: Simulator) -> None:
    """Test nothing else is sent either to a gateway that wants no requests."""
    await client.login()
    gateway.faults.add(PATH, status=429, headers={"Retry-After": "120"})
    assert isinstance(await _refused(client), GatewayRateLimitError)
    gateway.reset_stats()
    with pytest.raises(GatewayRateLimitError):
        await client.site()
    assert gateway.stats.total == 0


async def test_an_installer_tries_it_as_customer(
    connect: Connect, gateway: Simulator
) -> None:
    """Test an installer's session is not given up to find out."""
    installer = Credentials(password=PASSWORD, role=Role.INSTALLER)
    client = GatewayClient(connect(credentials=installer))
    await client.login()
    gateway.device.logins.installer_needs_switch = True
    gateway.faults.add(PATH, ending=Ending.MUTE)
    client._session._timeout = 0.3
    await client.change_password(PASSWORD, NEW)
    gateway.faults.clear()
    gateway.reset_stats()
    await client.reconnect_to_grid()
    assert gateway.stats.logins == 0
    assert client._session.auth.credentials.password == NEW
