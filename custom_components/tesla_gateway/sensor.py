"""Sensors: what the gateway measures, and what it is set to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import GatewayConfigEntry
from .entity import EntityAdder, GatewayEntity, Part, Units
from .parts import (
    accessories,
    batteries,
    components,
    gateway_part,
    generators,
    meter,
    phase_meters,
    powerwalls,
)
from .sensor_components import ALERT_SENSORS, COMPONENT_SENSORS
from .sensor_installation import (
    ACCESSORY_SENSORS,
    FIRMWARE_SENSORS,
    GENERATOR_SENSORS,
    GENERATORS_SENSORS,
    NETWORK_SENSORS,
    POWERWALL_SENSORS,
    POWERWALLS_SENSORS,
    PROBLEM_SENSORS,
    SITE_SENSORS,
    SOLAR_SYSTEM_SENSORS,
    STATUS_SENSORS,
)
from .sensor_tables import (
    BATTERY_SENSORS,
    CHARGE_SENSORS,
    GRID_FAULT_SENSORS,
    GRID_SENSORS,
    METER_SENSORS,
    OPERATION_SENSORS,
    PHASE_SENSORS,
    SITE_CONTROLLER_SENSORS,
    SYSTEM_SENSORS,
)
from .sensor_types import Described, GatewaySensorDescription

PARALLEL_UPDATES = 0

type _Table = tuple[Part[Any] | Units[Any], Described[Any]]
"""What the sensors hang on, and which they are."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors this gateway has."""
    adder = EntityAdder(
        entry=entry,
        platform=Platform.SENSOR,
        async_add_entities=async_add_entities,
    )
    for tables in (_live, _state, _components, _installation):
        for part, descriptions in tables(entry):
            adder.add(part, GatewaySensor, descriptions)


def _live(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of the power flow."""
    live = entry.runtime_data.live
    for kind, descriptions in METER_SENSORS.items():
        yield gateway_part(live, meter(kind)), descriptions
    yield gateway_part(live, lambda data: data.charge), CHARGE_SENSORS
    yield gateway_part(live, lambda data: data.grid), GRID_SENSORS


def _state(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of batteries, settings and grid faults."""
    state = entry.runtime_data.state
    yield gateway_part(state, lambda data: data.system), SYSTEM_SENSORS
    yield gateway_part(state, lambda data: data.operation), OPERATION_SENSORS
    yield gateway_part(state, lambda data: data.grid_faults), GRID_FAULT_SENSORS
    yield (
        gateway_part(state, lambda data: data.site_controller),
        SITE_CONTROLLER_SENSORS,
    )
    yield batteries(entry), BATTERY_SENSORS


def _components(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of vitals and of meters phase by phase."""
    for kind, descriptions in COMPONENT_SENSORS.items():
        yield components(entry, kind), descriptions
    yield components(entry), ALERT_SENSORS
    for location, phases in PHASE_SENSORS.items():
        yield phase_meters(entry, location), phases


def _installation(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of what is installed."""
    devices, info = entry.runtime_data.devices, entry.runtime_data.info
    yield gateway_part(devices, lambda data: data.powerwalls), POWERWALLS_SENSORS
    yield powerwalls(entry), POWERWALL_SENSORS
    yield accessories(entry), ACCESSORY_SENSORS
    yield gateway_part(devices, lambda data: data.firmware_update), FIRMWARE_SENSORS
    yield gateway_part(devices, lambda data: data.networks), NETWORK_SENSORS
    yield gateway_part(devices, lambda data: data.problems), PROBLEM_SENSORS
    yield gateway_part(info, lambda data: data.status), STATUS_SENSORS
    yield gateway_part(info, lambda data: data.site), SITE_SENSORS
    yield gateway_part(info, lambda data: data.generators), GENERATORS_SENSORS
    yield generators(entry), GENERATOR_SENSORS
    yield gateway_part(info, lambda data: data.solars), SOLAR_SYSTEM_SENSORS


class GatewaySensor[PartT](GatewayEntity[PartT, StateType | datetime], SensorEntity):
    """One reading."""

    entity_description: GatewaySensorDescription[PartT]

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the latest reading."""
        return self.shown_value
