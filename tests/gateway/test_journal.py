"""What is kept of what a gateway says, and how it is asked for the rest."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    GatewayError,
    GatewayRateLimitError,
    GatewayRecord,
)
from custom_components.tesla_gateway.gateway.journal import MAX_KEPT, Journal
from custom_components.tesla_gateway.gateway.reader import SURVEYED
from simulator.faults import Ending
from simulator.server import Simulator

from .conftest import Connect

LOGIN = "/api/login/Basic"
SOE = "/api/system_status/soe"
STATUS = "/api/status"


async def test_keeps_an_answer(connect: Connect) -> None:
    """Test the last answer of an endpoint is there as it came."""
    session = connect()
    body = await session.get(SOE)
    told = session.journal.endpoints[SOE]
    assert told.last is not None
    assert told.last is told.last_good
    assert (told.last.status, told.last.size, told.last.body) == (200, len(body), body)
    assert told.outcome == "200"
    assert told.counts == {"200": 1}


async def test_keeps_the_last_good_one_beside(
    connect: Connect, gateway: Simulator
) -> None:
    """Test a refusal is the last answer, and does not wipe out what was read before."""
    session = connect()
    body = await session.get(SOE)
    gateway.faults.add(SOE, status=500, body='{"error": "a"}', times=2)
    for _ in range(2):
        with pytest.raises(GatewayError):
            await session.get(SOE)
    told = session.journal.endpoints[SOE]
    assert told.last is not None
    assert told.last_good is not None
    assert (told.last.status, told.last.body) == (500, b'{"error": "a"}')
    assert told.last_good.body == body
    assert told.counts == {"200": 1, "500": 2}
    await session.get(SOE)
    healed = session.journal.endpoints[SOE]
    assert healed.last is healed.last_good
    assert healed.outcome == "200"


@pytest.mark.parametrize(("size", "kept"), [(MAX_KEPT, MAX_KEPT), (MAX_KEPT + 1, 0)])
async def test_keeps_nothing_long(
    connect: Connect, gateway: Simulator, size: int, kept: int
) -> None:
    """Test of a long body only its size is kept."""
    gateway.faults.add(SOE, body="x" * size)
    session = connect()
    await session.get(SOE)
    last = session.journal.endpoints[SOE].last
    assert last is not None
    assert last.size == size
    assert len(last.body or b"") == kept


async def test_keeps_no_login(connect: Connect) -> None:
    """Test of a login only that it took place is kept."""
    session = connect()
    await session.get(SOE)
    token = session.record.token
    assert token is not None
    told = session.journal.endpoints
    assert told[LOGIN].last is None
    assert told[LOGIN].counts == {"200": 1}
    assert all(
        token.encode() not in (each.last.body or b"")
        for each in told.values()
        if each.last
    )


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"ending": Ending.HANG}, "timeout"),
        ({"body": "{}", "ending": Ending.RESET}, "connection"),
        ({"body": "", "ending": Ending.ENDLESS}, "response"),
    ],
)
async def test_counts_what_is_no_answer(
    connect: Connect, gateway: Simulator, fault: Mapping[str, Any], kind: str
) -> None:
    """Test a request without an answer is counted as what went wrong."""
    session = connect(timeout=1)
    await session.get(STATUS)
    gateway.faults.add(SOE, **fault)
    with pytest.raises(GatewayError):
        await session.get(SOE)
    told = session.journal.endpoints[SOE]
    assert told.last is None
    assert told.outcome == kind
    assert told.counts == {kind: 1}
    assert told.seconds_last is None


async def test_counts_a_gateway_that_is_not_there(
    connect: Connect, gateway: Simulator
) -> None:
    """Test what cannot be reached, or is another one, is counted as such."""
    session = connect()
    await session.login()
    gateway.renew_certificate()
    gateway.stop()
    with pytest.raises(GatewayError):
        await session.get(SOE)
    gateway.start()
    with pytest.raises(GatewayError):
        await session.get(SOE)
    told = session.journal.endpoints[SOE]
    assert told.counts == {"unreachable": 1, "certificate": 1}


async def test_counts_nothing_that_is_not_sent(connect: Connect) -> None:
    """Test a request that a wait holds back is none."""
    session = connect()
    await session.login()
    session.record.wait(60)
    with pytest.raises(GatewayRateLimitError):
        await session.get(SOE)
    assert SOE not in session.journal.endpoints


async def test_measures_time(connect: Connect, gateway: Simulator) -> None:
    """Test the last and the longest time of an answer are told."""
    session = connect(record=GatewayRecord(clock=monotonic))
    await session.login()
    gateway.latency = 0.1
    await session.get(SOE)
    gateway.latency = 0
    await session.get(SOE)
    told = session.journal.endpoints[SOE]
    assert told.seconds_last is not None
    assert told.seconds_longest is not None
    assert 0 < told.seconds_last < 0.1 <= told.seconds_longest < 5


def test_told_as_it_was() -> None:
    """Test what is told does not change any more while it is looked at."""
    journal = Journal()
    journal.answered("/a", 200, b"{}", seconds=1, kept=True)
    told = journal.endpoints
    journal.answered("/a", 404, b"", seconds=2, kept=True)
    journal.failed("/b", "timeout")
    assert set(told) == {"/a"}
    assert told["/a"].counts == {"200": 1}
    assert told["/a"].outcome == "200"


@pytest.mark.parametrize("gateway_options", [{"profile": "21.44", "latency": 0.01}])
async def test_survey(connect: Connect, gateway: Simulator) -> None:
    """Test what nothing polls is asked once, a few at a time, and nothing that acts."""
    client = GatewayClient(connect())
    await client.site_name()
    gateway.reset_stats()
    await client.survey()
    asked = gateway.stats.requests
    expected = {f"GET {path}" for path in SURVEYED} - {"GET /api/site_info/site_name"}
    assert asked == dict.fromkeys(expected, 1)
    assert gateway.stats.most_in_flight == 2
    told = client.journal.endpoints
    missing = {path for path in SURVEYED if not (told[path].last_good)}
    assert missing == {"/api/solar_powerwall", "/tedapi/din"}
    gateway.reset_stats()
    await client.survey()
    assert gateway.stats.requests == {}


def test_survey_does_nothing() -> None:
    """Test what acts when it is asked is never asked to see what it says."""
    for path in ("/api/sitemaster/run", "/api/sitemaster/stop", "/api/logout"):
        assert path not in SURVEYED
    assert "/api/config/completed" not in SURVEYED


async def test_survey_outlives_failures(connect: Connect, gateway: Simulator) -> None:
    """Test what fails is in the journal, and the rest is read all the same."""
    client = GatewayClient(connect())
    await client.operation()  # by which a token is known to work
    gateway.faults.add("/api/networks", ending=Ending.RESET)
    gateway.faults.add("/api/config", status=403)
    gateway.faults.add("/api/meters", body="nonsense")
    await client.survey()
    told = client.journal.endpoints
    assert told["/api/networks"].outcome == "connection"
    assert told["/api/config"].outcome == "403"
    assert told["/api/meters"].last is not None
    assert told["/api/meters"].last.body == b"nonsense"
    assert told["/api/solars"].outcome == "200"
    assert gateway.stats.logins == 1
    gateway.faults.clear()
    gateway.reset_stats()
    await client.survey()
    assert set(gateway.stats.requests) == {"GET /api/networks"}


async def test_survey_waits(connect: Connect, gateway: Simulator) -> None:
    """Test nothing is asked of a gateway that wants to be left alone."""
    client = GatewayClient(session := connect())
    await session.login()
    session.record.wait(60)
    gateway.reset_stats()
    await client.survey()
    assert gateway.stats.requests == {}
