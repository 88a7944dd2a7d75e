"""Meters phase by phase: `/api/meters/site` and `/api/meters/solar`."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayResponseError,
    PhaseMeter,
    parse,
)

from .shapes import (
    NO_LISTS,
    NO_NUMBERS,
    PHASE_METER,
    PHASE_READING,
    PHASES,
    case_name,
    changed,
)

SITE = "/api/meters/site"
SOLAR = "/api/meters/solar"
OTHER: dict[str, Any] = PHASE_METER | {
    "location": "solar",
    "type": "synchrometerY",
    "connection": {"device_serial": "TG0000000301synchrometerY"},
}


def _meter(**changes: Any) -> PhaseMeter:
    """Return what is read from one meter with some keys changed."""
    (meter,) = parse.phase_meters(SITE, orjson.dumps([PHASE_METER | changes])).values()
    return meter


def _measured(**changes: Any) -> PhaseMeter:
    """Return what is read from one meter with some readings changed."""
    return _meter(Cached_readings=PHASES | changes)


@pytest.mark.parametrize("path", [SITE, SOLAR])
@pytest.mark.parametrize("body", [b"null", b"[]", b"[null, 5, []]"])
def test_no_meters(path: str, body: bytes) -> None:
    """Test a site without meters says null, or nothing in a list."""
    assert parse.phase_meters(path, body) == {}


@pytest.mark.parametrize("path", [SITE, SOLAR])
@pytest.mark.parametrize("body", NO_LISTS, ids=case_name)
def test_names_the_endpoint(path: str, body: bytes) -> None:
    """Test an answer of another shape is an error of the endpoint that was asked."""
    with pytest.raises(GatewayResponseError, match=rf"^{path} gives "):
        parse.phase_meters(path, body)


def test_two_meters() -> None:
    """Test meters are told apart by serial number, each with its type."""
    meters = parse.phase_meters(SITE, orjson.dumps([PHASE_METER, OTHER]))
    other = replace(
        PHASE_READING,
        kind="synchrometerY",
        serial_number="TG0000000301synchrometerY",
    )
    assert meters == {
        PHASE_READING.serial_number: PHASE_READING,
        other.serial_number: other,
    }


@pytest.mark.parametrize(
    "connection", [{}, None, {"device_serial": ""}, {"device_serial": 5}], ids=case_name
)
def test_a_serial_number_in_another_place(connection: Any) -> None:
    """Test the readings' own number stands in, and one of both there must be."""
    found = _meter(connection=connection)
    assert found == replace(PHASE_READING, serial_number="of the readings")
    unnamed = PHASE_METER | {"connection": connection, "Cached_readings": {}}
    assert parse.phase_meters(SITE, orjson.dumps([unnamed, OTHER])).keys() == {
        "TG0000000301synchrometerY"
    }


@pytest.mark.parametrize(
    ("cts", "inverted", "expected"),
    [
        ([True] * 4, [True, False] * 2, (True, False, True, False)),
        ([False] * 4, [True] * 4, (None,) * 4),
        ([True, True, True, False], [True], (True,)),
        ([True], [False, True, True, True], (False,)),
        ([True, None, 1, True], [None, True, True, "true"], (None, None, None, None)),
        (None, [True] * 4, ()),
        ([True] * 4, None, ()),
        ("true", {}, ()),
        ([], [], ()),
    ],
)
def test_current_transformers(
    cts: Any, inverted: Any, expected: tuple[bool | None, ...]
) -> None:
    """Test a transformer that is used tells which way it is read, no other does."""
    assert _meter(cts=cts, inverted=inverted).inverted == expected


@pytest.mark.parametrize("value", [*NO_NUMBERS, ...], ids=case_name)
def test_values_a_meter_does_not_have(value: Any) -> None:
    """Test each value that is none is None by itself: the other phases are read."""
    keys = {
        **{f"v_l{n}n": ("voltage", n - 1) for n in (1, 2, 3)},
        **{
            f"{name}_{phase}": (name, number)
            for name in (
                *("real_power", "reactive_power"),
                *("energy_imported", "energy_exported"),
            )
            for number, phase in enumerate("abc")
        },
    }
    for key, (name, phase) in keys.items():
        readings = PHASES | {key: value}
        if value is ...:
            del readings[key]
        expected = list(getattr(PHASE_READING, name))
        expected[phase] = None
        meter = _meter(Cached_readings=readings)
        assert meter == changed(PHASE_READING, name, tuple(expected))


@pytest.mark.parametrize("readings", [None, {}, [], "text"], ids=case_name)
def test_a_meter_without_readings(readings: Any) -> None:
    """Test a meter stays a device while it reads nothing."""
    nothing = (None, None, None)
    assert _meter(Cached_readings=readings) == replace(
        PHASE_READING,
        voltage=nothing,
        real_power=nothing,
        reactive_power=nothing,
        energy_imported=nothing,
        energy_exported=nothing,
    )


def test_zeros() -> None:
    """Test 0 is a value like others, and less is no lifetime energy."""
    zeros = _measured(**dict.fromkeys(PHASES, 0))
    assert zeros.voltage == zeros.real_power == zeros.reactive_power == (0, 0, 0)
    assert zeros.energy_imported == zeros.energy_exported == (0, 0, 0)
    lower = _measured(energy_imported_b=-1, energy_exported_c=-0.5, real_power_a=-0.0)
    assert lower.energy_imported == (41000, None, 2)
    assert lower.energy_exported == (7500, 7590, None)
    assert str(lower.real_power[0]) == "0.0"


def test_a_kind_of_meter() -> None:
    """Test the gateway's own word for it is kept, whatever it is."""
    assert _meter(type="neurio_w2_tcp").kind == "neurio_w2_tcp"
    assert _meter(type="something new").kind == "something new"
    assert _meter(type=None).kind is None
