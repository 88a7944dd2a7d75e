"""What each coordinator reads: a field for every part, None while it cannot be read."""

from dataclasses import dataclass

from .gateway import (
    Charge,
    Components,
    FirmwareUpdate,
    Generators,
    Grid,
    GridFaults,
    Meters,
    Networks,
    Operation,
    PhaseMeters,
    Powerwalls,
    Site,
    SiteController,
    SolarSystems,
    Status,
    SystemStatus,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Live:
    """The power flow right now."""

    meters: Meters | None
    charge: Charge | None
    grid: Grid | None


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The batteries, the settings, what runs them and what they measure."""

    system: SystemStatus | None
    operation: Operation | None
    site_controller: SiteController | None
    grid_faults: GridFaults | None
    components: Components | None
    site_meters: PhaseMeters | None
    solar_meters: PhaseMeters | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Devices:
    """What is installed."""

    powerwalls: Powerwalls | None
    firmware_update: FirmwareUpdate | None
    networks: Networks | None
    problems: tuple[object, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Info:
    """Gateway and installation."""

    status: Status | None
    site: Site | None
    registered: bool | None
    generators: Generators | None
    solars: SolarSystems | None
