"""Vitals to components: what is one device, who it is and to whom it belongs."""

from dataclasses import replace

import orjson
import pytest

from custom_components.tesla_gateway.gateway import parse, vitals
from custom_components.tesla_gateway.gateway.components import ComponentKind
from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from simulator.bodies import body as json_body
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS
from simulator.vitals import vitals as simulated
from simulator.wire import encode_vitals

from .vitals_site import (
    BATTERY,
    CELLS,
    IDS,
    INVERTER,
    ROOT,
    SITE,
    changed,
    device,
    read,
    simulated_body,
    without,
)


def test_tree() -> None:
    """Test who is there, in which order, and who belongs to whom."""
    components = read(SITE.values())
    assert [(each.id, each.kind, each.parent) for each in components.values()] == [
        ("gateway", ComponentKind.GATEWAY, None),
        (BATTERY, ComponentKind.BATTERY, "gateway"),
        ("TG31", ComponentKind.SOLAR_INVERTER, BATTERY),
        ("synchronizer", ComponentKind.SYNCHRONIZER, "gateway"),
        ("backup_switch", ComponentKind.BACKUP_SWITCH, "gateway"),
        ("TG61", ComponentKind.METER, "gateway"),
    ]
    assert [*components] == [each.id for each in components.values()]


def test_numbers_of_devices() -> None:
    """Test part and serial number, firmware and manufacturer, a battery's of TETHC."""
    found = {
        each.id: (each.part_number, each.serial_number, each.firmware)
        for each in read(SITE.values()).values()
    }
    assert found == {
        "gateway": ("1232100-00-E", "TG01", "STSTSM-1"),
        BATTERY: ("3012170-05-B", "TG11", "TETHC-1"),
        "TG31": ("1538100-00-F", "TG31", "PVAC-1"),
        "synchronizer": ("1493315-01-F", "TG41", "TESYNC-1"),
        "backup_switch": ("1624171-00-E", "TG51", "TEMSA-1"),
        "TG61": (None, "TG61", "NEURIO-1"),
    }
    assert {each.manufacturer for each in read(SITE.values()).values()} == {
        "TESLA",
        "NEURIO",
    }


def test_numbers_from_the_din() -> None:
    """Test a device that gives nothing but its DIN."""
    message = vitals_pb2.DevicesWithVitals()
    for din in (f"TETHC--{BATTERY}", "NEURIO--TG61"):
        message.devices.add().device.device.din.value = f" {din}\n"
    battery, meter = vitals.components(message.SerializeToString()).values()
    assert (battery.id, meter.id) == (BATTERY, "TG61")
    assert (battery.part_number, battery.serial_number) == ("3012170-05-B", "TG11")
    assert (meter.part_number, meter.serial_number) == (None, "TG61")
    assert {battery.firmware, battery.manufacturer, meter.firmware} == {None}
    assert (battery.parent, meter.parent) == ("gateway", "gateway")


def test_a_battery_is_one() -> None:
    """Test controller, pack and inverter are one, with the alerts of all, each once."""
    battery = read(
        changed(
            TETHC={"vitals": {"THC_AmbientTemp": 21.0}, "alerts": ("B", "A", "A")},
            TEPOD={"vitals": {"POD_Vbatt": 52.0}, "alerts": ("C", "B", "")},
            TEPINV={"vitals": {"PINV_Pout": 0.65}, "alerts": ("D",)},
        )
    )[BATTERY]
    assert battery.readings == {
        "ambient_temperature": 21.0,
        "pack_voltage": 52.0,
        "inverter_power": 650.0,
    }
    assert [alert.code for alert in battery.alerts] == ["A", "B", "C", "D"]


@pytest.mark.parametrize("batteries", [1, 2, 10])
def test_batteries_are_those_of_the_system_status(batteries: int) -> None:
    """Test a battery is known by the same number wherever it is heard of."""
    site = SCENARIOS["day"].site(batteries)
    profile = PROFILES["21.44"]
    answer = json_body("/api/system_status", site, profile)
    status = parse.system_status(orjson.dumps(answer))
    found = vitals.components(encode_vitals(simulated(site, profile)))
    assert len(status.batteries) == batteries
    assert {
        each.id for each in found.values() if each.kind is ComponentKind.BATTERY
    } == {*status.batteries}


def test_parts_without_a_whole() -> None:
    """Test a pack, an inverter or strings of a device that is not there."""
    devices = [
        *without("TETHC", "PVAC"),
        device("TETHC", "2012170-25-E--TG12", ROOT),
    ]
    battery = read(devices)["2012170-25-E--TG12"]
    assert battery.readings == {}
    assert "TG31" not in read(devices)
    unknown = vitals.unknown_names(encode_vitals(devices))
    assert unknown == ("PVS", "TEPINV", "TEPOD")


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (ROOT, "gateway"),
        ("", "gateway"),
        ("TETHC--2012170-25-E--TG99", "gateway"),
        (f"TETHC--{BATTERY}", BATTERY),
        (f"TEPOD--{CELLS}", BATTERY),
        (f"PVS--{INVERTER}", "gateway"),
        ("NEURIO--TG61", "gateway"),
    ],
)
def test_parents(parent: str, expected: str) -> None:
    """Test a device belongs to a battery, or to the gateway; never to itself."""
    for kind in ("PVAC", "TESYNC", "NEURIO"):
        components = read(changed(**{kind: {"parent": parent}}))
        assert components[IDS[kind]].parent == expected
    assert read(changed(TETHC={"parent": parent}))[BATTERY].parent == "gateway"


def test_several_of_a_kind() -> None:
    """Test the first contactor has its kind for an id, all others a serial number."""
    further = [
        device("PVAC", "1538100-00-F--TG30", ROOT, vitals={"PVAC_Pout": 2.0}),
        device("TESYNC", "1493315-01-F--TG40", ROOT),
        device("TEMSA", "1624171-00-E--TG50", ROOT),
        device("NEURIO", "TG60", ROOT),
        device("STSTSM", "1232100-00-E--TG00"),
    ]
    components = read([*SITE.values(), *further])
    assert [*components] == [
        *("gateway", BATTERY, "TG31", "TG30", "synchronizer", "TG40"),
        *("backup_switch", "TG50", "TG61", "TG60"),
    ]
    assert components["gateway"].serial_number == "TG01"
    assert components["TG30"].readings == {"power": 2.0}


def test_the_same_device_twice() -> None:
    """Test the last of two that are one counts."""
    twice = [
        replace(SITE["TETHC"], vitals={"THC_AmbientTemp": degrees})
        for degrees in (1.0, 2.0)
    ]
    battery = read([*without("TETHC"), *twice])[BATTERY]
    assert battery.readings == {"ambient_temperature": 2.0}


@pytest.mark.parametrize("din", ["", "TETHC", "TETHC--", "--3012170-05-B--TG11"])
def test_no_din(din: str) -> None:
    """Test a device that cannot be told from others is left out."""
    message = vitals_pb2.DevicesWithVitals()
    message.devices.add().device.device.din.value = din
    message.devices.add()
    assert vitals.components(message.SerializeToString()) == {}
    assert vitals.unknown_names(message.SerializeToString()) == ()


def test_times_do_not_count() -> None:
    """Test the same site a moment later is the same."""
    later = [replace(each, seen=60) for each in SITE.values()]
    assert read(later) == read(SITE.values())


# The solar inverter


@pytest.mark.parametrize("scenario", ["day", "night"])
def test_noise(scenario: str) -> None:
    """Test of a string without panels is told that it is not connected, and no more."""
    readings = vitals.components(simulated_body(scenario))["TGSIMULATED303"].readings
    quantities = ("connected", "current", "power", "state", "voltage")
    assert {name for name in readings if name.startswith("string_")} == {
        "string_safety_state",
        "string_b_connected",
        *(f"string_{s}_{quantity}" for s in "acd" for quantity in quantities),
    }
    assert readings["string_b_connected"] is False


def test_strings_of_which_nothing_is_said() -> None:
    """Test strings are shown unless they are said not to be connected."""
    noise = {f"PVAC_PVMeasuredVoltage_{letter}": -2.1 for letter in "BF"}
    connected = {"PVS_StringF_Connected": False}
    devices = changed(PVAC={"vitals": noise}, PVS={"vitals": connected})
    assert read(devices)["TG31"].readings == {
        "string_b_voltage": -2.1,
        "string_f_connected": False,
    }


def test_nameplate() -> None:
    """Test the nameplate power from the second entry, else from the inverter itself."""
    own = {"PVAC": {"ecu_type": None, "nameplate_power": 3800}}
    second = device("TESLA", INVERTER, ROOT, nameplate_power=7680, alerts=("A",))
    other = replace(second, part_number="1538100-00-F", serial="TG99")
    for devices, expected in (
        ([*changed(**own), second], {"nameplate_power": 7680}),
        ([*changed(**own), other], {"nameplate_power": 3800}),
        (
            [*changed(**own), replace(second, nameplate_power=0)],
            {"nameplate_power": 3800},
        ),
        ([*SITE.values(), replace(second, nameplate_power=None)], {}),
    ):
        inverter = read(devices)["TG31"]
        assert inverter.readings == expected
        assert inverter.alerts == ()


def test_nameplate_of_a_controller() -> None:
    """Test the third place where a nameplate may be."""
    message = vitals_pb2.DevicesWithVitals()
    about = message.devices.add().device.device
    about.din.value = f"PVAC--{INVERTER}"
    ecu = about.device_attributes.tesla_energy_ecu_attributes
    ecu.pv_inverter_attributes.nameplate_real_power_w = 3800
    (inverter,) = vitals.components(message.SerializeToString()).values()
    assert inverter.readings == {"nameplate_power": 3800}
