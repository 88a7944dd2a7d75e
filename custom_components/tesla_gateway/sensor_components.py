"""Sensors of what vitals tell: batteries, solar inverters, contactors, meters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from .entity import disabled_by_default, sharing_name
from .gateway import Component, ComponentKind
from .sensor_types import (
    GatewaySensorDescription,
    Number,
    SensorDescriptions,
    angle,
    current,
    diagnostic,
    frequency,
    lifetime,
    number,
    power,
    reactive_power,
    speed,
    stored,
    temperature,
    voltage,
    word,
)

type _Maker = Callable[[str, Number[Component]], GatewaySensorDescription[Component]]
"""Describes one quantity."""

_PHASES: Final = (1, 2, 3)
_STRINGS: Final = "abcdef"
_CLAMPS: Final = range(4)
"""How many current transformers a Neurio meter has."""


def _reading(describe: _Maker, key: str) -> GatewaySensorDescription[Component]:
    """Describe the quantity of a reading that is a number."""

    def read(component: Component) -> float | None:
        value = component.readings.get(key)
        return None if isinstance(value, str) else value

    return describe(key, read)


def _readings(describe: _Maker, *keys: str) -> SensorDescriptions[Component]:
    """Describe one quantity of several readings."""
    return tuple(_reading(describe, key) for key in keys)


def _by_phase(
    describe: _Maker, quantity: str, *, name: str | None = None, **placeholders: str
) -> SensorDescriptions[Component]:
    """Describe one quantity of three phases."""
    return tuple(
        sharing_name(
            name or quantity,
            _reading(describe, f"{quantity}_l{phase}"),
            phase=str(phase),
            **placeholders,
        )
        for phase in _PHASES
    )


def _by_string(describe: _Maker, quantity: str) -> SensorDescriptions[Component]:
    """Describe one quantity of every string."""
    return tuple(
        sharing_name(
            f"string_{quantity}",
            _reading(describe, f"string_{string}_{quantity}"),
            string=string.upper(),
        )
        for string in _STRINGS
    )


def _words(*keys: str) -> SensorDescriptions[Component]:
    """Describe states."""
    return tuple(_word(key) for key in keys)


def _word(key: str) -> GatewaySensorDescription[Component]:
    """Describe one state."""

    def read(component: Component) -> str | None:
        value = component.readings.get(key)
        return value if isinstance(value, str) else None

    return word(key, read)


def _meter(letter: str) -> SensorDescriptions[Component]:
    """Describe a meter that is built into the contactor."""
    meter, name = f"meter_{letter}", letter.upper()
    return (
        *_by_phase(power, f"{meter}_power", name="meter_power", meter=name),
        *_by_phase(
            reactive_power,
            f"{meter}_reactive_power",
            name="meter_reactive_power",
            meter=name,
        ),
        *_by_phase(current, f"{meter}_current", name="meter_current", meter=name),
        *_by_phase(voltage, f"{meter}_voltage", name="meter_voltage", meter=name),
        *(
            sharing_name(
                f"meter_{energy}", _reading(lifetime, f"{meter}_{energy}"), meter=name
            )
            for energy in ("energy_imported", "energy_exported")
        ),
    )


_ISLANDING: Final = (
    *_by_phase(voltage, "main_voltage"),
    *_by_phase(voltage, "load_voltage"),
    *_by_phase(frequency, "main_frequency"),
    *_by_phase(frequency, "load_frequency"),
    *_by_phase(angle, "phase_difference"),
    *_readings(angle, "phase_delta_l1_l2", "phase_delta_l1_l3", "phase_delta_l2_l3"),
    *_words("grid_state"),
    *(
        sharing_name("phase_usage", _word(f"phase_usage_l{phase}"), phase=str(phase))
        for phase in _PHASES
    ),
)
"""What is measured at a contactor, on the grid's side and on the home's."""

COMPONENT_SENSORS: Final[dict[ComponentKind, SensorDescriptions[Component]]] = {
    ComponentKind.GATEWAY: disabled_by_default(*_words("location")),
    ComponentKind.BATTERY: (
        *_readings(temperature, "ambient_temperature"),
        *_readings(
            stored,
            "pack_energy_remaining",
            "pack_energy_capacity",
            "pack_energy_to_charge",
        ),
        *disabled_by_default(
            *_readings(
                power,
                "available_charge_power",
                "available_discharge_power",
                "curtailed_charge_power",
                "curtailed_discharge_power",
                "dc_bus_power",
                "inverter_power",
            ),
            *_readings(reactive_power, "inverter_reactive_power"),
            *_readings(current, "pack_current"),
            *_readings(voltage, "pack_voltage", "dc_bus_voltage", "inverter_voltage"),
            *(
                sharing_name(
                    "phase_voltage",
                    _reading(voltage, f"voltage_l{phase}"),
                    phase=str(phase),
                )
                for phase in (1, 2)
            ),
            *_readings(frequency, "inverter_frequency", "pll_frequency"),
            *_readings(
                lifetime, "inverter_energy_charged", "inverter_energy_discharged"
            ),
            *_words(
                "controller_state",
                "pack_state",
                "power_inverter_state",
                "power_inverter_grid_state",
                "power_limiter",
            ),
        ),
    ),
    ComponentKind.SOLAR_INVERTER: (
        *_readings(power, "power"),
        *_readings(lifetime, "energy"),
        *diagnostic(*_readings(power, "nameplate_power")),
        *_by_string(power, "power"),
        *_by_string(voltage, "voltage"),
        *_by_string(current, "current"),
        *disabled_by_default(
            *_by_string(lambda key, _: _word(key), "state"),
            *_readings(reactive_power, "reactive_power"),
            *_readings(voltage, "voltage", "line_voltage", "voltage_chassis"),
            *(
                sharing_name(
                    "voltage_ground",
                    _reading(voltage, f"voltage_l{phase}_ground"),
                    phase=str(phase),
                )
                for phase in (1, 2)
            ),
            *_readings(frequency, "frequency"),
            *_readings(current, "current"),
            *_readings(speed, "fan_speed", "fan_speed_target"),
            *_words(
                "inverter_state",
                "grid_state",
                "inverter_output_state",
                "string_safety_state",
                "self_test_state",
            ),
        ),
    ),
    ComponentKind.SYNCHRONIZER: disabled_by_default(
        *_ISLANDING, *_meter("x"), *_meter("y")
    ),
    ComponentKind.BACKUP_SWITCH: disabled_by_default(
        *_ISLANDING, *_meter("z"), *_words("pcba_id", "usage_id")
    ),
    ComponentKind.METER: disabled_by_default(
        *(
            sharing_name(
                "ct_power", _reading(power, f"ct_{clamp}_power"), ct=str(clamp)
            )
            for clamp in _CLAMPS
        ),
        *(
            sharing_name("ct_location", _word(f"ct_{clamp}_location"), ct=str(clamp))
            for clamp in _CLAMPS
        ),
    ),
}


def _alerts(component: Component) -> dict[str, object]:
    """Return the alerts that are counted, in words and as the gateway says them."""
    return {
        "alerts": [
            {"name": alert.name, "code": alert.code} for alert in component.troubles
        ]
    }


def _count(component: Component) -> int:
    """Return how many alerts tell of something wrong."""
    return len(component.troubles)


ALERT_SENSORS: Final[SensorDescriptions[Component]] = diagnostic(
    replace(number("alerts", _count), attributes_fn=_alerts)
)
