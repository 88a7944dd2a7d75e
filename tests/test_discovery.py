"""Tests of discovery: a gateway that is new, one that has moved, and all others."""

import json
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.const import (
    CONF_ADVANCED,
    CONF_FINGERPRINT,
    CONF_ROLE,
    DOMAIN,
    LOGGER,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.discovery import Sighting
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.loader import async_get_integration
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway
from .flow_forms import TEXTS, submit
from .sightings import MAC, OWN_MAC, STATUS, aborted, connections, discover

DIN = "1232100-00-E--TGSIMULATED001"
PW3 = pytest.mark.parametrize("gateway_options", [{"profile": "pw3"}])


@pytest.mark.parametrize(
    ("gateway_options", "hostname", "unique_id"),
    [
        pytest.param({}, "teslapw_1", DIN, id="it tells"),
        pytest.param({"profile": "21.13"}, DIN.lower(), DIN, id="its name tells"),
        pytest.param({"profile": "pw3"}, "teslapw_1", None, id="not before the login"),
    ],
)
async def test_new_gateway(
    hass: HomeAssistant, gateway: Simulator, hostname: str, unique_id: str | None
) -> None:
    """Test a new gateway is shown, and added only with the password of a person."""
    result = await discover(hass, gateway, hostname=hostname)
    assert result["step_id"] == "discovery_confirm"
    host = f"127.0.0.1:{gateway.port}"
    assert result["description_placeholders"] == {"host": host}
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert TEXTS["config"]["flow_title"] == "{name}"
    assert flow["context"]["title_placeholders"] == {"name": host}
    shown = gateway.fingerprint.hex()
    assert flow["context"]["unique_id"] == (unique_id or shown)
    assert gateway.stats.requests.keys() == {STATUS}
    assert gateway.stats.logins == 0
    assert not hass.config_entries.async_entries(DOMAIN)
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    await hass.async_block_till_done(wait_background_tasks=True)
    entry: GatewayConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert entry.unique_id == gateway.device.profile.din
    assert entry.data[CONF_HOST] == host
    assert entry.data[CONF_FINGERPRINT] == gateway.fingerprint.hex()
    assert entry.data[CONF_MAC] == MAC
    assert entry.data[CONF_ROLE] == "customer"
    assert (dr.CONNECTION_NETWORK_MAC, MAC) in connections(hass, entry)


async def test_tells_nobody_its_mac_address(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test neither diagnostics nor our log have it, however it is written."""
    LOGGER.setLevel(logging.DEBUG)
    await discover(hass, "127.0.0.1:1")
    result = await discover(hass, gateway)
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = result["result"]
    download = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert entry.data[CONF_MAC] == MAC
    assert CONF_MAC in json.dumps(download)
    ours = [each for each in caplog.records if each.name.startswith(LOGGER.name)]
    assert any("No gateway" in each.getMessage() for each in ours)
    told = json.dumps(download) + "".join(map(str, map(vars, ours)))
    for written in (MAC, OWN_MAC):
        assert written not in told.lower()
        assert written.replace(":", "") not in told.lower()


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({CONF_PASSWORD: ""}, {"password": "password_missing"}),
        ({CONF_PASSWORD: "wrong"}, {"password": "invalid_auth"}),
        (
            {CONF_PASSWORD: PASSWORD, CONF_ADVANCED: {CONF_ROLE: "installer"}},
            {"base": "role_refused"},
        ),
    ],
)
async def test_bad_input(
    hass: HomeAssistant,
    gateway: Simulator,
    typed: dict[str, Any],
    errors: dict[str, str],
) -> None:
    """Test what is wrong is told, and can be corrected."""
    gateway.device.logins.installer_needs_switch = True
    result = await discover(hass, gateway)
    result = await submit(hass, result["flow_id"], typed)
    assert result["errors"] == errors
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_gone_meanwhile(hass: HomeAssistant, gateway: Simulator) -> None:
    """Test a gateway that does not answer any more is told of where it is seen."""
    result = await discover(hass, gateway)
    gateway.stop()
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    assert result["errors"] == {"base": "cannot_connect"}
    gateway.start()
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_certificate_changed_meanwhile(
    hass: HomeAssistant, gateway: Simulator
) -> None:
    """Test the password goes to nobody but who was found."""
    result = await discover(hass, gateway)
    host = f"127.0.0.1:{gateway.port}"
    gateway.stop()
    with Simulator(profile="21.44", port=gateway.port) as other:
        result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
        assert result["errors"] == {"base": "certificate_changed"}
        assert other.stats.handshakes == 1
        assert other.stats.total == 0
    gateway.start()
    result = await submit(hass, result["flow_id"], {CONF_PASSWORD: PASSWORD})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_HOST] == host
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(
    "fault",
    [
        {"ending": "reset"},
        {"body": "<!doctype html><title>Router</title>"},
        {"status": 302, "headers": {"Location": "https://192.0.2.1/"}},
    ],
    ids=["reset", "HTML", "redirect"],
)
async def test_no_gateway(
    hass: HomeAssistant, gateway: Simulator, fault: dict[str, Any]
) -> None:
    """Test what does not answer as gateways do is not shown, and is when it does."""
    gateway.faults.add("/api/status", **fault)
    assert aborted(await discover(hass, gateway), "cannot_connect")
    gateway.stop()
    assert aborted(await discover(hass, gateway), "cannot_connect")
    gateway.start()
    gateway.faults.clear()
    result = await discover(hass, gateway)
    assert result["step_id"] == "discovery_confirm"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 502, 503])
async def test_does_not_say_who_it_is(
    hass: HomeAssistant, gateway: Simulator, status: int
) -> None:
    """Test a gateway that refuses to answer strangers is shown all the same."""
    gateway.faults.add("/api/status", status=status)
    result = await discover(hass, gateway)
    assert result["step_id"] == "discovery_confirm"


@pytest.mark.parametrize(
    ("ip", "host"), [("192.0.2.10", "192.0.2.10"), ("2001:db8::77", "[2001:db8::77]")]
)
def test_hosts(ip: str, host: str) -> None:
    """Test an address of IPv6 is a host in brackets only."""
    told = DhcpServiceInfo(ip=ip, hostname="teslapw_1", macaddress="00005e00530b")
    assert Sighting.of(told) == Sighting(host=host, mac=MAC, din=None)


@pytest.mark.parametrize("gateway_options", [{}, {"profile": "pw3"}])
async def test_seen_twice(hass: HomeAssistant, gateway: Simulator) -> None:
    """Test one gateway is asked about once."""
    result = await discover(hass, gateway)
    assert result["step_id"] == "discovery_confirm"
    assert aborted(await discover(hass, gateway), "already_in_progress")


@pytest.mark.parametrize("gateway_options", [{}, {"profile": "pw3"}])
async def test_seen_by_two_interfaces(hass: HomeAssistant, gateway: Simulator) -> None:
    """Test a gateway on Wi-Fi and on a cable is one, by its DIN or its certificate."""
    await discover(hass, gateway)
    result = await discover(hass, gateway, mac=OWN_MAC)
    assert aborted(result, "already_in_progress")


@pytest.mark.parametrize("gateway_options", [{}, {"profile": "pw3"}])
async def test_ignored(hass: HomeAssistant, gateway: Simulator) -> None:
    """Test what a person does not want to see is not shown again."""
    await discover(hass, gateway)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    ignored = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "Ignored"},
    )
    assert ignored["type"] is FlowResultType.CREATE_ENTRY
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert aborted(await discover(hass, gateway))
    assert aborted(await discover(hass, gateway, mac=OWN_MAC))
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.source == SOURCE_IGNORE
    assert not entry.data


@PW3
async def test_added_by_hand_meanwhile(
    hass: HomeAssistant, gateway: Simulator, add_gateway: AddGateway
) -> None:
    """Test nobody is asked any more about a gateway that tells its DIN late."""
    with Simulator(profile="pw3") as other:
        await discover(hass, gateway)
        await discover(hass, other)
        flows = hass.config_entries.flow
        assert len(flows.async_progress_by_handler(DOMAIN)) == 2
        entry = await add_gateway()
        (left,) = flows.async_progress_by_handler(DOMAIN)
        assert left["context"]["unique_id"] == other.fingerprint.hex()
    assert aborted(await discover(hass, gateway, mac=OWN_MAC))
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_added_by_hand_while_it_is_shown(
    hass: HomeAssistant, gateway: Simulator, add_gateway: AddGateway
) -> None:
    """Test what is seen keeps nobody from adding it; then it is not shown any more."""
    result = await discover(hass, gateway)
    assert result["step_id"] == "discovery_confirm"
    await add_gateway()
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_what_is_looked_for(hass: HomeAssistant) -> None:
    """Test gateways of three names are seen, and those that are known by their MAC."""
    integration = await async_get_integration(hass, DOMAIN)
    assert integration.dhcp == [
        {"hostname": "1118431-*"},
        {"hostname": "1232100-*"},
        {"hostname": "teslapw_*"},
        {"registered_devices": True},
    ]
