"""No answer that the transport lets through holds up the event loop.

The nastiest that came to mind, each of 4 MiB or of as much as is read at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache
import gzip
from itertools import chain
import math
from time import process_time
from typing import Any, Final
import zlib

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    Alert,
    GatewayResponseError,
    fields,
    vitals,
)
from custom_components.tesla_gateway.gateway.journal import MAX_KEPT
from custom_components.tesla_gateway.gateway.transport import MAX_ANSWER
from simulator.bodies import body as simulated
from simulator.profiles import PROFILES, TEDAPI_DIN
from simulator.scenarios import SCENARIOS
from simulator.wire import encode

from .parsers import BY_PATH, OF_VITALS, OTHERS, good_answers
from .shapes import FAULT, Parse
from .vitals_site import USUAL_READING, reading, simulated_body

LONGEST: Final = 0.05
"""Seconds of the processor's time; what Home Assistant calls a blocked loop is more.

On the machine that they were meant for; a slower one, or one whose caches others use,
has as many more as it takes for a reading of vitals.
"""
MOST_VALUES: Final = 8_000
MOST_BYTES: Final = 128 * 1024
MOST_DEVICES: Final = 500
MOST_VITALS: Final = 5_000
"""What a parser reads, as it says itself."""

PIECES: Final = (
    *("[]", "{}", "0", '""', '{"":0}', "[[[[[[[[]]]]]]]]", '"\\u002c"', "null"),
)
PATTERNS: Final = ("a1", "a ", "1s", "_", "A", "é", "a_", "--", "{},", "\\")


@cache
def json_bodies() -> list[bytes]:
    """Return what is JSON, or begins like it, of any kind."""
    repeated = (b"[", b'{"a":', b" ", b"1", b"\\", b"\xff", b"\0", b"\\u")
    return [
        *(body for piece in PIECES for body in _lists("[%]", piece)),
        b"{%s}" % b",".join(b'"%x":0' % n for n in range(MAX_ANSWER // 10)),
        b"{%s}" % b",".join(b'"%x":0' % n for n in range(MOST_VALUES - 1)),
        *(each * (MAX_ANSWER // len(each)) for each in repeated),
    ]


def like(document: Any) -> Iterator[bytes]:
    """Yield a document with one of its lists as long as can be, or all of its texts."""
    holder = {"": document}
    for container, key in list(_places(holder, list)):
        value, container[key] = container[key], "%"
        form = orjson.dumps(holder[""]).decode().replace('"%"', "[%]")
        for each in (*value[:1], *map(_lean, value[:1]), {}):
            yield from _lists(form, orjson.dumps(each).decode())
        container[key] = value
    texts = list(_places(holder, str))
    for pattern in PATTERNS:
        room = (MAX_ANSWER - 9999) // max(len(texts), 1)
        for container, key in texts:
            container[key] = pattern * (room // len(orjson.dumps(pattern)[1:-1]))
        yield orjson.dumps(document)


def _lists(form: str, piece: str) -> Iterator[bytes]:
    """Yield a list of one piece: as long as any answer, and as much as is read."""
    begin, end = form.encode().split(b"%")
    longest = (MAX_ANSWER - len(form)) // (len(piece) + 1)
    most = (MOST_VALUES - _values(form)) // (_values(piece) + 1)
    for times in {longest, min(longest, most)}:
        yield begin + b",".join([piece.encode()] * times) + end


def _values(json: str) -> int:
    """Return how many values there are at most."""
    return sum(map(json.count, ("{", "[", ",", "\\u")))


def _lean(value: Any) -> Any:
    """Return a unit with nothing but what makes it one."""
    if not isinstance(value, dict):
        return value
    kept = ("PackagePartNumber", "PackageSerialNumber", "connection")
    return {key: value[key] for key in kept if key in value}


def _places(value: Any, kind: type) -> Iterator[tuple[Any, Any]]:
    """Yield where in a value there is something of a kind."""
    match value:
        case dict():
            inside: Any = list(value.items())
        case list():
            inside = list(enumerate(value))
        case _:
            return
    for key, each in inside:
        if isinstance(each, kind):
            yield value, key
        yield from _places(each, kind)


def vitals_bodies() -> Iterator[bytes]:
    """Yield what is protobuf, or begins like it."""
    real = simulated_body(batteries=10)
    for piece in (b"\n\0", b"\x78\0", b"\xff", b"\0", b"\n\2\n\0", b"\x7b\x7c", real):
        for length in (MAX_ANSWER, MOST_BYTES):
            yield piece * (length // len(piece))
    for kind, name in (
        *(("STSTSM", ""), ("TETHC", "THC_AmbientTemp"), ("PVAC", "PVAC_Pout")),
        *(("TESYNC", "ISLAND_L1L2PhaseDelta"), ("NEURIO", "NEURIO_CT0_Location")),
    ):
        yield _devices(kind, MOST_DEVICES, [name] * (MOST_VITALS // MOST_DEVICES))
        yield _devices(kind, 1, [name] * MOST_VITALS)
        yield _devices(kind, 1, [f"{number}" for number in range(MOST_VITALS)])
        yield _devices(kind, MOST_DEVICES, [], ["a1"] * (MOST_VITALS // MOST_DEVICES))
        yield _devices(kind, 1, [], [f"{number}" for number in range(MOST_VITALS)])
        yield _devices(kind, 1, [], ["a1" * (MOST_BYTES // 2 - 99)])
        yield _devices(kind, 1, ["a1" * (MOST_BYTES // 2 - 99)])
    for text in ("a1", " ", "é", "--"):
        yield _field(1, _device("TETHC", 1, [], [])) + _state(text * (MOST_BYTES // 4))


def _field(number: int, content: bytes) -> bytes:
    """Return a field of protobuf that holds others."""
    length, size = len(content), bytearray()
    while length > 127:
        size.append(length & 127 | 128)
        length >>= 7
    return bytes((number << 3 | 2, *size, length)) + content


def _devices(
    kind: str, times: int, names: Sequence[str], alerts: Sequence[str] = ()
) -> bytes:
    """Return devices with vitals of these names, fewer where they are too long."""
    body = bytearray()
    for number in range(times):
        device = _field(1, _device(kind, number, names, alerts))
        if len(body) + len(device) > MOST_BYTES and body:
            break
        body += device
    while len(body) > MOST_BYTES:
        return _devices(kind, times, names[: len(names) * 3 // 4], alerts)
    return bytes(body)


def _device(
    kind: str, number: int, names: Sequence[str], alerts: Sequence[str]
) -> bytes:
    """Return a device on the wire."""
    about = b"".join(
        _field(field, _field(1, text.encode()))
        for field, text in ((1, f"{kind}--p--{number}"), (6, "TETHC--p--0"))
    )
    value = b"\x21" + bytes(8)
    return (
        _field(1, _field(1, about))
        + b"".join(_field(2, _field(1, name.encode()) + value) for name in names)
        + b"".join(_field(3, alert.encode()) for alert in alerts)
    )


def _state(text: str) -> bytes:
    """Return a device whose state is some text."""
    vital = _field(1, b"THC_State") + _field(5, text.encode())
    about = _field(1, _field(1, _field(1, _field(1, b"TETHC--p--1"))))
    return _field(1, about + _field(2, vital))


def slow(read: Parse, answers: Iterable[bytes]) -> dict[str, int]:
    """Return what takes too long to be read, and how many milliseconds."""
    took, good = {}, 0
    for body in answers:
        assert len(body) <= MAX_ANSWER
        seconds = math.inf
        for _ in range(10):
            began = process_time()
            with suppress(GatewayResponseError):
                read(body)
                good += 1
            seconds = min(seconds, process_time() - began)
            if seconds <= LONGEST:
                break
        if seconds > LONGEST * max(1, reading() / USUAL_READING):
            took[f"{body[:40]!r}... ({len(body)})"] = round(seconds * 1000)
    assert good
    return took


@pytest.mark.parametrize("path", BY_PATH)
def test_json(path: str) -> None:
    """Test each parser of JSON."""
    document = orjson.loads(max(good_answers(path), key=len))
    assert slow(BY_PATH[path], chain(json_bodies(), like(document))) == {}


@pytest.mark.parametrize("name", ["login", "login refusal", "refusal"])
def test_beside_data(name: str) -> None:
    """Test what reads logins and refusals."""
    read, body = OTHERS[name]
    assert slow(read, chain(json_bodies(), like(orjson.loads(body)), [body])) == {}


def test_faults_that_tell_much() -> None:
    """Test JSON in JSON, in which each character may be written as six."""
    entries: tuple[Any, ...] = (
        *({}, {"name": "a1" * 999, "value": "a1" * 999}, {"name": "a", "value": 1}),
        *({"name": "a", "value": "a" + "_" * 60 + "!"}, [[[[]]]]),
    )
    told = []
    for entry in entries:
        for times in (1, 9, 999, 99_999):
            inner = orjson.dumps([entry] * times).decode()
            told.append(orjson.dumps(inner[: MAX_ANSWER // 3]).decode())
            disguised = "".join(f"\\u{ord(char):04x}" for char in inner[:99_999])
            told.append(f'"{disguised}"')
    plain = orjson.dumps({**FAULT, "decoded_alert": "@"}).decode()
    answers = (
        body
        for text in told
        for body in _lists("[%]", plain.replace('"@"', text))
        if len(body) <= MAX_ANSWER
    )
    assert slow(BY_PATH["/api/system_status/grid_faults"], answers) == {}


def test_din() -> None:
    """Test what is too long, and what is too long when unzipped."""
    read, good = OTHERS[TEDAPI_DIN]
    deflate = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    empty_blocks = deflate.compress(b"") + b"\0\0\0\xff\xff" * (MAX_ANSWER // 5 - 9)
    answers = (
        *(b"a" * MAX_ANSWER, b"-" * MAX_ANSWER, b" " * MAX_ANSWER, b"-" * 128, good),
        *(gzip.compress(bytes(64 * 1024 * 1024), 1), empty_blocks),
    )
    assert slow(read, answers) == {}


@pytest.mark.parametrize("name", OF_VITALS)
def test_vitals(name: str) -> None:
    """Test each reader of vitals; what the journal does not keep becomes no JSON."""
    longest = MAX_KEPT if name == "vitals as JSON" else MAX_ANSWER
    answers = (body for body in vitals_bodies() if len(body) <= longest)
    assert slow(OF_VITALS[name], answers) == {}


@pytest.mark.parametrize("path", BY_PATH)
def test_large_sites_are_read(path: str) -> None:
    """Test the bounds are far from what is real: four times ten Powerwalls."""
    document = simulated(path, SCENARIOS["day"].site(10), PROFILES["21.44"])
    units = document if isinstance(document, list) else [document]
    assert len(fields.json_array(path, encode(units * 4))) in (0, len(units) * 4)


def test_large_vitals_are_read() -> None:
    """Test the bounds are far from ten Powerwalls."""
    five_times = simulated_body(batteries=10) * 5
    assert len(vitals.components(five_times)) > 10


@pytest.mark.parametrize(
    ("value", "worth"), [("0", 1), ("{}", 2), ("[0]", 2), ('"\\u002c"', 2)]
)
def test_bound(value: str, worth: int) -> None:
    """Test where more is told than any gateway has to tell."""
    form = "[" + ",".join([value] * (MOST_VALUES // worth))
    assert len(fields.json_array("/api/x", f"{form}]".encode())) in (
        0,
        MOST_VALUES // worth,
    )
    with pytest.raises(GatewayResponseError, match=r"^/api/x gives more than any "):
        fields.json_array("/api/x", f"{form},0]".encode())


@pytest.mark.parametrize(
    ("devices", "vitals_each", "alerts_each"),
    [(MOST_DEVICES, 0, 0), (1, MOST_VITALS, 0), (1, 0, MOST_VITALS), (10, 250, 250)],
)
def test_bound_of_vitals(devices: int, vitals_each: int, alerts_each: int) -> None:
    """Test the same of vitals: devices, and what all of them tell."""
    told = b"\x12\0" * vitals_each + b"\x1a\0" * alerts_each
    body = _field(1, told) * devices
    assert vitals.unknown_names(body) == ()
    with pytest.raises(GatewayResponseError, match="gives more than any "):
        vitals.unknown_names(body + _field(1, b"\x12\0"))


def test_bound_of_bytes() -> None:
    """Test vitals that are longer than any are not even looked at."""
    unknown = b"\x7a" + bytes((0xFC, 0xFF, 0x07)) + bytes(MOST_BYTES - 4)
    assert len(unknown) == MOST_BYTES
    assert vitals.as_json(unknown) == {}
    with pytest.raises(GatewayResponseError, match="gives more than any "):
        vitals.as_json(unknown + b"\0")


def test_long_names() -> None:
    """Test what is longer than any name is none, and no work."""
    long = {"key": "Ab" * 128, "time": "1s" * 128}
    assert fields.words(long, "key") is None
    assert fields.duration(long, "time") is None
    assert Alert(code=long["key"]).name == long["key"]
    short = {key: text[:254] for key, text in long.items()}
    assert fields.words(short, "key") == "_".join(["ab"] * 127)
    assert fields.duration(short, "time") == timedelta(seconds=127)
    assert Alert(code=short["key"]).name == "Ab" + " ab" * 126


def test_long_refusals() -> None:
    """Test a refusal that is longer than any is one all the same, without its words."""
    read, body = OTHERS["refusal"]
    body = body.replace(b" KLMNP", b"")
    assert "a b" in str(read(body + b" " * (64 * 1024 - len(body))))
    assert "a b" not in str(read(body + b" " * (64 * 1024 - len(body) + 1)))
