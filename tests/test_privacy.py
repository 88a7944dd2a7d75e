"""Nothing that tells whose gateway it is gets about: planted, then looked for."""

from collections.abc import Iterable, Iterator, Mapping
import json
import logging
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.const import LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from custom_components.tesla_gateway.gateway.redaction import SECRET_KEYS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.faults import Ending
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway, Tick

DIN: Final = "1232100-00-E--"
EMAIL: Final = "somebody.else@example.com"

GATEWAY = "TGPLANTED0001"
BATTERY = "TGPLANTED0002"
METER = "tg-meter-3"
NEURIO = "VAHPLANTED004"
SITE_UID = "5d3e-planted-uid"
NAME = "Villa Kunterbunt"
WIFI = "Taka-Tuka Wi-Fi"
LABEL = "Takatukaland"
IP = "192.0.2.77"
IPV6 = "2001:db8::77"
MAC = "00:00:5e:00:53:77"
MAIL = "pippi@langstrumpf.example"
PHONE = "555-0177-22"
STATE = "Freedonia"
UTILITY = "Bärlin Strøm & Co"
TOKEN = "pLa_nT-" * 12 + "Ab=="

EDITS: Final[Mapping[str, Mapping[str, Any]]] = {
    "/api/status": {
        "din": DIN + GATEWAY,
        "leader": DIN + BATTERY,
        "followers": [f"{DIN}{NEURIO}"],
    },
    "/api/site_info": {
        "site_name": NAME,
        "grid_code.state": STATE,
        "grid_code.utility": UTILITY,
        "grid_code.grid_code": f"60Hz_2019_{STATE}",
    },
    "/api/site_info/site_name": {"site_name": NAME},
    "/api/config": {"vin": DIN + GATEWAY},
    "/api/powerwalls": {
        "gateway_din": DIN + GATEWAY,
        "powerwalls.0.PackageSerialNumber": BATTERY,
        "on_grid_check_error": f"{GATEWAY}x: {MAIL} at {IP}, {IPV6}, {MAC}, {TOKEN}",
        "phase_detection_last_error": f"({NAME}) {WIFI}; {UTILITY}/{METER} {SITE_UID}.",
    },
    "/api/system_status": {"battery_blocks.0.PackageSerialNumber": BATTERY},
    "/api/system_status/grid_faults": {},
    "/api/operation": {
        f"note of {NAME}": 1,
        f"{BATTERY}_{MAC}": {IP: {MAIL: None}, f"x {PHONE}": TOKEN},
    },
    "/api/meters": {"0.serial": METER, "0.mac": MAC, "0.ip_address": IPV6},
    "/api/meters/readings": {METER: {"error": f"{METER} is out"}},
    "/api/networks": {
        "2.network_name": WIFI,
        "2.username": LABEL,
        "2.iface_network_info.hw_address": MAC,
        "2.iface_network_info.gateway": IP,
        "2.iface_network_info.ip_networks": [{"IP": "wAACTQ==", "Mask": "////AA=="}],
    },
    "/api/customer/registration": {"email": MAIL, "phone": PHONE, "owner": LABEL},
    "/api/troubleshooting/problems": {"problems": [f"{GATEWAY} of {NAME}", {"a": MAC}]},
    "/api/autoconfig/status": {key: f"Plant-{key} No. 9" for key in SECRET_KEYS}
    | {"country": ""},
}
PLANTED: Final = (
    *(
        GATEWAY,
        BATTERY,
        METER,
        NEURIO,
        SITE_UID,
        NAME,
        WIFI,
        LABEL,
        IP,
        IPV6,
        MAC,
        MAIL,
    ),
    *(PHONE, STATE, UTILITY, TOKEN, "wAACTQ=="),
    *(f"Plant-{key} No. 9" for key in SECRET_KEYS),
)


def _faults() -> str:
    """Return disturbances of the grid, seen by somebody in particular."""
    seen = [{"name": "by", "value": f"{BATTERY}, {UTILITY}", "units": ""}]
    fault = {
        "alert_name": "PINV_a007_vfCheckOverFrequency",
        "decoded_alert": json.dumps(seen),
        "ecu_package_serial_number": BATTERY,
        "site_uid": SITE_UID,
    }
    return json.dumps([fault])


def _vitals() -> bytes:
    """Return vitals with everything that tells whose they are."""
    value = vitals_pb2.StringValue
    device = vitals_pb2.Device(
        din=value(value=f"NEURIO--{NEURIO}"),
        serial_number=value(value=NEURIO),
        site_label=value(value=LABEL),
        component_parent_din=value(value=f"STSTSM--{DIN}{GATEWAY}"),
        connection_parameters=vitals_pb2.ConnectionParameters(
            ip_address=value(value=IP)
        ),
    )
    entry = vitals_pb2.SiteControllerConnectedDeviceWithVitals(
        device=vitals_pb2.SiteControllerConnectedDevice(device=device),
        vitals=[
            vitals_pb2.DeviceVital(name="NEURIO_Owner", string_value=NAME),
            vitals_pb2.DeviceVital(name=f"NEURIO_{MAC}", bool_value=True),
            vitals_pb2.DeviceVital(name="NEURIO_CT0_Location", string_value=WIFI),
        ],
    )
    return vitals_pb2.DevicesWithVitals(devices=[entry]).SerializeToString()


@pytest.fixture
async def planted(gateway: Simulator, add_gateway: AddGateway) -> GatewayConfigEntry:
    """Return the entry of a gateway that tells all about its owner."""
    LOGGER.setLevel(logging.DEBUG)
    gateway.faults.add("/api/devices/vitals", body=_vitals())
    gateway.faults.add("/api/system_status/grid_faults", body=_faults())
    for path, edit in EDITS.items():
        gateway.faults.add(path, edit=edit)
    return await add_gateway(advanced={"role": "customer"}, email=EMAIL)


def _own(entry: GatewayConfigEntry, gateway: Simulator) -> list[str]:
    """Return the secrets that come from us."""
    return [
        PASSWORD,
        EMAIL,
        f"127.0.0.1:{gateway.port}",
        gateway.fingerprint.hex(),
        str(entry.data["record"]["token"]),
    ]


def _found(secrets: Iterable[str], *texts: str) -> set[str]:
    """Return the secrets that are in some texts, in whatever letters."""
    lower = [text.lower() for text in texts]
    # A text of JSON within JSON has its letters spelled out.
    spelled = {secret: json.dumps(secret)[1:-1].lower() for secret in secrets}
    return {
        secret
        for secret in secrets
        if any(secret.lower() in text or spelled[secret] in text for text in lower)
    }


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return what we have logged, and what Home Assistant has for us.

    But for a set-up that fails, where it names the entry by its title, as in its pages.
    """
    return "\n".join(
        caplog.handler.format(record)
        for record in caplog.get_records("setup") + caplog.get_records("call")
        if record.name.startswith(LOGGER.name) and record.module != "config_entries"
    )


def _attributes(hass: HomeAssistant, entry: GatewayConfigEntry) -> Iterator[str]:
    """Yield the attributes of all entities but their names, which people give."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if state := hass.states.get(entity.entity_id):
            shown = {k: v for k, v in state.attributes.items() if k != "friendly_name"}
            yield json.dumps(shown, default=str, ensure_ascii=False)


def _said(entry: GatewayConfigEntry) -> str:
    """Return all that the gateway has said, as it came."""
    told = entry.runtime_data.client.journal.endpoints.values()
    bodies = [each.last.body or b"" for each in told if each.last]
    return b"\n".join(bodies).decode(errors="replace")


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    planted: GatewayConfigEntry,
    gateway: Simulator,
) -> None:
    """Test nothing planted is in the download, though all was in what it is made of."""
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, planted)
    text = json.dumps(download, ensure_ascii=False)
    assert _found(PLANTED, _said(planted)) == set(PLANTED)
    assert _found(PLANTED, text) == set()
    own = _own(planted, gateway)
    assert _found(own, json.dumps(dict(planted.data))) == set(own)
    assert _found(own, text) == set()
    assert planted.title == NAME
    assert planted.unique_id == DIN + GATEWAY


async def test_relations_survive(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    planted: GatewayConfigEntry,
) -> None:
    """Test the same secret is the same token wherever it was."""
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, planted)
    body = {
        path: told["body"]
        for path, told in download["endpoints"].items()
        if "body" in told
    }
    serial = body["/api/powerwalls"]["powerwalls"][0]["PackageSerialNumber"]
    assert (
        serial == body["/api/system_status"]["battery_blocks"][0]["PackageSerialNumber"]
    )
    assert body["/api/status"]["leader"] == DIN + serial
    assert serial in body["/api/system_status/grid_faults"][0]["decoded_alert"]
    (device,) = body["/api/devices/vitals"]["devices"]
    parent = device["device"]["device"]["component_parent_din"]["value"]
    assert parent == f"STSTSM--{body['/api/config']['vin']}"
    assert set(body["/api/meters/readings"]) >= {body["/api/meters"][0]["serial"]}
    network = body["/api/networks"][2]["network_name"]
    assert network in body["/api/powerwalls"]["phase_detection_last_error"]


async def test_log_and_attributes(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    planted: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test nothing planted is logged or shown, whatever goes wrong."""
    secrets = (*PLANTED, *_own(planted, gateway))
    shown = list(_attributes(hass, planted))
    everything = " ".join(PLANTED)
    for fault in (
        {"status": 500, "body": everything},
        {"status": 401, "body": everything},
        {"status": 403, "body": everything},
        {"status": 302, "headers": {"Location": f"https://{IP}/{GATEWAY}"}},
        {"body": f"<html>{everything}"},
        {"body": json.dumps([everything]), "ending": Ending.CUT},
    ):
        gateway.faults.clear()
        gateway.faults.add("/api/system_status*", **fault)
        await tick(31)
        await tick(31)
        shown += _attributes(hass, planted)
    gateway.faults.clear()
    gateway.change_password(GATEWAY)
    gateway.expire_tokens()
    await tick(601)
    gateway.renew_certificate()
    gateway.stop()
    gateway.start()
    await tick(601)
    shown += _attributes(hass, planted)
    await hass.config_entries.async_reload(planted.entry_id)
    logged = _logged(caplog)
    assert len(logged.splitlines()) > 20
    assert "cannot read" in logged
    assert len(shown) > 100
    assert _found(secrets, logged) == set()
    assert _found(secrets, *shown) == set()


async def test_would_be_found(
    hass: HomeAssistant,
    planted: GatewayConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test each planted secret would be noticed in our log and in attributes."""
    assert _found(PLANTED, _logged(caplog)) == set()
    for secret in PLANTED:
        LOGGER.getChild("gateway").debug("cannot read %s", secret)
    assert _found(PLANTED, _logged(caplog)) == set(PLANTED)
    (entity, *_) = er.async_entries_for_config_entry(
        er.async_get(hass), planted.entry_id
    )
    hass.states.async_set(entity.entity_id, "on", {"owner": PLANTED})
    assert _found(PLANTED, *_attributes(hass, planted)) == set(PLANTED)
