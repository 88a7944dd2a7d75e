"""Fields of the gateway's JSON, as what they should be or as missing.

Firmware versions add, drop and null keys at will: what is not of the type it has
to be is None, and only an answer of another shape is an error.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
import re
from typing import Final, NamedTuple

import orjson

from .components import Reading
from .errors import GatewayResponseError

type Object = Mapping[str, object]
"""A JSON object."""

type Reader = Callable[[object], Reading | None]
"""Reads a value; what is not of the type it has to be is None."""


class Name(NamedTuple):
    """What a reading of a component is called here, and what reads it."""

    name: str
    read: Reader


type Names = dict[str, Name]
"""By the name on the wire."""

_MOST_VALUES: Final = 8_000
"""Values in the JSON of one answer; the longest one recorded, `/api/powerwalls`, has
190 for each battery.

What an answer costs goes by them, not by its bytes: a million empty objects are in the
4 MiB that the transport lets through, and would hold up the event loop for seconds.
"""
_BEFORE_VALUES: Final = (b"{", b"[", b",", b"\\u")
"""Bytes of which one precedes each element and each member: their count bounds the
number of values before anything is parsed.

`\\u` counts because a text may itself be JSON, in which it may stand for the others.
"""
_LONGEST_WORDS: Final = 255
"""Characters of a state's name, or of a duration; known ones have some 30."""
_LARGEST_NUMBER: Final = 1e300
"""More than any gateway tells; the sum of all that fit into an answer stays finite."""
_LONGEST_INTEGER: Final = 2**63
"""What does not fit into 64 bits no gateway has counted."""
_LAST_EPOCH: Final = 253402300800000
"""Milliseconds since 1970 at the end of the year 9999, the last that Python has."""
_SECONDS: Final = {
    "d": 86400.0,
    "h": 3600.0,
    "m": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_LONGEST_DURATION: Final = 2**63 / 1e9
"""Seconds; Go counts nanoseconds in 64 bits, one of them for the sign."""
_SPAN: Final = r"(?P<count>\d{1,9}(?:\.\d{1,9})?)(?P<unit>d|h|ms|us|µs|ns|m|s)"


def json_object(path: str, body: bytes) -> Object:
    """Return the JSON object an endpoint answers."""
    answer = _json(path, body)
    if not isinstance(answer, dict):
        raise GatewayResponseError(f"{path} gives JSON of another shape")
    return answer


def json_array(path: str, body: bytes) -> list[Object]:
    """Return the objects of the JSON array an endpoint answers, which may be null."""
    return _objects(_array(path, body))


def json_texts(path: str, body: bytes) -> list[str]:
    """Return the texts of the JSON array an endpoint answers, which may be null."""
    return [each for each in _array(path, body) if isinstance(each, str)]


def _array(path: str, body: bytes) -> list[object]:
    """Return the JSON array an endpoint answers; null is an empty one."""
    answer = _json(path, body)
    if not isinstance(answer, list | None):
        raise GatewayResponseError(f"{path} gives JSON of another shape")
    return answer or []


def _json(path: str, body: bytes) -> object:
    """Return the JSON value an endpoint answers, unless it holds too many."""
    if sum(map(body.count, _BEFORE_VALUES)) > _MOST_VALUES:
        raise GatewayResponseError(f"{path} gives more than any gateway has to tell")
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(body)
    # Raised in there, its context would hold the whole answer.
    raise GatewayResponseError(f"{path} gives no JSON")


def _objects(value: object) -> list[Object]:
    """Return the objects of a list that may be null or missing."""
    return [
        each
        for each in (value if isinstance(value, list) else [])
        if isinstance(each, dict)
    ]


def units(answer: Object, key: str) -> list[Object]:
    """Return the units of a list that may be null or missing.

    One without part or serial number cannot be told from others: it is left out.
    """
    return [
        unit
        for unit in objects(answer, key)
        if text(unit, "PackagePartNumber") and text(unit, "PackageSerialNumber")
    ]


def objects(answer: Object, key: str) -> list[Object]:
    """Return the objects of a list that may be null or missing."""
    return _objects(answer.get(key))


def inner(answer: Object, key: str) -> Object:
    """Return an object inside the object, an empty one where it is missing."""
    value = answer.get(key)
    return value if isinstance(value, dict) else {}


def as_number(value: object) -> float | None:
    """Return a number; a truth value is none, nor is what no gateway can mean."""
    # A tuple: `int | float` would be made anew for each of thousands of values.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # The gateway's -0 becomes 0.
    return value + 0 if abs(value) <= _LARGEST_NUMBER else None


def number(answer: Object, key: str) -> float | None:
    """Return a number."""
    return as_number(answer.get(key))


def whole(answer: Object, key: str) -> int | None:
    """Return a whole number."""
    value = number(answer, key)
    return None if value is None else whole_number(value)


def whole_number(value: float) -> int | None:
    """Return a number as a whole one, where it is one and fits into 64 bits."""
    is_whole = -_LONGEST_INTEGER <= value < _LONGEST_INTEGER and value == int(value)
    return int(value) if is_whole else None


def as_lifetime(value: object) -> float | None:
    """Return a lifetime energy; negative ones were seen after a meter change.

    0 is one too, though gateways that start say it of every counter.
    """
    energy = as_number(value)
    return energy if energy is not None and energy >= 0 else None


def lifetime(answer: Object, key: str) -> float | None:
    """Return a lifetime energy."""
    return as_lifetime(answer.get(key))


def as_flag(value: object) -> bool | None:
    """Return a truth value."""
    return value if isinstance(value, bool) else None


def flag(answer: Object, key: str) -> bool | None:
    """Return a truth value."""
    return as_flag(answer.get(key))


def flags(answer: Object, key: str) -> tuple[bool | None, ...]:
    """Return the truth values of a list that may be null or missing."""
    values = answer.get(key)
    if not isinstance(values, list):
        return ()
    return tuple(map(as_flag, values))


def as_text(value: object) -> str | None:
    """Return a text; an empty one is missing."""
    return value.strip() or None if isinstance(value, str) else None


def text(answer: Object, key: str) -> str | None:
    """Return a text; an empty one is missing."""
    return as_text(answer.get(key))


def texts(answer: Object, key: str) -> tuple[str, ...]:
    """Return the texts of a list that may be null or missing."""
    values = answer.get(key)
    if not isinstance(values, list):
        return ()
    return tuple(value for value in values if isinstance(value, str))


def moment(answer: Object, key: str) -> datetime | None:
    """Return a time given with its offset, in UTC; the year 1 stands for never."""
    try:
        time = datetime.fromisoformat(text(answer, key) or "")
        if time.tzinfo is None or time.year == 1:
            return None
        return time.astimezone(UTC)
    except ValueError, OverflowError:
        return None


def epoch(answer: Object, key: str) -> datetime | None:
    """Return a time given in milliseconds since 1970, in UTC."""
    milliseconds = number(answer, key)
    if milliseconds is None or not 0 < milliseconds < _LAST_EPOCH:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def duration(answer: Object, key: str) -> timedelta | None:
    """Return a duration as Go writes it, such as 53h7m8.673739945s."""
    written = text(answer, key) or ""
    if len(written) > _LONGEST_WORDS or not re.fullmatch(rf"({_SPAN})+", written):
        return None
    seconds = sum(
        float(span["count"]) * _SECONDS[span["unit"]]
        for span in re.finditer(_SPAN, written)
    )
    return timedelta(seconds=seconds) if seconds < _LONGEST_DURATION else None


def as_words(value: object, prefix: str = "") -> str | None:
    """Return a state name such as PINV_GridFollowing as grid_following."""
    name = as_text(value)
    return None if name is None else state_words(name, prefix)


def words(answer: Object, key: str, prefix: str = "") -> str | None:
    """Return a state name such as PINV_GridFollowing as grid_following."""
    return as_words(answer.get(key), prefix)


def state_words(name: str, prefix: str = "") -> str | None:
    """Return a state name of the gateway in small letters, without its prefix."""
    if len(name) > _LONGEST_WORDS:
        return None
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name.removeprefix(prefix))
    return "_".join(parts).lower() or None
