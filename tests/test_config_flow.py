"""Tests of the config flow: adding, and signing in again."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.tesla_gateway.const import (
    CONF_ADVANCED,
    CONF_FINGERPRINT,
    CONF_PINNED_AT,
    CONF_RECORD,
    CONF_ROLE,
    DOMAIN,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator.server import Simulator

from .conftest import PASSWORD
from .flow_forms import submit
from .waiting import until

LOGIN = "/api/login/Basic"
HTML = "<!doctype html><title>Router</title>"


async def _start(hass: HomeAssistant) -> str:
    """Open the form, and return the flow's id."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert not result["errors"]
    return result["flow_id"]


async def _start_reauth(hass: HomeAssistant, entry: GatewayConfigEntry) -> str:
    """Ask for the password of an entry, and return the flow's id."""
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = entry.async_get_active_flows(hass, {SOURCE_REAUTH})
    assert flow["step_id"] == "reauth_confirm"
    assert flow["context"]["title_placeholders"] == {"name": entry.title}
    return flow["flow_id"]


async def test_add(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator
) -> None:
    """Test address and password make an entry that says what it holds."""
    result = await submit(hass, await _start(hass), user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Simulated Home"
    entry: GatewayConfigEntry = result["result"]
    assert entry.unique_id == gateway.device.profile.din
    data = dict(entry.data)
    assert data.pop(CONF_RECORD)["token"]
    assert data.pop(CONF_PINNED_AT) == datetime.now(UTC).isoformat()
    assert data == {
        CONF_HOST: f"127.0.0.1:{gateway.port}",
        CONF_PASSWORD: PASSWORD,
        CONF_EMAIL: "",
        CONF_ROLE: "customer",
        CONF_FINGERPRINT: gateway.fingerprint.hex(),
        "model": "Backup Gateway 2",
    }
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("gateway_options", "role", "limits"),
    [
        pytest.param({"profile": "21.13"}, "customer", "customer", id="21.13"),
        pytest.param({"profile": "21.44"}, "customer", "customer", id="21.44"),
        pytest.param({"profile": "21.44"}, "installer", "default", id="before"),
        pytest.param({"profile": "24.44"}, "customer", "read_only", id="24.44"),
        pytest.param({"profile": "24.44"}, "installer", "default", id="installer"),
        pytest.param({"profile": "pw3"}, "customer", "powerwall_3", id="pw3"),
        pytest.param({"profile": "stopped"}, "customer", "stopped", id="stopped"),
    ],
)
async def test_last_step_says_what_cannot_be_set(
    hass: HomeAssistant,
    user_input: dict[str, Any],
    gateway: Simulator,
    role: str,
    limits: str,
) -> None:
    """Test each kind of gateway is added, and its limits told."""
    typed = user_input | {CONF_ADVANCED: {CONF_ROLE: role}}
    result = await submit(hass, await _start(hass), typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["description"] == limits
    assert result["result"].unique_id == gateway.device.profile.din
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_pasted_address_and_no_section(
    hass: HomeAssistant, gateway: Simulator
) -> None:
    """Test a pasted address is reduced, and the section may be left alone."""
    typed = {CONF_HOST: f" {gateway.url}/ ", CONF_PASSWORD: PASSWORD}
    result = await submit(hass, await _start(hass), typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_HOST] == f"127.0.0.1:{gateway.port}"
    assert result["result"].data[CONF_ROLE] == "customer"
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        pytest.param({CONF_PASSWORD: ""}, {"password": "password_missing"}, id="empty"),
        pytest.param(
            {CONF_PASSWORD: "abcde"}, {"password": "invalid_auth"}, id="wrong"
        ),
        *(
            pytest.param({CONF_HOST: host}, {"host": "invalid_host"}, id=name)
            for name, host in {
                "nothing": " ",
                "user name": "me@127.0.0.1",
                "path": "127.0.0.1/api",
                "space": "my gateway",
                "port": "127.0.0.1:99999",
                "port in words": "127.0.0.1:https",
                "http": "http://127.0.0.1",
            }.items()
        ),
        pytest.param(
            {CONF_HOST: "127.0.0.1:1"}, {"host": "cannot_connect"}, id="refused"
        ),
    ],
)
async def test_bad_input(
    hass: HomeAssistant,
    user_input: dict[str, Any],
    typed: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Test bad input is told where it is, and the form can be sent again."""
    flow_id = await _start(hass)
    result = await submit(hass, flow_id, user_input | typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    result = await submit(hass, flow_id, user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    ("fault", "errors"),
    [
        pytest.param({"body": HTML}, {"host": "not_a_gateway"}, id="HTML"),
        pytest.param({"status": 404}, {"host": "not_a_gateway"}, id="other API"),
        pytest.param({"body": "{}"}, {"host": "not_a_gateway"}, id="no token"),
        pytest.param({"status": 429}, {"base": "rate_limited"}, id="429"),
        pytest.param({"status": 503}, {"base": "rate_limited"}, id="503"),
        pytest.param({"status": 500}, {"base": "gateway_error"}, id="500"),
        pytest.param({"ending": "reset"}, {"host": "cannot_connect"}, id="reset"),
    ],
)
async def test_no_gateway(
    hass: HomeAssistant,
    user_input: dict[str, Any],
    gateway: Simulator,
    fault: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Test what answers oddly is told, and a person may try again at once."""
    gateway.faults.add(LOGIN, **fault)
    flow_id = await _start(hass)
    result = await submit(hass, flow_id, user_input)
    assert result["errors"] == errors
    gateway.faults.clear()
    result = await submit(hass, flow_id, user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_role_refused(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator
) -> None:
    """Test an installer without the switch is told so, above the section."""
    gateway.device.logins.installer_needs_switch = True
    flow_id = await _start(hass)
    typed = user_input | {CONF_ADVANCED: {CONF_ROLE: "installer"}}
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "role_refused"}
    result = await submit(hass, flow_id, user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_no_answer(
    hass: HomeAssistant,
    user_input: dict[str, Any],
    gateway: Simulator,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Test a gateway that does not answer is given up after ten seconds."""
    gateway.faults.add(LOGIN, ending="hang")
    flow_id = await _start(hass)
    submitted = hass.async_create_task(submit(hass, flow_id, user_input))
    await until(lambda: gateway.stats.in_flight)
    freezer.tick(11)
    async_fire_time_changed(hass)
    result = await submitted
    assert result["errors"] == {"host": "timeout_connect"}
    gateway.faults.clear()
    result = await submit(hass, flow_id, user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
async def plain_http_port(socket_enabled: None) -> AsyncGenerator[int]:
    """Serve plain HTTP, as a router does."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(100)
        writer.write(f"HTTP/1.1 200 OK\r\n\r\n{HTML}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_plain_http(
    hass: HomeAssistant, user_input: dict[str, Any], plain_http_port: int
) -> None:
    """Test something without TLS gets no password."""
    flow_id = await _start(hass)
    typed = user_input | {CONF_HOST: f"127.0.0.1:{plain_http_port}"}
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"host": "no_tls"}
    result = await submit(hass, flow_id, user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_no_din(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator
) -> None:
    """Test a gateway that does not say who it is cannot be added."""
    gateway.faults.add("/api/status", drop=("din",))
    gateway.faults.add("/api/powerwalls", status=404)
    gateway.faults.add("/api/config", status=404)
    gateway.faults.add("/tedapi/din", body="hello")
    flow_id = await _start(hass)
    result = await submit(hass, flow_id, user_input)
    assert result["errors"] == {"base": "no_identity"}
    gateway.faults.clear()
    result = await submit(hass, flow_id, user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize("path", ["/api/sitemaster", "/api/site_info/site_name"])
async def test_what_is_not_needed(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator, path: str
) -> None:
    """Test a gateway is added though something fails that only tells more of it."""
    gateway.faults.add(path, ending="reset")
    result = await submit(hass, await _start(hass), user_input)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_leaves_nothing_behind(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator
) -> None:
    """Test forms that were sent in vain cost nothing later."""
    flow_id = await _start(hass)
    typed = user_input | {CONF_PASSWORD: "wrong"}
    await submit(hass, flow_id, typed)
    before = hass.bus.async_listeners()
    for _ in range(3):
        await submit(hass, flow_id, typed)
    assert hass.bus.async_listeners() == before


async def test_already_added(
    hass: HomeAssistant, entry: GatewayConfigEntry, user_input: dict[str, Any]
) -> None:
    """Test a gateway is added once."""
    result = await submit(hass, await _start(hass), user_input)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_sign_in_again(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a new password is tried, and kept when it works."""
    gateway.device.logins.password = "other"
    gateway.expire_tokens()
    flow_id = await _start_reauth(hass, entry)
    result = await submit(hass, flow_id, {CONF_PASSWORD: "wrong"})
    assert result["errors"] == {CONF_PASSWORD: "invalid_auth"}
    result = await submit(hass, flow_id, {CONF_PASSWORD: "other"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.data[CONF_PASSWORD] == "other"
    assert entry.data[CONF_ROLE] == "customer"
    assert entry.state is ConfigEntryState.LOADED


async def test_sign_in_again_in_another_role(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test who cannot be an installer any more can be a customer."""
    flow_id = await _start_reauth(hass, entry)
    gateway.device.logins.installer_needs_switch = True
    typed = {CONF_PASSWORD: PASSWORD, CONF_ROLE: "installer"}
    result = await submit(hass, flow_id, typed)
    assert result["errors"] == {"base": "role_refused"}
    result = await submit(hass, flow_id, typed | {CONF_ROLE: "customer"})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.data[CONF_ROLE] == "customer"


async def test_sign_in_to_another_gateway(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test another gateway at the same address is not taken for ours."""
    gateway.faults.add("/api/status", edit={"din": "1232100-00-E--OTHER"})
    flow_id = await _start_reauth(hass, entry)
    result = await submit(hass, flow_id, {CONF_PASSWORD: PASSWORD})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "another_gateway"


async def test_sign_in_while_nothing_answers(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test what is wrong with the address shows in a form that does not ask for it."""
    flow_id = await _start_reauth(hass, entry)
    gateway.stop()
    result = await submit(hass, flow_id, {CONF_PASSWORD: PASSWORD})
    assert result["errors"] == {"base": "cannot_connect"}
    gateway.start()
    result = await submit(hass, flow_id, {CONF_PASSWORD: PASSWORD})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_sign_in_keeps_the_certificate(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a password is not sent to who shows another certificate."""
    gateway.stop()
    gateway.renew_certificate()
    gateway.reset_stats()
    gateway.start()
    flow_id = await _start_reauth(hass, entry)
    result = await submit(hass, flow_id, {CONF_PASSWORD: PASSWORD})
    assert result["errors"] == {"base": "certificate_changed"}
    assert gateway.stats.total == 0
