"""Binary sensors: what is so, or is not."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .binary_sensor_tables import (
    ACCESSORY_BINARY_SENSORS,
    BATTERY_BINARY_SENSORS,
    COMPONENT_BINARY_SENSORS,
    FIRMWARE_BINARY_SENSORS,
    GRID_BINARY_SENSORS,
    NETWORK_BINARY_SENSORS,
    PHASE_BINARY_SENSORS,
    POWERWALL_BINARY_SENSORS,
    POWERWALLS_BINARY_SENSORS,
    REGISTRATION_BINARY_SENSORS,
    SITE_CONTROLLER_BINARY_SENSORS,
    Described,
    GatewayBinarySensorDescription,
)
from .coordinator import GatewayConfigEntry
from .entity import EntityAdder, GatewayEntity, Part, Units
from .parts import (
    accessories,
    batteries,
    components,
    gateway_part,
    phase_meters,
    powerwalls,
)

PARALLEL_UPDATES = 0

type _Table = tuple[Part[Any] | Units[Any], Described[Any]]
"""What the binary sensors hang on, and which they are."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors this gateway has."""
    adder = EntityAdder(
        entry=entry,
        platform=Platform.BINARY_SENSOR,
        async_add_entities=async_add_entities,
    )
    for part, descriptions in _tables(entry):
        adder.add(part, GatewayBinarySensor, descriptions)


def _tables(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield all tables."""
    runtime = entry.runtime_data
    live, state, devices, info = (
        runtime.live,
        runtime.state,
        runtime.devices,
        runtime.info,
    )
    yield gateway_part(live, lambda data: data.grid), GRID_BINARY_SENSORS
    yield (
        gateway_part(state, lambda data: data.site_controller),
        SITE_CONTROLLER_BINARY_SENSORS,
    )
    yield batteries(entry), BATTERY_BINARY_SENSORS
    for kind, descriptions in COMPONENT_BINARY_SENSORS.items():
        yield components(entry, kind), descriptions
    for location, phases in PHASE_BINARY_SENSORS.items():
        yield phase_meters(entry, location), phases
    yield gateway_part(devices, lambda data: data.powerwalls), POWERWALLS_BINARY_SENSORS
    yield powerwalls(entry), POWERWALL_BINARY_SENSORS
    yield accessories(entry), ACCESSORY_BINARY_SENSORS
    yield (
        gateway_part(devices, lambda data: data.firmware_update),
        FIRMWARE_BINARY_SENSORS,
    )
    yield gateway_part(devices, lambda data: data.networks), NETWORK_BINARY_SENSORS
    yield (
        gateway_part(info, lambda data: data.registered),
        REGISTRATION_BINARY_SENSORS,
    )


class GatewayBinarySensor[PartT](GatewayEntity[PartT, bool], BinarySensorEntity):
    """One thing that is so, or is not."""

    entity_description: GatewayBinarySensorDescription[PartT]

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is so."""
        return self.shown_value
