"""What a gateway tells of what goes on, as frozen values with units and signs.

A value is None where the gateway does not have it. No times of reading: two
readings of an unchanged site are equal.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
import re
from typing import Any

from .components import ComponentKind, alert_name


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
    """The metering points: the first three on every system, the rest on some."""

    SITE = "site"
    BATTERY = "battery"
    LOAD = "load"
    SOLAR = "solar"
    GENERATOR = "generator"
    BUSWAY = "busway"


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

    @property
    def is_off_grid(self) -> bool | None:
        """Return whether it is anything but connected; None for an unknown status."""
        return None if self.status is None else self.status is not GridStatus.CONNECTED


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
    """By its name, whether it could feed the home in an outage."""
    off_grid: bool | None
    """By its name, whether it runs apart from the grid."""
    vf_mode: bool | None
    """By its name, whether the inverter sets voltage and frequency itself."""
    wobble_detected: bool | None
    """No source tells what is detected."""
    charge_power_clamped: bool | None
    """By its name, whether its charge power is limited right now."""

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
    target_power: float | None
    """Real power in watts that the batteries shall give, positive discharging."""
    target_reactive_power: float | None
    """Reactive power in volt-amperes reactive that the batteries shall give; no source
    tells the sign."""
    max_charge_power: float | None
    """Limit in watts."""
    max_discharge_power: float | None
    """Limit in watts."""
    max_apparent_power: float | None
    """Limit in volt-amperes."""
    instantaneous_max_charge_power: float | None
    """What the batteries could take right now, in watts."""
    instantaneous_max_discharge_power: float | None
    """What the batteries could give right now, in watts."""
    instantaneous_max_apparent_power: float | None
    """What the inverters could do right now, in volt-amperes; firmware 22 on."""
    solar_power_limit: float | None
    """Limit of the solar power in watts; None where there is none."""
    grid_services_power: float | None
    """Real power in watts that goes to grid services."""
    max_ramp_rate: float | None
    """How fast the power may change for long; no source tells the unit."""
    available_batteries: int | None
    """Number of batteries that can be used."""
    controlled_batteries: int | None
    """Number of batteries that the site controller commands."""
    island_state: GridStatus | None
    """How the site stands to the grid; None for a state nobody has described yet."""
    last_toggle: datetime | None
    """When the switch of a Powerwall was last turned off and on."""
    batteries: Mapping[str, Battery]
    """By the battery's DIN."""

    @property
    def has_usable_battery(self) -> bool | None:
        """Return whether one can feed the home; None where the gateway does not say."""
        if self.available_batteries == 0:
            return False
        if self.batteries:
            return any(not each.disabled_reasons for each in self.batteries.values())
        return None if self.available_batteries is None else True


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultValue:
    """One value that was measured when a grid fault was noticed."""

    name: str
    """In words, such as Frequency."""
    value: float | str
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class GridFault:
    """A disturbance of the grid that an inverter noticed.

    Its moment is not the time of a reading: it is part of what the fault is.
    """

    code: str
    """The gateway's own name, such as PINV_a007_vfCheckOverFrequency."""
    is_fault: bool | None
    """False for a mere warning."""
    occurred_at: datetime | None
    component: str | None
    """The type of device that noticed it, such as TEPINV."""
    serial_number: str | None = field(repr=False)
    """Of that device."""
    values: tuple[FaultValue, ...]

    @property
    def name(self) -> str:
        """Return the name in words, such as Vf check over frequency."""
        return alert_name(self.code)

    @property
    def identity(self) -> tuple[str, datetime | None, str | None]:
        """Return what tells it from others, however it is described."""
        return (self.code, self.occurred_at, self.serial_number)

    def as_dict(self) -> dict[str, Any]:
        """Return all but the serial number, as JSON."""
        return {
            "name": self.name,
            "code": self.code,
            "is_fault": self.is_fault,
            "occurred_at": self.occurred_at and self.occurred_at.isoformat(),
            "component": self.component,
            "values": [asdict(value) for value in self.values],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class GridFaults:
    """The disturbances of the grid that the gateway remembers."""

    faults: tuple[GridFault, ...]
    recent: int
    """How many of them came in the 24 hours before they were read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseMeter:
    """One meter, phase by phase (`/api/meters/site`, `/api/meters/solar`).

    Three values each, None where the meter has no such phase. Counts and signs are
    the meter's own: one at the panels counts production as imported.
    """

    kind: str | None
    """The gateway's own word for the type, such as neurio_w2_tcp or synchrometerX."""
    part_of: ComponentKind | None
    """The contactor that it is built into; None for a meter of its own."""
    serial_number: str
    voltage: tuple[float | None, ...]
    """Between phase and neutral, in volts."""
    real_power: tuple[float | None, ...]
    """In watts."""
    reactive_power: tuple[float | None, ...]
    """In volt-amperes reactive."""
    energy_imported: tuple[float | None, ...]
    """Lifetime energy in watt-hours."""
    energy_exported: tuple[float | None, ...]
    """Lifetime energy in watt-hours."""
    inverted: tuple[bool | None, ...]
    """Whether each current transformer is read the other way round; None if unused."""


type PhaseMeters = Mapping[str, PhaseMeter]
"""The meters at one location, by serial number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteController:
    """The program that runs the site (`/api/sitemaster`)."""

    running: bool | None
    """Whether it runs; while it is stopped, live values are answered with 502."""
    connected_to_tesla: bool | None
    """By its name, whether the gateway has a connection to Tesla's servers."""
    power_supply_mode: bool | None
    """No source tells what it means."""
    reboot_obstacle: str | None
    """Why it cannot be rebooted now, in small letters; none where nothing speaks
    against it, None while it is stopped."""


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
