"""What a gateway tells of what is installed, as frozen values with units.

A value is None where the gateway does not have it. No times of reading: two
readings of an unchanged site are equal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .models import GatewayModel


class SystemActivity(StrEnum):
    """What a gateway is busy with beside its work."""

    IDLE = "idle"
    ENUMERATING = "enumerating"
    """It looks for Powerwalls."""
    UPDATING = "updating"
    CHECKING_GRID = "checking_grid"
    """It finds out whether it is on the grid."""
    DETECTING_PHASES = "detecting_phases"
    SHEDDING_BUBBLE = "shedding_bubble"
    QUALIFYING_GRID = "qualifying_grid"
    """It watches whether the grid is good enough to connect to."""
    VALIDATING_GRID_CODE = "validating_grid_code"


class UpdateState(StrEnum):
    """How far a firmware update is."""

    CHECKING = "checking"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    STAGED = "staged"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class NetworkKind(StrEnum):
    """The ways a gateway reaches the internet."""

    ETHERNET = "ethernet"
    WIFI = "wifi"
    CELLULAR = "cellular"


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The gateway itself (`/api/status`)."""

    din: str | None
    """Part number, two dashes, serial number; not given up to firmware 21.13."""
    firmware: str | None
    """Version without the hash behind it, such as 21.44 or 24.12.6-PW3-AFCI."""
    model: GatewayModel
    device_type: str | None
    """The gateway's own word for the model, such as teg."""
    started_at: datetime | None
    """When it was switched on, from how long it has been up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The installation (`/api/site_info`)."""

    name: str | None
    time_zone: str | None
    """IANA name."""
    nominal_energy: float | None
    """Of all batteries, in kilowatt-hours."""
    nominal_power: float | None
    """Of all batteries, in kilowatts."""
    max_energy: float | None
    """In kilowatt-hours; None where the gateway says 0."""
    max_power: float | None
    """In kilowatts; None where the gateway says 0."""
    max_site_power: float | None
    """What the site may take from the grid or give to it, in watts; None where that is
    not limited."""
    measured_frequency: float | None
    """Of the grid, in hertz; told on old firmware and by a stopped site controller."""
    grid_code: str | None
    """The rules of the grid that the inverters follow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitUpdate:
    """The firmware update of one unit, as the checks of `/api/powerwalls` tell it."""

    updating: bool | None
    progress: float | None
    """Percent; None while no step has begun."""
    failed_checks: tuple[str, ...]
    """The gateway's own names of the steps that failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Powerwall:
    """One Powerwall, as it was installed (`/api/powerwalls`)."""

    part_number: str
    serial_number: str
    kind: str | None
    """The gateway's own word for the type, such as ACPW or SolarPowerwall."""
    update: UnitUpdate
    reconnection_time: float | None
    """Seconds until it goes back to the grid."""
    under_phase_detection: bool | None
    in_config: bool | None
    """By its name, whether the configuration of the site has it."""

    @property
    def din(self) -> str:
        """Return the part and serial number as one, the way Tesla joins them."""
        return f"{self.part_number}--{self.serial_number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Powerwalls:
    """The installed Powerwalls, and what stands between them and the grid."""

    gateway_din: str | None
    updating: bool | None
    enumerating: bool | None
    activity: SystemActivity | None
    units: Mapping[str, Powerwall]
    """By DIN."""
    accessories: Mapping[str, UnitUpdate]
    """The synchronizer or the Backup Switch, whichever there is, by its kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareUpdate:
    """The firmware update of the gateway (`/api/system/update/status`)."""

    state: UpdateState | None
    """None for a state nobody has described yet."""
    updating: bool | None
    """Whether new firmware is being fetched or installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """One way to the internet (`/api/networks`); no names, no IP addresses."""

    kind: NetworkKind | None
    """None for an interface nobody has described yet."""
    active: bool | None
    primary: bool | None
    internet_reachable: bool | None
    tesla_reachable: bool | None
    signal_strength: float | None
    """Percent; None over a cable."""
    mac_address: str | None = field(repr=False)
    """Of the interface, in small letters, with colons between its six bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Networks:
    """All ways to the internet."""

    networks: tuple[Network, ...]

    @property
    def active(self) -> Network | None:
        """Return the one in use: of those that are active the primary one."""
        active = [network for network in self.networks if network.active]
        primary = [network for network in active if network.primary]
        return next(iter(primary or active), None)

    @property
    def internet_reachable(self) -> bool | None:
        """Return whether the internet was reached last over any of them."""
        return _any(network.internet_reachable for network in self.networks)

    @property
    def tesla_reachable(self) -> bool | None:
        """Return whether Tesla's servers were reached last over any of them."""
        return _any(network.tesla_reachable for network in self.networks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Nameplate:
    """Solar panels with their inverters, or a generator, as the installer put it."""

    brand: str | None
    model: str | None
    power: float | None
    """Rating in watts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Generators:
    """The generators, and how they are parted from the grid."""

    disconnect_type: str | None
    """In small letters, such as none or downstream_ats."""
    disconnect_types: tuple[str, ...]
    """What the gateway could be told to use, likewise."""
    units: tuple[Nameplate, ...]
    """No source shows one: it is read like a solar system."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SolarSystems:
    """All solar systems (`/api/solars`)."""

    systems: tuple[Nameplate, ...]

    @property
    def power(self) -> float | None:
        """Return the sum in watts; None where there is nothing to add up."""
        total = sum(system.power for system in self.systems if system.power)
        # Whole numbers that fit into 64 bits can add up to one that does not.
        return total if total and abs(total) < 2**63 else None


def _any(values: Iterable[bool | None]) -> bool | None:
    """Return whether one is true; None where none is known."""
    known = [value for value in values if value is not None]
    return any(known) if known else None
