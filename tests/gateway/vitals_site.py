"""A site of which vitals tell, with one device of each type."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
import time
from typing import Any

from custom_components.tesla_gateway.gateway import vitals
from custom_components.tesla_gateway.gateway.components import Component, Components
from simulator import wire
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS
from simulator.vitals import vitals as simulated
from simulator.wire import encode_vitals

ROOT = "STSTSM--1232100-00-E--TG01"
USUAL_READING = 0.0009
"""Seconds of processor time that `reading` took on the machine that limits are for.

On one at a third of its speed it took 2.9 ms.
"""
BATTERY = "3012170-05-B--TG11"
INVERTER = "1538100-00-F--TG31"
CELLS = "1081100-10-U--TG21"


def device(kind: str, number: str, parent: str = "", **more: Any) -> wire.Component:
    """Return a device as it goes onto the wire."""
    part, _, serial = number.rpartition("--")
    return wire.Component(
        kind=kind,
        part_number=part,
        serial=serial,
        seen=0,
        parent=parent,
        firmware=f"{kind}-1",
        **more,
    )


SITE = {
    each.kind: each
    for each in (
        # Parts before what they are part of: the order on the wire is not known.
        device("PVS", INVERTER, f"PVAC--{INVERTER}"),
        device("TEPOD", CELLS, f"TETHC--{BATTERY}"),
        device("NEURIO", "TG61", ROOT, manufacturer="NEURIO"),
        device("PVAC", INVERTER, f"TETHC--{BATTERY}"),
        device("TESYNC", "1493315-01-F--TG41", ROOT),
        device("TEMSA", "1624171-00-E--TG51", ROOT),
        device("TEPINV", CELLS, f"TETHC--{BATTERY}"),
        device("TETHC", BATTERY, ROOT),
        device("STSTSM", ROOT.removeprefix("STSTSM--")),
    )
}
"""One of each type, without readings."""
IDS = {
    "STSTSM": "gateway",
    **dict.fromkeys(("TETHC", "TEPOD", "TEPINV"), BATTERY),
    **dict.fromkeys(("PVAC", "PVS"), "TG31"),
    "TESYNC": "synchronizer",
    "TEMSA": "backup_switch",
    "NEURIO": "TG61",
}


def read(devices: Iterable[wire.Component]) -> dict[str, Component]:
    """Return what some devices are read as."""
    return dict(vitals.components(encode_vitals(devices)))


def changed(**changes: Mapping[str, Any]) -> list[wire.Component]:
    """Return the site with some fields of some devices changed."""
    return [replace(each, **changes.get(kind, {})) for kind, each in SITE.items()]


def without(*kinds: str) -> list[wire.Component]:
    """Return the site without some devices."""
    return [each for kind, each in SITE.items() if kind not in kinds]


def readings_of(kind: str, **readings: Any) -> Mapping[str, Any]:
    """Return what is read when one device of the site has these vitals."""
    return read(changed(**{kind: {"vitals": readings}}))[IDS[kind]].readings


def simulated_body(scenario: str = "day", batteries: int = 2) -> bytes:
    """Return the vitals of a simulated site."""
    site = SCENARIOS[scenario].site(batteries)
    return encode_vitals(simulated(site, PROFILES["21.44"]))


def read_scenario(scenario: str) -> Components:
    """Return what is read of a simulated site with two Powerwalls."""
    return vitals.components(simulated_body(scenario))


def reading() -> float:
    """Return the seconds of processor time for the vitals of ten Powerwalls."""
    body = simulated_body(batteries=10)
    times = []
    for _ in range(20):
        started = time.thread_time()
        vitals.components(body)
        times.append(time.thread_time() - started)
    return min(times)
