"""Vitals read off the bytes, with nothing of protobuf's."""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
from typing import Any

from simulator.profiles import PROFILES
from simulator.site import Site
from simulator.vitals import vitals
from simulator.wire import encode_vitals

VARINT, FIXED64, LENGTH = 0, 1, 2

type Reading = float | str | bool


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A device as the bytes have it; None where a field is missing."""

    din: str
    part: str | None
    serial: str | None
    manufacturer: str | None
    parent: str | None
    firmware: str | None
    seen: int
    attributes: tuple[int, Any]
    """The number of their kind, and what they are."""
    readings: dict[str, Reading]
    alerts: list[str]

    @property
    def kind(self) -> str:
        """Return the first part of the DIN."""
        return self.din.split("--")[0]


def decoded(content: bytes) -> list[Decoded]:
    """Return all devices; anything that vitals do not have is an error."""
    fields = list(_fields(content))
    assert {(number, kind) for number, kind, _ in fields} == {(1, LENGTH)}
    return [_device(value) for _, _, value in fields]


type Shape = dict[str, int | Shape]

SHAPE: Shape = {
    "1": {  # device with vitals
        "1": {  # connected device
            "1": {  # device
                **{number: {"1": LENGTH} for number in "123467"},  # texts
                "9": {"1": VARINT},  # last communication
                "11": {  # attributes
                    "1": {"1": VARINT},  # ECU type
                    "3": {"1": VARINT},  # nameplate power
                    "4": {"1": LENGTH},  # locations, packed
                },
            }
        },
        "2": {"1": LENGTH, "4": FIXED64, "5": LENGTH, "6": VARINT},  # vital
        "3": LENGTH,  # alert
    }
}
"""What vitals consist of: the numbers of fields, within each other, and wire types."""


def shape(content: bytes, known: Shape) -> Shape:
    """Return which fields there are, looking into those that are known for messages."""
    found: Shape = {}
    for number, kind, value in _fields(content):
        inner = known.get(str(number))
        if not isinstance(inner, dict):
            found[str(number)] = kind
            continue
        assert kind == LENGTH
        seen = found.setdefault(str(number), {})
        assert isinstance(seen, dict)
        _merge(seen, shape(value, inner))
    return found


def _merge(into: Shape, more: Shape) -> None:
    for number, inner in more.items():
        before = into.setdefault(number, inner)
        if isinstance(inner, dict) and isinstance(before, dict):
            _merge(before, inner)
        else:
            assert before == inner, f"field {number} has two wire types"


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    value = shift = 0
    while content[at] & 0x80:
        value |= (content[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | content[at] << shift, at + 1


def _fields(content: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield number, wire type and content of each field of a message."""
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        number, kind = tag >> 3, tag & 7
        value: Any
        if kind == VARINT:
            value, at = _varint(content, at)
        elif kind == FIXED64:
            value, at = struct.unpack_from("<d", content, at)[0], at + 8
        else:
            assert kind == LENGTH
            size, at = _varint(content, at)
            value, at = content[at : at + size], at + size
        yield number, kind, value
    assert at == len(content)


def _only(content: bytes, number: int) -> Any:
    """Return the only field of a message."""
    [(found, _, value)] = _fields(content)
    assert found == number
    return value


def _reading(content: bytes) -> tuple[str, Reading]:
    """Return name and value, whose field tells its type."""
    (first, _, name), (number, kind, value) = _fields(content)
    assert first == 1
    match number, kind:
        case 4, 1:
            return name.decode(), value
        case 5, 2:
            return name.decode(), value.decode()
        case 6, 0 if value in (0, 1):
            return name.decode(), bool(value)
    raise AssertionError(f"{name!r} has field {number} of wire type {kind}")


def _attributes(content: bytes) -> tuple[int, Any]:
    """Return their kind, and an ECU type, a nameplate power or packed locations."""
    [(kind, _, inner)] = _fields(content)
    value = _only(inner, 1)
    return kind, [*value] if kind == 4 else value


def _device(content: bytes) -> Decoded:
    parts: dict[int, list[bytes]] = {1: [], 2: [], 3: []}
    for number, _, value in _fields(content):
        parts[number].append(value)
    [connected] = parts[1]
    fields = [(number, value) for number, _, value in _fields(_only(connected, 1))]
    device = dict(fields)
    assert len(device) == len(fields)
    assert device.keys() <= {1, 2, 3, 4, 6, 7, 9, 11}
    texts = {n: _only(device[n], 1).decode() for n in device if n < 8}
    readings = [_reading(vital) for vital in parts[2]]
    assert len(dict(readings)) == len(readings)
    return Decoded(
        din=texts[1],
        part=texts.get(2),
        serial=texts.get(3),
        manufacturer=texts.get(4),
        parent=texts.get(6),
        firmware=texts.get(7),
        seen=_only(device[9], 1),
        attributes=_attributes(device[11]),
        readings=dict(readings),
        alerts=[alert.decode() for alert in parts[3]],
    )


def vitals_bytes(site: Site) -> bytes:
    """Return the vitals of a site on firmware 21.44."""
    return encode_vitals(vitals(site, PROFILES["21.44"]))


def all_of(site: Site, kind: str) -> list[Decoded]:
    """Return the devices of a kind."""
    return [device for device in decoded(vitals_bytes(site)) if device.kind == kind]


def one_of(site: Site, kind: str) -> Decoded:
    """Return the only device of a kind."""
    [device] = all_of(site, kind)
    return device
