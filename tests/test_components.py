"""Tests of what vitals and meters show."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
import json
import logging
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.profiles import PROFILES
from simulator.server import Simulator
from simulator.vitals import vitals
from simulator.wire import Component, encode_vitals

from .conftest import AddGateway, StateOf, Tick
from .gateway.vital_names import NAMED, Named

VITALS = "/api/devices/vitals"
SITE_METERS = "/api/meters/site"
GATEWAY = "1232100-00-E--TGSIMULATED001"
BATTERY = "3012170-05-B--TGSIMULATED101"
INVERTER = f"{GATEWAY}_TGSIMULATED303"
SYNCHRONIZER = f"{GATEWAY}_synchronizer"
BACKUP_SWITCH = f"{GATEWAY}_backup_switch"
INTERVAL = 31

type Site = Any


@pytest.mark.usefixtures("all_entities")
@pytest.mark.parametrize(
    ("device", "key", "expected"),
    [
        (BATTERY, "ambient_temperature", lambda _: 21.0),
        (BATTERY, "pack_energy_remaining", lambda site: site.energy_remaining),
        (BATTERY, "inverter_power", lambda site: site.flows().battery),
        (BATTERY, "inverter_reactive_power", lambda _: 30),
        (INVERTER, "power", lambda site: site.flows().solar),
        (INVERTER, "nameplate_power", lambda _: 7680),
        (INVERTER, "string_a_voltage", lambda _: 248.6),
        (
            SYNCHRONIZER,
            "meter_x_energy_imported",
            lambda site: site.site_energy.imported,
        ),
        (SYNCHRONIZER, "main_frequency_l1", lambda _: 60.01),
    ],
)
async def test_values(
    gateway: Simulator,
    state_of: StateOf,
    device: str,
    key: str,
    expected: Callable[[Site], float],
) -> None:
    """Test what is shown is what the simulated site does, in the right unit."""
    shown = float(state_of(key, device) or "nan")
    assert shown == pytest.approx(expected(gateway.site), abs=5)


DEVICES = {
    "STSTSM": GATEWAY,
    "TETHC": BATTERY,
    "TEPOD": BATTERY,
    "TEPINV": BATTERY,
    "PVAC": INVERTER,
    "PVS": INVERTER,
    "TESYNC": SYNCHRONIZER,
    "TEMSA": BACKUP_SWITCH,
    "NEURIO": f"{GATEWAY}_TGSIMULATED304",
}
"""What shows the vitals of each type of device."""
TOLD = {(each.kind, each.name): each for each in NAMED}.values()
"""One for each of our names; of two of the gateway's that mean the same, the last."""


async def test_every_name_is_shown(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
) -> None:
    """Test each vital that has a name is an entity, with the value it came with."""
    contactors = {
        site.has_backup_switch: vitals(site, gateway.device.profile)
        for site in (gateway.site, replace(gateway.site, has_backup_switch=True))
    }
    switch = [each for each in contactors[True] if each.kind == "TEMSA"]
    devices = [_told_all(each) for each in [*contactors[False], *switch]]
    gateway.faults.add(VITALS, body=encode_vitals(devices))
    entry = await add_gateway()
    for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        entity_registry.async_update_entity(each.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    shown = {
        each.unique_id: hass.states.get(each.entity_id)
        for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    }
    for named in TOLD:
        state = shown[f"{DEVICES[named.kind]}_{named.name}"]
        assert state, named
        assert _value(state.state) == _read(named), named


def _told_all(device: Component) -> Component:
    """Return a device that tells all that devices of its type can tell."""
    named = {each.wire: each.sent for each in TOLD if each.kind == device.kind}
    connected = {name: True for name in named if name.endswith("_Connected")}
    return replace(device, vitals={**device.vitals, **named, **connected})


def _value(state: str) -> float | str:
    """Return a state as a number if it is one."""
    try:
        return float(state)
    except ValueError:
        return state


def _read(named: Named) -> float | str:
    """Return what an entity shows of a vital."""
    match named.read:
        case bool(flag):
            return "on" if flag or named.name.endswith("_connected") else "off"
        case str(text):
            return _value(text)
        case number:
            return number


async def test_strings_add_up(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf
) -> None:
    """Test three strings give what the inverter gives, and the fourth shows nothing."""
    powers = [state_of(f"string_{string}_power", INVERTER) for string in "abcd"]
    assert powers[1] is None
    total = sum(float(power) for power in powers if power)
    assert total == pytest.approx(gateway.site.flows().solar, abs=2)
    assert state_of("string_b_connected", INVERTER) == "off"


async def test_a_string_comes_off(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test a string that is no longer connected shows no noise."""
    gateway.faults.add(VITALS, edit={"PVS.0.vitals.PVS_StringA_Connected": False})
    await tick(INTERVAL)
    assert state_of("string_a_connected", INVERTER) == "off"
    assert state_of("string_a_voltage", INVERTER) == STATE_UNKNOWN
    assert state_of("string_c_voltage", INVERTER) != STATE_UNKNOWN


async def test_a_restart_without_a_value(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
) -> None:
    """Test what was there before a restart is there after it, though unknown."""
    gateway.faults.add(VITALS, edit={"PVS.0.vitals.PVS_StringA_Connected": False})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of("string_a_voltage", INVERTER) == STATE_UNKNOWN
    assert state_of("string_b_voltage", INVERTER) is None


@pytest.mark.parametrize("gateway_options", [{"profile": "24.44"}])
async def test_strings_without_vitals(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test firmware without vitals shows strings and alerts of the solar inverter."""
    inverter = f"{GATEWAY}_solar_inverter"
    assert float(state_of("string_a_power", inverter) or "nan") > 0
    assert state_of("string_b_power", inverter) is None
    assert state_of("alerts", inverter) == "0"
    gateway.control({"alerts": {"PVAC.0": ["PVAC_a014_PVS_disabled_relay"]}})
    await tick(INTERVAL)
    assert state_of("alerts", inverter) == "1"
    await tick(3600)
    gateway.reset_stats()
    for _ in range(10):
        await tick(INTERVAL)
    assert gateway.stats.requests[f"GET {VITALS}"] == 0
    assert gateway.stats.requests["GET /api/solar_powerwall"] == 10


async def test_vitals_come_back(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test a Powerwall goes on without its vitals, and gets them back."""
    gateway.faults.add(VITALS, status=HTTPStatus.NOT_FOUND)
    for _ in range(5):
        await tick(INTERVAL)
    assert state_of("ambient_temperature", BATTERY) == STATE_UNAVAILABLE
    assert state_of("power", BATTERY) not in (None, STATE_UNAVAILABLE)
    gateway.faults.clear()
    for _ in range(20):
        await tick(INTERVAL)
    assert state_of("ambient_temperature", BATTERY) == "21.0"


async def test_vitals_that_are_away_for_a_moment(
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a 404 in a reboot neither blinks nor makes a second solar inverter."""
    before = len(entity_registry.entities)
    body = json.dumps({"pvac_status": {"p_out": 1000}})
    gateway.faults.add(VITALS, status=HTTPStatus.NOT_FOUND, times=1)
    gateway.faults.add("/api/solar_powerwall", body=body)
    await tick(INTERVAL)
    assert state_of("ambient_temperature", BATTERY) == "21.0"
    for _ in range(3):
        await tick(INTERVAL)
    assert len(entity_registry.entities) == before
    assert state_of("ambient_temperature", BATTERY) == "21.0"


async def test_vitals_that_are_none(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test nonsense in place of vitals costs them alone."""
    gateway.faults.add(VITALS, body=b"\xff" * 100)
    for _ in range(5):
        await tick(INTERVAL)
    assert state_of("ambient_temperature", BATTERY) == STATE_UNAVAILABLE
    assert state_of("grid_power") not in (None, STATE_UNAVAILABLE)
    assert state_of("power", BATTERY) not in (None, STATE_UNAVAILABLE)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"ending": "cut"}, id="cut"),
        pytest.param({"ending": "reset"}, id="reset"),
        pytest.param({"ending": "endless", "size": 10 * 2**20}, id="10 MiB"),
        pytest.param({"body": None}, id="half"),
    ],
)
async def test_vitals_that_break_off(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
    fault: dict[str, Any],
) -> None:
    """Test vitals that do not come whole are kept for three polls, and come back."""
    if "body" in fault:
        whole = encode_vitals(vitals(gateway.site, gateway.device.profile))
        fault = {"body": whole[: len(whole) // 2]}
    gateway.faults.add(VITALS, **fault)
    for _ in range(2):
        await tick(INTERVAL)
        assert state_of("ambient_temperature", BATTERY) == "21.0"
    await tick(INTERVAL)
    assert state_of("ambient_temperature", BATTERY) == STATE_UNAVAILABLE
    assert state_of("power", BATTERY) not in (None, STATE_UNAVAILABLE)
    gateway.faults.clear()
    await tick(INTERVAL)
    assert state_of("ambient_temperature", BATTERY) == "21.0"
    assert state_of("alert", BATTERY) == STATE_UNKNOWN


@pytest.mark.parametrize("gateway_options", [{"profile": "24.44"}])
async def test_vitals_that_come_after_hours(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test firmware with vitals brings their entities, hardly asked for before."""
    await tick(3600)
    gateway.reset_stats()
    for _ in range(40):
        await tick(300)
    assert 2 <= gateway.stats.requests[f"GET {VITALS}"] <= 4
    assert state_of("ambient_temperature", BATTERY) is None
    gateway.device.profile = PROFILES["21.44"]
    for _ in range(13):
        await tick(300)
    assert state_of("ambient_temperature", BATTERY) == "21.0"
    assert state_of("string_a_voltage", INVERTER) == "248.6"
    assert state_of("alert", BATTERY) == STATE_UNKNOWN


@pytest.mark.parametrize("gateway_options", [{"profile": "stopped"}])
async def test_a_site_controller_that_starts_after_hours(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf, tick: Tick
) -> None:
    """Test all that only a running site tells appears with it."""
    for _ in range(40):
        await tick(300)
    for key in ("ambient_temperature", "power"):
        assert state_of(key, BATTERY) is None
    gateway.site.is_running = True
    await tick(INTERVAL)
    for key in ("ambient_temperature", "power"):
        assert state_of(key, BATTERY) not in (None, STATE_UNAVAILABLE)
    assert state_of("alert", BATTERY) == STATE_UNKNOWN
    assert state_of("grid_power") not in (None, STATE_UNAVAILABLE)


async def test_backup_switch(
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a Backup Switch that is put in later has what it measures."""
    gateway.control({"site": {"has_backup_switch": True}})
    await tick(INTERVAL)
    for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        entity_registry.async_update_entity(each.entity_id, disabled_by=None)
    await tick(INTERVAL)
    assert state_of("grid_connected", BACKUP_SWITCH) == "on"
    imported = float(state_of("meter_z_energy_imported", BACKUP_SWITCH) or "nan")
    assert imported == gateway.site.site_energy.imported // 1
    assert state_of("main_voltage_l1", BACKUP_SWITCH) == "122.5"


async def test_meters_are_read_on_demand(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a meter is asked for its phases only while somebody looks at one."""
    gateway.reset_stats()
    await tick(INTERVAL)
    assert gateway.stats.requests[f"GET {SITE_METERS}"] == 0
    unique_id = f"{GATEWAY}_TGSIMULATED301synchrometerX_site_voltage_l1"
    entity_id = entity_registry.async_get_entity_id("sensor", DOMAIN, unique_id)
    assert entity_id
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await tick(INTERVAL)  # Home Assistant reloads what got a new entity.
    gateway.reset_stats()
    await tick(INTERVAL)
    assert gateway.stats.requests[f"GET {SITE_METERS}"] == 1
    assert gateway.stats.requests["GET /api/meters/solar"] == 0
    state = hass.states.get(entity_id)
    assert state
    assert state.state == "122.53"
    assert state.name == "Synchronizer Grid voltage L1"


@pytest.mark.parametrize("gateway_options", [{"scenario": "no_solar"}])
async def test_panels_that_come_later(
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test a meter that was not there at first has its entities within an hour."""
    unique_id = f"{GATEWAY}_TGSIMULATED301synchrometerY_solar_voltage_l1"
    assert entity_registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None
    gateway.control({"site": {"has_solar": True}})
    for _ in range(2):
        await tick(1801)
    assert entity_registry.async_get_entity_id("sensor", DOMAIN, unique_id)


async def test_a_meter_that_tells_little(
    add_gateway: AddGateway, entity_registry: er.EntityRegistry, gateway: Simulator
) -> None:
    """Test a meter that says nothing of its clamps shows what it measures."""
    gateway.faults.add(SITE_METERS, drop=["0.inverted", "0.cts"])
    await add_gateway()
    meter = f"{GATEWAY}_TGSIMULATED301synchrometerX_site"
    find = entity_registry.async_get_entity_id
    assert find("sensor", DOMAIN, f"{meter}_voltage_l1")
    assert find("binary_sensor", DOMAIN, f"{meter}_ct_0_inverted") is None


@pytest.mark.parametrize("gateway_options", [{"scenario": "generator"}])
async def test_generator(
    entry: GatewayConfigEntry, gateway: Simulator, state_of: StateOf
) -> None:
    """Test a generator shows its power on the gateway, its rating on its own device."""
    power = gateway.site.flows().generator
    assert power
    assert float(state_of("generator_power") or "nan") == power
    assert state_of("nameplate_power", f"{GATEWAY}_generator_1") == "10000"


async def test_placeholders_are_no_meters(
    add_gateway: AddGateway, entity_registry: er.EntityRegistry, gateway: Simulator
) -> None:
    """Test a meter full of zeros, as old firmware lists it, makes no entities."""
    nothing = {"instant_power": 0, "energy_imported": 0, "energy_exported": 0}
    gateway.faults.add(
        "/api/meters/aggregates",
        edit={"generator": nothing, "busway": nothing | {"instant_power": 12}},
    )
    entry = await add_gateway()
    unique_ids = {
        each.unique_id
        for each in er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    }
    assert f"{GATEWAY}_busway_power" in unique_ids
    assert f"{GATEWAY}_generator_power" not in unique_ids


@pytest.mark.parametrize("fault", [{}, {"status": 500}])
async def test_meters_that_nobody_looks_at(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, int],
) -> None:
    """Test they are asked for once an hour, read or not, and not said to be back."""
    caplog.set_level(logging.INFO)
    if fault:
        gateway.faults.add(SITE_METERS, **fault)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.reset_stats()
    for _ in range(3):
        await tick(1230)
    assert gateway.stats.requests[f"GET {SITE_METERS}"] == 1
    assert "is back" not in caplog.text
