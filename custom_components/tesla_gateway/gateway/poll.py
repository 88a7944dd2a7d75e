"""One round of reading: what the requests in it share."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass

from .errors import GatewayNotSentError


@dataclass(slots=True)
class Poll:
    """One round of reading: its end, and what its tokens have shown."""

    seconds: float
    """How long the round may take, from the first byte that is sent in it."""
    deadline: float | None = None
    """When it ends, on the event loop's clock; None until it has begun."""
    fresh: str | None = None
    """The token of a login in this round."""
    accepted: str | None = None
    """A token with which something was read in this round."""

    def time_left(self) -> float:
        """Return the seconds left to the round, which begins with its first byte."""
        now = asyncio.get_running_loop().time()
        if self.deadline is None:
            self.deadline = now + self.seconds
        if now >= self.deadline:
            raise GatewayNotSentError("others took the time of this round")
        return self.deadline - now


current_poll: ContextVar[Poll | None] = ContextVar("poll", default=None)
"""The round that a request is part of, if it is not one of its own."""
