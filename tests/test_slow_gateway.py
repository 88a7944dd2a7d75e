"""Tests with a gateway that takes its time with each answer."""

from dataclasses import fields
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from simulator.server import Simulator

from .waiting import until

SECONDS: Final = 4
"""For each answer: two are within the ten that a part has, and four are not."""
PATHS: Final = {
    "devices": (
        "/api/powerwalls",
        "/api/system/update/status",
        "/api/networks",
        "/api/troubleshooting/problems",
    ),
    "info": (
        "/api/status",
        "/api/site_info",
        "/api/customer/registration",
        "/api/generators",
        "/api/generators/disconnect_types",
        "/api/solars",
    ),
}
"""What a coordinator asks one by one."""


@pytest.mark.parametrize("coordinator", PATHS)
async def test_what_is_read_one_by_one(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    freezer: FrozenDateTimeFactory,
    coordinator: str,
) -> None:
    """Test each part has its own time, so that the last ones have their turn."""

    def hold() -> None:
        gateway.faults.clear()
        for path in PATHS[coordinator]:
            gateway.faults.add(path, ending="hang")

    refreshed = getattr(entry.runtime_data, coordinator)
    interval = refreshed.update_interval
    gateway.reset_stats()
    hold()
    refresh = hass.async_create_task(refreshed.async_refresh())
    while not refresh.done():
        await until(lambda: gateway.stats.held or refresh.done())
        freezer.tick(SECONDS)
        hold()  # Only what is asked after this.
        await until(lambda: not gateway.stats.held)
    assert {f"GET {path}" for path in PATHS[coordinator]} <= {*gateway.stats.requests}
    data = refreshed.data
    assert None not in [getattr(data, part.name) for part in fields(data)]
    assert refreshed.update_interval == interval
    gateway.faults.clear()
