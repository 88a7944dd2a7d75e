"""Tests of `/api/solar_powerwall`: who serves it, and that it agrees with vitals."""

from typing import Any

import orjson
import pytest

from simulator.bodies import body
from simulator.device import Device, Request
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS
from simulator.server import Simulator
from simulator.site import Site
from simulator.wire import Answer, encode

from .conftest import Client, Connect, Simulate
from .decode import one_of

PATH = "/api/solar_powerwall"


def _inverter(site: Site) -> Any:
    return orjson.loads(encode(body(PATH, site, PROFILES["24.44"])))


@pytest.fixture
def gateway(simulate: Simulate) -> Simulator:
    """Run a simulator of the firmware that has it."""
    return simulate(profile="24.44")


async def test_served(client: Client, gateway: Simulator) -> None:
    """Test it is there with panels, and without login or panels it is not."""
    assert (await client.get(PATH)).json() == _inverter(gateway.site)
    gateway.control({"site": {"has_solar": False}})
    assert (await client.get(PATH)).status == 404
    client.headers = {}
    gateway.control({"site": {"has_solar": True}})
    assert (await client.get(PATH)).status == 403


async def test_silent_while_stopped(client: Client, gateway: Simulator) -> None:
    """Test it says nothing while the site controller is stopped."""
    gateway.control({"site": {"is_running": False}})
    answer = await client.get(PATH)
    assert (answer.status, answer.body) == (502, b"")


@pytest.mark.parametrize("profile", ["21.13", "21.44", "pw3"])
async def test_not_on_other_firmware(
    simulate: Simulate, connect: Connect, profile: str
) -> None:
    """Test a firmware with vitals, or with three endpoints, is not asked in vain."""
    client = connect(simulate(profile=profile))
    await client.log_in()
    assert (await client.get(PATH)).status == 404


def test_recorded() -> None:
    """Test a recording is served whatever the simulated site has."""
    device = Device(
        PROFILES["24.44"],
        SCENARIOS["no_solar"].site(),
        password="KLMNP",
        recording={PATH: Answer(body=b"{}")},
    )
    login = device.logins.log_in({"username": "customer", "password": "KLMNP"}, "")
    token = orjson.loads(login.body)["token"]
    answer = device.answer(Request(method="GET", path=PATH, token=token))
    assert (answer.status, answer.body) == (200, b"{}")


def test_keys() -> None:
    """Test the keys are those published, in the flags as far as names are."""
    answer = _inverter(SCENARIOS["day"].site())
    assert answer.keys() == {
        "pvac_status",
        "pvs_status",
        "pv_power_limit",
        "power_status_setpoint",
        "pvac_alerts",
        "pvs_alerts",
    }
    assert answer["pvac_status"].keys() == {
        *("state", "disabled", "disabled_reasons", "grid_state", "inv_state"),
        *("v_out", "f_out", "p_out", "q_out", "i_out", "string_vitals"),
    }
    assert answer["pvs_status"].keys() == {
        *("state", "disabled", "enable_output", "v_ll", "self_test_state")
    }
    for kind, others in (("PVAC", {"PVAC_alertMatrixIndex"}), ("PVS", set[str]())):
        alerts = answer[f"{kind.lower()}_alerts"]
        names = {name for name in alerts if name.startswith(f"{kind}_a0")}
        assert alerts.keys() - names == {"LastRxTime", "ReceivedMuxBitmask", *others}
        assert {type(alerts[name]) for name in names} == {bool}


@pytest.mark.parametrize(
    "name",
    [
        "PVAC_a014_PVS_disabled_relay",
        "PVAC_a030_fan_faulted",
        "PVAC_a041_excess_PV_clamp_triggered",
        "PVAC_a043_fan_speed_mismatch_detected",
        "PVS_a020_MciStringD",
        "PVS_a052_PvArcFault_PreSelfTest",
        "PVS_a058_MciOpenOnFault",
        "PVS_a060_MciClose",
    ],
)
def test_names_of_alerts(name: str) -> None:
    """Test an alert has the number it is known by, and is not raised."""
    answer = _inverter(SCENARIOS["day"].site())
    assert (answer["pvac_alerts"] | answer["pvs_alerts"])[name] is False


@pytest.mark.parametrize("scenario", ["day", "night", "outage", "exporting"])
def test_same_as_vitals(scenario: str) -> None:
    """Test it tells of the inverter what vitals tell, in other words."""
    site = SCENARIOS[scenario].site()
    inverter, safety = one_of(site, "PVAC").readings, one_of(site, "PVS").readings
    answer = _inverter(site)
    status = answer["pvac_status"]
    for key, name in (
        *(("state", "State"), ("grid_state", "GridState"), ("inv_state", "InvState")),
        *(("v_out", "Vout"), ("f_out", "Fout"), ("p_out", "Pout")),
        *(("q_out", "Qout"), ("i_out", "Iout")),
    ):
        assert status[key] == inverter[f"PVAC_{name}"]
    assert status["string_vitals"] == [
        {
            "string_id": number,
            "connected": safety[f"PVS_String{letter}_Connected"],
            "measured_voltage": inverter[f"PVAC_PVMeasuredVoltage_{letter}"],
            "current": inverter[f"PVAC_PVCurrent_{letter}"],
            "measured_power": inverter[f"PVAC_PVMeasuredPower_{letter}"],
        }
        for number, letter in enumerate("ABCD", 1)
    ]
    assert answer["pvs_status"] == {
        "state": safety["PVS_State"],
        "disabled": False,
        "enable_output": safety["PVS_EnableOutput"],
        "v_ll": safety["PVS_vLL"],
        "self_test_state": safety["PVS_SelfTestState"],
    }
    raised = [name for name, flag in answer["pvac_alerts"].items() if flag is True]
    raised += [name for name, flag in answer["pvs_alerts"].items() if flag is True]
    assert raised == one_of(site, "PVAC").alerts + one_of(site, "PVS").alerts


def test_strings() -> None:
    """Test the strings add up to the sun, and one is noise."""
    site = SCENARIOS["day"].site()
    strings = _inverter(site)["pvac_status"]["string_vitals"]
    assert sum(s["measured_power"] for s in strings) == site.flows().solar > 0
    [noise] = [string for string in strings if not string["connected"]]
    assert noise["string_id"] == 2
    assert noise["measured_voltage"] < 0 < noise["current"]


def test_raised_alerts(gateway: Simulator) -> None:
    """Test alerts of the inverter and its strings are raised here too, known or not."""
    raised = {
        "PVAC.0": ["PVAC_a030_fan_faulted", "PVAC_a099_unheard_of"],
        "PVS.0": ["PVS_a021_RapidShutdown"],
        "TEPOD.0": ["POD_w110_SW_EOC"],
    }
    gateway.control({"alerts": raised})
    answer = _inverter(gateway.site)
    for key, names in (
        ("pvac_alerts", raised["PVAC.0"]),
        ("pvs_alerts", raised["PVS.0"]),
    ):
        assert [name for name, flag in answer[key].items() if flag is True] == names
    gateway.control({"alerts": {}})
    answer = _inverter(gateway.site)
    assert answer["pvac_alerts"]["PVAC_a030_fan_faulted"] is False
    assert answer["pvs_alerts"]["PVS_a018_MciStringB"] is True
