"""A home with solar panels, batteries and a grid: the physics behind the gateway.

Pure: no network, no wall clock. `advance` moves the site through time and everything
else follows from the state it is in. Signs are the gateway's: the site imports (+) or
exports (-), the battery discharges (+) or charges (-), solar and a generator produce
(+), the load consumes (+), and `load = site + battery + solar + generator` holds in
whole watts at every moment. Energies are in Wh.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from itertools import accumulate, pairwise
import math
from operator import attrgetter
from typing import Any, Final

from .energy import EMPTY_PERCENT, Battery, Counter, new_batteries
from .incidents import Incidents

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


class WriteKind(StrEnum):
    """What becomes of a write that the gateway has accepted."""

    NORMAL = "normal"
    """It takes effect at once: settings when they are committed, all else when sent."""
    DELAYED = "delayed"
    """It takes effect later."""
    LOST = "lost"
    """Settings are not there to be committed; all else does nothing."""
    HALF = "half"
    """Of the settings only the mode takes effect; all else as normal."""
    IGNORED = "ignored"
    """The commit throws the settings away; all else does nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteEffect:
    """What becomes of writes. No answer tells."""

    kind: WriteKind = WriteKind.NORMAL
    seconds: float = 0.0
    """How late a delayed write is, in the site's own time."""

    @property
    def delay(self) -> float:
        """Seconds until a write takes effect."""
        return self.seconds if self.kind is WriteKind.DELAYED else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a write makes of the site, and when."""

    due: float
    """In seconds of the site's own time."""
    values: Mapping[str, Any]
    """By attribute of the site."""


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
    write_effect: WriteEffect = WriteEffect()
    """What becomes of what is written from now on."""
    applied_at: datetime | None = None
    """When a write last took effect, by `now`. The contactor moves from then on."""
    _changes: list[Change] = field(default_factory=list)
    """Those to come, the next one first."""

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
        is_lost = self.write_effect.kind is WriteKind.LOST
        self.pending_operation = None if is_lost else (mode, backup_reserve_percent)

    def commit_operation(self) -> None:
        """Put written settings into effect."""
        pending, self.pending_operation = self.pending_operation, None
        kind = self.write_effect.kind
        if pending is None or kind is WriteKind.IGNORED:
            return
        mode, reserve = pending
        whole = {"mode": mode, "backup_reserve_percent": reserve}
        self._schedule({"mode": mode} if kind is WriteKind.HALF else whole)

    def write(self, **values: bool) -> None:
        """Set flags that need no commit: `is_running`, `is_off_grid_wanted`."""
        if self.write_effect.kind not in {WriteKind.LOST, WriteKind.IGNORED}:
            self._schedule(values)

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
        """Let time pass; what is due takes effect at its very moment."""
        end = self.elapsed + seconds
        while self._changes and self._changes[0].due <= end:
            self._live_until(self._changes[0].due)
            self._apply_due()
        self._live_until(end)

    def _live_until(self, end: float) -> None:
        """Let time pass, in steps within which every power is constant."""
        while self.elapsed < end:
            flows = self.flows()
            change = min([LONGEST_STEP, *self._seconds_to_change(flows)])
            step = min(max(change, SHORTEST_STEP), end - self.elapsed)
            self._integrate(flows, step)
            self.elapsed = min(self.elapsed + step, end)

    def _schedule(self, values: Mapping[str, Any]) -> None:
        """Let a write take effect when it should, in the order of falling due."""
        due = self.elapsed + self.write_effect.delay
        insort(self._changes, Change(due=due, values=values), key=attrgetter("due"))
        self._apply_due()

    def _apply_due(self) -> None:
        while self._changes and self._changes[0].due <= self.elapsed:
            for name, value in self._changes.pop(0).values.items():
                setattr(self, name, value)
            self.applied_at = self.now

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
