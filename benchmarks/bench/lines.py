"""A line of the table: one figure of core's and of ours, and its goal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Final

MILLI: Final = 1000
MICRO: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One figure, measured."""

    figure: str
    core: str = ""
    ours: str = ""
    result: str = ""
    """A ratio, or what the goal is about where that is none."""
    goal: str = ""
    is_met: bool | None = None
    """None where there is no goal."""
    data: dict[str, Any] = field(default_factory=dict)
    """What it was made of."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The same figure of both, round by round."""

    core: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    def add(self, side: str, values: Sequence[float]) -> None:
        """Add a round: the lowest tenth, beside which the machine did little else."""
        (self.core if side == "core" else self.ours).append(best(values))

    @property
    def ratio(self) -> float:
        """Ours in core's: the median of what each round says by itself."""
        pairs = zip(self.core, self.ours, strict=True)
        return median(ours / core for core, ours in pairs)

    def line(
        self,
        figure: str,
        most: float | None,
        *,
        scale: float = MILLI,
        unit: str = "ms",
        **data: Any,
    ) -> Line:
        """Return the line for a ratio."""
        ratio = self.ratio
        return Line(
            figure=figure,
            core=f"{median(self.core) * scale:.2f} {unit}",
            ours=f"{median(self.ours) * scale:.2f} {unit}",
            result=f"{ratio:.2f}",
            goal="" if most is None else f"{most:.2f} or less",
            is_met=None if most is None else ratio <= most,
            data={"core": self.core, "ours": self.ours, "ratio": ratio, **data},
        )


def best(values: Sequence[float]) -> float:
    """Return what a tenth of some figures stays below; of a few the median."""
    return quantiles(values, n=10)[0] if len(values) >= 10 else median(values)


def slope(points: Iterable[tuple[float, float]]) -> tuple[float, float, float]:
    """Return base and slope of the straight line nearest to points, and its worst miss.

    The miss is a share of what was measured there.
    """
    points = list(points)
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    base = mean_y - rise * mean_x
    miss = max(abs(base + rise * x - y) / y for x, y in points)
    return base, rise, miss
