"""Sensors of what goes on: power flow, batteries, settings, grid."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import UnitOfRatio

from .entity import disabled_by_default, sharing_name
from .gateway import (
    Battery,
    Charge,
    Grid,
    GridFaults,
    GridStatus,
    Meter,
    MeterKind,
    Operation,
    OperationMode,
    PhaseMeter,
    SiteController,
    SystemStatus,
)
from .sensor_types import (
    GatewaySensorDescription,
    Number,
    SensorDescriptions,
    apparent_power,
    choice,
    current,
    diagnostic,
    frequency,
    lifetime,
    number,
    percentage,
    power,
    reactive_power,
    stored,
    voltage,
    word,
)


def _electrical(name: str) -> SensorDescriptions[Meter]:
    """Describe what every meter may measure besides real power and energy."""
    return disabled_by_default(
        reactive_power(f"{name}_reactive_power", lambda meter: meter.reactive_power),
        apparent_power(f"{name}_apparent_power", lambda meter: meter.apparent_power),
        voltage(f"{name}_voltage", lambda meter: meter.voltage),
        current(f"{name}_current_l1", lambda meter: meter.current_l1),
        current(f"{name}_current_l2", lambda meter: meter.current_l2),
        current(f"{name}_current_l3", lambda meter: meter.current_l3),
        frequency(f"{name}_frequency", lambda meter: meter.frequency),
    )


def _current(key: str) -> SensorDescriptions[Meter]:
    """Describe the sum of the currents."""
    return disabled_by_default(current(key, lambda meter: meter.current))


def _imported(key: str) -> GatewaySensorDescription[Meter]:
    """Describe the lifetime energy that a meter counts as imported."""
    return lifetime(key, lambda meter: meter.energy_imported)


def _exported(key: str) -> GatewaySensorDescription[Meter]:
    """Describe the lifetime energy that a meter counts as exported."""
    return lifetime(key, lambda meter: meter.energy_exported)


def _real_power(key: str) -> GatewaySensorDescription[Meter]:
    """Describe the real power of a meter, with its sign."""
    return power(key, lambda meter: meter.real_power)


def _inward(meter: Meter) -> float | None:
    """Return the power out of grid or battery into the home, in watts, or 0."""
    return None if meter.real_power is None else max(meter.real_power, 0)


def _outward(meter: Meter) -> float | None:
    """Return the power into grid or battery, in watts, or 0."""
    return None if meter.real_power is None else max(-meter.real_power, 0)


METER_SENSORS: Final[dict[MeterKind, SensorDescriptions[Meter]]] = {
    MeterKind.SITE: (
        _real_power("grid_power"),
        *disabled_by_default(
            power("grid_import_power", _inward), power("grid_export_power", _outward)
        ),
        _imported("grid_energy_imported"),
        _exported("grid_energy_exported"),
        *_current("grid_current"),
        *_electrical("grid"),
    ),
    MeterKind.LOAD: (
        _real_power("home_power"),
        _imported("home_energy"),
        *disabled_by_default(_exported("home_energy_exported")),
        *_current("home_current"),
        *_electrical("home"),
    ),
    MeterKind.SOLAR: (
        _real_power("solar_power"),
        _exported("solar_energy"),
        *disabled_by_default(_imported("solar_energy_imported")),
        *_current("solar_current"),
        *_electrical("solar"),
    ),
    MeterKind.BATTERY: (
        _real_power("battery_power"),
        *disabled_by_default(
            power("battery_charge_power", _outward),
            power("battery_discharge_power", _inward),
        ),
        _imported("battery_energy_charged"),
        _exported("battery_energy_discharged"),
        *_electrical("battery"),
    ),
    MeterKind.GENERATOR: (
        _real_power("generator_power"),
        _exported("generator_energy"),
        *disabled_by_default(_imported("generator_energy_imported")),
        *_current("generator_current"),
        *_electrical("generator"),
    ),
    MeterKind.BUSWAY: (
        _real_power("busway_power"),
        _imported("busway_energy_imported"),
        _exported("busway_energy_exported"),
        *_current("busway_current"),
        *_electrical("busway"),
    ),
}

CHARGE_SENSORS: Final[SensorDescriptions[Charge]] = (
    replace(
        percentage("state_of_charge", lambda charge: charge.percent),
        device_class=SensorDeviceClass.BATTERY,
    ),
    *disabled_by_default(
        *diagnostic(
            replace(
                percentage(
                    "gateway_state_of_charge", lambda charge: charge.gateway_percent
                ),
                suggested_display_precision=1,
            )
        )
    ),
)

GRID_SENSORS: Final[SensorDescriptions[Grid]] = (
    choice(
        "grid_status", GridStatus, lambda grid: grid.status, exists_fn=lambda _: True
    ),
)

GRID_FAULT_SENSORS: Final[SensorDescriptions[GridFaults]] = (
    number("grid_faults", lambda faults: faults.recent),
)

SYSTEM_SENSORS: Final[SensorDescriptions[SystemStatus]] = (
    stored("energy_remaining", lambda system: system.energy_remaining),
    stored("energy_capacity", lambda system: system.energy_capacity),
    *disabled_by_default(
        power("target_power", lambda system: system.target_power),
        reactive_power(
            "target_reactive_power", lambda system: system.target_reactive_power
        ),
        power("grid_services_power", lambda system: system.grid_services_power),
        *diagnostic(
            power("max_charge_power", lambda system: system.max_charge_power),
            power("max_discharge_power", lambda system: system.max_discharge_power),
            apparent_power(
                "max_apparent_power", lambda system: system.max_apparent_power
            ),
            power(
                "instantaneous_max_charge_power",
                lambda system: system.instantaneous_max_charge_power,
            ),
            power(
                "instantaneous_max_discharge_power",
                lambda system: system.instantaneous_max_discharge_power,
            ),
            apparent_power(
                "instantaneous_max_apparent_power",
                lambda system: system.instantaneous_max_apparent_power,
            ),
            power("solar_power_limit", lambda system: system.solar_power_limit),
            number("max_ramp_rate", lambda system: system.max_ramp_rate),
            number("available_batteries", lambda system: system.available_batteries),
            number("controlled_batteries", lambda system: system.controlled_batteries),
            choice("island_state", GridStatus, lambda system: system.island_state),
            GatewaySensorDescription(
                key="last_toggle",
                translation_key="last_toggle",
                device_class=SensorDeviceClass.TIMESTAMP,
                value_fn=lambda system: system.last_toggle,
            ),
        ),
    ),
)

SITE_CONTROLLER_SENSORS: Final[SensorDescriptions[SiteController]] = (
    disabled_by_default(
        word("reboot_obstacle", lambda controller: controller.reboot_obstacle)
    )
)


def _reserve(
    key: str, value_fn: Callable[[Operation], float | None], precision: int
) -> GatewaySensorDescription[Operation]:
    """Describe a backup reserve, which is set and not measured."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=precision,
        value_fn=value_fn,
    )


OPERATION_SENSORS: Final[SensorDescriptions[Operation]] = (
    choice(
        "operation_mode",
        OperationMode,
        lambda operation: operation.mode,
        exists_fn=lambda operation: operation.reported_mode is not None,
    ),
    _reserve("backup_reserve", lambda operation: operation.backup_reserve, 0),
    *disabled_by_default(
        *diagnostic(
            _reserve(
                "gateway_backup_reserve",
                lambda operation: operation.gateway_backup_reserve,
                2,
            )
        )
    ),
)

BATTERY_SENSORS: Final[SensorDescriptions[Battery]] = (
    power("power", lambda battery: battery.real_power),
    stored("energy_remaining", lambda battery: battery.energy_remaining),
    stored("energy_capacity", lambda battery: battery.energy_capacity),
    lifetime("energy_charged", lambda battery: battery.energy_charged),
    lifetime("energy_discharged", lambda battery: battery.energy_discharged),
    word("inverter_state", lambda battery: battery.inverter_state),
    word("grid_state", lambda battery: battery.grid_state),
    *disabled_by_default(
        reactive_power("reactive_power", lambda battery: battery.reactive_power),
        voltage("voltage", lambda battery: battery.voltage),
        frequency("frequency", lambda battery: battery.frequency),
        word("operation_state", lambda battery: battery.operation_state),
    ),
)


def _phases(
    location: str,
    quantity: str,
    describe: Callable[[str, Number[PhaseMeter]], GatewaySensorDescription[PhaseMeter]],
    read: Callable[[PhaseMeter], Sequence[float | None]],
) -> SensorDescriptions[PhaseMeter]:
    """Describe one quantity of a meter, phase by phase."""
    return tuple(
        sharing_name(
            f"{location}_phase_{quantity}",
            describe(f"{quantity}_l{phase}", _of_phase(read, phase - 1)),
            phase=str(phase),
        )
        for phase in (1, 2, 3)
    )


def _of_phase(
    read: Callable[[PhaseMeter], Sequence[float | None]], index: int
) -> Number[PhaseMeter]:
    """Return what reads one quantity of one phase."""
    return lambda meter: read(meter)[index]


PHASE_SENSORS: Final[dict[str, SensorDescriptions[PhaseMeter]]] = {
    location: disabled_by_default(
        *_phases(location, "voltage", voltage, lambda meter: meter.voltage),
        *_phases(location, "real_power", power, lambda meter: meter.real_power),
        *_phases(
            location,
            "reactive_power",
            reactive_power,
            lambda meter: meter.reactive_power,
        ),
        *_phases(
            location, "energy_imported", lifetime, lambda meter: meter.energy_imported
        ),
        *_phases(
            location, "energy_exported", lifetime, lambda meter: meter.energy_exported
        ),
    )
    for location in ("site", "solar")
}
