"""How soon a setting is shown, in time that passes by itself."""

import asyncio
from collections.abc import Generator

import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from simulator.server import Simulator
from simulator.site import ISLANDING_SECONDS, WriteEffect, WriteKind

from .conftest import Act
from .control_ways import ISLAND_MODE, Way, entity_id, ways

pytestmark = pytest.mark.usefixtures("with_site_controller")


DELAY = 0.8
"""Seconds until the gateway does it, so that the first look is too early."""


@pytest.fixture
def gateway(socket_enabled: None) -> Generator[Simulator]:
    """Run a simulated gateway, in whose home time passes as it does outside."""
    with Simulator(profile="21.44") as simulator:
        yield simulator


@pytest.mark.parametrize(**ways("select", "number", "switch", "site controller"))
async def test_shown_within_a_second(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    way: Way,
) -> None:
    """Test the truth shows within one second of the gateway's own moment."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=DELAY)
    waits: list[float] = []

    @callback
    def see(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and state.state == way.told[1]:
            site = gateway.site
            assert site.applied_at is not None
            waits.append((site.now - site.applied_at).total_seconds())

    async_track_state_change_event(hass, entity_id(hass, entry, *way.sensor), see)
    await asyncio.wait_for(act(way), 8)
    on_its_way = ISLANDING_SECONDS if way.endpoint == ISLAND_MODE else 0
    (wait,) = waits
    assert 0 <= wait - on_its_way < 1
