"""The home of the soak: its time, what is asked of the gateway, what is left over."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
import gc
import logging
from math import ceil, isclose
import os
from pathlib import Path
from random import Random
import re
import sys
import time
from typing import Final

from pytest_homeassistant_custom_component.common import async_fire_time_changed_exact

from custom_components.tesla_gateway.const import STATE_INTERVAL
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util.async_ import get_scheduled_timer_handles
from scripts.soak_site import CADENCES, Act, Incident, energies
from tests.faulty_home import Home

LONGEST_STEP: Final = 10.0
"""Seconds that pass at once; the shortest interval."""
LONGEST_HEALING: Final = 720.0
"""Seconds: two polls of what is read every 5 min, or all of the login's 10 min."""
LOGIN_WINDOW: Final = 600.0
"""Seconds in which the client logs in three times at most; some incidents need two."""
REST: Final = 60.0
"""Seconds in which what is left over is looked at: connections are kept for 15."""
DIGITS: Final = 1e-14
"""How exactly a state tells a number: in 15 digits."""
LOOK: Final = 0.005
"""Real seconds between two looks at whether something goes on."""
STILL: Final = 30
"""Looks without anything new, after which only time can help.

Not while the gateway is about to answer: then the machine is slow, which is no fault.
"""

POLLED_OFTEN: Final = {
    endpoint
    for endpoint, interval in CADENCES.items()
    if interval <= STATE_INTERVAL.total_seconds()
}
PLANNED: Final[Mapping[str, str]] = {
    r"Error fetching gateway (live|state|devices|info) data: .*": (
        "Home Assistant's own line for a refresh that gave nothing, once an outage"
    ),
    r"gateway (live|state|devices|info): no more \w+: .*": (
        "ours for a part whose last value is too old to be shown, once an incident"
    ),
}
"""What the log may say while something is wrong, and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOver:
    """What this process holds while nothing happens."""

    tasks: int
    timers: int
    connections: int
    """To the gateway, open or half open."""
    descriptors: int
    """Of files and sockets, the gateway's own included."""
    resident: int
    """Bytes of memory."""
    blocks: int
    """Python's own small pieces of memory."""


@dataclass(kw_only=True)
class Result:
    """What was counted, and what must not be."""

    seed: int
    hours: float
    entities: int = 0
    incidents: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By kind."""
    planned_lines: defaultdict[str, int] = field(
        default_factory=lambda: defaultdict(int)
    )
    """Of the log, by reason."""
    tracebacks: int = 0
    unplanned_lines: int = 0
    requests: int = 0
    """In stretches without any fault."""
    requests_planned: int = 0
    reads: int = 0
    """In all."""
    reads_undisturbed: int = 0
    """What they would have been without any fault."""
    counters: int = 0
    """Sensors of lifetime energy."""
    counters_right: int = 0
    longest_healing: float = 0
    """Seconds until all was available and asked again."""
    before: LeftOver | None = None
    after_warm_up: LeftOver | None = None
    at_end: LeftOver | None = None
    after_unload: LeftOver | None = None
    after_stop: LeftOver | None = None
    seconds: float = 0
    """Real ones, that all of it took."""
    violations: list[str] = field(default_factory=list)


class Soak:
    """One home, and its time."""

    def __init__(self, home: Home, random: Random, result: Result) -> None:
        """Begin with a gateway that has just been added."""
        self.home = home
        self.hass = home.hass
        self.gateway = home.world.gateway
        self.random = random
        self.result = result
        self._asked: dict[str, list[float]] = {}
        """When each endpoint was asked in a stretch."""
        self._counted: Counter[str] = Counter()
        self._next_login = time.monotonic() + LOGIN_WINDOW

    async def enable_everything(self) -> None:
        """Turn every entity on, also those that come with others."""
        registry = er.async_get(self.hass)
        entry_id = self.home.entry.entry_id
        while True:
            entities = er.async_entries_for_config_entry(registry, entry_id)
            disabled = [each for each in entities if each.disabled_by]
            if not disabled:
                break
            for each in disabled:
                registry.async_update_entity(each.entity_id, disabled_by=None)
            await self.home.restart()
            await self.pass_time(REST)
        self.available = self._available()
        self.result.entities = len(self.available)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and all that is due in it happen when it is."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.home.world.clock.tick(min(self._due_in(), left))
            async_fire_time_changed_exact(self.hass)
            await self._settle()
            self._note_requests()

    def _due_in(self) -> float:
        """Return the seconds until the next timer, in milliseconds rounded up."""
        now = asyncio.get_running_loop().time()
        moments = [handle.when() for handle in timers()]
        due = min(moments, default=now + LONGEST_STEP) - now
        return min(max(ceil(due * 1000), 1) / 1000, LONGEST_STEP)

    async def _settle(self) -> None:
        """Wait until all is done, or only time can help."""
        loop = asyncio.get_running_loop()
        done = asyncio.ensure_future(
            self.hass.async_block_till_done(wait_background_tasks=True)
        )
        looks, seen = 0, -1
        while looks < STILL and not done.done():
            look = loop.run_in_executor(None, time.sleep, LOOK)
            await asyncio.wait({done, look}, return_when=asyncio.FIRST_COMPLETED)
            stats = self.gateway.stats
            now = stats.total + stats.handshakes - stats.in_flight
            is_still = now == seen and stats.in_flight <= stats.held
            looks, seen = (looks + 1 if is_still else 0), now
            await look
        if not done.cancel():
            await done

    def _note_requests(self) -> None:
        """Note which endpoints have been asked just now."""
        for endpoint, count in self.gateway.stats.requests.items():
            if news := count - self._counted[endpoint]:
                moments = self._asked.setdefault(endpoint, [])
                moments.extend([time.monotonic()] * news)
            self._counted[endpoint] = count

    async def quiet(self, seconds: float) -> None:
        """Let time pass in which nothing is wrong, and hold it against the plan."""
        self._note_requests()
        self._asked.clear()
        start = time.monotonic()
        await self.pass_time(seconds)
        for endpoint, interval in CADENCES.items():
            asked = self._asked.get(endpoint, [])
            first = asked[0] - start if asked else seconds
            planned = int(first // (interval + 1))
            if asked:
                planned += 1 + int((seconds - first) // interval)
            self.result.requests += len(asked)
            self.result.requests_planned += planned
            if len(asked) != planned:
                self._blame(f"{endpoint}: {len(asked)} requests, planned {planned}")
        for endpoint in self._asked.keys() - CADENCES.keys():
            self._blame(f"{endpoint} asked though nothing is wrong")
        self.listen(None)

    async def incident(self, incident: Incident) -> None:
        """Let something go wrong, and see it heal."""
        if incident.needs_login:
            await self._await_login_budget()
        self.result.incidents[incident.name.partition(":")[0]] += 1
        incident.begin(self.gateway)
        for act in incident.acts:
            await self.act(act, is_refused=incident.is_refused)
        await self.pass_time(incident.seconds)
        incident.end(self.gateway)
        for act in incident.acts_after:
            await self.act(act)
        await self.heal(incident)
        self.listen(incident)

    async def _await_login_budget(self) -> None:
        """Wait until the client may log in as often as it needs to."""
        await self.pass_time(self._next_login - time.monotonic())
        self._next_login = time.monotonic() + LOGIN_WINDOW
        self.listen(None)

    async def heal(self, incident: Incident) -> None:
        """Wait until everything is available again, and all is asked that often is.

        A gateway that wants to be left alone for longer than its fault lasts is not
        asked, and its last values are shown.
        """
        self._note_requests()
        self._asked.clear()
        waited = 0.0
        while (missing := self._missing()) and waited < LONGEST_HEALING:
            await self.pass_time(LONGEST_STEP)
            waited += LONGEST_STEP
        self.result.longest_healing = max(self.result.longest_healing, waited)
        if missing:
            self._blame(f"{incident.name}: {len(missing)} lost, as {min(missing)}")
            self.available -= missing

    def _missing(self) -> set[str]:
        """Return what is not available, and what has not been asked."""
        lost = self.available - self._available()
        return lost | (POLLED_OFTEN - self._asked.keys())

    async def act(self, act: Act, *, is_refused: bool = False) -> None:
        """Set something as a person does, and see it done or refused."""
        domain = act.control.partition(".")[0]
        entity_id = self.home.entity_ids()[act.control]
        call = asyncio.ensure_future(
            self.hass.services.async_call(
                domain, act.service, {"entity_id": entity_id, **act.data}, blocking=True
            )
        )
        while not call.done():
            await self.pass_time(1)
        refusal = call.exception()
        if isinstance(refusal, HomeAssistantError) and is_refused:
            return
        if refusal or is_refused:
            self._blame(f"{act.control}: {refusal or 'not refused'}")
            return
        state = self.hass.states.get(entity_id)
        wanted = act.data.get("option", act.data.get("value"))
        if state is None or state.state != str(wanted):
            self._blame(f"{act.control} shows {state and state.state}, not {wanted}")

    def _available(self) -> set[str]:
        """Return the entities of the gateway that are available."""
        return set(self.home.shown())

    def listen(self, incident: Incident | None) -> None:
        """Hold what was logged against what may be said."""
        said: set[str] = set()
        for record in self.home.log.records:
            line = record.getMessage()
            if record.exc_info or "Traceback (most recent" in line:
                self.result.tracebacks += 1
                text = logging.Formatter().format(record)
                self._blame(f"traceback: {text}")
                continue
            reason = next(
                (why for what, why in PLANNED.items() if re.fullmatch(what, line)), None
            )
            of_what = ":".join(line.split(":")[:2]) if reason else line
            may_be = incident is not None and incident.is_told
            if reason and may_be and of_what not in said:
                self.result.planned_lines[reason] += 1
                said.add(of_what)
                continue
            self.result.unplanned_lines += 1
            self._blame(f"{incident.name if incident else 'nothing wrong'}: {line}")
        self.home.log.clear()

    def reads(self) -> int:
        """Return how often anything was asked that is polled."""
        asked = self.gateway.stats.requests
        return sum(asked[endpoint] for endpoint in CADENCES)

    async def check_counters(self) -> None:
        """Hold every lifetime energy against the site's own, which stands still."""
        self.gateway.control({"speed": 0})
        await self.pass_time(STATE_INTERVAL.total_seconds() + 1)
        truth = energies(self.gateway)
        registry = er.async_get(self.hass)
        for entity in er.async_entries_for_config_entry(
            registry, self.home.entry.entry_id
        ):
            state = self.hass.states.get(entity.entity_id)
            if entity.original_device_class != SensorDeviceClass.ENERGY or not state:
                continue
            self.result.counters += 1
            shown, true = state.state, truth.get(entity.unique_id)
            if true is not None and _is_number(shown, true):
                self.result.counters_right += 1
            else:
                self._blame(f"{entity.entity_id} shows {shown}, the site {true}")

    async def at_rest(self) -> LeftOver:
        """Return the least that is held in a while in which nothing happens."""
        looks = []
        for _ in range(int(REST / LONGEST_STEP)):
            await self.pass_time(LONGEST_STEP)
            looks.append(left_over(self.gateway.port))
        least = {
            name: min(getattr(look, name) for look in looks)
            for name in asdict(looks[0])
        }
        return LeftOver(**least)

    def _blame(self, what: str) -> None:
        moment = self.gateway.site.elapsed / 3600
        self.result.violations.append(f"{moment:.2f} h: {what}")


def timers() -> list[asyncio.TimerHandle]:
    """Return the timers of the running loop that will ever go off."""
    handles = get_scheduled_timer_handles(asyncio.get_running_loop())
    return [handle for handle in handles if not handle.cancelled()]


def left_over(port: int | None) -> LeftOver:
    """Return what this process holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return LeftOver(
        tasks=len(asyncio.all_tasks()),
        timers=len(timers()),
        connections=_connections(port),
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # names alone
        resident=pages * os.sysconf("SC_PAGE_SIZE"),
        blocks=sys.getallocatedblocks(),
    )


def _connections(port: int | None) -> int:
    """Return how many sockets are connected to a port, or were and are not closed."""
    lines = Path("/proc/self/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    fields = [line.split() for line in lines]
    open_states = {"01", "02", "08"}  # established, connecting, closed by the other
    return sum(
        int(remote.partition(":")[2], 16) == port and state in open_states
        for _, _, remote, state, *_ in fields
    )


def _is_number(text: str, number: float) -> bool:
    """Return whether a state is a number, but for what a state leaves out."""
    try:
        return isclose(float(text), number, rel_tol=DIGITS)
    except ValueError:
        return False
