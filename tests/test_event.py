"""Tests of the events: grid faults, and alerts as they come and go."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulator.server import Simulator

from .conftest import StateOf, Tick

GRID_FAULTS = "/api/system_status/grid_faults"
VITALS = "/api/devices/vitals"
INTERVAL = 31
"""Seconds until the next poll is over; Home Assistant spreads polls within a second."""
DAY = 24 * 3600
BATTERY = "3012170-05-B--TGSIMULATED101"


@pytest.fixture
def gateway(gateway: Simulator) -> Simulator:
    """Return a gateway whose clock is right, as its own is not the day of the test."""
    gateway.site.start = dt_util.utcnow()
    return gateway


type Told = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def told(hass: HomeAssistant, entry: GatewayConfigEntry) -> Told:
    """Return what gives all that an event entity has told since the last question."""
    states: list[Any] = []

    @callback
    def keep(event: Event[Any]) -> None:
        """Keep what triggers go by: nothing that comes from being unavailable."""
        old = event.data["old_state"]
        away = old is None or old.state == STATE_UNAVAILABLE
        if event.data["entity_id"].startswith("event.") and not away:
            states.append(event.data["new_state"])

    hass.bus.async_listen(EVENT_STATE_CHANGED, keep)
    registry = er.async_get(hass)

    def since_then(key: str, device: str | None = None) -> list[dict[str, Any]]:
        unique_id = f"{device or entry.unique_id}_{key}"
        entity_id = registry.async_get_entity_id("event", DOMAIN, unique_id)
        news = [
            dict(state.attributes)
            for state in states
            if state.entity_id == entity_id
            and state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)
        ]
        states.clear()
        return news

    return since_then


async def test_a_grid_fault(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test a fault is told once, decoded, and never again."""
    gateway.control({"grid_faults": [{}]})
    await tick(INTERVAL)
    (news,) = told("grid_fault")
    assert news["event_type"] == "warning"
    assert news["name"] == "Vf check over frequency"
    assert news["code"] == "PINV_a007_vfCheckOverFrequency"
    assert news["component"] == "TEPINV"
    assert news["values"] == [{"name": "Frequency", "value": 60.937, "unit": "Hz"}]
    assert news["occurred_at"].endswith("+00:00")
    for _ in range(3):
        await tick(INTERVAL)
    assert told("grid_fault") == []


async def test_a_fault_that_is_one(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test a fault and a warning are told apart."""
    gateway.control({"grid_faults": [{"is_fault": True, "values": []}]})
    await tick(INTERVAL)
    (news,) = told("grid_fault")
    assert news["event_type"] == "fault"
    assert news["values"] == []


async def test_texts_of_a_grid_fault(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test names of states are told, and no text that could name somebody."""
    texts = ("Warning", "PINV_Off", "TGSIMULATED101", "Simulated Home", "a@b.example")
    values = [{"name": "PINV_a007_state", "value": text} for text in texts]
    gateway.control({"grid_faults": [{"values": values}]})
    await tick(INTERVAL)
    (news,) = told("grid_fault")
    assert [each["value"] for each in news["values"]] == ["Warning", "PINV_Off"]


async def test_a_fault_described_anew(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test more that is told of the same fault is no other fault."""
    gateway.control({"grid_faults": [{"values": []}]})
    await tick(INTERVAL)
    assert len(told("grid_fault")) == 1
    (fault,) = gateway.site.incidents.grid_faults
    gateway.site.incidents.grid_faults = [replace(fault, is_fault=True)]
    await tick(INTERVAL)
    assert told("grid_fault") == []


async def test_a_fault_that_is_listed_twice(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test the same fault twice on one list is one event."""
    gateway.control({"grid_faults": [{"values": []}, {"values": []}]})
    edit = {"*.timestamp": round(gateway.site.now.timestamp() * 1000)}
    gateway.faults.add(GRID_FAULTS, edit=edit)
    await tick(INTERVAL)
    assert len(told("grid_fault")) == 1


@pytest.mark.parametrize("drop", [(), ("0.timestamp",)], ids=["time", "no time"])
async def test_a_fault_that_is_listed_again(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    told: Told,
    tick: Tick,
    drop: tuple[str, ...],
) -> None:
    """Test a fault that leaves the list and comes back has been told."""
    gateway.control({"grid_faults": [{"code": "PINV_a008_vfCheckRocof"}, {}]})
    told_all = gateway.faults.add(GRID_FAULTS, drop=drop, times=1)
    await tick(INTERVAL)
    assert len(told("grid_fault")) == 2
    assert told_all in gateway.faults
    for missing in ("0", "1"):
        gateway.faults.clear()
        gateway.faults.add(GRID_FAULTS, drop=(*drop, missing), times=1)
        gateway.faults.add(GRID_FAULTS, drop=drop)
        for _ in range(2):
            await tick(INTERVAL)
            assert told("grid_fault") == []


async def test_ten_grid_faults_at_once(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    told: Told,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test ten faults in one poll are ten events, each at a moment of its own."""
    gateway.control({"grid_faults": [{}] * 10})
    await tick(INTERVAL)
    news = told("grid_fault")
    times = [each["occurred_at"] for each in news]
    assert times == sorted(set(times))
    assert len(times) == 10
    assert state_of("grid_faults") == "10"


@pytest.mark.parametrize("gateway_options", [{"profile": "21.13"}])
async def test_an_old_grid_fault_is_no_news(
    entry: GatewayConfigEntry, told: Told, state_of: StateOf, tick: Tick
) -> None:
    """Test what the gateway remembers at start-up is not told, nor counted as new."""
    await tick(INTERVAL)
    assert state_of("grid_fault") == STATE_UNKNOWN
    assert told("grid_fault") == []
    assert state_of("grid_faults") == "0"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"body": "[]"}, id="none"),
        pytest.param({"status": HTTPStatus.INTERNAL_SERVER_ERROR}, id="500"),
    ],
)
async def test_a_list_that_was_lost(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    told: Told,
    tick: Tick,
    fault: dict[str, Any],
) -> None:
    """Test a list that comes back tells only what is new on it."""
    gateway.control({"grid_faults": [{}, {}]})
    await tick(INTERVAL)
    assert len(told("grid_fault")) == 2
    gateway.faults.add(GRID_FAULTS, **fault)
    for _ in range(5):
        await tick(INTERVAL)
    gateway.faults.clear()
    gateway.control({"grid_faults": [{}]})
    await tick(INTERVAL)
    assert len(told("grid_fault")) == 1


@pytest.mark.parametrize("gateway_options", [{"profile": "stopped"}])
async def test_a_list_that_comes_late(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test the first list that can be read is no news, however late it comes."""
    gateway.control({"grid_faults": [{}]})
    gateway.site.is_running = True
    await tick(INTERVAL)
    assert told("grid_fault") == []
    gateway.control({"grid_faults": [{}]})
    await tick(INTERVAL)
    assert len(told("grid_fault")) == 1


async def test_grid_faults_of_a_day(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test the count forgets what is a day old, though nothing else changes."""
    gateway.control({"grid_faults": [{}]})
    await tick(DAY - 2 * INTERVAL)
    gateway.control({"grid_faults": [{}]})
    await tick(INTERVAL)
    assert state_of("grid_faults") == "2"
    await tick(2 * INTERVAL)
    assert state_of("grid_faults") == "1"


async def test_alerts_come_and_go(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    told: Told,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test an alert is told as it is raised and cleared, and counted in between."""
    before = int(state_of("alerts", BATTERY) or "nan")
    gateway.control({"alerts": {"TEPOD.0": ["POD_f029_HW_CMA_OV"]}})
    await tick(INTERVAL)
    assert told("alert", BATTERY) == [
        {
            **_event_types(),
            "event_type": "raised",
            "name": "HW CMA OV",
            "code": "POD_f029_HW_CMA_OV",
            "friendly_name": "Powerwall D101 Alert",
        }
    ]
    assert state_of("alerts", BATTERY) == str(before + 1)
    gateway.control({"alerts": {}})
    await tick(INTERVAL)
    (cleared,) = told("alert", BATTERY)
    assert cleared["event_type"] == "cleared"
    assert cleared["code"] == "POD_f029_HW_CMA_OV"
    assert state_of("alerts", BATTERY) == str(before)


async def test_alerts_that_change_places(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test several alerts of one poll are told in order, what was raised first."""
    gateway.control({"alerts": {"TEPOD.0": ["POD_f029_HW_CMA_OV"]}})
    await tick(INTERVAL)
    told("alert", BATTERY)
    codes = ["POD_w110_SW_EOC", "POD_w024_HW_Fault_Asserted", "POD_w031_SW_Brick_OV"]
    gateway.control({"alerts": {"TEPOD.0": codes}})
    await tick(INTERVAL)
    news = [(each["event_type"], each["code"]) for each in told("alert", BATTERY)]
    assert news == [
        ("raised", "POD_w024_HW_Fault_Asserted"),
        ("raised", "POD_w031_SW_Brick_OV"),
        ("raised", "POD_w110_SW_EOC"),
        ("cleared", "POD_f029_HW_CMA_OV"),
    ]


def _event_types() -> dict[str, Any]:
    """Return what an event entity says of itself."""
    return {"event_types": ["raised", "cleared"]}


async def test_alerts_that_are_no_trouble(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    told: Told,
    tick: Tick,
) -> None:
    """Test what only says what is the case is told, and not counted."""
    assert state_of("alerts") == "0"
    gateway.control({"alerts": {"STSTSM.0": ["GridCodesWrite", "BatteryFault"]}})
    await tick(INTERVAL)
    assert state_of("alerts") == "1"
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(
        "sensor", DOMAIN, f"{entry.unique_id}_alerts"
    )
    state = hass.states.get(str(entity_id))
    assert state
    assert state.attributes["alerts"] == [
        {"name": "Battery fault", "code": "BatteryFault"}
    ]


async def test_alerts_of_a_device_that_was_away(
    entry: GatewayConfigEntry, gateway: Simulator, told: Told, tick: Tick
) -> None:
    """Test vitals that come back tell only what has changed since."""
    gateway.control({"alerts": {"TEPOD.0": ["POD_f029_HW_CMA_OV"]}})
    await tick(INTERVAL)
    assert len(told("alert", BATTERY)) == 1
    gateway.faults.add(VITALS, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    for _ in range(5):
        await tick(INTERVAL)
    gateway.faults.clear()
    gateway.control(
        {"alerts": {"TEPOD.0": ["POD_f029_HW_CMA_OV", "POD_w031_SW_Brick_OV"]}}
    )
    await tick(INTERVAL)
    (news,) = told("alert", BATTERY)
    assert news["code"] == "POD_w031_SW_Brick_OV"
