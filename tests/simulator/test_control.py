"""Tests of the simulator's own switchboard."""

from typing import Any

import pytest

from simulator.checks import ControlError
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind

from .conftest import Client, Connect


async def _control(client: Client, **document: Any) -> dict[str, Any]:
    answer = await client.post("/simulator/control", document)
    assert answer.status == 200, answer.body
    state: dict[str, Any] = answer.json()
    return state


async def test_state(gateway: Simulator, connect: Connect) -> None:
    """Test asking for nothing changes nothing and tells the state, without login."""
    state = await _control(connect(gateway))
    assert state == {
        "time": "2026-07-01T10:30:00-07:00",
        "speed": 0.0,
        "site_power": 0,
        "battery_power": -3255,
        "solar_power": 3847,
        "load_power": 592,
        "generator_power": 0,
        "charge_percent": 55.00320034136975,
        "energy_remaining": 7734,
        "grid_status": "SystemGridConnected",
        "mode": "self_consumption",
        "backup_reserve_percent": 24.0,
        "applied_at": None,
        "is_running": True,
        "batteries": 1,
    }
    assert gateway.stats.total == 0


async def test_site(client: Client) -> None:
    """Test what is given at the site, and what follows from it."""
    given = {
        "solar_power": 1000,
        "load_power": 4000,
        "battery_power": 500,
        "batteries": 3,
        "disabled_batteries": 1,
        "charge_percent": 80,
        "mode": "autonomous",
        "backup_reserve_percent": 43,
        "busy_reason": "Power flow is too high",
    }
    state = await _control(client, site=given)
    assert (state["site_power"], state["battery_power"]) == (2500, 500)
    assert (state["batteries"], state["energy_remaining"]) == (3, 2 * 11249)
    assert (state["mode"], state["backup_reserve_percent"]) == ("autonomous", 43)
    blocks = (await client.get("/api/system_status")).json()["battery_blocks"]
    assert len({block["PackageSerialNumber"] for block in blocks}) == 3
    assert [bool(block["disabled_reasons"]) for block in blocks] == [False, False, True]
    state = await _control(
        client,
        site={"batteries": 1, "solar_power": None, "has_solar": False},
    )
    assert (state["batteries"], state["solar_power"]) == (1, 0)


async def test_grid_and_controller(client: Client) -> None:
    """Test an outage, and a stopped controller."""
    state = await _control(client, site={"is_grid_up": False}, advance=3)
    assert state["grid_status"] == "SystemIslandedActive"
    assert state["time"] == "2026-07-01T10:30:03-07:00"
    state = await _control(
        client, site={"is_running": False, "is_off_grid_wanted": True}
    )
    assert state["is_running"] is False


async def test_speed_and_latency(gateway: Simulator, client: Client) -> None:
    """Test how fast the site lives and how slowly the gateway answers."""
    state = await _control(client, speed=60, latency_ms=20)
    assert state["speed"] == 60
    assert gateway.latency == 0.02


async def test_faults(gateway: Simulator, client: Client) -> None:
    """Test faults are set as a list, which the next list replaces."""
    faults = [
        {"path": "/api/operation", "status": 503, "headers": {"Retry-After": "9"}},
        {"path": "/api/solars", "drop": ["0.brand"], "edit": {"0.model": None}},
        {"path": "/api/status", "method": "GET", "times": 1, "delay": 0, "body": "x"},
        {"path": "/api/config", "ending": "endless", "size": 10},
    ]
    await _control(client, faults=faults)
    refused = await client.get("/api/operation")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "9")
    solars = (await client.get("/api/solars")).json()
    assert solars == [{"model": None, "power_rating_watts": 5250}]
    assert (await client.get("/api/status")).body == b"x"
    assert (await client.get("/api/config")).body == b" " * 10
    await _control(client, faults=[])
    assert (await client.get("/api/operation")).status == 200


async def test_login(gateway: Simulator, client: Client) -> None:
    """Test passwords, tokens and roles."""
    await _control(
        client,
        password="FGHIJ",
        expire_tokens=403,
        installer_needs_switch=True,
        writes="installer",
    )
    assert (await client.get("/api/operation")).status == 403
    assert (await client.log_in()).status == 401
    assert (await client.log_in(password="FGHIJ")).status == 200
    assert (await client.log_in("installer", "FGHIJ")).status == 401
    commit = await client.get("/api/config/completed")
    assert commit.status == 403


async def test_firmware(gateway: Simulator, client: Client) -> None:
    """Test an update, a compressed DIN and a new certificate."""
    before = gateway.fingerprint
    await _control(
        client, version="22.9 0000", compressed_din=True, new_certificate=True
    )
    assert gateway.device.is_din_compressed
    assert gateway.device.profile.version == "22.9 0000"
    assert gateway.fingerprint != before


async def test_write_effect(gateway: Simulator, client: Client) -> None:
    """Test what becomes of writes is set until it is set again."""
    await _control(client, write_effect={"kind": "delayed", "seconds": 3})
    assert gateway.site.write_effect == WriteEffect(kind=WriteKind.DELAYED, seconds=3.0)
    await _control(client, speed=0)
    assert gateway.site.write_effect.kind == "delayed"
    await _control(client, write_effect=None)
    assert gateway.site.write_effect == WriteEffect()
    await _control(client, write_effect={"kind": "half"})
    assert gateway.site.write_effect == WriteEffect(kind=WriteKind.HALF)
    await _control(client, write_effect={})
    assert gateway.site.write_effect == WriteEffect()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "control must be an object"),
        ({"colour": "red"}, "control has no colour"),
        ({"speed": -1}, "control.speed must be a number from 0 to 86400"),
        ({"speed": True}, "control.speed must be a number"),
        ({"speed": "fast"}, "control.speed must be a number"),
        ({"advance": None}, "control.advance must be a number"),
        ({"reset_stats": False}, "control.reset_stats must be one of True"),
        ({"expire_tokens": 404}, "control.expire_tokens must be one of 401, 403"),
        ({"writes": "kiosk"}, "must be one of 'customer', 'installer'"),
        ({"password": 5}, "control.password must be of type str"),
        ({"own_wifi": 1}, "control.own_wifi must be one of True, False"),
        ({"write_effect": "lost"}, "control.write_effect must be an object"),
        ({"write_effect": {"kind": "odd"}}, "write_effect.kind must be one of"),
        ({"write_effect": {"kind": None}}, "write_effect.kind must be one of"),
        ({"write_effect": {"seconds": -1}}, "write_effect.seconds must be a number"),
        ({"write_effect": {"late": 1}}, "control.write_effect has no late"),
        ({"site": {"sun": 1}}, "control.site has no sun"),
        ({"site": {"load_power": 1.5}}, "site.load_power must be a whole number"),
        ({"site": {"batteries": None}}, "site.batteries must be a whole number"),
        ({"site": {"has_solar": 1}}, "site.has_solar must be one of True, False"),
        ({"site": {"generator_power": "1"}}, "site.generator_power must be a whole"),
        ({"grid_faults": {}}, "control.grid_faults must be a list"),
        ({"grid_faults": [{"when": 1}]}, "control.grid_faults[0] has no when"),
        ({"grid_faults": [{"values": [1]}]}, "values[0] must be of type dict"),
        ({"alerts": []}, "control.alerts must be an object"),
        ({"alerts": {"TEPOD": []}}, "control.alerts has no TEPOD"),
        ({"alerts": {"TESLA.0": []}}, "control.alerts has no TESLA.0"),
        ({"alerts": {"TEPOD.0": "A"}}, "control.alerts.TEPOD.0 must be a list"),
        ({"alerts": {"TEPOD.0": [1]}}, "alerts.TEPOD.0[0] must be of type str"),
        ({"update": 0.5}, "control.update must be an object"),
        ({"update": {"progress": 2}}, "update.progress must be a number from 0 to 1"),
        ({"faults": {}}, "control.faults must be a list"),
        ({"faults": [{}, {"times": 0}]}, "control.faults[1].times must be a whole"),
        ({"faults": [{"ending": "bad"}]}, "control.faults[0].ending must be one of"),
        ({"faults": [{"headers": []}]}, "control.faults[0].headers must be of type"),
    ],
)
async def test_nonsense_changes_nothing(
    gateway: Simulator, client: Client, document: Any, message: str
) -> None:
    """Test bad input is told, and nothing of it is done."""
    good = {"site": {"load_power": 123}, "latency_ms": 5}
    mixed = {**good, **document} if isinstance(document, dict) else document
    answer = await client.post("/simulator/control", mixed)
    assert answer.status == 400
    assert message in answer.json()["error"]
    assert gateway.site.load_power is None
    assert gateway.latency == 0
    assert gateway.site.write_effect == WriteEffect()


async def test_no_json(client: Client) -> None:
    """Test a body that is no JSON is told."""
    answer = await client.request("POST", "/simulator/control", data=b"{")
    assert answer.status == 400
    assert answer.json()["error"]


def test_from_a_test(gateway: Simulator) -> None:
    """Test the same switchboard works without a connection."""
    assert gateway.control({"site": {"load_power": 700}})["load_power"] == 700
    with pytest.raises(ControlError):
        gateway.control({"site": []})
