"""What several writers of mode and reserve have done, and what may come of it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import cache

type Setting = tuple[str, int]
"""Mode, and reserve in whole percent as the app shows it."""


class Outcome(Enum):
    """What a writer was told."""

    DONE = "done"
    """It is in effect."""
    NOT_DONE = "not done"
    """Refused, or never sent."""
    UNKNOWN = "unknown"
    """No answer came, or it did not show, or the writer left."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a writer wants: a mode, a reserve, or both at once."""

    mode: str | None = None
    reserve: int | None = None

    def __call__(self, setting: Setting) -> Setting:
        """Return what is set after it."""
        mode, reserve = setting
        return (
            self.mode or mode,
            reserve if self.reserve is None else self.reserve,
        )


@dataclass(frozen=True, kw_only=True)
class Event:
    """A wish in time: what was told of it, when it began and when it ended."""

    wish: Wish
    outcome: Outcome
    began: float
    ended: float


def possible_ends(first: Setting, events: Collection[Event]) -> set[Setting]:
    """Return how it may stand after all, whatever order was the order of things.

    What is done was done as a whole, between its beginning and its end. What nobody
    knows of was done as a whole too, at any time since it began, or never.
    """
    at_issue = frozenset(e for e in events if e.outcome is not Outcome.NOT_DONE)

    @cache
    def ends(setting: Setting, left: frozenset[Event]) -> frozenset[Setting]:
        due = {event for event in left if event.outcome is Outcome.DONE}
        first_end = min((event.ended for event in due), default=float("inf"))
        found = set() if due else {setting}
        for event in left:
            # Nothing comes before what had ended when it began.
            if event.began <= first_end:
                found |= ends(event.wish(setting), left - {event})
        return frozenset(found)

    return set(ends(first, at_issue))
