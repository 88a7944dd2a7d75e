"""What the gateway was asked, counted. What is asked of the simulator itself is not."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Write(NamedTuple):
    """A request to change the site, whether it was granted or refused."""

    endpoint: str
    """Method and path."""
    document: Mapping[str, Any]
    """What was sent."""
    status: int
    """The gateway's own answer, also where a fault then spoiled it."""


@dataclass
class Stats:
    """Counts since they were made."""

    requests: Counter[str] = field(default_factory=Counter)
    """By method and path."""
    logins_accepted: int = 0
    logins_refused: int = 0
    connections: int = 0
    """Those that carried a request."""
    handshakes: int = 0
    """TLS handshakes begun, also by clients that then asked nothing."""
    in_flight: int = 0
    held: int = 0
    """Of those, which a fault keeps from being answered."""
    most_in_flight: int = 0
    writes: list[Write] = field(default_factory=list)
    """In order; only those that reached the gateway, no fault standing in for it."""

    @property
    def total(self) -> int:
        """Number of requests."""
        return self.requests.total()

    @property
    def logins(self) -> int:
        """Number of logins, accepted or not."""
        return self.logins_accepted + self.logins_refused

    @contextmanager
    def request(self, endpoint: str) -> Iterator[None]:
        """Count a request, which is in flight until this ends."""
        self.requests[endpoint] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Count a request in flight as one that a fault holds, until this ends."""
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1

    def count_login(self, *, accepted: bool) -> None:
        """Count a login by how it went."""
        if accepted:
            self.logins_accepted += 1
        else:
            self.logins_refused += 1

    def as_dict(self) -> dict[str, Any]:
        """Return all counts."""
        return {
            "requests": dict(sorted(self.requests.items())),
            "total": self.total,
            "logins": {
                "accepted": self.logins_accepted,
                "refused": self.logins_refused,
            },
            "connections": self.connections,
            "handshakes": self.handshakes,
            "most_in_flight": self.most_in_flight,
            "writes": [write._asdict() for write in self.writes],
        }
