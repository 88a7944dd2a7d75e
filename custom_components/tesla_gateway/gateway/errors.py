"""What can go wrong between us and a gateway, as one tree of errors."""

from enum import Enum


class GatewayError(Exception):
    """Base of everything the client raises on purpose."""

    @property
    def kind(self) -> str:
        """Return what went wrong in one word: `timeout`, `unreachable` ..."""
        return type(self).__name__.removeprefix("Gateway").removesuffix("Error").lower()


class GatewayConnectionError(GatewayError):
    """The gateway could not be reached, or the connection broke."""


class GatewayTimeoutError(GatewayConnectionError):
    """The gateway did not answer in time."""


class GatewayUnreachableError(GatewayConnectionError):
    """No connection came about: nothing was sent."""


class GatewayUnansweredError(GatewayConnectionError):
    """No answer came to a request that acts: it may have been done, or not."""


class GatewayNotSentError(GatewayUnreachableError):
    """Nothing was sent, for a reason that is ours."""


class GatewayNameError(GatewayUnreachableError):
    """The host name does not resolve to an address."""


class GatewayTlsError(GatewayUnreachableError):
    """Something answers, but the TLS handshake with it fails."""


class GatewayCertificateError(GatewayUnreachableError):
    """The gateway shows another certificate than the pinned one.

    The connection is closed after the handshake, before anything is sent.
    """

    def __init__(self, pinned: bytes, shown: bytes) -> None:
        """Keep the SHA-256 of both certificates (32 bytes each)."""
        super().__init__("the gateway shows another certificate than the pinned one")
        self.pinned = pinned
        self.shown = shown


class LoginRefusal(Enum):
    """Why a gateway refused a login."""

    CREDENTIALS = "credentials"
    """Password (or, on old firmware, user name) not accepted."""
    PHYSICAL_ACCESS = "physical_access"
    """Installers must turn a Powerwall's switch off and on first (since 1.50.1)."""


class GatewayAuthenticationError(GatewayError):
    """The login itself was refused; a refused endpoint never raises this."""

    def __init__(self, refusal: LoginRefusal) -> None:
        """Keep the gateway's reason."""
        super().__init__("the gateway refused the login")
        self.refusal = refusal


class GatewayRateLimitError(GatewayError):
    """Nothing may be sent to the gateway for a while."""

    def __init__(
        self, retry_after: float, what: str = "the gateway wants no requests"
    ) -> None:
        """Keep the time to wait, in seconds from now."""
        super().__init__(f"{what} for {retry_after:.0f} s")
        self.retry_after = retry_after


class GatewayRejectedError(GatewayError):
    """The gateway understood the request, and said no."""

    def __init__(self, path: str, status: int, reason: str | None = None) -> None:
        """Keep path and HTTP status of the refusal, and the gateway's own words."""
        words = f": {reason}" if reason else ""
        super().__init__(f"the gateway answers {path} with status {status}{words}")
        self.path = path
        self.status = status
        self.reason = reason


class GatewayAbsentError(GatewayRejectedError):
    """The endpoint does not exist in this firmware (404)."""


class GatewayForbiddenError(GatewayRejectedError):
    """The endpoint is not for this login (403 on a fresh token)."""


class GatewayStoppedError(GatewayRejectedError):
    """The site controller is stopped (502 with an empty body): a state, no fault."""


class GatewayResponseError(GatewayError):
    """The answer cannot be read; the message names the endpoint, never its content."""


class GatewayIdentityError(GatewayResponseError):
    """The gateway answers, but nowhere says who it is."""


class GatewayNotToldError(GatewayError):
    """Mode and reserve are written together, and the gateway does not tell both."""


class GatewaySupersededError(GatewayError):
    """A later call asked for the opposite, so this one no longer applies."""


class GatewayNotAppliedError(GatewayError):
    """What was written does not show at the gateway."""

    def __init__(
        self,
        reported: object,
        *,
        answered: bool,
        refusal: GatewayError | None = None,
    ) -> None:
        """Keep what the gateway shows instead, and what it said to the write.

        `reported` is the model that was read back last, None where none could be read;
        `refusal` is why what it took was not committed.
        """
        super().__init__("what was written does not show at the gateway")
        self.reported = reported
        self.answered = answered
        self.refusal = refusal
