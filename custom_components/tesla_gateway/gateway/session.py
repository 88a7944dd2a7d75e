"""One gateway: tokens, refusals, waits; bytes in and out.

What a status means is known here; `transport` sends. What is raised is in `errors`.
"""

import asyncio
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp
from yarl import URL

from .answers import DATA_WAIT, check_done
from .endpoints import EndpointMemory
from .errors import (
    GatewayAbsentError,
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """How a request is sent that acts."""

    heard: Callable[[bool], None] = lambda _: None
    """Told whether the gateway may have heard of it so far."""
    in_spite_of_wait: bool = False
    """For what would be left half done otherwise."""


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
        self._accepted_paths: dict[str, None] = {}
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
        answer = await self._request("GET", path, poll, token=token)
        if kept and await self._is_about_token(kept, answer.status, poll, but=path):
            token = await self.auth.renewed_token(poll, stale=kept)
            answer = await self._request("GET", path, poll, token=token)
        if answer.status in (401, 403):
            # When the token opens nothing else either, it is not about this endpoint.
            if token != kept or token == poll.fresh:
                await self._opens(token, poll, but=path)
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
        answer = await self._request(
            "GET", path, current_poll.get() or Poll(self._timeout)
        )
        return self._read(path, answer)

    async def exchange(
        self, method: str, path: str, json: object = None, act: Act | None = None
    ) -> Answer:
        """Return the answer to a request that may act, whatever it is.

        Sent once: GatewayUnansweredError where no answer comes. Only where the token
        was refused, which says that nothing was done, a login and once more. What it
        answers is not remembered for the endpoint; a wait is kept.
        """
        act = act or Act()
        poll = Poll(self._timeout)
        token = self.record.token or await self.auth.renewed_token(poll)
        answer = await self._send_acting(
            method, path, poll, token=token, json=json, act=act
        )
        if await self._is_about_token(token, answer.status, poll):
            act.heard(False)  # noqa: FBT003  # whether it was
            token = await self.auth.renewed_token(poll, stale=token)
            answer = await self._send_acting(
                method, path, poll, token=token, json=json, act=act
            )
        return answer

    async def act(
        self, method: str, path: str, json: object = None, act: Act | None = None
    ) -> None:
        """Do something at the gateway, or raise what it says instead of yes."""
        answer = await self.exchange(method, path, json, act)
        check_done(path, answer, secrets=(self.auth.credentials.password,))

    async def change_password(
        self,
        path: str,
        json: object,
        *,
        secrets: Collection[str],
        act: Act,
    ) -> bytes:
        """Return the answer to a change of password, which needs no session."""
        answer = await self._send_acting(
            "POST",
            path,
            Poll(self._timeout),
            token=self.record.token,
            json=json,
            # The gateway looks where it comes from; its own web page tells it so.
            headers={"Origin": str(self._url)},
            act=act,
        )
        check_done(path, answer, secrets=secrets)
        return answer.body

    async def _send_acting(
        self,
        method: str,
        path: str,
        poll: Poll,
        *,
        token: str | None,
        json: object,
        headers: Mapping[str, str] | None = None,
        act: Act,
    ) -> Answer:
        """Send one request that may act; nobody knows what an unanswered one did."""
        try:
            answer = await self._request(
                method,
                path,
                poll,
                token=token,
                json=json,
                headers=headers,
                act=act,
            )
        except GatewayUnreachableError:
            raise
        except (GatewayConnectionError, GatewayResponseError) as err:
            raise GatewayUnansweredError(f"no answer came: {err}") from err
        if answer.status == 429:
            self.record.wait(answer.retry_after or DATA_WAIT)
        return answer

    async def _is_about_token(
        self, token: str, status: int, poll: Poll, *, but: str | None = None
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
        opens = await self._opens(token, poll, but=but)
        return opens is False or (opens is None and but is None)

    async def _opens(self, token: str, poll: Poll, *, but: str | None) -> bool | None:
        """Return whether a token works, asking what has answered last if need be.

        None where that says neither; next time another is asked.
        """
        if poll.accepted == token:
            return True
        asked = (p for p in reversed(self._accepted_paths) if p != but)
        path = next((p for p in asked if not self.endpoints.is_refused(p)), None)
        if path is None:
            return False
        answer = await self._request("GET", path, poll, token=token)
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
        return await self._request(
            "POST",
            LOGIN_PATH,
            poll or Poll(self._timeout),
            json=document,
            in_spite_of_wait=poll is None,
        )

    async def _request(
        self,
        method: str,
        path: str,
        poll: Poll,
        *,
        token: str | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        act: Act | None = None,
        in_spite_of_wait: bool = False,
    ) -> Answer:
        """Send one request when there is a slot for it, and read the answer."""
        async with self._slots:
            if not in_spite_of_wait and not (act and act.in_spite_of_wait):
                self.record.check_wait()
            seconds = poll.time_left()
            if act:
                act.heard(True)  # noqa: FBT003  # whether it may have been
            began = self.record.clock()
            entry = f"{method} {path}" if act else path
            try:
                answer = await send(
                    self._web,
                    method,
                    self._url.with_path(path),
                    ssl=self._ssl,
                    seconds=seconds,
                    token=token,
                    headers=headers,
                    json=json,
                    once=act is not None,
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
                kept=method == "GET" and act is None,
            )
            return answer
