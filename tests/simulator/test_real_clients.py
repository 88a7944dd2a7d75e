"""Tests of the simulator with published clients, unmodified, over HTTPS on loopback.

They know real gateways; that they are content is the best proof the simulator is one.
"""

from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypowerwall
from pypowerwall.local.exceptions import LoginError
import pytest
from tesla_powerwall.const import (
    DeviceType,
    GridState,
    GridStatus,
    IslandMode,
    MeterType,
    OperationMode,
    Roles,
    User,
)
from tesla_powerwall.error import AccessDeniedError, ApiError
from tesla_powerwall.powerwall import Powerwall

from simulator.server import Simulator
from simulator.site import Site

from .conftest import Simulate

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

EMAIL = "owner@example.com"
PASSWORD = "KLMNP"


@pytest.fixture(autouse=True)
def _no_certificates_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `requests` not read a list of authorities from the environment."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


# tesla-powerwall


@pytest.fixture
async def powerwall(
    request: pytest.FixtureRequest, simulate: Simulate
) -> AsyncGenerator[tuple[Powerwall, Simulator]]:
    """Return the client core's integration uses, logged in, and its gateway."""
    gateway = simulate(**getattr(request, "param", {}))
    async with Powerwall(f"127.0.0.1:{gateway.port}", verify_ssl=False) as client:
        await client.login(PASSWORD, EMAIL)
        yield client, gateway


type Getter = Callable[[Powerwall], Any]
type Expected = Callable[[Site], Any]

ON_ALL: dict[str, tuple[Getter, Expected]] = {
    "charge": (lambda p: p.get_charge(), lambda s: s.charge_percent),
    "grid_status": (lambda p: p.get_grid_status(), lambda _: GridStatus.CONNECTED),
    "grid_services": (lambda p: p.is_grid_services_active(), lambda _: False),
    "device_type": (lambda p: p.get_device_type(), lambda _: DeviceType.GW2),
    "serial_numbers": (
        lambda p: p.get_serial_numbers(),
        lambda s: [battery.serial for battery in s.batteries],
    ),
    "gateway_din": (
        lambda p: p.get_gateway_din(),
        lambda _: "1232100-00-E--TGSIMULATED001",
    ),
}
SINCE_21_44: dict[str, tuple[Getter, Expected]] = ON_ALL | {
    "version": (lambda p: p.get_version(), lambda _: "21.44"),
    "energy": (lambda p: p.get_energy(), lambda s: s.energy_remaining),
    "capacity": (lambda p: p.get_capacity(), lambda s: s.full_energy),
    "max_charge": (lambda p: p.get_instantaneous_max_charge_power(), lambda _: 10580),
    "max_discharge": (
        lambda p: p.get_instantaneous_max_discharge_power(),
        lambda _: 24000,
    ),
    "mode": (
        lambda p: p.get_operation_mode(),
        lambda _: OperationMode.SELF_CONSUMPTION,
    ),
    "reserve": (lambda p: p.get_backup_reserve_percentage(), lambda _: 24),
    "vin": (lambda p: p.get_vin(), lambda _: "1232100-00-E--TGSIMULATED001"),
}
OLDEST = {"profile": "21.13", "batteries": 2}
NEWER = {"profile": "21.44", "batteries": 2}


@pytest.mark.parametrize(
    ("powerwall", "name"),
    [
        *((OLDEST, name) for name in ON_ALL),
        *((NEWER, name) for name in SINCE_21_44),
    ],
    indirect=["powerwall"],
)
async def test_powerwall_values(
    powerwall: tuple[Powerwall, Simulator], name: str
) -> None:
    """Test every getter of a single value."""
    client, gateway = powerwall
    getter, expected = SINCE_21_44[name]
    assert await getter(client) == expected(gateway.site)


@pytest.mark.parametrize("powerwall", [OLDEST, NEWER], indirect=True)
async def test_powerwall_meters(powerwall: tuple[Powerwall, Simulator]) -> None:
    """Test the meters: who draws, who sends, and how much."""
    client, gateway = powerwall
    flows = gateway.site.flows()
    meters = await client.get_meters()
    assert {kind: meter.instant_power for kind, meter in meters.meters.items()} == {
        MeterType.SITE: flows.site,
        MeterType.BATTERY: flows.battery,
        MeterType.LOAD: flows.load,
        MeterType.SOLAR: flows.solar,
    }
    assert meters.solar.is_drawing_from()
    assert meters.battery.is_sending_to()
    assert meters.load.is_sending_to()
    assert not meters.site.is_active()
    assert meters.load.get_energy_imported() == 1595.3
    assert meters.battery.get_energy_exported() == 1135.5
    assert meters.site.get_instant_total_current() == 0


@pytest.mark.parametrize("powerwall", [{"scenario": "generator"}], indirect=True)
async def test_powerwall_generator(powerwall: tuple[Powerwall, Simulator]) -> None:
    """Test a generator is a meter too."""
    client, gateway = powerwall
    meter = (await client.get_meters()).get_meter(MeterType.GENERATOR)
    assert meter is not None
    assert meter.instant_power == gateway.site.flows().generator == 3000


@pytest.mark.parametrize("powerwall", [OLDEST, NEWER], indirect=True)
async def test_powerwall_status(powerwall: tuple[Powerwall, Simulator]) -> None:
    """Test the status, the site and its controller."""
    client, gateway = powerwall
    status = await client.get_status()
    assert status.up_time_seconds == timedelta(seconds=831359.932079901)
    begun = gateway.site.start - status.up_time_seconds
    assert abs(status.start_time - begun) <= timedelta(seconds=1)
    assert status.version == gateway.device.profile.version
    site = await client.get_site_info()
    assert (site.site_name, site.timezone) == (
        gateway.site.name,
        "America/Los_Angeles",
    )
    assert (site.nominal_system_energy, site.nominal_system_power) == (27, 10)
    sitemaster = await client.get_sitemaster()
    assert sitemaster.status == "StatusUp"
    assert sitemaster.is_running
    assert sitemaster.is_connected_to_tesla
    assert not sitemaster.is_power_supply_mode


@pytest.mark.parametrize("powerwall", [NEWER], indirect=True)
async def test_powerwall_details(powerwall: tuple[Powerwall, Simulator]) -> None:
    """Test the getters of batteries, panels and single meters."""
    client, gateway = powerwall
    flows = gateway.site.flows()
    batteries = await client.get_batteries()
    assert [battery.p_out for battery in batteries] == list(flows.batteries)
    for battery, pack in zip(batteries, gateway.site.batteries, strict=True):
        assert battery.serial_number == pack.serial
        assert battery.energy_remaining == round(pack.energy)
        assert battery.energy_charged == pack.charged
        assert battery.energy_discharged == pack.discharged
        assert battery.capacity == 14061
        assert battery.grid_state is GridState.COMPLIANT
    [panels] = await client.get_solars()
    assert panels.power_rating_watts == 5250
    site = await client.get_meter_site()
    assert site.location is MeterType.SITE
    assert site.readings.v_l1n == 122.53
    solar = await client.get_meter_solar()
    assert solar.readings.real_power_a == flows.solar


@pytest.mark.parametrize("powerwall", [{"scenario": "disabled_pack"}], indirect=True)
async def test_powerwall_disabled_pack(
    powerwall: tuple[Powerwall, Simulator],
) -> None:
    """Test a disabled pack is taken for one."""
    client, _ = powerwall
    good, bad = await client.get_batteries()
    assert good.grid_state is GridState.COMPLIANT
    assert bad.grid_state is GridState.DISABLED
    assert bad.energy_charged is None


@pytest.mark.parametrize("powerwall", [{"scenario": "outage"}], indirect=True)
async def test_powerwall_islanding(powerwall: tuple[Powerwall, Simulator]) -> None:
    """Test the grid status in an outage, and coming back from it."""
    client, gateway = powerwall
    assert await client.get_grid_status() is GridStatus.ISLANDED
    gateway.site.is_grid_up = True
    assert await client.get_grid_status() is GridStatus.TRANSITION_TO_GRID
    gateway.site.advance(21)
    mode = await client.set_island_mode(IslandMode.OFFGRID)
    assert mode is IslandMode.OFFGRID
    assert await client.get_grid_status() is GridStatus.TRANSITION_TO_ISLAND


@pytest.mark.parametrize("powerwall", [{"profile": "21.13"}], indirect=True)
async def test_powerwall_stop_and_run(powerwall: tuple[Powerwall, Simulator]) -> None:
    """Test the site controller is stopped and started."""
    client, _ = powerwall
    await client.stop()
    assert not (await client.get_sitemaster()).is_running
    with pytest.raises(ApiError, match="502"):
        await client.get_charge()
    await client.run()
    assert await client.get_charge() > 0


async def test_powerwall_login(gateway: Simulator) -> None:
    """Test roles, refusals and logging out."""
    async with Powerwall(f"127.0.0.1:{gateway.port}") as client:
        with pytest.raises(AccessDeniedError, match="bad credentials: Login Error"):
            await client.login("wrong", EMAIL)
        login = await client.login_as(User.INSTALLER, PASSWORD, EMAIL)
        assert login.roles == [Roles.PROVIDER_ENGINEER]
        assert client.is_authenticated()
        await client.logout()
        with pytest.raises(AccessDeniedError):
            await client.get_charge()


# pypowerwall


def _pypowerwall(
    gateway: Simulator, folder: Path, authmode: str, password: str = PASSWORD
) -> pypowerwall.Powerwall:
    return pypowerwall.Powerwall(
        f"127.0.0.1:{gateway.port}",
        password,
        EMAIL,
        "America/Los_Angeles",
        pwcacheexpire=0,
        authmode=authmode,
        cachefile=str(folder / ".powerwall"),
        cloudmode=False,
        auto_select=False,
        failover=False,
    )


@pytest.mark.parametrize("authmode", ["cookie", "token"])
@pytest.mark.parametrize("profile", ["21.44", "24.44"])
def test_pypowerwall(
    simulate: Simulate, tmp_path: Path, authmode: str, profile: str
) -> None:
    """Test what it reads from a gateway with the full classic API."""
    gateway = simulate(profile=profile, batteries=2)
    site, flows = gateway.site, gateway.site.flows()
    client = _pypowerwall(gateway, tmp_path, authmode)
    assert client.is_connected()
    assert client.power() == {
        "site": flows.site,
        "solar": flows.solar,
        "battery": flows.battery,
        "load": flows.load,
    }
    assert client.grid(verbose=True)["energy_imported"] == site.site_energy.imported
    assert (client.solar(), client.home()) == (flows.solar, flows.load)
    assert client.level() == site.charge_percent
    assert client.level(scale=True) == pytest.approx((site.charge_percent - 5) / 0.95)
    assert (client.get_reserve(), client.get_mode()) == (20, "self_consumption")
    assert client.grid_status() == "UP"
    assert client.grid_status("numeric") == 1
    assert client.site_name() == site.name
    assert client.version() == gateway.device.profile.version
    assert client.version(int_value=True) == {"21.44": 214400, "24.44": 244400}[profile]
    assert client.din() == gateway.device.profile.din
    assert client.uptime() == "230h55m59.932079901s"
    assert client.status()["device_type"] == "teg"
    assert client.system_status()["available_blocks"] == 2
    blocks = client.battery_blocks()
    assert {serial: block["p_out"] for serial, block in blocks.items()} == dict(
        zip((b.serial for b in site.batteries), flows.batteries, strict=True)
    )
    assert client.get_time_remaining() == site.energy_remaining / flows.load
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("authmode", ["cookie", "token"])
def test_pypowerwall_without_vitals(
    simulate: Simulate, tmp_path: Path, authmode: str
) -> None:
    """Test it takes a 404 for what it is."""
    gateway = simulate(profile="24.44", scenario="outage")
    gateway.control({"site": {"has_solar": False}})
    client = _pypowerwall(gateway, tmp_path, authmode)
    assert client.vitals() is None
    assert client.temps() == {}
    assert client.strings() == {}
    assert client.alerts() == ["SystemIslandedActive"]
    assert client.grid_status() == "DOWN"
    assert gateway.stats.logins == 1


def test_pypowerwall_solar_powerwall(simulate: Simulate, tmp_path: Path) -> None:
    """Test it finds strings and alerts of a Powerwall+ without vitals."""
    gateway = simulate(profile="24.44")
    gateway.control({"alerts": {"PVAC.0": ["PVAC_a030_fan_faulted"]}})
    client = _pypowerwall(gateway, tmp_path, "token")
    strings = client.strings()
    assert [string for string in strings if strings[string]["Connected"]] == [*"ACD"]
    assert sum(s["Power"] for s in strings.values()) == client.solar()
    assert strings["B"]["Voltage"] < 0
    assert {*client.alerts()} == {
        "PVAC_a030_fan_faulted",
        "PVS_a018_MciStringB",
        "SystemConnectedToGrid",
    }


@pytest.mark.parametrize("authmode", ["cookie", "token"])
@pytest.mark.parametrize("batteries", [1, 10])
def test_pypowerwall_vitals(
    simulate: Simulate, tmp_path: Path, authmode: str, batteries: int
) -> None:
    """Test it understands vitals, strings, temperatures and alerts."""
    gateway = simulate(batteries=batteries)
    client = _pypowerwall(gateway, tmp_path, authmode)
    vitals = client.vitals()
    assert len(vitals) == 7 + 3 * batteries
    powers = [v["PINV_Pout"] for din, v in vitals.items() if din.startswith("TEPINV")]
    battery = gateway.site.flows().battery / 1000
    assert sum(powers) == pytest.approx(battery, abs=0.0051 * batteries)
    controller = vitals["TETHC--3012170-05-B--TGSIMULATED101"]
    assert controller["componentParentDin"] == f"STSTSM--{client.din()}"
    assert controller["teslaEnergyEcuAttributes"] == {"ecuType": 224}
    assert controller["lastCommunicationTime"] == gateway.site.now.timestamp()
    inverter = vitals["TESLA--1538100-00-F--TGSIMULATED303"]
    assert inverter["pvInverterAttributes"] == {"nameplateRealPowerW": 7680}
    assert vitals["TESLA--TGSIMULATED301"]["meterAttributes"] == {
        "meterLocation": [1, 4]
    }
    strings = client.strings()
    assert [string for string in strings if strings[string]["Connected"]] == [*"ACD"]
    assert sum(s["Power"] for s in strings.values()) == client.solar()
    assert strings["D"]["State"] == "PV_Active_Parallel"
    temperatures = client.temps()
    assert len(temperatures) == batteries
    assert temperatures["TETHC--3012170-05-B--TGSIMULATED101"] == 21
    assert {*client.alerts()} == {
        "FWUpdateSucceeded",
        "GridCodesWrite",
        "PINV_a067_overvoltageNeutralChassis",
        "PVS_a018_MciStringB",
        "PodCommissionTime",
        "SYNC_a001_SW_App_Boot",
        "SystemConnectedToGrid",
    }
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("authmode", ["cookie", "token"])
def test_pypowerwall_powerwall_3(
    simulate: Simulate, tmp_path: Path, authmode: str
) -> None:
    """Test a Powerwall 3 gives it power, charge and grid status, and no more."""
    gateway = simulate(profile="pw3")
    client = _pypowerwall(gateway, tmp_path, authmode)
    assert client.power()["solar"] == gateway.site.flows().solar
    assert client.level() == gateway.site.charge_percent
    assert client.grid_status() == "UP"
    assert client.status() is None
    assert client.poll("/tedapi/din") == gateway.device.profile.din
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("authmode", ["cookie", "token"])
def test_pypowerwall_logs_in_again(
    gateway: Simulator, tmp_path: Path, authmode: str
) -> None:
    """Test an expired session is renewed, and one kept in a file is used again."""
    client = _pypowerwall(gateway, tmp_path, authmode)
    for logins in (1, 2):
        assert client.level() == gateway.site.charge_percent
        assert gateway.stats.logins == logins
        gateway.expire_tokens()
    assert client.level() == gateway.site.charge_percent
    again = _pypowerwall(gateway, tmp_path, authmode)
    assert again.level() == gateway.site.charge_percent
    assert gateway.stats.logins == 3
    again.client.close_session()
    assert gateway.stats.requests["GET /api/logout"] == 1


@pytest.mark.parametrize("authmode", ["cookie", "token"])
def test_pypowerwall_wrong_password(
    gateway: Simulator, tmp_path: Path, authmode: str
) -> None:
    """Test it is not let in with another password."""
    client = _pypowerwall(gateway, tmp_path, authmode, "wrong")
    with pytest.raises(LoginError):
        client.level()
    assert gateway.stats.logins_refused == 1
