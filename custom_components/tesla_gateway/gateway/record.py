"""What belongs to a gateway rather than to one client object.

The token, a wait the gateway asked for, and the logins spent outlive a client:
they are handed to the next one, over reloads and restarts. Within a process
time is monotonic; what is kept is in UTC and clamped when it comes back, so
that a clock that jumps can at most lengthen one wait to its maximum.
"""

from collections.abc import Callable, Mapping
import random
import time

from .errors import (
    GatewayAuthenticationError,
    GatewayRateLimitError,
    LoginRefusal,
)

LOGIN_BUDGET = 3
LOGIN_WINDOW = 600.0
"""Seconds in which at most LOGIN_BUDGET logins are sent.

Gateways count logins: people were locked out for 10 to 30 minutes by clients
that tried again and again.
"""
REFUSED_LOGIN_PAUSE = 600.0
"""Seconds before a login is tried again that was refused."""
LONGEST_WAIT = 3600.0
"""Seconds; a gateway that asks for more is asked again after this."""
LONGEST_JITTER = 5.0
"""Seconds, or a tenth of a shorter wait, by which one is longer than asked for.

By chance, so that not all who were told the same moment come back at it.
"""


_CLOCK_DRIFT = 1.0
"""Seconds by which one wait may differ between two `as_dict`: two clocks tell it."""


def merge_login(
    tried: Mapping[str, object],
    *,
    before: Mapping[str, object],
    now: Mapping[str, object],
) -> dict[str, object]:
    """Return the record of a login that a person tried out, to be kept from now on.

    All three are what `as_dict` gives: of the login, of the gateway before it, and of
    the gateway now. The login's own record began empty, so the logins that were counted
    meanwhile are taken from now. A wait that was there before is over, since the
    gateway has let somebody in; one that it has asked for meanwhile is not.
    """
    wait = now.get("wait_until")
    is_new = _seconds(wait) > _seconds(before.get("wait_until")) + _CLOCK_DRIFT
    return {
        **tried,
        "logins_until": now.get("logins_until", []),
        "wait_until": wait if is_new else None,
    }


def _seconds(kept: object) -> float:
    """Return a moment that was kept; 0 for none."""
    return kept if isinstance(kept, int | float) else 0.0


class GatewayRecord:
    """Token, waits and logins of one gateway."""

    def __init__(
        self,
        kept: Mapping[str, object] | None = None,
        *,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] | None = None,
        wall_clock: Callable[[], float] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take up what `as_dict` of an earlier record gave.

        `on_change` is called whenever `as_dict` would give something new. The
        clocks tell monotonic seconds and UTC seconds; `chance` is 0 to 1.
        """
        kept = kept or {}
        self.is_shortened = False
        """Whether a wait that was kept was longer than any is, as after a leap of the
        clock. Then what `as_dict` gives is to be kept at once, or it begins anew."""
        self._on_change = on_change
        self._chance = chance
        self.clock = clock or time.monotonic
        self._wall_clock = wall_clock or time.time
        token = kept.get("token")
        self._token = token if isinstance(token, str) else None
        self._wait_until = self._resumed(kept.get("wait_until"), LONGEST_WAIT)
        self._refused_until = self._resumed(
            kept.get("refused_until"), REFUSED_LOGIN_PAUSE
        )
        refusals = [each for each in LoginRefusal if each.value == kept.get("refusal")]
        self._refusal = refusals[0] if refusals else None
        logins = kept.get("logins_until")
        self._logins_until = [
            self._resumed(moment, LOGIN_WINDOW)
            for moment in (logins if isinstance(logins, list) else [])
        ]

    def detach(self) -> None:
        """Tell nobody of changes any more: another record takes over."""
        self._on_change = lambda: None

    @property
    def token(self) -> str | None:
        """Return the token of the last login that has not been found invalid."""
        return self._token

    @property
    def is_login_refused(self) -> bool:
        """Return whether the last login was refused."""
        return self._refusal is not None

    def check_wait(self) -> None:
        """Raise GatewayRateLimitError while the gateway wants to be left alone."""
        if (remaining := self._wait_until - self.clock()) > 0:
            raise GatewayRateLimitError(remaining)

    def wait(self, seconds: float) -> GatewayRateLimitError:
        """Leave the gateway alone for so long; return the error that says so."""
        seconds = max(seconds, 0.0)
        seconds += self._chance() * min(seconds / 10, LONGEST_JITTER)
        seconds = min(seconds, LONGEST_WAIT)
        self._wait_until = max(self._wait_until, self.clock() + seconds)
        self._on_change()
        return GatewayRateLimitError(seconds)

    def check_login(self) -> None:
        """Raise what speaks against a login now.

        GatewayAuthenticationError within the pause after a refused one,
        GatewayRateLimitError in a wait or when the budget is used up.
        """
        self.check_wait()
        now = self.clock()
        if self._refusal and now < self._refused_until:
            raise GatewayAuthenticationError(self._refusal)
        self._logins_until = [until for until in self._logins_until if until > now]
        if len(self._logins_until) >= LOGIN_BUDGET:
            pause = min(self._logins_until) - now
            raise GatewayRateLimitError(pause, "no login is sent again")

    def count_login(self) -> float:
        """Count a login that may reach the gateway; return what counts it."""
        until = self.clock() + LOGIN_WINDOW
        self._logins_until.append(until)
        self._on_change()
        return until

    def uncount_login(self, until: float) -> None:
        """Count a login no longer that was not sent."""
        self._logins_until.remove(until)
        self._on_change()

    def logged_in(self, token: str) -> None:
        """Keep the token of a login that worked."""
        self._token = token
        self._refusal = None
        self._on_change()

    def login_refused(self, refusal: LoginRefusal) -> GatewayAuthenticationError:
        """Note a refused login; return the error that says so.

        The token stays: firmware that has forgotten the password still takes it.
        """
        self._refusal = refusal
        self._refused_until = self.clock() + REFUSED_LOGIN_PAUSE
        self._on_change()
        return GatewayAuthenticationError(refusal)

    def forget_refusal(self) -> None:
        """Try a login again at once that was refused: it is another one now."""
        self._refusal = None
        self._refused_until = 0.0
        self._on_change()

    def forget_token(self) -> None:
        """Keep a token no longer that is good for nothing."""
        self._token = None
        self._on_change()

    def as_dict(self) -> dict[str, object]:
        """Return what the next record needs, as JSON values. Holds the token."""
        now = self.clock()
        return {
            "token": self._token,
            "wait_until": self._kept(self._wait_until),
            "refused_until": self._kept(self._refused_until),
            "refusal": self._refusal.value if self._refusal else None,
            "logins_until": [
                self._kept(until) for until in self._logins_until if until > now
            ],
        }

    def _kept(self, moment: float) -> float | None:
        """Return a monotonic moment in UTC seconds; None once it is over."""
        remaining = moment - self.clock()
        return self._wall_clock() + remaining if remaining > 0 else None

    def _resumed(self, kept: object, longest: float) -> float:
        """Return a moment kept in UTC seconds as a monotonic one."""
        if not isinstance(kept, int | float):
            return 0.0
        left = kept - self._wall_clock()
        self.is_shortened |= left > longest
        remaining = min(max(left, 0.0), longest)
        return self.clock() + remaining if remaining else 0.0
