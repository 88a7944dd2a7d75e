"""Somebody answers in the gateway's place, with a certificate of their own.

Whatever Home Assistant does then, no password, no token, and not even a request reaches
them. They are a TLS server that keeps all it is sent, at the gateway's own address.
"""

import asyncio
from collections.abc import Awaitable, Generator
from contextlib import suppress
import socket
import ssl
import threading
from typing import Any, Final, Self

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.const import (
    CONF_FINGERPRINT,
    CONF_PACE,
    CONF_PIN_CERTIFICATE,
    CONF_RECORD,
    CONF_ROLE,
    DOMAIN,
    PACE_NORMAL,
)
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowContext,
)
from homeassistant.const import CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from simulator.server import Simulator
from simulator.tls import Identity

from .conftest import PASSWORD, Act, Tick
from .control_ways import Way, ways

OTHER_PASSWORD: Final = "FGHIJ"
REFUSAL: Final = (
    b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)
ACTIONS: Final[dict[str, dict[str, Any]]] = {
    "change_password": {"old_password": PASSWORD, "new_password": OTHER_PASSWORD},
    "get_grid_faults": {},
    "get_problems": {},
    "reconnect_to_grid": {},
    "request": {"endpoint": "log", "data": {"level": "info"}},
}
"""The actions that no control is like, and what they are given."""


class Eavesdropper:
    """A TLS server that keeps what it is sent, and refuses it."""

    def __init__(self, port: int) -> None:
        """Take the place of another server."""
        self.identity = Identity(lambda _: True)
        self.connections = 0
        self.handshakes = 0
        self.heard = b""
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        """Start, in threads of its own."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop()

    async def all_heard(self) -> bytes:
        """Return all that was sent, when everybody has hung up."""
        await asyncio.get_running_loop().run_in_executor(None, self._stop)
        return self.heard

    def _stop(self) -> None:
        with suppress(OSError):  # stopped before
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # stopped
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._listen, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _listen(self, connection: socket.socket) -> None:
        """Keep all that comes after the handshake, until the other side hangs up."""
        with suppress(OSError), connection:
            context: ssl.SSLContext = self.identity.context
            with context.wrap_socket(connection, server_side=True) as tls:
                self.handshakes += 1
                while chunk := tls.recv(65536):
                    self.heard += chunk
                    tls.sendall(REFUSAL)


@pytest.fixture
def eavesdropper(
    entry: GatewayConfigEntry, gateway: Simulator
) -> Generator[Eavesdropper]:
    """Return who answers in the place of the gateway, which has been added before."""
    gateway.stop()
    with Eavesdropper(gateway.port) as eavesdropper:
        yield eavesdropper


async def _refused(call: Awaitable[object]) -> None:
    """Let something be tried that has to fail."""
    with pytest.raises(HomeAssistantError):
        await call


async def test_first_contact(
    hass: HomeAssistant, user_input: dict[str, Any], gateway: Simulator
) -> None:
    """Test who answers when a gateway is added is told the password: nobody can know.

    So that it is known that this server would hear it.
    """
    gateway.stop()
    flows = hass.config_entries.flow
    with Eavesdropper(gateway.port) as eavesdropper:
        flow = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
        result = await flows.async_configure(flow["flow_id"], user_input)
        heard = await eavesdropper.all_heard()
    assert result["errors"] == {CONF_PASSWORD: "invalid_auth"}
    assert heard.startswith(b"POST /api/login/Basic ")
    assert PASSWORD.encode() in heard


async def test_polls(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    eavesdropper: Eavesdropper,
    tick: Tick,
) -> None:
    """Test no poll of any coordinator is sent, with a token at hand."""
    assert entry.data[CONF_RECORD]["token"]
    for seconds in (11, 31, 301, 3601):
        await tick(seconds)
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes >= 16


@pytest.mark.parametrize("token", [True, False], ids=["token", "login"])
async def test_set_up(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    eavesdropper: Eavesdropper,
    tick: Tick,
    *,
    token: bool,
) -> None:
    """Test no set-up sends anything, neither the token it has nor a login."""
    await hass.config_entries.async_unload(entry.entry_id)
    if not token:
        data = {**entry.data, CONF_RECORD: {}}
        hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    await tick(601)
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes >= 2


@pytest.mark.usefixtures("with_site_controller")
@pytest.mark.parametrize(**ways())
async def test_controls(act: Act, eavesdropper: Eavesdropper, way: Way) -> None:
    """Test nothing is set, by control or by action."""
    before = eavesdropper.handshakes
    await _refused(act(way))
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes > before


@pytest.mark.parametrize("name", ACTIONS)
async def test_actions(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    eavesdropper: Eavesdropper,
    tick: Tick,
    name: str,
) -> None:
    """Test no other action sends anything either, least of all two passwords."""
    await tick(11)  # So that no connection is left to who was there before.
    before = eavesdropper.handshakes
    await _refused(
        hass.services.async_call(
            DOMAIN,
            name,
            {"config_entry_id": entry.entry_id, **ACTIONS[name]},
            blocking=True,
            return_response=name.startswith(("get_", "request")),
        )
    )
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes > before


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    eavesdropper: Eavesdropper,
) -> None:
    """Test a download asks nothing of them."""
    await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes > 0


@pytest.mark.parametrize("source", [SOURCE_REAUTH, SOURCE_RECONFIGURE])
async def test_forms_of_an_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    eavesdropper: Eavesdropper,
    source: str,
) -> None:
    """Test a password that is typed for a gateway that is known is not sent."""
    data, flows = dict(entry.data), hass.config_entries.flow
    context = ConfigFlowContext(source=source, entry_id=entry.entry_id)
    flow = await flows.async_init(DOMAIN, context=context, data=data)
    typed = {CONF_PASSWORD: PASSWORD, CONF_ROLE: "customer"}
    if source == SOURCE_RECONFIGURE:
        typed |= {CONF_HOST: f"127.0.0.1:{eavesdropper.port}"}
    result = await flows.async_configure(flow["flow_id"], typed)
    assert result["errors"] == {"base": "certificate_changed"}
    assert dict(entry.data) == data
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes > 0


async def test_pinning_off(
    hass: HomeAssistant, entry: GatewayConfigEntry, eavesdropper: Eavesdropper
) -> None:
    """Test pinning is not turned off for who has no certificate of an authority."""
    typed = {CONF_PACE: PACE_NORMAL, CONF_PIN_CERTIFICATE: False}
    options = hass.config_entries.options
    form = await options.async_init(entry.entry_id)
    result = await options.async_configure(form["flow_id"], typed)
    assert result["errors"] == {"base": "not_verified"}
    assert entry.data[CONF_FINGERPRINT]
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.connections > 0


async def test_no_pin(
    hass: HomeAssistant, entry: GatewayConfigEntry, eavesdropper: Eavesdropper
) -> None:
    """Test without a pin an authority has to vouch, and nothing is sent where none."""
    data = {**entry.data, CONF_FINGERPRINT: None}
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert await eavesdropper.all_heard() == b""
    assert eavesdropper.connections > 0


@pytest.mark.parametrize("sign", ["MAC address", "host name"])
async def test_discovery(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    device_registry: dr.DeviceRegistry,
    sign: str,
) -> None:
    """Test who goes by the gateway's name elsewhere is not followed, nor asked."""
    mac_address, host = "00005e005377", entry.data[CONF_HOST]
    if sign == "MAC address":
        device_registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, str(entry.unique_id))},
            connections={(dr.CONNECTION_NETWORK_MAC, dr.format_mac(mac_address))},
        )
    with Eavesdropper(0) as eavesdropper:
        told = DhcpServiceInfo(
            ip=f"127.0.0.1:{eavesdropper.port}",
            hostname=str(entry.unique_id).lower() if sign == "host name" else "a",
            macaddress=mac_address,
        )
        result = await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_DHCP}, data=told
        )
        assert await eavesdropper.all_heard() == b""
    assert eavesdropper.handshakes > 0
    assert result["type"] == "abort"
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_HOST] == host


async def test_repair(
    issue_registry: ir.IssueRegistry, eavesdropper: Eavesdropper, tick: Tick
) -> None:
    """Test people are shown both certificates, and nothing is sent until they agree."""
    await tick(31)
    (issue,) = (each for each in issue_registry.issues.values() if each.is_fixable)
    told = issue.translation_placeholders or {}
    assert told["shown"] == eavesdropper.identity.fingerprint.hex(":").upper()
    await tick(301)
    assert await eavesdropper.all_heard() == b""
