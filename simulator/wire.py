"""How the gateway writes: Go's JSON, time stamps and durations; key paths in JSON.

And protobuf for vitals. The messages are the generated ones of the integration, which
is all that the simulator has of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp
import orjson

from .site import Site

if TYPE_CHECKING:
    from custom_components.tesla_gateway.gateway.proto import vitals_pb2
else:
    # By its path: the packages above it import the client, and Home Assistant.
    _client = Path(__file__).parents[1] / "custom_components/tesla_gateway/gateway"
    _spec = spec_from_file_location("vitals_pb2", _client / "proto/vitals_pb2.py")
    vitals_pb2 = module_from_spec(_spec)
    _spec.loader.exec_module(vitals_pb2)

type Document = Any
"""A JSON value."""

type Vital = float | str | bool
"""A reading, a state or a flag."""

NEVER: Final = "0001-01-01T00:00:00Z"
"""How Go writes a time that has not been set."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    """Whole values of Set-Cookie."""
    body: bytes = b""
    components: tuple[Component, ...] = ()
    """What the body tells of, if it is vitals."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A device of the site as vitals tell of it: with readings, or only attributes."""

    kind: str
    """TETHC, PVAC ..., the first part of its DIN."""
    part_number: str = ""
    """Empty where it has none of its own."""
    serial: str
    manufacturer: str = "TESLA"
    firmware: str = ""
    parent: str = ""
    """DIN of the device it belongs to."""
    seen: int
    """When it was last heard of, in seconds since 1970."""
    ecu_type: int | None = None
    meter_locations: tuple[int, ...] = ()
    """What a meter measures."""
    nameplate_power: int | None = None
    """Of a solar inverter, in W."""
    vitals: Mapping[str, Vital] = field(default_factory=dict)
    alerts: tuple[str, ...] = ()

    @property
    def din(self) -> str:
        """The number it is known by."""
        return "--".join(filter(None, (self.kind, self.part_number, self.serial)))


def vitals_answer(components: Iterable[Component]) -> Answer:
    """Return an answer with vitals."""
    devices = tuple(components)
    return Answer(
        headers={"Content-Type": "application/octet-stream"},
        body=encode_vitals(devices),
        components=devices,
    )


def decoded_vitals(document: Document) -> Answer:
    """Return an answer with vitals that are JSON, by the names of the messages.

    `ValueError` if they are none.
    """
    try:
        message = json_format.ParseDict(document, vitals_pb2.DevicesWithVitals())
    except (json_format.Error, AttributeError, TypeError) as error:
        raise ValueError(f"these are no vitals: {error}") from error
    return Answer(
        headers={"Content-Type": "application/octet-stream"},
        body=message.SerializeToString(),
    )


def encode_vitals(components: Iterable[Component]) -> bytes:
    """Return devices as protobuf; what one does not have is left out, not empty."""
    devices = [
        vitals_pb2.SiteControllerConnectedDeviceWithVitals(
            device=vitals_pb2.SiteControllerConnectedDevice(device=_device(component)),
            vitals=[_vital(name, value) for name, value in component.vitals.items()],
            alerts=component.alerts,
        )
        for component in components
    ]
    message = vitals_pb2.DevicesWithVitals(devices=devices)
    return message.SerializeToString()


def _device(component: Component) -> vitals_pb2.Device:
    return vitals_pb2.Device(
        din=_text(component.din),
        part_number=_text(component.part_number),
        serial_number=_text(component.serial),
        manufacturer=_text(component.manufacturer),
        component_parent_din=_text(component.parent),
        firmware_version=_text(component.firmware),
        last_communication_time=Timestamp(seconds=component.seen),
        device_attributes=_attributes(component),
    )


def _text(value: str) -> vitals_pb2.StringValue | None:
    return vitals_pb2.StringValue(value=value) if value else None


def _attributes(component: Component) -> vitals_pb2.DeviceAttributes:
    if component.ecu_type is not None:
        ecu = vitals_pb2.TeslaEnergyEcuAttributes(ecu_type=component.ecu_type)
        return vitals_pb2.DeviceAttributes(tesla_energy_ecu_attributes=ecu)
    if component.nameplate_power is not None:
        inverter = vitals_pb2.PVInverterAttributes(
            nameplate_real_power_w=component.nameplate_power
        )
        return vitals_pb2.DeviceAttributes(pv_inverter_attributes=inverter)
    meter = vitals_pb2.MeterAttributes(meter_location=component.meter_locations)
    return vitals_pb2.DeviceAttributes(meter_attributes=meter)


def _vital(name: str, value: Vital) -> vitals_pb2.DeviceVital:
    match value:
        case bool():
            return vitals_pb2.DeviceVital(name=name, bool_value=value)
        case str():
            return vitals_pb2.DeviceVital(name=name, string_value=value)
        case _:
            return vitals_pb2.DeviceVital(name=name, float_value=value)


def json_answer(
    document: Document, *, status: int = 200, cookies: tuple[str, ...] = ()
) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(
        status=status,
        headers={"Content-Type": "application/json"},
        cookies=cookies,
        body=encode(document),
    )


def refusal(status: int, error: str, message: str) -> Answer:
    """Return an error in the gateway's own form."""
    document = {"code": status, "error": error, "message": message}
    return json_answer(document, status=status)


def encode(document: Document) -> bytes:
    """Return a body as Go writes it: whole numbers without a fraction, and `-0`."""
    return orjson.dumps(_plain(document))


def _plain(value: Document) -> Document:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        is_negative_zero = value == 0 and math.copysign(1, value) < 0
        return orjson.Fragment("-0") if is_negative_zero else int(value)
    return value


def edited(answer: Answer, edits: Mapping[str, Any]) -> Answer:
    """Return an answer with a value put under each key path, see `edit`.

    In vitals a path begins with kind and number of a device, and goes on with a field
    of `Component`: `TEPOD.0.vitals.POD_state`, `TEPINV.*.alerts`.
    """
    if answer.components:
        return vitals_answer(_edited(answer.components, edits))
    document = orjson.loads(answer.body)
    for path, value in edits.items():
        edit(document, path, value)
    return replace(answer, body=encode(document))


def _edited(
    components: Iterable[Component], edits: Mapping[str, Any]
) -> Iterator[Component]:
    """Yield devices as edited, those of a kind together."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for component in components:
        kinds.setdefault(component.kind, []).append(asdict(component))
    for path, value in edits.items():
        edit(kinds, path, value)
    for devices in kinds.values():
        for fields in devices:
            yield Component(**fields)


def edit(document: Document, path: str, value: Any) -> None:
    """Put a value under a key path, in place.

    A value of `...` removes the key. In the path `*` stands for every element.
    """
    *parents, last = path.split(".")
    for node in _nodes(document, parents):
        key = _key(node, last)
        if value is not ...:
            node[key] = deepcopy(value)
        elif isinstance(node, list):
            node.pop(int(key))
        else:
            node.pop(key, None)


def _nodes(node: Document, path: list[str]) -> Iterator[Document]:
    if not path:
        yield node
        return
    first, *rest = path
    keys = list(_keys(node)) if first == "*" else [_key(node, first)]
    for key in keys:
        yield from _nodes(node[key], rest)


def _keys(node: Document) -> Iterator[int | str]:
    yield from range(len(node)) if isinstance(node, list) else node


def _key(node: Document, name: str) -> int | str:
    return int(name) if isinstance(node, list) else name


def timestamp(site: Site) -> str:
    """Return the site's time as Go writes it: nanoseconds without zeros at the end."""
    seconds = math.floor(site.elapsed)
    moment = site.start + timedelta(seconds=seconds)
    fraction = f".{int((site.elapsed - seconds) * 1e9):09}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{moment:%:z}"


def go_duration(seconds: float) -> str:
    """Return a duration of an hour or more as Go writes it: 53h7m8.673739945s."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}h{minutes}m{f'{rest:.9f}'.rstrip('0').rstrip('.')}s"
