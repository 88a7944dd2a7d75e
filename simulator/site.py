"""A home with solar panels, batteries and a grid: the physics behind the gateway.

Pure: no network, no wall clock. `advance` moves the site through time and everything
else follows from the state it is in. Signs are the gateway's: the site imports (+) or
exports (-), the battery discharges (+) or charges (-), solar and a generator produce
(+), the load consumes (+), and `load = site + battery + solar + generator` holds in
whole watts at every moment. Energies are in Wh.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import accumulate, pairwise
import math
from typing import Final

from .incidents import Incidents

FULL_ENERGY: Final = 14061.0
"""Energy of a full pack in Wh, as a Powerwall on firmware 21.44 reported it."""

PACK_POWER: Final = 5000
"""Most a Powerwall charges or discharges in W: `max_charge_power`, same gateway."""

EMPTY_PERCENT: Final = 5.0
"""What the gateway keeps for itself: the app's 0 % is 5 % on the gateway's scale."""

SOLAR_RATING: Final = 5250
"""Nameplate of the panels in W, as in `/api/solars` of the same gateway."""

SOLAR_STANDBY: Final = -10
"""At night solar inverters draw tens of watts, which their meters show as negative."""

SUNRISE: Final = 6.0
SUNSET: Final = 20.0
PEAK_HOURS: Final = (16.0, 21.0)
"""Hours of the day with dear energy, when time-based control uses the battery."""

LONGEST_STEP: Final = 60.0
"""Powers are taken as constant for at most this many seconds."""

SHORTEST_STEP: Final = 1e-6
"""Seconds; keeps time moving where rounding leaves a change due in no time at all."""

NEGLIGIBLE: Final = 1e-6
"""An energy in Wh too small to count: a pack this close to a limit has reached it."""

DEFAULT_START: Final = datetime(
    2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=-7))
)


class GridStatus(StrEnum):
    """How the home and the grid stand to each other."""

    CONNECTED = "SystemGridConnected"
    ISLANDED = "SystemIslandedActive"
    TO_GRID = "SystemTransitionToGrid"
    TO_ISLAND = "SystemTransitionToIsland"
    WAIT_FOR_USER = "SystemWaitForUser"
    """Islanded with empty batteries: the home is dark until somebody acts."""


ISLANDING_SECONDS: Final = 3.0
"""Opening the contactor takes at most this long (measured on firmware 26.18.1)."""

RECONNECTING_SECONDS: Final = 21.0
"""Synchronizing with the grid and closing the contactor again (same source)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flows:
    """Real power in W with the gateway's signs."""

    solar: int
    load: int
    batteries: tuple[int, ...]
    """Of each battery, in the site's order."""
    generator: int = 0

    @property
    def battery(self) -> int:
        """Power of all batteries together."""
        return sum(self.batteries)

    @property
    def site(self) -> int:
        """Power from the grid (+) or to it (-)."""
        return self.load - self.solar - self.battery - self.generator


@dataclass(slots=True)
class Counter:
    """Lifetime energies of one meter in Wh; they only grow."""

    imported: float
    exported: float

    def add(self, energy: float) -> None:
        """Count energy: imported where positive, exported where negative."""
        if energy > 0:
            self.imported += energy
        else:
            self.exported -= energy


@dataclass(slots=True)
class Battery:
    """One Powerwall. Its energy and what it ever charged and discharged, in Wh."""

    serial: str
    energy: float
    charged: float = 642500.0
    discharged: float = 567740.0
    full_energy: float = FULL_ENERGY
    disabled_reasons: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether the gateway works with this pack."""
        return not self.disabled_reasons

    @property
    def room(self) -> float:
        """Energy in Wh it can still take."""
        return self.full_energy - self.energy

    def energy_above(self, percent: float) -> float:
        """Return the energy in Wh it can give before it falls below a percentage."""
        return self.energy - self.full_energy * percent / 100

    def discharge_limit(self, floor_percent: float) -> int:
        """Return the W it can give without falling below the floor."""
        return (
            PACK_POWER
            if self.is_usable and self.energy_above(floor_percent) > NEGLIGIBLE
            else 0
        )

    def charge_limit(self) -> int:
        """Return the W it can take."""
        return PACK_POWER if self.is_usable and self.room > NEGLIGIBLE else 0

    def seconds_to_limit(self, power: int, floor_percent: float) -> float:
        """Return how long it can keep this power up before a limit is reached."""
        if power == 0:
            return math.inf
        energy = self.energy_above(floor_percent) if power > 0 else self.room
        return energy / abs(power) * 3600

    def integrate(self, power: int, seconds: float) -> None:
        """Discharge (+) or charge (-) at this power for a while."""
        energy = power * seconds / 3600
        self.energy = min(self.energy - energy, self.full_energy)
        self.discharged += max(energy, 0)
        self.charged += max(-energy, 0)


def new_batteries(count: int, percent: float) -> list[Battery]:
    """Return packs charged to a percentage on the gateway's scale."""
    energy = FULL_ENERGY * percent / 100
    return [Battery(f"TGSIMULATED{101 + index}", energy) for index in range(count)]


EVERYTHING: Final = 10**9
"""More W than any site has."""

type Strategy = Callable[[int, int, bool], int]
"""From solar, load and whether it is peak time to the W wanted of the batteries."""

STRATEGIES: Final[dict[str, Strategy]] = {
    # Cover the home with what the sun does not give, store what it gives too much.
    "self_consumption": lambda solar, load, _: load - solar,
    # At peak time the battery feeds the home and solar is sold; else it only charges.
    "autonomous": lambda solar, load, is_peak: (
        load if is_peak else min(load - solar, 0)
    ),
    # Be full, wherever it comes from.
    "backup": lambda _solar, _load, _is_peak: -EVERYTHING,
}


@dataclass(kw_only=True, slots=True)
class Site:
    """The home. Set what is given: sun, load, grid, settings. Read what follows."""

    name: str = "Simulated Home"
    start: datetime = DEFAULT_START
    elapsed: float = 0.0
    """Seconds of the site's own time since `start`."""

    batteries: list[Battery] = field(default_factory=lambda: new_batteries(1, 55.0))
    has_solar: bool = True
    has_backup_switch: bool = False
    """Whether the contactor is in a Backup Switch, not in the gateway."""
    solar_power: int | None = None
    """W the sun would give; None follows the time of day."""
    load_power: int | None = None
    """W the home asks for; None follows the time of day."""
    battery_power: int | None = None
    """W asked of the batteries (+ discharge); None follows the mode."""
    generator_power: int | None = None
    """W that a generator gives; None where there is no generator."""

    mode: str = "self_consumption"
    backup_reserve_percent: float = 24.0
    """Kept for outages, on the gateway's scale: 24 is the app's 20 %."""
    pending_operation: tuple[str, float] | None = None
    """Mode and reserve that were written and not committed yet."""

    is_running: bool = True
    """Whether the site controller runs."""
    busy_reason: str = ""
    """Why the site controller cannot be stopped or rebooted now; empty when it can."""

    incidents: Incidents = field(default_factory=Incidents)

    is_grid_up: bool = True
    is_off_grid_wanted: bool = False
    _switched_at: float = -math.inf
    _is_joined: bool = True

    site_energy: Counter = field(
        default_factory=lambda: Counter(752045.9551097859, 348463.5610710742)
    )
    solar_energy: Counter = field(
        default_factory=lambda: Counter(2655.4902861339488, 1269175.54256601)
    )
    load_energy: Counter = field(
        default_factory=lambda: Counter(1595342.4463185878, 0.0)
    )
    generator_energy: Counter = field(default_factory=lambda: Counter(0.0, 0.0))

    @property
    def now(self) -> datetime:
        """The site's own time of day, to the microsecond."""
        return self.start + timedelta(seconds=self.elapsed)

    @property
    def hour(self) -> float:
        """The hour of the day, with its fraction."""
        seconds = (
            self.start.hour * 3600
            + self.start.minute * 60
            + self.start.second
            + self.elapsed
        )
        return seconds / 3600 % 24

    @property
    def usable_batteries(self) -> list[Battery]:
        """The packs the gateway works with."""
        return [battery for battery in self.batteries if battery.is_usable]

    @property
    def energy_remaining(self) -> int:
        """Energy in the usable packs in Wh; the gateway counts whole ones."""
        return sum(round(battery.energy) for battery in self.usable_batteries)

    @property
    def full_energy(self) -> int:
        """Energy of the usable packs when full, in Wh."""
        return sum(round(battery.full_energy) for battery in self.usable_batteries)

    @property
    def charge_percent(self) -> float:
        """State of charge on the gateway's scale, where 5 % is the app's 0 %."""
        return (
            100 * self.energy_remaining / self.full_energy if self.full_energy else 0.0
        )

    @charge_percent.setter
    def charge_percent(self, percent: float) -> None:
        """Charge every pack to this percentage."""
        for battery in self.batteries:
            battery.energy = battery.full_energy * percent / 100

    @property
    def grid_status(self) -> GridStatus:
        """How the site stands to the grid now; changes take the time they take."""
        since = self.elapsed - self._notice_switch()
        if self._is_joined:
            return (
                GridStatus.CONNECTED
                if since >= RECONNECTING_SECONDS
                else GridStatus.TO_GRID
            )
        if since < ISLANDING_SECONDS:
            return GridStatus.TO_ISLAND
        return (
            GridStatus.ISLANDED if self._has_power_left() else GridStatus.WAIT_FOR_USER
        )

    @property
    def is_connected(self) -> bool:
        """Whether the contactor to the grid is closed."""
        return self.grid_status is GridStatus.CONNECTED

    @property
    def floor_percent(self) -> float:
        """The state of charge at which the batteries stop discharging."""
        if not self.is_connected:
            return EMPTY_PERCENT
        reserve = 100.0 if self.mode == "backup" else self.backup_reserve_percent
        return max(reserve, EMPTY_PERCENT)

    def settle(self) -> None:
        """Let every change of the grid be as if it had happened long ago."""
        self._notice_switch()
        self._switched_at = -math.inf

    def write_operation(self, mode: str, backup_reserve_percent: float) -> None:
        """Take new settings; they do nothing until they are committed."""
        self.pending_operation = (mode, backup_reserve_percent)

    def commit_operation(self) -> None:
        """Put written settings into effect."""
        if self.pending_operation is not None:
            self.mode, self.backup_reserve_percent = self.pending_operation
            self.pending_operation = None

    def flows(self) -> Flows:
        """Return the powers of this moment."""
        status = self.grid_status
        solar, load = self._sunshine(), self._demand()
        generator = self.generator_power or 0
        if status is GridStatus.CONNECTED:
            wanted = self._wanted(solar, load - generator) if self.is_running else 0
            return self._dispatched(solar, load, generator, wanted)
        if status is GridStatus.WAIT_FOR_USER or not self.is_running:
            return self._dispatched(0, 0, 0, 0)
        wanted = load - solar - generator
        return _balanced(self._dispatched(solar, load, generator, wanted))

    def advance(self, seconds: float) -> None:
        """Let time pass, in steps within which every power is constant."""
        end = self.elapsed + seconds
        while self.elapsed < end:
            flows = self.flows()
            change = min([LONGEST_STEP, *self._seconds_to_change(flows)])
            step = min(max(change, SHORTEST_STEP), end - self.elapsed)
            self._integrate(flows, step)
            self.elapsed = min(self.elapsed + step, end)

    def _notice_switch(self) -> float:
        """Return when the contactor was last told to move, noticing a new wish."""
        is_joined = self.is_grid_up and not self.is_off_grid_wanted
        if is_joined != self._is_joined:
            self._is_joined = is_joined
            self._switched_at = self.elapsed
        return self._switched_at

    def _has_power_left(self) -> bool:
        return any(battery.discharge_limit(EMPTY_PERCENT) for battery in self.batteries)

    def _sunshine(self) -> int:
        """Return the W the panels could give: a sine over the day, less clouds."""
        if not self.has_solar:
            return 0
        if self.solar_power is not None:
            return self.solar_power
        height = math.sin(math.pi * (self.hour - SUNRISE) / (SUNSET - SUNRISE))
        clouds = 0.9 + 0.1 * math.sin(self.hour * 50)
        is_day = SUNRISE < self.hour < SUNSET
        return (
            max(round(SOLAR_RATING * height * clouds), 0) if is_day else SOLAR_STANDBY
        )

    def _demand(self) -> int:
        """Return the W the home asks for: two busy times, a fridge, some noise."""
        if self.load_power is not None:
            return self.load_power
        busy = math.exp(-((self.hour - 7.5) ** 2)) + 2 * math.exp(
            -((self.hour - 19) ** 2) / 4
        )
        fridge = 120 if self.hour % 0.5 < 0.2 else 0
        return round(450 + 900 * busy + fridge + 40 * math.sin(self.hour * 170))

    def _wanted(self, solar: int, load: int) -> int:
        """Return the W asked of the batteries on the grid."""
        if self.battery_power is not None:
            return self.battery_power
        is_peak = PEAK_HOURS[0] <= self.hour < PEAK_HOURS[1]
        strategy = STRATEGIES.get(self.mode)
        return strategy(solar, load, is_peak) if strategy else 0

    def _dispatched(self, solar: int, load: int, generator: int, wanted: int) -> Flows:
        """Spread a wanted battery power over the packs that can, in whole watts."""
        limits = [self._limit(battery, wanted) for battery in self.batteries]
        able = sum(limits)
        total = max(min(wanted, able), -able)
        marks = [
            round(total * mark / able) if able else 0 for mark in accumulate(limits)
        ]
        shares = tuple(after - before for before, after in pairwise([0, *marks]))
        return Flows(solar=solar, load=load, batteries=shares, generator=generator)

    def _limit(self, battery: Battery, wanted: int) -> int:
        if wanted < 0:
            return battery.charge_limit()
        return battery.discharge_limit(self.floor_percent)

    def _seconds_to_change(self, flows: Flows) -> Iterator[float]:
        """Yield how long until something happens that changes the powers."""
        floor = self.floor_percent
        for battery, power in zip(self.batteries, flows.batteries, strict=True):
            yield battery.seconds_to_limit(power, floor)
        since = self.elapsed - self._switched_at
        for ends in (ISLANDING_SECONDS, RECONNECTING_SECONDS):
            if since < ends:
                yield ends - since

    def _integrate(self, flows: Flows, seconds: float) -> None:
        hours = seconds / 3600
        self.site_energy.add(flows.site * hours)
        self.solar_energy.add(-flows.solar * hours)
        self.load_energy.add(flows.load * hours)
        self.generator_energy.add(-flows.generator * hours)
        for battery, power in zip(self.batteries, flows.batteries, strict=True):
            battery.integrate(power, seconds)


def _balanced(flows: Flows) -> Flows:
    """Match an island: throttle what nobody can take, drop load nobody can feed.

    A generator follows its load first, then solar is throttled.
    """
    surplus, shortage = max(-flows.site, 0), max(flows.site, 0)
    idle = min(surplus, max(flows.generator, 0))
    return replace(
        flows,
        generator=flows.generator - idle,
        solar=flows.solar - (surplus - idle),
        load=flows.load - shortage,
    )
