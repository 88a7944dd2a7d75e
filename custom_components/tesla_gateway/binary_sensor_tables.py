"""What is so, or is not: all of it, by the part that tells it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory

from .entity import GatewayDescription, disabled_by_default, sharing_name
from .gateway import (
    Battery,
    Component,
    ComponentKind,
    FirmwareUpdate,
    Grid,
    Networks,
    PhaseMeter,
    Powerwall,
    Powerwalls,
    SiteController,
    UnitUpdate,
)


@dataclass(frozen=True, kw_only=True)
class GatewayBinarySensorDescription[PartT](
    BinarySensorEntityDescription, GatewayDescription[PartT, bool]
):
    """Describes one binary sensor."""


type BinarySensorDescriptions[PartT] = tuple[GatewayBinarySensorDescription[PartT], ...]


def _flag[PartT](
    key: str,
    value_fn: Callable[[PartT], bool | None],
    device_class: BinarySensorDeviceClass | None = None,
) -> GatewayBinarySensorDescription[PartT]:
    """Describe what tells of the gateway rather than of the home."""
    return GatewayBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )


def _connected(grid: Grid) -> bool | None:
    """Return whether the home is on the grid; None for a status nobody knows."""
    return None if grid.is_off_grid is None else not grid.is_off_grid


GRID_BINARY_SENSORS: Final[BinarySensorDescriptions[Grid]] = (
    GatewayBinarySensorDescription(
        key="grid_connected",
        translation_key="grid_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        value_fn=_connected,
        exists_fn=lambda _: True,
    ),
    GatewayBinarySensorDescription(
        key="grid_services_active",
        translation_key="grid_services_active",
        value_fn=lambda grid: grid.services_active,
    ),
)

SITE_CONTROLLER_BINARY_SENSORS: Final[BinarySensorDescriptions[SiteController]] = (
    _flag(
        "site_controller",
        lambda controller: controller.running,
        BinarySensorDeviceClass.RUNNING,
    ),
    _flag(
        "connected_to_tesla",
        lambda controller: controller.connected_to_tesla,
        BinarySensorDeviceClass.CONNECTIVITY,
    ),
    _flag("power_supply_mode", lambda controller: controller.power_supply_mode),
)

BATTERY_BINARY_SENSORS: Final[BinarySensorDescriptions[Battery]] = (
    _flag("backup_ready", lambda battery: battery.backup_ready),
    GatewayBinarySensorDescription(
        key="disabled",
        translation_key="disabled",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda battery: bool(battery.disabled_reasons),
        attributes_fn=lambda battery: {"reasons": list(battery.disabled_reasons)},
    ),
    *disabled_by_default(
        _flag("off_grid", lambda battery: battery.off_grid),
        _flag("vf_mode", lambda battery: battery.vf_mode),
        _flag(
            "wobble_detected",
            lambda battery: battery.wobble_detected,
            BinarySensorDeviceClass.PROBLEM,
        ),
        _flag("charge_power_clamped", lambda battery: battery.charge_power_clamped),
    ),
)

POWERWALLS_BINARY_SENSORS: Final[BinarySensorDescriptions[Powerwalls]] = (
    _flag(
        "powerwalls_updating",
        lambda powerwalls: powerwalls.updating,
        BinarySensorDeviceClass.RUNNING,
    ),
    *disabled_by_default(
        _flag(
            "enumerating",
            lambda powerwalls: powerwalls.enumerating,
            BinarySensorDeviceClass.RUNNING,
        )
    ),
)

POWERWALL_BINARY_SENSORS: Final[BinarySensorDescriptions[Powerwall]] = (
    _flag(
        "updating",
        lambda unit: unit.update.updating,
        BinarySensorDeviceClass.RUNNING,
    ),
    *disabled_by_default(
        _flag("under_phase_detection", lambda unit: unit.under_phase_detection),
        _flag("in_config", lambda unit: unit.in_config),
    ),
)

ACCESSORY_BINARY_SENSORS: Final[BinarySensorDescriptions[UnitUpdate]] = (
    _flag("updating", lambda update: update.updating, BinarySensorDeviceClass.RUNNING),
)

FIRMWARE_BINARY_SENSORS: Final[BinarySensorDescriptions[FirmwareUpdate]] = (
    _flag("updating", lambda update: update.updating, BinarySensorDeviceClass.RUNNING),
)

NETWORK_BINARY_SENSORS: Final[BinarySensorDescriptions[Networks]] = (
    _flag(
        "internet_reachable",
        lambda networks: networks.internet_reachable,
        BinarySensorDeviceClass.CONNECTIVITY,
    ),
    _flag(
        "tesla_reachable",
        lambda networks: networks.tesla_reachable,
        BinarySensorDeviceClass.CONNECTIVITY,
    ),
)

REGISTRATION_BINARY_SENSORS: Final[BinarySensorDescriptions[bool]] = (
    disabled_by_default(_flag("registered", bool))
)


def _reading(
    key: str,
    device_class: BinarySensorDeviceClass | None = None,
    *,
    name: str | None = None,
    **placeholders: str,
) -> GatewayBinarySensorDescription[Component]:
    """Describe one flag of vitals."""

    def read(component: Component) -> bool | None:
        value = component.readings.get(key)
        return value if isinstance(value, bool) else None

    return sharing_name(name or key, _flag(key, read, device_class), **placeholders)


_ISLANDING: Final = (
    *(
        _reading(f"microgrid_ok_l{phase}", name="microgrid_ok", phase=str(phase))
        for phase in (1, 2, 3)
    ),
    _reading("synchronization_ready"),
    _reading("grid_connected", BinarySensorDeviceClass.CONNECTIVITY),
    _reading("externally_powered"),
    _reading("site_switch_enabled"),
)
"""What is so at a contactor."""

COMPONENT_BINARY_SENSORS: Final[
    dict[ComponentKind, BinarySensorDescriptions[Component]]
] = {
    ComponentKind.BATTERY: disabled_by_default(
        _reading("persistently_faulted", BinarySensorDeviceClass.PROBLEM),
        _reading("permanently_faulted", BinarySensorDeviceClass.PROBLEM),
        *map(
            _reading,
            (
                "pack_enable_line",
                "charge_complete",
                "discharge_complete",
                "charge_request",
                "active_heating",
                "ccv_hold",
                "resting",
                "heat_zero_current",
                "extended_capacity",
                "bus_up_requested",
                "self_test_requested",
                "pll_locked",
                "grid_forming_ready",
                "inverter_enable_line",
            ),
        ),
    ),
    ComponentKind.SOLAR_INVERTER: (
        *(
            _reading(
                f"string_{string}_connected",
                BinarySensorDeviceClass.CONNECTIVITY,
                name="string_connected",
                string=string.upper(),
            )
            for string in "abcdef"
        ),
        *disabled_by_default(_reading("output_enabled"), _reading("power_setpoint")),
    ),
    ComponentKind.SYNCHRONIZER: disabled_by_default(*_ISLANDING),
    ComponentKind.BACKUP_SWITCH: disabled_by_default(
        *_ISLANDING, _reading("heating_rate_occurred")
    ),
}


def _inverted(location: str, number: int) -> GatewayBinarySensorDescription[PhaseMeter]:
    """Describe whether a current transformer is read the other way round."""

    def read(meter: PhaseMeter) -> bool | None:
        return meter.inverted[number] if number < len(meter.inverted) else None

    description = _flag(f"ct_{number}_inverted", read)
    return sharing_name(f"{location}_ct_inverted", description, ct=str(number))


PHASE_BINARY_SENSORS: Final[dict[str, BinarySensorDescriptions[PhaseMeter]]] = {
    location: disabled_by_default(*(_inverted(location, number) for number in range(4)))
    for location in ("site", "solar")
}
