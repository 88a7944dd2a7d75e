"""The simulated gateway on a port of this machine, in a thread and loop of its own.

In its own thread because a client that refuses a certificate makes the server's loop
complain, and because synchronous clients must be able to talk to it from a test.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
import socket
import threading
import time
from types import TracebackType
from typing import Any, Final, Self, override
from weakref import WeakSet

from aiohttp import web
import orjson

from . import control
from .checks import ControlError
from .device import Device, Request
from .faults import Ending, Fault, Faults
from .profiles import LOGIN, PROFILES, WRITERS
from .replay import load
from .scenarios import SCENARIOS
from .sending import send
from .site import Site
from .stats import Stats, Write
from .tls import NAMES, Identity
from .wire import Answer
from .writes import WRITES

HOST: Final = "127.0.0.1"
DEFAULT_PASSWORD: Final = "KLMNP"  # noqa: S105  # as on a sticker that exists nowhere

LONGEST_LEAP: Final = 31 * 86400
"""Seconds. More than this passes only when somebody sets or freezes the clock."""

HANG_TICK: Final = 0.02
"""Seconds between two looks at whether a hanging answer may go on."""

SHUTDOWN_GRACE: Final = 0.01
"""Seconds that answers under way get when the simulator stops."""


def monotonic() -> float:
    """Return the time, looked up at each call so that a frozen clock is seen."""
    return time.monotonic()


class _RealTimeLoop(asyncio.SelectorEventLoop):
    """An event loop for which time goes on when a test freezes the clock."""

    @override
    def time(self) -> float:
        """Return the monotonic time from the system itself."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)


@dataclass(kw_only=True, eq=False)
class Simulator:
    """A gateway that can be started and stopped: `with Simulator() as gateway:`."""

    profile: str = "21.44"
    scenario: str = "day"
    batteries: int | None = None
    """How many; None leaves it to the scenario."""
    password: str = DEFAULT_PASSWORD
    """The first one, see `change_password`."""
    port: int = 0
    """Kept over a restart once it is known; 0 is any free one."""
    writes: str | None = None
    """From which role on one may write; None leaves it to the firmware."""
    own_wifi: bool = False
    """Whether clients come by the gateway's own Wi-Fi, not the home network."""
    latency: float = 0.0
    """Seconds added to each answer."""
    speed: float = 1.0
    """Seconds that pass at the site in one of ours; 0 holds every value."""
    replay: Path | None = None
    """Folder of recorded answers, or a file of diagnostics, to serve instead."""
    clock: Callable[[], float] = monotonic

    def __post_init__(self) -> None:
        """Set up the site and its gateway; nothing listens yet."""
        profile = PROFILES[self.profile]
        if self.writes is not None:
            profile = replace(profile, writers=WRITERS[self.writes])
        self.device = Device(
            profile,
            SCENARIOS[self.scenario].site(self.batteries),
            password=self.password,
            recording=load(self.replay) if self.replay else None,
        )
        self._last = self.clock()
        self.faults = Faults()
        self.stats = Stats()
        self._identity = Identity(self._greeted)
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._reserved: socket.socket | None = None
        self._connections: WeakSet[asyncio.BaseTransport] = WeakSet()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://{HOST}:{self.port}"

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate in DER."""
        return self._identity.fingerprint

    @property
    def site(self) -> Site:
        """The site as it is now."""
        with self._lock:
            self._catch_up()
            return self.device.site

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop for good."""
        self.stop()
        self._release_port()

    def start(self) -> Self:
        """Listen; `OSError` if the port is taken.

        What was not committed is gone. Whether a real gateway keeps it over a restart
        is not known.
        """
        listener = socket.create_server((HOST, self.port))
        self._release_port()
        self.site.pending_operation = None
        self.port = listener.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(listener, ready), name="simulator", daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Drop every connection and stop listening; site and port stay as they are."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None
            # Who asks for any free port must not be given this one meanwhile.
            self._reserved = socket.socket()
            self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._reserved.bind((HOST, self.port))

    def _release_port(self) -> None:
        """Keep the port for oneself no longer."""
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    def control(self, document: Any) -> dict[str, Any]:
        """Change something, as `POST /simulator/control` does, and return the state."""
        with self._lock:
            self._catch_up()
            control.apply(self, document)
            return control.state(self)

    def change_password(self, password: str) -> None:
        """Let in with another password from the next login on."""
        self.device.logins.password = password

    def expire_tokens(self, status: int = 401) -> None:
        """Forget every login; tokens are refused with this status, 401 or 403."""
        self.device.logins.expire(status)

    def renew_certificate(self) -> None:
        """Present another certificate from the next connection on."""
        self._identity.renew()

    def reset_stats(self) -> None:
        """Count from zero again."""
        self.stats = Stats()

    def _catch_up(self) -> None:
        """Let the site live through the time since it was last looked at."""
        now = self.clock()
        passed, self._last = now - self._last, now
        if 0 < passed < LONGEST_LEAP:
            self.device.site.advance(passed * self.speed)

    def _greeted(self, name: str | None) -> bool:
        """Count a TLS client, and say whether it asks for a name the gateway has."""
        self.stats.handshakes += 1
        profile = self.device.profile
        return not profile.checks_sni or name in (
            None,
            *NAMES,
            f"teg-{profile.serial[-3:]}",
        )

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        try:
            # Never in debug mode, which calls each refused handshake an error.
            with asyncio.Runner(debug=False, loop_factory=_RealTimeLoop) as runner:
                runner.run(self._serve(listener, ready))
        finally:
            ready.set()

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        http = web.Server(self._handle, access_log=None, handler_cancellation=True)
        server = await self._loop.create_server(
            http, sock=listener, ssl=self._identity.context
        )
        ready.set()
        await self._stopping.wait()
        # A connection that is just being accepted must belong to the server before it
        # closes, or asyncio complains of it later.
        self._loop.remove_reader(listener)
        await asyncio.sleep(0)
        server.close()
        await http.shutdown(SHUTDOWN_GRACE)
        server.abort_clients()
        await server.wait_closed()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        endpoint = f"{request.method} {request.path}"
        own = OWN_ENDPOINTS.get(endpoint)
        if own is not None:
            return own(self, await request.read())
        if request.transport is not None and request.transport not in self._connections:
            self._connections.add(request.transport)
            self.stats.connections += 1
        with self.stats.request(endpoint):
            return await self._answer(request)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Request(
            method=request.method,
            path=request.path,
            token=_token(request),
            body=await request.read(),
            is_from_own_wifi=self.own_wifi,
        )
        fault = self.faults.take(asked.method, asked.path)
        await asyncio.sleep(self.latency + fault.delay)
        await self._hold(fault, Ending.HANG)
        with self._lock:
            self._catch_up()
            answer = fault.spoil(lambda: self._done(asked))
        if asked.endpoint == LOGIN:
            self.stats.count_login(accepted=answer.status == 200)
        await self._hold(fault, Ending.MUTE)
        return await send(request, answer, fault, self.faults)

    async def _hold(self, fault: Fault, ending: Ending) -> None:
        """Wait for a fault with this ending to be cleared, from another thread."""
        if fault.ending is not ending:
            return
        with self.stats.hold():
            while fault in self.faults:  # noqa: ASYNC110
                await asyncio.sleep(HANG_TICK)

    def _done(self, asked: Request) -> Answer:
        """Let the gateway do what it is asked, and keep what was to change the site."""
        answer = self.device.answer(asked)
        if asked.endpoint in WRITES:
            write = Write(asked.endpoint, asked.document(), answer.status)
            self.stats.writes.append(write)
        return answer


def _token(request: web.BaseRequest) -> str | None:
    """Return what a client shows: a bearer token, or the same one as a cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else request.cookies.get("AuthCookie")


def _control(simulator: Simulator, body: bytes) -> web.Response:
    try:
        return _json(simulator.control(orjson.loads(body)))
    except (orjson.JSONDecodeError, ControlError) as error:
        return _json({"error": str(error)}, status=400)


def _stats(simulator: Simulator, _body: bytes) -> web.Response:
    return _json(simulator.stats.as_dict())


def _json(document: Mapping[str, Any], status: int = 200) -> web.Response:
    content = orjson.dumps(document)
    return web.Response(status=status, body=content, content_type="application/json")


OWN_ENDPOINTS: Final[Mapping[str, Callable[[Simulator, bytes], web.Response]]] = {
    "POST /simulator/control": _control,
    "GET /simulator/stats": _stats,
}
"""What no gateway has: answered without login, and not counted."""
