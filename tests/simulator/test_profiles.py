"""Tests of what each firmware serves, against references and recordings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from simulator.bodies import BODIES, CONSTANTS, body
from simulator.device import Device, Request
from simulator.energy import new_batteries
from simulator.profiles import PROFILES, TEDAPI_DIN, VITALS
from simulator.scenarios import SCENARIOS
from simulator.site import Site
from simulator.wire import encode
from simulator.writes import WRITES

SILENT = {
    "/api/meters/aggregates",
    "/api/system_status",
    "/api/system_status/grid_faults",
    "/api/system_status/grid_status",
    "/api/system_status/soe",
}


def _body(path: str, profile: str, site: Site | None = None) -> Any:
    return orjson.loads(encode(body(path, site or Site(), PROFILES[profile])))


def _shape(value: Any, path: str = "") -> Iterator[str]:
    """Yield every key path of a document with the JSON type under it."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from _shape(inner, f"{path}.{key}")
        case list():
            yield f"{path}[]"
            for inner in value:
                yield from _shape(inner, f"{path}[]")
        case bool() | str() | None:
            yield f"{path}: {type(value).__name__}"
        case _:
            yield f"{path}: number"


@pytest.mark.parametrize("profile", PROFILES)
def test_everything_promised_is_there(profile: str) -> None:
    """Test every path of a profile has a body, and every write something to do."""
    for path in PROFILES[profile].reads - {TEDAPI_DIN, VITALS}:
        assert path in BODIES or path in CONSTANTS
        body(path, Site(), PROFILES[profile])
    assert PROFILES[profile].writes <= set(WRITES)


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_same_keys_as_recorded(recordings: Path, state: str) -> None:
    """Test every answer of a recorded 21.44 has the keys and types that we send."""
    profile = PROFILES["21.44" if state == "running" else "stopped"]
    site = Site(is_running=state == "running")
    for file in sorted((recordings / state).glob("*.json")):
        path = f"/api/{file.stem.replace('.', '/')}"
        recorded = file.read_text().replace("<<METER_SERIAL>>", profile.meter_serial)
        ours = encode(body(path, site, profile))
        expected = set(_shape(orjson.loads(recorded)))
        if path == "/api/powerwalls":  # a check that passed told what it saw
            expected = {shape for shape in expected if ".results." not in shape}
        assert set(_shape(orjson.loads(ours))) == expected, path


def test_21_13_status() -> None:
    """Test the oldest firmware names no DIN and a version without a hash."""
    assert _body("/api/status", "21.13") == {
        "start_time": "2026-06-22 10:34:00 +0800",
        "up_time_seconds": "230h55m59.932079901s",
        "is_new": False,
        "version": "21.13.2",
        "git_hash": "0cf970371d243fe78b08ab03774eb633720dd58a",
        "commission_count": 11,
        "device_type": "teg",
        "sync_type": "v2.1",
        "is_solar_powerwall": False,
    }


def test_21_13_keys() -> None:
    """Test what the reference of 21.13 shows and 21.44 does not, and the other way."""
    old, new = "21.13", "21.44"
    assert _body("/api/powerwalls", old)["is_on_grid"] is True
    assert "is_on_grid" not in _body("/api/powerwalls", new)
    assert _body("/api/site_info", old)["measured_frequency"] == 59.980000000000004
    assert "measured_frequency" not in _body("/api/site_info", new)
    assert _body("/api/site_info", old)["max_system_power_kW"] == 0
    site, newer = (_body("/api/meters/aggregates", name)["site"] for name in (old, new))
    assert newer.keys() - site.keys() == {
        "instant_average_current",
        "last_phase_energy_communication_time",
        "num_meters_aggregated",
    }
    check = _body("/api/powerwalls", old)["powerwalls"][0]["commissioning_diagnostic"]
    assert "alert" not in check
    assert "checks" not in check["checks"][0]
    fault = _body("/api/system_status/grid_faults", old)[0]
    assert fault["alert_raw"] == 504624507995029504
    assert orjson.loads(fault["decoded_alert"])[2]["value"] == 60.937
    assert _body("/api/system_status/grid_faults", new) == []


def test_batteries_add_up() -> None:
    """Test the totals of a site are the sums over its packs."""
    site = Site(batteries=new_batteries(3, 40.0))
    site.batteries[1].charged += 1234.5
    status = _body("/api/system_status", "21.44", site)
    battery = _body("/api/meters/aggregates", "21.44", site)["battery"]
    blocks = status["battery_blocks"]
    assert battery["energy_imported"] == sum(b["energy_charged"] for b in blocks)
    assert battery["energy_exported"] == sum(b["energy_discharged"] for b in blocks)
    assert battery["instant_power"] == sum(b["p_out"] for b in blocks)
    remaining = sum(b["nominal_energy_remaining"] for b in blocks)
    full = sum(b["nominal_full_pack_energy"] for b in blocks)
    assert status["nominal_energy_remaining"] == remaining
    soe = _body("/api/system_status/soe", "21.44", site)
    assert soe == {"percentage": 100 * remaining / full}


def test_meters_add_up() -> None:
    """Test the powers of the four meters are one balance."""
    meters = _body("/api/meters/aggregates", "21.44")
    power = {name: meter["instant_power"] for name, meter in meters.items()}
    assert power["load"] == power["site"] + power["battery"] + power["solar"]


def test_no_solar() -> None:
    """Test a site without panels has no solar anywhere."""
    site = Site(has_solar=False)
    assert "solar" not in _body("/api/meters/aggregates", "21.44", site)
    assert _body("/api/solars", "21.44", site) == []
    assert _body("/api/meters/solar", "21.44", site) is None
    assert [len(m["cts"]) for m in _body("/api/meters", "21.44", site)] == [1, 1]


def test_solar_meter_counts_the_other_way() -> None:
    """Test generation is imported for the meter and exported in the totals."""
    total = _body("/api/meters/aggregates", "21.44")["solar"]
    [meter] = _body("/api/meters/solar", "21.44")
    readings = meter["Cached_readings"]
    assert readings["energy_imported"] == total["energy_exported"]
    assert readings["real_power_a"] == total["instant_power"]


def test_disabled_pack() -> None:
    """Test a pack the gateway does not use tells next to nothing."""
    site = SCENARIOS["disabled_pack"].site()
    good, bad = _body("/api/system_status", "21.44", site)["battery_blocks"]
    assert bad["disabled_reasons"] == ["DisabledExcessiveVoltageDrop"]
    assert bad["nominal_energy_remaining"] == 0
    assert bad["OpSeqState"] == "Standby"
    assert (bad["pinv_state"], bad["pinv_grid_state"]) == ("", "")
    nothing = {"p_out", "q_out", "v_out", "f_out", "i_out"}
    nothing |= {"energy_charged", "energy_discharged"}
    assert {key for key, value in bad.items() if value is None} == nothing
    assert not [key for key, value in good.items() if value is None]


def test_islanded() -> None:
    """Test an outage shows at every place that knows of the grid."""
    site = SCENARIOS["outage"].site()
    status = _body("/api/system_status", "21.44", site)
    assert status["system_island_state"] == "SystemIslandedActive"
    assert status["battery_blocks"][0]["off_grid"] is True
    assert status["battery_blocks"][0]["pinv_grid_state"] == "Grid_Uncompliant"
    grid = _body("/api/system_status/grid_status", "21.44", site)
    assert grid == {
        "grid_status": "SystemIslandedActive",
        "grid_services_active": False,
    }
    assert _body("/api/powerwalls", "21.13", site)["is_on_grid"] is False


def test_readings_need_a_stopped_controller() -> None:
    """Test clamps read zeros with an error while the site controller runs."""
    running = _body("/api/meters/readings", "21.44")
    stopped = _body("/api/meters/readings", "21.44", Site(is_running=False))
    assert {meter["error"] for meter in stopped.values()} == {""}
    for meter in running.values():
        assert meter["error"].startswith("run sitemanager flag enabled")
        assert {ct["v_V"] for ct in meter["data"]["cts"]} == {0}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenarios(scenario: str) -> None:
    """Test a site begins as its scenario says."""
    site, given = SCENARIOS[scenario].site(), SCENARIOS[scenario]
    assert len(site.batteries) == given.batteries
    assert f"{site.now:%H:%M}" == f"{given.time:%H:%M}"
    assert site.charge_percent == pytest.approx(given.charge_percent, abs=0.01)
    assert len(SCENARIOS[scenario].site(5).batteries) == 5


@pytest.mark.parametrize(
    ("scenario", "solar", "battery", "site"),
    [
        ("day", 1, -1, 0),
        ("night", -1, 1, 0),
        ("outage", 1, 1, 0),
        ("full", 1, 0, -1),
        ("exporting", 1, 1, -1),
        ("reserve", -1, 0, 1),
        ("no_solar", 0, -1, 1),
        ("disabled_pack", 1, -1, 0),
    ],
)
def test_scenarios_flow(scenario: str, solar: int, battery: int, site: int) -> None:
    """Test power flows the way a scenario says, by its sign."""
    flows = SCENARIOS[scenario].site().flows()
    signs = [(p > 0) - (p < 0) for p in (flows.solar, flows.battery, flows.site)]
    assert signs == [solar, battery, site]


def test_replaying_device_serves_nothing_else() -> None:
    """Test a recording takes the place of all reads and writes of the firmware."""
    device = Device(PROFILES["21.44"], Site(), password="x", recording={})
    assert device.answer(Request(method="GET", path="/api/status")).status == 404
    commit = Request(method="GET", path="/api/config/completed")
    assert device.answer(commit).status == 404
