"""Sensors: what the gateway measures, and what it is set to."""

from dataclasses import dataclass
from datetime import datetime
from logging import DEBUG, WARNING
from time import monotonic, time
from typing import Final, override

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

from .adder import EntityAdder
from .const import LOGGER
from .coordinator import GatewayConfigEntry
from .energy_guard import EnergyGuard, Notice, limit_kept
from .entity import GatewayEntity
from .gateway import MeterKind
from .limits import COMPONENT_LIMITS, METER_LIMITS, Limit, battery_limit, unlimited
from .parts import (
    Part,
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
from .sensor_types import GatewaySensorDescription

PARALLEL_UPDATES = 0

_SAID: Final = {
    Notice.HELD_BACK: "cannot be, and is held back",
    Notice.RESET_CONFIRMED: "is believed: the counter has begun anew",
    Notice.JUMP_ACCEPTED: "is believed: it has stayed for an hour",
    Notice.STAYS_LOWER: "stands still, lower than what is shown until it rises",
}
"""What the log says of a lifetime energy."""


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
    _add_measured(adder)
    _add_running(adder)
    _add_installed(adder)


def _add_measured(adder: EntityAdder) -> None:
    """Add what meters, batteries and components measure, lifetime energies included."""
    entry = adder.entry
    live = entry.runtime_data.live
    for meter_kind, descriptions in METER_SENSORS.items():
        make = SensorMaker(METER_LIMITS.get(meter_kind, unlimited))
        adder.add(gateway_part(live, meter(meter_kind)), make, descriptions)
    adder.add(batteries(entry), SensorMaker(battery_limit), BATTERY_SENSORS)
    for kind, readings in COMPONENT_SENSORS.items():
        make = SensorMaker(COMPONENT_LIMITS.get(kind, unlimited))
        adder.add(components(entry, kind), make, readings)
    for location, phases in PHASE_SENSORS.items():
        make = SensorMaker(METER_LIMITS[MeterKind(location)])
        adder.add(phase_meters(entry, location), make, phases)


def _add_running(adder: EntityAdder) -> None:
    """Add charge, grid, settings, grid faults and alerts."""
    entry, make = adder.entry, SensorMaker()
    live, state = entry.runtime_data.live, entry.runtime_data.state
    adder.add(gateway_part(live, lambda data: data.charge), make, CHARGE_SENSORS)
    adder.add(gateway_part(live, lambda data: data.grid), make, GRID_SENSORS)
    adder.add(gateway_part(state, lambda data: data.system), make, SYSTEM_SENSORS)
    operation = gateway_part(state, lambda data: data.operation)
    adder.add(operation, make, OPERATION_SENSORS)
    grid_faults = gateway_part(state, lambda data: data.grid_faults)
    adder.add(grid_faults, make, GRID_FAULT_SENSORS)
    site_controller = gateway_part(state, lambda data: data.site_controller)
    adder.add(site_controller, make, SITE_CONTROLLER_SENSORS)
    adder.add(components(entry), make, ALERT_SENSORS)


def _add_installed(adder: EntityAdder) -> None:
    """Add what is installed."""
    entry, make = adder.entry, SensorMaker()
    devices, info = entry.runtime_data.devices, entry.runtime_data.info
    units = gateway_part(devices, lambda data: data.powerwalls)
    adder.add(units, make, POWERWALLS_SENSORS)
    adder.add(powerwalls(entry), make, POWERWALL_SENSORS)
    adder.add(accessories(entry), make, ACCESSORY_SENSORS)
    update = gateway_part(devices, lambda data: data.firmware_update)
    adder.add(update, make, FIRMWARE_SENSORS)
    adder.add(gateway_part(devices, lambda data: data.networks), make, NETWORK_SENSORS)
    adder.add(gateway_part(devices, lambda data: data.problems), make, PROBLEM_SENSORS)
    adder.add(gateway_part(info, lambda data: data.status), make, STATUS_SENSORS)
    adder.add(gateway_part(info, lambda data: data.site), make, SITE_SENSORS)
    generator_list = gateway_part(info, lambda data: data.generators)
    adder.add(generator_list, make, GENERATORS_SENSORS)
    adder.add(generators(entry), make, GENERATOR_SENSORS)
    adder.add(gateway_part(info, lambda data: data.solars), make, SOLAR_SYSTEM_SENSORS)


@dataclass(frozen=True)
class SensorMaker:
    """Makes the sensors of a part; `limit_fn` bounds the lifetime energies in it."""

    limit_fn: Limit = unlimited

    def __call__[PartT](
        self, part: Part[PartT], description: GatewaySensorDescription[PartT]
    ) -> GatewaySensor[PartT]:
        """Return the entity that shows one reading."""
        if description.is_lifetime:
            return LifetimeSensor(part, description, self.limit_fn)
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

    _depends_on_part_only = False

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
        known = {"unique_id": self.unique_id, "limit": self._limit}
        return RestoredExtraData({**known, **self._guard.as_dict()})

    @override
    async def async_added_to_hass(self) -> None:
        """Take up what was known before the last stop.

        It is kept by entity ID, which may have been that of another counter.
        """
        kept = await self.async_get_last_extra_data()
        known = kept.as_dict() if kept else {}
        if known.get("unique_id") == self.unique_id and not self._guard.as_dict():
            self._guard = EnergyGuard(known)
            # What hardware moves at most is read again after the first reading.
            self._limit = limit_kept(known.get("limit"))
        await super().async_added_to_hass()

    @override
    def _displayed(self, reported: StateType | datetime) -> StateType | datetime:
        """Return the reading if it is believed, else the last one that was.

        An equal one is handed to the guard too: what lasts is believed in the end.
        """
        runtime = self.coordinator.config_entry.runtime_data
        self._limit = self._limit_fn(runtime) or self._limit
        believed = self._guard.admit(
            reported if isinstance(reported, (int, float)) else None,
            limit=self._limit,
            utc=time(),
            monotonic=monotonic(),
        )
        if notice := self._guard.notice:
            level = DEBUG if notice is Notice.HELD_BACK else WARNING
            LOGGER.log(level, "%s: %s Wh %s", self.entity_id, reported, _SAID[notice])
        return believed
