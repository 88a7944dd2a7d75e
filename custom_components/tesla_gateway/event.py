"""Events: grid faults, and alerts as they are raised and cleared."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import GatewayConfigEntry
from .entity import EntityAdder, GatewayDescription, GatewayEntity
from .gateway import Alert, Component, GridFault, GridFaults
from .parts import components, gateway_part

PARALLEL_UPDATES = 0

EVENT_FAULT: Final = "fault"
EVENT_WARNING: Final = "warning"
EVENT_RAISED: Final = "raised"
EVENT_CLEARED: Final = "cleared"

type _News = tuple[str, dict[str, Any]]
"""The type of an event, and what it says."""


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
    _known: set[ThingT] | None = None

    def _news(self, known: set[ThingT], now: tuple[ThingT, ...]) -> Iterator[_News]:
        """Yield what is new, and keep `known` up to date."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Take what is there as known."""
        await super().async_added_to_hass()
        self._take_bearings()

    @callback
    def _take_bearings(self) -> None:
        """Note what is there, as soon as it can be read."""
        if (now := self.value) is not None:
            self._known = set(now)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Tell the news, each as an event of its own.

        After the return of a part that was away: triggers leave out what becomes of an
        unavailable entity.
        """
        super()._handle_coordinator_update()
        if self._known is None:
            self._take_bearings()
        elif (now := self.value) is not None:
            for event_type, data in self._news(self._known, now):
                self._trigger_event(event_type, data)
                self.async_write_ha_state()


class GridFaultEvent(GatewayEvent[GridFaults, GridFault]):
    """Tells of each grid fault once, even if the gateway lists it again later."""

    @override
    def _news(
        self, known: set[GridFault], now: tuple[GridFault, ...]
    ) -> Iterator[_News]:
        """Yield the faults that were never there before, in the gateway's order."""
        for fault in now:
            if fault not in known:
                known.add(fault)
                yield EVENT_FAULT if fault.is_fault else EVENT_WARNING, _about(fault)


class AlertEvent(GatewayEvent[Component, Alert]):
    """Tells of the alerts of one device, raised and cleared."""

    @override
    def _news(self, known: set[Alert], now: tuple[Alert, ...]) -> Iterator[_News]:
        """Yield what was raised, then what was cleared."""
        raised, cleared = sorted(set(now) - known), sorted(known - set(now))
        known.update(raised)
        known.difference_update(cleared)
        for event_type, alerts in ((EVENT_RAISED, raised), (EVENT_CLEARED, cleared)):
            for alert in alerts:
                yield event_type, {"name": alert.name, "code": alert.code}


def _about(fault: GridFault) -> dict[str, Any]:
    """Return what an event says of a grid fault."""
    return {
        "name": fault.name,
        "code": fault.code,
        "occurred_at": fault.occurred_at.isoformat() if fault.occurred_at else None,
        "component": fault.component,
        "values": [asdict(value) for value in fault.values],
    }
