"""Tests of the diagnostics."""

import json
from typing import Any

from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from simulator.server import Simulator

from .conftest import PASSWORD


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
) -> None:
    """Test diagnostics tell everything but secrets."""
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics["settings"]["role"] == "customer"
    assert diagnostics["endpoints"]["/api/operation"] == "answered"
    assert diagnostics["live"]["data"]["grid"]["reported"] == "SystemGridConnected"
    assert diagnostics["live"]["data"]["meters"]["site"]["real_power"] is not None
    assert diagnostics["state"]["data"]["system"]["batteries"][0]["voltage"]
    assert diagnostics["info"]["data"]["status"]["firmware"] == "21.44"

    text = json.dumps(diagnostics)
    secrets = [
        PASSWORD,
        str(entry.unique_id).partition("--")[2],
        gateway.fingerprint.hex(),
        entry.data["record"]["token"],
        "Simulated Home",
        "127.0.0.1",
        *(battery.serial for battery in gateway.site.batteries),
    ]
    assert [secret for secret in secrets if secret in text] == []


async def test_diagnostics_of_an_unloaded_entry(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
) -> None:
    """Test a gateway that cannot be set up still has its settings to hand on."""
    await hass.config_entries.async_unload(entry.entry_id)
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert diagnostics["settings"]["role"] == "customer"
    assert "live" not in diagnostics
