"""The batteries: their state, and their diagnostics with all they have of keys."""

from collections.abc import Mapping
from typing import Any, Final

from .energy import PACK_POWER, Battery
from .incidents import Update
from .meters import BATTERY_FREQUENCY
from .profiles import Profile
from .site import Site
from .wire import Document, timestamp

BATTERY_PART: Final = "3012170-05-B"
POWER_UNIT_PART: Final = "1081100-10-U"
"""Of the cells and the inverter in a Powerwall, which share a serial number too."""

CONTROLLER_RUNS: Final = (
    "Cannot perform this action with site controller running. From landing page, "
    'either "STOP SYSTEM" or "RUN WIZARD" to proceed.'
)
POWERWALL_CHECKS: Final = (
    "CAN connectivity",
    "Enable switch",
    "Internal communications",
    "Firmware up-to-date",
)
POWERWALL_UPDATES: Final = (
    "Powerwall firmware",
    "Battery firmware",
    "Inverter firmware",
    "Grid code",
)
SYNC_CHECKS: Final = ("CAN connectivity", "Firmware up-to-date")
SYNC_UPDATES: Final = (
    "Synchronizer firmware",
    "Islanding configuration",
    "Grid code",
)


def power_unit_serial(battery: int) -> str:
    """Return the serial number of the cells and the inverter in a Powerwall."""
    return f"TGSIMULATED{201 + battery}"


def battery_block(
    site: Site, battery: Battery, power: int, profile: Profile
) -> Document:
    """Return what `/api/system_status` tells of one pack; little of a disabled one."""
    is_usable, is_connected = battery.is_usable, site.is_connected
    inverter_state = "PINV_GridFollowing" if is_connected else "PINV_GridForming"
    grid_state = "Grid_Compliant" if site.is_grid_up else "Grid_Uncompliant"

    def measured(value: float) -> float | None:
        return value if is_usable else None

    return {
        "Type": "",
        "PackagePartNumber": BATTERY_PART,
        "PackageSerialNumber": battery.serial,
        "disabled_reasons": battery.disabled_reasons,
        "pinv_state": inverter_state if is_usable else "",
        "pinv_grid_state": grid_state if is_usable else "",
        "nominal_energy_remaining": round(battery.energy) if is_usable else 0,
        "nominal_full_pack_energy": round(battery.full_energy),
        "p_out": measured(power),
        "q_out": measured(30),
        "v_out": measured(246.9),
        "f_out": measured(BATTERY_FREQUENCY),
        "i_out": measured(1.1),
        "energy_charged": measured(int(battery.charged)),
        "energy_discharged": measured(int(battery.discharged)),
        "off_grid": not is_connected,
        "vf_mode": not is_connected,
        "wobble_detected": False,
        "charge_power_clamped": False,
        "backup_ready": is_usable,
        "OpSeqState": "Active" if is_usable else "Standby",
        "version": profile.git_hash[:14],
    }


def system_status(site: Site, profile: Profile) -> Document:
    """Return the batteries' state; limits in W and VA grow with their number."""
    flows, count = site.flows(), len(site.batteries)
    packs = zip(site.batteries, flows.batteries, strict=True)
    return {
        "command_source": "Configuration",
        "battery_target_power": flows.battery,
        "battery_target_reactive_power": 0,
        "nominal_full_pack_energy": site.full_energy,
        "nominal_energy_remaining": site.energy_remaining,
        "max_power_energy_remaining": 0,
        "max_power_energy_to_be_charged": 0,
        "max_charge_power": PACK_POWER * count,
        "max_discharge_power": PACK_POWER * count,
        "max_apparent_power": PACK_POWER * count,
        "instantaneous_max_discharge_power": 12000 * count,
        "instantaneous_max_charge_power": 5290 * count,
        "grid_services_power": -0.0,
        "system_island_state": site.grid_status,
        "available_blocks": len(site.usable_batteries),
        "battery_blocks": [
            battery_block(site, battery, power, profile) for battery, power in packs
        ],
        "ffr_power_availability_high": 5800 * count,
        "ffr_power_availability_low": 5290 * count,
        "load_charge_constraint": 0,
        "max_sustained_ramp_rate": 1250000,
        "grid_faults": grid_faults(site, profile),
        "can_reboot": can_reboot(site),
        "smart_inv_delta_p": 0,
        "smart_inv_delta_q": 0,
        "last_toggle_timestamp": "2021-12-16T22:17:15.683707425-07:00",
        "solar_real_power_limit": -1,
        "score": 10000,
        "blocks_controlled": len(site.usable_batteries),
        "primary": True,
        "auxiliary_load": 0,
        "all_enable_lines_high": True,
        "inverter_nominal_usable_power": 5800 * count,
        "expected_energy_remaining": 0,
    }


def grid_faults(site: Site, profile: Profile) -> list[Document]:
    """Return what was wrong with the grid: of the profile, and since the site began."""
    began = site.start.timestamp()
    since = [
        {
            "timestamp": round((began + fault.elapsed) * 1000),
            "alert_name": fault.code,
            "alert_is_fault": fault.is_fault,
            "decoded_alert": fault.decoded,
            "alert_raw": fault.raw,
            "git_hash": profile.git_hash[:14],
            "site_uid": "simulated-site",
            "ecu_type": "TEPINV",
            "ecu_package_part_number": POWER_UNIT_PART,
            "ecu_package_serial_number": power_unit_serial(fault.battery),
        }
        for fault in site.incidents.grid_faults
    ]
    return [*profile.grid_faults, *since]


def can_reboot(site: Site) -> str:
    """Return Yes, why not, or nothing while there is no controller to ask."""
    return (site.busy_reason or "Yes") if site.is_running else ""


def powerwalls_status(site: Site, _profile: Profile) -> Document:
    """Return what the gateway is busy with: nothing, but for an update."""
    flag = "run sitemanager flag enabled"
    process = "sitemanager process is running"
    return {
        "enumerating": False,
        "updating": site.incidents.update is not None,
        "checking_if_offgrid": False,
        "is_on_grid": site.is_connected,
        "running_phase_detection": False,
        "phase_detection_last_error": "no phase information",
        "bubble_shedding": False,
        "on_grid_check_error": flag if site.is_running else f"{flag}, {process}",
        "grid_qualifying": False,
        "grid_code_validating": False,
        "phase_detection_not_available": True,
    }


def powerwalls(site: Site, profile: Profile) -> Document:
    """Return the units the gateway found, and the checks it can make on them."""
    return {
        **powerwalls_status(site, profile),
        "powerwalls": [
            _powerwall(site, number) for number in range(len(site.batteries))
        ],
        "gateway_din": profile.din,
        "sync": {
            "updating": False,
            "commissioning_diagnostic": _commissioning(
                site, SYNC_CHECKS, {"status": "pass", "end_time": timestamp(site)}
            ),
            "update_diagnostic": _update(site, SYNC_UPDATES, None),
        },
        "msa": None,
        "states": None,
    }


def _powerwall(site: Site, number: int) -> Document:
    """Return one unit: not compliant while the controller runs, however healthy."""
    update = site.incidents.update
    if update is not None and update.battery != number:
        update = None
    return {
        "Type": "",
        "PackagePartNumber": BATTERY_PART,
        "PackageSerialNumber": site.batteries[number].serial,
        "type": "ACPW",
        "grid_state": "Grid_Uncompliant" if site.is_running else "Grid_Compliant",
        "grid_reconnection_time_seconds": 0,
        "under_phase_detection": False,
        "updating": update is not None,
        "commissioning_diagnostic": _commissioning(
            site, POWERWALL_CHECKS, {"status": "running", "end_time": None}
        ),
        "update_diagnostic": _update(site, POWERWALL_UPDATES, update),
        "bc_type": None,
        "in_config": True,
    }


def _commissioning(
    site: Site, names: tuple[str, ...], while_stopped: Mapping[str, Any]
) -> Document:
    """Return checks that the site controller lets nobody make while it runs."""
    while_running = {
        "status": "fail",
        "end_time": timestamp(site),
        "message": CONTROLLER_RUNS,
    }
    outcome = while_running if site.is_running else while_stopped
    return {
        "name": "Commissioning",
        "category": "InternalComms",
        "disruptive": False,
        "inputs": None,
        "checks": [
            {
                "name": name,
                "start_time": timestamp(site),
                **outcome,
                "results": {},
                "debug": {},
                "checks": None,
            }
            for name in names
        ],
        "alert": False,
    }


def _update(site: Site, names: tuple[str, ...], update: Update | None) -> Document:
    """Return the steps of a firmware update: to do, under way or done.

    What one under way looks like is inferred; those to do and those done are recorded.
    """
    not_begun = [("not_run", 0.0)] * len(names)
    steps = update.steps(len(names)) if update else not_begun
    return {
        "name": "Firmware Update",
        "category": "InternalComms",
        "disruptive": True,
        "inputs": None,
        "checks": [
            {
                "name": name,
                "status": status,
                "start_time": None if status == "not_run" else timestamp(site),
                "end_time": timestamp(site) if status == "pass" else None,
                "progress": progress,
                "results": {} if status == "pass" else None,
                "debug": {} if status == "pass" else None,
                "checks": None,
            }
            for name, (status, progress) in zip(names, steps, strict=True)
        ],
        "alert": False,
    }
