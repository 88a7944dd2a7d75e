"""Tests of the switches."""

import asyncio
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from simulator.server import Simulator

from .conftest import Act, Shown, StateOf, Tick, TickUntil
from .control_ways import (
    ISLAND_MODE,
    SITE_CONTROLLER,
    WAYS,
    entity_id,
    reversed_way,
)
from .waiting import until_asked

LEAVE = WAYS["switch"]
RETURN = reversed_way(LEAVE)
STOP = WAYS["site controller"]
RUN = reversed_way(STOP)
GRID_STATUS = "/api/system_status/grid_status"
GO_OFF_GRID = (ISLAND_MODE, {"island_mode": "intentional_reconnect_failsafe"}, 200)
GO_BACK = (ISLAND_MODE, {"island_mode": "backup"}, 200)
RAN: tuple[Any, ...] = ("GET /api/sitemaster/run", {}, 202)


async def test_leave_and_return(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    tick_until: TickUntil,
) -> None:
    """Test the switch shows where it shall go at once, the sensor all on the way."""
    seen: list[str] = []

    @callback
    def see(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        assert state is not None
        seen.append(state.state)

    entities = [entity_id(hass, entry, *each) for each in (LEAVE.control, LEAVE.sensor)]
    async_track_state_change_event(hass, entities, see)
    gateway.reset_stats()
    await tick_until(act(LEAVE))
    assert seen == ["on", "transition_to_island", "islanded"]
    assert gateway.stats.writes == [GO_OFF_GRID]
    seen.clear()
    await tick_until(act(RETURN))
    assert seen == ["off", "transition_to_grid", "connected"]
    assert gateway.stats.writes == [GO_OFF_GRID, GO_BACK]


async def test_outage(gateway: Simulator, shown: Shown, tick: Tick) -> None:
    """Test a site that the grid has left is off the grid too."""
    gateway.control({"site": {"is_grid_up": False}})
    await tick(10)
    assert shown(LEAVE) == LEAVE.after
    gateway.control({"site": {"is_grid_up": True}})
    await tick(10)
    assert shown(LEAVE) == ("on", "transition_to_grid")
    await tick(20)
    assert shown(LEAVE) == LEAVE.before


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("SystemTransitionToIsland", "transition_to_island"),
        ("SystemMicroGridFaulted", "microgrid_faulted"),
        ("SystemOnItsWay", "unknown"),
    ],
)
async def test_stuck_on_the_way_out(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    word: str,
    state: str,
) -> None:
    """Test after a minute somebody is told where it stands, and the rest shows."""
    gateway.faults.add(GRID_STATUS, edit={"grid_status": word})
    begun = gateway.site.elapsed
    gateway.reset_stats()
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(LEAVE))
    assert 59 < gateway.site.elapsed - begun < 66
    assert raised.value.translation_key == "island_mode_not_reached"
    assert f"still {word}" in str(raised.value)
    assert shown(LEAVE) == ("unknown" if state == "unknown" else "on", state)
    gateway.faults.clear()
    await tick(10)
    assert shown(LEAVE) == LEAVE.after
    assert gateway.stats.writes == [GO_OFF_GRID]


async def test_stuck_on_the_way_back(
    act: Act, gateway: Simulator, shown: Shown, tick: Tick, tick_until: TickUntil
) -> None:
    """Test the switch stays on for as long as the site is not at the grid."""
    await tick_until(act(LEAVE))
    gateway.faults.add(GRID_STATUS, edit={"grid_status": "SystemTransitionToGrid"})
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(RETURN))
    assert "still SystemTransitionToGrid" in str(raised.value)
    assert shown(LEAVE) == ("on", "transition_to_grid")
    gateway.faults.clear()
    await tick(10)
    assert shown(LEAVE) == LEAVE.before


async def test_called_back(
    act: Act, gateway: Simulator, shown: Shown, tick_until: TickUntil
) -> None:
    """Test the later wish counts, is shown at once, and ends the earlier one."""
    gateway.reset_stats()
    leaving = asyncio.create_task(act(LEAVE))
    await until_asked(gateway, f"GET {GRID_STATUS}")
    assert shown(LEAVE)[0] == "on"
    returning = asyncio.create_task(act(RETURN))
    await until_asked(gateway, ISLAND_MODE, 2)
    assert shown(LEAVE)[0] == "off"

    async def both() -> tuple[Any, ...]:
        return await asyncio.gather(leaving, returning, return_exceptions=True)

    left, returned = await tick_until(both())
    assert isinstance(left, HomeAssistantError)
    assert left.translation_key == "superseded"
    assert returned is None
    assert gateway.stats.writes == [GO_OFF_GRID, GO_BACK]
    assert shown(LEAVE) == LEAVE.before


@pytest.mark.parametrize("site", [{"disabled_batteries": 2}, {"batteries": 0}], ids=str)
@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_no_usable_battery(
    act: Act, gateway: Simulator, shown: Shown, tick: Tick, site: dict[str, Any]
) -> None:
    """Test a home that would be dark is not sent off the grid, and may come back."""
    gateway.control({"site": site})
    await tick(30)
    gateway.reset_stats()
    for way in (LEAVE, WAYS["go off grid"]):
        with pytest.raises(ServiceValidationError) as raised:
            await act(way)
        assert raised.value.translation_key == "no_usable_battery"
    assert gateway.stats.total == 0
    assert shown(LEAVE) == LEAVE.before
    await act(RETURN)
    assert gateway.stats.writes == [GO_BACK]


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_one_usable_battery(
    act: Act, gateway: Simulator, shown: Shown, tick: Tick, tick_until: TickUntil
) -> None:
    """Test one battery that can be used is enough."""
    gateway.control({"site": {"disabled_batteries": 1}})
    await tick(30)
    await tick_until(act(LEAVE))
    assert shown(LEAVE) == LEAVE.after


async def test_site_controller_is_off_at_first(
    entry: GatewayConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """Test nobody stops their system by a switch that they did not ask for."""
    found = entity_registry.async_get_entity_id("switch", DOMAIN, SITE_CONTROLLER)
    assert found is not None
    registered = entity_registry.async_get(found)
    assert registered is not None
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION


@pytest.mark.parametrize(
    ("gateway_options", "stopped"),
    [
        ({"profile": "21.13"}, [("GET /api/sitemaster/stop", {}, 202)]),
        (
            {"profile": "21.44"},
            [
                ("GET /api/sitemaster/stop", {}, 405),
                ("POST /api/sitemaster/stop", {}, 202),
            ],
        ),
    ],
    ids=["21.13", "21.44"],
)
@pytest.mark.usefixtures("with_site_controller")
async def test_site_controller(
    act: Act, gateway: Simulator, shown: Shown, tick: Tick, stopped: list[Any]
) -> None:
    """Test it is stopped and run as the firmware wants it, and shown either way."""
    assert shown(STOP) == STOP.before
    gateway.reset_stats()
    await act(STOP)
    assert gateway.stats.writes == stopped
    assert shown(STOP) == STOP.after
    await tick(30)
    assert shown(STOP) == STOP.after
    await act(RUN)
    assert gateway.stats.writes == [*stopped, RAN]
    assert shown(STOP) == STOP.before
    assert gateway.site.is_running


@pytest.mark.usefixtures("with_site_controller")
async def test_site_controller_that_is_busy(
    act: Act, gateway: Simulator, shown: Shown, state_of: StateOf, tick: Tick
) -> None:
    """Test a system that cannot be stopped now says so in its own words."""
    gateway.control({"site": {"busy_reason": "Powerwall update in progress"}})
    with pytest.raises(HomeAssistantError) as raised:
        await act(STOP)
    assert raised.value.translation_key == "write_rejected"
    assert "Unable to stop sitemaster" in str(raised.value)
    assert shown(STOP) == STOP.before
    await tick(30)
    assert shown(STOP) == STOP.before
    assert gateway.site.is_running
