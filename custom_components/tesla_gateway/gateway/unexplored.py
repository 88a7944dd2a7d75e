"""Endpoints that are listed somewhere and described nowhere, to be tried out by hand.

Nobody has published what they answer or do, so whatever they say is handed on.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
import re
from typing import Final

import orjson

MAX_TEXT: Final = 64 * 1024
"""Bytes of an answer that are read as JSON, or handed on as a text."""


class UnexploredEndpoint(StrEnum):
    """The endpoints, by names of our own."""

    RUN_FOR_COMMISSIONING = "run_for_commissioning"
    """Starts the site controller for an installer, by its name."""
    PING_TEST = "ping_test"
    LOG = "log"
    """Listed with the keys `level` and `log`."""
    REGISTRATION_LEGAL = "registration_legal"
    """Listed with the flags of `/api/customer/registration`."""
    VERIFY_METER = "verify_meter"
    """Listed with the keys `short_id` and `serial`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back."""

    status: int
    """The HTTP status code."""
    body: object = field(repr=False)
    """The JSON value, or the text where it is none; None for nothing."""


_PATHS: Final = {
    UnexploredEndpoint.RUN_FOR_COMMISSIONING: "/api/sitemaster/run_for_commissioning",
    UnexploredEndpoint.PING_TEST: "/api/system/networks/ping_test",
    UnexploredEndpoint.LOG: "/api/logging",
    UnexploredEndpoint.REGISTRATION_LEGAL: "/api/customer/registration/legal",
    UnexploredEndpoint.VERIFY_METER: "/api/meters/{serial}/verify",
}


def request(
    endpoint: UnexploredEndpoint, *, serial: str | None, has_data: bool
) -> tuple[str, str]:
    """Return method and path of a request.

    `ValueError` for a serial number where it does not belong, none where it does, or
    one that would lead to another path.
    """
    path = _PATHS[endpoint]
    if ("{serial}" in path) != (serial is not None):
        raise ValueError("a serial number is for meters")
    if serial is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", serial):
        raise ValueError("no serial number of a meter")
    # No source says which method the ping test wants.
    is_get = endpoint is UnexploredEndpoint.PING_TEST and not has_data
    return "GET" if is_get else "POST", path.format(serial=serial)


def reply(status: int, body: bytes) -> Reply:
    """Return what was answered."""
    if not body:
        return Reply(status=status, body=None)
    with suppress(orjson.JSONDecodeError):
        # More would take a long turn in the event loop.
        if len(body) <= MAX_TEXT:
            return Reply(status=status, body=orjson.loads(body))
    text = body[:MAX_TEXT].decode(errors="backslashreplace")
    return Reply(status=status, body=text)
