"""How sensors are described: by the quantity that they show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    DEGREE,
    MAX_LENGTH_STATE_STATE,
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
    UnitOfTime,
)
from homeassistant.helpers.typing import StateType

from .entity import GatewayDescription

type Number[PartT] = Callable[[PartT], float | None]
"""Returns a number of a part, in the unit that the sensor has."""
type SensorDescriptions[PartT] = tuple[GatewaySensorDescription[PartT], ...]


@dataclass(frozen=True, kw_only=True)
class GatewaySensorDescription[PartT](
    SensorEntityDescription, GatewayDescription[PartT, StateType | datetime]
):
    """Describes one sensor."""

    @property
    def is_lifetime(self) -> bool:
        """Return whether it is an energy that is counted for ever."""
        return self.state_class is SensorStateClass.TOTAL_INCREASING


def diagnostic[PartT](
    *descriptions: GatewaySensorDescription[PartT],
) -> SensorDescriptions[PartT]:
    """Describe sensors that tell of the gateway rather than of the home."""
    return tuple(
        replace(each, entity_category=EntityCategory.DIAGNOSTIC)
        for each in descriptions
    )


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What is measured, and how it is shown; describes a sensor when it is called."""

    unit: str | None = None
    device_class: SensorDeviceClass | None = None
    state_class: SensorStateClass = SensorStateClass.MEASUREMENT
    precision: int = 0
    """Decimals that are shown; the state has them all."""
    counts: bool = False
    """Whether there is none before it is above 0."""

    def __call__[PartT](
        self, key: str, value_fn: Number[PartT]
    ) -> GatewaySensorDescription[PartT]:
        """Describe one sensor of it."""
        return GatewaySensorDescription(
            key=key,
            translation_key=key,
            device_class=self.device_class,
            native_unit_of_measurement=self.unit,
            suggested_display_precision=self.precision,
            state_class=self.state_class,
            value_fn=value_fn,
            exists_fn=(lambda part: bool(value_fn(part))) if self.counts else None,
        )


power: Final = Quantity(unit=UnitOfPower.WATT, device_class=SensorDeviceClass.POWER)
apparent_power: Final = Quantity(
    unit=UnitOfApparentPower.VOLT_AMPERE,
    device_class=SensorDeviceClass.APPARENT_POWER,
)
reactive_power: Final = Quantity(
    unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
    device_class=SensorDeviceClass.REACTIVE_POWER,
)
voltage: Final = Quantity(
    unit=UnitOfElectricPotential.VOLT,
    device_class=SensorDeviceClass.VOLTAGE,
    precision=1,
)
current: Final = Quantity(
    unit=UnitOfElectricCurrent.AMPERE,
    device_class=SensorDeviceClass.CURRENT,
    precision=1,
)
frequency: Final = Quantity(
    unit=UnitOfFrequency.HERTZ,
    device_class=SensorDeviceClass.FREQUENCY,
    precision=2,
)
temperature: Final = Quantity(
    unit=UnitOfTemperature.CELSIUS,
    device_class=SensorDeviceClass.TEMPERATURE,
    precision=1,
)
angle: Final = Quantity(unit=DEGREE, precision=1)
"""Between two phases."""
speed: Final = Quantity(unit=REVOLUTIONS_PER_MINUTE)
"""Of a fan."""
duration: Final = Quantity(
    unit=UnitOfTime.SECONDS, device_class=SensorDeviceClass.DURATION
)
percentage: Final = Quantity(unit=UnitOfRatio.PERCENTAGE)
number: Final = Quantity()
"""How many there are, or what nobody knows the unit of."""
stored: Final = Quantity(
    unit=UnitOfEnergy.WATT_HOUR, device_class=SensorDeviceClass.ENERGY_STORAGE
)
"""An energy that is, or can be, in a battery."""
lifetime: Final = Quantity(
    unit=UnitOfEnergy.WATT_HOUR,
    device_class=SensorDeviceClass.ENERGY,
    state_class=SensorStateClass.TOTAL_INCREASING,
    counts=True,
)
"""An energy that is counted for ever, in the gateway's full resolution."""


def word[PartT](
    key: str, value_fn: Callable[[PartT], str | None]
) -> GatewaySensorDescription[PartT]:
    """Describe a state in the gateway's words, of which not all are known."""

    def shortened(part: PartT) -> str | None:
        text = value_fn(part)
        return text and text[:MAX_LENGTH_STATE_STATE]

    return GatewaySensorDescription(
        key=key,
        translation_key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=shortened,
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
