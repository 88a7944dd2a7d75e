"""How the gateway writes: Go's JSON, time stamps and durations; key paths in JSON."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
import math
from typing import Any, Final

import orjson

from .site import Site

type Document = Any
"""A JSON value."""

NEVER: Final = "0001-01-01T00:00:00Z"
"""How Go writes a time that has not been set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    """Whole values of Set-Cookie."""
    body: bytes = b""


def json_answer(
    document: Document, *, status: int = 200, cookies: tuple[str, ...] = ()
) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(
        status=status,
        headers={"Content-Type": "application/json"},
        cookies=cookies,
        body=encode(document),
    )


def refusal(status: int, error: str, message: str) -> Answer:
    """Return an error in the gateway's own form."""
    document = {"code": status, "error": error, "message": message}
    return json_answer(document, status=status)


def encode(document: Document) -> bytes:
    """Return a body as Go writes it: whole numbers without a fraction, and `-0`."""
    return orjson.dumps(_plain(document))


def _plain(value: Document) -> Document:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        is_negative_zero = value == 0 and math.copysign(1, value) < 0
        return orjson.Fragment("-0") if is_negative_zero else int(value)
    return value


def edit(document: Document, path: str, value: Any) -> None:
    """Put a value under a key path, in place.

    A value of `...` removes the key. In the path `*` stands for every element.
    """
    *parents, last = path.split(".")
    for node in _nodes(document, parents):
        key = _key(node, last)
        if value is not ...:
            node[key] = deepcopy(value)
        elif isinstance(node, list):
            node.pop(int(key))
        else:
            node.pop(key, None)


def _nodes(node: Document, path: list[str]) -> Iterator[Document]:
    if not path:
        yield node
        return
    first, *rest = path
    keys = list(_keys(node)) if first == "*" else [_key(node, first)]
    for key in keys:
        yield from _nodes(node[key], rest)


def _keys(node: Document) -> Iterator[int | str]:
    yield from range(len(node)) if isinstance(node, list) else node


def _key(node: Document, name: str) -> int | str:
    return int(name) if isinstance(node, list) else name


def timestamp(site: Site) -> str:
    """Return the site's time as Go writes it: nanoseconds without zeros at the end."""
    seconds = math.floor(site.elapsed)
    moment = site.start + timedelta(seconds=seconds)
    fraction = f".{int((site.elapsed - seconds) * 1e9):09}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{moment:%:z}"


def go_duration(seconds: float) -> str:
    """Return a duration of an hour or more as Go writes it: 53h7m8.673739945s."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}h{minutes}m{f'{rest:.9f}'.rstrip('0').rstrip('.')}s"
