"""Binary sensors: what is so, or is not."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import GatewayConfigEntry
from .entity import EntityAdder, GatewayDescription, GatewayEntity, gateway_part
from .gateway import Battery, Grid, GridStatus, SiteController

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class GatewayBinarySensorDescription[PartT](
    BinarySensorEntityDescription, GatewayDescription[PartT, bool]
):
    """Describes one binary sensor."""


def _connected(grid: Grid) -> bool | None:
    """Return whether the home is on the grid; None for a status nobody knows."""
    return None if grid.status is None else grid.status is GridStatus.CONNECTED


GRID_BINARY_SENSORS: Final[tuple[GatewayBinarySensorDescription[Grid], ...]] = (
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

SITE_CONTROLLER_BINARY_SENSORS: Final[
    tuple[GatewayBinarySensorDescription[SiteController], ...]
] = (
    GatewayBinarySensorDescription(
        key="site_controller",
        translation_key="site_controller",
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda controller: controller.running,
    ),
    GatewayBinarySensorDescription(
        key="connected_to_tesla",
        translation_key="connected_to_tesla",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda controller: controller.connected_to_tesla,
    ),
    GatewayBinarySensorDescription(
        key="power_supply_mode",
        translation_key="power_supply_mode",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda controller: controller.power_supply_mode,
    ),
)

BATTERY_BINARY_SENSORS: Final[tuple[GatewayBinarySensorDescription[Battery], ...]] = (
    GatewayBinarySensorDescription(
        key="backup_ready",
        translation_key="backup_ready",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda battery: battery.backup_ready,
    ),
    GatewayBinarySensorDescription(
        key="off_grid",
        translation_key="off_grid",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda battery: battery.off_grid,
    ),
    GatewayBinarySensorDescription(
        key="vf_mode",
        translation_key="vf_mode",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda battery: battery.vf_mode,
    ),
    GatewayBinarySensorDescription(
        key="wobble_detected",
        translation_key="wobble_detected",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda battery: battery.wobble_detected,
    ),
    GatewayBinarySensorDescription(
        key="charge_power_clamped",
        translation_key="charge_power_clamped",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda battery: battery.charge_power_clamped,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors this gateway has."""
    live, state = entry.runtime_data.live, entry.runtime_data.state
    adder = EntityAdder(
        entry=entry,
        platform=Platform.BINARY_SENSOR,
        async_add_entities=async_add_entities,
    )
    adder.add(
        gateway_part(live, lambda data: data.grid),
        GatewayBinarySensor,
        GRID_BINARY_SENSORS,
    )
    adder.add(
        gateway_part(state, lambda data: data.site_controller),
        GatewayBinarySensor,
        SITE_CONTROLLER_BINARY_SENSORS,
    )
    adder.add_batteries(GatewayBinarySensor, BATTERY_BINARY_SENSORS)


class GatewayBinarySensor[PartT](GatewayEntity[PartT, bool], BinarySensorEntity):
    """One thing that is so, or is not."""

    entity_description: GatewayBinarySensorDescription[PartT]

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is so."""
        return self.value
