"""What can go wrong with an answer: a list of faults, each for some requests.

A fault with a status or a body stands in for the gateway, which then does nothing
itself; any other one spoils what the gateway answers, or when, or how far. So a write
has been done when its answer is `cut`, `reset`, `mute` or `endless`, and has not when
it meets a stand-in or, as long as that lasts, a `delay` or `hang`. A client that leaves
meanwhile takes its request along: it is never done.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Final

from .wire import Answer, edited


class Ending(StrEnum):
    """How an answer ends, if not well."""

    NORMAL = "normal"
    CUT = "cut"
    """Half of the body, then the connection is closed."""
    RESET = "reset"
    """Half of the body, then a TCP reset."""
    HANG = "hang"
    """Nothing is done and nothing said until the faults are cleared, then both."""
    MUTE = "mute"
    """What was asked is done, and nothing said until the faults are cleared."""
    ENDLESS = "endless"
    """Blanks for ever, or as many as `size` says."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fault:
    """One fault, and which requests it befalls."""

    path: str = "*"
    """Shell pattern: `/api/system_status*`."""
    method: str = "*"
    times: int | None = None
    """For how many requests; None until it is cleared."""

    delay: float = 0.0
    """Seconds before anything happens."""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | None = None
    edit: Mapping[str, Any] = field(default_factory=dict)
    """Key paths in the JSON or the vitals, see `wire.edited`, and what to put there."""
    drop: Sequence[str] = ()
    """Key paths to remove."""
    ending: Ending | str = Ending.NORMAL
    size: int | None = None
    """Bytes of an `endless` answer that ends after all."""

    def __post_init__(self) -> None:
        """Take an ending by its name too."""
        object.__setattr__(self, "ending", Ending(self.ending))

    def befalls(self, method: str, path: str) -> bool:
        """Return whether a request is of those it is meant for."""
        return fnmatchcase(path, self.path) and fnmatchcase(method, self.method)

    def spoil(self, answer: Callable[[], Answer]) -> Answer:
        """Return the answer as this fault makes it, asking the gateway if need be."""
        if self.status is not None or self.body is not None:
            return self._stand_in()
        return self._edited(answer())

    def _stand_in(self) -> Answer:
        body = self.body or b""
        content = body.encode() if isinstance(body, str) else body
        kind = {"Content-Type": "application/json"} if content else {}
        headers = kind | dict(self.headers)
        return Answer(status=self.status or 200, headers=headers, body=content)

    def _edited(self, answer: Answer) -> Answer:
        if answer.status != 200 or not (self.edit or self.drop):
            return replace(answer, headers={**answer.headers, **self.headers})
        return edited(answer, {**self.edit, **dict.fromkeys(self.drop, ...)})


NO_FAULT: Final = Fault()


class Faults:
    """The faults of a gateway; of those that fit a request, the oldest befalls it."""

    def __init__(self) -> None:
        """Begin without any."""
        self._left: dict[Fault, float] = {}
        self._met: set[Fault] = set()

    def add(self, path: str = "*", **fields: Any) -> Fault:
        """Add a fault: `add("/api/operation", status=503, times=2)`."""
        fault = Fault(path=path, **fields)
        self.extend([fault])
        return fault

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add several at once."""
        for fault in faults:
            self._left[fault] = float("inf") if fault.times is None else fault.times

    def clear(self) -> None:
        """Heal everything, and let go what hangs."""
        self._left = {}
        self._met = set()

    @property
    def unmet(self) -> list[Fault]:
        """Return the faults that no request has met with."""
        return [fault for fault in self._left if fault not in self._met]

    def __contains__(self, fault: Fault) -> bool:
        """Return whether a fault has not been cleared, used up or not."""
        return fault in self._left

    def take(self, method: str, path: str) -> Fault:
        """Return the fault that befalls a request, and count it."""
        faults = self._left
        for fault, left in list(faults.items()):
            if left > 0 and fault.befalls(method, path):
                faults[fault] = left - 1
                self._met.add(fault)
                return fault
        return NO_FAULT
