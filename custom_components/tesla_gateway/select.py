"""Selects: what can be one of several."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adder import EntityAdder
from .controls import async_set_operation
from .coordinator import GatewayConfigEntry
from .entity import GatewayControl, GatewayControlDescription
from .gateway import CHOOSABLE_MODES, Operation
from .parts import gateway_part

# The client makes one write at a time, and what was wanted last is shown meanwhile; a
# call that waited here would outlive an entity that is unloaded.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class GatewaySelectDescription[PartT](
    SelectEntityDescription, GatewayControlDescription[PartT, str]
):
    """Describes one select; `options` are those a person may choose."""

    options: list[str]


OPERATION_SELECTS: Final[tuple[GatewaySelectDescription[Operation], ...]] = (
    GatewaySelectDescription(
        key="operation_mode",
        translation_key="operation_mode",
        entity_category=EntityCategory.CONFIG,
        options=[mode.value for mode in CHOOSABLE_MODES],
        value_fn=lambda operation: operation.reported_mode,
        goal_fn=lambda goals: goals.mode,
        set_fn=lambda entry, mode: async_set_operation(entry, mode=mode),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects this gateway has."""
    adder = EntityAdder(
        entry=entry, platform=Platform.SELECT, async_add_entities=async_add_entities
    )
    state = entry.runtime_data.state
    operation = gateway_part(state, lambda data: data.operation)
    adder.add(operation, GatewaySelect, OPERATION_SELECTS)


class GatewaySelect[PartT](GatewayControl[PartT, str], SelectEntity):
    """One of several."""

    entity_description: GatewaySelectDescription[PartT]

    @property
    @override
    def current_option(self) -> str | None:
        """Return which one it is."""
        return self.shown_value

    @property
    @override
    def options(self) -> list[str]:
        """Return what may be chosen, and what it is even if nobody may choose that."""
        options, reported = self.entity_description.options, self.reported_value
        if reported is None or reported in options:
            return options
        return [*options, reported]

    @override
    async def async_select_option(self, option: str) -> None:
        """Choose one."""
        await self._async_set(option)
