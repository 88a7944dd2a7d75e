"""What the documented endpoints answer of what is installed, and what it means."""

from datetime import timedelta
from typing import Any

from custom_components.tesla_gateway.gateway import (
    FirmwareUpdate,
    GatewayModel,
    Generators,
    Nameplate,
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
    parse_installation,
)
from custom_components.tesla_gateway.gateway.installation import Network

from .shapes import READ_AT, Shapes

DIN = "1232100-00-E--TG0000000000"
CONTROLLER_RUNS = "Cannot perform this action with site controller running."


def checks(*steps: tuple[str, str, Any]) -> dict[str, Any]:
    """Return a diagnostic with some checks: name, status and progress."""
    return {
        "name": "Firmware Update",
        "category": "InternalComms",
        "disruptive": True,
        "inputs": None,
        "checks": [
            {"name": name, "status": status, "progress": progress, "start_time": None}
            for name, status, progress in steps
        ],
    }


COMMISSIONING = checks(
    ("CAN connectivity", "fail", None), ("Enable switch", "fail", None)
)
"""As it always is while the site controller runs."""
NOT_BEGUN = checks(
    ("Powerwall firmware", "not_run", 0), ("Battery firmware", "not_run", 0)
)
DONE = checks(("Synchronizer firmware", "pass", 1), ("Grid code", "pass", 1))
UNIT: dict[str, Any] = {
    "Type": "",
    "PackagePartNumber": "3012170-05-B",
    "PackageSerialNumber": "TG0000000001",
    "type": "ACPW",
    "grid_state": "Grid_Uncompliant",
    "grid_reconnection_time_seconds": 300,
    "under_phase_detection": False,
    "updating": False,
    "commissioning_diagnostic": COMMISSIONING,
    "update_diagnostic": NOT_BEGUN,
    "bc_type": None,
    "in_config": True,
}
IDLE_UNIT = UnitUpdate(updating=False, progress=None, failed_checks=())
POWERWALL = Powerwall(
    part_number="3012170-05-B",
    serial_number="TG0000000001",
    kind="ACPW",
    update=IDLE_UNIT,
    reconnection_time=300,
    under_phase_detection=False,
    in_config=True,
)
ETHERNET: dict[str, Any] = {
    "network_name": "ethernet_tesla_internal_default",
    "interface": "EthType",
    "dhcp": True,
    "enabled": True,
    "active": False,
    "primary": False,
    "lastTeslaConnected": False,
    "lastInternetConnected": False,
}
CELLULAR: dict[str, Any] = ETHERNET | {
    "network_name": "gsm_tesla_internal_default",
    "interface": "GsmType",
    "dhcp": None,
    "active": True,
    "iface_network_info": {"interface": "GsmType", "signal_strength": 71},
}
WIFI: dict[str, Any] = ETHERNET | {
    "network_name": "somebody's network",
    "interface": "WifiType",
    "active": True,
    "primary": True,
    "lastTeslaConnected": True,
    "lastInternetConnected": True,
    "iface_network_info": {
        "network_name": "somebody's network",
        "ip_networks": [{"IP": "192.0.2.10", "Mask": "////AA=="}],
        "state": "DeviceStateReady",
        "signal_strength": 59,
        "hw_address": "00:00:5E:00:53:0A",
    },
}


def network(kind: NetworkKind | None, **changes: Any) -> Network:
    """Return a network that is not in use."""
    return Network(
        **{
            "kind": kind,
            "active": False,
            "primary": False,
            "internet_reachable": False,
            "tesla_reachable": False,
            "signal_strength": None,
            "mac_address": None,
            **changes,
        }
    )


def status(body: bytes) -> Status:
    """Read the status at a fixed moment."""
    return parse_installation.status(body, now=READ_AT)


def site(body: bytes) -> Site:
    """Read the long form of the site."""
    return parse_installation.site("/api/site_info", body)


def generators(body: bytes) -> Generators:
    """Read generators that may be parted from the grid in one way."""
    return parse_installation.generators(body, ("downstream_ats",))


INSTALLED: Shapes = {
    "status of 21.13": (
        status,
        {
            "start_time": "2021-05-19 14:43:51 +0800",
            "up_time_seconds": "53h7m8.673739945s",
            "is_new": False,
            "version": "21.13.2",
            "commission_count": 3,
            "device_type": "teg",
            "sync_type": "v2.1",
            "is_solar_powerwall": False,
        },
        Status(
            din=None,
            firmware="21.13.2",
            model=GatewayModel.GATEWAY_2,
            device_type="teg",
            started_at=READ_AT - timedelta(hours=53, minutes=7, microseconds=8673740),
        ),
    ),
    "status of 21.44": (
        status,
        {
            "din": DIN,
            "start_time": "2021-12-16 22:13:25 +0800",
            "up_time_seconds": "230h55m59.932079901s",
            "version": "21.44 223a56cd",
            "device_type": "hec",
            "leader": "",
            "followers": None,
        },
        Status(
            din=DIN,
            firmware="21.44",
            model=GatewayModel.GATEWAY_1,
            device_type="hec",
            started_at=READ_AT
            - timedelta(hours=230, minutes=55, microseconds=59932080),
        ),
    ),
    "site": (
        site,
        {
            "measured_frequency": 59.980000000000004,
            "max_system_energy_kWh": 54,
            "max_system_power_kW": 20,
            "site_name": "Home",
            "timezone": "America/New_York",
            "max_site_meter_power_kW": 1000000000,
            "min_site_meter_power_kW": -1000000000,
            "nominal_system_energy_kWh": 40.5,
            "nominal_system_power_kW": 15,
            "grid_code": {
                "grid_code": "60Hz_240V_s_IEEE1547a_2014",
                "grid_voltage_setting": 240,
                "grid_phase_setting": "Split",
            },
        },
        Site(
            name="Home",
            time_zone="America/New_York",
            nominal_energy=40.5,
            nominal_power=15,
            max_energy=54,
            max_power=20,
            max_site_power=None,
            measured_frequency=59.980000000000004,
            grid_code="60Hz_240V_s_IEEE1547a_2014",
        ),
    ),
    "powerwalls": (
        parse_installation.powerwalls,
        {
            "enumerating": False,
            "updating": False,
            "phase_detection_last_error": "no phase information",
            "phase_detection_not_available": True,
            "is_on_grid": True,
            "gateway_din": DIN,
            "powerwalls": [UNIT],
            "sync": {
                "updating": True,
                "commissioning_diagnostic": COMMISSIONING,
                "update_diagnostic": DONE,
            },
            "msa": None,
            "states": ["updating meter socket adapter"],
        },
        Powerwalls(
            gateway_din=DIN,
            updating=False,
            enumerating=False,
            activity=SystemActivity.IDLE,
            units={POWERWALL.din: POWERWALL},
            accessories={
                "synchronizer": UnitUpdate(
                    updating=True, progress=100, failed_checks=()
                )
            },
        ),
    ),
    "firmware update": (
        parse_installation.firmware_update,
        {
            "state": "/update_succeeded",
            "info": {"status": ["nonactionable"]},
            "current_time": 1640549366145,
            "last_status_time": 1640546006659,
            "version": "21.44 223a56cd",
            "offline_updating": False,
            "offline_update_error": "",
            "estimated_bytes_per_second": None,
        },
        FirmwareUpdate(state=UpdateState.SUCCEEDED, updating=False),
    ),
    "networks": (
        parse_installation.networks,
        [ETHERNET, CELLULAR, WIFI],
        Networks(
            networks=(
                network(NetworkKind.ETHERNET),
                network(NetworkKind.CELLULAR, active=True, signal_strength=71),
                network(
                    NetworkKind.WIFI,
                    active=True,
                    primary=True,
                    internet_reachable=True,
                    tesla_reachable=True,
                    signal_strength=59,
                    mac_address="00:00:5e:00:53:0a",
                ),
            )
        ),
    ),
    "problems": (parse_installation.problems, {"problems": []}, ()),
    "registration": (
        parse_installation.registered,
        {
            "privacy_notice": False,
            "limited_warranty": False,
            "grid_services": None,
            "marketing": False,
            "registered": True,
            "timed_out_registration": False,
        },
        True,
    ),
    "no generators": (
        generators,
        {"disconnect_type": "None", "generators": []},
        Generators(
            disconnect_type="none", disconnect_types=("downstream_ats",), units=()
        ),
    ),
    "solar systems": (
        parse_installation.solars,
        [
            {
                "brand": "Enphase Energy",
                "model": "IQ7PLUS-72-x-US (240V)",
                "power_rating_watts": 5250,
            }
        ],
        SolarSystems(
            systems=(
                Nameplate(
                    brand="Enphase Energy", model="IQ7PLUS-72-x-US (240V)", power=5250
                ),
            )
        ),
    ),
}
