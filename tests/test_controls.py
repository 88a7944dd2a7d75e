"""A gateway that does what it is asked for, or does not, by each way to ask it."""

from collections.abc import Generator
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.diagnostics import (
    async_get_config_entry_diagnostics,
)
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind

from .conftest import Act, Shown, Tick, TickUntil
from .control_ways import COMMIT, ISLAND_MODE, OPERATION, WAYS, Way, taken, ways

pytestmark = pytest.mark.usefixtures("with_site_controller")


@pytest.fixture(autouse=True)
def _no_repair(issue_registry: ir.IssueRegistry) -> Generator[None]:
    """See that nothing in here leaves a repair of ours."""
    yield
    assert DOMAIN not in {domain for domain, _ in issue_registry.issues}


REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "400": ({"status": 400}, "write_rejected", "status 400"),
    "404": ({"status": 404}, "write_not_supported", "no such setting"),
    "500": (
        {"status": 500, "body": '{"error": "Sorry", "message": "I am busy"}'},
        "write_rejected",
        "Sorry: I am busy",
    ),
    "502": ({"status": 502}, "site_controller_stopped", "stopped"),
    "503": ({"status": 503}, "write_rejected", "status 503"),
}


@pytest.mark.parametrize(**ways())
async def test_refused(
    act: Act, gateway: Simulator, shown: Shown, tick_until: TickUntil, way: Way
) -> None:
    """Test a no is told at once and in words, and the truth is shown on."""
    for fault, key, words in REFUSALS.values():
        gateway.faults.add(way.path, method=way.method, **fault)
        gateway.reset_stats()
        with pytest.raises(HomeAssistantError) as raised:
            await act(way)
        assert raised.value.translation_key == key
        assert words in str(raised.value)
        assert gateway.stats.requests[way.endpoint] == 1
        assert gateway.stats.requests[COMMIT] == gateway.stats.logins == 0
        assert shown(way) == way.before
        gateway.faults.clear()
    gateway.reset_stats()
    await tick_until(act(way))
    assert way.done(gateway.site)
    assert taken(gateway) == way.whole
    assert shown(way) == way.after


@pytest.mark.parametrize(**ways("number", "go off grid", "site controller"))
async def test_too_many_requests(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    way: Way,
) -> None:
    """Test a gateway that wants to be left alone is, and takes it then."""
    wait = {"status": 429, "headers": {"Retry-After": "30"}}
    gateway.faults.add(way.path, method=way.method, **wait)
    gateway.reset_stats()
    for _ in range(2):
        with pytest.raises(HomeAssistantError) as raised:
            await act(way)
        assert raised.value.translation_key == "write_rate_limited"
        assert shown(way) == way.before
    assert gateway.stats.requests[way.endpoint] == 1
    gateway.faults.clear()
    await tick(34)  # A tenth longer, at most.
    await tick_until(act(way))
    assert way.done(gateway.site)


@pytest.mark.parametrize(**ways())
async def test_taken_and_not_done(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    way: Way,
) -> None:
    """Test what never shows is told with what shows instead, and is not sent again."""
    for effect in (WriteKind.IGNORED, WriteKind.LOST):
        gateway.site.write_effect = WriteEffect(kind=effect)
        gateway.reset_stats()
        with pytest.raises(HomeAssistantError) as raised:
            await tick_until(act(way))
        assert raised.value.translation_key == way.not_applied
        assert way.reported in str(raised.value)
        assert shown(way) == way.before
        await tick(30)
        assert taken(gateway) == way.whole
        assert shown(way) == way.before


@pytest.mark.parametrize(**ways("number", "set operation"))
async def test_half_done(
    act: Act, gateway: Simulator, shown: Shown, tick_until: TickUntil, way: Way
) -> None:
    """Test a mode that is taken does not hide a reserve that is not."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.HALF)
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(way))
    assert raised.value.translation_key == "operation_not_applied"
    assert f"mode {gateway.site.mode} and a backup reserve of 20 %" in str(raised.value)
    assert shown(WAYS["number"]) == WAYS["number"].before
    select = WAYS["select"]
    assert shown(select) == (select.before if way is WAYS["number"] else select.after)


@pytest.mark.parametrize(**ways())
async def test_done_late(
    act: Act, gateway: Simulator, shown: Shown, tick_until: TickUntil, way: Way
) -> None:
    """Test what shows before long is waited for."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=8)
    gateway.reset_stats()
    await tick_until(act(way))
    assert taken(gateway) == way.whole
    assert shown(way) == way.after


@pytest.mark.parametrize(**ways())
async def test_done_too_late(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    way: Way,
) -> None:
    """Test what shows after somebody was told that it did not is shown all the same."""
    seconds = 70 if way.endpoint == ISLAND_MODE else 15
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=seconds)
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(way))
    assert raised.value.translation_key == way.not_applied
    assert shown(way) == way.before
    gateway.reset_stats()
    await tick(30)
    assert shown(way) == way.after
    assert taken(gateway) == []


@pytest.mark.parametrize(
    ("way", "ending"),
    [
        pytest.param(WAYS[name], ending, id=f"{name}-{ending}")
        for name, ending in (
            ("select", "reset"),
            ("number", "mute"),
            ("switch", "mute"),
            ("site controller", "mute"),
            ("site controller", "reset"),
            ("set operation", "cut"),
            ("set operation", "mute"),
            ("go off grid", "reset"),
        )
    ],
)
async def test_done_without_an_answer(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick_until: TickUntil,
    way: Way,
    ending: str,
) -> None:
    """Test what was done is found, though nobody said so, and is not sent again."""
    for endpoint in way.whole:
        method, path = endpoint.split()
        gateway.faults.add(path, method=method, ending=ending)
    gateway.reset_stats()
    await tick_until(act(way))
    assert taken(gateway) == way.whole
    assert [gateway.stats.requests[each] for each in way.whole] == [1] * len(way.whole)
    assert shown(way) == way.after


@pytest.mark.parametrize(**ways())
async def test_neither_done_nor_answered(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    way: Way,
) -> None:
    """Test what was not done is told, is not sent again, and is nobody's surprise."""
    gateway.faults.add(way.path, method=way.method, ending="hang")
    gateway.reset_stats()
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(way))
    assert raised.value.translation_key == way.not_answered
    gateway.faults.clear()
    await tick(30)
    assert gateway.stats.requests[way.endpoint] == 1
    assert shown(way) == way.before
    assert not way.done(gateway.site)


@pytest.mark.parametrize(
    ("way", "fault"),
    [
        pytest.param(WAYS[name], fault, id=name)
        for name, fault in (
            ("number", {"status": 500}),
            ("switch", {"body": "<html>"}),
            ("site controller", {"status": 500}),
            ("set operation", {"body": "<html>"}),
            ("go off grid", {"status": 404}),
        )
    ],
)
async def test_not_to_be_read_back(
    act: Act,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    way: Way,
    fault: dict[str, Any],
) -> None:
    """Test nobody is told what nobody knows, and the truth shows once it is known."""
    # Of the settings the first reading is what they are changed from.
    if way.endpoint == OPERATION:
        gateway.faults.add(way.read, method="GET", times=1)
    gateway.faults.add(way.read, method="GET", **fault)
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(way))
    assert raised.value.translation_key == "not_read_back"
    gateway.faults.clear()
    for _ in range(6):
        await tick(30)
    assert shown(way) == way.after


@pytest.mark.parametrize(**ways("number", "set operation"))
async def test_settings_that_are_refused_when_read(
    act: Act, gateway: Simulator, shown: Shown, way: Way
) -> None:
    """Test nothing is sent where what it would be changed from is not told."""
    for status in (403, 404):
        gateway.faults.add(way.read, method="GET", status=status)
        gateway.reset_stats()
        with pytest.raises(HomeAssistantError) as raised:
            await act(way)
        assert raised.value.translation_key == "not_sent"
        assert gateway.stats.writes == []
        assert shown(way) == way.before
        gateway.faults.clear()


@pytest.mark.parametrize(**ways("number", "go off grid", "site controller"))
async def test_no_connection(
    act: Act, gateway: Simulator, shown: Shown, tick_until: TickUntil, way: Way
) -> None:
    """Test a gateway that is not there is told as such, and takes it when it is."""
    gateway.stop()
    with pytest.raises(HomeAssistantError) as raised:
        await act(way)
    assert raised.value.translation_key == "communication_error"
    assert shown(way) == way.before
    gateway.start()
    await tick_until(act(way))
    assert shown(way) == way.after


@pytest.mark.parametrize(**ways("select", "switch", "set operation"))
async def test_password_that_is_refused(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    shown: Shown,
    way: Way,
) -> None:
    """Test a login that is refused asks for the password, and nothing is sent."""
    gateway.change_password("other")
    gateway.expire_tokens()
    gateway.reset_stats()
    for _ in range(2):
        with pytest.raises(HomeAssistantError) as raised:
            await act(way)
        assert raised.value.translation_key == "authentication_error"
    await hass.async_block_till_done()
    assert gateway.stats.logins == 1
    assert len(list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))) == 1
    assert taken(gateway) == []
    assert shown(way) == way.before


ACTS = {
    "GET /api/config/completed",
    "GET /api/logout",
    "GET /api/sitemaster/run",
    "GET /api/sitemaster/stop",
}
"""What acts when it is merely read."""


async def test_reading_does_nothing(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    all_entities: list[er.RegistryEntry],
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test an hour of polls, a restart and a download change nothing."""
    gateway.reset_stats()
    for _ in range(12):
        await tick(300)
    assert gateway.stats.requests["GET /api/status"] == 1
    await hass.config_entries.async_reload(entry.entry_id)
    await async_get_config_entry_diagnostics(hass, entry)
    assert not ACTS & set(gateway.stats.requests)
    assert {each for each in gateway.stats.requests if not each.startswith("GET")} == (
        set()
    )
    assert gateway.stats.writes == []
