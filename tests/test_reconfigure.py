"""Tests of the config flow's reconfiguration: another address, another login."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.connection import record_of
from custom_components.tesla_gateway.const import (
    CONF_FINGERPRINT,
    CONF_PINNED_AT,
    CONF_RECORD,
    CONF_ROLE,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntryState,
)
from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_MAC, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway, Tick
from .flow_forms import check_texts, submit, suggested
from .relays import relay
from .sightings import move
from .waiting import until

CUSTOMER = {CONF_ROLE: "customer"}


async def _open(hass: HomeAssistant, entry: GatewayConfigEntry) -> dict[str, Any]:
    """Open the form."""
    result: dict[str, Any] = dict(
        await hass.config_entries.flow.async_init(
            entry.domain,
            context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id},
        )
    )
    assert result["step_id"] == "reconfigure"
    assert not result["errors"]
    check_texts(result)
    return result


async def _start(hass: HomeAssistant, entry: GatewayConfigEntry) -> str:
    """Open the form, and return the flow's id."""
    return str((await _open(hass, entry))["flow_id"])


def _host(gateway: Simulator) -> dict[str, str]:
    """Return the address of a gateway as it is typed."""
    return {CONF_HOST: f"127.0.0.1:{gateway.port}"}


async def _reconfigured(
    hass: HomeAssistant, entry: GatewayConfigEntry, result: dict[str, Any]
) -> None:
    """Check that a form has led to a loaded entry."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED


@pytest.fixture
def other_gateway(gateway: Simulator) -> Generator[Simulator]:
    """Run another gateway beside the one that is added."""
    with Simulator(profile="21.44") as other:
        other.faults.add("/api/status", edit={"din": "1232100-00-E--OTHER"})
        yield other


async def test_form(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test the form shows what is so now, but no password."""
    result = await _open(hass, entry)
    assert suggested(result) == {**_host(gateway), CONF_PASSWORD: None, **CUSTOMER}


@pytest.mark.parametrize("password", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
async def test_another_address(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    password: dict[str, str],
) -> None:
    """Test a gateway that has moved is found there; all else stays."""
    before = dict(entry.data)
    move(gateway)
    flow_id = await _start(hass, entry)
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER | password)
    await _reconfigured(hass, entry, result)
    assert entry.data[CONF_HOST] == f"127.0.0.1:{gateway.port}" != before[CONF_HOST]
    for kept in (CONF_PASSWORD, CONF_EMAIL, CONF_FINGERPRINT, CONF_PINNED_AT):
        assert entry.data[kept] == before[kept]
    device = dr.async_get(hass).async_get_device_by_identifier(
        (entry.domain, str(entry.unique_id)), entry.entry_id
    )
    assert device is not None
    assert device.configuration_url == gateway.url


async def test_another_login(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test another password and role are tried, and taken when they work."""
    gateway.change_password("other")
    flow_id = await _start(hass, entry)
    role = {CONF_ROLE: "installer"}
    result = await submit(hass, flow_id, _host(gateway) | role)
    assert result["errors"] == {CONF_PASSWORD: "invalid_auth"}
    typed = _host(gateway) | role | {CONF_PASSWORD: "other"}
    gateway.device.logins.installer_needs_switch = True
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "role_refused"}
    assert entry.data[CONF_PASSWORD] == PASSWORD
    gateway.device.logins.installer_needs_switch = False
    await _reconfigured(hass, entry, await submit(hass, flow_id, typed))
    assert entry.data[CONF_PASSWORD] == "other"
    assert entry.data[CONF_ROLE] == "installer"


@pytest.mark.parametrize(
    ("host", "error"),
    [("127.0.0.1:1", "cannot_connect"), ("127.0.0.1/api", "invalid_host")],
)
async def test_bad_address(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    host: str,
    error: str,
) -> None:
    """Test a bad address is told, changes nothing, and can be corrected."""
    before = dict(entry.data)
    flow_id = await _start(hass, entry)
    result = await submit(hass, flow_id, {CONF_HOST: host, **CUSTOMER})
    assert result["errors"] == {CONF_HOST: error}
    assert entry.data == before
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    await _reconfigured(hass, entry, result)


async def test_another_certificate(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    other_gateway: Simulator,
) -> None:
    """Test nothing is sent to a gateway with another certificate, whatever is typed."""
    before = dict(entry.data)
    flow_id = await _start(hass, entry)
    typed = _host(other_gateway) | CUSTOMER | {CONF_PASSWORD: PASSWORD}
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "certificate_changed"}
    assert other_gateway.stats.handshakes == 1
    assert other_gateway.stats.connections == other_gateway.stats.total == 0
    assert entry.data == before
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    await _reconfigured(hass, entry, result)


async def test_another_address_and_another_certificate(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    hass_client: ClientSessionGenerator,
    tick: Tick,
) -> None:
    """Test a person is asked about the new certificate, and can go on then."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    gateway.stop()
    gateway.renew_certificate()
    move(gateway)
    await tick(11)
    flow_id = await _start(hass, entry)
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    assert result["errors"] == {"base": "certificate_changed"}
    assert gateway.stats.total == 0
    asked = {
        "handler": entry.domain,
        "issue_id": f"certificate_changed_{entry.entry_id}",
    }
    form = await client.post("/api/repairs/issues/fix", json=asked)
    repair = (await form.json())["flow_id"]
    done = await client.post(f"/api/repairs/issues/fix/{repair}", json={})
    assert (await done.json())["type"] == "create_entry"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert gateway.stats.total == 0
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    await _reconfigured(hass, entry, result)
    assert entry.data[CONF_FINGERPRINT] == gateway.fingerprint.hex()


async def test_its_login_is_not_counted(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test the logins that nobody asked for still are, so that there is no fourth."""
    for _ in range(3):
        gateway.expire_tokens()
        await tick(31)
    spent = entry.data[CONF_RECORD]["logins_until"]
    assert len(spent) == 3
    result = await submit(hass, await _start(hass, entry), _host(gateway) | CUSTOMER)
    await _reconfigured(hass, entry, result)
    assert entry.data[CONF_RECORD]["logins_until"] == pytest.approx(spent)
    gateway.expire_tokens()
    gateway.reset_stats()
    await tick(31)
    assert gateway.stats.logins == 0


@asynccontextmanager
async def _submitting(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, *, reauth: bool
) -> AsyncGenerator[None]:
    """Submit a new password, and do this before it is answered."""
    typed = {CONF_PASSWORD: "other"}
    if reauth:
        entry.async_start_reauth(hass)
        await hass.async_block_till_done()
        (flow,) = entry.async_get_active_flows(hass, {SOURCE_REAUTH})
        flow_id = flow["flow_id"]
    else:
        flow_id = await _start(hass, entry)
        typed |= _host(gateway) | CUSTOMER
    gateway.change_password("other")
    submitted = hass.async_create_task(submit(hass, flow_id, typed))
    await asyncio.sleep(0)
    assert not submitted.done()
    yield
    assert (await submitted)["reason"].endswith("_successful")


@pytest.mark.parametrize("reauth", [False, True])
async def test_what_is_kept_meanwhile(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, *, reauth: bool
) -> None:
    """Test logins, an address and a certificate stay that came while it logged in."""
    before = entry.data
    kept = {
        CONF_HOST: "localhost",
        CONF_MAC: "aabbccddeeff",
        CONF_FINGERPRINT: 32 * "ab",
    }
    record = record_of(hass, entry)
    async with _submitting(hass, entry, gateway, reauth=reauth):
        record.count_login()
        hass.config_entries.async_update_entry(entry, data={**entry.data, **kept})
    changed = {CONF_PASSWORD: "other", CONF_RECORD: entry.data[CONF_RECORD]}
    assert entry.data == {**before, **kept, **changed}
    assert len(entry.data[CONF_RECORD]["logins_until"]) == 1
    assert entry.data[CONF_RECORD]["token"] != before[CONF_RECORD]["token"]
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("reauth", [False, True])
async def test_a_wait_that_comes_meanwhile(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, *, reauth: bool
) -> None:
    """Test a gateway that wants to be left alone while a form logs in is."""
    async with _submitting(hass, entry, gateway, reauth=reauth):
        record_of(hass, entry).wait(600)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.SETUP_RETRY


@pytest.mark.parametrize("loaded", [True, False])
async def test_a_wait_is_for_all(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    *,
    loaded: bool,
) -> None:
    """Test nobody goes on asking when a typed login is told to wait; it ends that."""
    flow_id = await _start(hass, entry)
    if not loaded:
        await hass.config_entries.async_unload(entry.entry_id)
    login = "/api/login/Basic"
    gateway.faults.add(login, status=429, headers={"Retry-After": "600"})
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    assert result["errors"] == {"base": "rate_limited"}
    if not loaded:
        await hass.config_entries.async_setup(entry.entry_id)
    gateway.reset_stats()
    for _ in range(9):
        await tick(60)
    assert gateway.stats.total == 0
    gateway.faults.clear()
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    await _reconfigured(hass, entry, result)
    assert entry.runtime_data.live.last_update_success


async def test_another_gateway(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a gateway with another DIN is not taken, though it has the certificate."""
    gateway.faults.add("/api/status", edit={"din": "1232100-00-E--OTHER"})
    async with relay(gateway) as host:
        flow_id = await _start(hass, entry)
        result = await submit(hass, flow_id, {CONF_HOST: host, **CUSTOMER})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "another_gateway"
    assert entry.data[CONF_HOST] == f"127.0.0.1:{gateway.port}"


async def test_while_it_asks_for_the_password(
    hass: HomeAssistant, add_gateway: AddGateway, gateway: Simulator, tick: Tick
) -> None:
    """Test the new login ends the question for the password too."""
    entry = await add_gateway()
    gateway.change_password("other")
    gateway.expire_tokens()
    await tick(31)
    assert hass.config_entries.flow.async_progress_by_handler(entry.domain)
    typed = _host(gateway) | CUSTOMER | {CONF_PASSWORD: "other"}
    result = await submit(hass, await _start(hass, entry), typed)
    await _reconfigured(hass, entry, result)
    assert not hass.config_entries.flow.async_progress_by_handler(entry.domain)


async def test_a_wait_during_set_up(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test a wait that a form is told of is not lost to a login under way."""
    flow_id = await _start(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_RECORD: {}})
    login = "/api/login/Basic"
    gateway.faults.add(login, times=1, delay=0.5)
    gateway.faults.add(login, times=1, status=429, headers={"Retry-After": "600"})
    setup = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
    await until(lambda: gateway.stats.in_flight)
    assert entry.state is ConfigEntryState.SETUP_IN_PROGRESS
    result = await submit(hass, flow_id, _host(gateway) | CUSTOMER)
    assert result["errors"] == {"base": "rate_limited"}
    await setup
    gateway.reset_stats()
    for _ in range(9):
        await tick(60)
    assert gateway.stats.total == 0
