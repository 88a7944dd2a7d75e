"""Bodies to models of what goes on; only parsers know the gateway's JSON names.

Firmware versions add, drop and null keys at will. What is unknown is ignored,
what is missing is None; only an answer of another shape is an error.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
import re
from typing import Final
import zlib

import orjson

from . import fields
from .components import ComponentKind, alert_name
from .errors import GatewayResponseError
from .models import (
    Battery,
    Charge,
    FaultValue,
    Grid,
    GridFault,
    GridFaults,
    GridStatus,
    Meter,
    MeterKind,
    Meters,
    Operation,
    OperationMode,
    PhaseMeter,
    PhaseMeters,
    SiteController,
    SystemStatus,
)
from .scale import app_percent

GRID_STATUSES: Final = {
    "SystemGridConnected": GridStatus.CONNECTED,
    "SystemIslandedActive": GridStatus.ISLANDED,
    "SystemIslandedReady": GridStatus.ISLANDED_READY,
    "SystemTransitionToGrid": GridStatus.TRANSITION_TO_GRID,
    "SystemTransitionToIsland": GridStatus.TRANSITION_TO_ISLAND,
    "SystemMicroGridFaulted": GridStatus.MICROGRID_FAULTED,
    "SystemWaitForUser": GridStatus.WAIT_FOR_USER,
}
_PLACEHOLDERS: Final = {MeterKind.GENERATOR, MeterKind.BUSWAY}
"""Kinds that firmware lists, full of zeros, where there are none."""
_NEVER: Final = "0001-01-01"
"""How a time begins at which nothing has happened yet."""
_CONTACTORS: Final = (
    ("synchrometer", ComponentKind.SYNCHRONIZER),
    ("msa", ComponentKind.BACKUP_SWITCH),
)
"""How the type of a meter begins that is built into a contactor, and into which."""
_RECENT: Final = timedelta(hours=24)
_ABOUT_FAULT: Final = ("_alertID", "_alertType")
_STATE_NAME: Final = re.compile(r"[A-Za-z]{1,40}(_[A-Za-z0-9]{1,40}){0,5}")
_GZIP: Final = b"\x1f\x8b"
_DIN: Final = r"[\w-]+--\w+"
_LONGEST_DIN: Final = 128
"""Bytes; real ones have about 30."""


def meters(body: bytes) -> Meters:
    """Read `/api/meters/aggregates`; kinds nobody knows are left out."""
    answer = fields.json_object("/api/meters/aggregates", body)
    return {
        kind: _meter(reading)
        for kind in MeterKind
        if isinstance(reading := answer.get(kind.value), dict)
        and not (kind in _PLACEHOLDERS and _is_idle(reading))
    }


def _is_idle(reading: fields.Object) -> bool:
    """Return whether a meter measures nothing and never has."""
    return not any(
        fields.number(reading, key)
        for key in (
            "instant_power",
            "instant_reactive_power",
            "instant_apparent_power",
            "instant_average_voltage",
            "instant_total_current",
            "energy_imported",
            "energy_exported",
            "frequency",
        )
    )


def _meter(reading: fields.Object) -> Meter:
    """Read one meter."""
    return Meter(
        real_power=fields.number(reading, "instant_power"),
        reactive_power=fields.number(reading, "instant_reactive_power"),
        apparent_power=fields.number(reading, "instant_apparent_power"),
        energy_imported=fields.lifetime(reading, "energy_imported"),
        energy_exported=fields.lifetime(reading, "energy_exported"),
        voltage=fields.number(reading, "instant_average_voltage"),
        # Firmware 21.44 keeps it at 0 for most meters, whatever flows.
        current=fields.number(reading, "instant_total_current") or None,
        current_l1=_phase_current(reading, "a"),
        current_l2=_phase_current(reading, "b"),
        current_l3=_phase_current(reading, "c"),
        # 0 where the meter has no frequency to read, as most.
        frequency=fields.number(reading, "frequency") or None,
    )


def _phase_current(reading: fields.Object, phase: str) -> float | None:
    """Read the current of a phase, 0 in a meter that never measured phases."""
    measured = fields.text(reading, "last_phase_power_communication_time") or _NEVER
    if measured.startswith(_NEVER):
        return None
    return fields.number(reading, f"i_{phase}_current")


def charge(body: bytes) -> Charge:
    """Read `/api/system_status/soe`."""
    path = "/api/system_status/soe"
    percent = fields.number(fields.json_object(path, body), "percentage")
    if percent is None or not 0 <= percent <= 100:
        raise GatewayResponseError(f"{path} gives no percentage")
    return Charge(percent=app_percent(percent), gateway_percent=percent)


def grid(body: bytes) -> Grid:
    """Read `/api/system_status/grid_status`."""
    path = "/api/system_status/grid_status"
    answer = fields.json_object(path, body)
    reported = fields.text(answer, "grid_status")
    if reported is None:
        raise GatewayResponseError(f"{path} gives no status")
    return Grid(
        status=GRID_STATUSES.get(reported),
        reported=reported,
        services_active=fields.flag(answer, "grid_services_active"),
    )


def system_status(body: bytes) -> SystemStatus:
    """Read `/api/system_status`."""
    answer = fields.json_object("/api/system_status", body)
    batteries = map(_battery, fields.units(answer, "battery_blocks"))
    return SystemStatus(
        energy_remaining=fields.number(answer, "nominal_energy_remaining"),
        energy_capacity=fields.number(answer, "nominal_full_pack_energy"),
        target_power=fields.number(answer, "battery_target_power"),
        target_reactive_power=fields.number(answer, "battery_target_reactive_power"),
        max_charge_power=fields.number(answer, "max_charge_power"),
        max_discharge_power=fields.number(answer, "max_discharge_power"),
        max_apparent_power=fields.number(answer, "max_apparent_power"),
        instantaneous_max_charge_power=fields.number(
            answer, "instantaneous_max_charge_power"
        ),
        instantaneous_max_discharge_power=fields.number(
            answer, "instantaneous_max_discharge_power"
        ),
        instantaneous_max_apparent_power=fields.number(
            answer, "instantaneous_max_apparent_power"
        ),
        solar_power_limit=_limit(answer, "solar_real_power_limit"),
        grid_services_power=fields.number(answer, "grid_services_power"),
        max_ramp_rate=fields.number(answer, "max_sustained_ramp_rate"),
        available_batteries=fields.whole(answer, "available_blocks"),
        controlled_batteries=fields.whole(answer, "blocks_controlled"),
        island_state=GRID_STATUSES.get(
            fields.text(answer, "system_island_state") or ""
        ),
        last_toggle=fields.moment(answer, "last_toggle_timestamp"),
        batteries={battery.din: battery for battery in batteries},
    )


def _limit(answer: fields.Object, key: str) -> float | None:
    """Return a limit; -1 says that there is none."""
    limit = fields.number(answer, key)
    return None if limit is None or limit < 0 else limit


def _battery(block: fields.Object) -> Battery:
    """Read one Powerwall of the running system."""
    disabled_reasons = fields.texts(block, "disabled_reasons")
    energy = fields.number(block, "nominal_energy_remaining")
    return Battery(
        part_number=fields.text(block, "PackagePartNumber") or "",
        serial_number=fields.text(block, "PackageSerialNumber") or "",
        # A disabled Powerwall says 0 for what it does not know.
        energy_remaining=(energy or None) if disabled_reasons else energy,
        energy_capacity=fields.number(block, "nominal_full_pack_energy"),
        real_power=fields.number(block, "p_out"),
        reactive_power=fields.number(block, "q_out"),
        voltage=fields.number(block, "v_out"),
        frequency=fields.number(block, "f_out"),
        energy_charged=fields.lifetime(block, "energy_charged"),
        energy_discharged=fields.lifetime(block, "energy_discharged"),
        inverter_state=fields.words(block, "pinv_state", "PINV_"),
        grid_state=fields.words(block, "pinv_grid_state", "Grid_"),
        operation_state=fields.words(block, "OpSeqState"),
        disabled_reasons=disabled_reasons,
        backup_ready=fields.flag(block, "backup_ready"),
        off_grid=fields.flag(block, "off_grid"),
        vf_mode=fields.flag(block, "vf_mode"),
        wobble_detected=fields.flag(block, "wobble_detected"),
        charge_power_clamped=fields.flag(block, "charge_power_clamped"),
    )


def grid_faults(body: bytes, *, now: datetime) -> GridFaults:
    """Read `/api/system_status/grid_faults`; `now` is when it was answered."""
    answer = fields.json_array("/api/system_status/grid_faults", body)
    faults = tuple(fault for each in answer if (fault := _grid_fault(each)))
    recent = [f for f in faults if f.occurred_at and now - f.occurred_at < _RECENT]
    return GridFaults(faults=faults, recent=len(recent))


def _grid_fault(fault: fields.Object) -> GridFault | None:
    """Read one grid fault; one without a name is none."""
    code = fields.text(fault, "alert_name")
    if code is None:
        return None
    return GridFault(
        code=code,
        is_fault=fields.flag(fault, "alert_is_fault"),
        occurred_at=fields.epoch(fault, "timestamp"),
        component=fields.text(fault, "ecu_type"),
        serial_number=fields.text(fault, "ecu_package_serial_number"),
        values=tuple(_fault_values(fields.text(fault, "decoded_alert") or "")),
    )


def _fault_values(decoded: str) -> Iterator[FaultValue]:
    """Read what was measured, which comes as a text of JSON.

    The first two entries repeat the name and whether it is a warning. Of texts only
    the names of states are let through: others could say whose gateway it is.
    """
    try:
        entries = orjson.loads(decoded)
    except orjson.JSONDecodeError:
        return
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        name = fields.text(entry, "name") or ""
        number, text = fields.number(entry, "value"), fields.text(entry, "value")
        value = _state_name(text) if number is None else number
        if name and value is not None and not name.endswith(_ABOUT_FAULT):
            unit = fields.text(entry, "units")
            yield FaultValue(name=alert_name(name), value=value, unit=unit)


def _state_name(text: str | None) -> str | None:
    """Return a text that is the name of a state, such as Warning or PINV_Off."""
    return text if text and _STATE_NAME.fullmatch(text) else None


def phase_meters(path: str, body: bytes) -> PhaseMeters:
    """Read `/api/meters/site` or `/api/meters/solar`, which may be null."""
    meters = map(_phase_meter, fields.json_array(path, body))
    return {meter.serial_number: meter for meter in meters if meter}


def _phase_meter(meter: fields.Object) -> PhaseMeter | None:
    """Read one meter; one without a serial number is left out."""
    readings = fields.inner(meter, "Cached_readings")
    serial = fields.text(fields.inner(meter, "connection"), "device_serial")
    serial = serial or fields.text(readings, "serial_number")
    if serial is None:
        return None
    kind = fields.text(meter, "type") or ""
    used = fields.flags(meter, "cts")
    inverted = fields.flags(meter, "inverted")
    return PhaseMeter(
        kind=kind or None,
        part_of=next(
            (part for name, part in _CONTACTORS if kind.startswith(name)), None
        ),
        serial_number=serial,
        voltage=tuple(fields.number(readings, f"v_l{n}n") for n in (1, 2, 3)),
        real_power=_by_phase(readings, "real_power", fields.number),
        reactive_power=_by_phase(readings, "reactive_power", fields.number),
        energy_imported=_by_phase(readings, "energy_imported", fields.lifetime),
        energy_exported=_by_phase(readings, "energy_exported", fields.lifetime),
        inverted=tuple(
            how if is_used else None
            for is_used, how in zip(used, inverted, strict=False)
        ),
    )


def _by_phase(
    readings: fields.Object,
    key: str,
    read: Callable[[fields.Object, str], float | None],
) -> tuple[float | None, ...]:
    """Read one quantity of the three phases."""
    return tuple(read(readings, f"{key}_{phase}") for phase in "abc")


def site_controller(body: bytes) -> SiteController:
    """Read `/api/sitemaster`."""
    answer = fields.json_object("/api/sitemaster", body)
    return SiteController(
        running=fields.flag(answer, "running"),
        connected_to_tesla=fields.flag(answer, "connected_to_tesla"),
        power_supply_mode=fields.flag(answer, "power_supply_mode"),
        reboot_obstacle=_reboot_obstacle(answer),
    )


def _reboot_obstacle(answer: fields.Object) -> str | None:
    """Return why the gateway cannot be rebooted; newer firmware may say true."""
    possible = fields.flag(answer, "can_reboot")
    if possible or fields.text(answer, "can_reboot") == "Yes":
        return "none"
    return "unnamed" if possible is False else fields.words(answer, "can_reboot")


def operation(body: bytes) -> Operation:
    """Read `/api/operation`; old firmware says `mode` for `real_mode`."""
    answer = fields.json_object("/api/operation", body)
    reported = fields.text(answer, "real_mode") or fields.text(answer, "mode")
    reserve = fields.number(answer, "backup_reserve_percent")
    return Operation(
        mode=OperationMode(reported) if reported in set(OperationMode) else None,
        reported_mode=reported,
        backup_reserve=None if reserve is None else app_percent(reserve),
        gateway_backup_reserve=reserve,
    )


def config_din(body: bytes) -> str | None:
    """Read the DIN in `/api/config`, which calls it `vin`."""
    return fields.text(fields.json_object("/api/config", body), "vin")


def din(body: bytes) -> str:
    """Read `/tedapi/din`: text, or gzip from firmware 25.42 on.

    No header tells the two apart, only the first two bytes.
    """
    path = "/tedapi/din"
    if body.startswith(_GZIP):
        body = _unzipped(path, body)
    text = body[: _LONGEST_DIN + 1].decode("ascii", "replace").strip()
    if len(body) > _LONGEST_DIN or not re.fullmatch(_DIN, text, re.ASCII):
        raise GatewayResponseError(f"{path} gives no DIN")
    return text


def _unzipped(path: str, body: bytes) -> bytes:
    """Return what gzip holds, of anything longer than a DIN only the beginning."""
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = unzip.decompress(body, _LONGEST_DIN + 1)
    except zlib.error as err:
        raise GatewayResponseError(f"{path} gives broken gzip") from err
    if not unzip.eof:
        raise GatewayResponseError(f"{path} gives broken gzip")
    return content
