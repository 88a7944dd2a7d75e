"""`/api/solar_powerwall` to a model: the solar inverter of a Powerwall+.

What vitals tell of it, on firmware that has no vitals any more. Of several inverters
only the first is told of (reported by users). It gives no part or serial number.
"""

from collections.abc import Callable, Iterator
from functools import partial
import re
from typing import Final

from . import fields
from .components import Alert, Component, ComponentKind, Components, Reading

type _Reader = Callable[[fields.Object, str], Reading | None]

_PVAC: Final[dict[str, tuple[str, _Reader]]] = {
    "state": ("inverter_state", partial(fields.words, prefix="PVAC_")),
    "grid_state": ("grid_state", partial(fields.words, prefix="Grid_")),
    "inv_state": ("inverter_output_state", partial(fields.words, prefix="INV_")),
    "v_out": ("voltage", fields.number),
    "f_out": ("frequency", fields.number),
    "p_out": ("power", fields.number),
    "q_out": ("reactive_power", fields.number),
    "i_out": ("current", fields.number),
}
_STRING: Final[dict[str, tuple[str, _Reader]]] = {
    "connected": ("connected", fields.flag),
    "measured_voltage": ("voltage", fields.number),
    "current": ("current", fields.number),
    "measured_power": ("power", fields.number),
}
_PVS: Final[dict[str, tuple[str, _Reader]]] = {
    "state": ("string_safety_state", partial(fields.words, prefix="PVS_")),
    "enable_output": ("output_enabled", fields.flag),
    "v_ll": ("line_voltage", fields.number),
    "self_test_state": ("self_test_state", partial(fields.words, prefix="PVS_")),
}
_STRINGS: Final = dict(enumerate("abcdef", 1))
"""Our letters, as in vitals, by the gateway's numbers."""
_SETPOINTS: Final = {"on": True, "off": False}
_ALERT: Final = re.compile(r"PV(AC|S)_a\d+_")
"""How the names of alerts begin, among which there are counters and times."""


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


def _named(
    reading: fields.Object, names: dict[str, tuple[str, _Reader]]
) -> Iterator[tuple[str, Reading]]:
    """Yield what is there under some names, by ours."""
    for wire, (name, reader) in names.items():
        if (value := reader(reading, wire)) is not None:
            yield name, value


def _alerts(answer: fields.Object) -> Iterator[str]:
    """Yield the alerts that stand; all the others are there too, and false."""
    for key in ("pvac_alerts", "pvs_alerts"):
        for code, stands in fields.inner(answer, key).items():
            if stands is True and _ALERT.match(code):
                yield code
