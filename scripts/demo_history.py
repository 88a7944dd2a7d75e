"""Two days before the demo began, so that its Energy dashboard has something to show.

Lived through by the simulator's own physics: what the home would have measured, had the
demo been running all the time. At the simulated site it has its own time of day.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from scripts.real_home_assistant import RealHomeAssistant
from simulator.site import Site

HOURS: Final = 48

type Counters = dict[str, float]
"""Lifetime energies in Wh by the key of the entity that shows them."""


async def import_history(
    home: RealHomeAssistant, entities: Mapping[str, str], site_time: datetime
) -> None:
    """Give Home Assistant hourly statistics up to now for the energies it shows.

    A sum counts from the first state that Home Assistant sees; so before it, sums are
    negative.
    """
    has_solar = "solar_energy" in entities
    *past, (_, last) = _hours(datetime.now(UTC), site_time, has_solar=has_solar)
    states = await home.states()
    for key, entity_id in entities.items():
        if key not in last or entity_id not in states:
            continue
        present = float(states[entity_id].value)
        rows = [
            {
                "start": start.isoformat(),
                "state": present + counters[key] - last[key],
                "sum": counters[key] - last[key],
            }
            for start, counters in past
        ]
        await home.import_statistics(entity_id, states[entity_id].unit, rows)


def _hours(
    now: datetime, site_time: datetime, *, has_solar: bool
) -> Iterator[tuple[datetime, Counters]]:
    """Yield each hour's beginning and the counters at its end, and those of now."""
    hour = timedelta(hours=1)
    start = now.replace(minute=0, second=0, microsecond=0) - HOURS * hour
    site = Site(start=site_time - (now - start), has_solar=has_solar)
    for number in range(HOURS):
        site.advance(hour.total_seconds())
        yield start + number * hour, _counters(site)
    site.advance((site_time - site.now).total_seconds())
    yield now, _counters(site)


def _counters(site: Site) -> Counters:
    return {
        "grid_energy_imported": site.site_energy.imported,
        "grid_energy_exported": site.site_energy.exported,
        "solar_energy": site.solar_energy.exported,
        "home_energy": site.load_energy.imported,
        "battery_energy_charged": sum(each.charged for each in site.batteries),
        "battery_energy_discharged": sum(each.discharged for each in site.batteries),
    }
