"""Base of all entities: a part of what is read, and one value of it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import filterfalse
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigEntryState
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
    """One value of a part; hangs on that part alone.

    What is shown is found out when the coordinator has news, not whenever Home
    Assistant asks for it: most news are about other parts.
    """

    _attr_has_entity_name = True
    entity_description: GatewayDescription[PartT, ValueT]
    _is_of_part_alone: ClassVar[bool] = True
    """Whether nothing but the part decides on what is shown."""
    _seen: PartT | None = None
    """The part that was looked at last."""
    _shown: tuple[Any, ...] | None = None
    """All that is shown, the value and the attributes first; None if unavailable."""

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
        return self._shown[0] if self._shown else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return what the value alone does not tell."""
        return self._shown[1] if self._shown else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the coordinator from the state that is about to be written."""
        await super().async_added_to_hass()
        self._look()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state when it is another one than before."""
        if self._look():
            self.async_write_ha_state()

    def _look(self) -> bool:
        """Look at the part; return whether there is anything new to be shown.

        A part that is equal is nearly always the same object, as coordinators keep it.
        """
        part = self._part.read() if self.coordinator.last_update_success else None
        if part is self._seen and self._is_of_part_alone:
            return False
        before = self._shown
        self._shown = None if part is None else self._shown_of(part)
        self._seen = part
        return self._shown != before

    def _shown_of(self, part: PartT) -> tuple[Any, ...]:
        """Return all that is shown of a part."""
        attributes_fn = self.entity_description.attributes_fn
        attributes = None if attributes_fn is None else dict(attributes_fn(part))
        return self._value_of(part), attributes

    def _value_of(self, part: PartT) -> ValueT | None:
        """Return the value that is shown of a part."""
        return self.entity_description.value_fn(part)


class GatewayControl[PartT, ValueT](GatewayEntity[PartT, ValueT]):
    """One value that can be set; what is wanted is shown while it is on its way."""

    entity_description: GatewayControlDescription[PartT, ValueT]
    _is_of_part_alone = False

    @property
    def told_value(self) -> ValueT | None:
        """Return what the gateway tells, as of when the entity looked last."""
        if self._shown:
            told: ValueT | None = self._shown[2]
            return told
        # Home Assistant asks what can be chosen before the entity has looked.
        part = self._part.read()
        return None if part is None else super()._value_of(part)

    @override
    def _shown_of(self, part: PartT) -> tuple[Any, ...]:
        """Return all that is shown; what can be chosen depends on what is told."""
        return (*super()._shown_of(part), super()._value_of(part))

    @override
    def _value_of(self, part: PartT) -> ValueT | None:
        """Return what is wanted, else what the gateway tells."""
        goal = self.entity_description.goal_fn(self._entry.runtime_data.goals).value
        return super()._value_of(part) if goal is None else goal

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
            if self._is_unloading:
                return
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
        missing = {each.key: each for each in descriptions}
        known = {key: self._registered(part, key) for key in missing}
        seen: PartT | None = None

        def is_on(description: DescriptionT) -> bool:
            if entity := known[description.key]:
                return entity.disabled_by is None
            return description.entity_registry_enabled_default

        @callback
        def add_present() -> None:
            nonlocal seen
            value = part.read()
            if value is None or value is seen or self._is_unloading:
                return
            seen = value
            present = [
                missing.pop(key)
                for key, each in list(missing.items())
                if known[key] or each.exists(value)
            ]
            make = partial(entity_type, part)
            self._add_entities(make, filter(is_on, present))
            self._add_after_setup(make, filterfalse(is_on, present))

        add_present()
        if missing:
            self.entry.async_on_unload(part.coordinator.async_add_listener(add_present))

    def _add_entities[DescriptionT](
        self, make: Callable[[DescriptionT], Entity], present: Iterable[DescriptionT]
    ) -> None:
        """Add the entities of some descriptions."""
        if entities := list(map(make, present)):
            self.async_add_entities(entities)

    def _add_after_setup[DescriptionT](
        self, make: Callable[[DescriptionT], Entity], off: Iterable[DescriptionT]
    ) -> None:
        """Add entities that are off, for which set-up does not wait."""
        if self.entry.state is ConfigEntryState.SETUP_IN_PROGRESS:
            self.entry.runtime_data.after_setup.append(
                partial(self._add_entities, make, tuple(off))
            )
        else:
            self._add_entities(make, off)

    @property
    def _is_unloading(self) -> bool:
        """Return whether the platform is gone, or about to go."""
        return self.entry.state not in (
            ConfigEntryState.SETUP_IN_PROGRESS,
            ConfigEntryState.LOADED,
        )

    def _registered(self, part: Part[Any], key: str) -> er.RegistryEntry | None:
        """Return an entity that was there before, maybe before a restart."""
        registry = er.async_get(part.coordinator.hass)
        unique_id = f"{part.unique_id}_{key}"
        known = registry.async_get_entity_id(self.platform, DOMAIN, unique_id)
        return registry.async_get(known) if known else None
