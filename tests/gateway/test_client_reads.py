"""All reads together, on every kind of gateway that is simulated."""

import asyncio
from collections.abc import Callable
import math
import os
from pathlib import Path
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAbsentError,
    GatewayClient,
    GatewayModel,
    GatewayResponseError,
    GatewayStoppedError,
    GridStatus,
    MeterKind,
    NetworkKind,
    OperationMode,
    Site,
    SystemActivity,
    UnitUpdate,
    UpdateState,
)
from simulator.server import Simulator

DIN = "1232100-00-E--TGSIMULATED001"
SITE = "Simulated Home"

READS: dict[str, Callable[[GatewayClient], Any]] = {
    "/api/customer/registration": GatewayClient.registered,
    "/api/devices/vitals": GatewayClient.components,
    "/api/generators": GatewayClient.generators,
    "/api/meters/aggregates": GatewayClient.meters,
    "/api/meters/site": GatewayClient.site_meters,
    "/api/meters/solar": GatewayClient.solar_meters,
    "/api/networks": GatewayClient.networks,
    "/api/operation": GatewayClient.operation,
    "/api/powerwalls": GatewayClient.powerwalls,
    "/api/site_info": GatewayClient.site,
    "/api/site_info/site_name": GatewayClient.site_name,
    "/api/sitemaster": GatewayClient.site_controller,
    "/api/solars": GatewayClient.solars,
    "/api/status": GatewayClient.status,
    "/api/system/update/status": GatewayClient.firmware_update,
    "/api/system_status": GatewayClient.system_status,
    "/api/system_status/grid_faults": GatewayClient.grid_faults,
    "/api/system_status/grid_status": GatewayClient.grid,
    "/api/system_status/soe": GatewayClient.charge,
    "/api/troubleshooting/problems": GatewayClient.problems,
}
"""By the endpoint that each asks first."""
TYPES = "/api/generators/disconnect_types"
POWERWALL_3 = {
    "/api/meters/aggregates",
    "/api/system_status/grid_status",
    "/api/system_status/soe",
}
STOPPED = POWERWALL_3 | {
    "/api/devices/vitals",
    "/api/system_status",
    "/api/system_status/grid_faults",
}
NOT_ON = {
    "21.13": {
        *("/api/devices/vitals", "/api/generators", "/api/meters/site"),
        *("/api/meters/solar", "/api/networks", "/api/operation", "/api/solars"),
        *("/api/system/update/status", "/api/system_status"),
        "/api/troubleshooting/problems",
    },
    "24.44": {"/api/customer/registration"},
    "pw3": READS.keys() - POWERWALL_3,
}
"""By profile; on 24.44 something else stands in for the vitals."""
WITHOUT_VITALS = {"/api/devices/vitals"}


def profile(name: str) -> pytest.MarkDecorator:
    """Return what has a test run against a kind of gateway."""
    return pytest.mark.parametrize("gateway_options", [{"profile": name}], ids=[name])


async def _poll(client: GatewayClient) -> dict[str, Any]:
    """Return what each read of one poll comes to."""
    with client.poll():
        reads = (read(client) for read in READS.values())
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
    return dict(zip(READS, outcomes, strict=True))


async def test_a_poll_of_everything(client: GatewayClient, gateway: Simulator) -> None:
    """Test each endpoint is asked once, three at a time, after one login."""
    outcomes = await _poll(client)
    assert not any(isinstance(outcome, Exception) for outcome in outcomes.values())
    paths = {*READS, TYPES}
    assert client.outcomes == dict.fromkeys(sorted(paths), "answered")
    assert gateway.stats.requests == {
        "POST /api/login/Basic": 1,
        **{f"GET {path}": 1 for path in paths},
    }
    assert gateway.stats.most_in_flight <= 3


async def test_reads_the_live_values(client: GatewayClient, gateway: Simulator) -> None:
    """Test power and charge are those of the simulated site, and add up."""
    meters = await client.meters()
    power = {kind: meter.real_power for kind, meter in meters.items()}
    flows = gateway.site.flows()
    assert power == {
        MeterKind.SITE: flows.site,
        MeterKind.BATTERY: flows.battery,
        MeterKind.LOAD: flows.load,
        MeterKind.SOLAR: flows.solar,
    }
    charge = await client.charge()
    assert charge.gateway_percent == gateway.site.charge_percent
    assert math.isclose(charge.percent * 0.95 + 5, charge.gateway_percent)
    assert (await client.grid()).status is GridStatus.CONNECTED


@pytest.mark.parametrize("gateway_options", [{"batteries": 3}])
async def test_reads_the_batteries(client: GatewayClient, gateway: Simulator) -> None:
    """Test the running system and the installed one speak of the same batteries."""
    site = gateway.site
    system = await client.system_status()
    powerwalls = await client.powerwalls()
    assert [*system.batteries] == [*powerwalls.units]
    assert len(system.batteries) == 3
    assert system.energy_remaining == site.energy_remaining
    assert system.energy_capacity == site.full_energy
    packs = system.batteries.values()
    assert [pack.real_power for pack in packs] == [*site.flows().batteries]
    assert powerwalls.gateway_din == DIN


async def test_reads_the_rest(client: GatewayClient, gateway: Simulator) -> None:
    """Test gateway, installation, settings and the program that runs them."""
    status = await client.status()
    assert (status.din, status.firmware) == (DIN, "21.44")
    assert status.model is GatewayModel.GATEWAY_2
    operation = await client.operation()
    assert operation.mode is OperationMode(gateway.site.mode)
    assert operation.gateway_backup_reserve == gateway.site.backup_reserve_percent
    controller = await client.site_controller()
    assert controller.running
    assert controller.connected_to_tesla
    assert not controller.power_supply_mode
    assert controller.reboot_obstacle == "none"


@pytest.mark.parametrize(
    ("gateway_options", "absent"),
    [({"profile": name}, absent) for name, absent in NOT_ON.items()],
    ids=NOT_ON,
)
async def test_what_a_gateway_does_not_have(
    client: GatewayClient, gateway: Simulator, absent: set[str]
) -> None:
    """Test the endpoints that are there answer, and the others are asked once."""
    for _ in range(2):
        for path, outcome in (await _poll(client)).items():
            assert isinstance(outcome, GatewayAbsentError) is (path in absent)
            assert isinstance(outcome, Exception) is (path in absent)
    answered = {path for path, how in client.outcomes.items() if how == "answered"}
    assert answered & READS.keys() == READS.keys() - absent - WITHOUT_VITALS
    assert gateway.stats.logins == 1
    # Both reads of a site may ask for its name at a time.
    once = absent - {"/api/site_info/site_name"}
    assert {gateway.stats.requests[f"GET {path}"] for path in once} == {1}
    assert gateway.stats.requests["GET /api/devices/vitals"] == 1


@profile("stopped")
async def test_a_stopped_site_controller(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test a stopped controller is told apart from a fault, and may start at once."""
    outcomes = await _poll(client)
    for path, outcome in outcomes.items():
        assert isinstance(outcome, GatewayStoppedError) is (path in STOPPED)
        assert isinstance(outcome, Exception) is (path in STOPPED)
    assert outcomes["/api/sitemaster"].running is False
    assert outcomes["/api/sitemaster"].reboot_obstacle is None
    assert outcomes["/api/site_info"].measured_frequency == 60.010000000000005
    assert "GET /api/solar_powerwall" not in gateway.stats.requests
    gateway.site.is_running = True
    outcomes = await _poll(client)
    assert not any(isinstance(outcome, Exception) for outcome in outcomes.values())


@pytest.mark.parametrize("status", [403, 404])
async def test_a_site_with_only_a_name(
    client: GatewayClient, gateway: Simulator, status: int
) -> None:
    """Test the short form of the site's data stands in for the long one."""
    gateway.faults.add("/api/site_info", status=status)
    site = await client.site()
    assert (site.name, site.time_zone) == (SITE, "America/Los_Angeles")
    assert site.nominal_energy is site.grid_code is None
    gateway.faults.add("/api/site_info/site_name", body="[]")
    with pytest.raises(GatewayResponseError, match=r"^/api/site_info/site_name gives"):
        await client.site()


NOT_RECORDED = {"/api/devices/vitals", "/api/meters/site", "/api/meters/solar"}
RECORDINGS = os.environ.get("TESLA_GATEWAY_RECORDINGS")
needs_recordings = pytest.mark.skipif(
    RECORDINGS is None, reason="TESLA_GATEWAY_RECORDINGS names no folder"
)


@needs_recordings
@pytest.mark.parametrize(
    "gateway_options",
    [{"replay": Path(RECORDINGS or "", "21.44", "running")}],
    ids=["running"],
)
async def test_a_recorded_gateway(client: GatewayClient) -> None:
    """Test what a real gateway has answered, to the last digit."""
    outcomes = await _poll(client)
    for path, outcome in outcomes.items():
        assert isinstance(outcome, Exception) is (path in NOT_RECORDED)
    _check_recorded_power(outcomes)
    _check_recorded_installation(outcomes)
    identity = await client.identity()
    assert identity.release == (21, 44)
    assert identity.site_name == "Home Energy Gateway"
    assert identity.running


def _check_recorded_power(outcomes: dict[str, Any]) -> None:
    """Check what the recorded gateway measured."""
    meters = outcomes["/api/meters/aggregates"]
    assert {kind.value: meter.real_power for kind, meter in meters.items()} == {
        "site": 72,
        "battery": -60,
        "load": 1154,
        "solar": 1144,
    }
    assert meters[MeterKind.SITE].energy_imported == 752045.9551097859
    assert meters[MeterKind.SITE].energy_exported == 348463.5610710742
    assert meters[MeterKind.SITE].current is meters[MeterKind.SITE].current_l1 is None
    assert meters[MeterKind.LOAD].current == 5.401177176805384
    assert meters[MeterKind.BATTERY].frequency == 60.007000000000005
    assert meters[MeterKind.SOLAR].frequency is None
    charge = outcomes["/api/system_status/soe"]
    assert charge.gateway_percent == 42.415190953701725
    assert round(charge.percent, 4) == 39.3844
    system = outcomes["/api/system_status"]
    (battery,) = system.batteries.values()
    assert (battery.energy_remaining, battery.energy_capacity) == (5964, 14061)
    assert (battery.real_power, battery.voltage) == (-70, 246.9)
    assert (battery.energy_charged, battery.energy_discharged) == (642500, 567740)
    assert battery.inverter_state == "grid_following"
    assert (battery.grid_state, battery.operation_state) == ("compliant", "active")
    assert (system.target_power, system.target_reactive_power) == (-65.5, 0)
    assert system.max_charge_power == system.max_discharge_power == 5000
    assert system.instantaneous_max_charge_power == 5290
    assert system.instantaneous_max_discharge_power == 12000
    assert system.instantaneous_max_apparent_power is system.solar_power_limit is None
    assert system.island_state is GridStatus.CONNECTED
    assert str(system.last_toggle) == "2021-12-17 05:17:15.683707+00:00"
    assert outcomes["/api/system_status/grid_faults"].faults == ()


def _check_recorded_installation(outcomes: dict[str, Any]) -> None:
    """Check what belonged to the recorded gateway, and how it was set."""
    batteries = outcomes["/api/system_status"].batteries
    powerwalls = outcomes["/api/powerwalls"]
    assert [*powerwalls.units] == [*batteries]
    assert powerwalls.activity is SystemActivity.IDLE
    assert [unit.update for unit in powerwalls.units.values()] == [
        UnitUpdate(updating=False, progress=None, failed_checks=())
    ]
    operation = outcomes["/api/operation"]
    assert operation.mode is OperationMode.AUTONOMOUS
    assert operation.gateway_backup_reserve == 30
    assert outcomes["/api/site_info"] == Site(
        name="Home Energy Gateway",
        time_zone="America/Los_Angeles",
        nominal_energy=13.5,
        nominal_power=5,
        max_energy=13.5,
        max_power=5,
        max_site_power=None,
        measured_frequency=None,
        grid_code="60Hz_240V_s_UL1741SA:2019_California",
    )
    networks = outcomes["/api/networks"]
    assert networks.active.kind is NetworkKind.WIFI
    assert [each.signal_strength for each in networks.networks] == [None, 71, 59]
    assert networks.internet_reachable is networks.tesla_reachable is True
    assert outcomes["/api/system/update/status"].state is UpdateState.SUCCEEDED
    assert outcomes["/api/solars"].power == 5250
    assert outcomes["/api/generators"].disconnect_types == ("downstream_ats",)
    assert outcomes["/api/customer/registration"] is True
    assert outcomes["/api/troubleshooting/problems"] == ()


@needs_recordings
@pytest.mark.parametrize(
    "gateway_options",
    [{"replay": Path(RECORDINGS or "", "21.44", "stopped")}],
    ids=["stopped"],
)
async def test_a_recorded_gateway_that_is_stopped(client: GatewayClient) -> None:
    """Test what the same gateway answered while its site controller was stopped."""
    outcomes = await _poll(client)
    for path, outcome in outcomes.items():
        is_stopped = path in STOPPED - NOT_RECORDED
        assert isinstance(outcome, GatewayStoppedError) is is_stopped
    assert (await client.identity()).running is False
