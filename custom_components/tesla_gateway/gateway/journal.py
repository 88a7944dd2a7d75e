"""What a gateway has said: the last answer of each endpoint, and how it went so far.

For reports of trouble. Bodies are kept as they came, so a poll pays nothing for it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

MAX_KEPT: Final = 64 * 1024
"""Bytes of a body that is kept; of a longer one only its size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """An answer to a GET."""

    status: int
    """The HTTP status code."""
    size: int
    """Of the body, in bytes."""
    body: bytes | None = field(repr=False)
    """None where it was too long to be kept."""

    @property
    def is_good(self) -> bool:
        """Return whether it was what had been asked for."""
        return 200 <= self.status < 300


@dataclass(kw_only=True, slots=True)
class EndpointJournal:
    """How requests to one endpoint went."""

    last: Answered | None = None
    """The last answer, whatever it was."""
    last_good: Answered | None = None
    """The last answer that was no refusal: the same one, or an earlier one."""
    outcome: str = ""
    """What came of the last request: the HTTP status, or what went wrong."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many requests had which outcome."""
    seconds_last: float | None = None
    """From the first byte of the last request that was answered to its last byte."""
    seconds_longest: float | None = None

    def count(self, outcome: str) -> None:
        """Count a request."""
        self.outcome = outcome
        self.counts[outcome] += 1

    def answered(self, answer: Answered, seconds: float, *, kept: bool) -> None:
        """Note an answer and how long it took."""
        self.count(str(answer.status))
        self.seconds_last = seconds
        self.seconds_longest = max(seconds, self.seconds_longest or 0.0)
        if kept:
            self.last = answer
            self.last_good = answer if answer.is_good else self.last_good


class Journal:
    """How requests to a gateway went, by path."""

    def __init__(self) -> None:
        """Start with nothing sent."""
        self._endpoints: dict[str, EndpointJournal] = {}

    @property
    def endpoints(self) -> Mapping[str, EndpointJournal]:
        """Return what is known of each path that was asked, as it is now."""
        return {
            path: replace(endpoint, counts=Counter(endpoint.counts))
            for path, endpoint in self._endpoints.items()
        }

    def answered(
        self, path: str, status: int, body: bytes, *, seconds: float, kept: bool
    ) -> None:
        """Note an answer; `kept` says whether a body like it may be held at all."""
        answer = Answered(
            status=status,
            size=len(body),
            body=body if len(body) <= MAX_KEPT else None,
        )
        self._endpoint(path).answered(answer, seconds, kept=kept)

    def failed(self, path: str, what: str) -> None:
        """Note that there was no answer, and why."""
        self._endpoint(path).count(what)

    def has_answer(self, path: str) -> bool:
        """Return whether an endpoint has given what it was asked for."""
        endpoint = self._endpoints.get(path)
        return endpoint is not None and endpoint.last_good is not None

    def _endpoint(self, path: str) -> EndpointJournal:
        """Return where to note something about a path."""
        return self._endpoints.setdefault(path, EndpointJournal())
