"""Switching: off the grid and back, the site controller off and on."""

import asyncio
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    GatewayNotAppliedError,
    GatewayRejectedError,
    GatewaySupersededError,
    Grid,
    GridStatus,
    OperationMode,
    WriteListener,
)
from simulator.server import Simulator
from tests.waiting import until_asked

ISLANDED = GridStatus.ISLANDED
CONNECTED = GridStatus.CONNECTED
TO_ISLAND = GridStatus.TRANSITION_TO_ISLAND
TO_GRID = GridStatus.TRANSITION_TO_GRID
OFF_GRID = {"island_mode": "intentional_reconnect_failsafe"}
ON_GRID = {"island_mode": "backup"}
ISLAND_MODE = "POST /api/v2/islanding/mode"
GRID_STATUS = "/api/system_status/grid_status"


class Watch:
    """Takes the readings of the grid, and lets time pass at the site at each."""

    def __init__(self, gateway: Simulator, seconds: float) -> None:
        """Begin with none; `seconds` pass at each."""
        self._gateway = gateway
        self._seconds = seconds
        self.seen: list[GridStatus | None] = []

    def __call__(self, grid: Grid) -> None:
        """Take one."""
        self.seen.append(grid.status)
        self._gateway.control({"advance": self._seconds})


async def test_leaves_the_grid_and_returns(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test the way is told to its end, and is asked for once each."""
    watch = Watch(gateway, 1)
    grid = await client.go_off_grid(listener=WriteListener(on_read=watch))
    assert grid.status is ISLANDED
    assert watch.seen == [TO_ISLAND, TO_ISLAND, TO_ISLAND, ISLANDED]
    assert gateway.stats.writes == [(ISLAND_MODE, OFF_GRID, 200)]
    watch = Watch(gateway, 7)
    grid = await client.reconnect_to_grid(listener=WriteListener(on_read=watch))
    assert grid == await client.grid()
    assert watch.seen == [TO_GRID, TO_GRID, TO_GRID, CONNECTED]
    assert gateway.stats.writes[1:] == [(ISLAND_MODE, ON_GRID, 200)]
    assert gateway.stats.logins == 1


async def test_ready_is_islanded(client: GatewayClient, gateway: Simulator) -> None:
    """Test a site that stands by off the grid is off the grid."""
    ready = {"grid_status": "SystemIslandedReady"}
    gateway.faults.add(GRID_STATUS, edit=ready)
    assert (await client.go_off_grid()).status is GridStatus.ISLANDED_READY


async def test_where_it_is_already(client: GatewayClient, gateway: Simulator) -> None:
    """Test one look is enough where nothing has to change."""
    watch = Watch(gateway, 0)
    assert (
        await client.reconnect_to_grid(listener=WriteListener(on_read=watch))
    ).status is CONNECTED
    assert watch.seen == [CONNECTED]
    assert gateway.stats.writes == [(ISLAND_MODE, ON_GRID, 200)]


@pytest.mark.parametrize(
    ("charge", "seconds", "state"),
    [(55, 1, TO_ISLAND), (5, 4, GridStatus.WAIT_FOR_USER)],
    ids=["too soon", "empty"],
)
async def test_tells_where_it_stands(
    polled: GatewayClient,
    gateway: Simulator,
    charge: float,
    seconds: float,
    state: GridStatus,
) -> None:
    """Test a site that does not come to its goal is followed as long as one likes."""
    gateway.control({"site": {"charge_percent": charge, "solar_power": 0}})

    def tell(_grid: Grid) -> None:
        if not gateway.site.elapsed:
            gateway.control({"advance": seconds})

    listener = WriteListener(on_read=tell)
    with pytest.raises(GatewayNotAppliedError) as raised:
        await polled.go_off_grid(seconds=1, listener=listener)
    assert raised.value.answered
    assert isinstance(raised.value.reported, Grid)
    assert raised.value.reported.status is state
    assert len(gateway.stats.writes) == 1


@pytest.mark.parametrize("is_islanded", [False, True])
async def test_the_later_wish_counts(
    client: GatewayClient, gateway: Simulator, *, is_islanded: bool
) -> None:
    """Test nobody goes on waiting for what somebody else has called off."""
    gateway.site.is_off_grid_wanted = is_islanded
    gateway.site.settle()
    first, second = client.go_off_grid, client.reconnect_to_grid
    if is_islanded:
        first, second = second, first
    waiting = asyncio.create_task(first())
    await until_asked(gateway, f"GET {GRID_STATUS}", 3)
    following = asyncio.create_task(second())
    with pytest.raises(GatewaySupersededError):
        await waiting
    gateway.control({"advance": 30})
    assert (await following).status is (ISLANDED if is_islanded else CONNECTED)
    sent = [write.document for write in gateway.stats.writes]
    assert sent == ([ON_GRID, OFF_GRID] if is_islanded else [OFF_GRID, ON_GRID])


async def test_the_same_wish_twice(client: GatewayClient, gateway: Simulator) -> None:
    """Test who wants the same waits for the same."""
    one, other = (asyncio.create_task(client.go_off_grid()) for _ in range(2))
    await until_asked(gateway, f"GET {GRID_STATUS}", 3)
    gateway.control({"advance": 3})
    assert (await one).status is (await other).status is ISLANDED
    assert [write.document for write in gateway.stats.writes] == [OFF_GRID] * 2


async def test_a_refused_wish_counts_for_nothing(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test what the gateway goes on with is followed on."""
    waiting = asyncio.create_task(client.go_off_grid())
    await until_asked(gateway, f"GET {GRID_STATUS}", 2)
    gateway.faults.add("/api/v2/islanding/mode", status=500)
    with pytest.raises(GatewayRejectedError):
        await client.reconnect_to_grid()
    await until_asked(gateway, f"GET {GRID_STATUS}", 5)
    assert not waiting.done()
    gateway.control({"advance": 3})
    assert (await waiting).status is ISLANDED


async def test_following_holds_nobody_up(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test settings can be written while the contactor takes its time."""
    waiting = asyncio.create_task(client.go_off_grid())
    await until_asked(gateway, f"GET {GRID_STATUS}", 2)
    shown = await client.set_operation(mode=OperationMode.BACKUP)
    assert shown is not None
    assert shown.mode is OperationMode.BACKUP
    assert not waiting.done()
    gateway.control({"advance": 3})
    assert (await waiting).status is ISLANDED


GET_STOP: tuple[Any, ...] = ("GET /api/sitemaster/stop", {})
POST_STOP: tuple[Any, ...] = ("POST /api/sitemaster/stop", {})
RUN: tuple[Any, ...] = ("GET /api/sitemaster/run", {}, 202)


@pytest.mark.parametrize(
    ("gateway_options", "stops"),
    [
        ({"profile": "21.13"}, [(*GET_STOP, 202)]),
        ({"profile": "21.44"}, [(*GET_STOP, 405), (*POST_STOP, 202)]),
    ],
    ids=["21.13", "21.44"],
)
async def test_stops_and_runs(
    client: GatewayClient, gateway: Simulator, stops: list[Any]
) -> None:
    """Test the site controller is stopped as the firmware wants it, and runs again."""
    assert (await client.stop_site_controller()).running is False
    assert not gateway.site.is_running
    assert (await client.run_site_controller()).running is True
    assert gateway.site.is_running
    assert gateway.stats.writes == [*stops, RUN]
    assert gateway.stats.requests["GET /api/sitemaster"] == 2


@pytest.mark.parametrize(
    ("gateway_options", "stops"),
    [
        ({"profile": "21.13"}, [(*GET_STOP, 500)]),
        ({"profile": "21.44"}, [(*GET_STOP, 405), (*POST_STOP, 500)]),
    ],
    ids=["21.13", "21.44"],
)
async def test_busy(
    client: GatewayClient, gateway: Simulator, stops: list[Any]
) -> None:
    """Test a site controller that cannot be stopped now says so in its own words."""
    gateway.site.busy_reason = "Powerwall update in progress"
    with pytest.raises(GatewayRejectedError) as raised:
        await client.stop_site_controller()
    assert raised.value.status == 500
    assert raised.value.path == "/api/sitemaster/stop"
    assert raised.value.reason == "Cannot Start Wizard: Unable to stop sitemaster"
    assert gateway.site.is_running
    assert gateway.stats.writes == stops


async def test_run_that_has_to_be_posted(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test 405 means for running what it means for stopping."""
    path = "/api/sitemaster/run"
    gateway.faults.add(path, method="GET", status=405)
    gateway.faults.add(path, method="POST", status=202)
    assert (await client.run_site_controller()).running
    assert gateway.stats.requests[f"GET {path}"] == 1
    assert gateway.stats.requests[f"POST {path}"] == 1
