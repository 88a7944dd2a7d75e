"""What the gateway was asked for and does not show yet.

Controls show it meanwhile, and for a while only: then they show the truth again.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass


class Goal[ValueT]:
    """What is wanted of one setting, while that is on its way."""

    def __init__(self, tell: Callable[[], None]) -> None:
        """Begin with nothing wanted; `tell` is called when that is another one."""
        self._tell = tell
        self._wishes: list[tuple[ValueT]] = []

    @property
    def value(self) -> ValueT | None:
        """Return what was wanted last; None when nothing is on its way."""
        return self._wishes[-1][0] if self._wishes else None

    @contextmanager
    def wanted(
        self, value: ValueT | None, *, seconds: float
    ) -> Generator[Callable[[], None]]:
        """Want something inside; None for nothing.

        At most for so long, counted from when what this gives is called: others may be
        before it, and it must not look as if it were given up meanwhile.
        """
        if value is None:
            yield lambda: None
            return
        timers: list[asyncio.TimerHandle] = []
        wish = (value,)

        def began() -> None:
            loop = asyncio.get_running_loop()
            timers.append(loop.call_later(seconds, self._give_up, wish))

        self._wishes.append(wish)
        self._tell()
        try:
            yield began
        finally:
            for timer in timers:
                timer.cancel()
            self._give_up(wish)

    def _give_up(self, wish: tuple[ValueT]) -> None:
        """Want something no longer; of equal wishes each is its own."""
        left = [each for each in self._wishes if each is not wish]
        if len(left) < len(self._wishes):
            self._wishes = left
            self._tell()


@dataclass(frozen=True, kw_only=True, slots=True)
class Goals:
    """What is wanted of each setting."""

    mode: Goal[str]
    backup_reserve: Goal[float]
    """Percent as the app shows it."""
    is_off_grid: Goal[bool]
    is_site_controller_running: Goal[bool]
