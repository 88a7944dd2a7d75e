"""A lifetime energy counter that is guarded, and numbers of real ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import orjson

from custom_components.tesla_gateway.energy_guard import EnergyGuard, Notice

POLL: Final = 10.0
MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

BATTERY: Final = 5000.0
"""Watts a Powerwall is allowed, in either direction."""
SOLAR: Final = 5250.0
"""Watts on the nameplate of the panels, on 21.44."""
CHARGED: Final = 642500.0
"""Watt-hours that a Powerwall had been charged with, on 21.44."""
HOME: Final = 1595342.4463185878
"""Watt-hours that the home had used by then."""
TOLERANCE: Final = 100 + BATTERY * 1.2 * 200 / 3600
"""Watt-hours above what a Powerwall moves that are let through at once."""


@dataclass
class Meter:
    """A guarded counter, and the clocks of the machine that guards it."""

    limit: float | None = BATTERY
    """Watts."""
    utc: float = 1.8e9
    monotonic: float = 1000.0
    guard: EnergyGuard = field(default_factory=EnergyGuard)

    def tell(self, energy: float | None, *, after: float = POLL) -> float | None:
        """Return what goes out for a reading so many seconds later."""
        self.utc += after
        self.monotonic += after
        return self.guard.admit(
            energy, limit=self.limit, utc=self.utc, monotonic=self.monotonic
        )

    def tell_all(
        self, energies: Iterable[float | None], *, after: float = POLL
    ) -> list[float | None]:
        """Return what goes out for one reading after the other."""
        return [self.tell(energy, after=after) for energy in energies]

    def rise(self, energy: float, by: float, *, seconds: float) -> list[float | None]:
        """Return what goes out of a counter that rises from here with every poll."""
        polls = range(1, round(seconds / POLL) + 1)
        return self.tell_all(energy + by * poll for poll in polls)

    def restart(self, *, off: float = 0.0, leap: float = 0.0) -> None:
        """Restart the machine, on which the wall's clock may come back wrong."""
        self.guard = EnergyGuard(orjson.loads(orjson.dumps(self.guard.as_dict())))
        self.utc += off + leap
        self.monotonic = 3.0

    @property
    def notice(self) -> Notice | None:
        """Return what was worth telling of the last reading."""
        return self.guard.notice
