"""Writes that a gateway takes: what is sent, what comes back, how often it is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    CHOOSABLE_MODES,
    Credentials,
    GatewayAbsentError,
    GatewayClient,
    GatewayError,
    GatewayForbiddenError,
    GatewayNotAppliedError,
    GatewayNotSentError,
    GatewayNotToldError,
    GatewayRejectedError,
    GatewayStoppedError,
    GridStatus,
    OperationMode,
    Role,
    WriteTimeouts,
)
from simulator.faults import Ending
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind

from .conftest import EMAIL, HASTY, PASSWORD, Connect

BACKUP = OperationMode.BACKUP
SELF = OperationMode.SELF_CONSUMPTION
AUTONOMOUS = OperationMode.AUTONOMOUS
COMMITTED: Any = ("GET /api/config/completed", {}, 202)
ACTING = (
    "GET /api/config/completed",
    "GET /api/logout",
    "GET /api/sitemaster/run",
    "GET /api/sitemaster/stop",
)

type Act = Callable[[GatewayClient], Awaitable[object]]


def _on(profile: str, **options: Any) -> dict[str, Any]:
    """Return how a gateway is simulated in whose home time flies."""
    return {"profile": profile, "speed": 100, **options}


def _set(mode: str, reserve: float, status: int = 200) -> tuple[str, Any, int]:
    """Return a write of mode and reserve (percent as the gateway keeps it)."""
    document = {"mode": mode, "backup_reserve_percent": reserve}
    return ("POST /api/operation", document, status)


def _island(mode: str, status: int = 200) -> tuple[str, Any, int]:
    """Return a write of the island mode."""
    return ("POST /api/v2/islanding/mode", {"island_mode": mode}, status)


@pytest.mark.parametrize(
    ("wish", "mode", "reserve"),
    [
        ({"mode": BACKUP}, "backup", 24.0),
        ({"mode": AUTONOMOUS}, "autonomous", 24.0),
        ({"mode": SELF}, "self_consumption", 24.0),
        ({"backup_reserve": 20}, "self_consumption", 24.0),
        ({"backup_reserve": 5}, "self_consumption", 9.75),
        ({"backup_reserve": 0}, "self_consumption", 5.0),
        ({"backup_reserve": 100}, "self_consumption", 100.0),
        ({"backup_reserve": 33.3}, "self_consumption", 36.63),
        ({"mode": BACKUP, "backup_reserve": 30}, "backup", 33.5),
    ],
    ids=str,
)
async def test_sets_mode_and_reserve(
    client: GatewayClient,
    gateway: Simulator,
    wish: dict[str, Any],
    mode: str,
    reserve: float,
) -> None:
    """Test what is not changed is sent along, and what is read back comes out."""
    shown = await client.set_operation(**wish)
    assert gateway.stats.writes == [_set(mode, reserve), COMMITTED]
    site = gateway.site
    assert (site.mode, site.backup_reserve_percent) == (mode, reserve)
    assert shown == await client.operation()
    assert shown is not None
    assert (shown.mode, shown.gateway_backup_reserve) == (mode, reserve)


async def test_what_a_write_costs(client: GatewayClient, gateway: Simulator) -> None:
    """Test a write is four requests, and one login where there is no token yet."""
    for logins in (1, 0):
        gateway.reset_stats()
        await client.set_operation(mode=BACKUP if logins else SELF)
        assert gateway.stats.requests.pop("POST /api/login/Basic", 0) == logins
        assert gateway.stats.requests == {
            "GET /api/operation": 2,
            "POST /api/operation": 1,
            "GET /api/config/completed": 1,
        }


async def test_every_percent_comes_back(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test each whole percent of the app is the same one when it is read back."""
    for percent in range(101):
        shown = await client.set_operation(backup_reserve=percent)
        assert shown is not None
        assert shown.backup_reserve is not None
        assert round(shown.backup_reserve) == percent
        kept = gateway.site.backup_reserve_percent
        assert kept == round(0.95 * percent + 5, 2)
    assert len(gateway.stats.writes) == 2 * 101


@pytest.mark.parametrize(
    ("app", "reference"),
    [(5, 10), (16, 20), (16, 20.6), (20, 24), (21, 24.6), (30, 33), (100, 100)],
)
async def test_reference_table(
    client: GatewayClient, gateway: Simulator, app: float, reference: float
) -> None:
    """Test what the reference document pairs is within half a point."""
    await client.set_operation(backup_reserve=app)
    assert gateway.site.backup_reserve_percent == pytest.approx(reference, abs=0.5)


@pytest.mark.parametrize("mode", ["scheduler", "site_control", "a_new_one"])
async def test_sends_back_what_it_does_not_change(
    client: GatewayClient, gateway: Simulator, mode: str
) -> None:
    """Test a figure and a word go back as they came, whatever they mean."""
    gateway.site.backup_reserve_percent = 5.000019999999999
    shown = await client.set_operation(mode=BACKUP)
    assert gateway.stats.writes == [_set("backup", 5.000019999999999), COMMITTED]
    assert shown is not None
    assert shown.backup_reserve == pytest.approx(0, abs=1e-4)
    gateway.site.mode = mode
    gateway.reset_stats()
    # The simulator, unlike what is hoped of a gateway, does not take such a mode.
    with pytest.raises(GatewayRejectedError):
        await client.set_operation(backup_reserve=30)
    assert gateway.stats.writes == [_set(mode, 33.5, 400)]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"backup_reserve": -0.1},
        {"backup_reserve": 100.1},
        {"backup_reserve": float("nan")},
        {"backup_reserve": float("inf")},
        {"backup_reserve": float("-inf"), "mode": BACKUP},
        {"mode": OperationMode.SCHEDULER},
        {"mode": OperationMode.SITE_CONTROL, "backup_reserve": 20},
    ],
    ids=str,
)
async def test_asks_for_nothing_impossible(
    client: GatewayClient, gateway: Simulator, wish: dict[str, Any]
) -> None:
    """Test nothing is sent for a wish that cannot be."""
    with pytest.raises(ValueError, match=r"\w"):
        await client.set_operation(**wish)
    assert gateway.stats.total == 0


@pytest.mark.parametrize(
    ("gateway_options", "fault", "wish"),
    [
        ({"profile": "21.13"}, {}, {"mode": BACKUP}),
        ({"profile": "21.13"}, {}, {"backup_reserve": 30}),
        ({}, {"status": 403}, {"mode": BACKUP}),
        ({}, {"edit": {"backup_reserve_percent": None}}, {"mode": BACKUP}),
        ({}, {"drop": ["backup_reserve_percent"]}, {"mode": BACKUP}),
        ({}, {"edit": {"real_mode": None}}, {"backup_reserve": 30}),
        ({"profile": "pw3"}, {}, {"mode": BACKUP}),
    ],
)
async def test_does_not_make_up_the_other_one(
    client: GatewayClient,
    gateway: Simulator,
    fault: dict[str, Any],
    wish: dict[str, Any],
) -> None:
    """Test nothing is sent where what has to be sent along is not told."""
    gateway.faults.add("/api/operation", method="GET", **fault)
    with pytest.raises(GatewayNotToldError):
        await client.set_operation(**wish)
    assert gateway.stats.requests["POST /api/operation"] == 0
    assert gateway.stats.requests["GET /api/config/completed"] == 0


@pytest.mark.parametrize("gateway_options", [{"profile": "21.13"}])
async def test_sets_both_without_reading(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test firmware that tells neither is given both, and nothing is read back."""
    assert await client.set_operation(mode=BACKUP, backup_reserve=30) is None
    assert gateway.stats.writes == [_set("backup", 33.5), COMMITTED]
    assert (gateway.site.mode, gateway.site.backup_reserve_percent) == ("backup", 33.5)


@pytest.mark.parametrize("gateway_options", [{"profile": "21.13"}])
@pytest.mark.parametrize("poll_timeout", [0.25])
@pytest.mark.parametrize("path", ["/api/operation", "/api/config/completed"])
async def test_sets_both_without_an_answer(
    polled: GatewayClient, gateway: Simulator, path: str
) -> None:
    """Test what is neither answered nor told is not said to be in effect."""
    method = "POST" if path == "/api/operation" else "GET"
    gateway.faults.add(path, method=method, ending=Ending.HANG)
    with pytest.raises(GatewayNotAppliedError) as raised:
        await polled.set_operation(mode=BACKUP, backup_reserve=30)
    assert not raised.value.answered
    assert raised.value.reported is None
    assert gateway.site.mode == "self_consumption"


async def test_what_was_told_before_is_read_first(
    polled: GatewayClient, gateway: Simulator
) -> None:
    """Test a gateway that is just starting is not taken for one that tells nothing."""
    await polled.operation()
    gateway.faults.add("/api/operation", method="GET", status=404)
    with pytest.raises(GatewayNotSentError):
        await polled.set_operation(mode=BACKUP, backup_reserve=30)
    assert not gateway.stats.writes
    gateway.faults.clear()
    assert await polled.set_operation(mode=BACKUP, backup_reserve=30)


@pytest.mark.parametrize(
    "effect", [WriteEffect(), WriteEffect(kind=WriteKind.DELAYED, seconds=0.1)], ids=str
)
@pytest.mark.parametrize("gateway_options", [{"speed": 1}])
@pytest.mark.parametrize("turned", [False, True])
async def test_writes_at_the_same_time_both_survive(
    client: GatewayClient, gateway: Simulator, effect: WriteEffect, *, turned: bool
) -> None:
    """Test the later one of two writes sends along what the earlier one has set."""
    gateway.site.write_effect = effect
    wishes: Sequence[dict[str, Any]] = ({"mode": BACKUP}, {"backup_reserve": 30})
    if turned:
        wishes = wishes[::-1]
    await asyncio.gather(*(client.set_operation(**wish) for wish in wishes))
    assert (gateway.site.mode, gateway.site.backup_reserve_percent) == ("backup", 33.5)
    first = _set("self_consumption", 33.5) if turned else _set("backup", 24.0)
    both = _set("backup", 33.5)
    assert gateway.stats.writes == [first, COMMITTED, both, COMMITTED]


@pytest.mark.parametrize("gateway_options", [{"speed": 1}])
@pytest.mark.parametrize("write_timeouts", [WriteTimeouts()])
async def test_shows_within_a_second(client: GatewayClient, gateway: Simulator) -> None:
    """Test what takes effect late is told soon, by the site's own clock."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=0.1)
    shown = await client.set_operation(mode=BACKUP)
    told_at, applied_at = gateway.site.now, gateway.site.applied_at
    assert shown is not None
    assert shown.mode is BACKUP
    assert applied_at is not None
    assert 0 <= (told_at - applied_at).total_seconds() < 1


@pytest.mark.parametrize("gateway_options", [{"speed": 100}])
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("has_read", [False, True])
async def test_an_expired_token_costs_one_login(
    client: GatewayClient, gateway: Simulator, status: int, *, has_read: bool
) -> None:
    """Test a write that meets an expired token is made after all, once."""
    if has_read:
        await client.site()
    else:
        await client.login()
    gateway.expire_tokens(status)
    gateway.reset_stats()
    await client.go_off_grid()
    sent = "intentional_reconnect_failsafe"
    assert gateway.stats.writes == [_island(sent, status), _island(sent)]
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("path", ["/api/operation", "/api/config/completed"])
async def test_a_token_that_expires_in_the_middle(
    client: GatewayClient, gateway: Simulator, path: str
) -> None:
    """Test both parts of a write are made after a login, each once."""
    await client.operation()
    gateway.reset_stats()
    method = "POST" if path == "/api/operation" else "GET"
    gateway.faults.add(path, method=method, status=401, times=1)
    await client.set_operation(mode=BACKUP)
    assert gateway.stats.writes == [_set("backup", 24.0), COMMITTED]
    assert gateway.stats.requests[f"{method} {path}"] == 2
    assert gateway.stats.logins == 1


WRITES: dict[str, Act] = {
    "operation": lambda c: c.set_operation(mode=BACKUP, backup_reserve=30),
    "off grid": lambda c: c.go_off_grid(),
    "stop": lambda c: c.stop_site_controller(),
    "run": lambda c: c.run_site_controller(),
}
NO_ISLAND = {"off grid": GatewayAbsentError}
FORBIDDEN = dict.fromkeys(WRITES, GatewayForbiddenError)
ABSENT = dict.fromkeys(WRITES, GatewayAbsentError)
CUSTOMER, INSTALLER = Role


@pytest.mark.parametrize(
    ("gateway_options", "role", "refused"),
    [
        (_on("21.13"), CUSTOMER, NO_ISLAND),
        (_on("21.13"), INSTALLER, NO_ISLAND),
        (_on("21.13", writes="installer"), CUSTOMER, FORBIDDEN | NO_ISLAND),
        (_on("21.13", writes="installer"), INSTALLER, NO_ISLAND),
        (_on("21.44"), CUSTOMER, {}),
        (_on("21.44"), INSTALLER, {}),
        (_on("21.44", writes="installer"), CUSTOMER, FORBIDDEN),
        (_on("21.44", writes="installer"), INSTALLER, {}),
        (_on("24.44"), CUSTOMER, FORBIDDEN),
        (_on("24.44"), INSTALLER, {}),
        (_on("24.44", writes="customer"), CUSTOMER, {}),
        (_on("pw3"), CUSTOMER, ABSENT),
        (_on("pw3"), INSTALLER, ABSENT),
    ],
    ids=str,
)
async def test_what_each_firmware_takes(
    connect: Connect,
    gateway: Simulator,
    write_timeouts: WriteTimeouts,
    role: Role,
    refused: dict[str, type[GatewayError]],
) -> None:
    """Test every write on every firmware: taken, or refused and nothing changed."""
    credentials = Credentials(password=PASSWORD, email=EMAIL, role=role)
    client = GatewayClient(
        connect(credentials=credentials), write_timeouts=write_timeouts
    )
    await client.charge()  # What is polled shows that it is not about the token.
    outcomes: dict[str, type[GatewayError]] = {}
    for name, act in WRITES.items():
        try:
            await act(client)
        except GatewayRejectedError as err:
            outcomes[name] = type(err)
    assert outcomes == refused
    site = gateway.site
    changed = (site.mode, site.backup_reserve_percent) == ("backup", 33.5)
    assert changed == ("operation" not in refused)
    assert site.is_off_grid_wanted == ("off grid" not in refused)
    assert site.is_running
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("gateway_options", [{"profile": "stopped", "speed": 100}])
async def test_while_the_site_controller_is_stopped(
    client: GatewayClient, gateway: Simulator, connect: Connect
) -> None:
    """Test what is set while nothing runs, and that it can be started again."""
    shown = await client.set_operation(mode=BACKUP)
    assert shown is not None
    assert shown.mode is BACKUP
    with pytest.raises(GatewayNotAppliedError) as raised:
        await GatewayClient(connect(), write_timeouts=HASTY).go_off_grid()
    assert raised.value.reported is None
    with pytest.raises(GatewayStoppedError):
        await client.grid()
    assert (await client.run_site_controller()).running
    assert (await client.grid()).status is GridStatus.ISLANDED


async def test_nothing_acts_by_being_read(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test what acts when it is asked is asked for the action itself alone."""
    await client.identity()
    await client.survey()
    reads = (client.operation, client.site_controller, client.grid, client.meters)
    for read in (*reads, client.system_status, client.components, client.powerwalls):
        await read()
    with pytest.raises(GatewayNotAppliedError):
        await client.go_off_grid(seconds=0.2)
    assert not [each for each in ACTING if gateway.stats.requests[each]]
    await client.set_operation(mode=BACKUP)
    await client.run_site_controller()
    await client.stop_site_controller()
    assert [gateway.stats.requests[each] for each in ACTING] == [1, 0, 1, 1]


def test_the_modes_to_choose_from() -> None:
    """Test the three modes of the app are offered, and no other."""
    assert CHOOSABLE_MODES == (SELF, AUTONOMOUS, BACKUP)
