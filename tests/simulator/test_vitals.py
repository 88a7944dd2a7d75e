"""Tests of vitals: which devices there are, who they are, and who serves them."""

from collections import Counter
from typing import Any

import orjson
import pytest

from simulator.bodies import body
from simulator.device import Device, Request
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS
from simulator.site import Site
from simulator.wire import Answer, encode

from .conftest import Client
from .decode import SHAPE, all_of, decoded, one_of, shape, vitals_bytes

PATH = "/api/devices/vitals"
PROFILE = PROFILES["21.44"]


def _body(path: str, site: Site) -> Any:
    return orjson.loads(encode(body(path, site, PROFILE)))


# Which devices there are


@pytest.mark.parametrize("batteries", [1, 2, 10])
def test_devices(batteries: int) -> None:
    """Test a site has its devices, and no two are one."""
    devices = decoded(vitals_bytes(SCENARIOS["day"].site(batteries)))
    assert Counter(device.kind for device in devices) == {
        **dict.fromkeys(("STSTSM", "PVAC", "PVS", "NEURIO", "TESYNC"), 1),
        **dict.fromkeys(("TETHC", "TEPOD", "TEPINV"), batteries),
        "TESLA": 2,
    }
    assert len({device.din for device in devices}) == len(devices)


@pytest.mark.parametrize("batteries", [1, 2, 10])
def test_shape(batteries: int) -> None:
    """Test the bytes have exactly the fields and wire types that are known."""
    content = vitals_bytes(SCENARIOS["day"].site(batteries))
    assert shape(content, SHAPE) == SHAPE


def test_size() -> None:
    """Test 13 devices are about 7 kB, as known of a real site."""
    content = vitals_bytes(SCENARIOS["day"].site(2))
    assert len(decoded(content)) == 13
    assert 6500 < len(content) < 7500


PARENTS = {
    "STSTSM": None,
    "TETHC": "STSTSM",
    "TEPOD": "TETHC",
    "TEPINV": "TETHC",
    "PVAC": "TETHC",
    "PVS": "PVAC",
    "TESYNC": "STSTSM",
    "TEMSA": "STSTSM",
    "NEURIO": "STSTSM",
    "TESLA": "STSTSM",
}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("has_backup_switch", [False, True])
def test_tree(scenario: str, has_backup_switch: bool) -> None:  # noqa: FBT001
    """Test every device belongs to one of the right kind, told before it."""
    site = SCENARIOS[scenario].site(3)
    site.has_backup_switch = has_backup_switch
    kinds: dict[str | None, str | None] = {None: None}
    for device in decoded(vitals_bytes(site)):
        assert kinds[device.parent] == PARENTS[device.kind]
        kinds[device.din] = device.kind


@pytest.mark.parametrize("kind", ["TEPOD", "TEPINV"])
def test_parts_of_powerwalls(kind: str) -> None:
    """Test each Powerwall has its own pack and inverter."""
    site = SCENARIOS["day"].site(3)
    controllers = [device.din for device in all_of(site, "TETHC")]
    assert [device.parent for device in all_of(site, kind)] == controllers


def test_without_batteries() -> None:
    """Test a solar inverter without a Powerwall belongs to the gateway."""
    site = Site(batteries=[])
    assert one_of(site, "PVAC").parent == one_of(site, "STSTSM").din
    assert all_of(site, "TETHC") == []


def test_without_solar() -> None:
    """Test a site without panels has no device and no reading of any."""
    site = SCENARIOS["no_solar"].site()
    kinds = {device.kind for device in decoded(vitals_bytes(site))}
    assert kinds == {"STSTSM", "TETHC", "TEPOD", "TEPINV", "TESYNC", "TESLA"}
    assert one_of(site, "TESLA").attributes == (4, [1])
    readings = one_of(site, "TESYNC").readings
    y = [value for name, value in readings.items() if name.startswith("METER_Y_")]
    assert sorted(map(float, y)) == [*[0.0] * 12, 122.53, 124.24]


def test_backup_switch() -> None:
    """Test a Backup Switch takes the synchronizer's place, with a meter of its own."""
    site = SCENARIOS["day"].site()
    site.load_power = 10_000
    site.has_backup_switch = True
    assert all_of(site, "TESYNC") == []
    switch = one_of(site, "TEMSA")
    assert switch.din == "TEMSA--1624171-00-E--TGSIMULATED302"
    assert switch.attributes == (1, 300)
    readings = switch.readings
    assert readings["ISLAND_GridConnected"] is True
    assert readings["ISLAND_L1L2PhaseDelta"] == -180
    assert {name for name in readings if name.startswith("METER_")} == {
        *(f"METER_Z_CT{ct}_InstRealPower" for ct in "AB"),
        *(f"METER_Z_CT{ct}_InstReactivePower" for ct in "AB"),
        *(f"METER_Z_CT{ct}_I" for ct in "AB"),
        *(f"METER_Z_LifetimeEnergyNet{way}port" for way in ("Im", "Ex")),
        *(f"METER_Z_VL{line}G" for line in "12"),
    }
    powers = [float(readings[f"METER_Z_CT{leg}_InstRealPower"]) for leg in "AB"]
    assert sum(powers) == site.flows().site > 1000
    [_, meter] = all_of(site, "TESLA")
    assert (meter.serial, meter.attributes) == (switch.serial, (4, [1]))


# Who they are


def test_numbers_as_elsewhere() -> None:
    """Test a device has the part and serial number that other endpoints give it."""
    site = SCENARIOS["day"].site(2)
    assert one_of(site, "STSTSM").din == f"STSTSM--{_body('/api/status', site)['din']}"
    blocks = _body("/api/system_status", site)["battery_blocks"]
    assert [(device.part, device.serial) for device in all_of(site, "TETHC")] == [
        (block["PackagePartNumber"], block["PackageSerialNumber"]) for block in blocks
    ]
    synchronizer = one_of(site, "TESYNC").serial
    meters = {meter["serial"] for meter in _body("/api/meters", site)}
    assert meters == {f"{synchronizer}synchrometer{letter}" for letter in "XY"}


def test_identities() -> None:
    """Test DINs, and which fields a kind of device does not have at all."""
    site = SCENARIOS["day"].site()
    for device in decoded(vitals_bytes(site)):
        parts = (device.kind, device.part, device.serial)
        assert device.din == "--".join(filter(None, parts))
        is_neurio = device.kind == "NEURIO"
        assert device.manufacturer == ("NEURIO" if is_neurio else "TESLA")
        assert (device.part is None) == (device.kind in {"NEURIO", "TESLA"})
        assert device.seen == site.now.timestamp()
    assert one_of(site, "STSTSM").firmware == "2021-11-02-g223a56cd5"
    assert one_of(site, "TEPINV").firmware == "223a56cd575b7b"
    inverter, meter = all_of(site, "TESLA")
    assert inverter.din == f"TESLA--{one_of(site, 'PVAC').din.removeprefix('PVAC--')}"
    assert inverter.firmware == "223a56cd575b7b"
    assert meter.firmware is None


def test_attributes() -> None:
    """Test what kind of device the gateway says each one is."""
    site = SCENARIOS["day"].site()
    devices = decoded(vitals_bytes(site))
    assert [(device.kind, device.attributes) for device in devices] == [
        ("STSTSM", (1, 207)),
        ("TETHC", (1, 224)),
        ("TEPOD", (1, 226)),
        ("TEPINV", (1, 253)),
        ("PVAC", (1, 296)),
        ("PVS", (1, 297)),
        ("TESLA", (3, 7680)),
        ("NEURIO", (4, [5])),
        ("TESYNC", (1, 259)),
        ("TESLA", (4, [1, 4])),
    ]


# Who serves it


def _answer(profile: str) -> Answer:
    """Return what a customer gets who asks for vitals."""
    device = Device(PROFILES[profile], SCENARIOS["day"].site(), password="KLMNP")
    login = device.logins.log_in({"username": "customer", "password": "KLMNP"}, "")
    token = orjson.loads(login.body)["token"]
    return device.answer(Request(method="GET", path=PATH, token=token))


@pytest.mark.parametrize(
    ("profile", "status"),
    [("21.13", 404), ("21.44", 200), ("24.44", 404), ("pw3", 404), ("stopped", 502)],
)
def test_profiles(profile: str, status: int) -> None:
    """Test which firmware has vitals, and that they need a controller that runs."""
    answer = _answer(profile)
    assert answer.status == status
    assert (answer.body == b"") == (status == 502)


async def test_served(client: Client) -> None:
    """Test they come as bytes, and only with a login."""
    response = await client.get(PATH)
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.body == vitals_bytes(client.simulator.site)
    client.headers = {}
    assert (await client.get(PATH)).status == 403
