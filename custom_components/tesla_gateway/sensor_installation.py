"""Sensors of what is installed, and how it is doing."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    EntityCategory,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfTime,
)

from .gateway import (
    FirmwareUpdate,
    Generators,
    Nameplate,
    NetworkKind,
    Networks,
    Powerwall,
    Powerwalls,
    Site,
    SolarSystems,
    Status,
    SystemActivity,
    UnitUpdate,
    UpdateState,
)
from .sensor_types import (
    Described,
    GatewaySensorDescription,
    choice,
    diagnostic,
    measured,
    off,
    percentage,
    power,
    word,
)


def _rating(
    key: str, unit: UnitOfEnergy | UnitOfPower, value_fn: Any
) -> GatewaySensorDescription[Site]:
    """Describe what the installation can hold or give, in kWh or kW."""
    is_energy = isinstance(unit, UnitOfEnergy)
    return measured(
        key,
        value_fn,
        unit=unit,
        device_class=(
            SensorDeviceClass.ENERGY_STORAGE if is_energy else SensorDeviceClass.POWER
        ),
        precision=1,
    )


def _systems(solars: SolarSystems) -> Mapping[str, Any]:
    """Return what the installer typed in about each solar system."""
    return {
        "systems": [
            {"brand": each.brand, "model": each.model, "power": each.power}
            for each in solars.systems
        ]
    }


STATUS_SENSORS: Final[Described[Status]] = (
    GatewaySensorDescription(
        key="uptime",
        translation_key="uptime",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda status: status.started_at,
    ),
)

SITE_SENSORS: Final[Described[Site]] = diagnostic(
    _rating(
        "nominal_energy", UnitOfEnergy.KILO_WATT_HOUR, lambda site: site.nominal_energy
    ),
    _rating("nominal_power", UnitOfPower.KILO_WATT, lambda site: site.nominal_power),
    *off(
        _rating(
            "max_energy", UnitOfEnergy.KILO_WATT_HOUR, lambda site: site.max_energy
        ),
        _rating("max_power", UnitOfPower.KILO_WATT, lambda site: site.max_power),
        measured(
            "measured_frequency",
            lambda site: site.measured_frequency,
            unit=UnitOfFrequency.HERTZ,
            device_class=SensorDeviceClass.FREQUENCY,
            precision=2,
        ),
        word("grid_code", lambda site: site.grid_code),
        word("time_zone", lambda site: site.time_zone),
    ),
)

GENERATORS_SENSORS: Final[Described[Generators]] = off(
    GatewaySensorDescription(
        key="disconnect_type",
        translation_key="disconnect_type",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda generators: generators.disconnect_type,
        attributes_fn=lambda generators: {
            "possible": list(generators.disconnect_types)
        },
    )
)

GENERATOR_SENSORS: Final[Described[Nameplate]] = diagnostic(
    power("nameplate_power", lambda generator: generator.power)
)

SOLAR_SYSTEM_SENSORS: Final[Described[SolarSystems]] = (
    GatewaySensorDescription(
        key="solar_nameplate_power",
        translation_key="solar_nameplate_power",
        device_class=SensorDeviceClass.POWER,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda solars: solars.power,
        attributes_fn=_systems,
    ),
)

POWERWALLS_SENSORS: Final[Described[Powerwalls]] = diagnostic(
    choice("system_activity", SystemActivity, lambda powerwalls: powerwalls.activity)
)

POWERWALL_SENSORS: Final[Described[Powerwall]] = diagnostic(
    percentage("update_progress", lambda unit: unit.update.progress),
    *off(
        GatewaySensorDescription(
            key="failed_update_checks",
            translation_key="failed_update_checks",
            value_fn=lambda unit: len(unit.update.failed_checks),
            attributes_fn=lambda unit: {"steps": list(unit.update.failed_checks)},
        ),
        measured(
            "reconnection_time",
            lambda unit: unit.reconnection_time,
            unit=UnitOfTime.SECONDS,
            device_class=SensorDeviceClass.DURATION,
        ),
    ),
)

ACCESSORY_SENSORS: Final[Described[UnitUpdate]] = diagnostic(
    percentage("update_progress", lambda update: update.progress),
    *off(
        GatewaySensorDescription(
            key="failed_update_checks",
            translation_key="failed_update_checks",
            value_fn=lambda update: len(update.failed_checks),
            attributes_fn=lambda update: {"steps": list(update.failed_checks)},
        ),
    ),
)

FIRMWARE_SENSORS: Final[Described[FirmwareUpdate]] = diagnostic(
    *off(choice("update_state", UpdateState, lambda update: update.state))
)

NETWORK_SENSORS: Final[Described[Networks]] = diagnostic(
    choice(
        "active_interface",
        NetworkKind,
        lambda networks: networks.active.kind if networks.active else None,
    ),
    percentage(
        "signal_strength",
        lambda networks: networks.active.signal_strength if networks.active else None,
    ),
)

PROBLEM_SENSORS: Final[Described[tuple[object, ...]]] = diagnostic(
    measured("problems", len)
)
