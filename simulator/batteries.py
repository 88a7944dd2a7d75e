"""The batteries: their state, and their diagnostics with all they have of keys."""

from collections.abc import Mapping
from typing import Any, Final

from .meters import BATTERY_FREQUENCY
from .profiles import Profile
from .site import PACK_POWER, Battery, Site
from .wire import Document, timestamp

BATTERY_PART: Final = "3012170-05-B"

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
        "grid_faults": profile.grid_faults,
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


def can_reboot(site: Site) -> str:
    """Return Yes, why not, or nothing while there is no controller to ask."""
    return (site.busy_reason or "Yes") if site.is_running else ""


def powerwalls_status(site: Site, _profile: Profile) -> Document:
    """Return what the gateway is busy with: nothing."""
    flag = "run sitemanager flag enabled"
    process = "sitemanager process is running"
    return {
        "enumerating": False,
        "updating": False,
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
        "powerwalls": [_powerwall(site, battery) for battery in site.batteries],
        "gateway_din": profile.din,
        "sync": {
            "updating": False,
            "commissioning_diagnostic": _commissioning(
                site, SYNC_CHECKS, {"status": "pass", "end_time": timestamp(site)}
            ),
            "update_diagnostic": _update(SYNC_UPDATES),
        },
        "msa": None,
        "states": None,
    }


def _powerwall(site: Site, battery: Battery) -> Document:
    """Return one unit: not compliant while the controller runs, however healthy."""
    return {
        "Type": "",
        "PackagePartNumber": BATTERY_PART,
        "PackageSerialNumber": battery.serial,
        "type": "ACPW",
        "grid_state": "Grid_Uncompliant" if site.is_running else "Grid_Compliant",
        "grid_reconnection_time_seconds": 0,
        "under_phase_detection": False,
        "updating": False,
        "commissioning_diagnostic": _commissioning(
            site, POWERWALL_CHECKS, {"status": "running", "end_time": None}
        ),
        "update_diagnostic": _update(POWERWALL_UPDATES),
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


def _update(names: tuple[str, ...]) -> Document:
    """Return the steps of a firmware update, none of which is under way."""
    return {
        "name": "Firmware Update",
        "category": "InternalComms",
        "disruptive": True,
        "inputs": None,
        "checks": [
            {
                "name": name,
                "status": "not_run",
                "start_time": None,
                "end_time": None,
                "progress": 0,
                "results": None,
                "debug": None,
                "checks": None,
            }
            for name in names
        ],
        "alert": False,
    }
