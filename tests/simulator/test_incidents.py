"""Tests of what can happen at a site: grid faults, alerts, an update, a generator."""

from typing import Any

import orjson
import pytest

from simulator.bodies import body
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS
from simulator.server import Simulator
from simulator.site import GridStatus, Site
from simulator.wire import encode

from .conftest import Client, Simulate
from .decode import all_of, one_of

FAULTS = "/api/system_status/grid_faults"


def _body(path: str, site: Site, profile: str = "21.44") -> Any:
    return orjson.loads(encode(body(path, site, PROFILES[profile])))


# Grid faults


async def test_grid_fault(client: Client, gateway: Simulator) -> None:
    """Test a fault has the site's own time, and its values in a text of JSON."""
    values = [{"name": "PINV_a006_frequency", "value": 59.1, "units": "Hz"}]
    code = "PINV_a006_vfCheckUnderFrequency"
    fault = {"code": code, "is_fault": True, "values": values, "battery": 2}
    gateway.control({"advance": 90, "grid_faults": [fault]})
    gateway.control({"advance": 3600})
    [told] = (await client.get(FAULTS)).json()
    about = [
        {"name": "PINV_alertID", "value": code},
        {"name": "PINV_alertType", "value": "Fault"},
    ]
    assert orjson.loads(told.pop("decoded_alert")) == [*about, *values]
    assert told == {
        "timestamp": round(gateway.site.now.timestamp() * 1000) - 3_600_000,
        "alert_name": code,
        "alert_is_fault": True,
        "alert_raw": 6 << 56,
        "git_hash": "223a56cd575b7b",
        "site_uid": "simulated-site",
        "ecu_type": "TEPINV",
        "ecu_package_part_number": "1081100-10-U",
        "ecu_package_serial_number": "TGSIMULATED203",
    }


async def test_grid_faults_everywhere(client: Client, gateway: Simulator) -> None:
    """Test faults are added to those there were, also in the system status."""
    gateway.control({"grid_faults": [{}]})
    gateway.control({"grid_faults": [{"code": "PINV_a008_vfCheckRocof"}]})
    faults = (await client.get(FAULTS)).json()
    assert [fault["alert_name"] for fault in faults] == [
        "PINV_a007_vfCheckOverFrequency",
        "PINV_a008_vfCheckRocof",
    ]
    assert faults[1]["alert_raw"] == 576460752303423488
    assert (await client.get("/api/system_status")).json()["grid_faults"] == faults
    gateway.control({"grid_faults": None})
    assert (await client.get(FAULTS)).json() == []


def test_grid_faults_at_once(gateway: Simulator) -> None:
    """Test ten faults at once are ten, each at a moment of its own."""
    gateway.control({"grid_faults": [{}] * 10})
    faults = _body(FAULTS, gateway.site)
    times = [fault["timestamp"] for fault in faults]
    begin = round(gateway.site.now.timestamp() * 1000)
    assert times == [*range(begin, begin + 10)]
    gateway.control({"advance": 60, "grid_faults": [{}]})
    assert _body(FAULTS, gateway.site)[-1]["timestamp"] == begin + 60_000


def test_first_grid_fault(simulate: Simulate) -> None:
    """Test faults come after those that the oldest firmware has from the start."""
    gateway = simulate(profile="21.13")
    [recorded] = _body(FAULTS, gateway.site, "21.13")
    gateway.control({"grid_faults": [{}]})
    assert _body(FAULTS, gateway.site, "21.13")[0] == recorded
    [_, added] = _body(FAULTS, gateway.site, "21.13")
    differing = {key for key in added if added[key] != recorded[key]}
    # How a value is packed into the raw message is not known.
    assert differing == {"timestamp", "alert_raw"}
    assert added["alert_raw"] >> 56 == recorded["alert_raw"] >> 56 == 7


# Alerts


def test_alerts(gateway: Simulator) -> None:
    """Test a device's alerts are replaced, and given back to it."""
    gateway.control({"site": {"batteries": 3}})
    own = [device.alerts for device in all_of(gateway.site, "TEPINV")]
    system = one_of(gateway.site, "STSTSM").alerts
    gateway.control({"alerts": {"TEPINV.1": ["A", "B", "A"], "STSTSM.0": []}})
    alerts = [device.alerts for device in all_of(gateway.site, "TEPINV")]
    assert alerts == [own[0], ["A", "B", "A"], own[2]]
    assert one_of(gateway.site, "STSTSM").alerts == []
    gateway.control({"alerts": {"TEPINV.0": ["C"]}})
    assert [d.alerts for d in all_of(gateway.site, "TEPINV")] == [["C"], *own[1:]]
    gateway.control({"alerts": {}})
    assert [device.alerts for device in all_of(gateway.site, "TEPINV")] == own
    assert one_of(gateway.site, "STSTSM").alerts == system != []


# An update


async def test_update(client: Client, gateway: Simulator) -> None:
    """Test an update shows at the gateway, and at the one Powerwall that gets it."""
    gateway.control({"site": {"batteries": 3}})
    before = (await client.get("/api/powerwalls")).json()
    gateway.control({"update": {"battery": 1, "progress": 0.375}})
    status = (await client.get("/api/system/update/status")).json()
    assert status["state"] == "/download"
    answer = (await client.get("/api/powerwalls")).json()
    assert answer["updating"] is True
    assert (await client.get("/api/powerwalls/status")).json()["updating"] is True
    units = answer["powerwalls"]
    assert [unit["updating"] for unit in units] == [False, True, False]
    checks = units[1]["update_diagnostic"]["checks"]
    assert [(check["status"], check["progress"]) for check in checks] == [
        ("pass", 1),
        ("running", 0.5),
        ("not_run", 0),
        ("not_run", 0),
    ]
    assert [check["end_time"] is None for check in checks] == [False, True, True, True]
    assert [c["start_time"] is None for c in checks] == [False, False, True, True]
    assert (units[0], units[2]) == (before["powerwalls"][0], before["powerwalls"][2])
    assert answer["sync"] == before["sync"]
    gateway.control({"update": None})
    assert (await client.get("/api/powerwalls")).json() == before
    status = (await client.get("/api/system/update/status")).json()
    assert status["state"] == "/update_succeeded"


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (0, ["running", "not_run", "not_run", "not_run"]),
        (0.25, ["pass", "running", "not_run", "not_run"]),
        (0.99, ["pass", "pass", "pass", "running"]),
        (1, ["pass"] * 4),
    ],
)
def test_steps(gateway: Simulator, progress: float, expected: list[str]) -> None:
    """Test an update goes step by step, of the first Powerwall unless told."""
    gateway.control({"update": {"progress": progress}})
    [unit] = _body("/api/powerwalls", gateway.site)["powerwalls"]
    checks = unit["update_diagnostic"]["checks"]
    assert [check["status"] for check in checks] == expected


# A generator


def test_generator_on_the_grid() -> None:
    """Test a generator leaves less for the batteries, and is in the balance."""
    site = SCENARIOS["night"].site()
    load = site.flows().load
    assert site.flows().battery == load + 10
    site.generator_power = 200
    assert site.flows().battery == load + 10 - 200
    assert site.flows().site == 0
    site.generator_power, site.battery_power = 900, 0
    assert site.flows().site == load + 10 - 900


@pytest.mark.parametrize(
    ("percent", "generator", "fed"), [(50.0, 2000, 2000), (100.0, 2000, 610)]
)
def test_generator_in_an_island(percent: float, generator: int, fed: int) -> None:
    """Test it charges the batteries in an island, and gives no more than is taken."""
    site = Site(
        is_grid_up=False, solar_power=-10, load_power=600, generator_power=generator
    )
    site.charge_percent = percent
    site.settle()
    flows = site.flows()
    assert (flows.generator, flows.site) == (fed, 0)
    assert flows.battery == 610 - fed


def test_generator_before_solar() -> None:
    """Test that where both are too much the generator gives way first."""
    site = Site(is_grid_up=False, solar_power=700, load_power=600, generator_power=50)
    site.charge_percent = 100
    site.settle()
    assert (site.flows().generator, site.flows().solar) == (0, 600)


def test_generator_does_not_wake_a_dark_home() -> None:
    """Test nothing flows where the gateway waits for somebody to act."""
    site = Site(is_grid_up=False, generator_power=3000, batteries=[])
    site.settle()
    assert site.grid_status is GridStatus.WAIT_FOR_USER
    assert (site.flows().generator, site.flows().load) == (0, 0)


async def test_generator_shows(client: Client, gateway: Simulator) -> None:
    """Test the meter of a generator counts what it gave, and the device is listed."""
    meters = (await client.get("/api/meters/aggregates")).json()
    assert "generator" not in meters
    nothing = {"disconnect_type": "None", "generators": []}
    assert (await client.get("/api/generators")).json() == nothing
    state = gateway.control({"site": {"generator_power": 1200}, "advance": 1800})
    assert state["generator_power"] == 1200
    meters = (await client.get("/api/meters/aggregates")).json()
    assert meters["generator"].keys() == meters["solar"].keys()
    assert meters["generator"]["instant_power"] == 1200
    assert meters["generator"]["energy_exported"] == pytest.approx(600)
    assert meters["generator"]["energy_imported"] == 0
    power = {name: meter["instant_power"] for name, meter in meters.items()}
    assert power.pop("load") == sum(power.values())
    answer = (await client.get("/api/generators")).json()
    assert answer["disconnect_type"] == "DownstreamATS"
    [generator] = answer["generators"]
    assert generator["power_rating_watts"] == 10_000


async def test_generator_at_rest(client: Client, gateway: Simulator) -> None:
    """Test a generator that never ran is the zeros that old firmware shows."""
    gateway.control({"site": {"generator_power": 0}})
    meter = (await client.get("/api/meters/aggregates")).json()["generator"]
    assert {meter[key] for key in ("instant_power", "energy_exported")} == {0}
    gateway.control({"site": {"generator_power": None}})
    assert "generator" not in (await client.get("/api/meters/aggregates")).json()


# Scenarios


def test_scenarios() -> None:
    """Test the scenarios that are about incidents have them, each site its own."""
    assert SCENARIOS["generator"].site().flows().generator == 3000
    site = SCENARIOS["updating"].site()
    flags = [unit["updating"] for unit in _body("/api/powerwalls", site)["powerwalls"]]
    assert flags == [False, True]
    site = SCENARIOS["troubled"].site()
    begin = site.now.timestamp() * 1000
    faults = _body(FAULTS, site)
    assert [begin - fault["timestamp"] for fault in faults] == [3_600_000, 3_599_500]
    assert one_of(site, "PVAC").alerts == ["PVAC_a030_fan_faulted"]
    site.incidents.grid_faults.clear()
    site.incidents.alerts.clear()
    assert len(_body(FAULTS, SCENARIOS["troubled"].site())) == 2
    assert one_of(SCENARIOS["troubled"].site(), "PVAC").alerts
