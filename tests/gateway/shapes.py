"""What the documented endpoints answer, and what it means."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from custom_components.tesla_gateway.gateway import (
    Battery,
    Charge,
    ComponentKind,
    FaultValue,
    Grid,
    GridFault,
    GridFaults,
    GridStatus,
    Meter,
    MeterKind,
    Operation,
    OperationMode,
    PhaseMeter,
    PhaseMeters,
    SiteController,
    SystemStatus,
    parse,
)

type Parse = Callable[[bytes], Any]
type Shapes = dict[str, tuple[Parse, Any, Any]]
"""By what it is: what reads it, what is answered, and what that means."""

NO_NUMBERS: tuple[Any, ...] = (None, {}, [], "", "12", True, False)
NO_TEXTS: tuple[Any, ...] = (None, "", 5, [], {})
NO_FLAGS: tuple[Any, ...] = (None, 1, "true", [], {})
NONSENSE = (
    *(b"", b"1", b'"text"', b"true", b"\xff\xfe", b"<html>secret</html>"),
    *(b'{"secret":', b'["secret"', b'[{"a": 1e999}]', b'{"a": NaN}', b"[" * 2000),
)
"""Bodies that are neither an object nor a list."""
NO_OBJECTS = (*NONSENSE, b"null", b"[]", b'["secret"]')
NO_LISTS = (*NONSENSE, b"{}", b'{"a": []}', b"false")
READ_AT = datetime(2021, 6, 10, 12, tzinfo=UTC)
"""When whatever depends on the time was read."""

NEVER = "0001-01-01T00:00:00Z"
SITE_METER = {
    "last_communication_time": "2021-05-21T16:51:00.090823193-07:00",
    "instant_power": 5,
    "instant_reactive_power": 156,
    "instant_apparent_power": 156.08010763707205,
    "frequency": 0,
    "energy_exported": 258.6174922525206,
    "energy_imported": 121713.57874840172,
    "instant_average_voltage": 208.2791096101575,
    "instant_total_current": 13.498000000000001,
    "i_a_current": 0,
    "i_b_current": 0,
    "i_c_current": 0,
    "last_phase_voltage_communication_time": NEVER,
    "last_phase_power_communication_time": NEVER,
    "timeout": 1500000000,
}
SITE_READING = Meter(
    real_power=5,
    reactive_power=156,
    apparent_power=156.08010763707205,
    energy_imported=121713.57874840172,
    energy_exported=258.6174922525206,
    voltage=208.2791096101575,
    current=13.498000000000001,
    current_l1=None,
    current_l2=None,
    current_l3=None,
    frequency=None,
)
PACK = {
    "Type": "",
    "PackagePartNumber": "3012170-05-B",
    "PackageSerialNumber": "TG0000000001",
    "disabled_reasons": [],
    "pinv_state": "PINV_GridFollowing",
    "pinv_grid_state": "Grid_Compliant",
    "nominal_energy_remaining": 5964,
    "nominal_full_pack_energy": 14061,
    "p_out": -70,
    "q_out": 30,
    "v_out": 246.9,
    "f_out": 60.007000000000005,
    "i_out": 1.1,
    "energy_charged": 642500,
    "energy_discharged": 567740,
    "off_grid": False,
    "vf_mode": False,
    "wobble_detected": False,
    "charge_power_clamped": False,
    "backup_ready": True,
    "OpSeqState": "Active",
    "version": "223a56cd575b7b",
}
BATTERY = Battery(
    part_number="3012170-05-B",
    serial_number="TG0000000001",
    energy_remaining=5964,
    energy_capacity=14061,
    real_power=-70,
    reactive_power=30,
    voltage=246.9,
    frequency=60.007000000000005,
    energy_charged=642500,
    energy_discharged=567740,
    inverter_state="grid_following",
    grid_state="compliant",
    operation_state="active",
    disabled_reasons=(),
    backup_ready=True,
    off_grid=False,
    vf_mode=False,
    wobble_detected=False,
    charge_power_clamped=False,
)
LIMITS = {
    "battery_target_power": -65.5,
    "battery_target_reactive_power": 7,
    "nominal_full_pack_energy": 14061,
    "nominal_energy_remaining": 5964,
    "max_charge_power": 5000,
    "max_discharge_power": 5001,
    "max_apparent_power": 5002,
    "instantaneous_max_discharge_power": 12000,
    "instantaneous_max_charge_power": 5290,
    "instantaneous_max_apparent_power": 5800,
    "grid_services_power": 1200,
    "system_island_state": "SystemGridConnected",
    "available_blocks": 2,
    "blocks_controlled": 1,
    "max_sustained_ramp_rate": 1250000,
    "last_toggle_timestamp": "2021-12-16T22:17:15.683707425-07:00",
    "solar_real_power_limit": 7600,
}
"""Of the recorded system, with a number of its own for each."""
SYSTEM_STATUS = SystemStatus(
    energy_remaining=5964,
    energy_capacity=14061,
    target_power=-65.5,
    target_reactive_power=7,
    max_charge_power=5000,
    max_discharge_power=5001,
    max_apparent_power=5002,
    instantaneous_max_charge_power=5290,
    instantaneous_max_discharge_power=12000,
    instantaneous_max_apparent_power=5800,
    solar_power_limit=7600,
    grid_services_power=1200,
    max_ramp_rate=1250000,
    available_batteries=2,
    controlled_batteries=1,
    island_state=GridStatus.CONNECTED,
    last_toggle=datetime(
        2021, 12, 16, 22, 17, 15, 683707, timezone(timedelta(hours=-7))
    ),
    batteries={},
)
FAULT = {
    "timestamp": 1623278146367,
    "alert_name": "PINV_a007_vfCheckOverFrequency",
    "alert_is_fault": False,
    "decoded_alert": (
        '[{"name":"PINV_alertID","value":"PINV_a007_vfCheckOverFrequency"},'
        '{"name":"PINV_alertType","value":"Warning"},'
        '{"name":"PINV_a007_frequency","value":60.937,"units":"Hz"}]'
    ),
    "alert_raw": 504624507995029504,
    "git_hash": "0cf970371d243f",
    "site_uid": "a site",
    "ecu_type": "TEPINV",
    "ecu_package_part_number": "1081100-10-U",
    "ecu_package_serial_number": "TG0000000201",
}
GRID_FAULT = GridFault(
    code="PINV_a007_vfCheckOverFrequency",
    is_fault=False,
    occurred_at=datetime(2021, 6, 9, 22, 35, 46, 367000, UTC),
    component="TEPINV",
    serial_number="TG0000000201",
    values=(FaultValue(name="Frequency", value=60.937, unit="Hz"),),
)
PHASES = {
    "instant_power": 2495,
    "energy_imported": 83890,
    "v_l1n": 121.72,
    "v_l2n": 121.78,
    "v_l3n": 121.5,
    "real_power_a": 1267,
    "real_power_b": -1227,
    "real_power_c": 13,
    "reactive_power_a": -93,
    "reactive_power_b": -119,
    "reactive_power_c": 4,
    "energy_imported_a": 41000,
    "energy_imported_b": 42890,
    "energy_imported_c": 2,
    "energy_exported_a": 7500,
    "energy_exported_b": 7590,
    "energy_exported_c": 1,
    "serial_number": "of the readings",
}
PHASE_METER: dict[str, Any] = {
    "id": 0,
    "location": "site",
    "type": "synchrometerX",
    "cts": [True, True, False, False],
    "inverted": [False, True, False, True],
    "connection": {
        "short_id": "1232100-00-E--TG0000000000",
        "device_serial": "TG0000000301synchrometerX",
        "https_conf": {},
    },
    "real_power_scale_factor": 1,
    "Cached_readings": PHASES,
    "ct_voltage_references": {"ct1": "Phase1", "ct2": "Phase2", "ct3": "Phase1"},
}
PHASE_READING = PhaseMeter(
    kind="synchrometerX",
    part_of=ComponentKind.SYNCHRONIZER,
    serial_number="TG0000000301synchrometerX",
    voltage=(121.72, 121.78, 121.5),
    real_power=(1267, -1227, 13),
    reactive_power=(-93, -119, 4),
    energy_imported=(41000, 42890, 2),
    energy_exported=(7500, 7590, 1),
    inverted=(False, True, None, None),
)


def grid_faults(body: bytes) -> GridFaults:
    """Read grid faults at a fixed moment."""
    return parse.grid_faults(body, now=READ_AT)


def site_meters(body: bytes) -> PhaseMeters:
    """Read the meters at the grid."""
    return parse.phase_meters("/api/meters/site", body)


def case_name(case: Any) -> str:
    """Return what a case of a test is called, the same in every process."""
    name = getattr(case, "__name__", None) or repr(case)
    return name if len(name) < 50 else f"{name[:50]}..."


def changed(model: Any, name: str, value: Any = None) -> Any:
    """Return a model with one value changed, or None."""
    return replace(model, **{name: value})


def with_unknown(document: Any) -> Any:
    """Return a document with something in it that nobody knows."""
    new = {"new_key": {"a": [1]}}
    if isinstance(document, dict):
        return document | new
    return [None, 1, "text", [], *(each | new for each in document)]


def any_document(shapes: Shapes) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects in which the keys of some documents are found at any depth."""
    keys = {key for _, document, _ in shapes.values() for key in _keys(document)}
    key = st.sampled_from(sorted(keys))
    moments = st.sampled_from(["9h", "99999999h", NEVER, "9999-12-31T23:59:59-23:59"])
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | moments
    value = st.recursive(
        leaves | st.text(max_size=9),
        lambda inner: st.lists(inner) | st.dictionaries(key, inner),
        max_leaves=9,
    )
    return st.dictionaries(key, value)


def _keys(value: Any) -> set[str]:
    """Return the keys of a document and of all in it."""
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


SHAPES: Shapes = {
    "meters": (parse.meters, {"site": SITE_METER}, {MeterKind.SITE: SITE_READING}),
    "charge": (
        parse.charge,
        {"percentage": 52.7778},
        Charge(percent=(52.7778 - 5) / 0.95, gateway_percent=52.7778),
    ),
    "grid": (
        parse.grid,
        {"grid_status": "SystemGridConnected", "grid_services_active": False},
        Grid(
            status=GridStatus.CONNECTED,
            reported="SystemGridConnected",
            services_active=False,
        ),
    ),
    "grid of old firmware": (
        parse.grid,
        {"grid_status": "SystemIslandedActive"},
        Grid(
            status=GridStatus.ISLANDED,
            reported="SystemIslandedActive",
            services_active=None,
        ),
    ),
    "system status": (
        parse.system_status,
        {**LIMITS, "battery_blocks": [PACK]},
        replace(SYSTEM_STATUS, batteries={"3012170-05-B--TG0000000001": BATTERY}),
    ),
    "system status without batteries": (
        parse.system_status,
        {**LIMITS, "battery_blocks": None},
        SYSTEM_STATUS,
    ),
    "grid faults": (
        grid_faults,
        [FAULT],
        GridFaults(faults=(GRID_FAULT,), recent=1),
    ),
    "phase meters": (
        site_meters,
        [PHASE_METER],
        {"TG0000000301synchrometerX": PHASE_READING},
    ),
    "site controller": (
        parse.site_controller,
        {
            "status": "StatusUp",
            "running": True,
            "connected_to_tesla": True,
            "power_supply_mode": False,
            "can_reboot": "Yes",
        },
        SiteController(
            running=True,
            connected_to_tesla=True,
            power_supply_mode=False,
            reboot_obstacle="none",
        ),
    ),
    "site controller before 2020": (
        parse.site_controller,
        {"running": True, "uptime": "802459s,", "connected_to_tesla": True},
        SiteController(
            running=True,
            connected_to_tesla=True,
            power_supply_mode=None,
            reboot_obstacle=None,
        ),
    ),
    "operation": (
        parse.operation,
        {"real_mode": "autonomous", "backup_reserve_percent": 24},
        Operation(
            mode=OperationMode.AUTONOMOUS,
            reported_mode="autonomous",
            backup_reserve=20,
            gateway_backup_reserve=24,
        ),
    ),
    "operation of old firmware": (
        parse.operation,
        {"mode": "self_consumption", "backup_reserve_percent": 100},
        Operation(
            mode=OperationMode.SELF_CONSUMPTION,
            reported_mode="self_consumption",
            backup_reserve=100,
            gateway_backup_reserve=100,
        ),
    ),
    "operation without battery": (
        parse.operation,
        {"real_mode": "self_consumption", "backup_reserve_percent": None},
        Operation(
            mode=OperationMode.SELF_CONSUMPTION,
            reported_mode="self_consumption",
            backup_reserve=None,
            gateway_backup_reserve=None,
        ),
    ),
    "config": (
        parse.config_din,
        {"vin": "1232100-00-E--TG0000000000"},
        "1232100-00-E--TG0000000000",
    ),
}
