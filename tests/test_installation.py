"""Tests of what is installed: networks, updates, nameplates; and of what is lost."""

from collections.abc import Callable
import json
import logging
import re
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN, LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import StateOf, Tick

FAULTS = "/api/system_status/grid_faults"
GENERATORS = "/api/generators"
NETWORKS = "/api/networks"
POWERWALLS = "/api/powerwalls"
SOLARS = "/api/solars"
VITALS = "/api/devices/vitals"
GATEWAY = "1232100-00-E--TGSIMULATED001"
BATTERY = "3012170-05-B--TGSIMULATED101"
SECOND = "3012170-05-B--TGSIMULATED102"
SYNCHRONIZER = f"{GATEWAY}_synchronizer"
HALF_MINUTE, FIVE_MINUTES, HOUR = 31, 301, 3601

type AttributesOf = Callable[[str], dict[str, Any]]


@pytest.fixture
def attributes_of(hass: HomeAssistant) -> AttributesOf:
    """Return what gives the attributes of a sensor, by its unique id."""

    def attributes(unique_id: str) -> dict[str, Any]:
        entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id)
        state = hass.states.get(str(entity_id))
        assert state
        return dict(state.attributes)

    return attributes


@pytest.mark.usefixtures("all_entities")
@pytest.mark.parametrize("gateway_options", [{"scenario": "updating"}])
async def test_an_update(
    gateway: Simulator, state_of: StateOf, attributes_of: AttributesOf, tick: Tick
) -> None:
    """Test an update shows how far it is, on the Powerwall that it goes into."""
    assert state_of("update_progress", BATTERY) is None
    assert state_of("updating", BATTERY) == "off"
    assert float(state_of("update_progress", SECOND) or "nan") == pytest.approx(40)
    assert state_of("updating", SECOND) == "on"
    assert state_of("failed_update_checks", SECOND) == "0"
    assert state_of("powerwalls_updating") == state_of("updating") == "on"
    assert state_of("system_activity") == "updating"
    assert state_of("update_state") == "downloading"
    checks = "powerwalls.1.update_diagnostic.checks"
    edit = {f"{checks}.1.status": "fail", f"{checks}.1.name": "Flash it"}
    gateway.faults.add(POWERWALLS, edit=edit)
    await tick(FIVE_MINUTES)
    assert state_of("failed_update_checks", SECOND) == "1"
    failed = attributes_of(f"{SECOND}_failed_update_checks")
    assert failed["steps"] == ["Flash it"]
    gateway.faults.clear()
    gateway.control({"update": None})
    await tick(FIVE_MINUTES)
    assert state_of("failed_update_checks", SECOND) == "0"
    assert state_of("update_progress", SECOND) == STATE_UNKNOWN
    assert state_of("updating", SECOND) == state_of("updating") == "off"
    assert state_of("system_activity") == "idle"
    assert state_of("update_state") == "succeeded"


@pytest.mark.usefixtures("all_entities")
async def test_an_update_of_the_synchronizer(
    gateway: Simulator, state_of: StateOf, attributes_of: AttributesOf, tick: Tick
) -> None:
    """Test what stands beside the Powerwalls is updated too, step by step."""
    assert state_of("update_progress", SYNCHRONIZER) is None
    edit = {
        "sync.update_diagnostic.checks": [
            {"name": "Ask for it", "status": "pass", "progress": 1},
            {"name": "Flash it", "status": "fail", "progress": 0.5},
        ]
    }
    gateway.faults.add(POWERWALLS, edit=edit)
    await tick(FIVE_MINUTES)
    assert state_of("update_progress", SYNCHRONIZER) == "75.0"
    assert state_of("failed_update_checks", SYNCHRONIZER) == "1"
    failed = attributes_of(f"{SYNCHRONIZER}_failed_update_checks")
    assert failed["steps"] == ["Flash it"]


async def test_reconnection_time(
    hass: HomeAssistant,
    gateway: Simulator,
    all_entities: list[er.RegistryEntry],
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test the seconds until a Powerwall goes back to the grid are shown."""
    assert state_of("reconnection_time", BATTERY) == "0"
    gateway.faults.add(
        POWERWALLS, edit={"powerwalls.0.grid_reconnection_time_seconds": 240}
    )
    await tick(FIVE_MINUTES)
    assert state_of("reconnection_time", BATTERY) == "240"


@pytest.mark.parametrize(
    ("edit", "interface", "signal"),
    [
        pytest.param({}, "wifi", "59", id="Wi-Fi"),
        pytest.param({"2.active": False}, "cellular", "71", id="cellular"),
        pytest.param(
            {"0.active": True, "0.primary": True, "2.primary": False},
            "ethernet",
            STATE_UNKNOWN,
            id="Ethernet",
        ),
        pytest.param({"*.active": False}, STATE_UNKNOWN, STATE_UNKNOWN, id="none"),
    ],
)
async def test_active_interface(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    edit: dict[str, bool],
    interface: str,
    signal: str,
) -> None:
    """Test which network is in use, and how well it is received."""
    gateway.faults.add(NETWORKS, edit=edit)
    await tick(FIVE_MINUTES)
    assert state_of("active_interface") == interface
    assert state_of("signal_strength") == signal


async def test_solar_systems(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    attributes_of: AttributesOf,
    tick: Tick,
) -> None:
    """Test several solar systems add up, and are told one by one."""
    system = {"brand": "A", "model": "B", "power_rating_watts": 3000}
    gateway.faults.add(SOLARS, edit={"0.power_rating_watts": 5000, "0.model": "C"})
    await tick(HOUR)
    assert state_of("solar_nameplate_power") == "5000"
    gateway.faults.clear()
    gateway.faults.add(SOLARS, body=json.dumps([system, system | {"brand": "D"}]))
    await tick(HOUR)
    assert state_of("solar_nameplate_power") == "6000"
    told = attributes_of(f"{GATEWAY}_solar_nameplate_power")
    assert told["systems"] == [
        {"brand": "A", "model": "B", "power": 3000},
        {"brand": "D", "model": "B", "power": 3000},
    ]


@pytest.mark.usefixtures("all_entities")
@pytest.mark.parametrize("gateway_options", [{"scenario": "generator"}])
async def test_disconnect_type(state_of: StateOf, attributes_of: AttributesOf) -> None:
    """Test how a generator is parted from the grid, and how it could be."""
    assert state_of("disconnect_type") == "downstream_ats"
    possible = attributes_of(f"{GATEWAY}_disconnect_type")["possible"]
    assert possible == ["downstream_ats"]


async def test_problems(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test problems are counted."""
    assert state_of("problems") == "0"
    edit = {"problems": ["no sun", {"what": "no wind"}]}
    gateway.faults.add("/api/troubleshooting/problems", edit=edit)
    await tick(FIVE_MINUTES)
    assert state_of("problems") == "2"


LOST = {
    NETWORKS: (
        FIVE_MINUTES,
        r"active_interface|signal_strength|internet_reachable|tesla_reachable",
    ),
    POWERWALLS: (
        FIVE_MINUTES,
        r"system_activity|(powerwalls|101|synchronizer)_updating",
    ),
    "/api/system/update/status": (FIVE_MINUTES, r"001_updating"),
    "/api/troubleshooting/problems": (FIVE_MINUTES, r"problems"),
    SOLARS: (HOUR, r"solar_nameplate_power"),
    VITALS: (
        HALF_MINUTE,
        r"alerts?|ambient_temperature|(pack_energy|string)_\w+|303_(\w+_)?(energy|power)",
    ),
    FAULTS: (HALF_MINUTE, r"grid_faults?"),
}
"""By endpoint: its pace, and how the unique ids of all its entities end."""
LISTS = {NETWORKS, SOLARS, FAULTS}
"""Endpoints that say null where the list is empty."""
BODIES = {"HTML": "<html>Villa</html>", "null": "null", "empty": ""}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param(path, body, id=f"{path} {name}")
        for path in LOST
        for name, body in BODIES.items()
        if (name, path in LISTS) != ("null", True)
    ],
)
async def test_an_answer_that_is_none(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    path: str,
    body: str,
) -> None:
    """Test what is no answer costs the entities of its endpoint alone, later."""
    pace, own = LOST[path]

    def unavailable() -> set[str]:
        return {
            str(entity.unique_id)
            for state in hass.states.async_all()
            if state.state == STATE_UNAVAILABLE
            and (entity := entity_registry.async_get(state.entity_id))
        }

    for _ in range(4):
        await tick(pace)
    gateway.faults.add(path, body=body)
    caplog.clear()
    for _ in range(2 if pace == HALF_MINUTE else 1):
        await tick(pace)
        assert unavailable() == set()
    await tick(pace)
    expected = {
        entity.unique_id
        for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
        if not entity.disabled and re.search(rf"({own})$", entity.unique_id)
    }
    assert unavailable() == expected != set()
    (warning,) = [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name == LOGGER.name
    ]
    assert path in warning
    assert "Villa" not in caplog.text
    gateway.faults.clear()
    await tick(pace)
    assert unavailable() == set()


@pytest.mark.parametrize(
    ("path", "key", "pace", "empty"),
    [
        (NETWORKS, "active_interface", FIVE_MINUTES, STATE_UNKNOWN),
        (FAULTS, "grid_faults", HALF_MINUTE, "0"),
        (SOLARS, "solar_nameplate_power", HOUR, STATE_UNKNOWN),
    ],
)
async def test_a_list_that_is_null(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    path: str,
    key: str,
    pace: float,
    empty: str,
) -> None:
    """Test null is how the gateway writes an empty list, and no fault."""
    before = state_of(key)
    gateway.faults.add(path, body="null")
    await tick(pace)
    assert state_of(key) == empty
    gateway.faults.clear()
    await tick(pace)
    assert state_of(key) == before


@pytest.mark.parametrize("status", [403, 404])
async def test_what_is_refused_is_no_hurry(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    status: int,
) -> None:
    """Test a no is an answer: the others are asked as rarely as ever."""
    gateway.faults.add(SOLARS, status=status)
    await tick(HOUR)
    gateway.reset_stats()
    for _ in range(9):
        await tick(FIVE_MINUTES)
    assert gateway.stats.requests["GET /api/status"] == 0
    await tick(HOUR)
    assert state_of("solar_nameplate_power") == STATE_UNAVAILABLE
    assert state_of("nominal_energy") not in (None, STATE_UNAVAILABLE)
