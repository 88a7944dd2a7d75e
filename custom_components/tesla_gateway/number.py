"""Numbers: what can be set to a value."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberEntityDescription
from homeassistant.const import EntityCategory, Platform, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adder import EntityAdder
from .controls import async_set_operation
from .coordinator import GatewayConfigEntry
from .entity import GatewayControl, GatewayControlDescription
from .gateway import Operation
from .parts import gateway_part

# The client makes one write at a time, and what was wanted last is shown meanwhile; a
# call that waited here would outlive an entity that is unloaded.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class GatewayNumberDescription[PartT](
    NumberEntityDescription, GatewayControlDescription[PartT, float]
):
    """Describes one number."""


OPERATION_NUMBERS: Final[tuple[GatewayNumberDescription[Operation], ...]] = (
    GatewayNumberDescription(
        key="backup_reserve",
        translation_key="backup_reserve",
        entity_category=EntityCategory.CONFIG,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        value_fn=lambda operation: operation.backup_reserve,
        goal_fn=lambda goals: goals.backup_reserve,
        set_fn=lambda entry, percent: async_set_operation(
            entry, backup_reserve=percent
        ),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers this gateway has."""
    adder = EntityAdder(
        entry=entry, platform=Platform.NUMBER, async_add_entities=async_add_entities
    )
    state = entry.runtime_data.state
    operation = gateway_part(state, lambda data: data.operation)
    adder.add(operation, GatewayNumber, OPERATION_NUMBERS)


class GatewayNumber[PartT](GatewayControl[PartT, float], NumberEntity):
    """One number, shown in whole steps."""

    entity_description: GatewayNumberDescription[PartT]

    @property
    @override
    def native_value(self) -> float | None:
        """Return what it is set to."""
        return self.shown_value

    @override
    def _displayed(self, reported: float | None) -> float | None:
        """Return it rounded, as the app does."""
        value = super()._displayed(reported)
        return None if value is None else round(value)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it."""
        await self._async_set(value)
