"""Tests of what can be made to go wrong."""

import asyncio
import time
from typing import Any

from aiohttp import ClientOSError, ClientPayloadError
import pytest

from simulator.faults import NO_FAULT, Fault, Faults
from simulator.server import Simulator
from tests.waiting import until

from .conftest import Client
from .decode import Decoded, decoded

SOE = "/api/system_status/soe"
VITALS = "/api/devices/vitals"


def test_the_oldest_that_fits() -> None:
    """Test faults befall requests by pattern, in order, as often as they say."""
    faults = Faults()
    first = faults.add(SOE, status=500, times=1)
    second = faults.add("/api/system_status*", status=429, method="GET")
    assert faults.take("GET", "/api/operation") is NO_FAULT
    assert faults.take("POST", "/api/system_status") is NO_FAULT
    assert faults.take("GET", SOE) is first
    assert faults.take("GET", SOE) is second
    assert faults.take("GET", SOE) is second
    faults.clear()
    assert faults.take("GET", SOE) is NO_FAULT
    assert first not in faults


def test_unknown_ending() -> None:
    """Test an ending nobody knows is refused at once."""
    with pytest.raises(ValueError, match="sudden"):
        Fault(ending="sudden")


@pytest.mark.parametrize(
    ("fault", "status", "headers", "body"),
    [
        ({"status": 429, "headers": {"Retry-After": "120"}}, 429, "Retry-After", b""),
        ({"status": 502}, 502, None, b""),
        ({"body": ""}, 200, None, b""),
        ({"body": "null"}, 200, "Content-Type", b"null"),
        ({"body": b"\x00\xff"}, 200, "Content-Type", b"\x00\xff"),
        (
            {"status": 302, "headers": {"Location": "https://127.0.0.1:1/"}},
            302,
            "Location",
            b"",
        ),
    ],
)
async def test_stand_in(
    gateway: Simulator,
    client: Client,
    fault: dict[str, Any],
    status: int,
    headers: str | None,
    body: bytes,
) -> None:
    """Test status, headers and body take the place of the answer."""
    gateway.faults.add(SOE, **fault, times=1)
    answer = await client.get(SOE)
    assert (answer.status, answer.body) == (status, body)
    assert headers is None or headers in answer.headers
    assert headers == "Content-Type" or "Content-Type" not in answer.headers
    assert (await client.get(SOE)).status == 200


async def test_html(gateway: Simulator, client: Client) -> None:
    """Test a page instead of JSON says what it is."""
    gateway.faults.add(SOE, body="<html>", headers={"Content-Type": "text/html"})
    answer = await client.get(SOE)
    assert (answer.headers["Content-Type"], answer.body) == ("text/html", b"<html>")


async def test_edits(gateway: Simulator, client: Client) -> None:
    """Test single values of an answer are changed, added and taken away."""
    edits = {"battery_blocks": None, "system_island_state": "Odd", "new": {"a": 1}}
    gateway.faults.add("/api/system_status", edit=edits, drop=["score"])
    edited = (await client.get("/api/system_status")).json()
    gateway.faults.clear()
    normal = (await client.get("/api/system_status")).json()
    assert edited == {
        **{key: value for key, value in normal.items() if key != "score"},
        **edits,
    }
    gateway.faults.add("/api/meters/aggregates", edit={"windmill": {}})
    meters = (await client.get("/api/meters/aggregates")).json()
    assert list(meters) == ["site", "battery", "load", "solar", "windmill"]


async def test_edits_of_vitals(gateway: Simulator, client: Client) -> None:
    """Test readings and whole devices are changed and taken away."""
    gateway.control({"site": {"batteries": 3}})
    own = {device.din: device for device in decoded((await client.get(VITALS)).body)}
    gateway.faults.add(
        VITALS,
        edit={
            "TEPOD.0.vitals.POD_nom_energy_remaining": 5,
            "TEPOD.0.vitals.POD_new": "text",
            "TEPINV.*.alerts": ["A"],
            "TETHC.1.serial": "OTHER",
        },
        drop=["PVAC", "TEPOD.1", "STSTSM.0.vitals.STSTSM-Location"],
    )
    devices = decoded((await client.get(VITALS)).body)
    kinds: dict[str, list[Decoded]] = {}
    for device in devices:
        kinds.setdefault(device.kind, []).append(device)
    assert len(devices) == len(own) - 2
    assert "PVAC" not in kinds
    first, second = kinds["TEPOD"]
    assert first.readings == own[first.din].readings | {
        "POD_nom_energy_remaining": 5.0,
        "POD_new": "text",
    }
    assert second.serial == "TGSIMULATED203"
    assert [device.alerts for device in kinds["TEPINV"]] == [["A"]] * 3
    assert kinds["TETHC"][1].din == "TETHC--3012170-05-B--OTHER"
    assert kinds["STSTSM"][0].readings == {}
    changed = {"STSTSM", "TETHC", "TEPOD", "TEPINV"}
    for device in devices:
        assert device.kind in changed or device == own[device.din]
    gateway.faults.clear()
    healed = decoded((await client.get(VITALS)).body)
    assert {device.din: device for device in healed} == own


async def test_edits_leave_refusals_alone(gateway: Simulator, client: Client) -> None:
    """Test there is nothing to edit in an answer that is none."""
    gateway.faults.add(SOE, edit={"percentage": None})
    gateway.site.is_running = False
    assert (await client.get(SOE)).status == 502


async def test_headers_alone(gateway: Simulator, client: Client) -> None:
    """Test a header can be added to a normal answer."""
    gateway.faults.add(SOE, headers={"X-Odd": "1"})
    answer = await client.get(SOE)
    assert answer.headers["X-Odd"] == "1"
    assert answer.json()["percentage"] > 0


async def test_stand_in_applies_nothing(gateway: Simulator, client: Client) -> None:
    """Test a write that a fault answers changes nothing."""
    gateway.faults.add("/api/operation", method="POST", status=200, body="{}")
    written = {"mode": "backup", "backup_reserve_percent": 50}
    assert (await client.post("/api/operation", written)).json() == {}
    assert gateway.site.pending_operation is None


async def test_cut(gateway: Simulator, client: Client) -> None:
    """Test an answer that ends in the middle."""
    gateway.faults.add("/api/system_status", ending="cut", times=1)
    with pytest.raises(ClientPayloadError):
        await client.get("/api/system_status")
    assert (await client.get("/api/system_status")).status == 200


async def test_reset(gateway: Simulator, client: Client) -> None:
    """Test a connection reset in the middle, after a write was taken."""
    gateway.faults.add("/api/operation", ending="reset")
    with pytest.raises((ClientOSError, ClientPayloadError), match="reset by peer"):
        await client.post(
            "/api/operation", {"mode": "backup", "backup_reserve_percent": 50}
        )
    assert gateway.site.pending_operation == ("backup", 50)


async def test_hang(gateway: Simulator, client: Client) -> None:
    """Test an answer that does not come until the fault is cleared."""
    gateway.faults.add(SOE, ending="hang", times=1)
    waiting = asyncio.create_task(client.get(SOE))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    assert (await client.get(SOE)).status == 200
    gateway.faults.clear()
    assert (await waiting).status == 200


async def test_hanging_client_leaves(gateway: Simulator, client: Client) -> None:
    """Test a client that gives up is forgotten."""
    gateway.faults.add(SOE, ending="hang")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.get(SOE)
    await client.until_in_flight(0)


OPERATION = "/api/operation"
MODE = {"mode": "backup", "backup_reserve_percent": 50}
WRITTEN = ("POST /api/operation", MODE, 200)


@pytest.mark.parametrize("ending", ["cut", "reset", "endless", "mute"])
async def test_done_and_not_answered(
    gateway: Simulator, client: Client, ending: str
) -> None:
    """Test a write is done once when its answer is lost on the way, or never sent."""
    gateway.faults.add(OPERATION, ending=ending)
    waiting = asyncio.create_task(client.post(OPERATION, MODE))
    await until(lambda: gateway.stats.writes)
    await asyncio.wait([waiting], timeout=0.1)
    waiting.cancel()
    with pytest.raises((OSError, ClientPayloadError, asyncio.CancelledError)):
        await waiting
    await client.until_in_flight(0)
    gateway.faults.clear()
    assert (await client.get("/api/status")).status == 200
    assert gateway.stats.writes == [WRITTEN]
    assert gateway.site.pending_operation == ("backup", 50)


@pytest.mark.parametrize("fault", [{"ending": "hang"}, {"delay": 60.0}])
async def test_never_done(
    gateway: Simulator, client: Client, fault: dict[str, Any]
) -> None:
    """Test a client that leaves before its write is done takes it along."""
    gateway.faults.add(OPERATION, **fault)
    waiting = asyncio.create_task(client.post(OPERATION, MODE))
    await client.until_in_flight(1)
    waiting.cancel()
    await client.until_in_flight(0)
    gateway.faults.clear()
    assert (await client.get("/api/status")).status == 200
    assert gateway.stats.writes == []
    assert gateway.site.pending_operation is None


async def test_mute(gateway: Simulator, client: Client) -> None:
    """Test a write is done at once and answered when the fault is cleared."""
    gateway.faults.add(OPERATION, ending="mute", times=1)
    waiting = asyncio.create_task(client.post(OPERATION, MODE))
    await until(lambda: gateway.stats.writes)
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    assert gateway.site.pending_operation == ("backup", 50)
    gateway.faults.clear()
    assert (await waiting).json() == MODE


async def test_hanging_write(gateway: Simulator, client: Client) -> None:
    """Test a write that hangs is done when the fault is cleared, not before."""
    gateway.faults.add(OPERATION, ending="hang", times=1)
    waiting = asyncio.create_task(client.post(OPERATION, MODE))
    await client.until_in_flight(1)
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    assert gateway.site.pending_operation is None
    gateway.faults.clear()
    assert (await waiting).json() == MODE
    assert gateway.site.pending_operation == ("backup", 50)


async def test_delay(gateway: Simulator, client: Client) -> None:
    """Test an answer that comes late."""
    gateway.faults.add(SOE, delay=0.1)
    begin = time.perf_counter()
    await client.get(SOE)
    assert time.perf_counter() - begin >= 0.1


async def test_big(gateway: Simulator, client: Client) -> None:
    """Test an answer as big as one likes."""
    gateway.faults.add(SOE, ending="endless", size=5_000_000)
    answer = await client.get(SOE)
    assert answer.body == b" " * 5_000_000


async def test_endless(gateway: Simulator, client: Client) -> None:
    """Test an answer that goes on until it is stopped."""
    gateway.faults.add(SOE, ending="endless")
    waiting = asyncio.create_task(client.get(SOE))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    gateway.faults.clear()
    assert len((await waiting).body) > 100_000


async def test_login_faults_count_as_refused(
    gateway: Simulator, client: Client
) -> None:
    """Test a login limit counts among the refused logins."""
    gateway.faults.add("/api/login/Basic", status=429)
    assert (await client.log_in()).status == 429
    assert (gateway.stats.logins_accepted, gateway.stats.logins_refused) == (1, 1)
