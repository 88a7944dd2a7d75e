"""Events: grid faults, and alerts as they are raised and cleared."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adder import EntityAdder
from .coordinator import GatewayConfigEntry
from .entity import GatewayDescription, GatewayEntity
from .gateway import Alert, Component, GridFault, GridFaults
from .parts import Part, components, gateway_part

PARALLEL_UPDATES = 0

EVENT_FAULT: Final = "fault"
EVENT_WARNING: Final = "warning"
EVENT_RAISED: Final = "raised"
EVENT_CLEARED: Final = "cleared"

type _News = tuple[str, dict[str, Any]]
"""The type of an event, and what it says."""
type _Identity = tuple[str, datetime | None, str | None]
"""What tells a grid fault from others."""


@dataclass(frozen=True, kw_only=True)
class GatewayEventDescription[PartT, ThingT](
    EventEntityDescription, GatewayDescription[PartT, tuple[ThingT, ...]]
):
    """Describes a kind of event, with what there is of it now as its value."""


GRID_FAULT_EVENT: Final[GatewayEventDescription[GridFaults, GridFault]] = (
    GatewayEventDescription(
        key="grid_fault",
        translation_key="grid_fault",
        event_types=[EVENT_FAULT, EVENT_WARNING],
        value_fn=lambda faults: faults.faults,
    )
)
ALERT_EVENT: Final[GatewayEventDescription[Component, Alert]] = GatewayEventDescription(
    key="alert",
    translation_key="alert",
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[EVENT_RAISED, EVENT_CLEARED],
    value_fn=lambda component: component.alerts,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events this gateway has."""
    adder = EntityAdder(
        entry=entry,
        platform=Platform.EVENT,
        async_add_entities=async_add_entities,
    )
    faults = gateway_part(entry.runtime_data.state, lambda data: data.grid_faults)
    adder.add(faults, GridFaultEvent, [GRID_FAULT_EVENT])
    adder.add(components(entry), AlertEvent, [ALERT_EVENT])


class GatewayEvent[PartT, ThingT](
    GatewayEntity[PartT, tuple[ThingT, ...]], EventEntity
):
    """Tells what has changed; what was there at first is no news."""

    entity_description: GatewayEventDescription[PartT, ThingT]
    _before: tuple[ThingT, ...] | None = None
    """What was there when it could last be read."""

    @abstractmethod
    def _news(
        self, before: tuple[ThingT, ...], now: tuple[ThingT, ...]
    ) -> Iterator[_News]:
        """Yield what has happened in between."""

    @override
    async def async_added_to_hass(self) -> None:
        """Take what is there as known."""
        await super().async_added_to_hass()
        self._before = self.shown_value

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Tell the news, each as an event of its own.

        After the return of a part that was away: triggers leave out what becomes of an
        unavailable entity.
        """
        super()._handle_coordinator_update()
        before, now = self._before, self.shown_value
        if now is None:
            return
        self._before = now
        if before is not None:
            for event_type, data in self._news(before, now):
                self._trigger_event(event_type, data)
                self.async_write_ha_state()


class GridFaultEvent(GatewayEvent[GridFaults, GridFault]):
    """Tells of each grid fault once, even if the gateway lists it again later."""

    def __init__(
        self,
        part: Part[GridFaults],
        description: GatewayEventDescription[GridFaults, GridFault],
    ) -> None:
        """Initialize the entity."""
        super().__init__(part, description)
        # Kept for good: three short values each.
        self._told: set[_Identity] = set()

    @override
    def _news(
        self, before: tuple[GridFault, ...], now: tuple[GridFault, ...]
    ) -> Iterator[_News]:
        """Yield the faults that were never there before, in the gateway's order."""
        self._told.update(fault.identity for fault in before)
        for fault in now:
            if fault.identity not in self._told:
                self._told.add(fault.identity)
                yield EVENT_FAULT if fault.is_fault else EVENT_WARNING, fault.as_dict()


class AlertEvent(GatewayEvent[Component, Alert]):
    """Tells of the alerts of one device, raised and cleared."""

    @override
    def _news(
        self, before: tuple[Alert, ...], now: tuple[Alert, ...]
    ) -> Iterator[_News]:
        """Yield what was raised, then what was cleared."""
        for event_type, alerts in (
            (EVENT_RAISED, set(now).difference(before)),
            (EVENT_CLEARED, set(before).difference(now)),
        ):
            for alert in sorted(alerts):
                yield event_type, {"name": alert.name, "code": alert.code}
