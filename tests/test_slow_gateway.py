"""Tests with a gateway that takes its time, in time that passes by itself."""

from collections.abc import Generator

import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from simulator.server import Simulator


@pytest.fixture
def gateway(socket_enabled: None) -> Generator[Simulator]:
    """Run a simulated gateway, in whose home time passes as it does outside."""
    with Simulator(profile="21.44") as simulator:
        yield simulator


@pytest.mark.parametrize("coordinator", ["devices", "info"])
async def test_what_is_read_one_by_one(
    entry: GatewayConfigEntry, gateway: Simulator, coordinator: str
) -> None:
    """Test each part has its own time, so that the last ones have their turn."""
    refreshed = getattr(entry.runtime_data, coordinator)
    entry.runtime_data.client._session._timeout = 0.35
    gateway.latency = 0.1
    gateway.reset_stats()
    data = await refreshed._async_update_data()
    assert gateway.stats.total >= 4
    assert None not in [getattr(data, part) for part in refreshed._reads]
    assert refreshed.update_interval == refreshed._interval
