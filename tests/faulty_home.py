"""A home whose gateway has faults: time passes, and what shows in it is looked at."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
import logging
import time
from typing import Any, Final, Protocol

from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_gateway.const import DOMAIN, LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .fault_cases import World

STEP: Final = 10.5
"""Seconds: a little more than the shortest interval."""
STEPS: Final = 3
"""In a poll, which is a little more than 30 s."""
MOVING: Final = (
    "sensor.home_power",
    "sensor.state_of_charge",
    "sensor.energy_remaining",
    "sensor.backup_reserve",
    "sensor.3012170-05-B--TGSIMULATED101_pack_energy_remaining",
)
"""What is another value at every poll, each from another endpoint."""

LOOK: Final = 0.005
"""Real seconds between two looks at whether something goes on."""
STILL: Final = 12
"""Looks without any new request, after which what is under way hangs."""


async def pass_time(
    hass: HomeAssistant, world: World, seconds: float, *, hangs: bool = False
) -> None:
    """Let time pass and all that is due in it happen, also what has to be given up."""
    world.clock.tick(seconds)
    async_fire_time_changed(hass)
    done = hass.async_block_till_done(wait_background_tasks=True)
    await (end(hass, world, done) if hangs else done)


async def end[T](hass: HomeAssistant, world: World, what: Coroutine[Any, Any, T]) -> T:
    """Let time pass, as long as it takes, until something is over."""
    done = asyncio.ensure_future(what)
    while not await _is_over(done, world):
        world.clock.tick(2)
        async_fire_time_changed(hass)
    return await done


async def _is_over(done: asyncio.Future[Any], world: World) -> bool:
    """Wait until everything has been done, or hangs."""
    looks, asked = 0, -1
    while looks < STILL and not done.done():
        # In the loop itself no time passes.
        await asyncio.get_running_loop().run_in_executor(None, time.sleep, LOOK)
        stats = world.gateway.stats
        looks = looks + 1 if stats.total + stats.handshakes == asked else 0
        asked = stats.total + stats.handshakes
    return done.done()


def _is_traceback(record: logging.LogRecord) -> bool:
    return bool(record.exc_info) and record.levelno >= logging.ERROR


def matching(names: Iterable[str], patterns: Iterable[str]) -> set[str]:
    """Return the names that match one of some patterns."""
    return {
        name
        for name in names
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    }


class Log(Protocol):
    """What is heard of all that is logged; pytest's `caplog` is one."""

    @property
    def records(self) -> list[logging.LogRecord]:
        """All of it."""

    @property
    def text(self) -> str:
        """All of it, as text."""

    def clear(self) -> None:
        """Forget it."""


@dataclass(kw_only=True)
class Home:
    """A home with a gateway that is there, and the log."""

    hass: HomeAssistant
    entry: GatewayConfigEntry
    world: World
    log: Log
    number: int = 0
    """Of times that the site was changed."""

    async def step(self, *, hangs: bool = False) -> None:
        """Change the site, and let the shortest interval pass."""
        self.number += 1
        site = self.world.gateway.site
        site.load_power = 1000 + self.number
        site.charge_percent = 40 + self.number % 37
        site.backup_reserve_percent = 20 + self.number % 31
        await pass_time(self.hass, self.world, STEP, hangs=hangs)

    async def poll(self, times: int = 1, *, hangs: bool = False) -> None:
        """Let half a minute pass, so many times."""
        for _ in range(times * STEPS):
            await self.step(hangs=hangs)

    async def rest(self, seconds: float) -> None:
        """Let much time pass at once."""
        await pass_time(self.hass, self.world, seconds)

    async def restart(self) -> None:
        """Load the integration anew."""
        load = self.hass.config_entries.async_reload(self.entry.entry_id)
        await end(self.hass, self.world, load)
        await pass_time(self.hass, self.world, 0)

    async def unload(self) -> None:
        """Unload the integration."""
        unload = self.hass.config_entries.async_unload(self.entry.entry_id)
        await end(self.hass, self.world, unload)

    async def act(self, name: str, service: str, **data: Any) -> None:
        """Do what a person does with an entity, to its end."""
        call = self.hass.services.async_call(
            name.partition(".")[0],
            service,
            {"entity_id": self.entity_ids()[name], **data},
            blocking=True,
        )
        await end(self.hass, self.world, call)

    def fire(self) -> None:
        """Let the longest interval of what is polled pass, and wait for nothing."""
        self.world.clock.tick(STEP * STEPS)
        async_fire_time_changed(self.hass)

    async def asked(self) -> None:
        """Wait until the gateway has been asked something."""
        while not self.world.gateway.stats.in_flight:
            await asyncio.get_running_loop().run_in_executor(None, time.sleep, LOOK)

    def watch(self) -> None:
        """Count and listen from now on."""
        self.world.gateway.reset_stats()
        self.world.stranger.reset_stats()
        self.log.clear()

    def entity_ids(self) -> dict[str, str]:
        """Return entity ids by platform and key: `sensor.grid_power`."""
        registry = er.async_get(self.hass)
        own = f"{self.entry.unique_id}_"
        return {
            f"{entity.domain}.{entity.unique_id.removeprefix(own)}": entity.entity_id
            for entity in er.async_entries_for_config_entry(
                registry, self.entry.entry_id
            )
        }

    def shown(self) -> dict[str, str]:
        """Return the states of what is available, by platform and key."""
        states = {
            name: self.hass.states.get(entity_id)
            for name, entity_id in self.entity_ids().items()
        }
        return {
            name: state.state
            for name, state in states.items()
            if state and state.state != STATE_UNAVAILABLE
        }

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of an entity."""
        state = self.hass.states.get(self.entity_ids()[name])
        assert state is not None, name
        return dict(state.attributes)

    async def assert_fresh(self, names: Iterable[str], *, hangs: bool = False) -> None:
        """See that what moves at the site moves here too, of what is named."""
        before = self.shown()
        await self.poll(hangs=hangs)
        after = self.shown()
        still = {
            name
            for name in {*names}.intersection(MOVING)
            if before.get(name) == after.get(name)
        }
        assert not still

    def reauths(self) -> int:
        """Return how often the password is being asked for."""
        return len(list(self.entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})))

    def repairs(self) -> list[ir.IssueEntry]:
        """Return what is said of the gateway in the settings."""
        issues = ir.async_get(self.hass).issues.values()
        return [each for each in issues if each.domain == DOMAIN and each.active]

    def complaints(self) -> list[str]:
        """Return our warnings and errors."""
        return [
            record.getMessage()
            for record in self.log.records
            if record.levelno >= logging.WARNING and record.name == LOGGER.name
        ]

    def assert_quiet(self) -> None:
        """See that nobody has said anything twice, or has been taken by surprise."""
        assert not [each for each in self.log.records if _is_traceback(each)]
        lines = self.complaints()
        assert len(lines) == len(set(lines))
        fetching = [line for line in lines if line.startswith("Error fetching")]
        coordinators = Counter(line.split(" data")[0] for line in fetching)
        assert all(count == 1 for count in coordinators.values()), fetching
