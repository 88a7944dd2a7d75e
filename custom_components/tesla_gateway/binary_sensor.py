"""Binary sensors: what is so, or is not."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adder import EntityAdder
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
    GatewayBinarySensorDescription,
)
from .coordinator import GatewayConfigEntry
from .entity import GatewayEntity
from .parts import (
    accessories,
    batteries,
    components,
    gateway_part,
    phase_meters,
    powerwalls,
)

PARALLEL_UPDATES = 0


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
    _add_running(adder)
    _add_installed(adder)


def _add_running(adder: EntityAdder) -> None:
    """Add what is so of grid, site controller, batteries, components and meters."""
    entry, make = adder.entry, GatewayBinarySensor
    live, state = entry.runtime_data.live, entry.runtime_data.state
    adder.add(gateway_part(live, lambda data: data.grid), make, GRID_BINARY_SENSORS)
    site_controller = gateway_part(state, lambda data: data.site_controller)
    adder.add(site_controller, make, SITE_CONTROLLER_BINARY_SENSORS)
    adder.add(batteries(entry), make, BATTERY_BINARY_SENSORS)
    for kind, descriptions in COMPONENT_BINARY_SENSORS.items():
        adder.add(components(entry, kind), make, descriptions)
    for location, phases in PHASE_BINARY_SENSORS.items():
        adder.add(phase_meters(entry, location), make, phases)


def _add_installed(adder: EntityAdder) -> None:
    """Add what is so of what is installed."""
    entry, make = adder.entry, GatewayBinarySensor
    devices, info = entry.runtime_data.devices, entry.runtime_data.info
    units = gateway_part(devices, lambda data: data.powerwalls)
    adder.add(units, make, POWERWALLS_BINARY_SENSORS)
    adder.add(powerwalls(entry), make, POWERWALL_BINARY_SENSORS)
    adder.add(accessories(entry), make, ACCESSORY_BINARY_SENSORS)
    update = gateway_part(devices, lambda data: data.firmware_update)
    adder.add(update, make, FIRMWARE_BINARY_SENSORS)
    networks = gateway_part(devices, lambda data: data.networks)
    adder.add(networks, make, NETWORK_BINARY_SENSORS)
    registered = gateway_part(info, lambda data: data.registered)
    adder.add(registered, make, REGISTRATION_BINARY_SENSORS)


class GatewayBinarySensor[PartT](GatewayEntity[PartT, bool], BinarySensorEntity):
    """One thing that is so, or is not."""

    entity_description: GatewayBinarySensorDescription[PartT]

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is so."""
        return self.shown_value
