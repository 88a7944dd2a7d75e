"""What happens at a site beside its physics: grid faults, alerts, an update.

Pure data on the site; the endpoints that tell of it put it into words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
import math
from typing import Any, Final

import orjson

MILLISECOND: Final = 0.001
"""Seconds; grid faults are told apart by their milliseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GridFault:
    """Something that was wrong with the grid, as a battery's inverter saw it."""

    code: str = "PINV_a007_vfCheckOverFrequency"
    is_fault: bool = False
    """A fault, not only a warning; every published one is a warning."""
    values: Sequence[dict[str, Any]] = (
        {"name": "PINV_a007_frequency", "value": 60.937, "units": "Hz"},
    )
    """What was measured: objects of `name`, `value` and perhaps `units`."""
    battery: int = 0
    """Whose inverter saw it, counted from 0."""
    elapsed: float = 0.0
    """When, in seconds of the site's own time."""

    @property
    def decoded(self) -> str:
        """The text of JSON within the JSON: who, how bad, and what was measured."""
        prefix = self.code.split("_")[0]
        kind = "Fault" if self.is_fault else "Warning"
        about = [
            {"name": f"{prefix}_alertID", "value": self.code},
            {"name": f"{prefix}_alertType", "value": kind},
        ]
        return orjson.dumps([*about, *self.values]).decode()

    @property
    def raw(self) -> int:
        """The message off the bus: in its first byte the number that the code names.

        So it is in both published ones; how values are packed behind it is not known.
        """
        _, _, rest = self.code.partition("_")
        digits = rest[1:4]
        return (int(digits) & 0x7F) << 56 if digits.isdecimal() else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """New firmware on its way into one Powerwall."""

    battery: int = 0
    """Which one, counted from 0."""
    progress: float = 0.0
    """How much of all its steps is done, 0 to 1."""

    def steps(self, count: int) -> list[tuple[str, float]]:
        """Return how it stands with each step, and how much of it is done, 0 to 1."""
        done, part = divmod(self.progress * count, 1)
        passed = [("pass", 1.0)] * int(done)
        rest = [("running", part)] + [("not_run", 0.0)] * count
        return [*passed, *rest][:count]


@dataclass(kw_only=True, slots=True)
class Incidents:
    """What is the matter, and since when. Nothing is, to begin with."""

    grid_faults: list[GridFault] = field(default_factory=list)
    """The latest last, which is inferred: no published list has two."""
    alerts: dict[str, Sequence[str]] = field(default_factory=dict)
    """Alerts of devices in place of their own, by kind and number: `TEPOD.0`."""
    update: Update | None = None

    def latest_fault(self) -> float:
        """Return when the latest grid fault was, in seconds of the site's time."""
        return max((fault.elapsed for fault in self.grid_faults), default=-math.inf)
