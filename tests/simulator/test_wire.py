"""Tests of how the gateway writes."""

from typing import Any

import pytest

from simulator.site import Site
from simulator.wire import edit, encode, go_duration, timestamp


def test_numbers_are_those_of_go() -> None:
    """Test whole numbers have no fraction, and zero may be negative."""
    document = {"a": 72.0, "b": 0.1, "c": -0.0, "d": [1e9, True], "e": (None, "x")}
    written = b'{"a":72,"b":0.1,"c":-0,"d":[1000000000,true],"e":[null,"x"]}'
    assert encode(document) == written


@pytest.mark.parametrize(
    ("elapsed", "written"),
    [
        (0.0, "2026-07-01T10:30:00-07:00"),
        (0.5, "2026-07-01T10:30:00.5-07:00"),
        (61.015625, "2026-07-01T10:31:01.015625-07:00"),
    ],
)
def test_timestamps(elapsed: float, written: str) -> None:
    """Test nanoseconds are written, and zeros at their end are not."""
    assert timestamp(Site(elapsed=elapsed)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (191228.673739945, "53h7m8.673739945s"),
        (3600.0, "1h0m0s"),
        (86400.5, "24h0m0.5s"),
    ],
)
def test_durations(seconds: float, written: str) -> None:
    """Test durations have hours, never days."""
    assert go_duration(seconds) == written


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("a.b", 2, {"a": {"b": 2}, "list": [{"x": 1}, {"x": 2}]}),
        (
            "new",
            {"y": 1},
            {"a": {"b": 1}, "list": [{"x": 1}, {"x": 2}], "new": {"y": 1}},
        ),
        ("a", ..., {"list": [{"x": 1}, {"x": 2}]}),
        ("missing", ..., {"a": {"b": 1}, "list": [{"x": 1}, {"x": 2}]}),
        ("list.0", ..., {"a": {"b": 1}, "list": [{"x": 2}]}),
        ("list.1.x", None, {"a": {"b": 1}, "list": [{"x": 1}, {"x": None}]}),
        ("list.*.x", ..., {"a": {"b": 1}, "list": [{}, {}]}),
    ],
)
def test_edit(path: str, value: Any, expected: Any) -> None:
    """Test key paths reach into objects and lists."""
    document: Any = {"a": {"b": 1}, "list": [{"x": 1}, {"x": 2}]}
    edit(document, path, value)
    assert document == expected


def test_edit_every_value() -> None:
    """Test a star stands for every key too."""
    document = {"site": {"a": 1, "b": 2}, "load": {"b": 3}}
    edit(document, "*.b", ...)
    assert document == {"site": {"a": 1}, "load": {}}


def test_edit_of_nothing() -> None:
    """Test a key path that leads nowhere is an error, not silence."""
    with pytest.raises(KeyError):
        edit({}, "no.where", 1)
