"""One gateway: login, refusals, waits; bytes in and out.

What a status means is known here; `transport` sends. What is raised is in `errors`.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
import re
from typing import Final, Literal

import aiohttp
import orjson
from yarl import URL

from .endpoints import EndpointMemory
from .errors import (
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayError,
    GatewayForbiddenError,
    GatewayRejectedError,
    GatewayResponseError,
    GatewayStoppedError,
    GatewayUnreachableError,
    LoginRefusal,
)
from .journal import Journal
from .models import Role
from .record import GatewayRecord
from .transport import POLL_TIMEOUT, Answer, send

MAX_IN_FLIGHT: Final = 3
"""Requests at a time: a gateway is a small computer with other work to do."""
LOGIN_WAIT: Final = 300.0
"""Seconds without requests after a 429 to a login that names no time.

Users report that a lock-out ends only after minutes without any request.
"""
DATA_WAIT: Final = 60.0
"""Seconds without requests after a 429 to data that names no time."""

_LOGIN_PATH: Final = "/api/login/Basic"
_OPEN_PATHS: Final = frozenset(
    {
        "/api/auth/toggle/supported",
        "/api/customer/registration",
        "/api/site_info/site_name",
        "/api/sitemaster",
        "/api/status",
    }
)
"""What gateways answer, all or some, whatever the token: it proves none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What a login needs."""

    password: str = field(repr=False)
    role: Role = Role.CUSTOMER
    email: str = field(default="", repr=False)
    """Not checked by the gateway; it shows it to the installer."""


@dataclass(slots=True)
class _Poll:
    """One round of reading: its end, and what its tokens have shown."""

    seconds: float
    deadline: float | None = None
    fresh: str | None = None
    """The token of a login in this round."""
    accepted: str | None = None
    """A token with which something was read in this round."""

    def started(self) -> float:
        """Return the end of the round, set when its first byte is sent."""
        if self.deadline is None:
            self.deadline = asyncio.get_running_loop().time() + self.seconds
        return self.deadline


_poll: ContextVar[_Poll | None] = ContextVar("poll", default=None)


class GatewaySession:
    """Sends requests to one gateway, and knows when not to."""

    def __init__(
        self,
        host: str,
        *,
        web: aiohttp.ClientSession,
        credentials: Credentials,
        fingerprint: bytes | None,
        record: GatewayRecord,
        timeout: float = POLL_TIMEOUT,
    ) -> None:
        """Prepare the session; nothing is sent before the first request.

        `web` is used, never closed, and must keep no cookies. `fingerprint` is
        the SHA-256 of the pinned certificate; None means ordinary verification
        by certificate authorities. `timeout` is in seconds, for a whole poll.
        """
        self._url = URL(f"https://{host}")
        self._web = web
        self._credentials = credentials
        # One object for all requests: aiohttp keeps a connection per object.
        self._ssl: aiohttp.Fingerprint | Literal[True] = (
            aiohttp.Fingerprint(fingerprint) if fingerprint else True
        )
        self._timeout = timeout
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._login_lock = asyncio.Lock()
        self._login_error: Exception | None = None
        self._logins_ended = 0
        self._accepted_paths: dict[str, None] = {}
        self.record = record
        self.endpoints = EndpointMemory(record.clock)
        self.journal = Journal()

    @contextmanager
    def poll(self) -> Generator[None]:
        """Make the requests sent inside one round, with one time limit."""
        reset = _poll.set(_Poll(self._timeout))
        try:
            yield
        finally:
            _poll.reset(reset)

    async def get(self, path: str) -> bytes:
        """Return the body of the answer to a GET, or raise what came instead."""
        self.endpoints.check(path)
        poll = _poll.get() or _Poll(self._timeout)
        token = self.record.token or await self._fresh_token(poll, stale=None)
        answer = await self._request("GET", path, poll, token=token)
        if not await self._is_answer_to(token, path, answer.status, poll):
            try:
                token = poll.fresh = await self._fresh_token(poll, stale=token)
            except GatewayAuthenticationError:
                self.record.forget_token()
                raise
            answer = await self._request("GET", path, poll, token=token)
        if answer.status in (401, 403):
            # When the token opens nothing else either, it is not about this endpoint.
            lasting = await self._opens(token, poll, but=path)
            raise self.endpoints.refused(
                path, GatewayForbiddenError, answer.status, lasting=lasting
            )
        body = self._read(path, answer)
        if path not in _OPEN_PATHS:
            poll.accepted = token
            self._accepted_paths.pop(path, None)
            self._accepted_paths[path] = None
        return body

    async def exchange(self, method: str, path: str, json: object = None) -> Answer:
        """Return the answer to a request nobody knows the answers of, whatever it is.

        Sent once, since it may act. 401 says that nothing was done: then a login, and
        once more. What it answers is not remembered for the endpoint; a wait is kept.
        """
        poll = _Poll(self._timeout)
        token = self.record.token or await self._fresh_token(poll, stale=None)
        answer = await self._request(method, path, poll, token=token, json=json)
        if answer.status == 401:
            try:
                token = await self._fresh_token(poll, stale=token)
            except GatewayAuthenticationError:
                self.record.forget_token()
                raise
            answer = await self._request(method, path, poll, token=token, json=json)
        if answer.status == 429:
            self.record.wait(answer.retry_after or DATA_WAIT)
        return answer

    async def _is_answer_to(
        self, token: str, path: str, status: int, poll: _Poll
    ) -> bool:
        """Return whether an answer is about the request, not about the token.

        401 means an unknown token. 403 means that too on some firmware, or that
        the endpoint is not for this login: so it does for a token that works.
        """
        if status not in (401, 403) or token == poll.fresh:
            return True
        return status == 403 and await self._opens(token, poll, but=path)

    async def _opens(self, token: str, poll: _Poll, *, but: str) -> bool:
        """Return whether a token works, asking what has answered last if need be."""
        if poll.accepted == token:
            return True
        path = next((p for p in reversed(self._accepted_paths) if p != but), None)
        if path is None:
            return False
        answer = await self._request("GET", path, poll, token=token)
        if 200 <= answer.status < 300:
            poll.accepted = token
        return poll.accepted == token

    async def login(self) -> None:
        """Log in because a person asks for it: no budget, no wait applies."""
        answer = await self._send_login(_Poll(self._timeout))
        self._take_token(answer)

    def _read(self, path: str, answer: Answer) -> bytes:
        """Return the body of a good answer; note and raise any other."""
        match answer:
            case Answer(status=status) if 200 <= status < 300:
                self.endpoints.answered(path)
                return answer.body
            case Answer(status=404):
                raise self.endpoints.refused(
                    path, GatewayAbsentError, 404, lasting=False
                )
            case Answer(status=429):
                raise self.record.wait(answer.retry_after or DATA_WAIT)
            case Answer(status=502, body=b""):
                self.endpoints.answered(path)
                raise GatewayStoppedError(path, 502)
            case Answer(status=503):
                pause = answer.retry_after
                raise self.endpoints.busy(path, pause or 0.0)
            case Answer(status=status) if 300 <= status < 400:
                raise GatewayResponseError(f"{path} redirects, which no gateway does")
        raise GatewayRejectedError(path, answer.status)

    async def _fresh_token(self, poll: _Poll, *, stale: str | None) -> str:
        """Return a token other than `stale`; of many callers one logs in."""
        seen = self._logins_ended
        async with self._login_lock:
            if self.record.token and self.record.token != stale:
                return self.record.token
            if self._login_error and self._logins_ended != seen:
                raise self._login_error
            try:
                return await self._login(poll)
            finally:
                self._logins_ended += 1

    async def _login(self, poll: _Poll) -> str:
        """Log in within the budget, and keep how it went for those who wait."""
        self._login_error = None
        try:
            self.record.check_login()
            try:
                answer = await self._send_login(poll)
            except GatewayUnreachableError:
                raise
            except BaseException:
                # One that was broken off may have reached the gateway all the same.
                self.record.count_login()
                raise
            self.record.count_login()
            return self._take_token(answer)
        except GatewayError as err:
            self._login_error = err
            raise

    async def _send_login(self, poll: _Poll) -> Answer:
        """Send the login."""
        credentials = self._credentials
        # `force_sm_off` would let an installer's login stop the site controller.
        return await self._request(
            "POST",
            _LOGIN_PATH,
            poll,
            json={
                "username": credentials.role.value,
                "password": credentials.password,
                "email": credentials.email,
                "force_sm_off": False,
            },
        )

    def _take_token(self, answer: Answer) -> str:
        """Keep and return the token of a login's answer, or raise the refusal."""
        match answer.status:
            case 200:
                token = _token(answer.body)
                self.record.logged_in(token)
                return token
            case 401 | 403:
                raise self.record.login_refused(_refusal(answer.body))
            case 429 | 503:
                raise self.record.wait(answer.retry_after or LOGIN_WAIT)
            case status if status >= 500:
                raise GatewayRejectedError(_LOGIN_PATH, status)
        raise GatewayResponseError(f"{_LOGIN_PATH} answers with status {answer.status}")

    async def _request(
        self,
        method: str,
        path: str,
        poll: _Poll,
        *,
        token: str | None = None,
        json: object = None,
    ) -> Answer:
        """Send one request when there is a slot for it, and read the answer."""
        async with self._slots:
            if path != _LOGIN_PATH:
                self.record.check_wait()
            # Compression would cost the gateway more than it saves here.
            headers = {"Accept-Encoding": "identity"}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            limit = poll.started() - asyncio.get_running_loop().time()
            began = self.record.clock()
            try:
                answer = await send(
                    self._web,
                    method,
                    self._url.with_path(path),
                    ssl=self._ssl,
                    seconds=limit,
                    headers=headers,
                    json=json,
                )
            except GatewayError as err:
                self.journal.failed(path, err.kind)
                raise
            # What a login answers holds the token.
            self.journal.answered(
                path,
                answer.status,
                answer.body,
                seconds=self.record.clock() - began,
                kept=method == "GET",
            )
            return answer


def _token(body: bytes) -> str:
    """Return the token of a login's answer."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    token = answer.get("token") if isinstance(answer, dict) else None
    # What else than printable ASCII would not pass as a header.
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
        raise GatewayResponseError(f"{_LOGIN_PATH} gives no token")
    return token


def _refusal(body: bytes) -> LoginRefusal:
    """Return why a login was refused, from the words of the refusal."""
    if b"physical access" in body:
        return LoginRefusal.PHYSICAL_ACCESS
    return LoginRefusal.CREDENTIALS
