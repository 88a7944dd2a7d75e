"""Tests of discovery: a gateway that is known, where it was or elsewhere."""

from collections.abc import Callable, Generator
import logging
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.tesla_gateway.const import (
    CONF_FINGERPRINT,
    CONF_PIN_CERTIFICATE,
    CONF_RECORD,
    DOMAIN,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway, Tick
from .fault_stories import NAME, Names
from .flow_forms import submit
from .relays import relay
from .sightings import MAC, OWN_MAC, STATUS, aborted, connections, discover, move
from .waiting import until

PW3 = pytest.mark.parametrize("gateway_options", [{"profile": "pw3"}])


@pytest.fixture
def other_gateway(gateway: Simulator) -> Generator[Simulator]:
    """Run a second gateway, which nobody has added."""
    with Simulator(profile="21.44") as other:
        other.faults.add("/api/status", edit={"din": "1232100-00-E--OTHER"})
        yield other


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({"mac": OWN_MAC}, id="MAC address"),
        pytest.param({"hostname": "1232100-00-e--tg0000000021d4"}, id="DIN"),
        pytest.param({}, id="certificate"),
    ],
)
async def test_follows_a_gateway(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    seen: dict[str, str],
) -> None:
    """Test a gateway that has moved is found there, and nobody has to do anything."""
    before = dict(entry.data)
    move(gateway)
    assert aborted(await discover(hass, gateway, **seen))
    assert entry.data == before | {
        CONF_HOST: f"127.0.0.1:{gateway.port}",
        CONF_MAC: seen.get("mac", MAC),
        CONF_RECORD: entry.data[CONF_RECORD],
    }
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.live.last_update_success
    assert gateway.stats.logins == 0
    assert (dr.CONNECTION_NETWORK_MAC, seen.get("mac", MAC)) in connections(hass, entry)


@PW3
async def test_follows_a_gateway_without_a_token(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a login at the new address counts among those of the gateway."""
    gateway.expire_tokens()
    move(gateway)
    assert aborted(await discover(hass, gateway))
    assert entry.data[CONF_HOST] == f"127.0.0.1:{gateway.port}"
    assert gateway.stats.logins == 1
    assert len(entry.data[CONF_RECORD]["logins_until"]) == 1
    assert entry.state is ConfigEntryState.LOADED


async def test_login_of_a_loaded_entry(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test a login at another address counts with those at the old one."""
    port = gateway.port
    gateway.expire_tokens()
    gateway.faults.add("/api/status", edit={"din": "1232100-00-E--OTHER"})
    move(gateway)
    assert aborted(await discover(hass, gateway))
    assert gateway.stats.logins == 1
    gateway.stop()
    gateway.port = port
    gateway.start()
    gateway.faults.clear()
    gateway.expire_tokens()
    await tick(31)
    assert gateway.stats.logins == 2
    assert len(entry.data[CONF_RECORD]["logins_until"]) == 2


async def test_turned_off(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a gateway that a person has turned off is sent nothing, wherever it is."""
    await hass.config_entries.async_set_disabled_by(
        entry.entry_id, ConfigEntryDisabler.USER
    )
    before = dict(entry.data)
    gateway.expire_tokens()
    move(gateway)
    assert aborted(await discover(hass, gateway))
    assert gateway.stats.total == 0
    assert entry.data == before


async def test_a_name_that_nobody_knows_just_now(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a name is kept that is not resolved: the gateway need not have moved."""
    host, data = f"{NAME}:{gateway.port}", dict(entry.data)
    hass.config_entries.async_update_entry(entry, data={**data, CONF_HOST: host})
    gateway.reset_stats()
    connector = async_get_clientsession(hass).connector
    with patch.object(connector, "_resolver", Names()):
        assert aborted(await discover(hass, gateway, mac=OWN_MAC))
    assert entry.data[CONF_HOST] == host
    assert gateway.stats.handshakes == 1
    assert gateway.stats.total == 0


async def test_follows_while_set_up_fails(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a gateway is followed that had moved when Home Assistant started."""
    move(gateway)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert aborted(await discover(hass, gateway, mac=OWN_MAC))
    assert entry.state is ConfigEntryState.LOADED


async def test_where_it_was(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a gateway that is where it was is asked nothing."""
    before = dict(entry.data)
    gateway.reset_stats()
    assert aborted(await discover(hass, gateway, mac=OWN_MAC))
    assert gateway.stats.handshakes == 0
    assert aborted(await discover(hass, gateway))
    assert gateway.stats.total == 0
    assert entry.data == before


async def test_at_two_addresses(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test an address that works is kept, though the gateway has another one too."""
    before = dict(entry.data)
    gateway.reset_stats()
    async with relay(gateway) as host:
        assert aborted(await discover(hass, host))
    assert gateway.stats.handshakes == 2
    assert gateway.stats.total == 0
    assert entry.data == before


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(lambda _: {"mac": OWN_MAC}, id="MAC address"),
        pytest.param(
            lambda entry: {"hostname": str(entry.unique_id).lower()}, id="DIN"
        ),
    ],
)
async def test_pretends_to_be_ours(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    other_gateway: Simulator,
    seen: Callable[[GatewayConfigEntry], dict[str, str]],
) -> None:
    """Test who has another certificate is sent nothing, whatever else fits."""
    before = dict(entry.data)
    gateway.stop()
    assert aborted(await discover(hass, other_gateway, **seen(entry)))
    assert other_gateway.stats.handshakes == 1
    assert other_gateway.stats.connections == other_gateway.stats.total == 0
    assert entry.data == before


async def test_says_that_it_is_ours(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    other_gateway: Simulator,
) -> None:
    """Test who says to have our DIN, with another certificate, gets nothing of ours."""
    before = dict(entry.data)
    other_gateway.faults.clear()
    gateway.stop()
    assert aborted(await discover(hass, other_gateway))
    assert other_gateway.stats.requests.keys() == {STATUS}
    assert entry.data == before


async def test_another_one_at_its_address(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test what answers at a known address with another certificate is not new."""
    gateway.stop()
    with Simulator(profile="pw3", port=gateway.port) as other:
        assert aborted(await discover(hass, other))
        assert other.stats.total == 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"edit": {"din": "1232100-00-E--OTHER"}}, id="another DIN"),
        pytest.param({"ending": "reset"}, id="no DIN"),
    ],
)
async def test_another_din_with_the_certificate(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    fault: dict[str, Any],
) -> None:
    """Test the certificate alone is not enough to follow."""
    before = dict(entry.data)
    gateway.faults.add("/api/status", **fault)
    move(gateway)
    assert aborted(await discover(hass, gateway))
    assert entry.data == before
    gateway.faults.clear()
    assert aborted(await discover(hass, gateway))
    assert entry.data[CONF_HOST] == f"127.0.0.1:{gateway.port}"


async def test_two_change_places(
    hass: HomeAssistant,
    add_gateway: AddGateway,
    gateway: Simulator,
    other_gateway: Simulator,
) -> None:
    """Test each is followed to where the other one was."""
    first = await add_gateway()
    second = await add_gateway(**{CONF_HOST: f"127.0.0.1:{other_gateway.port}"})
    gateway.stop()
    other_gateway.stop()
    gateway.port, other_gateway.port = other_gateway.port, gateway.port
    gateway.start()
    other_gateway.start()
    assert aborted(await discover(hass, gateway))
    assert aborted(await discover(hass, other_gateway))
    assert first.data[CONF_HOST] == f"127.0.0.1:{gateway.port}"
    assert second.data[CONF_HOST] == f"127.0.0.1:{other_gateway.port}"


async def test_unpinned_stays(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test who is behind a proxy stays there: nothing proves who is found elsewhere."""
    unpinned = {**entry.data, CONF_FINGERPRINT: None}
    hass.config_entries.async_update_entry(
        entry, data=unpinned, options={CONF_PIN_CERTIFICATE: False}
    )
    move(gateway)
    assert aborted(await discover(hass, gateway, mac=OWN_MAC))
    assert gateway.stats.total == 0
    assert entry.data == unpinned


async def test_a_second_gateway(
    hass: HomeAssistant, entry: GatewayConfigEntry, other_gateway: Simulator
) -> None:
    """Test another gateway beside a known one is new."""
    result = await discover(hass, other_gateway)
    assert result["step_id"] == "discovery_confirm"
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_mac_address_of_the_gateway(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> None:
    """Test the interface in use is how the network knows the gateway, then the next."""
    own = (dr.CONNECTION_NETWORK_MAC, OWN_MAC)
    assert connections(hass, entry) == {own}
    changed = {"2.iface_network_info.hw_address": MAC.upper()}
    gateway.faults.add("/api/networks", edit=changed)
    await tick(301)
    assert connections(hass, entry) == {own, (dr.CONNECTION_NETWORK_MAC, MAC)}
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if state := hass.states.get(entity.entity_id):
            shown = f"{state.state} {state.attributes}".lower()
            assert OWN_MAC not in shown
            assert MAC not in shown


@PW3
async def test_no_mac_address(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Test a gateway that does not tell it, and was added by hand, has none."""
    assert connections(hass, entry) == set()


async def test_deleted_while_it_is_looked_for(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test an entry may be deleted before the login at the new address is over."""
    gateway.expire_tokens()
    gateway.stop()
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    move(gateway)
    gateway.faults.add("/api/status", delay=0.2)
    seen = hass.async_create_task(discover(hass, gateway))
    await until(lambda: gateway.stats.in_flight)
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await seen)["type"] is FlowResultType.FORM
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
