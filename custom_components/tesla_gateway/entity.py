"""Base of all entities: a part of what is read, and one value of it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import GatewayConfigEntry, GatewayCoordinator
from .goals import Goal, Goals

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


def off[DescriptionT: GatewayDescription[Any, Any]](
    *descriptions: DescriptionT,
) -> tuple[DescriptionT, ...]:
    """Describe entities that are off until somebody turns them on."""
    return tuple(
        replace(each, entity_registry_enabled_default=False) for each in descriptions
    )


def named[DescriptionT: GatewayDescription[Any, Any]](
    name: str, description: DescriptionT, **placeholders: str
) -> DescriptionT:
    """Describe an entity that shares its name with others but for the placeholders."""
    return replace(
        description, translation_key=name, translation_placeholders=placeholders
    )


@dataclass(frozen=True, kw_only=True)
class Part[PartT]:
    """A part of a coordinator's data, and the device it is shown on."""

    coordinator: GatewayCoordinator[Any]
    read: Callable[[], PartT | None]
    """None while the part cannot be read."""
    device: str
    """Identifier of the device."""
    unique_id: str
    """What the unique ids of the part's entities begin with."""
    context: str | None = None
    """The name of a part that is read on demand only."""


@dataclass(frozen=True, kw_only=True)
class Units[PartT]:
    """Parts of one kind, of which there may be any number and more later."""

    coordinator: GatewayCoordinator[Any]
    read: Callable[[], Mapping[str, PartT]]
    """Those that can be read now, and maybe others, by a key that stays the same."""
    wanted: Callable[[PartT], bool] = lambda _: True
    """Return whether it is one of the kind."""
    device: Callable[[str], str]
    """Return the identifier of the device of one that can be read now."""
    unique_id: Callable[[str], str] | None = None
    """Return what its unique ids begin with, where that is not its device."""
    context: str | None = None

    def part(self, key: str) -> Part[PartT]:
        """Return one of them, which can be read now."""
        return Part(
            coordinator=self.coordinator,
            read=lambda: self.read().get(key),
            device=self.device(key),
            unique_id=(self.unique_id or self.device)(key),
            context=self.context,
        )


class GatewayEntity[PartT, ValueT](CoordinatorEntity[GatewayCoordinator[Any]]):
    """One value of a part; hangs on that part alone."""

    _attr_has_entity_name = True
    entity_description: GatewayDescription[PartT, ValueT]

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
        self._written: tuple[object, ...] | None = None

    @property
    @override
    def available(self) -> bool:
        """Return whether the part can be read."""
        return super().available and self._part.read() is not None

    @property
    def shown_value(self) -> ValueT | None:
        """Return the latest value."""
        part = self._part.read()
        return None if part is None else self.entity_description.value_fn(part)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what the value alone does not tell."""
        part, attributes_fn = self._part.read(), self.entity_description.attributes_fn
        if part is None or attributes_fn is None:
            return None
        return dict(attributes_fn(part))

    @property
    def _shown(self) -> tuple[object, ...]:
        """Return all that is written."""
        return (self.available, self.shown_value, self.extra_state_attributes)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the coordinator from the state that is about to be written."""
        await super().async_added_to_hass()
        self._written = self._shown

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state when it is another one than before."""
        if (shown := self._shown) != self._written:
            self._written = shown
            self.async_write_ha_state()


class GatewayControl[PartT, ValueT](GatewayEntity[PartT, ValueT]):
    """One value that can be set; what is wanted is shown while it is on its way."""

    entity_description: GatewayControlDescription[PartT, ValueT]

    @property
    def told_value(self) -> ValueT | None:
        """Return what the gateway tells."""
        return super().shown_value

    @property
    @override
    def shown_value(self) -> ValueT | None:
        """Return what is wanted, else what the gateway tells."""
        goal = self.entity_description.goal_fn(self._entry.runtime_data.goals).value
        return self.told_value if goal is None else goal

    @property
    @override
    def _shown(self) -> tuple[object, ...]:
        """Return all that is written; what can be chosen depends on what is told."""
        return (*super()._shown, self.told_value)

    @property
    def _entry(self) -> GatewayConfigEntry:
        """Return the gateway that it is set at."""
        return self.coordinator.config_entry

    async def _async_set(self, value: ValueT) -> None:
        """Set it."""
        await self.entity_description.set_fn(self._entry, value)


@dataclass(frozen=True, kw_only=True)
class EntityAdder:
    """Adds the entities of one platform as the gateway first gives their values.

    That may be long after set-up: a Powerwall is added, the site controller
    starts again, new firmware has an endpoint back.
    """

    entry: GatewayConfigEntry
    platform: Platform
    async_add_entities: AddConfigEntryEntitiesCallback

    @callback
    def add[PartT, DescriptionT: GatewayDescription[Any, Any]](
        self,
        where: Part[PartT] | Units[PartT],
        entity_type: Callable[[Part[PartT], DescriptionT], Entity],
        descriptions: Iterable[DescriptionT],
    ) -> None:
        """Add the entities of a part, or of every unit that is ever seen."""
        if isinstance(where, Part):
            self._add_part(where, entity_type, descriptions)
            return
        known: set[str] = set()

        @callback
        def add_new() -> None:
            for key, unit in where.read().items():
                if key not in known and where.wanted(unit):
                    known.add(key)
                    self._add_part(where.part(key), entity_type, descriptions)

        add_new()
        self.entry.async_on_unload(where.coordinator.async_add_listener(add_new))

    @callback
    def _add_part[PartT, DescriptionT: GatewayDescription[Any, Any]](
        self,
        part: Part[PartT],
        entity_type: Callable[[Part[PartT], DescriptionT], Entity],
        descriptions: Iterable[DescriptionT],
    ) -> None:
        """Add each entity once the part has its value, or has had it before."""
        missing = list(descriptions)
        known = {each.key for each in missing if self._known(part, each)}

        @callback
        def add_present() -> None:
            if not missing or (value := part.read()) is None:
                return
            present = [
                each for each in missing if each.key in known or each.exists(value)
            ]
            missing[:] = [each for each in missing if each not in present]
            if present:
                self.async_add_entities(map(partial(entity_type, part), present))

        add_present()
        if missing:
            self.entry.async_on_unload(part.coordinator.async_add_listener(add_present))

    def _known(
        self, part: Part[Any], description: GatewayDescription[Any, Any]
    ) -> bool:
        """Return whether an entity was there before Home Assistant started."""
        unique_id = f"{part.unique_id}_{description.key}"
        registry = er.async_get(part.coordinator.hass)
        return bool(registry.async_get_entity_id(self.platform, DOMAIN, unique_id))
