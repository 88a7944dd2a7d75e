"""What a gateway tells, as frozen values with units and signs.

A value is None where the gateway does not have it. No timestamps: two
readings of an unchanged site are equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
import re


class Role(StrEnum):
    """The user names a gateway knows on the local network."""

    CUSTOMER = "customer"
    INSTALLER = "installer"


class GatewayModel(StrEnum):
    """The kinds of gateway, with the names Tesla sells them under."""

    GATEWAY_1 = "Backup Gateway 1"
    GATEWAY_2 = "Backup Gateway 2"
    POWERWALL_3 = "Powerwall 3"
    OTHER = "Energy Gateway"


class MeterKind(StrEnum):
    """The metering points every system has; solar only where there is any."""

    SITE = "site"
    BATTERY = "battery"
    LOAD = "load"
    SOLAR = "solar"


class GridStatus(StrEnum):
    """How the site stands to the grid."""

    CONNECTED = "connected"
    ISLANDED = "islanded"
    ISLANDED_READY = "islanded_ready"
    """Off the grid, standing by."""
    TRANSITION_TO_GRID = "transition_to_grid"
    """The grid is back; the gateway synchronizes with it."""
    TRANSITION_TO_ISLAND = "transition_to_island"
    """The gateway opens its contactor."""
    MICROGRID_FAULTED = "microgrid_faulted"
    """Off the grid, with a fault."""
    WAIT_FOR_USER = "wait_for_user"
    """Off until a person starts it, for instance after the battery ran empty."""


class OperationMode(StrEnum):
    """How the battery is used; the first three can be chosen in the app."""

    SELF_CONSUMPTION = "self_consumption"
    AUTONOMOUS = "autonomous"
    BACKUP = "backup"
    SCHEDULER = "scheduler"
    SITE_CONTROL = "site_control"


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The installation (`/api/site_info`)."""

    name: str | None
    time_zone: str | None
    """IANA name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who answers at an address; read once, when a gateway is added."""

    din: str
    model: GatewayModel
    firmware: str | None
    site_name: str | None
    running: bool | None
    """Whether the site controller runs; None where the gateway does not say."""

    @property
    def release(self) -> tuple[int, ...]:
        """Return the firmware's leading numbers, to compare: (24, 12, 6)."""
        numbers, _, _ = (self.firmware or "").partition("-")
        return tuple(int(number) for number in re.findall(r"\d{1,9}", numbers))


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """One metering point, summed over its meters (`/api/meters/aggregates`).

    Power is positive toward the home: grid import, battery discharge, solar
    production. For the home's load, positive is consumption.
    """

    real_power: float | None
    """Real power in watts."""
    reactive_power: float | None
    """Reactive power in volt-amperes reactive, signed like real power."""
    apparent_power: float | None
    """Apparent power in volt-amperes, never negative."""
    energy_imported: float | None
    """Lifetime energy in watt-hours: from the grid, into the battery, into the home."""
    energy_exported: float | None
    """Lifetime energy in watt-hours: to the grid, out of the battery, produced."""
    voltage: float | None
    """Average voltage in volts. On split phase an odd mean, not the mains voltage."""
    current: float | None
    """Sum over the phases in amperes; None where the meter does not measure it.

    The home's is computed: real power by voltage. The battery's fits neither its
    power nor its sign in any sample (-29.4 at 1360 W and 241 V).
    """
    current_l1: float | None
    """Current of a phase in amperes; None where the meter does not measure phases."""
    current_l2: float | None
    current_l3: float | None
    frequency: float | None
    """Frequency in hertz; None where the meter does not measure it."""


type Meters = Mapping[MeterKind, Meter]
"""The meters a system has; a missing one, or one that is null, is left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """State of charge of the whole system (`/api/system_status/soe`)."""

    percent: float
    """Percent of the usable energy, as the app shows it: 0-100."""
    gateway_percent: float
    """Percent of the nominal energy, as the gateway reports it: 0-100."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """The grid connection (`/api/system_status/grid_status`)."""

    status: GridStatus | None
    """None for a status nobody has described yet."""
    reported: str | None
    """The gateway's own word for the status."""
    services_active: bool | None
    """Whether the utility or Tesla uses the battery for the grid right now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Battery:
    """One Powerwall, as the running system sees it (`/api/system_status`).

    A disabled Powerwall reports no power, voltage, frequency and lifetime energy.
    """

    part_number: str
    serial_number: str
    energy_remaining: float | None
    """Energy in the pack, in watt-hours."""
    energy_capacity: float | None
    """Energy of the pack when full, in watt-hours; shrinks with age."""
    real_power: float | None
    """Real power in watts, positive while discharging."""
    reactive_power: float | None
    """Reactive power in volt-amperes reactive; no source tells the sign."""
    voltage: float | None
    """Inverter output voltage in volts."""
    frequency: float | None
    """Inverter output frequency in hertz."""
    energy_charged: float | None
    """Lifetime energy into the battery, in watt-hours."""
    energy_discharged: float | None
    """Lifetime energy out of the battery, in watt-hours."""
    inverter_state: str | None
    """Lower-case words, such as grid_following; free text on the wire."""
    grid_state: str | None
    """Lower-case words, such as compliant or qualifying; free text on the wire."""
    operation_state: str | None
    """Lower-case words, such as active or standby; free text on the wire."""
    disabled_reasons: tuple[str, ...]
    """The gateway's own names; empty while the Powerwall is enabled."""
    backup_ready: bool | None
    off_grid: bool | None
    vf_mode: bool | None
    """By its name, whether the inverter sets voltage and frequency itself."""
    wobble_detected: bool | None
    charge_power_clamped: bool | None

    @property
    def din(self) -> str:
        """Return the part and serial number as one, the way Tesla joins them."""
        return f"{self.part_number}--{self.serial_number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemStatus:
    """The batteries together, and one by one (`/api/system_status`)."""

    energy_remaining: float | None
    """Energy in all batteries, in watt-hours."""
    energy_capacity: float | None
    """Energy of all batteries when full, in watt-hours."""
    batteries: Mapping[str, Battery]
    """By the battery's DIN."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteController:
    """The program that runs the site (`/api/sitemaster`)."""

    running: bool | None
    connected_to_tesla: bool | None
    power_supply_mode: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What the battery is set to do (`/api/operation`)."""

    mode: OperationMode | None
    """None for a mode nobody has described yet."""
    reported_mode: str | None
    """The gateway's own word for the mode."""
    backup_reserve: float | None
    """Percent of the usable energy kept for outages, as the app shows it: 0-100."""
    gateway_backup_reserve: float | None
    """Percent of the nominal energy, as the gateway keeps it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Powerwall:
    """One Powerwall, as it was installed (`/api/powerwalls`)."""

    part_number: str
    serial_number: str
    kind: str | None
    """The gateway's own word for the type, such as ACPW or SolarPowerwall."""

    @property
    def din(self) -> str:
        """Return the part and serial number as one, the way Tesla joins them."""
        return f"{self.part_number}--{self.serial_number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Powerwalls:
    """The installed Powerwalls (`/api/powerwalls`)."""

    gateway_din: str | None
    units: tuple[Powerwall, ...]
