"""Base of all entities: a part of what is read, and one value of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, override

from homeassistant.const import CONF_HOST, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import CONF_MODEL, DOMAIN, MANUFACTURER
from .coordinator import GatewayConfigEntry, GatewayCoordinator, Live
from .gateway import Battery, Meter, MeterKind, Powerwall, Status


@dataclass(frozen=True, kw_only=True)
class GatewayDescription[PartT, ValueT](EntityDescription):
    """Describes one value of a part of what the gateway tells."""

    value_fn: Callable[[PartT], ValueT | None]
    """None where the gateway does not have the value (yet)."""
    exists_fn: Callable[[PartT], bool] | None = None
    """Whether the gateway has it; by default when there is a value."""

    def exists(self, part: PartT) -> bool:
        """Return whether there is something to show."""
        if self.exists_fn is not None:
            return self.exists_fn(part)
        return self.value_fn(part) is not None


@dataclass(frozen=True, kw_only=True)
class Part[PartT]:
    """A part of a coordinator's data, and the device it is shown on."""

    coordinator: GatewayCoordinator[Any]
    read: Callable[[], PartT | None]
    """None while the part cannot be read."""
    device: DeviceInfo
    unique_id: str
    """What the unique ids of the part's entities begin with."""


class GatewayEntity[PartT, ValueT](CoordinatorEntity[GatewayCoordinator[Any]]):
    """One value of a part; hangs on that part alone."""

    _attr_has_entity_name = True
    entity_description: GatewayDescription[PartT, ValueT]

    def __init__(
        self, part: Part[PartT], description: GatewayDescription[PartT, ValueT]
    ) -> None:
        """Initialize the entity."""
        super().__init__(part.coordinator)
        self.entity_description = description
        self._part = part
        self._attr_unique_id = f"{part.unique_id}_{description.key}"
        self._attr_device_info = part.device
        self._written: tuple[bool, ValueT | None] | None = None

    @property
    @override
    def available(self) -> bool:
        """Return whether the part can be read."""
        return super().available and self._part.read() is not None

    @property
    def value(self) -> ValueT | None:
        """Return the latest value."""
        part = self._part.read()
        return None if part is None else self.entity_description.value_fn(part)

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the coordinator from the state that is about to be written."""
        await super().async_added_to_hass()
        self._written = (self.available, self.value)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state when it is another one than before."""
        state = (self.available, self.value)
        if state != self._written:
            self._written = state
            self.async_write_ha_state()


def gateway_device(
    entry: GatewayConfigEntry, status: Status | None = None
) -> DeviceInfo:
    """Return the device of the gateway itself; its status is not known at once."""
    din = str(entry.unique_id)
    part_number, _, serial_number = din.partition("--")
    device = DeviceInfo(
        configuration_url=f"https://{entry.data[CONF_HOST]}",
        identifiers={(DOMAIN, din)},
        manufacturer=MANUFACTURER,
        model=status.model if status else entry.data[CONF_MODEL],
        model_id=part_number,
        name=entry.title,
        serial_number=serial_number,
    )
    if status:
        # Left out until then: None would wipe the firmware known from before.
        device["sw_version"] = status.firmware
    return device


def battery_device(
    hass: HomeAssistant, entry: GatewayConfigEntry, battery: Battery | Powerwall
) -> DeviceInfo:
    """Return the device of one Powerwall; the gateway's must be registered."""
    ending = "".join(filter(str.isalnum, battery.serial_number))[-4:]
    return DeviceInfo(
        identifiers={(DOMAIN, battery.din)},
        manufacturer=MANUFACTURER,
        model="Powerwall",
        model_id=battery.part_number,
        name=f"Powerwall {ending}",
        serial_number=battery.serial_number,
        via_device_id=dr.async_get_device_id_by_identifier(
            hass,
            (DOMAIN, str(entry.unique_id)),
            config_entry_id=entry.entry_id,
        ),
    )


def gateway_part[DataT, PartT](
    coordinator: GatewayCoordinator[DataT], part_fn: Callable[[DataT], PartT | None]
) -> Part[PartT]:
    """Return a part that is shown on the gateway's device."""
    entry = coordinator.config_entry
    return Part(
        coordinator=coordinator,
        read=lambda: part_fn(coordinator.data),
        # Set-up has registered it; what else is known of it comes from there.
        device=DeviceInfo(identifiers={(DOMAIN, str(entry.unique_id))}),
        unique_id=str(entry.unique_id),
    )


def meter(kind: MeterKind) -> Callable[[Live], Meter | None]:
    """Return what reads one meter from the live values."""
    return lambda live: live.meters.get(kind) if live.meters else None


def battery_part(entry: GatewayConfigEntry, battery: Battery) -> Part[Battery]:
    """Return the part of one Powerwall."""
    coordinator = entry.runtime_data.state
    din = battery.din

    def read() -> Battery | None:
        system = coordinator.data.system
        return system.batteries.get(din) if system else None

    return Part(
        coordinator=coordinator,
        read=read,
        device=battery_device(coordinator.hass, entry, battery),
        unique_id=din,
    )


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
        part: Part[PartT],
        entity_type: Callable[[Part[PartT], DescriptionT], Entity],
        descriptions: Iterable[DescriptionT],
    ) -> None:
        """Add each entity once the part has its value, or has had it before."""
        missing = list(descriptions)

        @callback
        def add_present() -> None:
            if (value := part.read()) is None:
                return
            present = [
                each
                for each in missing
                if each.exists(value) or self._known(part, each)
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

    @callback
    def add_batteries[DescriptionT: GatewayDescription[Any, Any]](
        self,
        entity_type: Callable[[Part[Battery], DescriptionT], Entity],
        descriptions: Iterable[DescriptionT],
    ) -> None:
        """Add the entities of every Powerwall that is seen."""
        state = self.entry.runtime_data.state
        known: set[str] = set()

        @callback
        def add_new() -> None:
            system = state.data.system
            for din, battery in (system.batteries if system else {}).items():
                if din not in known:
                    known.add(din)
                    part = battery_part(self.entry, battery)
                    self.add(part, entity_type, descriptions)

        add_new()
        self.entry.async_on_unload(state.async_add_listener(add_new))
