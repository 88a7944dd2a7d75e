"""One gateway: tokens, refusals, waits; bytes in and out.

What a status means is known here; `transport` sends. What is raised is in `errors`.
"""

import asyncio
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Final, Literal, Protocol

import aiohttp
from yarl import URL

from .answers import DATA_WAIT, check_done
from .endpoints import EndpointMemory
from .errors import (
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayConnectionError,
    GatewayError,
    GatewayForbiddenError,
    GatewayRejectedError,
    GatewayResponseError,
    GatewayStoppedError,
    GatewayUnansweredError,
    GatewayUnreachableError,
)
from .journal import Journal
from .login import LOGIN_PATH, Credentials, Login
from .poll import Poll, current_poll
from .record import GatewayRecord
from .transport import POLL_TIMEOUT, Answer, Pin, send

MAX_IN_FLIGHT: Final = 3
"""Requests at a time: a gateway is a small computer with other work to do."""

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
_ASKED_FIRST: Final = ("/api/system_status/soe", "/api/meters/aggregates")
"""What every gateway answers to a token, to be asked while nothing has answered yet."""


class Delivery(Protocol):
    """Told how far a request has come that acts."""

    def sent(self) -> None:
        """Note that the gateway may have heard of it from now on."""

    def refused(self) -> None:
        """Note that the gateway has not done it, for want of a token that is good."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, but for the token."""

    method: str
    path: str
    json: object = None
    _: KW_ONLY
    headers: Mapping[str, str] | None = None
    acts: bool = False
    """Whether it may do something: such a request is never sent again by itself."""
    delivery: Delivery | None = None
    in_spite_of_wait: bool = False
    """For what a person asks for, or what would be left half done otherwise."""


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
        # One object for all requests: aiohttp keeps a connection per object.
        self._ssl: Pin | Literal[True] = Pin(fingerprint) if fingerprint else True
        self._timeout = timeout
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._accepted_paths = dict.fromkeys(_ASKED_FIRST)
        self.record = record
        self.auth = Login(credentials, record, send=self._post_login)
        self.endpoints = EndpointMemory(record.clock)
        self.journal = Journal()

    @contextmanager
    def poll(self) -> Generator[None]:
        """Make the requests sent inside one round, with one time limit."""
        reset = current_poll.set(Poll(self._timeout))
        try:
            yield
        finally:
            current_poll.reset(reset)

    async def get(self, path: str) -> bytes:
        """Return the body of the answer to a GET, or raise what came instead."""
        self.endpoints.check(path)
        poll = current_poll.get() or Poll(self._timeout)
        kept = self.record.token
        token = kept or await self.auth.shared_token(poll)
        request = _Request("GET", path)
        answer = await self._request(request, poll, token=token)
        if kept and await self._is_about_token(
            kept, answer.status, poll, except_path=path
        ):
            token = await self._renewed_token(kept, poll, except_path=path)
            answer = await self._request(request, poll, token=token)
        if answer.status in (401, 403):
            # When the token opens nothing else either, it is not about this endpoint.
            if token != kept or token == poll.fresh:
                await self._opens(token, poll, except_path=path)
            lasting = poll.accepted == token
            raise self.endpoints.refused(
                path, GatewayForbiddenError, answer.status, lasting=lasting
            )
        body = self._read(path, answer)
        if path not in _OPEN_PATHS:
            poll.accepted = token
            self._accepted_paths.pop(path, None)
            self._accepted_paths[path] = None
        return body

    async def get_openly(self, path: str) -> bytes:
        """Return the body of the answer to a GET from nobody: no token, no login."""
        poll = current_poll.get() or Poll(self._timeout)
        answer = await self._request(_Request("GET", path), poll)
        return self._read(path, answer)

    async def exchange(self, method: str, path: str, json: object = None) -> Answer:
        """Return the answer to a request that may act, whatever it is."""
        return await self._exchange(_Request(method, path, json, acts=True))

    async def act(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        delivery: Delivery | None = None,
        in_spite_of_wait: bool = False,
    ) -> None:
        """Do something at the gateway, or raise what it says instead of yes."""
        request = _Request(
            method,
            path,
            json,
            acts=True,
            delivery=delivery,
            in_spite_of_wait=in_spite_of_wait,
        )
        answer = await self._exchange(request)
        check_done(path, answer, secrets=(self.auth.credentials.password,))

    async def change_password(
        self, path: str, json: object, *, secrets: Collection[str], delivery: Delivery
    ) -> bytes:
        """Return the answer to a change of password, which needs no session."""
        # The gateway looks where it comes from; its own web page tells it so.
        headers = {"Origin": str(self._url)}
        request = _Request(
            "POST", path, json, headers=headers, acts=True, delivery=delivery
        )
        poll = Poll(self._timeout)
        answer = await self._send_acting(request, poll, token=self.record.token)
        check_done(path, answer, secrets=secrets)
        return answer.body

    async def _exchange(self, request: _Request) -> Answer:
        """Return the answer to a request that may act, whatever it is.

        Sent once: GatewayUnansweredError where no answer comes. Only where the token
        was refused, which says that nothing was done, a login and once more. What it
        answers is not remembered for the endpoint; a wait is kept.
        """
        poll = Poll(self._timeout)
        token = self.record.token or await self.auth.renewed_token(poll)
        answer = await self._send_acting(request, poll, token=token)
        if await self._is_about_token(token, answer.status, poll):
            if request.delivery:
                request.delivery.refused()
            token = await self._renewed_token(token, poll)
            answer = await self._send_acting(request, poll, token=token)
        return answer

    async def _renewed_token(
        self, stale: str, poll: Poll, *, except_path: str | None = None
    ) -> str:
        """Return another token than one that has been refused.

        Firmware that has forgotten the password still takes its token: where no other
        is to be had, only one that nothing else takes either is thrown away.
        """
        try:
            return await self.auth.renewed_token(poll, stale=stale)
        except GatewayAuthenticationError:
            if await self._opens(stale, poll, except_path=except_path) is False:
                self.record.forget_token()
            raise

    async def _send_acting(
        self, request: _Request, poll: Poll, *, token: str | None
    ) -> Answer:
        """Send one request that may act; nobody knows what an unanswered one did."""
        try:
            answer = await self._request(request, poll, token=token)
        except GatewayUnreachableError:
            raise
        except (GatewayConnectionError, GatewayResponseError) as err:
            raise GatewayUnansweredError(f"no answer came: {err}") from err
        if answer.status == 429:
            self.record.wait(answer.retry_after or DATA_WAIT)
        return answer

    async def _is_about_token(
        self, token: str, status: int, poll: Poll, *, except_path: str | None = None
    ) -> bool:
        """Return whether an answer is about the token, not about the request.

        401 means an unknown token. 403 means that too on some firmware, or that
        the endpoint is not for this login: so it does for a token that works. Where
        that cannot be told, a read waits for its next turn, and what acts logs in.
        """
        if status not in (401, 403) or token == poll.fresh:
            return False
        if status == 401:
            return True
        opens = await self._opens(token, poll, except_path=except_path)
        return opens is False or (opens is None and except_path is None)

    async def _opens(
        self, token: str, poll: Poll, *, except_path: str | None
    ) -> bool | None:
        """Return whether a token works, asking what has answered last if need be.

        None where that says neither; next time another is asked.
        """
        if poll.accepted == token:
            return True
        asked = (p for p in reversed(self._accepted_paths) if p != except_path)
        path = next((p for p in asked if not self.endpoints.is_refused(p)), None)
        if path is None:
            return False
        answer = await self._request(_Request("GET", path), poll, token=token)
        match answer.status:
            case 429:
                raise self.record.wait(answer.retry_after or DATA_WAIT)
            case 401 | 403:
                return False
            case status if 200 <= status < 300:
                poll.accepted = token
                return True
        self._accepted_paths.pop(path, None)
        return None

    async def login(self) -> None:
        """Log in because a person asks for it: no budget, no wait applies."""
        await self.auth.by_hand()

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

    async def _post_login(self, document: object, poll: Poll | None) -> Answer:
        """Send a login; one of no poll is a person's, which no wait holds up."""
        request = _Request("POST", LOGIN_PATH, document, in_spite_of_wait=poll is None)
        return await self._request(request, poll or Poll(self._timeout))

    async def _request(
        self, request: _Request, poll: Poll, *, token: str | None = None
    ) -> Answer:
        """Send one request when there is a slot for it, and read the answer."""
        async with self._slots:
            if not request.in_spite_of_wait:
                self.record.check_wait()
            seconds = poll.time_left()
            if request.delivery:
                request.delivery.sent()
            began = self.record.clock()
            method, path = request.method, request.path
            entry = f"{method} {path}" if request.acts else path
            try:
                answer = await send(
                    self._web,
                    method,
                    self._url.with_path(path),
                    ssl=self._ssl,
                    seconds=seconds,
                    token=token,
                    headers=request.headers,
                    json=request.json,
                    once=request.acts,
                )
            except GatewayError as err:
                self.journal.failed(entry, err.kind)
                raise
            # What a login answers holds the token.
            self.journal.answered(
                entry,
                answer.status,
                answer.body,
                seconds=self.record.clock() - began,
                kept=method == "GET" and not request.acts,
            )
            return answer
