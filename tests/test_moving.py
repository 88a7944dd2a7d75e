"""From Home Assistant's own `powerwall` to this one, as README tells it."""

from collections.abc import Iterator, Mapping
import itertools
import json
import logging
import re
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.tesla_gateway.const import DOMAIN
from homeassistant.components.recorder import statistics
from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway, Tick
from .house_rules import HOUSE, ROOT
from .protocol_page import quoted

README: Final = (ROOT / "README.md").read_text()
TEXTS: Final = json.loads((ROOT / HOUSE / "translations" / "en.json").read_text())
HOME: Final = "simulated_home"
BATTERY: Final = f"{HOME}_tgsimulated101"
"""How the other one calls a Powerwall."""
ENERGIES: Final = {
    "site_import": "grid_energy_imported",
    "site_export": "grid_energy_exported",
    "load_import": "home_energy",
    "solar_export": "solar_energy",
    "battery_import": "battery_energy_charged",
    "battery_export": "battery_energy_discharged",
}
POWERS: Final = {
    "site_power": "grid_power",
    "load_power": "home_power",
    "solar_power": "solar_power",
    "battery_power": "battery_power",
}
FIVE_MINUTES: Final = 5


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: Any) -> None:
    """Let there be a database before there is a Home Assistant, which says little."""
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture(autouse=True)
def _custom_integrations(
    recorder_mock: Recorder, enable_custom_integrations: None
) -> None:
    """Let Home Assistant find this integration, after it has a database."""


@pytest.fixture
async def core(
    hass: HomeAssistant, gateway: Simulator, freezer: FrozenDateTimeFactory
) -> ConfigEntry:
    """Return the entry of the other integration, at the same gateway."""
    freezer.move_to("2026-07-01 10:00:00+00:00")
    assert await async_setup_component(hass, "sensor", {})
    flow = await hass.config_entries.flow.async_init(
        "powerwall", context={"source": SOURCE_USER}
    )
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"],
        {"ip_address": f"127.0.0.1:{gateway.port}", "password": PASSWORD},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    return result["result"]


async def _record(hass: HomeAssistant, tick: Tick, times: int) -> None:
    """Let five minutes pass and be compiled, several times."""
    for _ in range(times):
        start = dt_util.utcnow().replace(second=0, microsecond=0)
        for _ in range(FIVE_MINUTES):
            await tick(60)
        await async_wait_recording_done(hass)
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)


async def _statistics(
    hass: HomeAssistant, entity_ids: set[str]
) -> Mapping[str, list[Any]]:
    """Return all that was compiled, by entity ID."""
    found: Mapping[str, list[Any]] = await get_instance(hass).async_add_executor_job(
        lambda: statistics.statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(0),
            None,
            entity_ids,
            "5minute",
            None,
            {"sum", "mean"},
        )
    )
    return found


def _take(hass: HomeAssistant, entry: ConfigEntry, old: str, key: str) -> None:
    """Give an entity of ours the ID of an old one."""
    registry = er.async_get(hass)
    ours = registry.async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_{key}")
    assert ours
    if ours != old:
        registry.async_update_entity(ours, new_entity_id=old)


@pytest.fixture(params=[True, False], ids=["side by side", "one after the other"])
async def moved(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    core: ConfigEntry,
    add_gateway: AddGateway,
    gateway: Simulator,
    tick: Tick,
) -> set[str]:
    """Return the entity IDs that ours have taken over, before and after recorded."""
    gateway.control({"site": {"load_power": 6000, "solar_power": 3000}})
    await _record(hass, tick, 3)
    if request.param:
        entry = await add_gateway()
        await _record(hass, tick, 1)
        await hass.config_entries.async_remove(core.entry_id)
    else:
        await hass.config_entries.async_remove(core.entry_id)
        entry = await add_gateway()
    await hass.async_block_till_done(wait_background_tasks=True)
    for old, key in {**ENERGIES, **POWERS}.items():
        _take(hass, entry, f"sensor.{HOME}_{old}", key)
    await _record(hass, tick, 3)
    return {f"sensor.{HOME}_{old}" for old in (*ENERGIES, *POWERS)}


async def test_statistics_go_on(
    hass: HomeAssistant, moved: set[str], gateway: Simulator
) -> None:
    """Test sums go on without a leap, and powers in their unit."""
    compiled = await _statistics(hass, moved)
    assert compiled.keys() == moved
    flows = gateway.site.flows()
    powers = {
        "site_import": max(flows.site, 0),
        "load_import": flows.load,
        "solar_export": flows.solar,
        "battery_export": max(flows.battery, 0),
    }
    for old in ENERGIES:
        sums = [each["sum"] for each in compiled[f"sensor.{HOME}_{old}"]]
        assert len(sums) >= 6
        rises = [after - before for before, after in itertools.pairwise(sums)]
        # In Wh here; the other one rounds to 0.1 kWh.
        assert rises == pytest.approx([powers.get(old, 0) / 12] * len(rises), abs=101)
    means = [each["mean"] for each in compiled[f"sensor.{HOME}_battery_power"][1:]]
    assert means == pytest.approx([flows.battery] * len(means), rel=0.01)
    units = await get_instance(hass).async_add_executor_job(
        lambda: statistics.get_metadata(hass, statistic_ids=moved)
    )
    assert {each["unit_of_measurement"] for _, each in units.values()} == {"kW", "kWh"}


def _rows() -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield what README says moves: of what, from which names, to which."""
    _, _, section = README.partition("| `powerwall` | Here | Differs in |\n")
    table, _, _ = section.partition("\n\n")
    for row in table.splitlines()[1:]:
        old, new, _ = row.strip("|").split("|")
        of = BATTERY if "of each Powerwall" in old else HOME
        names = re.findall(r"\*\*(.+?)\*\*", new)
        yield of, [each.removeprefix("...") for each in quoted(old)], names


async def test_what_becomes_what(hass: HomeAssistant, core: ConfigEntry) -> None:
    """Test each entity of the other one is listed, and what it becomes exists."""
    registry = er.async_get(hass)
    theirs = er.async_entries_for_config_entry(registry, core.entry_id)
    names = {
        text["name"] for texts in TEXTS["entity"].values() for text in texts.values()
    }
    listed = set()
    for of, old, new in _rows():
        assert {*new} <= names
        assert len(new) in (0, len(old))
        listed |= {f"{of}{each}" for each in old}
    assert listed == {
        each.entity_id.partition(".")[2] for each in theirs if not each.disabled
    }
