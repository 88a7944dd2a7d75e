"""Tests of a changed certificate: asked about once, settled by a click."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp.test_utils import TestClient
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.const import (
    CONF_FINGERPRINT,
    CONF_PINNED_AT,
    DOMAIN,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from simulator.server import Simulator

from .conftest import StateOf, Tick
from .flow_forms import TEXTS


def _readable(fingerprint: bytes) -> str:
    """Return a fingerprint as a browser shows it."""
    return ":".join(f"{byte:02X}" for byte in fingerprint)


@pytest.fixture
def issue(
    entry: GatewayConfigEntry, issue_registry: ir.IssueRegistry
) -> Callable[[], ir.IssueEntry | None]:
    """Return what gives the issue about the certificate, if there is one."""
    issue_id = f"certificate_changed_{entry.entry_id}"
    return lambda: issue_registry.async_get_issue(DOMAIN, issue_id)


@pytest.fixture
async def client(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Return a person in front of the repairs."""
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


async def _open(client: TestClient[Any, Any], issue: ir.IssueEntry) -> dict[str, Any]:
    """Open the repair; return what it shows."""
    answer = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": issue.domain, "issue_id": issue.issue_id},
    )
    assert answer.status == HTTPStatus.OK
    shown: dict[str, Any] = await answer.json()
    assert shown["step_id"] == "confirm"
    return shown


async def _submit(
    client: TestClient[Any, Any], opened: dict[str, Any]
) -> dict[str, Any]:
    """Submit the repair; return what comes of it, which has its text."""
    answer = await client.post(f"/api/repairs/issues/fix/{opened['flow_id']}", json={})
    assert answer.status == HTTPStatus.OK
    result: dict[str, Any] = await answer.json()
    if result["type"] == "abort":
        fix_flow = TEXTS["issues"]["certificate_changed"]["fix_flow"]
        assert result["reason"] in fix_flow["abort"]
    return result


async def _fix(client: TestClient[Any, Any], issue: ir.IssueEntry) -> dict[str, Any]:
    """Open the repair and submit it; return what it showed."""
    shown = await _open(client, issue)
    assert (await _submit(client, shown))["type"] == "create_entry"
    return shown


@pytest.mark.parametrize("restarted", [False, True])
async def test_settled_by_a_click(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    client: TestClient[Any, Any],
    issue: Callable[[], ir.IssueEntry | None],
    state_of: StateOf,
    tick: Tick,
    *,
    restarted: bool,
) -> None:
    """Test both certificates are shown, and accepting the new one heals at once."""
    pinned = gateway.fingerprint
    assert issue() is None
    gateway.stop()
    gateway.renew_certificate()
    gateway.start()
    gateway.reset_stats()
    await tick(11)
    if restarted:
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    found = issue()
    assert found is not None
    assert found.is_fixable
    assert gateway.stats.total == 0
    shown = await _fix(client, found)
    placeholders = shown["description_placeholders"]
    assert placeholders["pinned"] == _readable(pinned)
    assert placeholders["shown"] == _readable(gateway.fingerprint)
    assert placeholders["pinned_at"] == f"{dt_util.as_local(entry.created_at):%Y-%m-%d}"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data[CONF_FINGERPRINT] == gateway.fingerprint.hex()
    assert entry.data[CONF_PINNED_AT] == dt_util.utcnow().isoformat()
    assert state_of("state_of_charge") not in (None, "unavailable")
    assert issue() is None


async def test_the_pinned_one_comes_back(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test nobody is asked any more once the gateway itself answers again."""
    gateway.stop()
    for _ in range(2):
        with Simulator(port=gateway.port) as impostor:
            await tick(11)
            found = issue()
            assert found is not None
            assert found.data is not None
            assert found.data["fingerprint"] == impostor.fingerprint.hex()
            assert impostor.stats.total == 0
    gateway.start()
    await tick(11)
    assert issue() is None
    assert entry.state is ConfigEntryState.LOADED


async def test_the_pinned_one_comes_back_while_the_form_is_open(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    client: TestClient[Any, Any],
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test nobody is pinned who is gone by the time the form is submitted."""
    before = dict(entry.data)
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        found = issue()
        assert found
        opened = await _open(client, found)
    gateway.start()
    await tick(11)
    assert issue() is None
    result = await _submit(client, opened)
    assert (result["type"], result["reason"]) == ("abort", "not_shown_any_more")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.data == before
    assert entry.state is ConfigEntryState.LOADED


async def test_changes_again_while_the_form_is_open(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    client: TestClient[Any, Any],
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test only what the form showed is pinned; the newer question stays."""
    before = dict(entry.data)
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        found = issue()
        assert found
        opened = await _open(client, found)
    with Simulator(port=gateway.port) as second:
        await tick(11)
        result = await _submit(client, opened)
        assert (result["type"], result["reason"]) == ("abort", "not_shown_any_more")
        assert second.stats.total == 0
        asked = issue()
        assert asked
        assert asked.data
        assert asked.data["fingerprint"] == second.fingerprint.hex()
    assert entry.data == before


async def test_stays_while_nothing_answers(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test a question is not settled by a gateway that is not there at all."""
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        assert issue()
    for _ in range(4):
        await tick(31)
    assert issue()


async def test_disabled(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test nothing is asked about a gateway that a person has turned off."""
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        assert issue()
        await hass.config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
        assert issue() is None
        await hass.config_entries.async_set_disabled_by(entry.entry_id, None)
        assert issue()


async def test_when_it_was_pinned(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test the day is that of the last pin, as it was in the home."""
    await hass.config.async_set_time_zone("Pacific/Auckland")
    data = {**entry.data, CONF_PINNED_AT: "2021-05-01T20:00:00+00:00"}
    hass.config_entries.async_update_entry(entry, data=data)
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
    found = issue()
    assert found
    assert found.translation_placeholders
    assert found.translation_placeholders["pinned_at"] == "2021-05-02"


async def test_deleted_with_its_gateway(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test nothing is asked about a gateway that is gone."""
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        assert issue()
        await hass.config_entries.async_remove(entry.entry_id)
        assert issue() is None


async def test_deleted_in_the_meantime(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    client: TestClient[Any, Any],
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test a repair that is still open when its gateway is deleted does no harm."""
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        found = issue()
        assert found
        opened = await _open(client, found)
        await hass.config_entries.async_remove(entry.entry_id)
        await _submit(client, opened)
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_no_longer_pinned(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    client: TestClient[Any, Any],
    issue: Callable[[], ir.IssueEntry | None],
    tick: Tick,
) -> None:
    """Test nothing is pinned where a person has turned that off meanwhile."""
    gateway.stop()
    with Simulator(port=gateway.port):
        await tick(11)
        found = issue()
        assert found
        data = {**entry.data, CONF_FINGERPRINT: None}
        hass.config_entries.async_update_entry(entry, data=data)
        await _fix(client, found)
    assert entry.data[CONF_FINGERPRINT] is None


async def test_disabled_while_it_cannot_be_set_up(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue: Callable[[], ir.IssueEntry | None],
) -> None:
    """Test nobody is asked about a gateway that is disabled before it was loaded."""
    gateway.stop()
    gateway.renew_certificate()
    gateway.start()
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert issue()
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    await hass.async_block_till_done()
    assert issue() is None
