"""Disturbances of the grid: `/api/system_status/grid_faults`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    FaultValue,
    GridFault,
    GridFaults,
    parse,
)

from .shapes import (
    FAULT,
    GRID_FAULT,
    NO_TEXTS,
    READ_AT,
    case_name,
    changed,
    grid_faults,
)

OCCURRED_AT = datetime(2021, 6, 9, 22, 35, 46, 367000, UTC)
DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)


def _fault(**changes: Any) -> GridFault:
    """Return what is read from one fault with some keys changed."""
    (fault,) = grid_faults(orjson.dumps([FAULT | changes])).faults
    return fault


def _values(decoded: Any) -> tuple[FaultValue, ...]:
    """Return the values of a fault from what its text holds."""
    return _fault(decoded_alert=orjson.dumps(decoded).decode()).values


@pytest.mark.parametrize("body", [b"[]", b"null", b"[null, 1, [], {}]"])
def test_no_faults(body: bytes) -> None:
    """Test a gateway that remembers none."""
    assert grid_faults(body) == GridFaults(faults=(), recent=0)


def test_the_recorded_fault() -> None:
    """Test a published one: what, when, noticed by whom, and what was measured."""
    assert _fault() == GRID_FAULT
    assert _fault().name == "Vf check over frequency"
    assert _fault(alert_is_fault=True).is_fault is True


@pytest.mark.parametrize("name", [None, "", " ", 7, ...])
def test_a_fault_without_a_name(name: Any) -> None:
    """Test what does not say what it is, is no fault, and the others are kept."""
    unnamed = FAULT | {"alert_name": name}
    if name is ...:
        del unnamed["alert_name"]
    found = grid_faults(orjson.dumps([unnamed, FAULT]))
    assert found == GridFaults(faults=(GRID_FAULT,), recent=1)


@pytest.mark.parametrize("value", [None, {}, [], "", True, ...], ids=case_name)
@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("timestamp", "occurred_at"),
        ("ecu_type", "component"),
        ("ecu_package_serial_number", "serial_number"),
    ],
)
def test_a_fault_that_lacks_something(key: str, name: str, value: Any) -> None:
    """Test a value of the wrong type, or none, costs that value only."""
    fault = FAULT | {key: value}
    if value is ...:
        del fault[key]
    (found,) = grid_faults(orjson.dumps([fault])).faults
    assert found == changed(GRID_FAULT, name)


@pytest.mark.parametrize("value", [None, 0, "false", ...], ids=case_name)
def test_a_fault_or_a_warning(value: Any) -> None:
    """Test it stays unknown when the gateway does not say."""
    fault = FAULT | {"alert_is_fault": value}
    if value is ...:
        del fault["alert_is_fault"]
    (found,) = grid_faults(orjson.dumps([fault])).faults
    assert found.is_fault is None


@pytest.mark.parametrize(
    "decoded",
    [
        *("", " ", "nonsense", "{", "null", "5", '"text"', "[]", "{}", "[" * 2000),
        *('[{"name": "a", "value": 1}', '[{"name": "a", "value": NaN}]'),
        *('{"name": "a", "value": 1}', "[null, 5, [], {}]", '["name", "value"]'),
        *(None, 5, True, [], {}, [{"name": "a", "value": 1}]),
    ],
    ids=case_name,
)
def test_values_that_cannot_be_read(decoded: Any) -> None:
    """Test a text that is broken, or empty, or no text, costs the values alone."""
    assert _fault(decoded_alert=decoded) == replace(GRID_FAULT, values=())


def test_values() -> None:
    """Test numbers and texts, with and without unit, in their order."""
    assert _values(
        [
            {"name": "PINV_alertID", "value": "PINV_a006_vfCheckUnderFrequency"},
            {"name": "PINV_alertType", "value": "Fault"},
            {"name": "PINV_a006_frequency", "value": 59.1, "units": "Hz"},
            {"name": "PINV_a006_status", "value": "Tripped"},
            {"name": "PINV_a006_count", "value": 0, "units": ""},
            {"name": "PINV_a006_slope", "value": -0.0, "units": None, "new": {}},
            {"name": "PINV_a006_time", "value": 18446744073709551615, "units": "us"},
        ]
    ) == (
        FaultValue(name="Frequency", value=59.1, unit="Hz"),
        FaultValue(name="Status", value="Tripped", unit=None),
        FaultValue(name="Count", value=0, unit=None),
        FaultValue(name="Slope", value=0, unit=None),
        FaultValue(name="Time", value=18446744073709551615, unit="us"),
    )


@pytest.mark.parametrize(
    "entry",
    [
        *({"name": name, "value": 1} for name in NO_TEXTS),
        *({"name": "a", "value": value} for value in (None, "", True, [1], {"b": 1})),
        *({"name": "a"}, {"value": 1}),
        *(None, 5, "a", [], [{"name": "a", "value": 1}]),
    ],
    ids=case_name,
)
def test_values_that_are_none(entry: Any) -> None:
    """Test what has no name or no value, or is nested, is left out by itself."""
    sound = {"name": "PINV_a007_frequency", "value": 60.937, "units": "Hz"}
    assert _values([entry, sound]) == GRID_FAULT.values


@pytest.mark.parametrize(
    ("age", "recent"),
    [
        (timedelta(0), 1),
        (DAY - MILLISECOND, 1),
        (DAY, 0),
        (DAY + MILLISECOND, 0),
        (400 * DAY, 0),
    ],
    ids=case_name,
)
def test_counts_a_day(age: timedelta, recent: int) -> None:
    """Test faults count for 24 hours after they occurred, to the millisecond."""
    found = parse.grid_faults(orjson.dumps([FAULT]), now=OCCURRED_AT + age)
    assert found.recent == recent
    assert found.faults == (GRID_FAULT,)


def test_counts_each() -> None:
    """Test of some faults only the recent ones count, in whatever order."""
    hour = 3600 * 1000
    last = round(READ_AT.timestamp() * 1000)
    times = [last, last - 25 * hour, last - 23 * hour, None, last - 24 * hour, 0]
    faults = [FAULT | {"timestamp": each} for each in times]
    found = grid_faults(orjson.dumps(faults))
    assert found.recent == 2
    assert [fault.occurred_at for fault in found.faults] == [
        READ_AT,
        READ_AT - timedelta(hours=25),
        READ_AT - timedelta(hours=23),
        None,
        READ_AT - timedelta(hours=24),
        None,
    ]


def test_equality() -> None:
    """Test two readings of the same faults are equal, however much time passed."""
    again = parse.grid_faults(orjson.dumps([FAULT]), now=READ_AT + timedelta(hours=1))
    assert again == grid_faults(orjson.dumps([FAULT | {"alert_raw": 0}]))
    assert {*again.faults} == {GRID_FAULT}


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": 1623278146368},
        {"alert_name": "PINV_a008_vfCheckRocof"},
        {"alert_is_fault": True},
        {"ecu_type": "TEPOD"},
        {"ecu_package_serial_number": "TG0000000202"},
        {"decoded_alert": "[]"},
    ],
    ids=case_name,
)
def test_difference(changes: dict[str, Any]) -> None:
    """Test faults are told apart by what, when, where and how they were."""
    assert _fault(**changes) != GRID_FAULT
    assert len({_fault(**changes), GRID_FAULT}) == 2


def test_keeps_the_serial_number_out_of_logs() -> None:
    """Test whoever logs a fault does not log whose it is."""
    assert "TG0000000201" not in repr(grid_faults(orjson.dumps([FAULT])))
