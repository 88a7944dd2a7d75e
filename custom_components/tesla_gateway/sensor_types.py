"""How sensors are described: one maker for each quantity."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    DEGREE,
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfReactivePower,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from .entity import GatewayDescription

type Number[PartT] = Callable[[PartT], float | None]
"""Returns a number of a part, in the unit that the sensor has."""
type Described[PartT] = tuple[GatewaySensorDescription[PartT], ...]


@dataclass(frozen=True, kw_only=True)
class GatewaySensorDescription[PartT](
    SensorEntityDescription, GatewayDescription[PartT, StateType | datetime]
):
    """Describes one sensor."""


def diagnostic[PartT](
    *descriptions: GatewaySensorDescription[PartT],
) -> Described[PartT]:
    """Describe sensors that tell of the gateway rather than of the home."""
    return tuple(
        replace(each, entity_category=EntityCategory.DIAGNOSTIC)
        for each in descriptions
    )


def measured[PartT](
    key: str,
    value_fn: Number[PartT],
    *,
    unit: str | None = None,
    device_class: SensorDeviceClass | None = None,
    precision: int = 0,
) -> GatewaySensorDescription[PartT]:
    """Describe a quantity that goes up and down."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        native_unit_of_measurement=unit,
        suggested_display_precision=precision,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=value_fn,
    )


def power[PartT](key: str, value_fn: Number[PartT]) -> GatewaySensorDescription[PartT]:
    """Describe a real power in watts."""
    return measured(
        key, value_fn, unit=UnitOfPower.WATT, device_class=SensorDeviceClass.POWER
    )


def apparent_power[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe an apparent power in volt-amperes."""
    return measured(
        key,
        value_fn,
        unit=UnitOfApparentPower.VOLT_AMPERE,
        device_class=SensorDeviceClass.APPARENT_POWER,
    )


def reactive_power[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe a reactive power in volt-amperes reactive."""
    return measured(
        key,
        value_fn,
        unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
        device_class=SensorDeviceClass.REACTIVE_POWER,
    )


def voltage[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe a voltage in volts."""
    return measured(
        key,
        value_fn,
        unit=UnitOfElectricPotential.VOLT,
        device_class=SensorDeviceClass.VOLTAGE,
        precision=1,
    )


def current[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe a current in amperes."""
    return measured(
        key,
        value_fn,
        unit=UnitOfElectricCurrent.AMPERE,
        device_class=SensorDeviceClass.CURRENT,
        precision=1,
    )


def frequency[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe a frequency in hertz."""
    return measured(
        key,
        value_fn,
        unit=UnitOfFrequency.HERTZ,
        device_class=SensorDeviceClass.FREQUENCY,
        precision=2,
    )


def temperature[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe a temperature in degrees Celsius."""
    return measured(
        key,
        value_fn,
        unit=UnitOfTemperature.CELSIUS,
        device_class=SensorDeviceClass.TEMPERATURE,
        precision=1,
    )


def angle[PartT](key: str, value_fn: Number[PartT]) -> GatewaySensorDescription[PartT]:
    """Describe an angle between two phases in degrees."""
    return measured(key, value_fn, unit=DEGREE, precision=1)


def speed[PartT](key: str, value_fn: Number[PartT]) -> GatewaySensorDescription[PartT]:
    """Describe the speed of a fan in revolutions per minute."""
    return measured(key, value_fn, unit=REVOLUTIONS_PER_MINUTE)


def percentage[PartT](
    key: str, value_fn: Number[PartT], *, precision: int = 0
) -> GatewaySensorDescription[PartT]:
    """Describe a share in percent."""
    return measured(key, value_fn, unit=UnitOfRatio.PERCENTAGE, precision=precision)


def stored[PartT](key: str, value_fn: Number[PartT]) -> GatewaySensorDescription[PartT]:
    """Describe an energy in watt-hours that is, or can be, in a battery."""
    return measured(
        key,
        value_fn,
        unit=UnitOfEnergy.WATT_HOUR,
        device_class=SensorDeviceClass.ENERGY_STORAGE,
    )


def lifetime[PartT](
    key: str, value_fn: Number[PartT]
) -> GatewaySensorDescription[PartT]:
    """Describe a lifetime energy in watt-hours, in the gateway's full resolution."""
    return replace(
        measured(
            key,
            value_fn,
            unit=UnitOfEnergy.WATT_HOUR,
            device_class=SensorDeviceClass.ENERGY,
        ),
        state_class=SensorStateClass.TOTAL_INCREASING,
    )


def word[PartT](
    key: str, value_fn: Callable[[PartT], str | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a state in the gateway's words, of which not all are known."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )


def choice[PartT](
    key: str,
    options: Iterable[StrEnum],
    value_fn: Callable[[PartT], StrEnum | None],
    *,
    exists_fn: Callable[[PartT], bool] | None = None,
) -> GatewaySensorDescription[PartT]:
    """Describe a state that is one of some; unknown where it is none of them."""
    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENUM,
        options=[option.value for option in options],
        value_fn=value_fn,
        exists_fn=exists_fn,
    )
