"""The automations in README are tried: Home Assistant takes them, and they do it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
import json
import re
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
import yaml

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator.server import Simulator

from .conftest import Tick
from .house_rules import ROOT
from .protocol_page import quoted

README: Final = (ROOT / "README.md").read_text()
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    example["alias"]: example
    for example in map(
        yaml.safe_load,
        re.findall(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE),
    )
}
type At = Callable[[str], Awaitable[None]]

AUTOMATION: Final = "automation"
STORM: Final = "binary_sensor.storm_warning"
"""What comes from elsewhere."""


def _here(text: str) -> str:
    """Return an example with the Powerwall that the simulated home has."""
    return text.replace("powerwall_1234", "powerwall_d101")


@pytest.fixture(autouse=True)
def _my_home(gateway: Simulator) -> None:
    """Call the simulated home what README calls it."""
    gateway.site.name = "My Home"


@pytest.fixture
async def calls(
    hass: HomeAssistant, entry: GatewayConfigEntry
) -> AsyncGenerator[list[Event]]:
    """Run all the examples; return what they call."""
    hass.states.async_set(STORM, "off")
    assert await async_setup_component(hass, "notify", {})
    running = json.loads(_here(json.dumps([*EXAMPLES.values()])))
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: running})
    await hass.async_block_till_done()
    yield async_capture_events(hass, EVENT_CALL_SERVICE)
    await hass.services.async_call(
        AUTOMATION, "turn_off", {"entity_id": "all"}, blocking=True
    )


@pytest.mark.usefixtures("calls")
def test_examples_are_valid(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Test Home Assistant takes each, and each entity and action in it is there."""
    shown = hass.states.async_all(AUTOMATION)
    assert {each.name for each in shown} == {*EXAMPLES}
    assert {each.state for each in shown} == {"on"}
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
    text = json.dumps([*EXAMPLES.values()])
    named = re.findall(r'"entity_id": "([^"]+)"', text)
    named += re.findall(r"(?:states|config_entry_id)\('([^']+)'\)", text)
    assert len(named) > len(EXAMPLES)
    assert not [each for each in named if not hass.states.get(_here(each))]
    called = re.findall(rf'"action": "{DOMAIN}\.(\w+)"', text)
    assert all(hass.services.has_service(DOMAIN, each) for each in called)


def _called(calls: list[Event], action: str) -> list[dict[str, Any]]:
    """Return what an action was called with, each time."""
    return [
        dict(each.data["service_data"])
        for each in calls
        if f"{each.data['domain']}.{each.data['service']}" == action
    ]


def _told(calls: list[Event]) -> list[tuple[str | None, str]]:
    """Return title and message of each notification, on one line."""
    return [
        (data.get("title"), " ".join(data["message"].split()))
        for data in _called(calls, "notify.persistent_notification")
    ]


async def test_outage(calls: list[Event], gateway: Simulator, tick: Tick) -> None:
    """Test an outage is told, and its end."""
    gateway.control({"site": {"load_power": 1234}})
    await tick(11)
    gateway.control({"site": {"is_grid_up": False}})
    await tick(11)
    ((title, message),) = _told(calls)
    assert title == "Off the grid"
    assert re.fullmatch(r"\d+ % in the battery, and the home takes 1234 W.", message)
    gateway.control({"site": {"is_grid_up": True}})
    for _ in range(12):
        await tick(11)
    assert [title for title, _ in _told(calls)] == ["Off the grid", "Back on the grid"]


async def test_a_powerwall_in_trouble(
    calls: list[Event], gateway: Simulator, tick: Tick
) -> None:
    """Test a Powerwall that the gateway leaves out is told, with the reason."""
    gateway.control({"site": {"disabled_batteries": 1}})
    await tick(31)
    assert all(title is None for title, _ in _told(calls))
    await tick(121)
    told = {title: message for title, message in _told(calls) if title}
    left_out = "Powerwall D101 Out of service: on"
    assert told.keys() == {"Powerwall D101 Alerts: 4", left_out}
    assert told[left_out] == "DisabledExcessiveVoltageDrop"


async def test_alerts_that_stay(
    calls: list[Event], gateway: Simulator, tick: Tick
) -> None:
    """Test an alert is told when it is raised, and when it stays."""
    gateway.control({"alerts": {"TEPOD.0": ["POD_f029_HW_CMA_OV", "POD_w110_SW_EOC"]}})
    await tick(31)
    assert [message for _, message in _told(calls)] == [
        "HW CMA OV (POD_f029_HW_CMA_OV)"
    ]
    await tick(121)
    assert _told(calls)[1:] == [("Powerwall D101 Alerts: 1", "HW CMA OV")]


async def test_a_grid_fault(calls: list[Event], gateway: Simulator, tick: Tick) -> None:
    """Test a grid fault is told, with what was measured."""
    values = [{"name": "frequency", "value": 60.937, "units": "Hz"}]
    gateway.control({"grid_faults": [{"values": values}]})
    await tick(31)
    ((title, message),) = _told(calls)
    assert title == "Vf check over frequency"
    assert message == "Frequency: 60.937 Hz"


@pytest.fixture
def at(tick_on: Tick) -> At:
    """Return what lets it become a time of day, and a minute later."""

    async def come(time: str) -> None:
        now = dt_util.now()
        hour, minute = map(int, time.split(":"))
        due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if due < now:
            due += timedelta(days=1)
        # In UTC: between two times of day the clocks may have been changed.
        wait = dt_util.as_utc(due) - dt_util.as_utc(now)
        await tick_on(wait.total_seconds() + 1)
        for _ in range(12):
            await tick_on(5)

    return come


@pytest.mark.parametrize(
    ("faults", "told"),
    [([], "none"), ([{}, {}], "Vf check over frequency, Vf check over frequency")],
    ids=["none", "two"],
)
async def test_a_quiet_night(
    calls: list[Event], gateway: Simulator, at: At, faults: list[Any], told: str
) -> None:
    """Test what an action returns is told."""
    await at("07:50")
    gateway.control({"grid_faults": faults})
    await at("08:00")
    assert (None, f"Grid faults: {told}") in _told(calls)


@pytest.mark.parametrize(
    ("charge", "reserve"), [(81.0, 80), (15.0, 20)], ids=["full", "empty"]
)
async def test_the_cheap_rate(
    calls: list[Event], gateway: Simulator, at: At, charge: float, reserve: int
) -> None:
    """Test what is in the battery is kept, but never less than else; then no more."""
    gateway.control({"site": {"battery_power": 0, "charge_percent": charge}})
    await at("00:20")
    await at("00:30")
    assert gateway.site.backup_reserve_percent == pytest.approx(reserve * 0.95 + 5)
    await at("05:30")
    assert gateway.site.backup_reserve_percent == 24
    assert gateway.site.mode == "self_consumption"
    assert len(_called(calls, f"{DOMAIN}.set_operation")) == 2


async def test_a_storm(
    hass: HomeAssistant, calls: list[Event], gateway: Simulator, tick: Tick
) -> None:
    """Test more is kept while there is a warning, in whatever mode."""
    gateway.control({"site": {"mode": "autonomous"}})
    await tick(31)
    for state, reserve in (("on", 100), ("off", 24)):
        hass.states.async_set(STORM, state)
        for _ in range(4):
            await tick(1)
        assert gateway.site.backup_reserve_percent == reserve
        assert gateway.site.mode == "autonomous"
    assert len(_called(calls, f"{DOMAIN}.set_operation")) == 2


@pytest.mark.parametrize("is_early", [True, False], ids=["empty", "late"])
async def test_an_evening_off_the_grid(
    calls: list[Event], gateway: Simulator, tick_on: Tick, at: At, *, is_early: bool
) -> None:
    """Test the home leaves the grid, and is back when it is late or little is left."""
    gateway.control({"site": {"battery_power": 0, "charge_percent": 90}})
    await at("17:50")
    await at("18:00")
    assert gateway.site.is_off_grid_wanted
    if is_early:
        gateway.control({"site": {"charge_percent": 41}})
        for _ in range(12):
            await tick_on(5)
    else:
        await at("21:00")
    assert not gateway.site.is_off_grid_wanted
    assert len(_called(calls, f"{DOMAIN}.go_off_grid")) == 1
    assert len(_called(calls, f"{DOMAIN}.reconnect_to_grid")) == 1


COUNTER: Final = ("energy", "total_increasing")
CLASSES: Final = {
    "_energy": COUNTER,
    "_imported": COUNTER,
    "_exported": COUNTER,
    "_charged": COUNTER,
    "_discharged": COUNTER,
    "_power": ("power", "measurement"),
    "_charge": ("battery", "measurement"),
    "_capacity": ("energy_storage", "measurement"),
}
"""What a sensor has to be for its place in the Energy dashboard, by how it ends."""


def test_energy_dashboard(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Test each sensor is there, and is what Home Assistant wants in its place."""
    assert entry.state is ConfigEntryState.LOADED
    _, _, section = README.partition("\n## Energy dashboard\n")
    section, _, _ = section.partition("\n## ")
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", section, re.MULTILINE)
    named = [(asked, entity_id) for asked, told in rows for entity_id in quoted(told)]
    assert len({entity_id for _, entity_id in named}) == 12
    for asked, entity_id in named:
        assert entity_id.rpartition("_")[2] in re.findall(r"\w+", asked.lower())
        state = hass.states.get(entity_id)
        assert state, entity_id
        (wanted,) = [told for end, told in CLASSES.items() if entity_id.endswith(end)]
        found = (state.attributes["device_class"], state.attributes["state_class"])
        assert found == wanted, entity_id
