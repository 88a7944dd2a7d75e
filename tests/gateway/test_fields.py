"""Fields of JSON: what they should be, or missing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import GatewayResponseError, fields

from .shapes import NEVER, NO_LISTS, NO_OBJECTS, case_name

PATH = "/api/some/thing"


def read(reader: Callable[[fields.Object, str], Any], json: bytes) -> Any:
    """Return what a reader makes of a value in the JSON of an answer."""
    return reader(fields.json_object(PATH, b'{"key": %s}' % json), "key")


def read_value(reader: Callable[[fields.Object, str], Any], value: Any) -> Any:
    """Return what a reader makes of a value."""
    return read(reader, orjson.dumps(value))


@pytest.mark.parametrize("body", NO_OBJECTS, ids=case_name)
def test_an_object_is_one(body: bytes) -> None:
    """Test what is no object is an error that names the endpoint, not the answer."""
    with pytest.raises(GatewayResponseError, match=rf"^{PATH} gives ") as raised:
        fields.json_object(PATH, body)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("reader", [fields.json_array, fields.json_texts])
@pytest.mark.parametrize("body", NO_LISTS, ids=case_name)
def test_a_list_is_one(reader: Callable[[str, bytes], Any], body: bytes) -> None:
    """Test what is no list is an error that names the endpoint, not the answer."""
    with pytest.raises(GatewayResponseError, match=rf"^{PATH} gives ") as raised:
        reader(PATH, body)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("body", [b"null", b"[]", b" null ", b"[null, 1, true, [{}]]"])
def test_a_list_may_be_nothing(body: bytes) -> None:
    """Test null is an empty list, and so is one in which nothing can be read."""
    assert fields.json_array(PATH, body) == []
    assert fields.json_texts(PATH, body) == []


def test_lists_keep_what_can_be_read() -> None:
    """Test elements of other types are left out of a list, one by one."""
    body = b'[1, {"a": 1}, null, "b", ["c"], {}]'
    assert fields.json_array(PATH, body) == [{"a": 1}, {}]
    assert fields.json_texts(PATH, body) == ["b"]
    answer = {"key": [1, {"a": 1}, None, "b", ["c"], {}]}
    assert fields.objects(answer, "key") == [{"a": 1}, {}]
    assert fields.texts(answer, "key") == ("b",)


@pytest.mark.parametrize(
    ("json", "value"),
    [
        (b"5", 5),
        (b"-29.400000000000002", -29.400000000000002),
        (b"504624507995029504", 504624507995029504),
        (b"1" + b"0" * 30, 1e30),
        (b"-1e300", -1e300),
        (b"-1.7e308", None),
        (b"5e-324", 5e-324),
        *((json, None) for json in (b"null", b"true", b"false", b'"5"', b"[5]", b"{}")),
    ],
)
def test_numbers(json: bytes, value: float | None) -> None:
    """Test a number is read that a gateway can mean, and nothing else for one."""
    assert read(fields.number, json) == value


@pytest.mark.parametrize("json", [b"-0", b"-0.0", b"0", b"0.0", b"-0e9"])
def test_no_zero_has_a_sign(json: bytes) -> None:
    """Test the gateway's -0 is 0."""
    assert str(read(fields.number, json)) in ("0", "0.0")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2, 2), (2.0, 2), (0, 0), (-1, -1), (2.5, None), ("2", None), (True, None)],
)
def test_whole_numbers(value: Any, expected: int | None) -> None:
    """Test only a whole number is one, however it is written."""
    whole = read_value(fields.whole, value)
    assert whole == expected
    assert not isinstance(whole, float | bool)


@pytest.mark.parametrize(
    ("value", "energy"),
    [(0.5, 0.5), (642500, 642500), (0, 0), (-0.0, 0), (-0.5, None), ("5", None)],
)
def test_lifetime_energies(value: Any, energy: float | None) -> None:
    """Test less than 0, seen after a meter change, is none."""
    assert read_value(fields.lifetime, value) == energy


def test_flags() -> None:
    """Test true and false are flags, and what may look like them is not."""
    assert read_value(fields.flag, value=True) is True
    assert read_value(fields.flag, value=False) is False
    others: tuple[Any, ...] = (None, 1, 0, "true", "", {})
    for other in others:
        assert read_value(fields.flag, other) is None
        assert read_value(fields.flags, other) == ()
    assert read_value(fields.flag, [True]) is None
    values = read_value(fields.flags, [True, None, False, 1, "true"])
    assert values == (True, None, False, None, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a b", "a b"), (" a\n", "a"), ("", None), (" \n", None), (5, None), (None, None)],
)
def test_texts(value: Any, text: str | None) -> None:
    """Test a text without anything in it is none."""
    assert read_value(fields.text, value) == text


def test_what_is_missing() -> None:
    """Test a key that is not there is as good as null."""
    for reader in (
        *(fields.number, fields.whole, fields.lifetime, fields.flag, fields.text),
        *(fields.moment, fields.epoch, fields.duration, fields.words),
    ):
        assert reader({}, "key") is None
    assert fields.flags({}, "key") == fields.texts({}, "key") == ()
    assert fields.objects({}, "key") == fields.units({}, "key") == []
    assert fields.inner({}, "key") == {}
    assert fields.inner({"key": ["a"]}, "key") == {}


WEST = timezone(timedelta(hours=-7))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (
            "2021-12-16T22:17:15.683707425-07:00",
            datetime(2021, 12, 16, 22, 17, 15, 683707, WEST),
        ),
        ("2021-05-21T16:51:00Z", datetime(2021, 5, 21, 16, 51, tzinfo=UTC)),
        (NEVER, None),
        ("0001-01-01T00:00:00-07:00", None),
        ("9999-12-31T23:59:59-08:00", None),
        ("2021-12-16T22:17:15", None),
        ("2021-13-16T22:17:15Z", None),
        ("yesterday", None),
        ("", None),
        (1639718235, None),
        (None, None),
    ],
)
def test_moments(value: Any, moment: datetime | None) -> None:
    """Test times have an offset, nine decimals or none, and "never" is none."""
    assert read_value(fields.moment, value) == moment


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1623278146367, datetime(2021, 6, 9, 22, 35, 46, 367000, UTC)),
        (1, datetime(1970, 1, 1, 0, 0, 0, 1000, UTC)),
        (253402300799000, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        *((value, None) for value in (0, -1, 253402300800000, 1e300, "1", True, None)),
    ],
)
def test_epochs(value: Any, moment: datetime | None) -> None:
    """Test milliseconds since 1970 are a time as long as there are such times."""
    assert read_value(fields.epoch, value) == moment


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("53h7m8.673739945s", 191228.67374),
        ("230h55m59.932079901s", 831359.93208),
        ("2d", 172800),
        ("3h", 10800),
        ("4m", 240),
        ("5s", 5),
        ("6ms", 0.006),
        ("7us", 0.000007),
        ("8µs", 0.000008),
        ("9000ns", 0.000009),
        ("600ns600ns", 0.000001),
        ("1d2h3m4.5s5ms6us", 93784.505006),
        ("1.5h", 5400),
        ("0.25m", 15),
        ("0s", 0),
        (" 5s ", 5),
    ],
)
def test_durations(written: str, seconds: float) -> None:
    """Test durations as Go writes them, in every unit, to the microsecond."""
    assert read_value(fields.duration, written) == timedelta(seconds=seconds)
    escaped = b'"%s"' % written.encode("unicode_escape").replace(b"\\xb5", b"\\u00b5")
    assert read(fields.duration, escaped) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "5", "s", "-5s", "+5s", "5S", "5h 7m", "5h7", "h5m", "1.s", ".5s"),
        *("1.2.3s", "1e3s", "5 s", "5sec", "5y", "802459s,", "P1DT2H", "9" * 400 + "s"),
        *(53, 53.5, None, True, [], {}, ["5s"]),
    ],
)
def test_durations_that_are_none(written: Any) -> None:
    """Test what Go would not write is no duration."""
    assert read_value(fields.duration, written) is None


def test_the_longest_duration() -> None:
    """Test there is none that Go could not hold: nanoseconds in 64 bits."""
    days = timedelta(days=106751)
    assert read_value(fields.duration, "106751d") == days
    assert read_value(fields.duration, "2562047h47m16s") == timedelta(
        seconds=9223372036
    )
    for written in ("2562047h47m17s", "106752d", "999999999d", "999999999d" * 40):
        assert read_value(fields.duration, written) is None
