"""What the tests of the simulator share: simulators of any kind, and a plain client."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
import os
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, Fingerprint, TCPConnector
from google.protobuf import __version__ as protobuf
import orjson
import pytest

from simulator.server import DEFAULT_PASSWORD, Simulator
from tests.waiting import until

TAKES_AIOPOWERWALL = tuple(map(int, protobuf.split("."))) >= (6, 33, 5)
"""Whether aiopowerwall can be here: the oldest Home Assistant has an older protobuf."""

RECORDINGS = "TESLA_GATEWAY_RECORDINGS"
"""Environment variable: a folder of recorded gateways, by firmware."""


@cache
def pin(fingerprint: bytes) -> Fingerprint:
    """Return one object per certificate: with another one aiohttp connects anew."""
    return Fingerprint(fingerprint)


type Simulate = Callable[..., Simulator]


@pytest.fixture
def simulate(socket_enabled: None) -> Generator[Simulate]:
    """Return what starts a simulator; time stands still at its site unless asked."""
    with ExitStack() as running:

        def start(**options: Any) -> Simulator:
            return running.enter_context(Simulator(**{"speed": 0.0, **options}))

        yield start


@pytest.fixture
def gateway(simulate: Simulate) -> Simulator:
    """Run a simulator of firmware 21.44."""
    return simulate()


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the JSON it holds."""
        return orjson.loads(self.body)


@dataclass(kw_only=True)
class Client:
    """A client with no cookies and no opinions."""

    session: ClientSession
    simulator: Simulator
    headers: dict[str, str] = field(default_factory=dict)

    async def request(self, method: str, path: str, **options: Any) -> Response:
        """Send a request and return the answer."""
        async with self.session.request(
            method,
            f"{self.simulator.url}{path}",
            headers=self.headers,
            ssl=pin(self.simulator.fingerprint),
            allow_redirects=False,
            **options,
        ) as response:
            return Response(
                status=response.status,
                headers=response.headers.copy(),
                body=await response.read(),
            )

    async def until_in_flight(self, count: int) -> None:
        """Wait for the gateway to have this many requests under way."""
        await until(lambda: self.simulator.stats.in_flight == count)

    async def get(self, path: str) -> Response:
        """Read."""
        return await self.request("GET", path)

    async def post(self, path: str, document: Any) -> Response:
        """Write JSON."""
        return await self.request("POST", path, json=document)

    async def log_in(
        self, username: str = "customer", password: str = DEFAULT_PASSWORD
    ) -> Response:
        """Log in, and use the token from then on."""
        credentials = {"username": username, "password": password, "email": "a@b.c"}
        response = await self.post("/api/login/Basic", credentials)
        if response.status == 200:
            self.headers = {"Authorization": f"Bearer {response.json()['token']}"}
        return response


type Connect = Callable[[Simulator], Client]


@pytest.fixture
async def connect(socket_enabled: None) -> AsyncGenerator[Connect]:
    """Return what makes a client for a simulator."""
    async with ClientSession(
        connector=TCPConnector(), cookie_jar=DummyCookieJar()
    ) as session:
        yield lambda simulator: Client(session=session, simulator=simulator)


@pytest.fixture
async def client(connect: Connect, gateway: Simulator) -> Client:
    """Return a client of the gateway who has logged in as a customer."""
    client = connect(gateway)
    await client.log_in()
    return client


@pytest.fixture
def recordings() -> Path:
    """Return the answers of a recorded 21.44, `running` and `stopped`, or skip."""
    folder = os.environ.get(RECORDINGS)
    if not folder:
        pytest.skip(f"{RECORDINGS} names no folder of recorded answers")
    return Path(folder, "21.44")
