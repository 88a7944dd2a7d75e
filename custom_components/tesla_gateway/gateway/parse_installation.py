"""Bodies to models of what is installed.

As in `parse`: what is unknown is ignored, what is missing is None.
"""

from collections.abc import Mapping
from datetime import datetime
import re
from typing import Final

from . import fields
from .components import ComponentKind
from .installation import (
    FirmwareUpdate,
    Generators,
    Nameplate,
    Network,
    NetworkKind,
    Networks,
    Powerwall,
    Powerwalls,
    Site,
    SolarSystems,
    Status,
    SystemActivity,
    UnitUpdate,
    UpdateState,
)
from .models import GatewayModel

DEVICE_TYPES: Final[Mapping[str, GatewayModel]] = {
    "hec": GatewayModel.GATEWAY_1,
    "teg": GatewayModel.GATEWAY_2,
}
UPDATE_STATES: Final[Mapping[str, UpdateState]] = {
    "/clear_update_status": UpdateState.CHECKING,
    "/download": UpdateState.DOWNLOADING,
    "/update_downloaded": UpdateState.DOWNLOADED,
    "/update_staged": UpdateState.STAGED,
    "/update_succeeded": UpdateState.SUCCEEDED,
    "/update_failed": UpdateState.FAILED,
}
INTERFACES: Final[Mapping[str, NetworkKind]] = {
    "EthType": NetworkKind.ETHERNET,
    "WifiType": NetworkKind.WIFI,
    "GsmType": NetworkKind.CELLULAR,
}
_ACTIVITIES: Final[Mapping[str, SystemActivity]] = {
    "updating": SystemActivity.UPDATING,
    "enumerating": SystemActivity.ENUMERATING,
    "checking_if_offgrid": SystemActivity.CHECKING_GRID,
    "running_phase_detection": SystemActivity.DETECTING_PHASES,
    "bubble_shedding": SystemActivity.SHEDDING_BUBBLE,
    "grid_code_validating": SystemActivity.VALIDATING_GRID_CODE,
    "grid_qualifying": SystemActivity.QUALIFYING_GRID,
}
"""By the flag that tells of it; where several are set, the first here counts."""
_ACCESSORIES: Final[Mapping[str, ComponentKind]] = {
    "sync": ComponentKind.SYNCHRONIZER,
    "msa": ComponentKind.BACKUP_SWITCH,
}
"""What stands beside the Powerwalls; null where it does not."""
_MAC_ADDRESS: Final = re.compile(r"(?!00:00:00:00:00:00)[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_UNDER_WAY: Final = {UpdateState.DOWNLOADING, UpdateState.DOWNLOADED}
"""What is staged may wait for days."""

_NO_LIMIT: Final = 1e9
"""Kilowatts; this much or more stands for no limit."""


def status(body: bytes, *, now: datetime) -> Status:
    """Read `/api/status`; `now` is when it was answered."""
    answer = fields.json_object("/api/status", body)
    version = fields.text(answer, "version")
    device_type = fields.text(answer, "device_type")
    uptime = fields.duration(answer, "up_time_seconds")
    return Status(
        din=fields.text(answer, "din"),
        firmware=version.split(maxsplit=1)[0] if version else None,
        model=DEVICE_TYPES.get(device_type or "", GatewayModel.OTHER),
        device_type=device_type,
        started_at=None if uptime is None else now - uptime,
    )


def site(path: str, body: bytes) -> Site:
    """Read `/api/site_info`, or the shorter `/api/site_info/site_name`."""
    answer = fields.json_object(path, body)
    # An object on firmware 21 and newer, a text before.
    grid_code = fields.text(fields.inner(answer, "grid_code"), "grid_code")
    return Site(
        name=fields.text(answer, "site_name"),
        time_zone=fields.text(answer, "timezone"),
        nominal_energy=fields.number(answer, "nominal_system_energy_kWh") or None,
        nominal_power=fields.number(answer, "nominal_system_power_kW") or None,
        max_energy=fields.number(answer, "max_system_energy_kWh") or None,
        max_power=fields.number(answer, "max_system_power_kW") or None,
        max_site_power=_site_limit(answer),
        measured_frequency=fields.number(answer, "measured_frequency") or None,
        grid_code=grid_code or fields.text(answer, "grid_code"),
    )


def _site_limit(answer: fields.Object) -> float | None:
    """Return the larger of both limits, in watts; 10**9 kW stand for none."""
    taken = fields.number(answer, "max_site_meter_power_kW")
    given = fields.number(answer, "min_site_meter_power_kW")
    if taken is None or given is None:
        return None
    limit = max(abs(taken), abs(given))
    return limit * 1000 if 0 < limit < _NO_LIMIT else None


def powerwalls(body: bytes) -> Powerwalls:
    """Read `/api/powerwalls`.

    While the site controller runs, every commissioning check has failed, on healthy
    systems: nothing of them is read.
    """
    answer = fields.json_object("/api/powerwalls", body)
    units = map(_powerwall, fields.units(answer, "powerwalls"))
    return Powerwalls(
        gateway_din=fields.text(answer, "gateway_din"),
        updating=fields.flag(answer, "updating"),
        enumerating=fields.flag(answer, "enumerating"),
        activity=_activity(answer),
        units={unit.din: unit for unit in units},
        accessories={
            kind.value: _unit_update(unit)
            for key, kind in _ACCESSORIES.items()
            if (unit := fields.inner(answer, key))
        },
    )


def _activity(answer: fields.Object) -> SystemActivity | None:
    """Return what the gateway is busy with; None where it does not say."""
    told = {key: fields.flag(answer, key) for key in _ACTIVITIES}
    if all(value is None for value in told.values()):
        return None
    busy = (activity for key, activity in _ACTIVITIES.items() if told[key])
    return next(busy, SystemActivity.IDLE)


def _powerwall(unit: fields.Object) -> Powerwall:
    """Read one installed Powerwall."""
    return Powerwall(
        part_number=fields.text(unit, "PackagePartNumber") or "",
        serial_number=fields.text(unit, "PackageSerialNumber") or "",
        kind=fields.text(unit, "type"),
        update=_unit_update(unit),
        reconnection_time=fields.number(unit, "grid_reconnection_time_seconds"),
        under_phase_detection=fields.flag(unit, "under_phase_detection"),
        in_config=fields.flag(unit, "in_config"),
    )


def _unit_update(unit: fields.Object) -> UnitUpdate:
    """Read how the firmware update of a unit goes, step by step."""
    steps = fields.objects(fields.inner(unit, "update_diagnostic"), "checks")
    begun = any(fields.text(step, "status") not in (None, "not_run") for step in steps)
    done = [_done(step) for step in steps]
    return UnitUpdate(
        updating=fields.flag(unit, "updating"),
        progress=100 * sum(done) / len(done) if begun else None,
        failed_checks=tuple(
            fields.text(step, "name") or ""
            for step in steps
            if fields.text(step, "status") == "fail"
        ),
    )


def _done(step: fields.Object) -> float:
    """Return how much of a step is done, from 0 to 1."""
    if fields.text(step, "status") == "pass":
        return 1
    return min(max(fields.number(step, "progress") or 0, 0), 1)


def firmware_update(body: bytes) -> FirmwareUpdate:
    """Read `/api/system/update/status`."""
    answer = fields.json_object("/api/system/update/status", body)
    state = UPDATE_STATES.get(fields.text(answer, "state") or "")
    offline = fields.flag(answer, "offline_updating")
    return FirmwareUpdate(
        state=state,
        updating=True if offline else None if state is None else state in _UNDER_WAY,
    )


def networks(body: bytes) -> Networks:
    """Read `/api/networks`, leaving out every name and IP address."""
    answer = fields.json_array("/api/networks", body)
    return Networks(networks=tuple(map(_network, answer)))


def _network(network: fields.Object) -> Network:
    """Read one network."""
    kind = INTERFACES.get(fields.text(network, "interface") or "")
    info = fields.inner(network, "iface_network_info")
    signal = fields.number(info, "signal_strength")
    mac_address = (fields.text(info, "hw_address") or "").lower()
    return Network(
        kind=kind,
        active=fields.flag(network, "active"),
        primary=fields.flag(network, "primary"),
        internet_reachable=fields.flag(network, "lastInternetConnected"),
        tesla_reachable=fields.flag(network, "lastTeslaConnected"),
        signal_strength=None if kind is NetworkKind.ETHERNET else signal,
        mac_address=mac_address if _MAC_ADDRESS.fullmatch(mac_address) else None,
    )


def problems(body: bytes) -> tuple[object, ...]:
    """Read `/api/troubleshooting/problems`; nobody has seen one, so they stay JSON."""
    answer = fields.json_object("/api/troubleshooting/problems", body)
    found = answer.get("problems")
    return tuple(found) if isinstance(found, list) else ()


def registered(body: bytes) -> bool | None:
    """Read whether the owner is registered in `/api/customer/registration`."""
    answer = fields.json_object("/api/customer/registration", body)
    return fields.flag(answer, "registered")


def generators(body: bytes, disconnect_types: tuple[str, ...]) -> Generators:
    """Read `/api/generators`, to which the possible disconnect types are added."""
    answer = fields.json_object("/api/generators", body)
    return Generators(
        disconnect_type=fields.words(answer, "disconnect_type"),
        disconnect_types=disconnect_types,
        units=tuple(map(_nameplate, fields.objects(answer, "generators"))),
    )


def disconnect_types(body: bytes) -> tuple[str, ...]:
    """Read `/api/generators/disconnect_types`, in small letters."""
    names = fields.json_texts("/api/generators/disconnect_types", body)
    return tuple(words for name in names if (words := fields.state_words(name)))


def solars(body: bytes) -> SolarSystems:
    """Read `/api/solars`."""
    answer = fields.json_array("/api/solars", body)
    return SolarSystems(systems=tuple(map(_nameplate, answer)))


def _nameplate(unit: fields.Object) -> Nameplate:
    """Read what the installer typed in about a unit."""
    return Nameplate(
        brand=fields.text(unit, "brand"),
        model=fields.text(unit, "model"),
        power=fields.number(unit, "power_rating_watts"),
    )
