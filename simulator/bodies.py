"""What the gateway says at each endpoint, from recordings and references.

Every endpoint carries all keys that any firmware has; a profile takes away or changes
what its own firmware has otherwise.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta, timezone
from typing import Final

from . import batteries, inverter, meters
from .profiles import Profile
from .site import SOLAR_RATING, Site
from .wire import Document, edit, go_duration

UPTIME: Final = 831359.932079901
"""Seconds the gateway had been up when the site's own time began (recorded)."""

GENERATOR_RATING: Final = 10_000
"""Nameplate in W, of no generator in particular."""

STATUS_OFFSET: Final = timezone(timedelta(hours=8))
"""Gateways give their start time in this offset wherever they are."""


def _status(site: Site, profile: Profile) -> Document:
    started = site.start - timedelta(seconds=round(UPTIME))
    return {
        "din": profile.din,
        "start_time": f"{started.astimezone(STATUS_OFFSET):%Y-%m-%d %H:%M:%S %z}",
        "up_time_seconds": go_duration(UPTIME + site.elapsed),
        "is_new": False,
        "version": profile.version,
        "git_hash": profile.git_hash,
        "commission_count": 11,
        "device_type": "teg",
        "sync_type": "v2.1",
        "leader": "",
        "followers": None,
        "cellular_disabled": False,
        "is_solar_powerwall": False,
    }


def _toggle(site: Site, _profile: Profile) -> Document:
    return {"toggle_auth_supported": site.is_running}


def _site_name(site: Site, _profile: Profile) -> Document:
    return {"site_name": site.name, "timezone": "America/Los_Angeles"}


def _site_info(site: Site, profile: Profile) -> Document:
    energy = 13.5 * len(site.batteries)
    power = (5 if site.is_running else 5.8) * len(site.batteries)
    frequency = {} if site.is_running else {"measured_frequency": 60.010000000000005}
    return {
        **frequency,
        "max_system_energy_kWh": energy,
        "max_system_power_kW": power,
        **_site_name(site, profile),
        "max_site_meter_power_kW": 1000000000,
        "min_site_meter_power_kW": -1000000000,
        "nominal_system_energy_kWh": energy,
        "nominal_system_power_kW": power,
        "grid_code": {
            "grid_code": "60Hz_240V_s_UL1741SA:2019_California",
            "grid_voltage_setting": 240,
            "grid_freq_setting": 60,
            "grid_phase_setting": "Split",
            "country": "United States",
            "state": "California",
            "distributor": "*",
            "utility": "Pacific Gas and Electric Company",
            "retailer": "CleanPowerSF (CPSF)",
            "region": "UL1741SA-CA:2019",
        },
    }


def _soe(site: Site, _profile: Profile) -> Document:
    return {"percentage": site.charge_percent}


def _grid_status(site: Site, _profile: Profile) -> Document:
    return {"grid_status": site.grid_status, "grid_services_active": False}


def _sitemaster(site: Site, _profile: Profile) -> Document:
    return {
        "status": "StatusUp" if site.is_running else "StatusDown",
        "running": site.is_running,
        "connected_to_tesla": True,
        "power_supply_mode": False,
        "can_reboot": batteries.can_reboot(site),
    }


def _operation(site: Site, _profile: Profile) -> Document:
    return {
        "real_mode": site.mode,
        "backup_reserve_percent": site.backup_reserve_percent,
        "freq_shift_load_shed_soe": 75,
        "freq_shift_load_shed_delta_f": -0.32,
    }


def _solars(site: Site, _profile: Profile) -> Document:
    panels = {
        "brand": "Enphase Energy",
        "model": "IQ7PLUS-72-x-US (240V)",
        "power_rating_watts": SOLAR_RATING,
    }
    return [panels] if site.has_solar else []


def _generators(site: Site, _profile: Profile) -> Document:
    """Return the generator, if any, with keys as of panels: nobody has shown one."""
    if site.generator_power is None:
        return {"disconnect_type": "None", "generators": []}
    generator = {
        "brand": "Simulated",
        "model": "Generator",
        "power_rating_watts": GENERATOR_RATING,
    }
    return {"disconnect_type": "DownstreamATS", "generators": [generator]}


def _update_status(site: Site, profile: Profile) -> Document:
    is_updating = site.incidents.update is not None
    return {
        "state": "/download" if is_updating else "/update_succeeded",
        "info": {"status": ["nonactionable"]},
        "current_time": round(site.now.timestamp() * 1000),
        "last_status_time": round(site.start.timestamp() * 1000) - 3359486,
        "version": profile.version,
        "offline_updating": False,
        "offline_update_error": "",
        "estimated_bytes_per_second": None,
    }


def _config(_site: Site, profile: Profile) -> Document:
    return {"vin": profile.din}


CONSTANTS: Final[Mapping[str, Document]] = {
    "/api/autoconfig/status": {
        "status": "not_applicable",
        "running": False,
        "retry_possible": False,
        "have_registered": False,
        "have_timezone": False,
        "have_gridcode": False,
        "grid_availability": "",
    },
    "/api/customer/registration": {
        "privacy_notice": True,
        "limited_warranty": True,
        "grid_services": True,
        "marketing": True,
        "registered": True,
        "timed_out_registration": False,
    },
    "/api/generators/disconnect_types": ["DownstreamATS"],
    "/api/meters/status": {"status": "", "errors": None},
    "/api/networks": [
        {
            "network_name": "ethernet_tesla_internal_default",
            "interface": "EthType",
            "dhcp": True,
            "enabled": True,
            "extra_ips": [{"ip": "192.168.90.2", "netmask": 24}],
            "active": False,
            "primary": False,
            "lastTeslaConnected": False,
            "lastInternetConnected": False,
        },
        {
            "network_name": "gsm_tesla_internal_default",
            "interface": "GsmType",
            "dhcp": None,
            "enabled": True,
            "active": True,
            "primary": False,
            "lastTeslaConnected": False,
            "lastInternetConnected": False,
            "iface_network_info": {
                "network_name": "gsm_tesla_internal_default",
                "ip_networks": [{"ip": "198.51.100.7", "mask": "255.255.255.255"}],
                "gateway": "198.51.100.7",
                "interface": "GsmType",
                "state": "DeviceStateReady",
                "state_reason": "DeviceStateReasonNone",
                "signal_strength": 71,
                "hw_address": "",
            },
        },
        {
            "network_name": "Simulated Wi-Fi",
            "interface": "WifiType",
            "security_type": "WPA2_Personal",
            "dhcp": True,
            "username": "",
            "enabled": True,
            "active": True,
            "primary": True,
            "lastTeslaConnected": True,
            "lastInternetConnected": True,
            "iface_network_info": {
                "network_name": "Simulated Wi-Fi",
                "ip_networks": [{"ip": "192.0.2.10", "mask": "255.255.255.0"}],
                "gateway": "192.0.2.1",
                "interface": "WifiType",
                "state": "DeviceStateReady",
                "state_reason": "DeviceStateReasonNone",
                "signal_strength": 59,
                "hw_address": "00:00:5E:00:53:0A",
            },
        },
    ],
    "/api/troubleshooting/problems": {"problems": []},
}
"""What is the same on every site, with addresses reserved for documentation."""

type Body = Callable[[Site, Profile], Document]

BODIES: Final[Mapping[str, Body]] = {
    "/api/auth/toggle/supported": _toggle,
    "/api/config": _config,
    "/api/generators": _generators,
    "/api/meters": meters.wiring,
    "/api/meters/aggregates": meters.aggregates,
    "/api/meters/readings": meters.readings,
    "/api/meters/site": meters.site_details,
    "/api/meters/solar": meters.solar_details,
    "/api/operation": _operation,
    "/api/powerwalls": batteries.powerwalls,
    "/api/powerwalls/status": batteries.powerwalls_status,
    "/api/site_info": _site_info,
    "/api/site_info/site_name": _site_name,
    "/api/sitemaster": _sitemaster,
    "/api/solar_powerwall": inverter.solar_powerwall,
    "/api/solars": _solars,
    "/api/status": _status,
    "/api/system/update/status": _update_status,
    "/api/system_status": batteries.system_status,
    "/api/system_status/grid_faults": batteries.grid_faults,
    "/api/system_status/grid_status": _grid_status,
    "/api/system_status/soe": _soe,
}


def body(path: str, site: Site, profile: Profile) -> Document:
    """Return what this firmware answers to a GET of a path it has."""
    if path in CONSTANTS:
        document = deepcopy(CONSTANTS[path])
    else:
        document = BODIES[path](site, profile)
    for key_path, value in profile.edits.get(path, {}).items():
        edit(document, key_path, value)
    return document
