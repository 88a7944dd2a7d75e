"""Tests of deleting devices: those that the gateway tells nothing of any more."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
import json

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator.server import Simulator

from .conftest import Tick

SYSTEM = "/api/system_status"
POWERWALLS = "/api/powerwalls"
VITALS = "/api/devices/vitals"
GENERATORS = "/api/generators"
METERS = ("/api/meters/site", "/api/meters/solar")
TELL = (SYSTEM, POWERWALLS, VITALS, "/api/solar_powerwall", GENERATORS, *METERS)
"""What tells of devices."""
SECOND = "3012170-05-B--TGSIMULATED102"
METER = {
    "type": "neurio_w2_tcp",
    "cts": [True, True, False, False],
    "inverted": [False, True, False, False],
    "connection": {"device_serial": "TGSIMULATED304"},
    "Cached_readings": {"v_l1n": 121.5, "real_power_a": 700},
}
"""A meter of its own, of which vitals tell too."""

type Delete = Callable[[str], Awaitable[bool]]
type Keys = Callable[[], set[str]]


@pytest.fixture
def device(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry
) -> Callable[[str], dr.DeviceEntry | None]:
    """Return what finds the device whose identifier ends so."""

    def find(ending: str) -> dr.DeviceEntry | None:
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
        for each in devices:
            if any(number.endswith(ending) for _, number in each.identifiers):
                return each
        return None

    return find


@pytest.fixture
async def delete(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    device: Callable[[str], dr.DeviceEntry | None],
) -> Delete:
    """Return what deletes a device as a person does, if it may be."""
    assert await async_setup_component(hass, "config", {})
    websocket = await hass_ws_client(hass)

    async def ask(ending: str) -> bool:
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        found = device(ending)
        assert found
        await websocket.send_json_auto_id(
            {
                "type": "config/device_registry/remove_config_entry",
                "config_entry_id": entry.entry_id,
                "device_id": found.id,
            }
        )
        answer = await websocket.receive_json()
        await hass.async_block_till_done(wait_background_tasks=True)
        return bool(answer["success"])

    return ask


@pytest.fixture
def keys(hass: HomeAssistant, entity_registry: er.EntityRegistry) -> Keys:
    """Return what gives the keys of the second Powerwall that are available."""

    def available() -> set[str]:
        return {
            entity.unique_id.removeprefix(f"{SECOND}_")
            for state in hass.states.async_all()
            if state.state != STATE_UNAVAILABLE
            and (entity := entity_registry.async_get(state.entity_id))
            and entity.unique_id.startswith(f"{SECOND}_")
        }

    return available


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_comes_back(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    device: Callable[[str], dr.DeviceEntry | None],
    delete: Delete,
    keys: Keys,
    tick: Tick,
) -> None:
    """Test a Powerwall is deleted with all it shows, and is back when it is told of."""
    everything = keys()
    assert len(everything) > 10
    gateway.control({"site": {"batteries": 1}})
    await tick(301)
    assert await delete(SECOND)
    assert entry.state is ConfigEntryState.LOADED
    await tick(301)
    assert device(SECOND) is None
    assert keys() == set()
    gateway.control({"site": {"batteries": 2}})
    await tick(301)
    assert device(SECOND)
    assert keys() == everything


async def _reload_without(
    hass: HomeAssistant, gateway: Simulator, *hidden: str
) -> None:
    """Let the entry begin anew with a gateway that lacks some endpoints."""
    gateway.faults.clear()
    for path in hidden:
        gateway.faults.add(path, status=HTTPStatus.NOT_FOUND)
    for path in METERS:
        gateway.faults.add(path, body=json.dumps([METER]))
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("gateway_options", [{"scenario": "generator"}])
@pytest.mark.parametrize(
    ("path", "ending"),
    [
        pytest.param(SYSTEM, "--TGSIMULATED101", id="Powerwall that runs"),
        pytest.param(POWERWALLS, "--TGSIMULATED101", id="Powerwall that is installed"),
        pytest.param(VITALS, "--TGSIMULATED101", id="Powerwall in vitals"),
        pytest.param(VITALS, "_TGSIMULATED303", id="inverter"),
        pytest.param(POWERWALLS, "_synchronizer", id="contactor"),
        pytest.param(METERS[0], "_TGSIMULATED304", id="meter at the grid"),
        pytest.param(METERS[1], "_TGSIMULATED304", id="meter of the panels"),
        pytest.param(GENERATORS, "_generator_1", id="generator"),
    ],
)
@pytest.mark.usefixtures("all_entities")
async def test_not_while_one_tells_of_it(
    hass: HomeAssistant,
    gateway: Simulator,
    device: Callable[[str], dr.DeviceEntry | None],
    delete: Delete,
    path: str,
    ending: str,
) -> None:
    """Test a device can be deleted once nothing tells of it any more, not before."""
    await _reload_without(hass, gateway, *(each for each in TELL if each != path))
    assert not await delete(ending)
    await _reload_without(hass, gateway, *TELL)
    assert await delete(ending)
    assert device(ending) is None


async def test_not_the_gateway_itself(
    entry: GatewayConfigEntry, delete: Delete, gateway: Simulator
) -> None:
    """Test it goes with its entry alone."""
    assert not await delete(str(entry.unique_id))


@pytest.mark.parametrize("gateway_options", [{"batteries": 2}])
async def test_not_while_it_is_not_loaded(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    delete: Delete,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test nothing is deleted while nobody knows what the gateway tells."""
    gateway.control({"site": {"batteries": 1}})
    await tick(301)
    await hass.config_entries.async_unload(entry.entry_id)
    assert not await delete(SECOND)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert not [each for each in caplog.records if each.exc_info]
