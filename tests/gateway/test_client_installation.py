"""What a client reads of an installation, and of what happens at it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    ComponentKind,
    FaultValue,
    FirmwareUpdate,
    GatewayAbsentError,
    GatewayClient,
    GatewayForbiddenError,
    GatewayRejectedError,
    GatewayResponseError,
    GatewayStoppedError,
    Generators,
    GridStatus,
    MeterKind,
    Nameplate,
    NetworkKind,
    Site,
    SystemActivity,
    UnitUpdate,
    UpdateState,
)
from simulator.bodies import UPTIME
from simulator.server import Simulator

from .conftest import Connect

STATUS = "/api/status"
VITALS = "/api/devices/vitals"
SOLAR_POWERWALL = "/api/solar_powerwall"


def options(**gateway_options: Any) -> pytest.MarkDecorator:
    """Return what has a test run against a gateway of some kind."""
    name = "-".join(map(str, gateway_options.values()))
    return pytest.mark.parametrize("gateway_options", [gateway_options], ids=[name])


async def test_knows_the_start(client: GatewayClient) -> None:
    """Test the gateway started as long ago as it says it is up."""
    before = datetime.now(UTC)
    started_at = (await client.status()).started_at
    assert started_at is not None
    assert before <= started_at + timedelta(seconds=UPTIME) <= datetime.now(UTC)
    for _ in range(3):
        assert (await client.status()).started_at == started_at


async def test_the_start_stays(client: GatewayClient, gateway: Simulator) -> None:
    """Test what passes on the way does not move the start, and a reboot does."""

    async def started_at(uptime: str) -> datetime:
        gateway.faults.clear()
        gateway.faults.add(STATUS, edit={"up_time_seconds": uptime})
        started_at = (await client.status()).started_at
        assert started_at is not None
        return started_at

    first = await started_at("100h0m0s")
    assert await started_at("100h0m45s") == first
    assert await started_at("99h59m15s") == first
    # Measured from what was told, not from the last reading: no creeping away.
    moved = await started_at("100h1m30s")
    assert abs(first - moved - timedelta(seconds=90)) < timedelta(seconds=30)
    assert await started_at("100h1m0s") == moved
    rebooted = await started_at("0s")
    assert timedelta(0) <= datetime.now(UTC) - rebooted < timedelta(seconds=30)
    assert await started_at("1s") == rebooted


async def test_a_start_of_each_client(connect: Connect, gateway: Simulator) -> None:
    """Test a status without uptime has no start, and the next one has it again."""
    client = GatewayClient(connect())
    gateway.faults.add(STATUS, edit={"up_time_seconds": "unknown"}, times=1)
    assert (await client.status()).started_at is None
    started_at = (await client.status()).started_at
    assert started_at is not None
    gateway.faults.add(STATUS, drop=["up_time_seconds"], times=1)
    assert (await client.status()).started_at is None
    again = (await client.status()).started_at
    assert again is not None
    assert abs(again - started_at) < timedelta(seconds=30)


@options(batteries=3)
async def test_reads_the_site(client: GatewayClient) -> None:
    """Test what the installation can hold and give, and the rules it follows."""
    assert await client.site() == Site(
        name="Simulated Home",
        time_zone="America/Los_Angeles",
        nominal_energy=40.5,
        nominal_power=15,
        max_energy=40.5,
        max_power=15,
        max_site_power=None,
        measured_frequency=None,
        grid_code="60Hz_240V_s_UL1741SA:2019_California",
    )


@options(profile="21.13", batteries=3)
async def test_reads_an_old_site(client: GatewayClient) -> None:
    """Test firmware that measures the frequency, and says 0 for what it has not."""
    site = await client.site()
    assert site.measured_frequency == 59.980000000000004
    assert (site.nominal_energy, site.nominal_power) == (40.5, 15)
    assert site.max_energy is site.max_power is None


async def test_reads_the_system(client: GatewayClient, gateway: Simulator) -> None:
    """Test targets and limits, and that none is said to be limited that is not."""
    status = await client.system_status()
    assert status.target_power == gateway.site.flows().battery
    assert status.grid_services_power == 0
    assert status.solar_power_limit is None
    assert (status.available_batteries, status.controlled_batteries) == (1, 1)
    assert status.island_state is GridStatus.CONNECTED
    assert str(status.last_toggle) == "2021-12-17 05:17:15.683707+00:00"


@options(scenario="disabled_pack")
async def test_reads_a_disabled_pack(client: GatewayClient) -> None:
    """Test a Powerwall the gateway does not use, beside one it uses."""
    status = await client.system_status()
    sound, disabled = status.batteries.values()
    assert status.available_batteries == 1
    assert disabled.disabled_reasons == ("DisabledExcessiveVoltageDrop",)
    assert disabled.energy_remaining is disabled.real_power is None
    assert disabled.grid_state is disabled.energy_charged is None
    assert disabled.operation_state == "standby"
    assert disabled.energy_capacity
    assert sound.disabled_reasons == ()
    assert sound.energy_remaining == status.energy_remaining
    assert (await client.powerwalls()).units.keys() == status.batteries.keys()


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_batteries_come_and_go(client: GatewayClient, gateway: Simulator) -> None:
    """Test a Powerwall is told of as long as it is there."""
    for count in (2, 3, 1):
        gateway.control({"site": {"batteries": count}})
        assert len((await client.system_status()).batteries) == count
        assert len((await client.powerwalls()).units) == count
    gateway.faults.add("/api/system_status", edit={"battery_blocks": None}, times=1)
    assert (await client.system_status()).batteries == {}
    assert len((await client.system_status()).batteries) == 1


async def test_reads_grid_faults(client: GatewayClient, gateway: Simulator) -> None:
    """Test faults of the grid as they come, counted for a day."""
    assert (await client.grid_faults()).faults == ()
    gateway.site.start = datetime.now(UTC) - timedelta(hours=25)
    gateway.control({"grid_faults": [{}]})
    gateway.site.advance(7200)
    gateway.control(
        {"grid_faults": [{"code": "PINV_a008_vfCheckRocof", "is_fault": True}] * 2}
    )
    found = await client.grid_faults()
    assert found.recent == 2
    first, second, third = found.faults
    assert first.code == "PINV_a007_vfCheckOverFrequency"
    assert first.is_fault is False
    assert first.values == (FaultValue(name="Frequency", value=60.937, unit="Hz"),)
    assert first.component == "TEPINV"
    assert first.serial_number == "TGSIMULATED201"
    assert second.is_fault is True
    assert second != third
    assert second.occurred_at is not None
    assert first.occurred_at is not None
    assert second.occurred_at - first.occurred_at == timedelta(hours=2)
    assert await client.grid_faults() == found


@options(profile="21.13")
async def test_reads_the_recorded_grid_fault(client: GatewayClient) -> None:
    """Test the one fault of which there is a recording."""
    found = await client.grid_faults()
    assert found.recent == 0
    (fault,) = found.faults
    assert fault.name == "Vf check over frequency"
    assert fault.occurred_at == datetime(2021, 6, 9, 22, 35, 46, 367000, UTC)


async def test_reads_the_components(client: GatewayClient, gateway: Simulator) -> None:
    """Test vitals, and that nothing stands in for them where there are some."""
    kinds = {each.kind for each in (await client.components()).values()}
    assert {ComponentKind.GATEWAY, ComponentKind.BATTERY} < kinds
    assert ComponentKind.SOLAR_INVERTER in kinds
    assert f"GET {SOLAR_POWERWALL}" not in gateway.stats.requests


@options(profile="24.44")
async def test_components_without_vitals(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test newer firmware tells of its solar inverter elsewhere, each time anew."""
    for times in (1, 2):
        (inverter,) = (await client.components()).values()
        assert inverter.kind is ComponentKind.SOLAR_INVERTER
        assert inverter.readings["string_a_connected"] is True
        assert gateway.stats.requests[f"GET {VITALS}"] == 1
        assert gateway.stats.requests[f"GET {SOLAR_POWERWALL}"] == times


async def test_components_that_are_forbidden(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test vitals that are not for this login are made good like missing ones."""
    gateway.faults.add(VITALS, status=403)
    answer = '{"pvac_status": {"state": "PVAC_Active"}}'
    gateway.faults.add(SOLAR_POWERWALL, body=answer)
    (inverter,) = (await client.components()).values()
    assert inverter.readings == {"inverter_state": "active"}
    gateway.faults.clear()
    gateway.faults.add(SOLAR_POWERWALL, status=403)
    with pytest.raises(GatewayForbiddenError, match=SOLAR_POWERWALL):
        await client.components()


@pytest.mark.parametrize("gateway_options", [{"profile": "21.13"}, {"profile": "pw3"}])
async def test_no_components(client: GatewayClient, gateway: Simulator) -> None:
    """Test a gateway that tells of no devices at all is asked once."""
    for _ in range(2):
        with pytest.raises(GatewayAbsentError, match=SOLAR_POWERWALL):
            await client.components()
    for path in (VITALS, SOLAR_POWERWALL):
        assert gateway.stats.requests[f"GET {path}"] == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 502}, GatewayStoppedError),
        ({"status": 500, "body": "{}"}, GatewayRejectedError),
        ({"body": "<html></html>"}, GatewayResponseError),
    ],
    ids=["stopped", "error", "unreadable"],
)
async def test_components_in_trouble(
    client: GatewayClient,
    gateway: Simulator,
    fault: dict[str, Any],
    error: type[Exception],
) -> None:
    """Test nothing stands in for vitals that fail: they will be back."""
    gateway.faults.add(VITALS, **fault, times=1)
    with pytest.raises(error):
        await client.components()
    assert f"GET {SOLAR_POWERWALL}" not in gateway.stats.requests
    assert await client.components()


async def test_reads_the_phases(client: GatewayClient, gateway: Simulator) -> None:
    """Test the meters at the grid and at the panels, each from its endpoint."""
    flows = gateway.site.flows()
    (grid,) = (await client.site_meters()).values()
    assert grid.kind == "synchrometerX"
    assert grid.serial_number == "TGSIMULATED301synchrometerX"
    assert grid.voltage == (122.53, 124.24, None)
    assert grid.real_power == (flows.site / 2, flows.site / 2, None)
    assert grid.reactive_power == grid.energy_imported == (None, None, None)
    assert grid.inverted == (False, False, None, None)
    (panels,) = (await client.solar_meters()).values()
    assert panels.kind == "synchrometerY"
    assert panels.real_power == (flows.solar, None, None)
    assert panels.inverted == (None, None, False, None)


@options(scenario="no_solar")
async def test_a_home_without_panels(client: GatewayClient) -> None:
    """Test null at one endpoint, an empty list at the other, no meter at the third."""
    assert await client.solar_meters() == {}
    solars = await client.solars()
    assert solars.systems == ()
    assert solars.power is None
    assert MeterKind.SOLAR not in await client.meters()


@options(scenario="generator")
async def test_reads_a_generator(client: GatewayClient, gateway: Simulator) -> None:
    """Test a generator that is there has a meter and a nameplate."""
    meters = await client.meters()
    power = meters[MeterKind.GENERATOR].real_power
    assert power == gateway.site.flows().generator > 0
    assert await client.generators() == Generators(
        disconnect_type="downstream_ats",
        disconnect_types=("downstream_ats",),
        units=(Nameplate(brand="Simulated", model="Generator", power=10_000),),
    )


async def test_no_generator(client: GatewayClient, gateway: Simulator) -> None:
    """Test the zeros of a generator that is not there are no meter."""
    placeholder = {"instant_power": 0, "energy_imported": 0, "energy_exported": 0}
    placeholders = {"generator": placeholder, "busway": placeholder}
    gateway.faults.add("/api/meters/aggregates", edit=placeholders)
    assert {*await client.meters()} == {
        *(MeterKind.SITE, MeterKind.BATTERY, MeterKind.LOAD, MeterKind.SOLAR)
    }
    assert await client.generators() == Generators(
        disconnect_type="none", disconnect_types=("downstream_ats",), units=()
    )


@pytest.mark.parametrize(
    "fault",
    [{"status": 404}, {"status": 403}, {"status": 500}, {"body": "<html>"}],
    ids=str,
)
async def test_generators_without_disconnect_types(
    client: GatewayClient, gateway: Simulator, fault: dict[str, Any]
) -> None:
    """Test what the gateway could use is not needed to tell what it uses."""
    gateway.faults.add("/api/generators/disconnect_types", **fault)
    assert await client.generators() == Generators(
        disconnect_type="none", disconnect_types=(), units=()
    )


async def test_reads_the_networks(client: GatewayClient, gateway: Simulator) -> None:
    """Test over which network the gateway reaches the internet, and how well."""
    networks = await client.networks()
    assert networks.active is not None
    assert networks.active.kind is NetworkKind.WIFI
    assert networks.active.signal_strength == 59
    assert networks.internet_reachable is networks.tesla_reachable is True
    gateway.faults.add("/api/networks", edit={"2.active": False})
    active = (await client.networks()).active
    assert active is not None
    assert (active.kind, active.signal_strength) == (NetworkKind.CELLULAR, 71)
    gateway.faults.clear()
    gateway.faults.add("/api/networks", body="null")
    networks = await client.networks()
    assert networks.active is networks.internet_reachable is None


async def test_an_update_that_is_done(client: GatewayClient) -> None:
    """Test nothing is on its way into the gateway or a Powerwall."""
    done = FirmwareUpdate(state=UpdateState.SUCCEEDED, updating=False)
    assert await client.firmware_update() == done
    powerwalls = await client.powerwalls()
    assert powerwalls.activity is SystemActivity.IDLE
    idle = UnitUpdate(updating=False, progress=None, failed_checks=())
    assert {unit.update for unit in powerwalls.units.values()} == {idle}
    assert powerwalls.accessories == {"synchronizer": idle}


@options(scenario="updating")
async def test_an_update(client: GatewayClient, gateway: Simulator) -> None:
    """Test firmware on its way into the second of two Powerwalls."""
    under_way = FirmwareUpdate(state=UpdateState.DOWNLOADING, updating=True)
    assert await client.firmware_update() == under_way
    powerwalls = await client.powerwalls()
    assert powerwalls.activity is SystemActivity.UPDATING
    idle, updating = [unit.update for unit in powerwalls.units.values()]
    assert idle == UnitUpdate(updating=False, progress=None, failed_checks=())
    assert updating.updating is True
    assert updating.progress == pytest.approx(40)
    assert updating.failed_checks == ()
    step = "powerwalls.1.update_diagnostic.checks.1.status"
    gateway.faults.add("/api/powerwalls", edit={step: "fail"})
    failing = [*(await client.powerwalls()).units.values()][1]
    assert failing.update.failed_checks == ("Battery firmware",)


async def test_the_rest(client: GatewayClient, gateway: Simulator) -> None:
    """Test registration, problems, the panels and why not to reboot now."""
    assert await client.registered() is True
    assert await client.problems() == ()
    panels = (await client.solars()).systems
    assert panels == (
        Nameplate(brand="Enphase Energy", model="IQ7PLUS-72-x-US (240V)", power=5250),
    )
    gateway.site.busy_reason = "Power flow is too high"
    controller = await client.site_controller()
    assert controller.reboot_obstacle == "power_flow_is_too_high"
    gateway.faults.add("/api/customer/registration", edit={"registered": None})
    assert await client.registered() is None
    gateway.faults.add("/api/troubleshooting/problems", body='{"problems": ["a"]}')
    assert await client.problems() == ("a",)
