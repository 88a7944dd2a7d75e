"""What a refusal is about: the token, the endpoint, or neither."""

import asyncio

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayForbiddenError,
    GatewayRateLimitError,
    GatewayRecord,
    GatewaySession,
)
from simulator.server import Simulator

from .conftest import Clock, Connect, refused

SOE = "/api/system_status/soe"
METERS = "/api/meters/aggregates"
OPERATION = "/api/operation"


async def test_one_forbidden_endpoint(
    session: GatewaySession, gateway: Simulator, clock: Clock
) -> None:
    """Test an endpoint that is not for this login: one login, and an hour's rest."""
    await session.get(OPERATION)
    gateway.faults.add(OPERATION, status=403)
    for _ in range(119):
        with session.poll():
            await asyncio.gather(session.get(SOE), refused(session, OPERATION))
        clock.now += 30
    assert gateway.stats.logins <= 1
    assert gateway.stats.requests[f"GET {OPERATION}"] <= 3
    assert gateway.stats.requests[f"GET {SOE}"] == 119
    gateway.faults.clear()
    clock.now += 30
    assert await session.get(OPERATION)


@pytest.mark.parametrize("status", [401, 403])
async def test_forbidden_after_another_was_answered(
    session: GatewaySession, gateway: Simulator, status: int
) -> None:
    """Test no login is spent on a token that has just been good, nor two on many."""
    gateway.faults.add(OPERATION, status=status)
    gateway.faults.add("/api/sitemaster", status=status)
    with session.poll():
        await session.get(SOE)
        error = await refused(session, OPERATION)
        assert type(error) is GatewayForbiddenError
        assert error.status == status
        assert type(await refused(session, "/api/sitemaster")) is GatewayForbiddenError
    assert gateway.stats.logins <= (0 if status == 403 else 1)


async def test_everything_forbidden_is_about_no_endpoint(
    session: GatewaySession, gateway: Simulator, clock: Clock
) -> None:
    """Test a gateway that refuses everything for a while is asked again soon."""
    await session.get(SOE)
    clock.now += 100
    gateway.faults.add("/api/[!l]*", status=403)
    assert type(await refused(session)) is GatewayForbiddenError
    gateway.faults.clear()
    clock.now += 10
    assert await session.get(SOE)


@pytest.mark.parametrize("status", [401, 403])
async def test_what_needs_no_login_proves_no_token(
    session: GatewaySession, gateway: Simulator, status: int
) -> None:
    """Test an expired token is renewed although the open `/api/status` answers it."""
    gateway.expire_tokens(status)
    with session.poll():
        assert await session.get("/api/status")
        assert await session.get("/api/site_info")
    assert gateway.stats.logins == 1


async def test_a_token_that_expires_within_a_poll(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test a token the gateway calls expired is renewed, however good it was."""
    with session.poll():
        assert await session.get(SOE)
        gateway.expire_tokens(401)
        assert await session.get(OPERATION)
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("is_write", [False, True])
async def test_a_wait_asked_for_by_what_proves_a_token(
    session: GatewaySession, gateway: Simulator, clock: Clock, *, is_write: bool
) -> None:
    """Test a 429 is one too to the question whether a token is still good."""
    await session.get(SOE)
    gateway.faults.add(OPERATION, status=403)
    gateway.faults.add(SOE, status=429, headers={"Retry-After": "600"})
    gateway.reset_stats()
    with pytest.raises(GatewayRateLimitError):
        await (
            session.act("POST", OPERATION, {}) if is_write else session.get(OPERATION)
        )
    clock.now += 590
    assert type(await refused(session)) is GatewayRateLimitError
    method = "POST" if is_write else "GET"
    assert gateway.stats.requests == {f"{method} {OPERATION}": 1, f"GET {SOE}": 1}


@pytest.mark.parametrize(
    "fault",
    [{"status": 503, "headers": {"Retry-After": "600"}}, {"status": 500}],
    ids=str,
)
async def test_what_says_nothing_of_a_token(
    session: GatewaySession, gateway: Simulator, clock: Clock, fault: dict[str, object]
) -> None:
    """Test another endpoint is asked next where one has trouble of its own, or a pause.

    And no login is sent, and each that cannot tell is asked once.
    """
    for path in (OPERATION, METERS, SOE):
        await session.get(path)
    gateway.faults.add(SOE, **fault)
    gateway.faults.add(OPERATION, status=403)
    await refused(session)
    gateway.reset_stats()
    for _ in range(119):
        assert type(await refused(session, OPERATION)) is GatewayForbiddenError
        clock.now += 30
    assert gateway.stats.logins == 0
    assert gateway.stats.requests[f"GET {OPERATION}"] == (
        2 if fault["status"] == 500 else 1
    )
    assert gateway.stats.requests[f"GET {SOE}"] == (fault["status"] == 500)


async def test_where_nothing_tells_of_a_token(
    session: GatewaySession, gateway: Simulator, clock: Clock
) -> None:
    """Test a gateway in trouble is hardly asked more than before, nor logged in to."""
    for path in (METERS, SOE, OPERATION):
        await session.get(path)
    gateway.faults.add(OPERATION, status=403)
    gateway.faults.add("/api/[!l]*", status=500)
    gateway.reset_stats()
    for _ in range(2):
        assert type(await refused(session, OPERATION)) is GatewayForbiddenError
        clock.now += 30
    assert gateway.stats.requests == {
        f"GET {OPERATION}": 2,
        f"GET {SOE}": 1,
        f"GET {METERS}": 1,
    }
    # Else a gateway that says 403 to an expired token would never be logged in to.
    await refused(session, OPERATION)
    assert gateway.stats.logins == 1


async def test_a_person_s_login_is_a_fresh_one(
    session: GatewaySession, gateway: Simulator
) -> None:
    """Test what is forbidden right after it costs no second login."""
    gateway.faults.add(OPERATION, status=403)
    with session.poll():
        await session.login()
        assert type(await refused(session, OPERATION)) is GatewayForbiddenError
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_right_after_a_login_costs_no_second_one(
    connect: Connect, gateway: Simulator, status: int
) -> None:
    """Test a token that is seconds old is not taken for one that has expired."""
    gateway.faults.add(OPERATION, status=status)
    assert type(await refused(connect(), OPERATION)) is GatewayForbiddenError
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_refusals_right_after_a_shared_login_cost_no_second_one(
    connect: Connect, gateway: Simulator, status: int
) -> None:
    """Test those that waited for somebody else's login know its token as new too."""
    gateway.faults.add("/api/[!l]*", status=status)
    session, paths = connect(), (OPERATION, METERS, SOE)
    await asyncio.gather(*(refused(session, path) for path in paths))
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_good_token_outlives_its_password(
    connect: Connect,
    gateway: Simulator,
    record: GatewayRecord,
    session: GatewaySession,
    status: int,
) -> None:
    """Test a restart keeps it, although one endpoint refuses it before any answers."""
    gateway.change_password("other")
    gateway.faults.add(SOE, status=status)
    restarted, token = connect(), record.token
    for _ in range(2):
        with restarted.poll():
            await refused(restarted, SOE)
            assert await restarted.get(OPERATION)
    assert record.token == token
    assert gateway.stats.logins == (1 if status == 401 else 0)
