"""Writes that keep their word: one after another, sent once, read back."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from .errors import (
    GatewayError,
    GatewayNotAppliedError,
    GatewayNotSentError,
    GatewayUnansweredError,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteTimeouts:
    """How long a write may take to show, in seconds."""

    read_back: float = 10.0
    """What is committed is in effect at once, says the reference document."""
    islanding: float = 60.0
    """Leaving the grid took up to 3 s, coming back 21 s (firmware 26.18 and 26.26)."""
    pause: float = 0.5
    """Between two looks, so that what is in effect is known within a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteListener[ModelT]:
    """Told how a write gets on."""

    on_start: Callable[[], None] = lambda: None
    """Called when no other write is before this one."""
    on_read: Callable[[ModelT], None] = lambda _: None
    """Given all that is read back."""


NOBODY: Final = WriteListener[Any]()
"""Who listens where nobody wants to know."""


class Write:
    """One write on its way; also the `Delivery` of its request."""

    def __init__(self, pause: float, listener: WriteListener[Any]) -> None:
        """Begin with nothing sent; `pause` is in seconds, between two looks."""
        self._pause = pause
        self._cancelled: asyncio.CancelledError | None = None
        self._sending: asyncio.Task[None] | None = None
        self._is_answered = True
        self._refusal: GatewayError | None = None
        self._reported: object = None
        self._is_sent = False
        self.listener: Final = listener

    @property
    def is_taken(self) -> bool:
        """Return whether the gateway has said yes to all that was sent."""
        return self._is_answered and self._refusal is None

    async def send(
        self,
        request: Callable[[], Awaitable[None]],
        commit: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Send a request and then its commit, to the end once the first is sent.

        Cancelled meanwhile, it ends before the cancellation goes on. One without an
        answer may have been taken: then too it is committed, and shows or not.
        """
        self._sending = task = asyncio.create_task(self._send(request, commit))
        while not task.done():
            try:
                # Unlike a shield, it says nothing of an error nobody waits for.
                await asyncio.wait([task])
            except asyncio.CancelledError as err:
                self._cancelled = err
                if not self._is_sent:
                    task.cancel()
        if self._cancelled:
            if not task.cancelled():
                task.exception()
            raise self._cancelled
        task.result()

    async def _send(
        self,
        request: Callable[[], Awaitable[None]],
        commit: Callable[[], Awaitable[None]] | None,
    ) -> None:
        """Send it all."""
        try:
            await request()
        except GatewayUnansweredError:
            self._is_answered = False
        if commit is None:
            return
        try:
            await commit()
        except GatewayUnansweredError:
            self._is_answered = False
        except GatewayError as err:
            self._refusal = err

    def sent(self) -> None:
        """Note that the gateway may have heard of it: it goes to its end."""
        self._is_sent = True

    def refused(self) -> None:
        """Note that the gateway has not done it: it can be dropped."""
        self._is_sent = False
        if self._cancelled and self._sending:
            self._sending.cancel()

    async def read_back[ModelT](
        self,
        read: Callable[[], Awaitable[ModelT]],
        shows: Callable[[ModelT], bool],
        *,
        seconds: float | None,
    ) -> ModelT:
        """Return the first reading that shows it; GatewayNotAppliedError if none."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        self._reported = found = await read()
                    except GatewayError:
                        pass  # Whatever is the matter, it may be over at the next look.
                    else:
                        self.listener.on_read(found)
                        if shows(found):
                            return found
                    await asyncio.sleep(self._pause)
        except TimeoutError:
            raise self.not_applied() from None

    def not_applied(self) -> GatewayNotAppliedError:
        """Return the error that says that it was sent, and does not show."""
        return GatewayNotAppliedError(
            self._reported, answered=self._is_answered, refusal=self._refusal
        )

    def broken_off(self, why: str) -> GatewayError:
        """Return the error of what went no further, perhaps before it was sent."""
        return self.not_applied() if self._is_sent else GatewayNotSentError(why)


class Writer:
    """Makes the writes to one gateway."""

    def __init__(self, timeouts: WriteTimeouts) -> None:
        """Begin with nothing to write."""
        self.timeouts: Final = timeouts
        self._lock = asyncio.Lock()
        # An event, for which a type checker expects to change while one waits.
        self._closed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def perform[ResultT](
        self,
        steps: Callable[[Write], Coroutine[Any, Any, ResultT]],
        listener: WriteListener[Any] = NOBODY,
    ) -> ResultT:
        """Make one write, of which nothing goes on when this returns."""
        if self._closed.is_set():
            raise GatewayNotSentError(_CLOSED)
        write = Write(self.timeouts.pause, listener)
        task = asyncio.create_task(steps(write))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if not self._closed.is_set() or (current and current.cancelling()):
                raise
            raise write.broken_off(_CLOSED) from None

    @asynccontextmanager
    async def turn(self, write: Write) -> AsyncGenerator[None]:
        """Let nobody else write inside: settings share one document."""
        async with self._lock:
            write.listener.on_start()
            yield

    async def close(self) -> None:
        """Bring to its end what is being sent; break off the rest, begin nothing."""
        self._closed.set()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


_CLOSED: Final = "Home Assistant is letting go of the gateway"
