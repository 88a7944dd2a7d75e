"""Adding entities: each as the gateway first gives its value."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_RESTORED, Platform
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
        known = {key for key, each in missing.items() if self._registered(part, each)}
        seen: PartT | None = None

        @callback
        def add_present() -> None:
            nonlocal seen
            value = part.read()
            if value is None or value is seen or self._is_unloading:
                return
            found = [
                each
                for key, each in missing.items()
                if key in known or each.exists(value)
            ]
            free = [each for each in found if not self._is_used_elsewhere(part, each)]
            seen = value if free == found else None
            for each in free:
                del missing[each.key]
            self._add_entities(part, entity_type, free)

        add_present()
        if missing:
            self.entry.async_on_unload(part.coordinator.async_add_listener(add_present))

    def _add_entities[PartT, DescriptionT: GatewayDescription[Any, Any]](
        self,
        part: Part[PartT],
        entity_type: Callable[[Part[PartT], DescriptionT], Entity],
        descriptions: Iterable[DescriptionT],
    ) -> None:
        """Add entities; set-up does not wait for those that are disabled."""
        enabled: list[Entity] = []
        disabled: list[Entity] = []
        for description in descriptions:
            is_enabled = self._is_enabled(part, description)
            entity = entity_type(part, description)
            (enabled if is_enabled else disabled).append(entity)
        if enabled:
            self.async_add_entities(enabled)
        if disabled and self.entry.state is ConfigEntryState.SETUP_IN_PROGRESS:
            add_later = partial(self.async_add_entities, disabled)
            self.entry.runtime_data.after_setup.append(add_later)
        elif disabled:
            self.async_add_entities(disabled)

    def _is_enabled(
        self, part: Part[Any], description: GatewayDescription[Any, Any]
    ) -> bool:
        """Return whether an entity is, or will be when it is registered."""
        if registered := self._registered(part, description):
            return registered.disabled_by is None
        return description.entity_registry_enabled_default

    def _is_used_elsewhere(
        self, part: Part[Any], description: GatewayDescription[Any, Any]
    ) -> bool:
        """Return whether another gateway, which told of it before, still shows it.

        A Powerwall is moved from one to the other, or its gateway replaced: it appears
        here once the other entry is unloaded, or its device is deleted there.
        """
        registered = self._registered(part, description)
        if registered is None or registered.config_entry_id == self.entry.entry_id:
            return False
        state = part.coordinator.hass.states.get(registered.entity_id)
        return state is not None and not state.attributes.get(ATTR_RESTORED)

    @property
    def _is_unloading(self) -> bool:
        """Return whether the platform is gone, or about to go."""
        return self.entry.state not in (
            ConfigEntryState.SETUP_IN_PROGRESS,
            ConfigEntryState.LOADED,
        )

    def _registered(
        self, part: Part[Any], description: GatewayDescription[Any, Any]
    ) -> er.RegistryEntry | None:
        """Return an entity that was there before, maybe before a restart."""
        registry = er.async_get(part.coordinator.hass)
        unique_id = f"{part.unique_id}_{description.key}"
        known = registry.async_get_entity_id(self.platform, DOMAIN, unique_id)
        return registry.async_get(known) if known else None
