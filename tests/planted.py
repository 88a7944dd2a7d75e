"""A gateway that tells all about its owner, and what finds that in a text."""

from collections.abc import Iterable, Mapping
import json
from typing import Any, Final

from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from custom_components.tesla_gateway.gateway.vocabulary import SECRET_KEYS
from simulator.server import Simulator

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


def plant(gateway: Simulator) -> None:
    """Let a gateway tell all about its owner."""
    gateway.faults.add("/api/devices/vitals", body=_vitals())
    gateway.faults.add("/api/system_status/grid_faults", body=_faults())
    for path, edit in EDITS.items():
        gateway.faults.add(path, edit=edit)


def found(secrets: Iterable[str], *texts: str) -> set[str]:
    """Return the secrets that are in some texts, in whatever letters."""
    lower = [text.lower() for text in texts]
    # A text of JSON within JSON has its letters spelled out.
    spelled = {secret: json.dumps(secret)[1:-1].lower() for secret in secrets}
    return {
        secret
        for secret in secrets
        if any(secret.lower() in text or spelled[secret] in text for text in lower)
    }
