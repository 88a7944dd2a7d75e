"""Base of all entities: what is described, what is shown of a part, what can be set."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import GatewayConfigEntry, GatewayCoordinator
from .goals import Goal, Goals
from .parts import Part

type Attributes = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class GatewayDescription[PartT, ValueT](EntityDescription):
    """Describes one value of a part of what the gateway tells."""

    value_fn: Callable[[PartT], ValueT | None]
    """None where the gateway does not have the value (yet)."""
    exists_fn: Callable[[PartT], bool] | None = None
    """Whether the gateway has it; by default when there is a value."""
    attributes_fn: Callable[[PartT], Attributes] | None = None
    """What the value alone does not tell."""

    def exists(self, part: PartT) -> bool:
        """Return whether there is something to show."""
        if self.exists_fn is not None:
            return self.exists_fn(part)
        return self.value_fn(part) is not None


@dataclass(frozen=True, kw_only=True)
class GatewayControlDescription[PartT, ValueT](GatewayDescription[PartT, ValueT]):
    """Describes a value that can be set."""

    goal_fn: Callable[[Goals], Goal[ValueT]]
    set_fn: Callable[[GatewayConfigEntry, ValueT], Awaitable[None]]


def disabled_by_default[DescriptionT: GatewayDescription[Any, Any]](
    *descriptions: DescriptionT,
) -> tuple[DescriptionT, ...]:
    """Describe entities that are off until somebody turns them on."""
    return tuple(
        replace(each, entity_registry_enabled_default=False) for each in descriptions
    )


def sharing_name[DescriptionT: GatewayDescription[Any, Any]](
    name: str, description: DescriptionT, **placeholders: str
) -> DescriptionT:
    """Describe an entity that shares its name with others but for the placeholders."""
    return replace(
        description, translation_key=name, translation_placeholders=placeholders
    )


class Shown[ValueT](NamedTuple):
    """All that an entity shows of a part that can be read."""

    value: ValueT | None
    attributes: dict[str, Any] | None
    reported: ValueT | None
    """The value as the gateway reports it, which need not be the one that is shown."""


class GatewayEntity[PartT, ValueT](CoordinatorEntity[GatewayCoordinator[Any]]):
    """One value of a part; hangs on that part alone.

    What is shown is found out when the coordinator has news, not whenever Home
    Assistant asks for it: most news are about other parts.
    """

    _attr_has_entity_name = True
    entity_description: GatewayDescription[PartT, ValueT]
    _depends_on_part_only: ClassVar[bool] = True
    """Whether nothing but the part decides on what is shown."""
    _seen: PartT | None = None
    """The part that was looked at last."""
    _shown: Shown[ValueT] | None = None
    """What is shown of it; None while it is unavailable."""

    def __init__(
        self, part: Part[PartT], description: GatewayDescription[PartT, ValueT]
    ) -> None:
        """Initialize the entity."""
        super().__init__(part.coordinator, part.context)
        self.entity_description = description
        self._part = part
        self._attr_unique_id = f"{part.unique_id}_{description.key}"
        # The device is registered before; what is known of it comes from there.
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, part.device)})

    @property
    @override
    def available(self) -> bool:
        """Return whether the part can be read."""
        return self._shown is not None

    @property
    def shown_value(self) -> ValueT | None:
        """Return the latest value."""
        return self._shown.value if self._shown else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what the value alone does not tell."""
        return self._shown.attributes if self._shown else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the coordinator from the state that is about to be written."""
        await super().async_added_to_hass()
        self._update_shown()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state when it is another one than before."""
        if self._update_shown():
            self.async_write_ha_state()

    def _update_shown(self) -> bool:
        """Look at the part; return whether there is anything new to be shown.

        A part that is equal is nearly always the same object, as coordinators keep it.
        """
        part = self._part.read() if self.coordinator.last_update_success else None
        if part is self._seen and self._depends_on_part_only:
            return False
        before = self._shown
        self._shown = None if part is None else self._shown_of(part)
        self._seen = part
        return self._shown != before

    def _shown_of(self, part: PartT) -> Shown[ValueT]:
        """Return all that is shown of a part."""
        description = self.entity_description
        reported = description.value_fn(part)
        attributes_fn = description.attributes_fn
        attributes = None if attributes_fn is None else dict(attributes_fn(part))
        return Shown(self._displayed(reported), attributes, reported)

    def _displayed(self, reported: ValueT | None) -> ValueT | None:
        """Return the value to show when the gateway reports this one."""
        return reported


class GatewayControl[PartT, ValueT](GatewayEntity[PartT, ValueT]):
    """One value that can be set; what is wanted is shown while it is on its way."""

    entity_description: GatewayControlDescription[PartT, ValueT]
    _depends_on_part_only = False

    def __init__(
        self, part: Part[PartT], description: GatewayControlDescription[PartT, ValueT]
    ) -> None:
        """Initialize the entity."""
        super().__init__(part, description)
        # Home Assistant asks what can be chosen before it adds the entity.
        self._update_shown()

    @property
    def reported_value(self) -> ValueT | None:
        """Return what the gateway reports, whatever is wanted."""
        return self._shown.reported if self._shown else None

    @override
    def _displayed(self, reported: ValueT | None) -> ValueT | None:
        """Return what is wanted, else what the gateway reports."""
        goal = self.entity_description.goal_fn(self._entry.runtime_data.goals).value
        return reported if goal is None else goal

    @property
    def _entry(self) -> GatewayConfigEntry:
        """Return the gateway that it is set at."""
        return self.coordinator.config_entry

    async def _async_set(self, value: ValueT) -> None:
        """Set it."""
        await self.entity_description.set_fn(self._entry, value)
