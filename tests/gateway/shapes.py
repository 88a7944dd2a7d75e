"""What the documented endpoints answer, and what it means."""

from collections.abc import Callable
from typing import Any

from custom_components.tesla_gateway.gateway import (
    Battery,
    Charge,
    GatewayModel,
    Grid,
    GridStatus,
    Meter,
    MeterKind,
    Operation,
    OperationMode,
    Powerwall,
    Powerwalls,
    Site,
    SiteController,
    Status,
    SystemStatus,
    parse,
)

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
UNIT = {
    "Type": "",
    "PackagePartNumber": "3012170-05-B",
    "PackageSerialNumber": "TG0000000001",
    "type": "ACPW",
    "grid_state": "Grid_Uncompliant",
    "bc_type": None,
}

type Parse = Callable[[bytes], Any]

SHAPES: dict[str, tuple[Parse, dict[str, Any], Any]] = {
    "status of 21.13": (
        parse.status,
        {"version": "21.13.2", "device_type": "teg", "is_solar_powerwall": False},
        Status(
            din=None,
            firmware="21.13.2",
            model=GatewayModel.GATEWAY_2,
            device_type="teg",
        ),
    ),
    "status of 21.44": (
        parse.status,
        {
            "din": "1232100-00-E--TG0000000000",
            "start_time": "2021-12-16 22:13:25 +0800",
            "up_time_seconds": "230h55m59.932079901s",
            "version": "21.44 223a56cd",
            "device_type": "hec",
            "followers": None,
        },
        Status(
            din="1232100-00-E--TG0000000000",
            firmware="21.44",
            model=GatewayModel.GATEWAY_1,
            device_type="hec",
        ),
    ),
    "site": (
        parse.site,
        {
            "site_name": "Home",
            "timezone": "America/New_York",
            "nominal_system_energy_kWh": 40.5,
            "grid_code": {"grid_phase_setting": "Split"},
        },
        Site(name="Home", time_zone="America/New_York"),
    ),
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
        {
            "nominal_energy_remaining": 5964,
            "nominal_full_pack_energy": 14061,
            "battery_blocks": [PACK],
        },
        SystemStatus(
            energy_remaining=5964,
            energy_capacity=14061,
            batteries={"3012170-05-B--TG0000000001": BATTERY},
        ),
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
        SiteController(running=True, connected_to_tesla=True, power_supply_mode=False),
    ),
    "site controller before 2020": (
        parse.site_controller,
        {"running": True, "uptime": "802459s,", "connected_to_tesla": True},
        SiteController(running=True, connected_to_tesla=True, power_supply_mode=None),
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
    "powerwalls": (
        parse.powerwalls,
        {
            "enumerating": False,
            "gateway_din": "1232100-00-E--TG0000000000",
            "powerwalls": [UNIT],
            "msa": None,
        },
        Powerwalls(
            gateway_din="1232100-00-E--TG0000000000",
            units=(
                Powerwall(
                    part_number="3012170-05-B",
                    serial_number="TG0000000001",
                    kind="ACPW",
                ),
            ),
        ),
    ),
    "config": (
        parse.config_din,
        {"vin": "1232100-00-E--TG0000000000"},
        "1232100-00-E--TG0000000000",
    ),
}
"""By what it is: what reads it, what is answered, and what that means."""
