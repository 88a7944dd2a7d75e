"""A client beside the simulated gateway, with clocks that tests move by hand."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
import socket
import ssl
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, ThreadedResolver
import pytest

from custom_components.tesla_gateway.gateway import (
    Credentials,
    GatewayClient,
    GatewayError,
    GatewayRecord,
    GatewaySession,
    WriteTimeouts,
)
from custom_components.tesla_gateway.gateway.poll import Poll, current_poll
from simulator.server import Simulator

from .write_kinds import KINDS, Kind

PASSWORD = "KLMNP"
EMAIL = "somebody@example.com"

PATIENT = WriteTimeouts(read_back=8.0, islanding=8.0, pause=0.01)
"""For what shows in the end, however slow the machine that tests."""
HASTY = WriteTimeouts(read_back=0.4, islanding=0.6, pause=0.02)
"""For what never shows, and is read once at least, maybe over a new connection."""

type Connect = Callable[..., GatewaySession]
type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
type Serve = Callable[..., AbstractAsyncContextManager[int]]


@dataclass
class Clock:
    """A clock that stands still until somebody moves it."""

    now: float

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def gateway_options() -> dict[str, Any]:
    """Return how the gateway is simulated; tests parametrize this."""
    return {}


@pytest.fixture
def gateway(
    socket_enabled: None, gateway_options: dict[str, Any]
) -> Generator[Simulator]:
    """Run a simulated gateway in real time, at whose home no time passes."""
    with Simulator(**{"speed": 0, **gateway_options}) as simulator:
        yield simulator


@pytest.fixture
def clock() -> Clock:
    """Return the monotonic clock."""
    return Clock(5_000.0)


@pytest.fixture
def wall_clock() -> Clock:
    """Return the clock on the wall, in UTC seconds."""
    return Clock(1_800_000_000.0)


@pytest.fixture
def record(clock: Clock, wall_clock: Clock) -> GatewayRecord:
    """Return the record of a gateway that was never talked to."""
    return GatewayRecord(clock=clock, wall_clock=wall_clock, chance=lambda: 0.0)


@pytest.fixture
async def web(socket_enabled: None) -> AsyncGenerator[ClientSession]:
    """Return what any program has that uses the client: a session without cookies."""
    connector = TCPConnector(family=socket.AF_INET, resolver=ThreadedResolver())
    async with ClientSession(
        connector=connector, cookie_jar=DummyCookieJar()
    ) as session:
        yield session


@pytest.fixture
def connect(gateway: Simulator, web: ClientSession, record: GatewayRecord) -> Connect:
    """Return what makes a session with the gateway, as good as can be if not told."""

    def session(**changes: Any) -> GatewaySession:
        return GatewaySession(
            **{
                "host": f"127.0.0.1:{gateway.port}",
                "web": web,
                "credentials": Credentials(password=PASSWORD, email=EMAIL),
                "fingerprint": gateway.fingerprint,
                "record": record,
                **changes,
            }
        )

    return session


@pytest.fixture
async def session(connect: Connect, gateway: Simulator) -> GatewaySession:
    """Return a session that has logged in, and has asked for nothing yet."""
    session = connect()
    await session.login()
    gateway.reset_stats()
    return session


@pytest.fixture
def write_timeouts() -> WriteTimeouts:
    """Return how long a write may take to show; tests parametrize this."""
    return PATIENT


@pytest.fixture
def poll_timeout() -> float:
    """Return for how many seconds an answer is waited for; tests parametrize this."""
    return 10.0


@pytest.fixture
def client(
    connect: Connect, write_timeouts: WriteTimeouts, poll_timeout: float
) -> GatewayClient:
    """Return a client of the gateway."""
    return GatewayClient(connect(timeout=poll_timeout), write_timeouts=write_timeouts)


@pytest.fixture
async def polled(client: GatewayClient, gateway: Simulator) -> GatewayClient:
    """Return a client that has been polling for a while, so that its token is good."""
    patient = current_poll.set(Poll(10.0))
    await client.site()
    current_poll.reset(patient)
    gateway.reset_stats()
    return client


@pytest.fixture(params=[*KINDS.values()], ids=[*KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Return each kind of write in turn; tests parametrize this too."""
    assert isinstance(request.param, Kind)
    return request.param


@pytest.fixture
def serve(socket_enabled: None) -> Serve:
    """Return what runs a server that is no gateway, and gives its port."""

    @asynccontextmanager
    async def server(
        talk: Talk, *, tls: ssl.SSLContext | None = None
    ) -> AsyncGenerator[int]:
        async def answer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await talk(reader, writer)
            writer.close()

        listening = await asyncio.start_server(answer, "127.0.0.1", ssl=tls)
        async with listening:
            yield listening.sockets[0].getsockname()[1]
            listening.abort_clients()

    return server


async def refused(
    session: GatewaySession, path: str = "/api/system_status/soe"
) -> GatewayError:
    """Return what a read raises."""
    with pytest.raises(GatewayError) as raised:
        await session.get(path)
    return raised.value
