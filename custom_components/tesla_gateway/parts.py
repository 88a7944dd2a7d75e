"""What entities hang on: the parts of a gateway, and the devices they are shown on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .coordinator import GatewayConfigEntry, GatewayCoordinator
from .coordinator_data import Live
from .devices import component_id, gateway_id, meter_id, part_id
from .gateway import (
    Battery,
    Component,
    ComponentKind,
    Meter,
    MeterKind,
    Nameplate,
    PhaseMeter,
    Powerwall,
    UnitUpdate,
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


def gateway_part[DataT, PartT](
    coordinator: GatewayCoordinator[DataT],
    part_fn: Callable[[DataT], PartT | None],
) -> Part[PartT]:
    """Return a part that is shown on the gateway's device."""
    device = gateway_id(coordinator.config_entry)
    return Part(
        coordinator=coordinator,
        read=lambda: part_fn(coordinator.data),
        device=device,
        unique_id=device,
    )


def meter(kind: MeterKind) -> Callable[[Live], Meter | None]:
    """Return what reads one meter from the live values."""
    return lambda live: live.meters.get(kind) if live.meters else None


def batteries(entry: GatewayConfigEntry) -> Units[Battery]:
    """Return the Powerwalls of the running system."""
    coordinator = entry.runtime_data.state

    def read() -> Mapping[str, Battery]:
        system = coordinator.data.system
        return system.batteries if system else {}

    return Units(coordinator=coordinator, read=read, device=str)


def powerwalls(entry: GatewayConfigEntry) -> Units[Powerwall]:
    """Return the Powerwalls as they were installed."""
    coordinator = entry.runtime_data.devices

    def read() -> Mapping[str, Powerwall]:
        found = coordinator.data.powerwalls
        return found.units if found else {}

    return Units(coordinator=coordinator, read=read, device=str)


def components(
    entry: GatewayConfigEntry, kind: ComponentKind | None = None
) -> Units[Component]:
    """Return the devices of one kind, or all, that vitals tell of."""
    coordinator = entry.runtime_data.state

    def read() -> Mapping[str, Component]:
        return coordinator.data.components or {}

    return Units(
        coordinator=coordinator,
        read=read,
        wanted=lambda component: kind in (None, component.kind),
        device=lambda key: component_id(entry, read()[key]),
    )


def phase_meters(entry: GatewayConfigEntry, location: str) -> Units[PhaseMeter]:
    """Return the meters at the grid (`site`) or at the panels (`solar`)."""
    coordinator = entry.runtime_data.state

    def read() -> Mapping[str, PhaseMeter]:
        data = coordinator.data
        return (data.site_meters if location == "site" else data.solar_meters) or {}

    return Units(
        coordinator=coordinator,
        read=read,
        device=lambda key: meter_id(entry, read()[key]),
        # One meter can measure both, and one device hold several meters.
        unique_id=lambda key: part_id(entry, f"{key}_{location}"),
        context=f"{location}_meters",
    )


def accessories(entry: GatewayConfigEntry) -> Units[UnitUpdate]:
    """Return the updates of the synchronizer and of the Backup Switch."""
    coordinator = entry.runtime_data.devices

    def read() -> Mapping[str, UnitUpdate]:
        found = coordinator.data.powerwalls
        return found.accessories if found else {}

    return Units(
        coordinator=coordinator, read=read, device=lambda key: part_id(entry, key)
    )


def generators(entry: GatewayConfigEntry) -> Units[Nameplate]:
    """Return the generators."""
    coordinator = entry.runtime_data.info

    def read() -> Mapping[str, Nameplate]:
        found = coordinator.data.generators
        units = found.units if found else ()
        return {f"generator_{n}": unit for n, unit in enumerate(units, 1)}

    return Units(
        coordinator=coordinator, read=read, device=lambda key: part_id(entry, key)
    )
