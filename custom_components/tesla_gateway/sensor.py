"""Sensors: what the gateway measures, and what it is set to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    EntityCategory,
    Platform,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfReactivePower,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import GatewayConfigEntry
from .entity import EntityAdder, GatewayDescription, GatewayEntity, gateway_part, meter
from .gateway import (
    Battery,
    Charge,
    Grid,
    GridStatus,
    Meter,
    MeterKind,
    Operation,
    OperationMode,
    SystemStatus,
)

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class GatewaySensorDescription[PartT](
    SensorEntityDescription, GatewayDescription[PartT, StateType]
):
    """Describes one sensor."""


def _measured[PartT](
    key: str,
    device_class: SensorDeviceClass,
    unit: str,
    value_fn: Callable[[PartT], float | None],
    *,
    precision: int = 0,
    enabled: bool = True,
) -> GatewaySensorDescription[PartT]:
    """Describe a quantity that goes up and down."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_registry_enabled_default=enabled,
        native_unit_of_measurement=unit,
        suggested_display_precision=precision,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=value_fn,
    )


def _power[PartT](
    key: str, value_fn: Callable[[PartT], float | None], *, enabled: bool = True
) -> GatewaySensorDescription[PartT]:
    """Describe a real power in watts."""
    return _measured(
        key, SensorDeviceClass.POWER, UnitOfPower.WATT, value_fn, enabled=enabled
    )


def _lifetime[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a lifetime energy in watt-hours, in the gateway's full resolution."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=value_fn,
    )


def _stored[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> GatewaySensorDescription[PartT]:
    """Describe an energy in watt-hours that is, or can be, in a battery."""
    return _measured(
        key, SensorDeviceClass.ENERGY_STORAGE, UnitOfEnergy.WATT_HOUR, value_fn
    )


def _voltage[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a voltage in volts; off by default."""
    return _measured(
        key,
        SensorDeviceClass.VOLTAGE,
        UnitOfElectricPotential.VOLT,
        value_fn,
        precision=1,
        enabled=False,
    )


def _current[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a current in amperes; off by default."""
    return _measured(
        key,
        SensorDeviceClass.CURRENT,
        UnitOfElectricCurrent.AMPERE,
        value_fn,
        precision=1,
        enabled=False,
    )


def _frequency[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a frequency in hertz; off by default."""
    return _measured(
        key,
        SensorDeviceClass.FREQUENCY,
        UnitOfFrequency.HERTZ,
        value_fn,
        precision=2,
        enabled=False,
    )


def _reactive_power[PartT](
    key: str, value_fn: Callable[[PartT], float | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a reactive power in volt-amperes reactive; off by default."""
    return _measured(
        key,
        SensorDeviceClass.REACTIVE_POWER,
        UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
        value_fn,
        enabled=False,
    )


def _word[PartT](
    key: str, value_fn: Callable[[PartT], str | None], *, enabled: bool = True
) -> GatewaySensorDescription[PartT]:
    """Describe a state in the gateway's words, of which not all are known."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=enabled,
        value_fn=value_fn,
    )


def _electrical(name: str) -> tuple[GatewaySensorDescription[Meter], ...]:
    """Describe what every meter may measure besides real power and energy."""
    return (
        _reactive_power(f"{name}_reactive_power", lambda meter: meter.reactive_power),
        _measured(
            f"{name}_apparent_power",
            SensorDeviceClass.APPARENT_POWER,
            UnitOfApparentPower.VOLT_AMPERE,
            lambda meter: meter.apparent_power,
            enabled=False,
        ),
        _voltage(f"{name}_voltage", lambda meter: meter.voltage),
        _current(f"{name}_current_l1", lambda meter: meter.current_l1),
        _current(f"{name}_current_l2", lambda meter: meter.current_l2),
        _current(f"{name}_current_l3", lambda meter: meter.current_l3),
        _frequency(f"{name}_frequency", lambda meter: meter.frequency),
    )


def _inward(meter: Meter) -> float | None:
    """Return the power out of grid or battery into the home, in watts, or 0."""
    return None if meter.real_power is None else max(meter.real_power, 0)


def _outward(meter: Meter) -> float | None:
    """Return the power into grid or battery, in watts, or 0."""
    return None if meter.real_power is None else max(-meter.real_power, 0)


METER_SENSORS: Final[dict[MeterKind, tuple[GatewaySensorDescription[Meter], ...]]] = {
    MeterKind.SITE: (
        _power("grid_power", lambda meter: meter.real_power),
        _power("grid_import_power", _inward, enabled=False),
        _power("grid_export_power", _outward, enabled=False),
        _lifetime("grid_energy_imported", lambda meter: meter.energy_imported),
        _lifetime("grid_energy_exported", lambda meter: meter.energy_exported),
        _current("grid_current", lambda meter: meter.current),
        *_electrical("grid"),
    ),
    MeterKind.LOAD: (
        _power("home_power", lambda meter: meter.real_power),
        _lifetime("home_energy", lambda meter: meter.energy_imported),
        _current("home_current", lambda meter: meter.current),
        *_electrical("home"),
    ),
    MeterKind.SOLAR: (
        _power("solar_power", lambda meter: meter.real_power),
        _lifetime("solar_energy", lambda meter: meter.energy_exported),
        _current("solar_current", lambda meter: meter.current),
        *_electrical("solar"),
    ),
    MeterKind.BATTERY: (
        _power("battery_power", lambda meter: meter.real_power),
        _power("battery_charge_power", _outward, enabled=False),
        _power("battery_discharge_power", _inward, enabled=False),
        _lifetime("battery_energy_charged", lambda meter: meter.energy_imported),
        _lifetime("battery_energy_discharged", lambda meter: meter.energy_exported),
        *_electrical("battery"),
    ),
}

CHARGE_SENSORS: Final[tuple[GatewaySensorDescription[Charge], ...]] = (
    GatewaySensorDescription(
        key="state_of_charge",
        translation_key="state_of_charge",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda charge: charge.percent,
    ),
    GatewaySensorDescription(
        key="gateway_state_of_charge",
        translation_key="gateway_state_of_charge",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=1,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda charge: charge.gateway_percent,
    ),
)

GRID_SENSORS: Final[tuple[GatewaySensorDescription[Grid], ...]] = (
    GatewaySensorDescription(
        key="grid_status",
        translation_key="grid_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in GridStatus],
        value_fn=lambda grid: grid.status,
        exists_fn=lambda _: True,
    ),
)

SYSTEM_SENSORS: Final[tuple[GatewaySensorDescription[SystemStatus], ...]] = (
    _stored("energy_remaining", lambda system: system.energy_remaining),
    _stored("energy_capacity", lambda system: system.energy_capacity),
)

OPERATION_SENSORS: Final[tuple[GatewaySensorDescription[Operation], ...]] = (
    GatewaySensorDescription(
        key="operation_mode",
        translation_key="operation_mode",
        device_class=SensorDeviceClass.ENUM,
        options=[mode.value for mode in OperationMode],
        value_fn=lambda operation: operation.mode,
        exists_fn=lambda operation: operation.reported_mode is not None,
    ),
    GatewaySensorDescription(
        key="backup_reserve",
        translation_key="backup_reserve",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda operation: operation.backup_reserve,
    ),
    GatewaySensorDescription(
        key="gateway_backup_reserve",
        translation_key="gateway_backup_reserve",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=2,
        value_fn=lambda operation: operation.gateway_backup_reserve,
    ),
)

BATTERY_SENSORS: Final[tuple[GatewaySensorDescription[Battery], ...]] = (
    _power("power", lambda battery: battery.real_power),
    _stored("energy_remaining", lambda battery: battery.energy_remaining),
    _stored("energy_capacity", lambda battery: battery.energy_capacity),
    _lifetime("energy_charged", lambda battery: battery.energy_charged),
    _lifetime("energy_discharged", lambda battery: battery.energy_discharged),
    _reactive_power("reactive_power", lambda battery: battery.reactive_power),
    _voltage("voltage", lambda battery: battery.voltage),
    _frequency("frequency", lambda battery: battery.frequency),
    _word("inverter_state", lambda battery: battery.inverter_state),
    _word("grid_state", lambda battery: battery.grid_state),
    _word("operation_state", lambda battery: battery.operation_state, enabled=False),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors this gateway has."""
    live, state = entry.runtime_data.live, entry.runtime_data.state
    adder = EntityAdder(
        entry=entry,
        platform=Platform.SENSOR,
        async_add_entities=async_add_entities,
    )
    for kind, descriptions in METER_SENSORS.items():
        adder.add(gateway_part(live, meter(kind)), GatewaySensor, descriptions)
    adder.add(
        gateway_part(live, lambda data: data.charge), GatewaySensor, CHARGE_SENSORS
    )
    adder.add(gateway_part(live, lambda data: data.grid), GatewaySensor, GRID_SENSORS)
    adder.add(
        gateway_part(state, lambda data: data.system), GatewaySensor, SYSTEM_SENSORS
    )
    adder.add(
        gateway_part(state, lambda data: data.operation),
        GatewaySensor,
        OPERATION_SENSORS,
    )
    adder.add_batteries(GatewaySensor, BATTERY_SENSORS)


class GatewaySensor[PartT](GatewayEntity[PartT, StateType], SensorEntity):
    """One reading."""

    entity_description: GatewaySensorDescription[PartT]

    @property
    @override
    def native_value(self) -> StateType:
        """Return the latest reading."""
        return self.value
