"""Tests of what happens when the gateway does not answer as it should."""

from dataclasses import fields
from functools import partial
import logging

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.tesla_gateway.const import LISTENERS_AT_ONCE, LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import StateOf, Tick
from .waiting import until

POWERWALLS = "/api/powerwalls"
SOE = "/api/system_status/soe"
AGGREGATES = "/api/meters/aggregates"
OPERATION = "/api/operation"
PATHS = {
    "powerwalls": POWERWALLS,
    "firmware_update": "/api/system/update/status",
    "networks": "/api/networks",
    "problems": "/api/troubleshooting/problems",
    "status": "/api/status",
    "site": "/api/site_info",
    "registered": "/api/customer/registration",
    "generators": "/api/generators",
    "solars": "/api/solars",
}
"""What each part of the slow coordinators is read from."""


def _ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration has logged as a warning or an error."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name == LOGGER.name
    ]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 404}, id="404"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 503}, id="503"),
        pytest.param({"body": "<html>"}, id="HTML"),
        pytest.param({"body": "null"}, id="null"),
        pytest.param({"edit": {"percentage": None}}, id="no percentage"),
        pytest.param({"ending": "reset"}, id="reset"),
    ],
)
async def test_one_endpoint_fails(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, object],
) -> None:
    """Test a lost endpoint costs its own entities, after three intervals, and heals."""
    before = state_of("state_of_charge")
    gateway.faults.add(SOE, **fault)
    caplog.clear()
    await tick(10)
    await tick(10)
    assert state_of("state_of_charge") == before
    await tick(10)
    assert state_of("state_of_charge") == STATE_UNAVAILABLE
    assert state_of("grid_power") != STATE_UNAVAILABLE
    (warning,) = _ours(caplog)
    assert "no more charge" in warning
    assert "<html>" not in caplog.text
    gateway.faults.clear()
    await tick(20)
    await tick(20)
    assert state_of("state_of_charge") not in (None, STATE_UNAVAILABLE)
    assert "charge is back" in caplog.text


async def test_everything_fails(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a gateway that is down is logged once by each coordinator, and heals."""
    gateway.stop()
    for _ in range(20):
        await tick(30)
    assert state_of("grid_power") == STATE_UNAVAILABLE
    assert state_of("operation_mode") == STATE_UNAVAILABLE
    logged = _ours(caplog)
    assert len(logged) == 3
    assert all(line.startswith("Error fetching") for line in logged)
    gateway.start()
    await tick(30)
    assert state_of("grid_power") != STATE_UNAVAILABLE
    assert state_of("operation_mode") != STATE_UNAVAILABLE


async def test_site_controller_stops(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a site that is stopped shows it at once, and is no fault."""
    gateway.control({"site": {"is_running": False}})
    await tick(30)
    assert state_of("grid_power") == STATE_UNAVAILABLE
    assert state_of("energy_remaining") == STATE_UNAVAILABLE
    assert state_of("site_controller") == "off"
    assert state_of("operation_mode") == "self_consumption"
    assert _ours(caplog) == []


@pytest.mark.parametrize("path", [POWERWALLS, OPERATION])
async def test_forbidden_endpoint_and_forgotten_password(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    path: str,
) -> None:
    """Test a token that works is not doubted, though the password would not."""
    gateway.change_password("other")
    gateway.faults.add(path, status=403)
    gateway.reset_stats()
    for _ in range(20):
        await tick(60)
    assert gateway.stats.logins == 0
    assert gateway.stats.requests[f"GET {path}"] == 1
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_forbidden_endpoint(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test an endpoint that is forbidden is no matter of the password."""
    gateway.faults.add(OPERATION, status=403)
    gateway.reset_stats()
    for _ in range(60):
        await tick(30)
    assert gateway.stats.logins <= 1
    assert gateway.stats.requests[f"GET {OPERATION}"] <= 2
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
    assert state_of("operation_mode") == STATE_UNAVAILABLE
    assert state_of("site_controller") == "on"


@pytest.mark.parametrize("status", [401, 403])
async def test_token_expires(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    status: int,
) -> None:
    """Test one login renews a token the gateway forgot, and no entity blinks."""
    states: list[State | None] = []
    hass.bus.async_listen(
        EVENT_STATE_CHANGED, lambda event: states.append(event.data["new_state"])
    )
    gateway.expire_tokens(status)
    gateway.reset_stats()
    await tick(30)
    assert gateway.stats.logins_accepted == 1
    assert states
    assert not [each for each in states if not each or each.state == STATE_UNAVAILABLE]
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


@pytest.mark.parametrize("gateway_options", [{}, {"profile": "pw3"}], ids=str)
async def test_password_changes(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test the password is asked for once, tried rarely, and the question goes away."""
    gateway.change_password("other")
    gateway.expire_tokens()
    gateway.reset_stats()
    for _ in range(18):
        await tick(30)
    assert len(list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))) == 1
    assert gateway.stats.logins_refused == 1
    assert state_of("grid_power") == STATE_UNAVAILABLE
    gateway.change_password("KLMNP")
    for _ in range(4):
        await tick(30)
    assert state_of("grid_power") != STATE_UNAVAILABLE
    assert not list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_wait_survives_reload(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test nothing is sent in a wait the gateway asked for, not even after a reload."""
    gateway.faults.add(AGGREGATES, status=429, headers={"Retry-After": "120"}, times=1)
    await tick(10)
    gateway.reset_stats()
    await hass.config_entries.async_reload(entry.entry_id)
    for _ in range(10):
        await tick(10)
    assert gateway.stats.total == 0
    for _ in range(20):
        await tick(10)
    assert gateway.stats.total > 0


async def test_certificate_changes(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test nothing is sent to who shows another certificate."""
    gateway.stop()
    gateway.renew_certificate()
    gateway.reset_stats()
    gateway.start()
    for _ in range(5):
        await tick(30)
    assert gateway.stats.total == 0
    assert gateway.stats.handshakes > 0
    assert state_of("grid_power") == STATE_UNAVAILABLE


@pytest.mark.parametrize("gateway_options", [{"speed": 0}])
async def test_nothing_new_is_nothing_written(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test a site at rest writes no states."""
    gateway.reset_stats()
    before = {state.entity_id: state.last_reported for state in hass.states.async_all()}
    for _ in range(4):
        await tick(10)
    after = {state.entity_id: state.last_reported for state in hass.states.async_all()}
    assert gateway.stats.total > 12
    assert after == before


@pytest.mark.parametrize("gateway_options", [{"speed": 0}])
async def test_what_moved_is_what_is_written(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test a part that moved writes its own entities, those whose value changed."""
    before = {state.entity_id: state.last_reported for state in hass.states.async_all()}
    gateway.faults.add(SOE, edit={"percentage": 62})
    await tick(10)
    written = {
        entity.unique_id.removeprefix(f"{entry.unique_id}_")
        for state in hass.states.async_all()
        if before[state.entity_id] != state.last_reported
        and (entity := entity_registry.async_get(state.entity_id))
    }
    assert written == {"state_of_charge"}


async def test_battery_comes_and_goes(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a Powerwall's entities appear with it, and are unavailable without it."""
    gateway.control({"site": {"batteries": 2}})
    await tick(30)
    second = f"3012170-05-B--{gateway.site.batteries[1].serial}"
    assert state_of("energy_remaining", second) not in (None, STATE_UNAVAILABLE)
    gateway.control({"site": {"batteries": 1}})
    await tick(30)
    assert state_of("energy_remaining", second) == STATE_UNAVAILABLE
    assert state_of("energy_remaining") != STATE_UNAVAILABLE


@pytest.mark.parametrize("gateway_options", [{"scenario": "disabled_pack"}])
async def test_disabled_battery(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf
) -> None:
    """Test a disabled Powerwall shows what it has, and disturbs no other."""
    used, disabled = (f"3012170-05-B--{each.serial}" for each in gateway.site.batteries)
    assert state_of("power", used) not in (None, STATE_UNAVAILABLE)
    assert state_of("energy_remaining", disabled) is None
    assert state_of("energy_capacity", disabled) == "14061"
    assert state_of("backup_ready", disabled) == "off"
    assert state_of("power", disabled) is None


@pytest.mark.parametrize(
    ("path", "edit", "key"),
    [
        pytest.param(
            "/api/system_status/grid_status",
            {"grid_status": "SystemOnTheMoon"},
            "grid_status",
            id="grid status",
        ),
        pytest.param(
            OPERATION, {"real_mode": "lunar"}, "operation_mode", id="operation mode"
        ),
    ],
)
async def test_unknown_words(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    path: str,
    edit: dict[str, str],
    key: str,
) -> None:
    """Test a word nobody has described is unknown, and costs nothing else."""
    gateway.faults.add(path, edit=edit)
    await tick(30)
    assert state_of(key) == STATE_UNKNOWN
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(key) == STATE_UNKNOWN
    assert state_of("grid_power") != STATE_UNAVAILABLE
    assert state_of("backup_reserve") != STATE_UNAVAILABLE


async def test_a_listener_that_fails(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test one that fails takes its place in the log, and nobody else's update."""
    live, told = entry.runtime_data.live, list[str]()

    def fail() -> None:
        told.append("one that fails")
        raise ValueError("no good")

    removals = [
        live.async_add_listener(listener)
        for listener in (fail, partial(told.append, "the next one"))
    ]
    gateway.control({"site": {"load_power": 4321}})
    await tick(11)
    assert told == ["one that fails", "the next one"]
    assert state_of("home_power") == "4321"
    assert "a listener failed" in caplog.text
    for remove in removals:
        remove()


async def test_a_gateway_that_hangs(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Test ten seconds are for all that is read at once, not for each in turn."""
    gateway.faults.add(ending="hang")
    gateway.reset_stats()
    refresh = hass.async_create_task(entry.runtime_data.state.async_refresh())
    await until(lambda: gateway.stats.in_flight >= 3)
    freezer.tick(10.5)
    await refresh
    assert gateway.stats.total == 3
    gateway.faults.clear()


async def test_a_slow_gateway(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test what failed is asked for again within minutes, not after an hour."""
    gateway.faults.add("/api/solars", status=500)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of("solar_nameplate_power") == STATE_UNAVAILABLE
    gateway.faults.clear()
    await tick(301)
    assert state_of("solar_nameplate_power") not in (None, STATE_UNAVAILABLE)
    gateway.reset_stats()
    await tick(301)
    assert gateway.stats.requests["GET /api/solars"] == 0


async def test_a_listener_that_leaves(
    hass: HomeAssistant, entry: GatewayConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Test who is gone before it is its turn is not told, and all others are."""
    live, told = entry.runtime_data.live, set[int]()
    listeners = range(2 * LISTENERS_AT_ONCE)
    removals = [live.async_add_listener(partial(told.add, n)) for n in listeners]
    live.async_update_listeners()
    removals.pop()()
    await hass.async_block_till_done()
    assert told == set(listeners) - {listeners[-1]}
    assert "ERROR" not in {record.levelname for record in caplog.records}
    for remove in removals:
        remove()


@pytest.mark.parametrize("coordinator", ["devices", "info"])
async def test_a_first_refresh_that_fails(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    coordinator: str,
) -> None:
    """Test what is read in the background may fail at first, and appears later."""
    for part in fields(getattr(entry.runtime_data, coordinator).data):
        gateway.faults.add(PATHS[part.name], status=500)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    shown = "problems" if coordinator == "devices" else "nominal_energy"
    assert state_of(shown) == STATE_UNAVAILABLE
    assert "listener failed" not in caplog.text
    gateway.faults.clear()
    await tick(3601)
    assert state_of(shown) not in (None, STATE_UNAVAILABLE)
