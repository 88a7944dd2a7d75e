"""Sensors: what the gateway measures, and what it is set to."""

from collections.abc import Iterator
from datetime import datetime
from logging import DEBUG, WARNING
from time import monotonic, time
from typing import Any, Final, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
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
from .limits import COMPONENT_LIMITS, METER_LIMITS, battery_limit, unlimited
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
from .sensor_types import Described, GatewaySensorDescription, limited

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
            adder.add(part, _sensor, descriptions)


def _live(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of the power flow."""
    live = entry.runtime_data.live
    for kind, descriptions in METER_SENSORS.items():
        limit = METER_LIMITS.get(kind, unlimited)
        yield gateway_part(live, meter(kind)), limited(limit, descriptions)
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
    yield batteries(entry), limited(battery_limit, BATTERY_SENSORS)


def _components(entry: GatewayConfigEntry) -> Iterator[_Table]:
    """Yield the tables of vitals and of meters phase by phase."""
    for kind, descriptions in COMPONENT_SENSORS.items():
        limit = COMPONENT_LIMITS.get(kind, unlimited)
        yield components(entry, kind), limited(limit, descriptions)
    yield components(entry), ALERT_SENSORS
    for location, phases in PHASE_SENSORS.items():
        limit = METER_LIMITS[MeterKind(location)]
        yield phase_meters(entry, location), limited(limit, phases)


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
    part: Part[PartT], description: GatewaySensorDescription[PartT]
) -> GatewaySensor[PartT]:
    """Return the entity that shows a reading."""
    if description.is_lifetime:
        return LifetimeSensor(part, description)
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

    def __init__(
        self, part: Part[PartT], description: GatewaySensorDescription[PartT]
    ) -> None:
        """Initialize the entity."""
        super().__init__(part, description)
        self._guard = EnergyGuard()
        self._limit: float | None = None
        self._energy: float | None = None

    @property
    @override
    def shown_value(self) -> StateType | datetime:
        """Return the latest reading that is believed."""
        return self._energy

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
        self._admit()
        await super().async_added_to_hass()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Look at the reading before it is shown."""
        self._admit()
        super()._handle_coordinator_update()

    def _admit(self) -> None:
        """Hand the reading to the guard, and tell once what is the matter with it."""
        reading = super().shown_value
        runtime = self.coordinator.config_entry.runtime_data
        self._limit = self.entity_description.limit_fn(runtime) or self._limit
        self._energy = self._guard.admit(
            reading if isinstance(reading, int | float) else None,
            limit=self._limit,
            utc=time(),
            monotonic=monotonic(),
        )
        if notice := self._guard.notice:
            level = DEBUG if notice is Notice.HELD_BACK else WARNING
            LOGGER.log(level, "%s: %s Wh %s", self.entity_id, reading, _SAID[notice])
