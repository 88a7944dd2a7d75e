"""Tests with the recorded answers of a real gateway, where such are at hand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .conftest import StateOf

VARIABLE = "TESLA_GATEWAY_RECORDINGS"
RECORDINGS = Path(os.environ.get(VARIABLE, "nowhere"))

pytestmark = pytest.mark.skipif(
    VARIABLE not in os.environ,
    reason=f"{VARIABLE} does not name a folder of recordings",
)


def _answer(state: str, path: str) -> Any:
    """Return a recorded answer."""
    return json.loads((RECORDINGS / "21.44" / state / f"{path}.json").read_text())


@pytest.mark.parametrize(
    "gateway_options", [{"replay": RECORDINGS / "21.44" / "running"}]
)
async def test_running(
    hass: HomeAssistant, entry: GatewayConfigEntry, state_of: StateOf
) -> None:
    """Test what a running gateway told is what is shown."""
    meters = _answer("running", "meters.aggregates")
    system = _answer("running", "system_status")
    (block,) = system["battery_blocks"]
    battery = f"{block['PackagePartNumber']}--{block['PackageSerialNumber']}"
    charge = _answer("running", "system_status.soe")["percentage"]
    shown = {
        "grid_power": meters["site"]["instant_power"],
        "home_power": meters["load"]["instant_power"],
        "solar_power": meters["solar"]["instant_power"],
        "battery_power": meters["battery"]["instant_power"],
        "grid_energy_imported": meters["site"]["energy_imported"],
        "grid_energy_exported": meters["site"]["energy_exported"],
        "home_energy": meters["load"]["energy_imported"],
        "solar_energy": meters["solar"]["energy_exported"],
        "battery_energy_charged": meters["battery"]["energy_imported"],
        "battery_energy_discharged": meters["battery"]["energy_exported"],
        "energy_remaining": system["nominal_energy_remaining"],
        "energy_capacity": system["nominal_full_pack_energy"],
        "state_of_charge": (charge - 5) / 0.95,
        "backup_reserve": (30 - 5) / 0.95,
    }
    for key, value in shown.items():
        assert float(state_of(key) or "nan") == pytest.approx(value, rel=1e-14), key
    assert float(state_of("power", battery) or "nan") == block["p_out"]
    assert state_of("inverter_state", battery) == "grid_following"
    assert state_of("grid_status") == "connected"
    assert state_of("operation_mode") == "autonomous"
    assert state_of("site_controller") == "on"
    assert entry.title == "Home Energy Gateway"


@pytest.mark.parametrize(
    "gateway_options", [{"replay": RECORDINGS / "21.44" / "stopped"}]
)
async def test_stopped(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    state_of: StateOf,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a stopped gateway is set up, and shows what it still tells."""
    assert state_of("site_controller") == "off"
    assert state_of("operation_mode") == "autonomous"
    assert state_of("grid_power") is None
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    unavailable = {
        entity.entity_id
        for entity in entities
        if not entity.disabled
        and (state := hass.states.get(entity.entity_id))
        and state.state in ("unavailable", "unknown")
    }
    assert entities
    assert not unavailable
    assert "ERROR" not in caplog.text
