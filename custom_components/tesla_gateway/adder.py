"""Adding entities: each as the gateway first gives its value."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import GatewayConfigEntry
from .entity import GatewayDescription
from .parts import Part, Units


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
            on: list[Entity] = []
            others: list[Entity] = []
            for key, description in list(missing.items()):
                if known[key] or description.exists(value):
                    del missing[key]
                    entity = entity_type(part, description)
                    (on if is_on(description) else others).append(entity)
            if on:
                self.async_add_entities(on)
            if others:
                self._add_after_setup(others)

        add_present()
        if missing:
            self.entry.async_on_unload(part.coordinator.async_add_listener(add_present))

    def _add_after_setup(self, entities: list[Entity]) -> None:
        """Add entities that are off, for which set-up does not wait."""
        if self.entry.state is ConfigEntryState.SETUP_IN_PROGRESS:
            add = partial(self.async_add_entities, entities)
            self.entry.runtime_data.after_setup.append(add)
        else:
            self.async_add_entities(entities)

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
