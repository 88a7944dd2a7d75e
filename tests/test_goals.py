"""What was asked for is shown while that is on its way, and no longer."""

import asyncio

import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from simulator.server import Simulator

from .conftest import Act, Shown, Tick, TickUntil
from .control_ways import (
    COMMIT,
    ISLAND_MODE,
    OPERATION,
    WAYS,
    Way,
    entity_id,
    ways,
)
from .waiting import until, until_asked

pytestmark = pytest.mark.usefixtures("with_site_controller")

SELECT = WAYS["select"]
ACTION = WAYS["set operation"]


@pytest.mark.parametrize(**ways("select", "number", "switch", "site controller"))
async def test_shown_on_the_way(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick_on: Tick,
    tick_until: TickUntil,
    way: Way,
) -> None:
    """Test the goal is shown by the control alone, for its time, then the truth."""
    gateway.faults.add(way.path, method=way.method, ending="hang")
    gateway.faults.add("/api/config/completed", ending="hang")
    task = asyncio.create_task(act(way))
    await until_asked(gateway, way.endpoint)
    wanted, truth = (way.states[1], way.told[0]), way.before
    assert shown(way) == wanted
    longest = 60 if way.endpoint == ISLAND_MODE else 10
    for _ in range(longest // 2 - 1):
        await tick_on(2)
        assert shown(way) == wanted
    await tick_on(2.5)
    assert shown(way) == truth
    # Of the island mode this is the end of all; the settings are still on their way.
    assert task.done() == (way.endpoint == ISLAND_MODE)
    gateway.faults.clear()
    with pytest.raises(HomeAssistantError):
        await tick_until(task)
    assert shown(way) == truth


async def test_the_later_goal_is_shown(
    act: Act, gateway: Simulator, shown: Shown
) -> None:
    """Test of two goals the later one is shown, and is what it comes to."""
    gateway.faults.add("/api/operation", method="POST", delay=0.2, times=1)
    gateway.reset_stats()
    first = asyncio.create_task(act(SELECT, option="backup"))
    await until_asked(gateway, OPERATION)
    assert shown(SELECT) == ("backup", "self_consumption")
    second = asyncio.create_task(act(SELECT, option="autonomous"))
    await asyncio.sleep(0)
    assert shown(SELECT) == ("autonomous", "self_consumption")
    await first
    assert shown(SELECT) == ("autonomous", "backup")
    await second
    assert shown(SELECT) == ("autonomous", "autonomous")
    sent = [each.document.get("mode") for each in gateway.stats.writes]
    assert sent == ["backup", None, "autonomous", None]


async def test_a_goal_that_fails_leaves_the_other(
    act: Act, gateway: Simulator, shown: Shown
) -> None:
    """Test mode and reserve are wished for apart, and each is sent with the truth."""
    number = WAYS["number"]
    gateway.faults.add("/api/operation", method="POST", delay=0.2, times=1, status=500)
    gateway.reset_stats()
    first = asyncio.create_task(act(SELECT))
    await until_asked(gateway, OPERATION)
    second = asyncio.create_task(act(number))
    await asyncio.sleep(0)
    assert (shown(SELECT)[0], shown(number)[0]) == ("backup", "30")
    with pytest.raises(HomeAssistantError):
        await first
    assert (shown(SELECT)[0], shown(number)[0]) == ("self_consumption", "30")
    await second
    assert shown(number) == number.after
    document = {"mode": "self_consumption", "backup_reserve_percent": 33.5}
    assert gateway.stats.writes == [(OPERATION, document, 200), (COMMIT, {}, 202)]


async def test_a_goal_that_waits_for_its_turn(
    act: Act, gateway: Simulator, shown: Shown, tick_on: Tick, tick_until: TickUntil
) -> None:
    """Test what is not sent yet, since others are before it, is still wanted."""
    number = WAYS["number"]
    for endpoint in SELECT.whole:
        method, path = endpoint.split()
        gateway.faults.add(path, method=method, ending="hang", times=1)
    gateway.reset_stats()
    first = asyncio.create_task(act(SELECT))
    await until_asked(gateway, OPERATION)
    second = asyncio.create_task(act(number))
    for _ in range(7):
        await tick_on(2)
    assert shown(SELECT) == SELECT.before
    assert shown(number) == (number.states[1], number.told[0])
    assert gateway.stats.requests[OPERATION] == 1
    await tick_until(asyncio.wait([first, second]))
    assert second.exception() is None
    assert isinstance(first.exception(), HomeAssistantError)
    assert shown(number) == number.after


async def test_equal_goals(act: Act, gateway: Simulator, shown: Shown) -> None:
    """Test of two who want the same one who fails does not end the other's wish."""
    path = "/api/operation"
    gateway.faults.add(path, method="POST", delay=0.2, times=1, status=500)
    gateway.faults.add(path, method="POST", delay=0.2, times=1)
    first, second = (asyncio.create_task(act(ACTION)) for _ in range(2))
    with pytest.raises(HomeAssistantError):
        await first
    assert shown(SELECT) == ("backup", "self_consumption")
    await second
    assert shown(SELECT) == SELECT.after


async def test_both_survive(act: Act, gateway: Simulator, shown: Shown) -> None:
    """Test mode and reserve, set at the same time, are both set."""
    gateway.reset_stats()
    await asyncio.gather(act(SELECT), act(WAYS["number"]))
    assert (gateway.site.mode, gateway.site.backup_reserve_percent) == ("backup", 33.5)
    assert shown(SELECT) == SELECT.after
    assert shown(WAYS["number"]) == WAYS["number"].after
    assert len(gateway.stats.writes) == 4


@pytest.mark.parametrize("path", ["what is set", "/api/system_status"])
@pytest.mark.parametrize(**ways("number", "set operation", "site controller"))
async def test_a_poll_that_is_older(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    way: Way,
    path: str,
) -> None:
    """Test what a poll has read before does not come back when the poll ends."""
    path = way.read if path == "what is set" else path
    gateway.faults.add(path, method="GET", ending="mute", times=1)
    gateway.reset_stats()
    poll = asyncio.create_task(entry.runtime_data.state.async_refresh())
    await until_asked(gateway, f"GET {path}")
    await until_asked(gateway, f"GET {way.read}")
    await until(lambda: gateway.stats.in_flight <= 1)
    await act(way)
    assert shown(way) == way.after
    seen: list[str] = []

    @callback
    def see(event: Event[EventStateChangedData]) -> None:
        seen.append(event.data["entity_id"])

    entities = [entity_id(hass, entry, *each) for each in (way.control, way.sensor)]
    async_track_state_change_event(hass, entities, see)
    gateway.faults.clear()
    await poll
    await hass.async_block_till_done()
    assert shown(way) == way.after
    assert seen == []
    await tick(30)
    assert shown(way) == way.after
