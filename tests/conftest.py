"""What all tests share: a simulated gateway, and the way to add it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from datetime import timedelta
from itertools import chain, repeat
import time
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_gateway.const import CONF_ADVANCED, DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import DATA_CONNECTOR
from simulator.server import Simulator

from .control_ways import SITE_CONTROLLER, Way, entity_id

# `--hypothesis-profile=nightly` tries more; what a test multiplies is this number.
settings.register_profile("nightly", max_examples=1000)

PASSWORD = "KLMNP"

LOOK = 0.002
"""Seconds between two looks at what the gateway has been asked."""
LOOKS_AT_REST = 2
"""Alike, with nothing under way: once could be just before the next request."""
LOOKS_AT_HANGING = 10
"""Alike, with all that is under way held up by the gateway."""
LOOKS_AT_BUSY = 250
"""Alike, with anything else under way: half a second, as it may just be slow.

The gateway is asked nothing while a connection is made, or its thread has no turn.
"""

type Act = Callable[..., Coroutine[Any, Any, None]]
type AddGateway = Callable[..., Awaitable[GatewayConfigEntry]]
type Tick = Callable[[float], Awaitable[None]]
type TickUntil = Callable[[Awaitable[Any]], Awaitable[Any]]
type StateOf = Callable[..., str | None]
type Shown = Callable[[Way], tuple[str | None, str | None]]


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find this integration, where a test has a Home Assistant."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def gateway_options() -> dict[str, Any]:
    """Return how the gateway is simulated; tests parametrize this."""
    return {}


@pytest.fixture
def gateway(
    socket_enabled: None,
    freezer: FrozenDateTimeFactory,
    gateway_options: dict[str, Any],
) -> Generator[Simulator]:
    """Run a simulated gateway, in whose home time passes when a test says so."""
    with Simulator(**{"profile": "21.44", **gateway_options}) as simulator:
        yield simulator


@pytest.fixture
def role() -> str:
    """Return as whom we log in; tests parametrize this."""
    return "customer"


@pytest.fixture
def user_input(gateway: Simulator, role: str) -> dict[str, Any]:
    """Return what a person types to add the gateway."""
    return {
        CONF_HOST: f"127.0.0.1:{gateway.port}",
        CONF_PASSWORD: PASSWORD,
        CONF_ADVANCED: {"role": role},
    }


@pytest.fixture
def add_gateway(hass: HomeAssistant, user_input: dict[str, Any]) -> AddGateway:
    """Return what adds the gateway as a person does."""

    async def add(**typed: Any) -> GatewayConfigEntry:
        flow = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        result = await hass.config_entries.flow.async_configure(
            flow["flow_id"], user_input | typed
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        await hass.async_block_till_done(wait_background_tasks=True)
        return result["result"]

    return add


@pytest.fixture
async def entry(add_gateway: AddGateway) -> GatewayConfigEntry:
    """Return the config entry of the gateway, loaded."""
    return await add_gateway()


@pytest.fixture
def tick(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Tick:
    """Return what lets time pass, and all that is due in it happen."""

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)

    return pass_time


@pytest.fixture
def tick_on(
    hass: HomeAssistant, gateway: Simulator, freezer: FrozenDateTimeFactory
) -> Tick:
    """Return what lets time pass too, and waits for nothing that hangs."""

    def looks_needed() -> int:
        connectors = hass.data.get(DATA_CONNECTOR, {}).values()
        if not any(each._acquired for each in connectors):
            return LOOKS_AT_REST
        stats = gateway.stats
        is_held = stats.in_flight and stats.in_flight <= stats.held
        return LOOKS_AT_HANGING if is_held else LOOKS_AT_BUSY

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))
        async_fire_time_changed(hass)
        looks, asked = 0, -1
        while looks < looks_needed():
            await hass.async_add_executor_job(time.sleep, LOOK)
            looks = looks + 1 if gateway.stats.total == asked else 0
            asked = gateway.stats.total

    return pass_time


@pytest.fixture
def tick_until(hass: HomeAssistant, tick_on: Tick) -> TickUntil:
    """Return what lets time pass, as long as it takes, until something is done."""

    async def pass_time_until(call: Awaitable[Any]) -> Any:
        task = asyncio.ensure_future(call)
        steps = chain([0], repeat(0.6, 20), repeat(3))
        while not task.done():
            await tick_on(next(steps))
        # So that no poll is under way when time passes again.
        await hass.async_block_till_done(wait_background_tasks=True)
        return await task

    return pass_time_until


@pytest.fixture
def state_of(hass: HomeAssistant, entry: GatewayConfigEntry) -> StateOf:
    """Return what gives the state of the gateway's entity with a key."""
    registry = er.async_get(hass)

    def state(
        key: str,
        device: str | None = None,
        platforms: Iterable[str] = ("sensor", "binary_sensor", "event"),
    ) -> str | None:
        unique_id = f"{device or entry.unique_id}_{key}"
        for platform in platforms:
            entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id)
            if entity_id and (found := hass.states.get(entity_id)):
                return found.state
        return None

    return state


@pytest.fixture
def with_site_controller(entity_registry: er.EntityRegistry) -> None:
    """Let the switch of the site controller be one that a person has turned on."""
    entity_registry.async_get_or_create("switch", DOMAIN, SITE_CONTROLLER)


@pytest.fixture
def act(hass: HomeAssistant, entry: GatewayConfigEntry) -> Act:
    """Return what sets something as a person or an automation does."""

    async def act(way: Way, **data: Any) -> None:
        domain, service = way.service.split(".")
        target = (
            {"config_entry_id": entry.entry_id}
            if domain == DOMAIN
            else {"entity_id": entity_id(hass, entry, *way.control)}
        )
        await hass.services.async_call(
            domain, service, {**target, **way.data, **data}, blocking=True
        )

    return act


@pytest.fixture
def shown(state_of: StateOf) -> Shown:
    """Return what gives the states of a control and of what shows the truth."""

    def states(way: Way) -> tuple[str | None, str | None]:
        (platform, key), (told_by, truth) = way.control, way.sensor
        return (
            state_of(key, platforms=(platform,)),
            state_of(truth, platforms=(told_by,)),
        )

    return states


@pytest.fixture
async def all_entities(
    hass: HomeAssistant, entry: GatewayConfigEntry, entity_registry: er.EntityRegistry
) -> list[er.RegistryEntry]:
    """Return all entities of the gateway, those off by default turned on."""
    for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        entity_registry.async_update_entity(entity.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    return er.async_entries_for_config_entry(entity_registry, entry.entry_id)
