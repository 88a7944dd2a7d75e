"""Sensors of what is installed, and how it is doing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    EntityCategory,
    UnitOfEnergy,
    UnitOfPower,
)

from .entity import disabled_by_default
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
    GatewaySensorDescription,
    Quantity,
    SensorDescriptions,
    choice,
    diagnostic,
    duration,
    frequency,
    number,
    percentage,
    power,
    word,
)

_energy: Final = Quantity(
    unit=UnitOfEnergy.KILO_WATT_HOUR,
    device_class=SensorDeviceClass.ENERGY_STORAGE,
    precision=1,
)
_power: Final = Quantity(
    unit=UnitOfPower.KILO_WATT, device_class=SensorDeviceClass.POWER, precision=1
)


def _update[PartT](read: Callable[[PartT], UnitUpdate]) -> SensorDescriptions[PartT]:
    """Describe how the firmware update of a unit goes."""
    return diagnostic(
        percentage("update_progress", lambda unit: read(unit).progress),
        *disabled_by_default(
            replace(
                number(
                    "failed_update_checks", lambda unit: len(read(unit).failed_checks)
                ),
                attributes_fn=lambda unit: {"steps": list(read(unit).failed_checks)},
            )
        ),
    )


def _systems(solars: SolarSystems) -> Mapping[str, Any]:
    """Return what the installer typed in about each solar system."""
    return {
        "systems": [
            {"brand": each.brand, "model": each.model, "power": each.power}
            for each in solars.systems
        ]
    }


STATUS_SENSORS: Final[SensorDescriptions[Status]] = (
    GatewaySensorDescription(
        key="uptime",
        translation_key="uptime",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda status: status.started_at,
    ),
)

SITE_SENSORS: Final[SensorDescriptions[Site]] = diagnostic(
    _energy("nominal_energy", lambda site: site.nominal_energy),
    _power("nominal_power", lambda site: site.nominal_power),
    *disabled_by_default(
        _energy("max_energy", lambda site: site.max_energy),
        _power("max_power", lambda site: site.max_power),
        frequency("measured_frequency", lambda site: site.measured_frequency),
        word("grid_code", lambda site: site.grid_code),
        word("time_zone", lambda site: site.time_zone),
    ),
)

GENERATORS_SENSORS: Final[SensorDescriptions[Generators]] = disabled_by_default(
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

GENERATOR_SENSORS: Final[SensorDescriptions[Nameplate]] = diagnostic(
    power("nameplate_power", lambda generator: generator.power)
)

SOLAR_SYSTEM_SENSORS: Final[SensorDescriptions[SolarSystems]] = diagnostic(
    replace(
        power("solar_nameplate_power", lambda solars: solars.power),
        attributes_fn=_systems,
    )
)

POWERWALLS_SENSORS: Final[SensorDescriptions[Powerwalls]] = diagnostic(
    choice("system_activity", SystemActivity, lambda powerwalls: powerwalls.activity)
)

POWERWALL_SENSORS: Final[SensorDescriptions[Powerwall]] = (
    *_update(lambda unit: unit.update),
    *diagnostic(
        *disabled_by_default(
            duration("reconnection_time", lambda unit: unit.reconnection_time)
        )
    ),
)

ACCESSORY_SENSORS: Final[SensorDescriptions[UnitUpdate]] = _update(
    lambda update: update
)

FIRMWARE_SENSORS: Final[SensorDescriptions[FirmwareUpdate]] = diagnostic(
    *disabled_by_default(
        choice("update_state", UpdateState, lambda update: update.state)
    )
)

NETWORK_SENSORS: Final[SensorDescriptions[Networks]] = diagnostic(
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

PROBLEM_SENSORS: Final[SensorDescriptions[tuple[object, ...]]] = diagnostic(
    number("problems", len)
)
