"""A gateway as its users speak of it: nouns read, verbs write."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from .answers import changed_password
from .errors import (
    GatewayError,
    GatewayNotAppliedError,
    GatewayNotSentError,
    GatewayNotToldError,
    GatewayRejectedError,
    GatewaySupersededError,
    GatewayUnansweredError,
)
from .models import Grid, Operation, OperationMode, Role, SiteController
from .reader import UNAVAILABLE_ERRORS, GatewayReader
from .session import GatewaySession
from .settings import (
    OFF_GRID,
    ON_GRID,
    IslandMode,
    OperationChange,
    password_document,
)
from .unexplored import Reply, UnexploredEndpoint, reply, request
from .writes import NOBODY, Write, WriteListener, Writer, WriteTimeouts


class GatewayClient(GatewayReader):
    """Reads one gateway, and sets what it lets itself be told.

    What sets something ends when the gateway shows it, else with the error
    GatewayNotAppliedError. It is sent once, and to its end where the caller is
    cancelled meanwhile. `listener` is told how it gets on.
    """

    def __init__(
        self, session: GatewaySession, *, write_timeouts: WriteTimeouts | None = None
    ) -> None:
        """Prepare the client; nothing is sent before the first request."""
        super().__init__(session)
        self._writer = Writer(write_timeouts or WriteTimeouts())
        self._island_wish: IslandMode | None = None

    async def login(self) -> None:
        """Log in at once, because a person asks for it."""
        await self._session.login()

    async def try_out(
        self,
        endpoint: UnexploredEndpoint,
        *,
        data: object = None,
        serial: str | None = None,
    ) -> Reply:
        """Ask one of the endpoints that nobody has described, whatever it does.

        `data` is sent as JSON; `serial` is the meter's, where it is about one.
        """
        method, path = request(endpoint, serial=serial, has_data=data is not None)
        # One source sends an empty object where there is nothing to send.
        sent = {} if data is None and method == "POST" else data
        answer = await self._session.exchange(method, path, sent)
        return reply(answer.status, answer.body)

    async def set_operation(
        self,
        *,
        mode: OperationMode | None = None,
        backup_reserve: float | None = None,
        listener: WriteListener[Operation] = NOBODY,
    ) -> Operation | None:
        """Choose mode, backup reserve (percent as the app shows it), or both at once.

        Return what the gateway tells then; None where it tells neither, as firmware
        21.13, which can be given both alone (else GatewayNotToldError). `ValueError`
        for a reserve outside 0 to 100, and for a mode that nobody may choose.
        """
        change = OperationChange(mode=mode, backup_reserve=backup_reserve)
        steps = partial(self._set_operation, change)
        return await self._writer.perform(steps, listener)

    async def _set_operation(
        self, change: OperationChange, write: Write
    ) -> Operation | None:
        """Read mode and reserve, change them, send both, and read them back."""
        async with self._writer.turn(write):
            read = self._reading("/api/operation", self.operation)
            try:
                told = await read()
            except UNAVAILABLE_ERRORS as err:
                # A gateway that has told them before is just starting.
                if self._session.endpoints.has_answered("/api/operation"):
                    raise GatewayNotSentError(
                        "mode and reserve cannot be read at the moment"
                    ) from err
                told = None
            if (setting := change.setting(told)) is None:
                raise GatewayNotToldError("the gateway tells not both mode and reserve")
            act = self._session.act
            await write.send(
                partial(
                    act, "POST", "/api/operation", setting.document(), delivery=write
                ),
                partial(act, "GET", "/api/config/completed", in_spite_of_wait=True),
            )
            if told is None:
                if not write.is_taken:
                    raise write.not_applied()
                return None
            return await write.read_back(
                read, setting.is_shown_by, seconds=self._writer.timeouts.read_back
            )

    async def go_off_grid(
        self,
        *,
        seconds: float | None = None,
        listener: WriteListener[Grid] = NOBODY,
    ) -> Grid:
        """Leave the grid on purpose, and follow the site until it runs on its own.

        Until `seconds` from now are over; GatewaySupersededError where somebody wants
        back meanwhile.
        """
        steps = partial(self._set_island_mode, OFF_GRID, seconds)
        return await self._writer.perform(steps, listener)

    async def reconnect_to_grid(
        self,
        *,
        seconds: float | None = None,
        listener: WriteListener[Grid] = NOBODY,
    ) -> Grid:
        """Return to the grid, and follow the site until it is there."""
        steps = partial(self._set_island_mode, ON_GRID, seconds)
        return await self._writer.perform(steps, listener)

    async def _set_island_mode(
        self, wish: IslandMode, seconds: float | None, write: Write
    ) -> Grid:
        """Send one of the two island modes, and follow the grid status."""

        def shows(grid: Grid) -> bool:
            if self._island_wish is not wish:
                raise GatewaySupersededError("the opposite was asked for meanwhile")
            return grid.status in wish.goals

        request = partial(
            self._session.act,
            "POST",
            "/api/v2/islanding/mode",
            wish.document(),
            delivery=write,
        )
        limit = self._writer.timeouts.islanding if seconds is None else seconds
        try:
            async with asyncio.timeout(limit):
                async with self._writer.turn(write):
                    await write.send(request)
                    self._island_wish = wish
                read = self._reading("/api/system_status/grid_status", self.grid)
                return await write.read_back(read, shows, seconds=None)
        except TimeoutError:
            raise write.broken_off("others were before it for too long") from None

    def _reading[ModelT](
        self, path: str, read: Callable[[], Awaitable[ModelT]]
    ) -> Callable[[], Awaitable[ModelT]]:
        """Return what reads at once, also where the polls wait after a refusal."""

        async def look() -> ModelT:
            self._session.endpoints.ask_anew(path)
            return await read()

        return look

    async def run_site_controller(
        self, *, listener: WriteListener[SiteController] = NOBODY
    ) -> SiteController:
        """Start the program that runs the site."""
        steps = partial(self._switch_site_controller, "/api/sitemaster/run", goal=True)
        return await self._writer.perform(steps, listener)

    async def stop_site_controller(
        self, *, listener: WriteListener[SiteController] = NOBODY
    ) -> SiteController:
        """Stop the program that runs the site: no charge, no discharge, no readings."""
        steps = partial(
            self._switch_site_controller, "/api/sitemaster/stop", goal=False
        )
        return await self._writer.perform(steps, listener)

    async def _switch_site_controller(
        self, path: str, write: Write, *, goal: bool
    ) -> SiteController:
        """Start or stop it, and read back that it is so."""

        async def switch() -> None:
            try:
                await self._session.act("GET", path, delivery=write)
            except GatewayRejectedError as err:
                # Firmware of 2021 and later wants it posted.
                if err.status != 405:
                    raise
                await self._session.act("POST", path, {}, delivery=write)

        async with self._writer.turn(write):
            await write.send(switch)
            return await write.read_back(
                self._reading("/api/sitemaster", self.site_controller),
                lambda controller: controller.running is goal,
                seconds=self._writer.timeouts.read_back,
            )

    async def change_password(
        self, old: str, new: str, *, on_changed: Callable[[], None] = lambda: None
    ) -> None:
        """Change the customer's password; `on_changed` is called once that is so.

        Gateways take it from their own Wi-Fi alone. Without an answer that says so, a
        login with the new password tells. `ValueError` for a new one that is none.
        """
        if new in ("", old):
            raise ValueError("the new password is empty, or the old one")
        steps = partial(self._change_password, old, new, on_changed)
        await self._writer.perform(steps)

    async def _change_password(
        self, old: str, new: str, on_changed: Callable[[], None], write: Write
    ) -> None:
        """Send a change of password, and take the new one once it is in use."""
        session = self._session

        async def change() -> None:
            answer = b""
            with suppress(GatewayUnansweredError):
                answer = await session.change_password(
                    "/api/password/change",
                    password_document(old, new),
                    secrets=(old, new),
                    delivery=write,
                )
            if changed_password(answer) != new:
                accepted = False
                with suppress(GatewayError):
                    accepted = await session.auth.try_password(new)
                if not accepted:
                    raise GatewayNotAppliedError(None, answered=False)
            # Of the customer's password; an installer's may be the same one.
            own = session.auth.credentials
            if own.role is Role.CUSTOMER or own.password == old:
                session.auth.use_password(new)
                on_changed()

        async with self._writer.turn(write):
            await write.send(change)

    async def close(self) -> None:
        """Write nothing more, but bring to its end what is being sent."""
        await self._writer.close()
