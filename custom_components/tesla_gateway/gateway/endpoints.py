"""What a gateway has refused, and when it is worth asking again.

Firmware differs: an endpoint may not exist, or not for this login. That is
found out by asking once, and remembered, so that no poll asks in vain.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .errors import GatewayRejectedError

LASTING = 3600.0
"""Seconds before an endpoint that is not there, or is forbidden, is asked again.

A gateway that starts answers 404 for a while. So one that has answered before is asked
with every poll until it has been away for this long. Any other is left alone for as
long as it has been away: after a power cut both start together.
"""
FIRST_PAUSE = 30.0
"""Seconds before an endpoint that was never there is asked for a second time."""


@dataclass(slots=True)
class _Refusal:
    error: type[GatewayRejectedError]
    status: int
    since: float
    until: float


class EndpointMemory:
    """Remembers the endpoints of one gateway that are not worth asking now."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with nothing known; `clock` tells monotonic seconds."""
        self._clock = clock
        self._answered: set[str] = set()
        self._refusals: dict[str, _Refusal] = {}

    def is_refused(self, path: str) -> bool:
        """Return whether it is too early to ask again."""
        refusal = self._refusals.get(path)
        return refusal is not None and self._clock() < refusal.until

    def check(self, path: str) -> None:
        """Raise the remembered refusal while it is too early to ask again."""
        if self.is_refused(path):
            refusal = self._refusals[path]
            raise refusal.error(path, refusal.status)

    def answered(self, path: str) -> None:
        """Note that an endpoint gave an answer."""
        self._answered.add(path)
        self._refusals.pop(path, None)

    def refused(
        self,
        path: str,
        error: type[GatewayRejectedError],
        status: int,
        *,
        lasting: bool,
    ) -> GatewayRejectedError:
        """Note a refusal and return its error; `lasting` rules out a reboot."""
        now = self._clock()
        previous = self._refusals.get(path)
        since = previous.since if previous else now
        pause = LASTING
        if not lasting and path in self._answered and now - since < LASTING:
            pause = 0.0
        elif status == 404:
            pause = min(max(now - since, FIRST_PAUSE), LASTING)
        self._refusals[path] = _Refusal(error, status, since, now + pause)
        return error(path, status)

    def has_answered(self, path: str) -> bool:
        """Return whether an endpoint has given an answer since we know the gateway."""
        return path in self._answered

    def is_absent(self, path: str) -> bool:
        """Return whether an endpoint does not exist, by its last answer."""
        refusal = self._refusals.get(path)
        return refusal is not None and refusal.status == 404

    def ask_anew(self, path: str) -> None:
        """Ask an endpoint anew that has answered before, unless it wants a pause."""
        refusal = self._refusals.get(path)
        if refusal and refusal.status != 503 and self.has_answered(path):
            del self._refusals[path]

    def busy(self, path: str, seconds: float) -> GatewayRejectedError:
        """Note that an endpoint asked for a pause (503), and return its error."""
        now = self._clock()
        until = now + min(seconds, LASTING)
        self._refusals[path] = _Refusal(GatewayRejectedError, 503, now, until)
        return GatewayRejectedError(path, 503)

    def forget(self) -> None:
        """Ask everything anew: the firmware is another one."""
        self._refusals.clear()

    @property
    def outcomes(self) -> dict[str, str]:
        """Return each endpoint's last outcome: `answered`, or the HTTP status."""
        return {
            **dict.fromkeys(sorted(self._answered), "answered"),
            **{path: str(refusal.status) for path, refusal in self._refusals.items()},
        }
