"""The installed Powerwalls: `/api/powerwalls`."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    Powerwall,
    Powerwalls,
    SystemActivity,
    UnitUpdate,
    parse_installation,
)

from .shapes import NO_FLAGS, NO_NUMBERS, case_name, changed
from .shapes_installation import (
    COMMISSIONING,
    DIN,
    DONE,
    IDLE_UNIT,
    NOT_BEGUN,
    POWERWALL,
    UNIT,
    checks,
)

ACTIVITIES = {
    "updating": SystemActivity.UPDATING,
    "enumerating": SystemActivity.ENUMERATING,
    "checking_if_offgrid": SystemActivity.CHECKING_GRID,
    "running_phase_detection": SystemActivity.DETECTING_PHASES,
    "bubble_shedding": SystemActivity.SHEDDING_BUBBLE,
    "grid_code_validating": SystemActivity.VALIDATING_GRID_CODE,
    "grid_qualifying": SystemActivity.QUALIFYING_GRID,
}
"""By their flags; of several at a time the first one is told."""
QUIET = dict.fromkeys(ACTIVITIES, False)


def _powerwalls(**answer: Any) -> Powerwalls:
    """Return what is read from an answer."""
    return parse_installation.powerwalls(orjson.dumps(answer))


def _unit(**changes: Any) -> Powerwall:
    """Return what is read from one unit with some keys changed."""
    (unit,) = _powerwalls(powerwalls=[UNIT | changes]).units.values()
    return unit


def _update(*steps: tuple[str, str, Any]) -> UnitUpdate:
    """Return what is read from the steps of an update."""
    return _unit(update_diagnostic=checks(*steps)).update


@pytest.mark.parametrize(
    "units", [*NO_NUMBERS, [None, 1, "text", []], ...], ids=case_name
)
def test_powerwalls_that_are_none(units: Any) -> None:
    """Test lists that are null, missing or of something else."""
    answer = {} if units is ... else {"powerwalls": units}
    read = _powerwalls(gateway_din=DIN, **answer)
    assert read.units == {}
    assert read.gateway_din == DIN


@pytest.mark.parametrize("key", ["PackageSerialNumber", "PackagePartNumber"])
@pytest.mark.parametrize("value", ["", " ", None, 5])
def test_a_powerwall_without_a_number_is_left_out(key: str, value: Any) -> None:
    """Test a unit that cannot be told from others: it would be a device of its own."""
    units = [UNIT | {key: value}, UNIT]
    assert _powerwalls(powerwalls=units).units == {POWERWALL.din: POWERWALL}


def test_units_by_their_number() -> None:
    """Test several units, in their order."""
    second = UNIT | {"PackageSerialNumber": "TG0000000000", "type": "SolarPowerwall"}
    units = _powerwalls(powerwalls=[UNIT, second]).units
    assert [*units] == ["3012170-05-B--TG0000000001", "3012170-05-B--TG0000000000"]
    assert [unit.kind for unit in units.values()] == ["ACPW", "SolarPowerwall"]


@pytest.mark.parametrize("value", [None, {}, [], "", ...], ids=case_name)
def test_a_unit_of_wrong_types(value: Any) -> None:
    """Test a value of the wrong type, or none, costs that value only."""
    for key, name in {
        "type": "kind",
        "grid_reconnection_time_seconds": "reconnection_time",
        "under_phase_detection": "under_phase_detection",
        "in_config": "in_config",
    }.items():
        unit = UNIT | {key: value}
        if value is ...:
            del unit[key]
        (read,) = _powerwalls(powerwalls=[unit]).units.values()
        assert read == changed(POWERWALL, name)
    assert _unit(updating=None).update == replace(IDLE_UNIT, updating=None)
    assert _unit(update_diagnostic=value if value is not ... else 5) == POWERWALL


def test_zero_and_true() -> None:
    """Test 0 s is a time, and true is told apart from false."""
    unit = _unit(
        grid_reconnection_time_seconds=0,
        under_phase_detection=True,
        in_config=False,
        updating=True,
    )
    assert unit.reconnection_time == 0
    assert unit.under_phase_detection is True
    assert unit.in_config is False
    assert unit.update.updating is True


@pytest.mark.parametrize("state", ["Grid_Uncompliant", "Grid_Compliant", "", None])
@pytest.mark.parametrize(
    "commissioning",
    [
        COMMISSIONING,
        checks(("CAN connectivity", "pass", 1)),
        checks(("CAN connectivity", "running", 0.5)),
        None,
    ],
    ids=["failed", "passed", "running", "none"],
)
def test_commissioning_checks_are_not_read(commissioning: Any, state: Any) -> None:
    """Test what always fails while the site controller runs changes nothing."""
    healthy = _unit(commissioning_diagnostic=commissioning, grid_state=state)
    assert healthy == POWERWALL
    read = _powerwalls(sync={"commissioning_diagnostic": commissioning})
    assert read.accessories["synchronizer"] == replace(IDLE_UNIT, updating=None)


@pytest.mark.parametrize(
    ("steps", "progress", "failed"),
    [
        ([], None, ()),
        ([("a", "not_run", 0), ("b", "not_run", 0)], None, ()),
        ([("a", "not_run", 0.5)], None, ()),
        ([("a", None, 0.5), ("b", 5, 1)], None, ()),
        ([("a", "running", 0), ("b", "not_run", 0)], 0, ()),
        ([("a", "running", 0.5), ("b", "not_run", 0)], 25, ()),
        ([("a", "pass", 1), ("b", "not_run", 0)], 50, ()),
        (
            [("a", "pass", 1), ("b", "running", 0.125), ("c", "not_run", None)],
            37.5,
            (),
        ),
        ([("a", "pass", 1), ("b", "pass", 1)], 100, ()),
        ([("a", "pass", 1), ("b", "fail", 0.5)], 75, ("b",)),
        ([("a", "fail", 0), ("b", "pass", 1), ("c", "fail", 0.5)], 50, ("a", "c")),
        ([("a", "running", 1.5), ("b", "running", -2)], 50, ()),
        ([("a", "running", True), ("b", "running", "1")], 0, ()),
        ([("a", "something new", 0.5)], 50, ()),
    ],
    ids=case_name,
)
def test_progress_of_an_update(
    steps: list[tuple[str, str, Any]], progress: float | None, failed: tuple[str, ...]
) -> None:
    """Test progress is the mean of all steps in percent, once one of them began."""
    update = _update(*steps)
    assert update == UnitUpdate(
        updating=False,
        progress=progress,
        failed_checks=failed,
    )


@pytest.mark.parametrize("steps", [None, {}, "text", [None, 5, "a", []]], ids=case_name)
def test_an_update_without_steps(steps: Any) -> None:
    """Test a list that is null or of something else is no update."""
    assert _unit(update_diagnostic={"checks": steps}) == POWERWALL


@pytest.mark.parametrize(
    ("key", "name"), [("sync", "synchronizer"), ("msa", "backup_switch")]
)
def test_accessories(key: str, name: str) -> None:
    """Test synchronizer and backup switch are updated like a Powerwall."""
    rest = [("c", "not_run", 0), ("d", "not_run", 0)]
    failing = checks(("a", "pass", 1), ("b", "fail", 0), *rest)
    for diagnostic, updating, expected in (
        (DONE, True, UnitUpdate(updating=True, progress=100, failed_checks=())),
        (NOT_BEGUN, False, IDLE_UNIT),
        (
            failing,
            True,
            UnitUpdate(updating=True, progress=25, failed_checks=("b",)),
        ),
    ):
        read = _powerwalls(
            **{key: {"updating": updating, "update_diagnostic": diagnostic}}
        )
        assert read.accessories == {name: expected}


@pytest.mark.parametrize("value", [None, [], "", 5, True])
def test_no_accessories(value: Any) -> None:
    """Test null is no synchronizer, and no backup switch."""
    read = _powerwalls(sync=value, msa=value)
    assert read.accessories == {}


@pytest.mark.parametrize(("flag", "activity"), ACTIVITIES.items())
def test_activities(flag: str, activity: SystemActivity) -> None:
    """Test each flag tells of something that the gateway does."""
    assert _powerwalls(**QUIET | {flag: True}).activity is activity
    assert _powerwalls(**{flag: True}).activity is activity
    for other in NO_FLAGS:
        assert _powerwalls(**QUIET | {flag: other}).activity is SystemActivity.IDLE
        assert _powerwalls(**{flag: other}).activity is None
    assert _powerwalls(**{flag: False}).activity is SystemActivity.IDLE


@pytest.mark.parametrize(("first", "second"), combinations(ACTIVITIES, 2))
def test_two_activities(first: str, second: str) -> None:
    """Test of two at a time the one that matters more is told, in whatever order."""
    for flags in ({first: True, second: True}, {second: True, first: True}):
        assert _powerwalls(**flags).activity is ACTIVITIES[first]


def test_idle() -> None:
    """Test what is the case on a healthy system, and no activity."""
    read = _powerwalls(
        **QUIET,
        is_on_grid=True,
        phase_detection_not_available=True,
        phase_detection_last_error="no phase information",
        on_grid_check_error="run sitemanager flag enabled",
        states=["updating meter socket adapter"],
    )
    assert read.activity is SystemActivity.IDLE
    assert read.updating is read.enumerating is False


@pytest.mark.parametrize("key", ["updating", "enumerating"])
def test_flags_of_the_system(key: str) -> None:
    """Test each of the two flags is its own, and None where it is none."""
    assert getattr(_powerwalls(**QUIET | {key: True}), key) is True
    assert getattr(_powerwalls(**QUIET), key) is False
    for value in NO_FLAGS:
        read = _powerwalls(**QUIET | {key: value})
        assert getattr(read, key) is None
        assert {read.updating, read.enumerating} == {None, False}
