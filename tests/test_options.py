"""Tests of the options: the pace, and whether the certificate is pinned."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest

from custom_components.tesla_gateway.connection import record_of
from custom_components.tesla_gateway.const import (
    CONF_ADVANCED,
    CONF_FINGERPRINT,
    CONF_PACE,
    CONF_PIN_CERTIFICATE,
    CONF_PINNED_AT,
    CONF_RECORD,
    CONF_ROLE,
    DOMAIN,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator.server import Simulator

from .conftest import AddGateway, Tick
from .flow_forms import TEXTS, submit, suggested
from .relays import issued_certificate, relay

UNPINNED = {CONF_PIN_CERTIFICATE: False}
PINNED = {CONF_PIN_CERTIFICATE: True}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> SSLContext:
    """Return the certificate of a proxy, which an authority vouches for."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    return issued_certificate(folder)


@pytest.fixture
async def proxy(gateway: Simulator, certificate: SSLContext) -> AsyncGenerator[str]:
    """Return the address of a proxy in front of the gateway."""
    async with relay(gateway, certificate) as host:
        yield host


def _advanced(*, pin: bool) -> dict[str, Any]:
    """Return what is typed below "Advanced"."""
    return {CONF_ADVANCED: {CONF_ROLE: "customer", CONF_PIN_CERTIFICATE: pin}}


async def _open(hass: HomeAssistant, entry: GatewayConfigEntry) -> dict[str, Any]:
    """Open the form of the options."""
    result: dict[str, Any] = dict(
        await hass.config_entries.options.async_init(entry.entry_id)
    )
    assert result["step_id"] == "init"
    return result


async def _submit(
    hass: HomeAssistant, form: dict[str, Any], typed: dict[str, Any]
) -> dict[str, Any]:
    """Submit the form; whatever is wrong has its text."""
    result: dict[str, Any] = dict(
        await hass.config_entries.options.async_configure(form["flow_id"], typed)
    )
    errors = set((result.get("errors") or {}).values())
    assert errors <= set(TEXTS["options"]["error"])
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def test_pace(
    hass: HomeAssistant, add_gateway: AddGateway, gateway: Simulator, tick: Tick
) -> None:
    """Test the gentle pace asks a third as often, and the pin stays as it was."""
    entry = await add_gateway()
    before = dict(entry.data)
    form = await _open(hass, entry)
    assert suggested(form)[CONF_PIN_CERTIFICATE] is True
    gateway.reset_stats()
    gateway.stop()
    result = await _submit(hass, form, {CONF_PACE: "gentle"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.data[CONF_FINGERPRINT] == before[CONF_FINGERPRINT]
    assert entry.data[CONF_PINNED_AT] == before[CONF_PINNED_AT]
    gateway.start()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    gateway.reset_stats()
    for _ in range(9):
        await tick(10)
    assert gateway.stats.requests["GET /api/meters/aggregates"] == 3
    assert suggested(await _open(hass, entry))[CONF_PACE] == "gentle"


async def test_a_gateway_itself_needs_its_pin(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test no authority vouches for a gateway: that is seen before anything changes."""
    before, options = dict(entry.data), dict(entry.options)
    form = await _open(hass, entry)
    gateway.reset_stats()
    result = await _submit(hass, form, UNPINNED)
    assert result["errors"] == {"base": "not_verified"}
    assert gateway.stats.total == 0
    assert (dict(entry.data), dict(entry.options)) == (before, options)
    assert entry.state is ConfigEntryState.LOADED
    assert suggested(result)[CONF_PIN_CERTIFICATE] is False
    result = await _submit(hass, result, PINNED)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.data == before


async def test_behind_a_proxy(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    gateway: Simulator,
    proxy: str,
    tick: Tick,
) -> None:
    """Test the pin of a proxy goes and comes, and the gateway is read all the while."""
    entry = await add_gateway(**{CONF_HOST: proxy})
    pinned = entry.data[CONF_FINGERPRINT]
    form = await _open(hass, entry)
    result = await _submit(hass, form, UNPINNED)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.data[CONF_FINGERPRINT] is entry.data[CONF_PINNED_AT] is None
    assert entry.state is ConfigEntryState.LOADED
    gateway.reset_stats()
    await tick(10)
    assert gateway.stats.requests["GET /api/system_status/soe"] == 1
    assert entry.runtime_data.live.last_update_success
    form = await _open(hass, entry)
    assert suggested(form)[CONF_PIN_CERTIFICATE] is False
    result = await _submit(hass, form, PINNED)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.data[CONF_FINGERPRINT] == pinned
    assert entry.data[CONF_PINNED_AT]
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("pin", [False, True])
async def test_what_is_kept_meanwhile(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    proxy: str,
    *,
    pin: bool,
) -> None:
    """Test a login that is kept while the certificate is looked at stays."""
    entry = await add_gateway(**{CONF_HOST: proxy}, **_advanced(pin=not pin))
    form = await _open(hass, entry)
    typed = {CONF_PIN_CERTIFICATE: pin}
    submitted = hass.async_create_task(_submit(hass, form, typed))
    await asyncio.sleep(0)
    assert not submitted.done()
    record_of(hass, entry).count_login()
    assert (await submitted)["type"] is FlowResultType.CREATE_ENTRY
    assert (entry.data[CONF_FINGERPRINT] is not None) is pin
    assert len(entry.data[CONF_RECORD]["logins_until"]) == 1


async def test_without_pinning_an_authority_has_to_vouch(
    hass: HomeAssistant, add_gateway: AddGateway, proxy: str, gateway: Simulator
) -> None:
    """Test a certificate that no authority vouches for gets nothing, pinned or not."""
    entry = await add_gateway(**{CONF_HOST: proxy}, **_advanced(pin=False))
    assert entry.data[CONF_FINGERPRINT] is None
    direct = {**entry.data, CONF_HOST: f"127.0.0.1:{gateway.port}"}
    hass.config_entries.async_update_entry(entry, data=direct)
    gateway.reset_stats()
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert gateway.stats.handshakes > 0
    assert gateway.stats.total == 0


@pytest.mark.parametrize("pin", [False, True])
async def test_while_nothing_answers(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    gateway: Simulator,
    proxy: str,
    *,
    pin: bool,
) -> None:
    """Test what cannot be looked at changes nothing, and can be tried again."""
    entry = await add_gateway(**{CONF_HOST: proxy}, **_advanced(pin=not pin))
    before = dict(entry.data)
    gateway.stop()
    if pin:
        # The proxy itself would still show its certificate.
        nowhere = {**before, CONF_HOST: "127.0.0.1:1"}
        hass.config_entries.async_update_entry(entry, data=nowhere)
    form = await _open(hass, entry)
    result = await _submit(hass, form, {CONF_PIN_CERTIFICATE: pin})
    assert result["errors"] == {"base": "cannot_connect"}
    assert entry.data[CONF_FINGERPRINT] == before[CONF_FINGERPRINT]
    assert entry.options.get(CONF_PIN_CERTIFICATE) is None
    gateway.start()
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_HOST: proxy})
    result = await _submit(hass, result, {CONF_PIN_CERTIFICATE: pin})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (entry.data[CONF_FINGERPRINT] is not None) is pin
    assert entry.state is ConfigEntryState.LOADED


async def test_add_without_pinning(
    hass: HomeAssistant, user_input: dict[str, Any], proxy: str, gateway: Simulator
) -> None:
    """Test a gateway's own certificate gets no password, and a proxy's does."""
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    typed = user_input | _advanced(pin=False)
    result = await submit(hass, flow["flow_id"], typed)
    assert result["errors"] == {"base": "not_verified"}
    assert gateway.stats.total == 0
    result = await submit(hass, flow["flow_id"], typed | {CONF_HOST: proxy})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    entry: GatewayConfigEntry = result["result"]
    assert entry.data[CONF_FINGERPRINT] is None
    assert entry.state is ConfigEntryState.LOADED
    assert suggested(await _open(hass, entry))[CONF_PIN_CERTIFICATE] is False
