"""Two writers, lost answers, restarts: it ends as some order could have made it end."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    GatewayConnectionError,
    GatewayError,
    GatewayNotAppliedError,
    GatewayRejectedError,
    OperationMode,
    WriteTimeouts,
)
from simulator.faults import Ending
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind
from tests.waiting import until, until_asked

from .conftest import Connect
from .histories import Event, Outcome, Setting, Wish, possible_ends

POST = "POST /api/operation"
COMMIT = "GET /api/config/completed"
FIRST: Final[Setting] = ("self_consumption", 20)
NIGHTLY: Final = settings.get_current_profile_name() == "nightly"

ANSWER_TIME: Final = 0.06
"""Seconds; longer than the simulator ever takes, and short enough for many tries."""
SHORT: Final = WriteTimeouts(read_back=0.06, pause=0.004)

TROUBLES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "POST slow": (POST, {"delay": 0.02}),
    "POST refused": (POST, {"status": 500, "body": '{"error": "busy"}'}),
    "POST not heard": (POST, {"ending": Ending.HANG}),
    "POST heard, not answered": (POST, {"ending": Ending.MUTE}),
    "POST broken off": (POST, {"ending": Ending.RESET}),
    "commit slow": (COMMIT, {"delay": 0.02}),
    "commit refused": (COMMIT, {"status": 500}),
    "commit not heard": (COMMIT, {"ending": Ending.HANG}),
    "commit heard, not answered": (COMMIT, {"ending": Ending.MUTE}),
    "commit broken off": (COMMIT, {"ending": Ending.RESET}),
    "reading refused": ("GET /api/operation", {"status": 500}),
    "reading not answered": ("GET /api/operation", {"ending": Ending.MUTE}),
}
"""What befalls the next request of a kind, whoever sends it."""
OFTEN: Final = ("POST slow", "commit slow", None, None)
UPSETS: Final = ("close", "cancel", "cancel and close", "restart")
MODES: Final = ("self_consumption", "autonomous", "backup")
EFFECTS: Final = (
    *[WriteEffect()] * 3,
    WriteEffect(kind=WriteKind.DELAYED, seconds=0.01),
    WriteEffect(kind=WriteKind.DELAYED, seconds=0.1),
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A write of one writer: how long after the last one, and with what trouble."""

    wish: Wish
    pause: float
    trouble: str | None


@dataclass(frozen=True, kw_only=True)
class Upset:
    """What comes over both writers, and when."""

    kind: str
    pause: float


@dataclass(frozen=True, kw_only=True)
class Round:
    """What happens at the same time."""

    writers: Sequence[Sequence[Step]]
    upset: Upset | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What happens, one round after the other, to a gateway that is quick or slow."""

    effect: WriteEffect
    rounds: Sequence[Round]


def _plan(random: Random) -> Plan:
    """Return a plan, all of which is left to chance."""
    rounds = [_round(random) for _ in range(random.randint(1, 3))]
    return Plan(effect=random.choice(EFFECTS), rounds=rounds)


def _round(random: Random) -> Round:
    """Return what two writers do, and now and then what upsets them."""
    writers = [[_step(random) for _ in range(random.randint(1, 2))] for _ in range(2)]
    upset = Upset(kind=random.choice(UPSETS), pause=random.uniform(0, 0.03))
    return Round(writers=writers, upset=random.choice([None, upset]))


def _step(random: Random) -> Step:
    """Return a write."""
    mode = random.choice([None, *MODES])
    reserve = random.randint(0, 100) if not mode or random.random() < 0.3 else None
    return Step(
        wish=Wish(mode=mode, reserve=reserve),
        pause=random.choice(PAUSES),
        trouble=random.choice([*OFTEN * 5, *TROUBLES]),
    )


PAUSES: Final = (0, 0, 0.005)
"""Seconds. A write takes from about ten milliseconds to two time-outs."""
PLANS: Final = st.randoms(use_true_random=True).map(_plan)
"""From one number each: nearly the same plan again would show nearly the same."""


@dataclass(eq=False)
class Home:
    """A gateway, the client of it that is in use, and all that was wished."""

    gateway: Simulator
    connect: Connect
    events: list[Event] = field(default_factory=list)
    under_way: set[asyncio.Task[object]] = field(default_factory=set)
    time: Iterator[int] = field(default_factory=count)
    sent: int = 0
    """Writes that the gateway may have heard of."""

    def __post_init__(self) -> None:
        """Begin with a client."""
        self.client = self._new_client()

    def _new_client(self) -> GatewayClient:
        """Return a client with the record that all have in common."""
        session = self.connect(timeout=ANSWER_TIME)
        return GatewayClient(session, write_timeouts=SHORT)

    async def write(self, wish: Wish) -> None:
        """Make a write, and note what was told of it."""
        began = next(self.time)
        task = asyncio.create_task(_set(self.client, wish))
        self.under_way.add(task)
        [result] = await asyncio.gather(task, return_exceptions=True)
        self.under_way.discard(task)
        self.sent += not isinstance(result, GatewayConnectionError)
        outcome, ended = _outcome(result), next(self.time)
        self.events.append(Event(wish=wish, outcome=outcome, began=began, ended=ended))

    async def steps(self, steps: Sequence[Step]) -> None:
        """Be one writer."""
        for step in steps:
            await asyncio.sleep(step.pause)
            if step.trouble:
                endpoint, fault = TROUBLES[step.trouble]
                method, path = endpoint.split()
                self.gateway.faults.add(path, method=method, times=1, **fault)
            await self.write(step.wish)

    async def upset(self, upset: Upset) -> None:
        """Be what comes over them."""
        await asyncio.sleep(upset.pause)
        if "cancel" in upset.kind:
            for task in self.under_way:
                task.cancel()
        if "close" in upset.kind:
            await self.client.close()
            self.client = self._new_client()
        if upset.kind == "restart":
            await asyncio.to_thread(self.gateway.stop)
            await asyncio.to_thread(self.gateway.start)

    async def round(self, what: Round) -> None:
        """Let all happen at the same time."""
        upsets = [self.upset(what.upset)] if what.upset else []
        await asyncio.gather(*map(self.steps, what.writers), *upsets)
        self.gateway.faults.clear()

    def check(self) -> None:
        """Check that it stands as some order could have made it, and what it took.

        What is done stays done, what is refused is not, of one write all is done or
        nothing, and none is sent twice.
        """
        assert self.setting() in possible_ends(FIRST, self.events), self.events
        for endpoint in (POST, COMMIT):
            assert self.gateway.stats.requests[endpoint] <= self.sent

    def setting(self) -> Setting:
        """Return what is set."""
        site = self.gateway.site
        percent = (site.backup_reserve_percent - 5) / 0.95
        assert percent == pytest.approx(round(percent), abs=1e-9)
        return (site.mode, round(percent))


async def _set(client: GatewayClient, wish: Wish) -> object:
    mode = OperationMode(wish.mode) if wish.mode else None
    return await client.set_operation(mode=mode, backup_reserve=wish.reserve)


def _outcome(result: object) -> Outcome:
    """Return what a writer knows by what it was told."""
    match result:
        case GatewayNotAppliedError() | asyncio.CancelledError():
            return Outcome.UNKNOWN
        case GatewayRejectedError(path="/api/config/completed"):
            # Settings wait for the next commit, whoever sends it.
            return Outcome.UNKNOWN
        case GatewayError():
            return Outcome.NOT_DONE
        case BaseException():
            raise result
    return Outcome.DONE


def _begin_anew(gateway: Simulator) -> None:
    """Let a gateway be as it was in the beginning."""
    gateway.faults.clear()
    gateway.reset_stats()
    site = gateway.site
    site.write_effect = WriteEffect()
    site.pending_operation = None
    site.mode, site.backup_reserve_percent = FIRST[0], 24.0


@pytest.mark.timeout(3600 if NIGHTLY else 120)
@pytest.mark.filterwarnings("ignore:It looks like `register_random`")
@pytest.mark.parametrize("gateway_options", [{"speed": 1}])
@given(plan=PLANS)
@settings(
    max_examples=1000 if NIGHTLY else 50,
    deadline=None,
    # What hangs on a few milliseconds does not get simpler by trying.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_some_order_could_have_made_it(
    gateway: Simulator, connect: Connect, plan: Plan
) -> None:
    """Test two writers, lost answers and restarts, by chance."""
    _begin_anew(gateway)
    gateway.site.write_effect = plan.effect
    home = Home(gateway, connect)
    for what in plan.rounds:
        await home.round(what)
        home.check()
    await home.client.close()
    # What is late takes effect in the end, and not in the next example.
    await until(lambda: not gateway.stats.in_flight)
    gateway.control({"advance": 60})
    home.check()


async def test_would_find_what_has_no_order(
    gateway: Simulator, connect: Connect
) -> None:
    """Test two clients that know nothing of each other make what no order could."""
    _begin_anew(gateway)
    home = Home(gateway, connect)
    home.client = GatewayClient(connect())
    # It is done when the fault is cleared, and not before.
    gateway.faults.add("/api/operation", method="POST", ending=Ending.HANG, times=1)
    slow = asyncio.create_task(home.write(Wish(mode="backup")))
    await until_asked(gateway, POST)
    home.client = GatewayClient(connect())
    await home.write(Wish(reserve=50))
    gateway.faults.clear()
    await slow
    with pytest.raises(AssertionError):
        home.check()
    assert [event.outcome for event in home.events] == [Outcome.DONE] * 2
    assert home.setting() == ("backup", 20)
    assert possible_ends(FIRST, home.events) == {("backup", 50)}


A, B = Wish(mode="backup"), Wish(mode="autonomous", reserve=50)
DONE, NOT_DONE, UNKNOWN = Outcome


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([], {FIRST}),
        ([(A, DONE, 0, 1)], {("backup", 20)}),
        ([(A, NOT_DONE, 0, 1)], {FIRST}),
        ([(B, UNKNOWN, 0, 1)], {FIRST, ("autonomous", 50)}),
        ([(A, DONE, 0, 1), (B, DONE, 2, 3)], {("autonomous", 50)}),
        ([(B, DONE, 0, 1), (A, DONE, 2, 3)], {("backup", 50)}),
        (
            [(A, DONE, 0, 2), (B, DONE, 1, 3)],
            {("autonomous", 50), ("backup", 50)},
        ),
        (
            [(A, UNKNOWN, 0, 1), (B, DONE, 2, 3)],
            {("autonomous", 50), ("backup", 50)},
        ),
        (
            [(A, DONE, 0, 1), (B, UNKNOWN, 2, 3)],
            {("backup", 20), ("autonomous", 50)},
        ),
        (
            [(A, UNKNOWN, 0, 2), (B, UNKNOWN, 1, 3)],
            {FIRST, ("backup", 20), ("autonomous", 50), ("backup", 50)},
        ),
    ],
)
def test_what_orders_could_make(
    events: Sequence[tuple[Wish, Outcome, int, int]], ends: set[Setting]
) -> None:
    """Test which ends are possible, and that no other is."""
    assert ends == possible_ends(
        FIRST,
        [
            Event(wish=wish, outcome=outcome, began=began, ended=ended)
            for wish, outcome, began, ended in events
        ],
    )
