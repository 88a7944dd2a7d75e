"""Logging in to one gateway: rarely, and of many callers one."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from .answers import LOGIN_WAIT, login_refusal, token_in
from .errors import (
    GatewayError,
    GatewayRateLimitError,
    GatewayRejectedError,
    GatewayResponseError,
    GatewayUnreachableError,
)
from .models import Role
from .poll import Poll, current_poll
from .record import GatewayRecord
from .transport import Answer

LOGIN_PATH: Final = "/api/login/Basic"


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What a login needs."""

    password: str = field(repr=False)
    role: Role = Role.CUSTOMER
    email: str = field(default="", repr=False)
    """Not checked by the gateway; it shows it to the installer."""


class Login:
    """Gets the tokens of one session, and keeps them in the gateway's record."""

    def __init__(
        self,
        credentials: Credentials,
        record: GatewayRecord,
        *,
        send: Callable[[object, Poll | None], Awaitable[Answer]],
    ) -> None:
        """Prepare it; `send` posts a document to LOGIN_PATH.

        As part of a poll, or of none: then it is a person's, which no wait holds up.
        """
        self._credentials = credentials
        self._record = record
        self._send = send
        self._lock = asyncio.Lock()
        self._error: GatewayError | None = None
        self._ended = 0

    @property
    def credentials(self) -> Credentials:
        """Return what the next login is sent with."""
        return self._credentials

    def use_password(self, password: str) -> None:
        """Log in with another password from now on; a refusal was of the old one."""
        self._credentials = replace(self._credentials, password=password)
        self._record.forget_refusal()

    async def by_hand(self) -> None:
        """Log in because a person asks for it: no budget, no wait applies."""
        token = self._take_token(await self._post(self._credentials))
        if poll := current_poll.get():
            poll.fresh = token

    async def try_password(self, password: str) -> bool:
        """Log in as customer with another password; return whether that works.

        For a person, so no budget applies, and a refusal says nothing of the old one.
        """
        own = self._credentials
        answer = await self._post(replace(own, password=password, role=Role.CUSTOMER))
        if answer.status in (401, 403):
            return False
        if own.role is Role.CUSTOMER or answer.status != 200:
            self._take_token(answer)
        return True

    async def renewed_token(self, poll: Poll, *, stale: str | None = None) -> str:
        """Return another token than one that has been found invalid, if any."""
        poll.fresh = await self.shared_token(poll, stale=stale)
        return poll.fresh

    async def shared_token(self, poll: Poll, *, stale: str | None = None) -> str:
        """Return a token other than `stale`; of many callers one logs in."""
        seen = self._ended
        async with self._lock:
            if self._record.token and self._record.token != stale:
                return self._record.token
            if self._error and self._ended != seen:
                raise self._error
            try:
                return await self._within_budget(poll)
            finally:
                self._ended += 1

    async def _within_budget(self, poll: Poll) -> str:
        """Log in within the budget, and keep how it went for those who wait."""
        self._error = None
        try:
            self._record.check_login()
            # Broken off by an unload, it counts all the same.
            login = self._record.count_login()
            try:
                answer = await self._post(self._credentials, poll)
            except GatewayUnreachableError, GatewayRateLimitError:
                self._record.uncount_login(login)
                raise
            return self._take_token(answer)
        except GatewayError as err:
            self._error = err
            raise

    async def _post(self, credentials: Credentials, poll: Poll | None = None) -> Answer:
        """Send the login."""
        # `force_sm_off` would let an installer's login stop the site controller.
        document = {
            "username": credentials.role.value,
            "password": credentials.password,
            "email": credentials.email,
            "force_sm_off": False,
        }
        return await self._send(document, poll)

    def _take_token(self, answer: Answer) -> str:
        """Keep and return the token of a login's answer, or raise the refusal."""
        match answer.status:
            case 200:
                token = token_in(answer.body, LOGIN_PATH)
                self._record.logged_in(token)
                return token
            case 401 | 403:
                raise self._record.login_refused(login_refusal(answer.body))
            case 429 | 503:
                raise self._record.wait(answer.retry_after or LOGIN_WAIT)
            case status if status >= 500:
                raise GatewayRejectedError(LOGIN_PATH, status)
        raise GatewayResponseError(f"{LOGIN_PATH} answers with status {answer.status}")
