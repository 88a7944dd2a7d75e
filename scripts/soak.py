"""A day at a gateway with a fault every few minutes, and what is left over after it.

`scripts/soak --hours 24`: the integration, with every entity enabled, in a Home
Assistant of the kind that tests have, and the simulated gateway over HTTPS.

The clock is frozen, and put forward to when the next timer is due, as tests do it.
Whoever has something to do then does it in no time, however slow the machine is, over
sockets that are real. So a day takes some minutes, and the same seed gives the same
day: time-outs strike where the gateway is silent, never because this machine is busy.
Where nothing goes on by itself, as in a hang, the clock does.

The plan of requests is exact where nothing is wrong: in each such stretch an endpoint
is asked in a first poll, and once in each of its intervals from there on. In all,
faults must not make it ask more than it would have without any.
"""

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import asdict, replace
import gc
import json
import logging
from random import Random, SystemRandom
import sys
import time
from typing import Final
import warnings

from freezegun.api import FrozenDateTimeFactory

from benchmarks.homes import OURS, Log, home_with, stage
from scripts.soak_home import LeftOver, Result, Soak, left_over
from scripts.soak_site import BATTERIES, CADENCES, MAKERS

SPEED: Final = 60
"""How much faster the site's time is, at least: `--minutes` reckons with it."""
QUIET: Final = (60, 300)
"""Seconds, at least and at most, between two incidents."""
BRIEF: Final = 40.0
"""Seconds of an incident, at most, while warming up."""
TOLERANCE: Final = 0.02
"""By which requests may differ from the plan."""
GROWTH: Final = 0.05
"""By which memory may grow."""
MEMORY: Final = ("resident", "blocks")
OWN_TIMERS: Final = 1
"""Of Home Assistant without any gateway: its entity registry is tidied once a day."""
AT_SET_UP: Final = "We found a custom integration tesla_gateway"
"""Home Assistant says so of every custom integration; it is planned, once."""


async def live(clock: FrozenDateTimeFactory, log: Log, result: Result) -> None:
    """Add a gateway, let it live through a warm-up and the hours, and take it away."""
    result.before = left_over(None)
    async with home_with(OURS, {"batteries": BATTERIES}, clock, log) as home:
        random = Random(result.seed)  # noqa: S311  # nothing secret
        soak = Soak(home, random, result)
        await soak.enable_everything()
        log.records[:] = [
            each for each in log.records if not each.getMessage().startswith(AT_SET_UP)
        ]
        await warm_up(soak)
        result.after_warm_up = await soak.at_rest()
        await hours(soak)
        result.at_end = await soak.at_rest()
        await soak.check_counters()
        result.violations += [f"left: {each.issue_id}" for each in home.repairs()]
        result.violations += ["the password is asked for"] * home.reauths()
        await home.unload()
        asked = home.world.gateway.stats.total
        result.after_unload = await soak.at_rest()
        if asked != home.world.gateway.stats.total:
            result.violations.append("the gateway is asked after unloading")
        soak.listen(None)
    result.after_stop = left_over(None)


async def warm_up(soak: Soak) -> None:
    """Let each kind of incident happen once, briefly, in some order."""
    makers = soak.random.sample(MAKERS, len(MAKERS))
    for maker in makers:
        incident = maker(soak.random)
        await soak.incident(replace(incident, seconds=min(incident.seconds, BRIEF)))
        await soak.pass_time(QUIET[0])
    soak.result.incidents.clear()
    soak.result.planned_lines.clear()


async def hours(soak: Soak) -> None:
    """Let incidents happen until the hours are over, and then everything be well."""
    result = soak.result
    seconds = result.hours * 3600
    start, asked = time.monotonic(), soak.reads()
    end = start + seconds
    while time.monotonic() < end:
        await soak.quiet(soak.random.randint(*QUIET))
        await soak.incident(soak.random.choice(MAKERS)(soak.random))
    await soak.quiet(QUIET[1])
    passed = time.monotonic() - start
    result.reads = soak.reads() - asked
    result.reads_undisturbed = round(sum(passed / each for each in CADENCES.values()))


def judged(result: Result) -> Iterator[str]:
    """Yield all that must not be."""
    yield from result.violations
    planned = result.requests_planned
    if abs(result.requests - planned) > planned * TOLERANCE:
        yield f"{result.requests} requests, planned {planned}"
    if result.reads > result.reads_undisturbed * (1 + TOLERANCE):
        yield f"{result.reads} reads, without faults {result.reads_undisturbed}"
    if not result.counters:
        yield "no counter of energy has been seen"
    yield from grown(result)


def grown(result: Result) -> Iterator[str]:
    """Yield what is more than it was before, and must not be."""
    assert result.before is not None  # noqa: S101  # for the types
    bare = replace(result.before, timers=OWN_TIMERS)
    exact = ("tasks", "timers", "connections", "descriptors")
    for when, then, now, names, growth in (
        ("at the end", result.after_warm_up, result.at_end, exact, 0.0),
        ("at the end", result.after_warm_up, result.at_end, MEMORY, GROWTH),
        ("after unloading", bare, result.after_unload, exact[:3], 0.0),
        ("after stopping", result.before, result.after_stop, exact, 0.0),
    ):
        for name in names:
            was, held = getattr(then, name), getattr(now, name)
            if held > was * (1 + growth):
                yield f"{name} {when}: {held:,}, before {was:,}"


def report(result: Result) -> Iterator[str]:
    """Yield the figures, for people."""
    yield f"{result.hours:g} h in {result.seconds:.0f} s, seed {result.seed}"
    yield f"{result.entities} entities, {sum(result.incidents.values())} incidents:"
    for name, count in sorted(result.incidents.items()):
        yield f"  {count:4} {name}"
    yield f"healed after at most {result.longest_healing:.0f} s"
    yield f"tracebacks: {result.tracebacks}"
    yield f"unplanned lines in the log: {result.unplanned_lines}; planned:"
    for reason, count in sorted(result.planned_lines.items()):
        yield f"  {count:4} {reason}"
    yield (
        f"requests while nothing was wrong: {result.requests},"
        f" planned {result.requests_planned}"
    )
    share = 100 * result.reads / result.reads_undisturbed
    yield f"reads in all: {result.reads}, {share:.1f} % of those without any fault"
    yield f"counters of energy: {result.counters_right} of {result.counters} right"
    yield f"{'':18}{''.join(f'{name:>13}' for name in LeftOver.__slots__)}"
    for moment in ("before", "after_warm_up", "at_end", "after_unload", "after_stop"):
        held = asdict(getattr(result, moment)).values()
        yield f"{moment.replace('_', ' '):18}{''.join(f'{n:13,}' for n in held)}"


def arguments() -> argparse.Namespace:
    """Return what is wanted."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--hours", type=float, default=24, help="of the site's time")
    length.add_argument(
        "--minutes", type=float, help=f"the hours in so many at {SPEED} times the speed"
    )
    parser.add_argument("--seed", type=int, help="the same incidents again")
    parser.add_argument("--json", action="store_true", help="print figures alone")
    return parser.parse_args()


def main() -> int:
    """Return 0 if all is as it must be."""
    wanted = arguments()
    seed = SystemRandom().randrange(10**6) if wanted.seed is None else wanted.seed
    hours_wanted = wanted.minutes * SPEED / 60 if wanted.minutes else wanted.hours
    result = Result(seed=seed, hours=hours_wanted)
    began = time.perf_counter()
    print(f"seed {seed}", file=sys.stderr, flush=True)
    with stage() as (clock, log):
        logging.captureWarnings(capture=True)
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(live(clock, log, result))
        gc.collect()
    result.seconds = time.perf_counter() - began
    result.violations = list(judged(result))
    if wanted.json:
        print(json.dumps(asdict(result), indent=2))
    else:
        print(*report(result), sep="\n")
    for violation in result.violations:
        print(f"soak: {violation}", file=sys.stderr)
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
