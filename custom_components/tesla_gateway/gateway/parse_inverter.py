"""`/api/solar_powerwall` to a model: the solar inverter of a Powerwall+.

What vitals tell of it, on firmware that has no vitals any more. Of several inverters
only the first is told of (reported by users). It gives no part or serial number.
"""

from collections.abc import Iterator
from functools import partial
import re
from typing import Final

from . import fields
from .components import Alert, Component, ComponentKind, Components, Reading
from .fields import Name, Names, as_flag, as_number, as_words

_PVAC: Final[Names] = {
    "state": Name("inverter_state", partial(as_words, prefix="PVAC_")),
    "grid_state": Name("grid_state", partial(as_words, prefix="Grid_")),
    "inv_state": Name("inverter_output_state", partial(as_words, prefix="INV_")),
    "v_out": Name("voltage", as_number),
    "f_out": Name("frequency", as_number),
    "p_out": Name("power", as_number),
    "q_out": Name("reactive_power", as_number),
    "i_out": Name("current", as_number),
}
_STRING: Final[Names] = {
    "connected": Name("connected", as_flag),
    "measured_voltage": Name("voltage", as_number),
    "current": Name("current", as_number),
    "measured_power": Name("power", as_number),
}
_PVS: Final[Names] = {
    "state": Name("string_safety_state", partial(as_words, prefix="PVS_")),
    "enable_output": Name("output_enabled", as_flag),
    "v_ll": Name("line_voltage", as_number),
    "self_test_state": Name("self_test_state", partial(as_words, prefix="PVS_")),
}
_STRINGS: Final = dict(enumerate("abcdef", 1))
"""Our letters, as in vitals, by the gateway's numbers."""
_SETPOINTS: Final = {"on": True, "off": False}
_ALERT: Final = re.compile(r"PV(AC|S)_a\d+_")
"""How the names of alerts begin; counters and times stand among them."""


def solar_inverter(body: bytes) -> Components:
    """Read `/api/solar_powerwall`; nothing where it tells of no inverter."""
    answer = fields.json_object("/api/solar_powerwall", body)
    readings = dict(_readings(answer))
    alerts = tuple(Alert(code=code) for code in sorted({*_alerts(answer)}))
    if not readings and not alerts:
        return {}
    inverter = Component(
        kind=ComponentKind.SOLAR_INVERTER,
        id=ComponentKind.SOLAR_INVERTER.value,
        part_number=None,
        serial_number=None,
        manufacturer=None,
        firmware=None,
        parent=ComponentKind.GATEWAY.value,
        readings=readings,
        alerts=alerts,
    )
    return {inverter.id: inverter}


def _readings(answer: fields.Object) -> Iterator[tuple[str, Reading]]:
    """Yield what the inverter reads, by the names it has in vitals."""
    inverter = fields.inner(answer, "pvac_status")
    yield from _named(inverter, _PVAC)
    for string in fields.objects(inverter, "string_vitals"):
        letter = _STRINGS.get(fields.whole(string, "string_id") or 0)
        if letter is not None:
            for name, value in _string(string).items():
                yield f"string_{letter}_{name}", value
    yield from _named(fields.inner(answer, "pvs_status"), _PVS)
    setpoint = _SETPOINTS.get(fields.text(answer, "power_status_setpoint") or "")
    if setpoint is not None:
        yield "power_setpoint", setpoint


def _string(string: fields.Object) -> dict[str, Reading]:
    """Return what a string reads; noise, where it is not connected."""
    readings = dict(_named(string, _STRING))
    if readings.get("connected") is False:
        return {"connected": False}
    return readings


def _named(reading: fields.Object, names: Names) -> Iterator[tuple[str, Reading]]:
    """Yield what is there under some names, by ours."""
    for wire, (name, read) in names.items():
        if (value := read(reading.get(wire))) is not None:
            yield name, value


def _alerts(answer: fields.Object) -> Iterator[str]:
    """Yield the names of active alerts; inactive ones are listed too, as false."""
    for key in ("pvac_alerts", "pvs_alerts"):
        for code, stands in fields.inner(answer, key).items():
            if stands is True and _ALERT.match(code):
                yield code
