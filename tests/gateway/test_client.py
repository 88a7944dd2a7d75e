"""A gateway as its users speak of it, on every kind that is simulated."""

import asyncio
from collections.abc import Awaitable, Callable
import math
import os
from pathlib import Path
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayClient,
    GatewayForbiddenError,
    GatewayIdentityError,
    GatewayModel,
    GatewayResponseError,
    GatewayStoppedError,
    GridStatus,
    Identity,
    MeterKind,
    OperationMode,
    Site,
)
from simulator.server import Simulator

from .conftest import Connect

SERIAL = "TGSIMULATED001"
DIN = f"1232100-00-E--{SERIAL}"
SITE = "Simulated Home"

READS: dict[str, Callable[[GatewayClient], Any]] = {
    "/api/meters/aggregates": GatewayClient.meters,
    "/api/operation": GatewayClient.operation,
    "/api/powerwalls": GatewayClient.powerwalls,
    "/api/site_info": GatewayClient.site,
    "/api/site_info/site_name": GatewayClient.site_name,
    "/api/sitemaster": GatewayClient.site_controller,
    "/api/status": GatewayClient.status,
    "/api/system_status": GatewayClient.system_status,
    "/api/system_status/grid_status": GatewayClient.grid,
    "/api/system_status/soe": GatewayClient.charge,
}
STOPPED = {
    "/api/meters/aggregates",
    "/api/system_status",
    "/api/system_status/grid_status",
    "/api/system_status/soe",
}
POWERWALL_3 = STOPPED - {"/api/system_status"}


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
    assert client.outcomes == dict.fromkeys(sorted(READS), "answered")
    assert gateway.stats.requests == {
        "POST /api/login/Basic": 1,
        **{f"GET {path}": 1 for path in READS},
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
    assert [*system.batteries] == [unit.din for unit in powerwalls.units]
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
    assert await client.site() == Site(name=SITE, time_zone="America/Los_Angeles")
    operation = await client.operation()
    assert operation.mode is OperationMode(gateway.site.mode)
    assert operation.gateway_backup_reserve == gateway.site.backup_reserve_percent
    controller = await client.site_controller()
    assert controller.running
    assert controller.connected_to_tesla
    assert not controller.power_supply_mode


@pytest.mark.parametrize(
    ("gateway_options", "identity"),
    [
        (
            {"profile": "21.13"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="21.13.2",
                site_name=SITE,
                running=True,
            ),
        ),
        (
            {"profile": "21.44"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="21.44",
                site_name=SITE,
                running=True,
            ),
        ),
        (
            {"profile": "24.44"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="24.44.0",
                site_name=SITE,
                running=True,
            ),
        ),
        (
            {"profile": "pw3"},
            Identity(
                din=f"1707000-11-J--{SERIAL}",
                model=GatewayModel.POWERWALL_3,
                firmware=None,
                site_name=None,
                running=None,
            ),
        ),
        (
            {"profile": "stopped"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="21.44",
                site_name=SITE,
                running=False,
            ),
        ),
    ],
    ids=["21.13", "21.44", "24.44", "pw3", "stopped"],
)
async def test_knows_who_answers(
    client: GatewayClient, gateway: Simulator, identity: Identity
) -> None:
    """Test every kind of gateway tells who it is, without a request in vain."""
    await client.login()
    assert await client.identity() == identity
    assert gateway.stats.logins == 1
    assert max(gateway.stats.requests.values()) == 1


@pytest.mark.parametrize("compressed", [False, True], ids=["text", "gzip"])
@profile("pw3")
async def test_the_din_of_a_powerwall_3(
    client: GatewayClient, gateway: Simulator, *, compressed: bool
) -> None:
    """Test the last place of all that a DIN is looked for."""
    gateway.device.is_din_compressed = compressed
    assert (await client.identity()).din == f"1707000-11-J--{SERIAL}"


@pytest.mark.parametrize(
    ("faults", "asked"),
    [
        ([], "GET /api/powerwalls"),
        ([("/api/powerwalls", 404)], "GET /api/config"),
        ([("/api/powerwalls", 403), ("/api/sitemaster", 403)], "GET /api/config"),
        ([("/api/powerwalls", 500), ("/api/config", 503)], "GET /tedapi/din"),
    ],
    ids=["powerwalls", "config", "forbidden", "din"],
)
async def test_looks_for_the_din_elsewhere(
    client: GatewayClient, gateway: Simulator, faults: list[Any], asked: str
) -> None:
    """Test a status without a DIN is made good from the next place that has one."""
    gateway.faults.add("/api/status", drop=("din",))
    gateway.faults.add("/tedapi/din", body=DIN)
    for path, status in faults:
        gateway.faults.add(path, status=status)
    assert (await client.identity()).din == DIN
    places = ("GET /api/powerwalls", "GET /api/config", "GET /tedapi/din")
    assert [each for each in gateway.stats.requests if each in places][-1] == asked


@pytest.mark.parametrize(
    ("faults", "model"),
    [
        ({}, GatewayModel.POWERWALL_3),
        ({"/api/status": "<html></html>"}, GatewayModel.OTHER),
        ({"/api/site_info/site_name": '{"site_name": "a"}'}, GatewayModel.OTHER),
    ],
    ids=["absent", "unreadable", "has a name"],
)
@profile("pw3")
async def test_only_a_powerwall_3_has_no_status(
    client: GatewayClient,
    gateway: Simulator,
    faults: dict[str, str],
    model: GatewayModel,
) -> None:
    """Test a model is not made up for a gateway whose status cannot be read."""
    for path, body in faults.items():
        gateway.faults.add(path, body=body)
    assert (await client.identity()).model is model


async def test_nobody_without_a_din(client: GatewayClient, gateway: Simulator) -> None:
    """Test something that answers like a gateway, and does not say which one."""
    gateway.faults.add("/api/status", drop=("din",))
    gateway.faults.add("/api/powerwalls", drop=("gateway_din",))
    gateway.faults.add("/api/config", drop=("vin",))
    gateway.faults.add("/tedapi/din", body="<html></html>")
    with pytest.raises(GatewayIdentityError):
        await client.identity()


@pytest.mark.parametrize("ask", [GatewayClient.identity, GatewayClient.meters])
async def test_a_router_is_no_gateway(
    client: GatewayClient,
    gateway: Simulator,
    ask: Callable[[GatewayClient], Awaitable[object]],
) -> None:
    """Test a page for people in place of every answer: one login, and no more."""
    gateway.faults.add(body="<html>Your router</html>")
    with pytest.raises(GatewayResponseError, match="/api/login/Basic"):
        await ask(client)
    assert gateway.stats.total == 1


@pytest.mark.parametrize(
    ("firmware", "release"),
    [
        ("21.44", (21, 44)),
        ("24.12.6-PW3-AFCI", (24, 12, 6)),
        ("22.26.1-foxtrot", (22, 26, 1)),
        ("unknown", ()),
        (None, ()),
    ],
)
def test_a_release_to_compare(firmware: str | None, release: tuple[int, ...]) -> None:
    """Test versions of any length and with any name behind them."""
    identity = Identity(
        din=DIN,
        model=GatewayModel.OTHER,
        firmware=firmware,
        site_name=None,
        running=None,
    )
    assert identity.release == release


@profile("pw3")
async def test_what_a_powerwall_3_has(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test three endpoints answer, and the others are asked once."""
    for _ in range(2):
        outcomes = await _poll(client)
        for path, outcome in outcomes.items():
            assert isinstance(outcome, GatewayAbsentError) is (path not in POWERWALL_3)
    answered = {path for path, how in client.outcomes.items() if how == "answered"}
    assert answered == POWERWALL_3
    assert gateway.stats.logins == 1
    assert gateway.stats.requests["GET /api/system_status"] == 1


@profile("stopped")
async def test_a_stopped_site_controller(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test a stopped controller is told apart from a fault, and may start at once."""
    outcomes = await _poll(client)
    for path, outcome in outcomes.items():
        assert isinstance(outcome, GatewayStoppedError) is (path in STOPPED)
    assert outcomes["/api/sitemaster"].running is False
    gateway.site.is_running = True
    outcomes = await _poll(client)
    assert not any(isinstance(outcome, Exception) for outcome in outcomes.values())


@pytest.mark.parametrize("status", [403, 404])
async def test_a_site_with_only_a_name(
    client: GatewayClient, gateway: Simulator, status: int
) -> None:
    """Test the short form of the site's data stands in for the long one."""
    gateway.faults.add("/api/site_info", status=status)
    assert await client.site() == Site(name=SITE, time_zone="America/Los_Angeles")


async def test_new_firmware_is_asked_anew(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test an endpoint that comes with an update is not waited for an hour."""
    gateway.faults.add("/api/operation", status=404, times=1)
    for _ in range(2):
        await client.status()
        with pytest.raises(GatewayAbsentError):
            await client.operation()
    gateway.control({"version": "23.28.2 27626f98"})
    await client.status()
    assert await client.operation()


async def test_a_new_client_asks_anew(connect: Connect, gateway: Simulator) -> None:
    """Test what one login was refused, another one may be given."""
    first = GatewayClient(connect())
    gateway.faults.add("/api/operation", status=403, times=2)
    for _ in range(2):
        with pytest.raises(GatewayForbiddenError):
            await first.operation()
    assert await GatewayClient(connect()).operation()
    assert gateway.stats.requests["GET /api/operation"] == 3


async def test_a_wrong_password_is_no_other_error(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test every way into a gateway tells of a wrong password as such."""
    gateway.change_password("other")
    for attempt in (client.login(), client.identity(), client.meters()):
        with pytest.raises(GatewayAuthenticationError):
            await attempt
    assert client.is_login_refused


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
    assert not any(isinstance(outcome, Exception) for outcome in outcomes.values())
    meters = outcomes["/api/meters/aggregates"]
    assert [meters[kind].real_power for kind in MeterKind] == [72, -60, 1154, 1144]
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
    assert [unit.din for unit in outcomes["/api/powerwalls"].units] == [battery.din]
    operation = outcomes["/api/operation"]
    assert operation.mode is OperationMode.AUTONOMOUS
    assert operation.gateway_backup_reserve == 30
    identity = await client.identity()
    assert identity.release == (21, 44)
    assert identity.site_name == "Home Energy Gateway"
    assert identity.running


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
        assert isinstance(outcome, GatewayStoppedError) is (path in STOPPED)
    assert (await client.identity()).running is False
