"""Bodies to models; the only file that knows the gateway's JSON names.

Firmware versions add, drop and null keys at will. What is unknown is ignored,
what is missing is None; only an answer of another shape is an error.
"""

from collections.abc import Mapping
import re
from typing import Final
import zlib

import orjson

from .errors import GatewayResponseError
from .models import (
    Battery,
    Charge,
    GatewayModel,
    Grid,
    GridStatus,
    Meter,
    MeterKind,
    Meters,
    Operation,
    OperationMode,
    Powerwall,
    Powerwalls,
    Site,
    SiteController,
    Status,
    SystemStatus,
)
from .scale import app_percent

type _Object = Mapping[str, object]

GRID_STATUSES: Final = {
    "SystemGridConnected": GridStatus.CONNECTED,
    "SystemIslandedActive": GridStatus.ISLANDED,
    "SystemIslandedReady": GridStatus.ISLANDED_READY,
    "SystemTransitionToGrid": GridStatus.TRANSITION_TO_GRID,
    "SystemTransitionToIsland": GridStatus.TRANSITION_TO_ISLAND,
    "SystemMicroGridFaulted": GridStatus.MICROGRID_FAULTED,
    "SystemWaitForUser": GridStatus.WAIT_FOR_USER,
}
_DEVICE_TYPES: Final = {"hec": GatewayModel.GATEWAY_1, "teg": GatewayModel.GATEWAY_2}
_NEVER: Final = "0001-01-01"
"""How a time begins at which nothing has happened yet."""
_GZIP: Final = b"\x1f\x8b"
_DIN: Final = r"[\w-]+--\w+"
_LONGEST_DIN: Final = 128
"""Bytes; real ones have about 30."""


def status(body: bytes) -> Status:
    """Read `/api/status`."""
    answer = _object("/api/status", body)
    version = _text(answer, "version")
    device_type = _text(answer, "device_type")
    return Status(
        din=_text(answer, "din"),
        firmware=version.split()[0] if version else None,
        model=_DEVICE_TYPES.get(device_type or "", GatewayModel.OTHER),
        device_type=device_type,
    )


def site(body: bytes) -> Site:
    """Read `/api/site_info`, or the shorter `/api/site_info/site_name`."""
    answer = _object("/api/site_info", body)
    return Site(name=_text(answer, "site_name"), time_zone=_text(answer, "timezone"))


def meters(body: bytes) -> Meters:
    """Read `/api/meters/aggregates`; kinds nobody knows are left out."""
    answer = _object("/api/meters/aggregates", body)
    return {
        kind: _meter(reading)
        for kind in MeterKind
        if isinstance(reading := answer.get(kind.value), dict)
    }


def _meter(reading: _Object) -> Meter:
    """Read one meter."""
    return Meter(
        real_power=_number(reading, "instant_power"),
        reactive_power=_number(reading, "instant_reactive_power"),
        apparent_power=_number(reading, "instant_apparent_power"),
        energy_imported=_lifetime(reading, "energy_imported"),
        energy_exported=_lifetime(reading, "energy_exported"),
        voltage=_number(reading, "instant_average_voltage"),
        # Firmware 21.44 keeps it at 0 for most meters, whatever flows.
        current=_number(reading, "instant_total_current") or None,
        current_l1=_phase_current(reading, "a"),
        current_l2=_phase_current(reading, "b"),
        current_l3=_phase_current(reading, "c"),
        # 0 where the meter has no frequency to read, as most.
        frequency=_number(reading, "frequency") or None,
    )


def _phase_current(reading: _Object, phase: str) -> float | None:
    """Read the current of a phase, 0 in a meter that never measured phases."""
    measured = _text(reading, "last_phase_power_communication_time") or _NEVER
    if measured.startswith(_NEVER):
        return None
    return _number(reading, f"i_{phase}_current")


def charge(body: bytes) -> Charge:
    """Read `/api/system_status/soe`."""
    path = "/api/system_status/soe"
    percent = _number(_object(path, body), "percentage")
    if percent is None or not 0 <= percent <= 100:
        raise GatewayResponseError(f"{path} gives no percentage")
    return Charge(percent=app_percent(percent), gateway_percent=percent)


def grid(body: bytes) -> Grid:
    """Read `/api/system_status/grid_status`."""
    path = "/api/system_status/grid_status"
    answer = _object(path, body)
    reported = _text(answer, "grid_status")
    if reported is None:
        raise GatewayResponseError(f"{path} gives no status")
    return Grid(
        status=GRID_STATUSES.get(reported),
        reported=reported,
        services_active=_flag(answer, "grid_services_active"),
    )


def system_status(body: bytes) -> SystemStatus:
    """Read `/api/system_status`."""
    answer = _object("/api/system_status", body)
    batteries = map(_battery, _units(answer, "battery_blocks"))
    return SystemStatus(
        energy_remaining=_number(answer, "nominal_energy_remaining"),
        energy_capacity=_number(answer, "nominal_full_pack_energy"),
        batteries={battery.din: battery for battery in batteries},
    )


def _battery(block: _Object) -> Battery:
    """Read one Powerwall of the running system."""
    disabled_reasons = _texts(block, "disabled_reasons")
    energy = _number(block, "nominal_energy_remaining")
    return Battery(
        part_number=_text(block, "PackagePartNumber") or "",
        serial_number=_text(block, "PackageSerialNumber") or "",
        # A disabled Powerwall says 0 for what it does not know.
        energy_remaining=(energy or None) if disabled_reasons else energy,
        energy_capacity=_number(block, "nominal_full_pack_energy"),
        real_power=_number(block, "p_out"),
        reactive_power=_number(block, "q_out"),
        voltage=_number(block, "v_out"),
        frequency=_number(block, "f_out"),
        energy_charged=_lifetime(block, "energy_charged"),
        energy_discharged=_lifetime(block, "energy_discharged"),
        inverter_state=_words(block, "pinv_state", "PINV_"),
        grid_state=_words(block, "pinv_grid_state", "Grid_"),
        operation_state=_words(block, "OpSeqState", ""),
        disabled_reasons=disabled_reasons,
        backup_ready=_flag(block, "backup_ready"),
        off_grid=_flag(block, "off_grid"),
        vf_mode=_flag(block, "vf_mode"),
        wobble_detected=_flag(block, "wobble_detected"),
        charge_power_clamped=_flag(block, "charge_power_clamped"),
    )


def site_controller(body: bytes) -> SiteController:
    """Read `/api/sitemaster`."""
    answer = _object("/api/sitemaster", body)
    return SiteController(
        running=_flag(answer, "running"),
        connected_to_tesla=_flag(answer, "connected_to_tesla"),
        power_supply_mode=_flag(answer, "power_supply_mode"),
    )


def operation(body: bytes) -> Operation:
    """Read `/api/operation`; old firmware says `mode` for `real_mode`."""
    answer = _object("/api/operation", body)
    reported = _text(answer, "real_mode") or _text(answer, "mode")
    reserve = _number(answer, "backup_reserve_percent")
    return Operation(
        mode=OperationMode(reported) if reported in set(OperationMode) else None,
        reported_mode=reported,
        backup_reserve=None if reserve is None else app_percent(reserve),
        gateway_backup_reserve=reserve,
    )


def powerwalls(body: bytes) -> Powerwalls:
    """Read `/api/powerwalls`."""
    answer = _object("/api/powerwalls", body)
    return Powerwalls(
        gateway_din=_text(answer, "gateway_din"),
        units=tuple(
            Powerwall(
                part_number=_text(unit, "PackagePartNumber") or "",
                serial_number=_text(unit, "PackageSerialNumber") or "",
                kind=_text(unit, "type"),
            )
            for unit in _units(answer, "powerwalls")
        ),
    )


def config_din(body: bytes) -> str | None:
    """Read the DIN in `/api/config`, which calls it `vin`."""
    return _text(_object("/api/config", body), "vin")


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


def _object(path: str, body: bytes) -> _Object:
    """Return the JSON object an endpoint answers."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as err:
        raise GatewayResponseError(f"{path} gives no JSON") from err
    if not isinstance(answer, dict):
        raise GatewayResponseError(f"{path} gives JSON of another shape")
    return answer


def _units(answer: _Object, key: str) -> list[_Object]:
    """Return the units of a list that may be null or missing.

    One without part and serial number is nobody: it is left out.
    """
    units = answer.get(key)
    return [
        unit
        for unit in (units if isinstance(units, list) else [])
        if isinstance(unit, dict)
        and _text(unit, "PackagePartNumber")
        and _text(unit, "PackageSerialNumber")
    ]


def _number(answer: _Object, key: str) -> float | None:
    """Return a number; what is none is missing. The reader lets no infinity in."""
    value = answer.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value + 0  # firmware says -0 at times, which this makes 0


def _lifetime(answer: _Object, key: str) -> float | None:
    """Return a lifetime energy.

    Negative ones were seen after a meter change, and 0 while a gateway starts.
    """
    energy = _number(answer, key)
    return energy if energy is not None and energy > 0 else None


def _flag(answer: _Object, key: str) -> bool | None:
    """Return a truth value."""
    value = answer.get(key)
    return value if isinstance(value, bool) else None


def _text(answer: _Object, key: str) -> str | None:
    """Return a text; an empty one is missing."""
    value = answer.get(key)
    return value.strip() or None if isinstance(value, str) else None


def _texts(answer: _Object, key: str) -> tuple[str, ...]:
    """Return the texts of a list that may be null or missing."""
    values = answer.get(key)
    if not isinstance(values, list):
        return ()
    return tuple(value for value in values if isinstance(value, str))


def _words(answer: _Object, key: str, prefix: str) -> str | None:
    """Return a state name such as PINV_GridFollowing as grid_following."""
    name = _text(answer, key)
    if name is None:
        return None
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name.removeprefix(prefix))
    return "_".join(parts).lower() or None
