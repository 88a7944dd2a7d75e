"""Sensors: what the gateway measures, and what it is set to."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from logging import DEBUG, WARNING
from time import monotonic, time
from typing import Any, Final, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import (
    ExtraStoredData,
    RestoredExtraData,
    RestoreEntity,
)
from homeassistant.helpers.typing import StateType

from .const import LOGGER
from .coordinator import GatewayConfigEntry
from .energy_guard import EnergyGuard, Notice, limit_kept
from .entity import EntityAdder, GatewayEntity, Part, Units
from .gateway import MeterKind
from .limits import COMPONENT_LIMITS, METER_LIMITS, Limit, battery_limit, unlimited
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

_SAID: Final = {
    Notice.HELD_BACK: "cannot be, and is held back",
    Notice.RESET_CONFIRMED: "is believed: the counter has begun anew",
    Notice.JUMP_ACCEPTED: "is believed: it has stayed for an hour",
    Notice.STAYS_LOWER: "stands still, lower than what is shown until it rises",
}
"""What the log says of a lifetime energy."""

type _Table = tuple[Part[Any] | Units[Any], Described[Any]]
"""What the sensors hang on, and which they are."""
type _LimitedTable = tuple[*_Table, Limit]
"""The same, and how much is moved by what the lifetime energies among them count."""


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
    for part, descriptions, limit in _limited(entry):
        adder.add(part, partial(_sensor, limit), descriptions)
    for tables in (_others, _installation):
        for part, descriptions in tables(entry):
            adder.add(part, partial(_sensor, unlimited), descriptions)


def _limited(entry: GatewayConfigEntry) -> Iterator[_LimitedTable]:
    """Yield the tables in which there are lifetime energies."""
    live = entry.runtime_data.live
    for meter_kind, descriptions in METER_SENSORS.items():
        limit = METER_LIMITS.get(meter_kind, unlimited)
        yield gateway_part(live, meter(meter_kind)), descriptions, limit
    yield batteries(entry), BATTERY_SENSORS, battery_limit
    for kind, readings in COMPONENT_SENSORS.items():
        yield components(entry, kind), readings, COMPONENT_LIMITS.get(kind, unlimited)
    for location, phases in PHASE_SENSORS.items():
        limit = METER_LIMITS[MeterKind(location)]
        yield phase_meters(entry, location), phases, limit


def _others(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of charge, grid, settings, grid faults and alerts."""
    live, state = entry.runtime_data.live, entry.runtime_data.state
    yield gateway_part(live, lambda data: data.charge), CHARGE_SENSORS
    yield gateway_part(live, lambda data: data.grid), GRID_SENSORS
    yield gateway_part(state, lambda data: data.system), SYSTEM_SENSORS
    yield gateway_part(state, lambda data: data.operation), OPERATION_SENSORS
    yield gateway_part(state, lambda data: data.grid_faults), GRID_FAULT_SENSORS
    yield (
        gateway_part(state, lambda data: data.site_controller),
        SITE_CONTROLLER_SENSORS,
    )
    yield components(entry), ALERT_SENSORS


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


def _sensor[PartT](
    limit: Limit, part: Part[PartT], description: GatewaySensorDescription[PartT]
) -> GatewaySensor[PartT]:
    """Return the entity that shows a reading."""
    if description.is_lifetime:
        return LifetimeSensor(part, description, limit)
    return GatewaySensor(part, description)


class GatewaySensor[PartT](GatewayEntity[PartT, StateType | datetime], SensorEntity):
    """One reading."""

    entity_description: GatewaySensorDescription[PartT]

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Return the latest reading."""
        return self.shown_value


class LifetimeSensor[PartT](GatewaySensor[PartT], RestoreEntity):
    """One lifetime energy, of which nothing goes out that would spoil a total."""

    _is_of_part_alone = False

    def __init__(
        self,
        part: Part[PartT],
        description: GatewaySensorDescription[PartT],
        limit_fn: Limit,
    ) -> None:
        """Initialize the entity; `limit_fn` tells how much the hardware moves."""
        super().__init__(part, description)
        self._limit_fn = limit_fn
        self._guard = EnergyGuard()
        self._limit: float | None = None

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        """Return what is known of the counter, for the next start."""
        return RestoredExtraData({**self._guard.as_dict(), "limit": self._limit})

    @override
    async def async_added_to_hass(self) -> None:
        """Take up what was known before the last stop."""
        if kept := await self.async_get_last_extra_data():
            known = kept.as_dict()
            self._guard = EnergyGuard(known)
            # What hardware moves at most is read again after the first reading.
            self._limit = limit_kept(known.get("limit"))
        await super().async_added_to_hass()

    @override
    def _value_of(self, part: PartT) -> StateType | datetime:
        """Return the reading if it is believed, else the last one that was.

        Every reading is handed to the guard once, and what is the matter with it told.
        """
        reading = super()._value_of(part)
        runtime = self.coordinator.config_entry.runtime_data
        self._limit = self._limit_fn(runtime) or self._limit
        believed = self._guard.admit(
            reading if isinstance(reading, (int, float)) else None,
            limit=self._limit,
            utc=time(),
            monotonic=monotonic(),
        )
        if notice := self._guard.notice:
            level = DEBUG if notice is Notice.HELD_BACK else WARNING
            LOGGER.log(level, "%s: %s Wh %s", self.entity_id, reading, _SAID[notice])
        return believed
