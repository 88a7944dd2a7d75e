"""A write to which no answer comes, or that cannot be read back: never sent twice."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    GatewayNotAppliedError,
    GatewayRejectedError,
    GatewayResponseError,
    GatewayStoppedError,
    GatewayUnreachableError,
    Operation,
    OperationMode,
)
from simulator.faults import Ending
from simulator.server import Simulator
from tests.waiting import until_asked

from .conftest import HASTY, PATIENT
from .write_kinds import COMMIT, KINDS, Kind, all_of, refused, taken


@pytest.fixture
def gateway_options(kind: Kind) -> dict[str, Any]:
    """Return how the gateway is simulated: the contactor moves in no time."""
    return {"speed": 100, **kind.options}


DONE = {
    "mute": {"ending": Ending.MUTE},
    "reset": {"ending": Ending.RESET},
    "cut": {"ending": Ending.CUT},
}


@pytest.mark.parametrize("fault", DONE)
@pytest.mark.parametrize("poll_timeout", [0.25])
async def test_done_and_not_answered(
    kind: Kind, polled: GatewayClient, gateway: Simulator, fault: str
) -> None:
    """Test what was done is found to be so, whatever became of the answer."""
    gateway.faults.add(kind.path, method=kind.method, **DONE[fault])
    await kind.act(polled)
    assert kind.done(gateway.site)
    assert taken(gateway) == all_of(kind)
    assert gateway.stats.requests[kind.endpoint] == 1


@pytest.mark.parametrize("write_timeouts", [HASTY])
@pytest.mark.parametrize("poll_timeout", [0.25])
async def test_not_done_and_not_answered(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test what nobody answers and nothing shows is told as such, and sent once."""
    gateway.faults.add(kind.path, method=kind.method, ending=Ending.HANG)
    error = await refused(kind, polled)
    assert isinstance(error, GatewayNotAppliedError)
    assert not error.answered
    assert kind.undone(error.reported)
    gateway.faults.clear()
    assert gateway.stats.requests[kind.endpoint] == 1
    assert kind.endpoint not in taken(gateway)
    assert not kind.done(gateway.site)


@pytest.mark.parametrize("kind", [KINDS["operation"]], indirect=True)
@pytest.mark.parametrize("poll_timeout", [0.25])
@pytest.mark.parametrize(
    ("ending", "write_timeouts", "is_done"),
    [
        (Ending.MUTE, PATIENT, True),
        (Ending.RESET, PATIENT, True),
        (Ending.CUT, PATIENT, True),
        (Ending.HANG, HASTY, False),
    ],
)
async def test_commit_not_answered(
    kind: Kind,
    polled: GatewayClient,
    gateway: Simulator,
    ending: Ending,
    *,
    is_done: bool,
) -> None:
    """Test a commit is sent once too, and what came of it is read back."""
    gateway.faults.add("/api/config/completed", ending=ending)
    if is_done:
        await kind.act(polled)
    else:
        error = await refused(kind, polled)
        assert isinstance(error, GatewayNotAppliedError)
        assert not error.answered
        assert isinstance(error.reported, Operation)
    assert kind.done(gateway.site) is is_done
    assert gateway.stats.requests[kind.endpoint] == 1
    assert gateway.stats.requests[COMMIT] == 1


async def _acted(kind: Kind, client: GatewayClient) -> None:
    """Make a write."""
    await kind.act(client)


def _restart(gateway: Simulator) -> None:
    """Let the gateway drop every connection, and listen again before anyone notices."""
    gateway.stop()
    gateway.start()


@pytest.mark.parametrize(
    "kind", [kind for name, kind in KINDS.items() if name != "operation"], indirect=True
)
async def test_restarts_while_it_acts(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test no lower layer sends again what it lost the connection of, GET or not."""
    gateway.faults.add(kind.path, method=kind.method, ending=Ending.MUTE, times=1)
    writing = asyncio.create_task(_acted(kind, polled))
    await until_asked(gateway, kind.endpoint)
    _restart(gateway)
    await writing
    assert kind.done(gateway.site)
    assert gateway.stats.requests[kind.endpoint] == 1


@pytest.mark.parametrize("kind", [KINDS["operation"]], indirect=True)
async def test_restarts_while_it_commits(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test the same of the commit, which is a GET as well."""
    gateway.faults.add("/api/config/completed", ending=Ending.MUTE, times=1)
    writing = asyncio.create_task(_acted(kind, polled))
    await until_asked(gateway, COMMIT)
    _restart(gateway)
    await writing
    assert kind.done(gateway.site)
    assert taken(gateway) == all_of(kind)
    assert gateway.stats.requests[COMMIT] == 1


@pytest.mark.parametrize("kind", [KINDS["operation"]], indirect=True)
@pytest.mark.parametrize("write_timeouts", [HASTY])
async def test_restarts_before_it_commits(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test settings that a restart has swept away are not sent once more."""
    gateway.faults.add(kind.path, method="POST", ending=Ending.MUTE, times=1)
    writing = asyncio.create_task(refused(kind, polled))
    await until_asked(gateway, kind.endpoint)
    _restart(gateway)
    error = await writing
    assert isinstance(error, GatewayNotAppliedError)
    assert not error.answered
    assert kind.undone(error.reported)
    assert taken(gateway) == all_of(kind)


async def test_unreachable(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test nothing happens without a connection, and all goes on with one."""
    gateway.stop()
    assert isinstance(await refused(kind, polled), GatewayUnreachableError)
    assert not kind.done(gateway.site)
    gateway.start()
    await kind.act(polled)
    assert taken(gateway) == all_of(kind)


TROUBLES: dict[str, dict[str, Any]] = {
    "401": {"status": 401, "times": 1},
    "404": {"status": 404},
    "500": {"status": 500},
    "502": {"status": 502},
    "503": {"status": 503},
    "HTML": {"body": "<html>Your router</html>"},
    "other JSON": {"body": "[]"},
    "hang": {"ending": Ending.HANG, "times": 1},
    "reset": {"ending": Ending.RESET},
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("poll_timeout", [0.25])
async def test_cannot_be_read_back_for_a_while(
    kind: Kind, polled: GatewayClient, gateway: Simulator, trouble: str
) -> None:
    """Test a gateway in trouble after a write is asked until it can tell."""
    with suppress(GatewayStoppedError):
        await kind.show(polled)
    gateway.reset_stats()
    if kind is KINDS["operation"]:
        # What is read before the write goes well.
        gateway.faults.add(kind.read, method="GET", times=1)
    fault = {"times": 2, **TROUBLES[trouble]}
    gateway.faults.add(kind.read, method="GET", **fault)
    await kind.act(polled)
    assert taken(gateway) == all_of(kind)
    assert gateway.stats.requests[f"GET {kind.read}"] > fault["times"]


@pytest.mark.parametrize("trouble", ["404", "429", "HTML"])
@pytest.mark.parametrize("write_timeouts", [HASTY])
async def test_cannot_be_read_back(
    kind: Kind, polled: GatewayClient, gateway: Simulator, trouble: str
) -> None:
    """Test what cannot be seen is not said to be so, nor sent again."""
    if kind is KINDS["operation"]:
        gateway.faults.add(kind.read, method="GET", times=1)
    fault = TROUBLES.get(trouble, {"status": 429})
    gateway.faults.add(kind.read, method="GET", **fault)
    error = await refused(kind, polled)
    assert isinstance(error, GatewayNotAppliedError)
    assert error.reported is None
    assert error.answered
    assert kind.done(gateway.site)
    assert taken(gateway) == all_of(kind)


@pytest.mark.parametrize("kind", [KINDS["operation"]], indirect=True)
@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 502}, {"body": "<html></html>"}], ids=str
)
async def test_cannot_be_read_before(
    polled: GatewayClient, gateway: Simulator, fault: dict[str, Any]
) -> None:
    """Test nothing is sent where it is not known what has to be sent along."""
    gateway.faults.add("/api/operation", method="GET", **fault)
    expected = GatewayRejectedError if "status" in fault else GatewayResponseError
    with pytest.raises(expected):
        await polled.set_operation(mode=OperationMode.BACKUP)
    assert not gateway.stats.writes
