"""Sites to begin with: a time of day and what is the matter at it."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final

from .energy import new_batteries
from .incidents import GridFault, Incidents, Update
from .site import DEFAULT_START, Site

DISABLED_REASON: Final = "DisabledExcessiveVoltageDrop"
"""Why a real pack was seen disabled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """How a site begins; from there on it follows its physics."""

    description: str
    time: time
    """The site's own time of day."""
    charge_percent: float
    """State of charge on the gateway's scale."""
    batteries: int = 1
    disabled_batteries: int = 0
    """How many of them, counted from the last, the gateway does not use."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Attributes of the site."""

    def site(self, batteries: int | None = None) -> Site:
        """Return a new site in this state, with as many batteries as asked."""
        packs = new_batteries(batteries or self.batteries, self.charge_percent)
        for battery in packs[len(packs) - self.disabled_batteries :]:
            battery.disabled_reasons = (DISABLED_REASON,)
        start = DEFAULT_START.replace(hour=self.time.hour, minute=self.time.minute)
        site = Site(start=start, batteries=packs, **deepcopy(dict(self.given)))
        site.settle()
        return site


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "day": Scenario(
        description="A sunny morning: the sun feeds the home and charges the battery",
        time=time(10, 30),
        charge_percent=55.0,
    ),
    "night": Scenario(
        description="The battery feeds the home",
        time=time(22, 30),
        charge_percent=62.0,
    ),
    "outage": Scenario(
        description="An evening without grid: islanded on the battery",
        time=time(19, 0),
        charge_percent=71.0,
        given={"is_grid_up": False},
    ),
    "full": Scenario(
        description="A full battery at noon: what the home leaves goes to the grid",
        time=time(13, 0),
        charge_percent=100.0,
    ),
    "exporting": Scenario(
        description="Peak hours: the battery feeds the home, all solar power is sold",
        time=time(16, 30),
        charge_percent=80.0,
        given={"mode": "autonomous"},
    ),
    "reserve": Scenario(
        description="At night, the battery down to its reserve: the grid takes over",
        time=time(2, 0),
        charge_percent=24.0,
    ),
    "no_solar": Scenario(
        description="No panels: no solar meter, a battery kept full for outages",
        time=time(10, 30),
        charge_percent=90.0,
        given={"has_solar": False, "mode": "backup"},
    ),
    "disabled_pack": Scenario(
        description="Two batteries, one of which the gateway does not use",
        time=time(10, 30),
        charge_percent=55.0,
        batteries=2,
        disabled_batteries=1,
    ),
    "generator": Scenario(
        description="A night without grid: a generator feeds the home, not too much",
        time=time(23, 0),
        charge_percent=31.0,
        given={"is_grid_up": False, "generator_power": 3000},
    ),
    "updating": Scenario(
        description="Two batteries, the second of which is getting new firmware",
        time=time(3, 0),
        charge_percent=48.0,
        batteries=2,
        given={"incidents": Incidents(update=Update(battery=1, progress=0.4))},
    ),
    "troubled": Scenario(
        description="The grid was out of bounds twice, and the inverter's fan failed",
        time=time(14, 0),
        charge_percent=67.0,
        given={
            "incidents": Incidents(
                grid_faults=[
                    GridFault(elapsed=-3600.0),
                    GridFault(
                        code="PINV_a008_vfCheckRocof", values=(), elapsed=-3599.5
                    ),
                ],
                alerts={"PVAC.0": ("PVAC_a030_fan_faulted",)},
            )
        },
    ),
}
"""By the name given on the command line."""
