"""Bodies to models; the only file that knows the gateway's JSON names.

Firmware versions add, drop and null keys at will. What is unknown is ignored,
what is missing is None; only an answer of another shape is an error.
"""

import re
from typing import Final
import zlib

from . import fields
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
    answer = fields.json_object("/api/status", body)
    version = fields.text(answer, "version")
    device_type = fields.text(answer, "device_type")
    return Status(
        din=fields.text(answer, "din"),
        firmware=version.split()[0] if version else None,
        model=_DEVICE_TYPES.get(device_type or "", GatewayModel.OTHER),
        device_type=device_type,
    )


def site(body: bytes) -> Site:
    """Read `/api/site_info`, or the shorter `/api/site_info/site_name`."""
    answer = fields.json_object("/api/site_info", body)
    return Site(
        name=fields.text(answer, "site_name"), time_zone=fields.text(answer, "timezone")
    )


def meters(body: bytes) -> Meters:
    """Read `/api/meters/aggregates`; kinds nobody knows are left out."""
    answer = fields.json_object("/api/meters/aggregates", body)
    return {
        kind: _meter(reading)
        for kind in MeterKind
        if isinstance(reading := answer.get(kind.value), dict)
    }


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
        batteries={battery.din: battery for battery in batteries},
    )


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


def site_controller(body: bytes) -> SiteController:
    """Read `/api/sitemaster`."""
    answer = fields.json_object("/api/sitemaster", body)
    return SiteController(
        running=fields.flag(answer, "running"),
        connected_to_tesla=fields.flag(answer, "connected_to_tesla"),
        power_supply_mode=fields.flag(answer, "power_supply_mode"),
    )


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


def powerwalls(body: bytes) -> Powerwalls:
    """Read `/api/powerwalls`."""
    answer = fields.json_object("/api/powerwalls", body)
    return Powerwalls(
        gateway_din=fields.text(answer, "gateway_din"),
        units=tuple(
            Powerwall(
                part_number=fields.text(unit, "PackagePartNumber") or "",
                serial_number=fields.text(unit, "PackageSerialNumber") or "",
                kind=fields.text(unit, "type"),
            )
            for unit in fields.units(answer, "powerwalls")
        ),
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
