"""Tests of what changes the site: who may, what becomes of it, what is kept."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from simulator.profiles import PROFILES
from simulator.server import Simulator
from simulator.site import DEFAULT_START, Site, WriteEffect, WriteKind

from .conftest import Client, Connect, Response, Simulate

OPERATION = "POST /api/operation"
COMPLETED = "GET /api/config/completed"
ISLAND = "POST /api/v2/islanding/mode"
RUN = "GET /api/sitemaster/run"
STOP = "POST /api/sitemaster/stop"
STOP_BY_GET = "GET /api/sitemaster/stop"

MODE = {"mode": "backup", "backup_reserve_percent": 33.5}
LEAVE = {"island_mode": "intentional_reconnect_failsafe"}

BEFORE = ("self_consumption", 24.0)
AFTER = ("backup", 33.5)

WRITES: dict[str, tuple[Any, str, Any]] = {
    OPERATION: (MODE, "pending_operation", AFTER),
    COMPLETED: (None, "mode", "backup"),
    ISLAND: (LEAVE, "is_off_grid_wanted", True),
    STOP_BY_GET: (None, "is_running", False),
    STOP: ({}, "is_running", False),
    RUN: (None, "is_running", True),
}
"""What is sent, and the attribute of the site that is so when it has been taken."""

TAKEN_BY_21_44 = {
    OPERATION: 200,
    COMPLETED: 202,
    ISLAND: 200,
    STOP_BY_GET: 405,
    STOP: 202,
    RUN: 202,
}
TAKEN = {
    "21.13": TAKEN_BY_21_44 | {ISLAND: 404, STOP_BY_GET: 202, STOP: 404},
    "21.44": TAKEN_BY_21_44,
    "24.44": TAKEN_BY_21_44,
    "pw3": dict.fromkeys(WRITES, 404),
    "stopped": TAKEN_BY_21_44,
}
"""The answer to who may write, by profile."""

DELAY = 3.0


async def _send(client: Client, endpoint: str, document: Any = None) -> Response:
    method, path = endpoint.split()
    return await client.request(method, path, json=document)


def _settings(site: Site) -> tuple[str, float]:
    return site.mode, site.backup_reserve_percent


# Who may


@pytest.mark.parametrize("username", [None, "customer", "installer"])
@pytest.mark.parametrize("writes", [None, "customer", "installer"])
@pytest.mark.parametrize("profile", PROFILES)
async def test_who_may_write(
    simulate: Simulate,
    connect: Connect,
    profile: str,
    writes: str | None,
    username: str | None,
) -> None:
    """Test firmware, option and login decide; what is refused changes nothing."""
    gateway = simulate(profile=profile, writes=writes)
    client = connect(gateway)
    if username is not None:
        await client.log_in(username)
    least = writes or ("installer" if profile == "24.44" else "customer")
    is_allowed = username in {"installer", least}
    for endpoint, (document, name, value) in WRITES.items():
        before = deepcopy(gateway.site)
        answer = await _send(client, endpoint, document)
        taken = TAKEN[profile][endpoint]
        is_refused = taken < 300 and not is_allowed
        assert answer.status == (403 if is_refused else taken), endpoint
        if answer.status < 300:
            assert getattr(gateway.site, name) == value
        else:
            assert gateway.site == before
        if is_refused:
            method = endpoint.partition(" ")[0]
            assert answer.json()["error"] == f"Unable to {method} to resource"


async def test_who_may_write_changes(gateway: Simulator, client: Client) -> None:
    """Test the same login can be refused what it was granted before."""
    assert (await _send(client, OPERATION, MODE)).status == 200
    gateway.control({"writes": "installer"})
    assert (await _send(client, COMPLETED)).status == 403
    assert gateway.site.pending_operation == AFTER
    assert _settings(gateway.site) == BEFORE
    gateway.control({"writes": "customer"})
    assert (await _send(client, COMPLETED)).status == 202
    assert _settings(gateway.site) == AFTER


# What becomes of it


@pytest.mark.parametrize(
    ("kind", "pending", "at_once", "later"),
    [
        (WriteKind.NORMAL, AFTER, AFTER, AFTER),
        (WriteKind.DELAYED, AFTER, BEFORE, AFTER),
        (WriteKind.LOST, None, BEFORE, BEFORE),
        (WriteKind.HALF, AFTER, ("backup", 24.0), ("backup", 24.0)),
        (WriteKind.IGNORED, AFTER, BEFORE, BEFORE),
    ],
)
async def test_settings(
    gateway: Simulator,
    client: Client,
    kind: WriteKind,
    pending: tuple[str, float] | None,
    at_once: tuple[str, float],
    later: tuple[str, float],
) -> None:
    """Test what becomes of settings, of which the answers tell nothing."""
    gateway.site.write_effect = WriteEffect(kind=kind, seconds=DELAY)
    written = await _send(client, OPERATION, MODE)
    assert (written.status, written.json()) == (200, MODE)
    assert gateway.site.pending_operation == pending
    assert _settings(gateway.site) == BEFORE
    completed = await _send(client, COMPLETED)
    assert completed.status == 202
    assert completed.json()["din"] == gateway.device.profile.din
    assert gateway.site.pending_operation is None
    assert _settings(gateway.site) == at_once
    gateway.site.advance(DELAY - 0.001)
    assert _settings(gateway.site) == at_once
    gateway.site.advance(0.001)
    assert _settings(gateway.site) == later


@pytest.mark.parametrize(
    ("endpoint", "document", "name"),
    [
        (ISLAND, LEAVE, "is_off_grid_wanted"),
        (STOP, {}, "is_running"),
        (RUN, None, "is_running"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "is_done_at_once", "is_done_later"),
    [
        ("normal", True, True),
        ("delayed", False, True),
        ("lost", False, False),
        ("half", True, True),
        ("ignored", False, False),
    ],
)
async def test_flags(
    gateway: Simulator,
    client: Client,
    endpoint: str,
    document: Any,
    name: str,
    kind: str,
    *,
    is_done_at_once: bool,
    is_done_later: bool,
) -> None:
    """Test what becomes of island mode, run and stop, which need no commit."""
    site = gateway.site
    site.is_running = endpoint != RUN
    before = getattr(site, name)
    gateway.control({"write_effect": {"kind": kind, "seconds": DELAY}})
    assert (await _send(client, endpoint, document)).status in {200, 202}
    assert (getattr(gateway.site, name) != before) is is_done_at_once
    gateway.site.advance(DELAY - 0.001)
    assert (getattr(gateway.site, name) != before) is is_done_at_once
    gateway.site.advance(0.001)
    assert (getattr(gateway.site, name) != before) is is_done_later


async def test_effect_of_both(gateway: Simulator, client: Client) -> None:
    """Test what is lost is lost also where something else waited for the commit."""
    await _send(client, OPERATION, MODE)
    gateway.site.write_effect = WriteEffect(kind=WriteKind.LOST)
    other = {"mode": "autonomous", "backup_reserve_percent": 5.0}
    await _send(client, OPERATION, other)
    await _send(client, COMPLETED)
    assert _settings(gateway.site) == BEFORE


async def test_when_it_took_effect(gateway: Simulator, client: Client) -> None:
    """Test the site's own time of the last write that did something is kept."""

    def applied_at() -> Any:
        told = gateway.control({})["applied_at"]
        at = gateway.site.applied_at
        assert told == (at and at.isoformat())
        return at and (at - DEFAULT_START).total_seconds()

    gateway.site.advance(60)
    await _send(client, OPERATION, MODE)
    assert applied_at() is None
    await _send(client, COMPLETED)
    assert applied_at() == 60
    await _send(client, COMPLETED)  # nothing to commit
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=DELAY)
    await _send(client, ISLAND, LEAVE)
    gateway.site.advance(DELAY / 2)
    assert applied_at() == 60
    gateway.site.advance(600)
    assert applied_at() == 63
    gateway.site.busy_reason = "Power flow is too high"
    await _send(client, STOP, {})
    gateway.site.write_effect = WriteEffect(kind=WriteKind.IGNORED)
    await _send(client, OPERATION, MODE)
    await _send(client, COMPLETED)
    gateway.site.advance(600)
    assert applied_at() == 63
    gateway.site.write_effect = WriteEffect()
    await _send(client, RUN)
    elapsed = timedelta(seconds=60 + DELAY / 2 + 1200)
    assert gateway.site.applied_at == DEFAULT_START + elapsed


async def test_delay_by_the_clock(simulate: Simulate, connect: Connect) -> None:
    """Test a delayed write comes as the site's time goes by, and at its own moment."""
    now = 1000.0
    gateway = simulate(clock=lambda: now, speed=60.0)
    client = connect(gateway)
    await client.log_in()
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=90)
    await _send(client, OPERATION, MODE)
    await _send(client, COMPLETED)
    now += 1
    assert (await client.get("/api/operation")).json()["real_mode"] == BEFORE[0]
    now += 10
    assert (await client.get("/api/operation")).json()["real_mode"] == AFTER[0]
    assert gateway.site.applied_at == DEFAULT_START + timedelta(seconds=90)


async def test_restart(gateway: Simulator, client: Client) -> None:
    """Test a restart loses what was not committed, and nothing else."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=DELAY)
    await _send(client, OPERATION, MODE)
    await _send(client, COMPLETED)
    other = {"mode": "autonomous", "backup_reserve_percent": 5.0}
    await _send(client, OPERATION, other)
    gateway.stop()
    assert gateway.site.pending_operation == ("autonomous", 5.0)
    gateway.start()
    assert gateway.site.pending_operation is None
    await _send(client, COMPLETED)
    gateway.site.advance(DELAY)
    assert _settings(gateway.site) == AFTER


# What is kept


async def test_what_was_written(gateway: Simulator, client: Client) -> None:
    """Test what reached the gateway is kept in order, granted or not."""
    await _send(client, OPERATION, MODE)
    await _send(client, OPERATION, {"mode": "away"})
    await client.get("/api/operation")
    await _send(client, STOP_BY_GET)
    await client.request("POST", "/api/v2/islanding/mode", data=LEAVE)
    gateway.control({"writes": "installer"})
    await _send(client, COMPLETED)
    await _send(client, "POST /api/password/change", {"new_password": "FGHIJ"})
    expected = [
        (OPERATION, MODE, 200),
        (OPERATION, {"mode": "away"}, 400),
        (STOP_BY_GET, {}, 405),
        (ISLAND, LEAVE, 200),
        (COMPLETED, {}, 403),
    ]
    assert gateway.stats.writes == expected
    stats = await client.get("/simulator/stats")
    assert stats.json()["writes"] == [
        {"endpoint": endpoint, "document": document, "status": status}
        for endpoint, document, status in expected
    ]
    assert b"FGHIJ" not in stats.body
    gateway.control({"reset_stats": True})
    assert gateway.stats.writes == []


async def test_what_never_reached_it(gateway: Simulator, client: Client) -> None:
    """Test a fault that stands in for the gateway hides a write, others do not."""
    gateway.faults.add("/api/operation", status=503, times=1)
    gateway.faults.add("/api/operation", edit={"mode": "odd"}, times=1)
    assert (await _send(client, OPERATION, MODE)).status == 503
    assert gateway.stats.writes == []
    assert (await _send(client, OPERATION, MODE)).json()["mode"] == "odd"
    assert gateway.stats.writes == [(OPERATION, MODE, 200)]
