"""What stores energy and what counts it: the packs, and the counters of the meters.

Pure like the site they are part of. A pack discharges (+) or charges (-).
"""

from dataclasses import dataclass
import math
from typing import Final

FULL_ENERGY: Final = 14061.0
"""Energy of a full pack in Wh, as a Powerwall on firmware 21.44 reported it."""

PACK_POWER: Final = 5000
"""Most a Powerwall charges or discharges in W: `max_charge_power`, same gateway."""

EMPTY_PERCENT: Final = 5.0
"""What the gateway keeps for itself: the app's 0 % is 5 % on the gateway's scale."""

NEGLIGIBLE: Final = 1e-6
"""An energy in Wh too small to count: a pack this close to a limit has reached it."""


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
