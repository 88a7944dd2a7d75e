"""What can go wrong with a gateway, and what comes of it: the whole table.

Each row is played through the integration, over HTTPS. What the table cannot say in
data is told in a story.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Final

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from simulator.server import Simulator

from . import fault_stories as first, fault_stories_later as later
from .fault_cases import (
    CHARGE,
    ENTITIES,
    EVERYTHING,
    GRID,
    METERS,
    Case,
    Kind,
    Row,
    World,
)
from .fault_table import LOGOUT, ROWS
from .faulty_home import STEPS, Home, matching

POLLS: Final = 4
"""How long a fault lasts: one poll more than a last value is shown."""
KEPT: Final = 3
"""For how many polls it is, at most: three of its own intervals."""
QUICK: Final = (*ENTITIES[METERS], *ENTITIES[CHARGE], *ENTITIES[GRID])
"""What is read at every step, of which three are a poll."""

STORIES: Final[Mapping[int, Callable[[Home, Row], Awaitable[None]]]] = {
    1: first.a_token_is_kept,
    2: first.a_wait_without_an_end,
    3: first.a_password_is_tried_now_and_then,
    4: first.an_endpoint_is_left_alone,
    5: first.a_wait_outlives_a_restart,
    6: first.hours_of_errors,
    9: first.a_page_is_not_in_the_log,
    12: first.a_word_is_shown_as_it_is,
    14: first.a_value_is_unknown,
    15: first.a_device_can_be_deleted,
    16: first.one_more_appears,
    17: first.a_pack_is_shown_as_disabled,
    18: first.ten_seconds_for_all,
    19: first.a_name_is_not_known,
    20: first.a_site_is_stopped,
    21: first.three_endpoints,
    22: first.as_far_as_it_goes,
    23: first.a_certificate_is_accepted,
    25: first.an_answer_without_end,
    26: later.energy_does_not_fall,
    27: later.no_negative_energy,
    28: later.the_truth_is_told,
    30: later.they_appear,
    31: later.the_clock_jumps,
    32: later.nothing_is_left,
}
"""What else is to be seen of a row, after its faults have come and gone."""


@pytest.fixture
def gateway_options(row: Row) -> dict[str, object]:
    """Return how the gateway of a row is simulated."""
    return dict(row.options)


@pytest.fixture
def world(gateway: Simulator, freezer: FrozenDateTimeFactory) -> Generator[World]:
    """Return a gateway, and a stranger in the same network."""
    with Simulator() as stranger:
        yield World(gateway=gateway, stranger=stranger, clock=freezer)


@pytest.fixture
def home(
    hass: HomeAssistant,
    world: World,
    entry: GatewayConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> Home:
    """Return a home with a gateway."""
    return Home(hass=hass, entry=entry, world=world, log=caplog)


def test_the_table_is_whole() -> None:
    """Test there are as many rows as there should be, each once."""
    assert [row.number for row in ROWS] == [*range(1, 33)]


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_row(row: Row, home: Home) -> None:
    """Test one row of the table."""
    if row.kind is Kind.POLL:
        for case in row.cases:
            await suffer(home, case)
    if row.number in STORIES:
        await STORIES[row.number](home, row)


async def suffer(home: Home, case: Case) -> None:
    """Let a fault come and go, and see that it costs what it may, and heals."""
    await home.poll()
    before = home.shown()
    lost = matching(before, case.lost)
    assert bool(lost) == bool(case.lost), case.name
    home.watch()
    case.begin(home.world)
    if case.restart:
        await home.restart()
    await _endure(home, case, before, lost)
    home.assert_quiet()
    stats = home.world.gateway.stats
    assert stats.logins in case.logins
    assert case.requests is None or stats.total <= case.requests
    assert home.reauths() == int(case.reauth)
    assert len(home.repairs()) == case.repairs
    assert home.world.stranger.stats.handshakes == 0
    # Core logs out, this integration has no reason to.
    assert {fault.path for fault in home.world.gateway.faults.unmet} <= {LOGOUT}
    if case.end is not None:
        case.end(home.world)
        await _heal(home, case, before)


async def _endure(
    home: Home, case: Case, before: dict[str, str], lost: set[str]
) -> None:
    """See what stays available, what keeps its last value, and for how long."""
    is_sudden = case.at_once or case.restart
    polls = case.polls or POLLS
    quick = matching(lost, QUICK)
    for step in range(1, polls * STEPS + 1):
        await home.step(hangs=case.hangs)
        shown = home.shown()
        assert before.keys() - lost <= shown.keys(), case.name
        if not is_sudden:
            kept = {name: shown[name] for name in lost & shown.keys()}
            assert kept == {name: before[name] for name in kept}, case.name
            # While something hangs, more time passes than that of the steps.
            if not case.hangs:
                due = quick if step >= KEPT else set()
                due = lost if step >= KEPT * STEPS else due
                assert kept.keys() == lost - due, case.name
    if is_sudden or polls >= KEPT:
        assert not lost & home.shown().keys(), case.name
    if polls >= KEPT and case.lost != EVERYTHING:
        await home.assert_fresh(before.keys() - lost, hangs=case.hangs)


async def _heal(home: Home, case: Case, before: dict[str, str]) -> None:
    """See that everything is as before, by itself."""
    if case.rest:
        await home.rest(case.rest)
    await home.poll(case.heals)
    assert before.keys() <= home.shown().keys(), case.name
    await home.assert_fresh(before)
    assert home.reauths() == 0
    assert not home.repairs()
