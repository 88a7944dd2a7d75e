"""Vitals to models: the bytes of `/api/devices/vitals`; the only importer of `proto`.

Firmware served them until 23.44.0. What nobody has named is left out, and so is what
is no number, or a number that means none; only what is no message is an error.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from .components import Alert, Component, ComponentKind, Components, Reading
from .errors import GatewayResponseError
from .proto import vitals_pb2 as wire
from .vital_names import NAMES, READERS, STRINGS

_PATH: Final = "/api/devices/vitals"

_MOST_BYTES: Final = 128 * 1024
_MOST_DEVICES: Final = 500
_MOST_VITALS: Final = 5_000
"""Of all devices, with their alerts. Ten Powerwalls with all that goes with them have
37 devices and 400 vitals in 20 kB.
"""

_PART_OF: Final = {"TEPOD": "TETHC", "TEPINV": "TETHC", "PVS": "PVAC"}
"""Types of devices that are read as parts of their parent, and the parent's type."""

_KINDS: Final = {
    "STSTSM": ComponentKind.GATEWAY,
    "TETHC": ComponentKind.BATTERY,
    "PVAC": ComponentKind.SOLAR_INVERTER,
    "TESYNC": ComponentKind.SYNCHRONIZER,
    "TEMSA": ComponentKind.BACKUP_SWITCH,
    "NEURIO": ComponentKind.METER,
}
"""The types that become components; those that may be a parent come first."""


class _Device(NamedTuple):
    """A device as it stands on the wire."""

    kind: str
    """The first part of its DIN."""
    number: str
    """The rest of its DIN."""
    parent: str
    """DIN of the device it belongs to; empty where it does not say."""
    about: wire.Device
    vitals: Iterable[wire.DeviceVital]
    alerts: Iterable[str]


type _Devices = Mapping[str, _Device]
"""By DIN, in the order of the wire."""


def components(body: bytes) -> Components:
    """Read the devices of a site, each with its parts.

    Of several synchronizers or backup switches, which nobody has seen, the first on the
    wire is the one that is known by its kind.
    """
    message = _message(body)
    if not message.devices:
        # Nothing at all is a message too, but a gateway tells of itself at least.
        raise GatewayResponseError(f"{_PATH} gives no devices")
    devices = _devices(message)
    parts: dict[str, list[_Device]] = {}
    for device in devices.values():
        if _has_whole(device, devices):
            parts.setdefault(device.parent, []).append(device)
    found: dict[str, Component] = {}
    for kind in _KINDS:
        for din, device in devices.items():
            if device.kind == kind:
                component = _component(device, parts.get(din, []), devices, found)
                found.setdefault(component.id, component)
    return found


def unknown_names(body: bytes) -> tuple[str, ...]:
    """Return what `components` leaves out: `TYPE: NAME` of a vital nobody has named.

    And `TYPE` alone for devices of an unknown type, or without what they are part of.
    """
    devices = _devices(_message(body))
    unknown: set[str] = set()
    for device in devices.values():
        is_lost = device.kind in _PART_OF and not _has_whole(device, devices)
        names = NAMES.get(device.kind)
        if names is None or is_lost:
            unknown.add(device.kind)
        else:
            strange = {vital.name for vital in device.vitals} - names.keys()
            unknown.update(f"{device.kind}: {name}" for name in strange)
    return tuple(sorted(unknown))


def as_json(body: bytes) -> object:
    """Return all that the bytes hold, as JSON with the names of `vitals.proto`."""
    message = _message(body)
    with suppress(json_format.Error):  # of a time beyond the calendar
        return json_format.MessageToDict(message, preserving_proto_field_name=True)
    raise GatewayResponseError(f"{_PATH} gives no JSON")


def _message(body: bytes) -> wire.DevicesWithVitals:
    """Return the bytes as a message, unless they are more than any real one."""
    if len(body) > _MOST_BYTES:
        raise GatewayResponseError(f"{_PATH} gives more than any gateway has to tell")
    try:
        message = wire.DevicesWithVitals.FromString(body)
    except DecodeError as err:
        raise GatewayResponseError(f"{_PATH} gives no message") from err
    # Two bytes are an empty device, and two more an empty vital.
    devices = message.devices
    if len(devices) > _MOST_DEVICES or sum(map(_size, devices)) > _MOST_VITALS:
        raise GatewayResponseError(f"{_PATH} gives more than any gateway has to tell")
    return message


def _size(device: wire.SiteControllerConnectedDeviceWithVitals) -> int:
    """Return how much a device tells."""
    return len(device.vitals) + len(device.alerts)


def _devices(message: wire.DevicesWithVitals) -> _Devices:
    """Return the devices that have a DIN; of the same one twice, the last."""
    devices = {}
    for entry in message.devices:
        about = entry.device.device
        din = about.din.value.strip()
        kind, _, number = din.partition("--")
        if kind and number:
            parent = about.component_parent_din.value.strip()
            devices[din] = _Device(
                kind, number, parent, about, entry.vitals, entry.alerts
            )
    return devices


def _has_whole(device: _Device, devices: _Devices) -> bool:
    """Return whether a device is part of another one that is there."""
    whole = devices.get(device.parent)
    return whole is not None and whole.kind == _PART_OF.get(device.kind)


def _component(
    device: _Device,
    parts: Iterable[_Device],
    devices: _Devices,
    found: Mapping[str, Component],
) -> Component:
    """Return a device and its parts as one."""
    about, kind = device.about, _KINDS[device.kind]
    codes = {code for each in (device, *parts) for code in each.alerts if code}
    part_number, _, serial_number = device.number.rpartition("--")
    part_number = _value(about.part_number) or part_number
    serial_number = _value(about.serial_number) or serial_number
    return Component(
        kind=kind,
        id=_id(kind, device.number, serial_number, found),
        part_number=part_number or None,
        serial_number=serial_number or None,
        manufacturer=_value(about.manufacturer),
        firmware=_value(about.firmware_version),
        parent=_parent(device, devices),
        readings=_readings(device, parts, devices),
        alerts=tuple(Alert(code=code) for code in sorted(codes)),
    )


def _value(text: wire.StringValue) -> str | None:
    """Return a text; an empty one is missing."""
    return text.value.strip() or None


def _id(
    kind: ComponentKind, number: str, serial: str, found: Mapping[str, Component]
) -> str:
    """Return the id of a component.

    A gateway has one contactor; of solar inverters there may be several, of which
    any may be missing at night.
    """
    match kind:
        case ComponentKind.BATTERY:
            return number
        case ComponentKind.SYNCHRONIZER | ComponentKind.BACKUP_SWITCH:
            is_first = kind.value not in found
        case _:
            is_first = kind is ComponentKind.GATEWAY
    return kind.value if is_first else serial or number


def _parent(device: _Device, devices: _Devices) -> str | None:
    """Return the id of what a device belongs to: a battery, else the gateway."""
    if device.kind == "STSTSM":
        return None
    above = devices.get(device.parent)
    if above is not None and above.kind in _PART_OF:
        above = devices.get(above.parent)
    if above is None or above.kind != "TETHC" or device.kind == "TETHC":
        return ComponentKind.GATEWAY.value
    return above.number


def _readings(
    device: _Device, parts: Iterable[_Device], devices: _Devices
) -> dict[str, Reading]:
    """Return what a device and its parts read."""
    readings: dict[str, Reading] = {}
    for each in (device, *parts):
        readings.update(_own_readings(each))
    if device.kind == "PVAC":
        _leave_out_noise(readings)
        second_entry = devices.get(f"TESLA--{device.number}")
        if nameplate := _nameplate(second_entry, device):
            readings["nameplate_power"] = nameplate
    return readings


def _own_readings(device: _Device) -> Iterator[tuple[str, Reading]]:
    """Yield what one device on the wire reads, by our names."""
    readers = READERS[device.kind]
    for vital in device.vitals:
        named, held = readers.get(vital.name), vital.WhichOneof("value")
        if named is None or held is None:
            continue
        if (value := named.read(getattr(vital, held))) is not None:
            yield named.name, value


def _leave_out_noise(readings: dict[str, Reading]) -> None:
    """Leave out what strings read that are not connected, such as 33.1 V at night.

    Where nobody says whether one is, it is taken for connected while it gives power.
    """
    for string in STRINGS.lower():
        power = readings.get(f"string_{string}_power")
        is_idle = isinstance(power, int | float) and power <= 0
        if not readings.get(f"string_{string}_connected", not is_idle):
            for quantity in ("current", "voltage", "power", "state"):
                readings.pop(f"string_{string}_{quantity}", None)


def _nameplate(*devices: _Device | None) -> int | None:
    """Return the nameplate power in W that the first of the devices gives."""
    for device in filter(None, devices):
        attributes = device.about.device_attributes
        for holder in (attributes, attributes.tesla_energy_ecu_attributes):
            if power := holder.pv_inverter_attributes.nameplate_real_power_w:
                return power
    return None
