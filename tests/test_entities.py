"""Tests of the entities: all of them, as they are, and that they follow the site."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulator.server import Simulator

from .conftest import AddGateway, StateOf, Tick


@pytest.mark.parametrize(
    "platform", [Platform.SENSOR, Platform.BINARY_SENSOR, Platform.EVENT]
)
@pytest.mark.parametrize("gateway_options", [{"batteries": 3}])
async def test_all_entities(
    hass: HomeAssistant,
    all_entities: list[er.RegistryEntry],
    snapshot: SnapshotAssertion,
    platform: Platform,
) -> None:
    """Test every entity: what it is, and what it shows."""
    shown = {
        entity.entity_id: _shown(hass, entity)
        for entity in all_entities
        if entity.domain == platform
    }
    assert shown == snapshot


SYSTEM = "/api/system_status"
AGGREGATES = "/api/meters/aggregates"
GATEWAY = "1232100-00-E--TGSIMULATED001"
BATTERY = "3012170-05-B--TGSIMULATED101"
NUMBERS: dict[str, dict[str, str]] = {
    SYSTEM: {
        "nominal_energy_remaining": f"{GATEWAY}_energy_remaining",
        "nominal_full_pack_energy": f"{GATEWAY}_energy_capacity",
        "battery_target_power": f"{GATEWAY}_target_power",
        "battery_target_reactive_power": f"{GATEWAY}_target_reactive_power",
        "solar_real_power_limit": f"{GATEWAY}_solar_power_limit",
        "max_sustained_ramp_rate": f"{GATEWAY}_max_ramp_rate",
        "available_blocks": f"{GATEWAY}_available_batteries",
        "blocks_controlled": f"{GATEWAY}_controlled_batteries",
        **{
            key: f"{GATEWAY}_{key}"
            for key in (
                "grid_services_power",
                "max_charge_power",
                "max_discharge_power",
                "max_apparent_power",
                "instantaneous_max_charge_power",
                "instantaneous_max_discharge_power",
                "instantaneous_max_apparent_power",
            )
        },
        "battery_blocks.0.p_out": f"{BATTERY}_power",
        "battery_blocks.0.q_out": f"{BATTERY}_reactive_power",
        "battery_blocks.0.v_out": f"{BATTERY}_voltage",
        "battery_blocks.0.f_out": f"{BATTERY}_frequency",
        "battery_blocks.0.nominal_energy_remaining": f"{BATTERY}_energy_remaining",
        "battery_blocks.0.nominal_full_pack_energy": f"{BATTERY}_energy_capacity",
        "battery_blocks.0.energy_charged": f"{BATTERY}_energy_charged",
        "battery_blocks.0.energy_discharged": f"{BATTERY}_energy_discharged",
    },
    AGGREGATES: {
        f"{kind}.{field}": f"{GATEWAY}_{key}"
        for kind, name, imported, exported in (
            ("site", "grid", "grid_energy_imported", "grid_energy_exported"),
            ("load", "home", "home_energy", "home_energy_exported"),
            ("solar", "solar", "solar_energy_imported", "solar_energy"),
            ("battery", "battery", "battery_energy_charged", None),
            ("generator", "generator", "generator_energy_imported", "generator_energy"),
            ("busway", "busway", "busway_energy_imported", "busway_energy_exported"),
        )
        for field, key in (
            ("instant_power", f"{name}_power"),
            ("instant_reactive_power", f"{name}_reactive_power"),
            ("instant_apparent_power", f"{name}_apparent_power"),
            ("energy_imported", imported),
            ("energy_exported", exported or "battery_energy_discharged"),
            ("instant_average_voltage", f"{name}_voltage"),
            ("i_a_current", f"{name}_current_l1"),
            ("i_b_current", f"{name}_current_l2"),
            ("i_c_current", f"{name}_current_l3"),
            ("frequency", f"{name}_frequency"),
            ("instant_total_current", f"{name}_current"),
        )
        if (name, field) != ("battery", "instant_total_current")
    },
    "/api/site_info": {
        "nominal_system_energy_kWh": f"{GATEWAY}_nominal_energy",
        "nominal_system_power_kW": f"{GATEWAY}_nominal_power",
        "max_system_energy_kWh": f"{GATEWAY}_max_energy",
        "max_system_power_kW": f"{GATEWAY}_max_power",
        "measured_frequency": f"{GATEWAY}_measured_frequency",
    },
    "/api/meters/site": {
        f"0.Cached_readings.{field}": (
            f"{GATEWAY}_TGSIMULATED301synchrometerX_site_{key}_l{phase}"
        )
        for phase, letter in enumerate("abc", 1)
        for field, key in (
            (f"v_l{phase}n", "voltage"),
            (f"real_power_{letter}", "real_power"),
            (f"reactive_power_{letter}", "reactive_power"),
            (f"energy_imported_{letter}", "energy_imported"),
            (f"energy_exported_{letter}", "energy_exported"),
        )
    },
}
"""By endpoint: the field of each number, and the unique id of what shows it."""


@pytest.mark.parametrize("path", NUMBERS)
async def test_each_number_is_its_own(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    path: str,
) -> None:
    """Test no two numbers change places, for which none may be as another."""
    sent = {field: 1000 + number for number, field in enumerate(NUMBERS[path])}
    edit = _meters(sent) if path == AGGREGATES else sent
    gateway.faults.add(path, edit=edit)
    entry = await add_gateway()
    for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        entity_registry.async_update_entity(each.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    states = {
        each.unique_id: hass.states.get(each.entity_id)
        for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    }
    shown = {
        field: float(state.state)
        for field, key in NUMBERS[path].items()
        if (state := states.get(key))
    }
    assert shown == sent


def _meters(sent: Mapping[str, float]) -> Mapping[str, Any]:
    """Return meters of all kinds, each of which has measured its phases."""
    meters: dict[str, dict[str, Any]] = {}
    for field, value in sent.items():
        kind, _, name = field.partition(".")
        now = {"last_phase_power_communication_time": "2026-07-01T10:30:00-07:00"}
        meters.setdefault(kind, dict(now))[name] = value
    return meters


COUNTS = {
    "alerts",
    "available_batteries",
    "controlled_batteries",
    "failed_update_checks",
    "grid_faults",
    "problems",
}
NO_UNIT_KNOWN = {"max_ramp_rate"}


@pytest.mark.parametrize("gateway_options", [{"batteries": 3}])
async def test_states_are_explained(
    hass: HomeAssistant, all_entities: list[er.RegistryEntry]
) -> None:
    """Test each entity shows something, and each number says what it is."""
    for entity in all_entities:
        state = hass.states.get(entity.entity_id)
        assert state
        if entity.domain == Platform.EVENT:
            assert state.state == STATE_UNKNOWN  # nothing has happened yet
            continue
        assert state.state not in (STATE_UNKNOWN, STATE_UNAVAILABLE), entity.unique_id
        try:
            float(state.state)
        except ValueError:
            continue
        key = str(entity.translation_key)
        assert entity.unit_of_measurement or key in COUNTS | NO_UNIT_KNOWN


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_nothing_is_added_twice(
    gateway: Simulator,
    all_entities: list[er.RegistryEntry],
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test Home Assistant has nothing to complain of, neither at first nor later."""
    gateway.control({"site": {"has_backup_switch": True, "batteries": 3}})
    await tick(31)
    await tick(301)
    assert len(all_entities) > 200
    records = [*caplog.get_records("setup"), *caplog.records]
    assert [each.getMessage() for each in records if each.levelname == "ERROR"] == []


def _display(entity: er.RegistryEntry) -> Mapping[str, Any]:
    """Return how Home Assistant was told to display a sensor."""
    options: Mapping[str, Any] = dict(entity.options).get("sensor", {})
    return options


def _shown(hass: HomeAssistant, entity: er.RegistryEntry) -> dict[str, str | None]:
    """Return what makes up an entity, whatever else a release adds."""
    state = hass.states.get(entity.entity_id)
    assert state
    described = {
        "unique_id": entity.unique_id,
        "name": state.name,
        "category": entity.entity_category,
        "device_class": entity.original_device_class,
        "state_class": state.attributes.get("state_class"),
        "unit": entity.unit_of_measurement,
        "options": state.attributes.get("options")
        or state.attributes.get("event_types"),
        "precision": _display(entity).get("suggested_display_precision"),
        # The day of the test is in it.
        "state": None if entity.translation_key == "uptime" else state.state,
    }
    return {
        key: None if value is None else str(value) for key, value in described.items()
    }


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_enabled_by_default(
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    """Test which entities people see who change nothing."""
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    assert sorted(each.entity_id for each in entities if not each.disabled) == snapshot


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("grid_power", lambda site: site.flows().site),
        ("home_power", lambda site: site.flows().load),
        ("solar_power", lambda site: site.flows().solar),
        ("battery_power", lambda site: site.flows().battery),
        ("energy_remaining", lambda site: sum(each.energy for each in site.batteries)),
        (
            "state_of_charge",
            lambda site: (
                (
                    100
                    * sum(each.energy for each in site.batteries)
                    / sum(each.full_energy for each in site.batteries)
                    - 5
                )
                / 0.95
            ),
        ),
    ],
)
async def test_values_follow_the_site(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    key: str,
    expected: Callable[[object], float],
) -> None:
    """Test what is shown is what the simulated site does, before and after a change."""
    before = float(state_of(key) or "nan")
    assert before == pytest.approx(expected(gateway.site), abs=1)
    gateway.control({"site": {"load_power": 9321, "solar_power": 1234}})
    await tick(10)
    await tick(3600)
    after = float(state_of(key) or "nan")
    assert after == pytest.approx(expected(gateway.site), abs=1)
    assert after != pytest.approx(before, abs=1)


async def test_lifetime_energies_grow(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test an hour of constant power adds its energy to the counters."""
    gateway.control({"site": {"load_power": 2000, "solar_power": 0, "mode": "backup"}})
    gateway.control({"site": {"charge_percent": 100}})
    await tick(10)
    before = {
        key: float(state_of(key) or "nan")
        for key in ("grid_energy_imported", "home_energy")
    }
    await tick(3600)
    for key, energy in before.items():
        assert float(state_of(key) or "nan") - energy == pytest.approx(2000, abs=1)


async def test_uptime(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test the start shown stands still until there is another one."""
    uptime = timedelta(seconds=831360)  # what the simulated gateway begins with
    started = dt_util.utcnow() - uptime
    shown = datetime.fromisoformat(state_of("uptime") or "")
    assert abs(shown - started) < timedelta(seconds=2)
    await tick(3700)
    assert datetime.fromisoformat(state_of("uptime") or "") == shown
    gateway.faults.add("/api/status", edit={"up_time_seconds": "1m2.5s"})
    await tick(3700)
    restarted = dt_util.utcnow() - timedelta(seconds=62)
    shown = datetime.fromisoformat(state_of("uptime") or "")
    assert abs(shown - restarted) < timedelta(minutes=2)


@pytest.mark.parametrize(
    ("path", "fault", "expected"),
    [
        (
            "/api/system_status/grid_status",
            {"edit": {"grid_status": "SystemOnTheMoon"}},
            {"grid_status": STATE_UNKNOWN, "grid_connected": STATE_UNKNOWN},
        ),
        (
            "/api/operation",
            {"edit": {"real_mode": "lunar"}},
            {"operation_mode": STATE_UNKNOWN, "backup_reserve": "20.0"},
        ),
        (
            "/api/operation",
            {"drop": ["real_mode"]},
            {"operation_mode": None, "backup_reserve": "20.0"},
        ),
    ],
)
async def test_words_that_are_unknown_at_first(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    path: str,
    fault: dict[str, Any],
    expected: dict[str, str | None],
) -> None:
    """Test what the gateway tells in unknown words is there; what it does not, not."""
    gateway.faults.add(path, **fault)
    entry = await add_gateway()
    states = {
        each.unique_id.removeprefix(f"{GATEWAY}_"): hass.states.get(each.entity_id)
        for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
        if each.domain in ("sensor", "binary_sensor")
    }
    shown = {
        key: state.state if (state := states.get(key)) else None for key in expected
    }
    assert shown == expected


@pytest.mark.usefixtures("all_entities")
async def test_words(gateway: Simulator, state_of: StateOf, tick: Tick) -> None:
    """Test states that only an unusual gateway has."""
    assert state_of("reboot_obstacle") == "none"
    assert state_of("island_state") == "connected"
    gateway.control({"site": {"busy_reason": "Battery Connecting"}})
    gateway.faults.add(SYSTEM, edit={"system_island_state": "SystemIslandedReady"})
    await tick(31)
    assert state_of("reboot_obstacle") == "battery_connecting"
    assert state_of("island_state") == "islanded_ready"


@pytest.mark.parametrize("gateway_options", [{"scenario": "outage"}])
async def test_outage(entry: GatewayConfigEntry, state_of: StateOf) -> None:
    """Test an islanded home shows that it is."""
    assert state_of("grid_status") == "islanded"
    assert state_of("grid_connected") == "off"


@pytest.mark.parametrize("gateway_options", [{"scenario": "no_solar"}])
async def test_no_solar(entry: GatewayConfigEntry, state_of: StateOf) -> None:
    """Test a home without solar has no solar entities."""
    assert state_of("solar_power") is None
    assert state_of("grid_power") is not None


@pytest.mark.usefixtures("all_entities")
@pytest.mark.parametrize(
    "gateway_options",
    [{"scenario": "night"}, {"scenario": "day"}, {"scenario": "full"}],
)
async def test_directions_apart(gateway: Simulator, state_of: StateOf) -> None:
    """Test import and export, charge and discharge are never negative and add up."""
    powers = {
        key: float(state_of(key) or "nan")
        for key in (
            "grid_import_power",
            "grid_export_power",
            "battery_charge_power",
            "battery_discharge_power",
        )
    }
    assert min(powers.values()) >= 0
    flows = gateway.site.flows()
    assert powers["grid_import_power"] - powers["grid_export_power"] == flows.site
    assert (
        powers["battery_discharge_power"] - powers["battery_charge_power"]
        == flows.battery
    )
