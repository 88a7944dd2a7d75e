"""What the gateway was asked for and does not show yet.

Controls show it meanwhile, and for a while only: then they show the truth again.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Wish[ValueT]:
    """One value that is wanted; of equal ones each is its own."""

    value: ValueT
    timer: asyncio.TimerHandle | None = None


class Goal[ValueT]:
    """What is wanted of one setting, while that is on its way."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """Begin with nothing wanted; `on_change` is called when that is another one."""
        self._on_change = on_change
        self._wishes: list[_Wish[ValueT]] = []

    @property
    def value(self) -> ValueT | None:
        """Return what was wanted last; None when nothing is on its way."""
        return self._wishes[-1].value if self._wishes else None

    @contextmanager
    def wanted(
        self, value: ValueT | None, *, seconds: float
    ) -> Generator[Callable[[], None]]:
        """Show a value as wanted inside; None shows nothing.

        At most for so long, counted from when what this gives is called: others may be
        before it, and it must not look as if it were given up meanwhile.
        """
        if value is None:
            yield lambda: None
            return
        wish = _Wish(value)

        def start_timer() -> None:
            loop = asyncio.get_running_loop()
            wish.timer = loop.call_later(seconds, self._give_up, wish)

        self._wishes.append(wish)
        self._on_change()
        try:
            yield start_timer
        finally:
            if wish.timer:
                wish.timer.cancel()
            self._give_up(wish)

    def _give_up(self, wish: _Wish[ValueT]) -> None:
        """Want something no longer."""
        if wish in self._wishes:
            self._wishes.remove(wish)
            self._on_change()


@dataclass(frozen=True, kw_only=True, slots=True)
class Goals:
    """What is wanted of each setting."""

    mode: Goal[str]
    backup_reserve: Goal[float]
    """Percent as the app shows it."""
    is_off_grid: Goal[bool]
    is_site_controller_running: Goal[bool]
