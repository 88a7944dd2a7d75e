"""Tests of the gateway over HTTPS: what is served, what writing does, time, counts."""

import asyncio
import gzip
import socket
import ssl
import threading
import time
from typing import Any

from aiohttp import (
    ClientSession,
    DummyCookieJar,
    Fingerprint,
    ServerFingerprintMismatch,
)
from freezegun.api import FrozenDateTimeFactory, freeze_time
import pytest

from simulator.profiles import PROFILES
from simulator.server import Simulator

from .conftest import Client, Connect, Simulate

LOGIN = "/api/login/Basic"
MODE = {"mode": "backup", "backup_reserve_percent": 33.5}


# Reading


@pytest.mark.parametrize("profile", PROFILES)
async def test_profiles_serve_what_they_promise(
    simulate: Simulate, connect: Connect, profile: str
) -> None:
    """Test each path of any firmware answers or is 404, as the profile says."""
    gateway = simulate(profile=profile)
    client = connect(gateway)
    await client.log_in()
    served = PROFILES[profile].reads
    for path in {path for other in PROFILES.values() for path in other.reads}:
        answer = await client.get(path)
        silent = profile == "stopped" and answer.status == 502
        assert answer.status == (200 if path in served else 404) or silent
    assert (await client.get("/api/customer")).status == 404


async def test_headers(client: Client) -> None:
    """Test what comes with an answer."""
    answer = await client.get("/api/system_status/soe")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.body == b'{"percentage":55.00320034136975}'


async def test_open_paths(gateway: Simulator, connect: Connect) -> None:
    """Test what is answered without a login."""
    client = connect(gateway)
    assert (await client.get("/api/status")).status == 200
    toggle = await client.get("/api/auth/toggle/supported")
    assert toggle.json() == {"toggle_auth_supported": True}


async def test_stopped(simulate: Simulate, connect: Connect) -> None:
    """Test a stopped site controller leaves silence, and can be started."""
    client = connect(simulate(profile="stopped"))
    await client.log_in()
    silence = await client.get("/api/meters/aggregates")
    assert (silence.status, silence.body) == (502, b"")
    assert "Content-Type" not in silence.headers
    sitemaster = (await client.get("/api/sitemaster")).json()
    assert sitemaster == {
        "status": "StatusDown",
        "running": False,
        "connected_to_tesla": True,
        "power_supply_mode": False,
        "can_reboot": "",
    }
    toggle = await client.get("/api/auth/toggle/supported")
    assert toggle.json() == {"toggle_auth_supported": False}
    assert (await client.get("/api/sitemaster/run")).status == 202
    assert (await client.get("/api/meters/aggregates")).status == 200


async def test_powerwall_3(simulate: Simulate, connect: Connect) -> None:
    """Test a Powerwall 3 tells its DIN, plain or as gzip nothing announces."""
    gateway = simulate(profile="pw3")
    client = connect(gateway)
    assert (await client.get("/tedapi/din")).status == 403
    await client.log_in()
    plain = await client.get("/tedapi/din")
    assert plain.body == b"1707000-11-J--TGSIMULATED001"
    gateway.device.is_din_compressed = True
    compressed = await client.get("/tedapi/din")
    assert "Content-Encoding" not in compressed.headers
    assert compressed.body[:2] == b"\x1f\x8b"
    assert gzip.decompress(compressed.body) == plain.body
    assert (await client.get("/api/logout")).status == 404
    assert (await client.post("/api/operation", MODE)).status == 404


# Writing


async def test_operation(gateway: Simulator, client: Client) -> None:
    """Test settings are echoed, and take effect when the configuration is complete."""
    before = (await client.get("/api/operation")).json()
    written = await client.post("/api/operation", MODE)
    assert (written.status, written.json()) == (200, MODE)
    assert (await client.get("/api/operation")).json() == before
    completed = await client.get("/api/config/completed")
    assert completed.status == 202
    assert completed.json()["din"] == gateway.device.profile.din
    assert (await client.get("/api/operation")).json() == {
        "real_mode": "backup",
        "backup_reserve_percent": 33.5,
        "freq_shift_load_shed_soe": 75,
        "freq_shift_load_shed_delta_f": -0.32,
    }


@pytest.mark.parametrize(
    "document",
    [
        {"mode": "backup"},
        {"backup_reserve_percent": 20},
        {"mode": "scheduler", "backup_reserve_percent": 20},
        {"mode": ["backup"], "backup_reserve_percent": 20},
        {"mode": "backup", "backup_reserve_percent": 101},
        {"mode": "backup", "backup_reserve_percent": "20"},
        {"real_mode": "backup", "backup_reserve_percent": 20},
    ],
)
async def test_operation_refused(client: Client, document: dict[str, Any]) -> None:
    """Test both settings are needed, and make sense."""
    assert (await client.post("/api/operation", document)).status == 400


async def test_island_mode(gateway: Simulator, client: Client) -> None:
    """Test leaving the grid and coming back, through the states between."""

    async def grid_status() -> str:
        answer = await client.get("/api/system_status/grid_status")
        return str(answer.json()["grid_status"])

    async def write(mode: str) -> None:
        answer = await client.post("/api/v2/islanding/mode", {"island_mode": mode})
        assert answer.json() == {"island_mode": mode}

    await write("intentional_reconnect_failsafe")
    assert await grid_status() == "SystemTransitionToIsland"
    gateway.site.advance(3)
    assert await grid_status() == "SystemIslandedActive"
    await write("backup")
    assert await grid_status() == "SystemTransitionToGrid"
    gateway.site.advance(21)
    assert await grid_status() == "SystemGridConnected"
    wrong = await client.post("/api/v2/islanding/mode", {"island_mode": "away"})
    assert wrong.status == 400


async def test_stopping_the_controller(gateway: Simulator, client: Client) -> None:
    """Test it is stopped by POST, and not while it is busy."""
    assert (await client.get("/api/sitemaster/stop")).status == 405
    gateway.site.busy_reason = "Power flow is too high"
    sitemaster = (await client.get("/api/sitemaster")).json()
    assert sitemaster["can_reboot"] == "Power flow is too high"
    busy = await client.post("/api/sitemaster/stop", {})
    assert busy.json() == {
        "code": 500,
        "error": "Cannot Start Wizard",
        "message": "Unable to stop sitemaster",
    }
    gateway.site.busy_reason = ""
    assert (await client.post("/api/sitemaster/stop", {})).status == 202
    assert (await client.get("/api/system_status")).status == 502


async def test_stopping_by_get(simulate: Simulate, connect: Connect) -> None:
    """Test the older firmware stops by GET."""
    gateway = simulate(profile="21.13")
    client = connect(gateway)
    await client.log_in()
    assert (await client.get("/api/sitemaster/stop")).status == 202
    assert gateway.site.is_running is False


# Names and certificates


@pytest.mark.parametrize(
    ("name", "is_accepted"),
    [
        (None, True),
        ("teg", True),
        ("powerwall", True),
        ("powerpack", True),
        ("teg-001", True),
        ("powerwall.home", False),
        ("localhost", False),
    ],
)
@pytest.mark.parametrize("profile", ["21.44", "pw3"])
def test_sni(
    simulate: Simulate, profile: str, name: str | None, *, is_accepted: bool
) -> None:
    """Test a Gateway 2 ends the handshake for a name it does not have."""
    gateway = simulate(profile=profile)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        if is_accepted or profile == "pw3":
            with context.wrap_socket(connection, server_hostname=name) as secured:
                assert secured.getpeercert(binary_form=True)
        else:
            with pytest.raises(OSError, match=r"EOF|reset|UNRECOGNIZED_NAME"):
                context.wrap_socket(connection, server_hostname=name)
    assert gateway.stats.handshakes == 1
    assert gateway.stats.total == 0


async def test_certificate_changes(gateway: Simulator) -> None:
    """Test a pinned client sees another certificate, and sends nothing to it."""
    pinned = Fingerprint(gateway.fingerprint)
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        async with session.get(f"{gateway.url}/api/status", ssl=pinned) as response:
            assert response.status == 200
        gateway.stop()
        gateway.renew_certificate()
        gateway.start()
        with pytest.raises(ServerFingerprintMismatch) as mismatch:
            await session.get(f"{gateway.url}/api/status", ssl=pinned)
    assert mismatch.value.got == gateway.fingerprint
    assert gateway.stats.total == 1


# Life and death


def _seconds_to_start() -> float:
    """Return how long it takes until another one listens."""
    begin = time.perf_counter()
    with Simulator():
        return time.perf_counter() - begin


def test_starts_at_once_and_leaves_nothing(socket_enabled: None) -> None:
    """Test it starts in no time, keeps its port, and leaves no thread behind."""
    # A machine with other work to do may be slow at times, but not every time.
    assert any(_seconds_to_start() < 0.2 for _ in range(20))
    gateway = Simulator()
    gateway.start()
    port = gateway.port
    gateway.stop()
    gateway.stop()
    assert "simulator" not in [thread.name for thread in threading.enumerate()]
    with gateway:
        assert gateway.port == port
        with pytest.raises(OSError, match="in use"):
            Simulator(port=port).start()


async def test_stop_drops_clients(simulate: Simulate, connect: Connect) -> None:
    """Test who waits for an answer is cut off, and finds the gateway again later."""
    gateway = simulate()
    client = connect(gateway)
    await client.log_in()
    gateway.faults.add("/api/operation", ending="hang")
    waiting = asyncio.create_task(client.get("/api/operation"))
    await client.until_in_flight(1)
    await asyncio.to_thread(gateway.stop)
    with pytest.raises(OSError, match=r".*"):
        await waiting
    gateway.faults.clear()
    gateway.start()
    assert (await client.get("/api/operation")).status == 200


# Time


async def test_site_follows_the_clock(simulate: Simulate, connect: Connect) -> None:
    """Test the site's time is the clock's times the speed, whatever the clock does."""
    now = 1000.0
    gateway = simulate(clock=lambda: now, speed=60.0)
    now += 10
    assert gateway.site.elapsed == 600
    now += 60 * 365 * 86400  # a clock that was set
    assert gateway.site.elapsed == 600
    now -= 100  # and set back
    assert gateway.site.elapsed == 600
    now += 1
    client = connect(gateway)
    await client.log_in()
    before = (await client.get("/api/meters/aggregates")).json()
    assert (await client.get("/api/meters/aggregates")).json() == before
    now += 60
    after = (await client.get("/api/meters/aggregates")).json()
    assert after["load"]["energy_imported"] > before["load"]["energy_imported"]


async def test_frozen_clock(
    freezer: FrozenDateTimeFactory, simulate: Simulate, connect: Connect
) -> None:
    """Test nothing hangs while a test holds the clock; the site follows its ticks."""
    gateway = simulate(speed=1.0, latency=0.01)
    client = connect(gateway)
    await client.log_in()
    before = gateway.site.elapsed
    assert (await client.get("/api/operation")).status == 200
    assert gateway.site.elapsed == before
    freezer.tick(30)
    assert gateway.site.elapsed == before + 30


async def test_clock_frozen_later(gateway: Simulator, client: Client) -> None:
    """Test a clock that is taken over in the middle moves nothing by decades."""
    gateway.speed = 1.0
    before = gateway.site.elapsed
    with freeze_time("2030-01-01") as frozen:
        assert (await client.get("/api/operation")).status == 200
        assert gateway.site.elapsed - before < 1
        frozen.tick(30)
        assert 30 <= gateway.site.elapsed - before < 31
    assert gateway.site.elapsed - before < 32


# Counting


async def test_stats(gateway: Simulator, connect: Connect, client: Client) -> None:
    """Test requests, logins, connections and those at the same time are counted."""
    await connect(gateway).log_in(password="wrong")
    gateway.faults.add("/api/operation", ending="hang")
    reads = asyncio.gather(*(client.get("/api/operation") for _ in range(3)))
    await client.until_in_flight(3)
    gateway.faults.clear()
    await reads
    stats = (await client.get("/simulator/stats")).json()
    assert stats["requests"] == {"GET /api/operation": 3, f"POST {LOGIN}": 2}
    assert stats["total"] == 5
    assert stats["logins"] == {"accepted": 1, "refused": 1}
    assert stats["most_in_flight"] == 3
    assert stats["connections"] == 3
    assert stats["handshakes"] == 3
    assert gateway.stats.logins == 2
    reset = await client.post("/simulator/control", {"reset_stats": True})
    assert reset.status == 200
    assert gateway.stats.total == 0
    assert gateway.stats.requests == {}
