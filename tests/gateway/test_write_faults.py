"""A gateway that says no to a write, or says yes and does something else."""

import asyncio
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAbsentError,
    GatewayClient,
    GatewayError,
    GatewayForbiddenError,
    GatewayNotAppliedError,
    GatewayRateLimitError,
    GatewayRejectedError,
    GatewayStoppedError,
    Grid,
    Operation,
    SiteController,
    WriteTimeouts,
)
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind
from tests.waiting import until_asked

from .conftest import HASTY, PATIENT, Clock
from .write_kinds import (
    BACKUP,
    COMMIT,
    KINDS,
    Kind,
    all_of,
    refused,
    taken,
)

METHODS = ("GET", "POST")
ONLY_OPERATION = pytest.mark.parametrize("kind", [KINDS["operation"]], indirect=True)


@pytest.fixture
def gateway_options(kind: Kind) -> dict[str, Any]:
    """Return how the gateway is simulated: the contactor moves in no time."""
    return {"speed": 100, **kind.options}


WORDS = orjson.dumps({"code": 500, "error": "Cannot", "message": "Not\n now "})
REFUSALS: dict[str, tuple[dict[str, Any], type[GatewayError], str | None]] = {
    "400": ({"status": 400, "body": WORDS}, GatewayRejectedError, "Cannot: Not now"),
    "403": ({"status": 403, "body": WORDS}, GatewayForbiddenError, "Cannot: Not now"),
    "404": ({"status": 404}, GatewayAbsentError, None),
    "500": ({"status": 500, "body": WORDS}, GatewayRejectedError, "Cannot: Not now"),
    "502": ({"status": 502}, GatewayStoppedError, None),
    "503": ({"status": 503}, GatewayRejectedError, None),
    "503 with time": (
        {"status": 503, "headers": {"Retry-After": "600"}},
        GatewayRejectedError,
        None,
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_refused(
    kind: Kind, polled: GatewayClient, gateway: Simulator, refusal: str
) -> None:
    """Test a no is told as it is, changes nothing, and keeps nothing from going on."""
    fault, expected, reason = REFUSALS[refusal]
    gateway.faults.add(kind.path, method=kind.method, **fault)
    error = await refused(kind, polled)
    assert type(error) is expected
    assert isinstance(error, GatewayRejectedError)
    assert (error.status, error.path) == (fault["status"], kind.path)
    assert error.reason == reason
    assert gateway.stats.requests[kind.endpoint] == 1
    assert gateway.stats.requests[COMMIT] == gateway.stats.logins == 0
    assert not taken(gateway)
    assert not kind.done(gateway.site)
    # Reading goes on at once, and so does writing when somebody wants it again.
    before = gateway.stats.requests[f"GET {kind.read}"]
    await kind.show(polled)
    assert gateway.stats.requests[f"GET {kind.read}"] == before + 1
    gateway.faults.clear()
    await kind.act(polled)
    assert kind.done(gateway.site)


@pytest.mark.parametrize(("first", "second"), [(401, 401), (401, 403), (403, 401)])
async def test_a_token_that_may_be_the_matter(
    kind: Kind, polled: GatewayClient, gateway: Simulator, first: int, second: int
) -> None:
    """Test a login is tried once where the token may be the matter, and no more."""
    gateway.faults.add(kind.path, method=kind.method, status=first, times=1)
    gateway.faults.add(kind.path, method=kind.method, status=second)
    error = await refused(kind, polled)
    assert type(error) is GatewayForbiddenError
    # 403 is no matter of a token that opens something else.
    times = 2 if first == 401 else 1
    assert gateway.stats.requests[kind.endpoint] == times
    assert gateway.stats.logins == times - 1
    assert not taken(gateway)


@ONLY_OPERATION
@pytest.mark.parametrize(
    "body", ["<html>x</html>", '["x"]', '{"error": 1}', '{"message": " "}', "null"]
)
@pytest.mark.parametrize("status", [400, 502])
async def test_no_reason(
    kind: Kind, polled: GatewayClient, gateway: Simulator, status: int, body: str
) -> None:
    """Test what is no word of the gateway to its users is not handed on."""
    gateway.faults.add(kind.path, method=kind.method, status=status, body=body)
    error = await refused(kind, polled)
    assert type(error) is GatewayRejectedError
    assert (error.status, error.reason) == (status, None)


@ONLY_OPERATION
async def test_a_long_reason(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test of a long speech the beginning is kept."""
    speech = orjson.dumps({"message": "word " * 100})
    gateway.faults.add(kind.path, method=kind.method, status=500, body=speech)
    error = await refused(kind, polled)
    assert isinstance(error, GatewayRejectedError)
    assert error.reason is not None
    assert ("word " * 100).startswith(error.reason)
    assert 190 < len(error.reason) <= 200


@pytest.mark.parametrize(
    ("headers", "seconds"), [({}, 60), ({"Retry-After": "90"}, 90)]
)
async def test_too_many_requests(
    kind: Kind,
    polled: GatewayClient,
    gateway: Simulator,
    clock: Clock,
    headers: dict[str, str],
    seconds: float,
) -> None:
    """Test nothing is sent for as long as the gateway says, and all goes on then."""
    gateway.faults.add(kind.path, method=kind.method, status=429, headers=headers)
    assert type(await refused(kind, polled)) is GatewayRateLimitError
    gateway.faults.clear()
    gateway.reset_stats()
    clock.now += seconds - 1
    assert type(await refused(kind, polled)) is GatewayRateLimitError
    with pytest.raises(GatewayRateLimitError):
        await polled.site()
    assert gateway.stats.total == 0
    clock.now += 1.5
    await kind.act(polled)
    assert taken(gateway) == all_of(kind)


@pytest.mark.parametrize(
    "kind", [KINDS["run"], KINDS["stop"], KINDS["stop by GET"]], indirect=True
)
async def test_neither_method(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test 405 to both methods is a no, and each is tried once."""
    gateway.faults.add(kind.path, status=405)
    error = await refused(kind, polled)
    assert type(error) is GatewayRejectedError
    assert (error.status, error.path) == (405, kind.path)
    asked = [gateway.stats.requests[f"{method} {kind.path}"] for method in METHODS]
    assert asked == [1, 1]


@pytest.mark.parametrize("kind", [KINDS["operation"], KINDS["off grid"]], indirect=True)
async def test_wrong_method(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test 405 has no other meaning for what is always posted."""
    gateway.faults.add(kind.path, method="POST", status=405)
    error = await refused(kind, polled)
    assert type(error) is GatewayRejectedError
    assert error.status == 405
    assert gateway.stats.requests[kind.endpoint] == 1


@ONLY_OPERATION
@pytest.mark.parametrize("write_timeouts", [HASTY])
@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 503])
async def test_commit_refused(
    polled: GatewayClient, gateway: Simulator, status: int
) -> None:
    """Test settings that were taken and not put into effect are told as that."""
    gateway.faults.add("/api/config/completed", status=status)
    with pytest.raises(GatewayNotAppliedError) as raised:
        await polled.set_operation(mode=BACKUP)
    refusal = raised.value.refusal
    if status == 429:
        assert isinstance(refusal, GatewayRateLimitError)
    else:
        assert isinstance(refusal, GatewayRejectedError)
        assert refusal.status == status
        assert refusal.path == "/api/config/completed"
    assert isinstance(refusal, GatewayForbiddenError) == (status == 403)
    assert taken(gateway) == ["POST /api/operation"]
    assert gateway.stats.requests[COMMIT] == 1
    assert gateway.site.mode == "self_consumption"


@ONLY_OPERATION
@pytest.mark.parametrize("write_timeouts", [HASTY])
async def test_committed_in_spite_of_a_wait(
    polled: GatewayClient, gateway: Simulator
) -> None:
    """Test a poll's 429 between the two halves does not keep back the second."""
    gateway.faults.add("/api/operation", method="POST", delay=0.3, times=1)
    gateway.faults.add("/api/status", status=429, times=1)
    task = asyncio.create_task(polled.set_operation(mode=BACKUP))
    await until_asked(gateway, "POST /api/operation")
    with pytest.raises(GatewayRateLimitError):
        await polled.status()
    with pytest.raises(GatewayNotAppliedError):
        await task  # It cannot be read back: that has to wait.
    assert gateway.stats.requests[COMMIT] == 1
    assert gateway.site.mode == "backup"


@pytest.mark.parametrize(
    "effect", [WriteKind.LOST, WriteKind.IGNORED, WriteKind.DELAYED]
)
@pytest.mark.parametrize("write_timeouts", [HASTY])
async def test_answered_and_not_in_effect(
    kind: Kind, polled: GatewayClient, gateway: Simulator, effect: WriteKind
) -> None:
    """Test what does not show is told with what shows, and is not sent again."""
    gateway.site.write_effect = WriteEffect(kind=effect, seconds=3600)
    error = await refused(kind, polled)
    assert isinstance(error, GatewayNotAppliedError)
    assert error.answered
    assert isinstance(error.reported, Operation | Grid | SiteController)
    assert kind.undone(error.reported)
    assert taken(gateway) == all_of(kind)
    gateway.control({"advance": 3600})
    assert kind.done(gateway.site) == (effect is WriteKind.DELAYED)


async def test_in_effect_late(
    kind: Kind, polled: GatewayClient, gateway: Simulator
) -> None:
    """Test what shows later than at the first look is waited for."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=10)
    await kind.act(polled)
    assert kind.done(gateway.site)
    assert taken(gateway) == all_of(kind)
    assert gateway.stats.requests[f"GET {kind.read}"] > 2


@ONLY_OPERATION
@pytest.mark.parametrize(
    ("wish", "write_timeouts"),
    [
        ({"mode": BACKUP}, PATIENT),
        ({"backup_reserve": 30}, HASTY),
        ({"mode": BACKUP, "backup_reserve": 30}, HASTY),
        ({"mode": BACKUP, "backup_reserve": 20}, PATIENT),
    ],
    ids=str,
)
async def test_half_in_effect(
    polled: GatewayClient,
    gateway: Simulator,
    wish: dict[str, Any],
    write_timeouts: WriteTimeouts,
) -> None:
    """Test a mode that is taken does not hide a reserve that is not."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.HALF)
    if write_timeouts is PATIENT:
        assert await polled.set_operation(**wish)
    else:
        with pytest.raises(GatewayNotAppliedError) as raised:
            await polled.set_operation(**wish)
        assert isinstance(raised.value.reported, Operation)
        assert raised.value.reported.mode == wish.get("mode", "self_consumption")
        assert raised.value.reported.gateway_backup_reserve == 24
    assert taken(gateway) == ["POST /api/operation", COMMIT]


@ONLY_OPERATION
@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Unable to stop sitemaster", "Unable to stop sitemaster"),
        ("site 1232100-00-E--TGSIMULATED001 is busy", "site … is busy"),
        ("ask ann@example.com at 192.168.1.50:443", "ask … at …"),
        (f"token {'a' * 88}== is old", "token … is old"),
        ("https://gw.lan and aa:bb:cc:dd:ee:ff, fd::ab", "… and … …"),
        ("error: not allowed", "error: not allowed"),
        ("not  allowed:\nKLMNP", None),
        ("not allowed: klmnp", None),
    ],
)
async def test_reason_without_what_tells_whose_it_is(
    polled: GatewayClient, gateway: Simulator, message: str, told: str | None
) -> None:
    """Test the gateway's words are handed on without numbers, addresses and tokens."""
    body = orjson.dumps({"code": 500, "message": message}).decode()
    gateway.faults.add("/api/operation", method="POST", status=500, body=body)
    with pytest.raises(GatewayRejectedError) as raised:
        await polled.set_operation(mode=BACKUP)
    assert raised.value.reason == told


@ONLY_OPERATION
@pytest.mark.parametrize("write_timeouts", [HASTY])
async def test_a_fraction_that_does_not_show(
    polled: GatewayClient, gateway: Simulator
) -> None:
    """Test a gateway that keeps 20 % has not taken 20.4 %, and one at 20.4 has 20."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.IGNORED)
    with pytest.raises(GatewayNotAppliedError):
        await polled.set_operation(backup_reserve=20.4)
    gateway.site.backup_reserve_percent = 24.38
    assert await polled.set_operation(backup_reserve=20)
