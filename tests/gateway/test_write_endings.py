"""Writes whose caller leaves, or whose client is closed: nothing half, nothing new."""

import asyncio
from time import monotonic
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    GatewayNotAppliedError,
    GatewayNotSentError,
)
from custom_components.tesla_gateway.gateway.session import MAX_IN_FLIGHT
from simulator.faults import Ending
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind
from tests.waiting import until_asked

from .write_kinds import BACKUP, COMMIT, KINDS, Kind, all_of, taken

FOR_A_WHILE = 0.1
"""Seconds that a request is under way: the test acts meanwhile."""
READ_BEFORE = "GET /api/operation"
ONLY_OPERATION = pytest.mark.parametrize("kind", [KINDS["operation"]], indirect=True)


@pytest.fixture
def gateway_options(kind: Kind) -> dict[str, Any]:
    """Return how the gateway is simulated: the contactor moves in no time."""
    return {"speed": 100, **kind.options}


def _begun(kind: Kind, client: GatewayClient) -> asyncio.Task[object]:
    """Return a write that somebody waits for."""

    async def act() -> object:
        return await kind.act(client)

    return asyncio.create_task(act())


async def _outcome(task: asyncio.Task[object]) -> object:
    """Return what comes of a write: its result, or why there is none."""
    [outcome] = await asyncio.gather(task, return_exceptions=True)
    return outcome


async def _cancelled(task: asyncio.Task[object]) -> None:
    """Cancel a write, and see it end as such."""
    task.cancel()
    assert isinstance(await _outcome(task), asyncio.CancelledError)


@pytest.fixture(params=["before", "in the line"])
async def waiting(
    request: pytest.FixtureRequest, polled: GatewayClient, gateway: Simulator
) -> tuple[asyncio.Task[object], asyncio.Task[object] | None]:
    """Return a write that has not begun, and the one that it waits for, if any."""
    kind = KINDS["operation"]
    if request.param == "before":
        gateway.faults.add("/api/operation", method="GET", ending=Ending.HANG)
        task = _begun(kind, polled)
        await until_asked(gateway, READ_BEFORE)
        return task, None
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=60)
    first = _begun(kind, polled)
    await until_asked(gateway, READ_BEFORE, 2)
    second = _begun(KINDS["off grid"], polled)
    await asyncio.sleep(0)
    return second, first


@ONLY_OPERATION
async def test_cancelled_before_it_is_sent(
    waiting: tuple[asyncio.Task[object], asyncio.Task[object] | None],
    gateway: Simulator,
) -> None:
    """Test what nobody waits for any more is not begun."""
    task, other = waiting
    await _cancelled(task)
    gateway.faults.clear()
    if other:
        assert await other
    sent = [write.endpoint for write in gateway.stats.writes]
    assert sent == (all_of(KINDS["operation"]) if other else [])


@ONLY_OPERATION
async def test_closed_before_it_is_sent(
    waiting: tuple[asyncio.Task[object], asyncio.Task[object] | None],
    polled: GatewayClient,
    gateway: Simulator,
) -> None:
    """Test what has not begun when the client is closed does not begin."""
    task, other = waiting
    await polled.close()
    assert isinstance(await _outcome(task), GatewayNotSentError)
    if other:
        assert isinstance(await _outcome(other), GatewayNotAppliedError)
    gateway.faults.clear()
    sent = [write.endpoint for write in gateway.stats.writes]
    assert sent == (all_of(KINDS["operation"]) if other else [])


@pytest.mark.parametrize("ending", ["cancelled", "closed"])
async def test_ends_while_it_logs_in(
    kind: Kind, client: GatewayClient, gateway: Simulator, ending: str
) -> None:
    """Test a login is not what somebody wanted to have brought to its end."""
    gateway.faults.add("/api/login/Basic", delay=FOR_A_WHILE)
    task = _begun(kind, client)
    await until_asked(gateway, "POST /api/login/Basic")
    if ending == "cancelled":
        await _cancelled(task)
    else:
        await client.close()
        assert isinstance(await _outcome(task), GatewayNotSentError)
    assert not gateway.stats.writes
    assert not kind.done(gateway.site)


@pytest.mark.parametrize("stage", ["sent", "committed"])
async def test_cancelled_while_it_is_sent(
    kind: Kind, polled: GatewayClient, gateway: Simulator, stage: str
) -> None:
    """Test what the gateway has heard of is brought to its end, then the caller."""
    endpoint = kind.endpoint if stage == "sent" else all_of(kind)[-1]
    method, path = endpoint.split()
    gateway.faults.add(path, method=method, delay=FOR_A_WHILE, times=1)
    task = _begun(kind, polled)
    await until_asked(gateway, endpoint)
    await _cancelled(task)
    assert kind.done(gateway.site)
    assert taken(gateway) == all_of(kind)


@pytest.mark.parametrize("stage", ["sent", "committed"])
async def test_closed_while_it_is_sent(
    kind: Kind, polled: GatewayClient, gateway: Simulator, stage: str
) -> None:
    """Test closing waits for what the gateway has heard of, and for nothing else."""
    endpoint = kind.endpoint if stage == "sent" else all_of(kind)[-1]
    method, path = endpoint.split()
    gateway.faults.add(path, method=method, delay=FOR_A_WHILE, times=1)
    task = _begun(kind, polled)
    await until_asked(gateway, endpoint)
    await polled.close()
    assert kind.done(gateway.site)
    assert taken(gateway) == all_of(kind)
    outcome = await _outcome(task)
    assert isinstance(outcome, GatewayNotAppliedError)
    assert outcome.answered


@ONLY_OPERATION
@pytest.mark.parametrize("times", [2, 3])
async def test_cancelled_again_and_again(
    kind: Kind, polled: GatewayClient, gateway: Simulator, times: int
) -> None:
    """Test impatience leaves nothing half, and nothing that the close forgets."""
    gateway.faults.add(kind.path, method="POST", delay=FOR_A_WHILE)
    task = _begun(kind, polled)
    await until_asked(gateway, kind.endpoint)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.01)
    await polled.close()
    assert taken(gateway) == all_of(kind)
    assert kind.done(gateway.site)
    assert isinstance(await _outcome(task), asyncio.CancelledError)


@pytest.mark.parametrize("ending", ["cancelled", "closed"])
async def test_ends_while_it_is_read_back(
    kind: Kind, polled: GatewayClient, gateway: Simulator, ending: str
) -> None:
    """Test nobody is kept waiting for what takes its time, and it goes on without."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=3600)
    task = _begun(kind, polled)
    await until_asked(gateway, f"GET {kind.read}", 3)
    began = monotonic()
    if ending == "cancelled":
        await _cancelled(task)
    else:
        await polled.close()
        outcome = await _outcome(task)
        assert isinstance(outcome, GatewayNotAppliedError)
        assert kind.undone(outcome.reported)
    assert monotonic() - began < 2
    gateway.reset_stats()
    await asyncio.sleep(0.05)
    assert gateway.stats.total == 0


async def test_a_refusal_that_nobody_waits_for(
    kind: Kind, polled: GatewayClient, gateway: Simulator, caplog: Any
) -> None:
    """Test an error that comes after the caller has left is not complained of."""
    gateway.faults.add(kind.path, method=kind.method, status=500, delay=FOR_A_WHILE)
    task = _begun(kind, polled)
    await until_asked(gateway, kind.endpoint)
    await _cancelled(task)
    await polled.close()
    del task
    assert not caplog.records


async def test_nothing_after_the_close(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test a closed client writes nothing, however often it is closed."""
    for _ in range(2):
        await polled.close()
    with pytest.raises(GatewayNotSentError):
        await kind.act(polled)
    with pytest.raises(GatewayNotSentError):
        await polled.change_password("KLMNP", "VWXYZ")
    assert gateway.stats.total == 0


@ONLY_OPERATION
@pytest.mark.parametrize("times", [1, 2])
async def test_the_next_one_begins_after_it(
    kind: Kind, polled: GatewayClient, gateway: Simulator, times: int
) -> None:
    """Test what is brought to its end without its caller is not overtaken."""
    gateway.faults.add(kind.path, method="POST", delay=FOR_A_WHILE, times=1)
    task = _begun(kind, polled)
    await until_asked(gateway, kind.endpoint)
    following = asyncio.create_task(polled.set_operation(backup_reserve=50))
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0.01)
    assert isinstance(await _outcome(task), asyncio.CancelledError)
    shown = await following
    assert shown is not None
    assert (shown.mode, shown.gateway_backup_reserve) == (BACKUP, 52.5)
    assert gateway.stats.requests[COMMIT] == 2


@ONLY_OPERATION
@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_left_before_there_is_a_slot(
    polled: GatewayClient, gateway: Simulator, how: str
) -> None:
    """Test a home does not leave the grid for somebody who is gone by then."""
    gateway.faults.add("/api/meters/*", ending=Ending.HANG)
    polls = [asyncio.create_task(polled.meters()) for _ in range(MAX_IN_FLIGHT)]
    await until_asked(gateway, "GET /api/meters/aggregates", MAX_IN_FLIGHT)
    task = _begun(KINDS["off grid"], polled)
    await asyncio.sleep(0.05)
    if how == "closed":
        await polled.close()
        assert isinstance(await _outcome(task), GatewayNotSentError)
    else:
        await _cancelled(task)
    gateway.faults.clear()
    await asyncio.gather(*polls)
    await asyncio.sleep(0.05)
    assert not gateway.stats.writes


@ONLY_OPERATION
@pytest.mark.parametrize("how", ["cancelled", "closed"])
async def test_left_while_it_logs_in(
    polled: GatewayClient, gateway: Simulator, how: str
) -> None:
    """Test what a gateway did not do for want of a login is not done after all."""
    gateway.expire_tokens()
    gateway.faults.add("/api/v2/islanding/mode", delay=0.2, times=1)
    gateway.faults.add("/api/login/Basic", ending=Ending.HANG)
    task = _begun(KINDS["off grid"], polled)
    await until_asked(gateway, "POST /api/v2/islanding/mode")
    if how == "closed":
        await polled.close()
        assert isinstance(await _outcome(task), GatewayNotSentError)
    else:
        await _cancelled(task)
    gateway.faults.clear()
    assert [write.status for write in gateway.stats.writes] == [401]
