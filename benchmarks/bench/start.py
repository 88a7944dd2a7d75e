"""Setting up: what it asks and what it costs until the first states, and after."""

from collections.abc import Mapping
import gc
import time
from typing import Any, Final

from pytest_homeassistant_custom_component.common import MockConfigEntry

from benchmarks.homes import CORE, OURS
from custom_components.tesla_gateway.const import CONF_RECORD
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .house import Installed, add, house
from .lines import Line, Samples
from .remote import gateways

SETUPS: Final = 5
"""In a round, of which the median counts."""
FIGURES: Final = (
    "setup to first states, CPU",
    "setup to first states, wall",
    "the same when entities are registered, CPU",
    "the same when entities are registered, wall",
)
type Asked = tuple[Mapping[str, int], Mapping[str, int]]
"""How often each path is asked: until set-up is over, and in all."""
KEPT: Final = ("cookie", CONF_RECORD)
"""What an entry knows of its last login: not that of one that is new."""


async def setup(rounds: int) -> list[Line]:
    """Set up again and again, each time with a login of its own."""
    samples = {what: Samples() for what in FIGURES}
    asked: dict[str, Asked] = {}
    shown: dict[str, int] = {}
    with gateways() as (gateway,):
        async with house() as hass:
            both = [
                await add(hass, each, gateway, polls=False) for each in (CORE, OURS)
            ]
            for each in both:
                await hass.config_entries.async_remove(each.entry.entry_id)
            for number in range(rounds):
                for each in both if number % 2 else reversed(both):
                    times = [
                        await _once(hass, each, asked, shown) for _ in range(SETUPS)
                    ]
                    for place, what in enumerate(FIGURES):
                        samples[what].add(each.name, [time[place] for time in times])
    return [
        *(samples[what].line(what, 0.7, entities=shown) for what in FIGURES),
        *_requests(asked),
    ]


async def _once(
    hass: HomeAssistant,
    each: Installed,
    asked: dict[str, Asked],
    shown: dict[str, int],
) -> list[float]:
    """Set up a new entry, and once more as after a restart; return the `FIGURES`."""
    old = each.entry
    entry = MockConfigEntry(
        domain=old.domain,
        data=_without_login(old),
        unique_id=old.unique_id,
        title=old.title,
    )
    entry.add_to_hass(hass)
    each.gateway.reset()
    new = await _timed(hass, entry)
    shown[each.name] = len(hass.states.async_all())
    first = each.gateway.stats()["requests"]
    await hass.async_block_till_done(wait_background_tasks=True)
    asked[each.name] = first, each.gateway.stats()["requests"]
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data=_without_login(entry))
    known = await _timed(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    await hass.config_entries.async_remove(entry.entry_id)
    return [*new, *known]


def _without_login(entry: ConfigEntry[Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.data.items() if key not in KEPT}


async def _timed(hass: HomeAssistant, entry: ConfigEntry[Any]) -> tuple[float, float]:
    """Set up; return the seconds of the processor, and those that it took."""
    gc.collect()
    began, worked = time.perf_counter(), time.process_time()
    await hass.config_entries.async_setup(entry.entry_id)
    return time.process_time() - worked, time.perf_counter() - began


def _requests(asked: Mapping[str, Asked]) -> list[Line]:
    """Return the lines for what is asked."""
    (core_first, core), (ours_first, ours) = asked["core"], asked["ours"]
    first, total, most = (
        sum(ours_first.values()),
        sum(ours.values()),
        max(ours.values()),
    )
    return [
        Line(
            figure="requests until the first states",
            core=str(sum(core_first.values())),
            ours=str(first),
            result=str(first),
            goal="10 or fewer",
            is_met=first <= 10,
            data={"core": core_first, "ours": ours_first},
        ),
        Line(
            figure="requests for everything",
            core=str(sum(core.values())),
            ours=str(total),
            result=f"{total}, each {'once' if most == 1 else f'up to {most} times'}",
            goal="24 or fewer, each once",
            is_met=total <= 24 and most == 1,
            data={"core": core, "ours": ours},
        ),
    ]
