"""Vitals to components: each name and unit, what is left out, what is no message."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
import math
import random
import time

from google.protobuf import json_format
import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayResponseError,
    vital_names,
    vitals,
)
from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from simulator.scenarios import SCENARIOS
from simulator.wire import encode_vitals

from .vital_names import NAMED, Named
from .vitals_site import (
    BATTERY,
    IDS,
    ROOT,
    SITE,
    changed,
    device,
    read,
    readings_of,
    simulated_body,
)

READERS: list[Callable[[bytes], object]] = [
    vitals.components,
    vitals.unknown_names,
    vitals.as_json,
]
NUMBERS = [each for each in NAMED if type(each.read) is float]
KILO = {"PINV_Pout", "PINV_Qout"}


def _id(named: Named) -> str:
    return f"{named.kind}-{named.wire}"


# Names and units


@pytest.mark.parametrize("named", NAMED, ids=_id)
def test_names(named: Named) -> None:
    """Test a vital comes out under our name, in our unit, and as nothing else."""
    readings = readings_of(named.kind, **{named.wire: named.sent})
    assert readings == {named.name: named.read}
    assert type(readings[named.name]) is type(named.read)


def test_no_other_names() -> None:
    """Test the table of the code is that of the documentation."""
    theirs = {
        (kind, wire): ours
        for kind, names in vital_names.NAMES.items()
        for wire, ours in names.items()
    }
    assert theirs == {(each.kind, each.wire): each.name for each in NAMED}


@pytest.mark.parametrize("named", NAMED, ids=_id)
def test_wrong_types(named: Named) -> None:
    """Test what is not of a vital's type costs that reading."""
    wrong: list[object] = [True, 1.5, "nonsense", ""]
    if named.wire in {"MSA_pcbaId", "MSA_usageId"}:  # a text or a whole number
        wrong = [True, 1.5, ""]
    elif isinstance(named.read, bool):
        wrong.remove(True)
    elif isinstance(named.read, float):
        wrong.remove(1.5)
    else:
        wrong.remove("nonsense")
    for value in wrong:
        assert readings_of(named.kind, **{named.wire: value}) == {}


@pytest.mark.parametrize("named", NUMBERS, ids=_id)
def test_no_numbers(named: Named) -> None:
    """Test what is no number is missing, and so is what no gateway can mean."""
    for value in (math.nan, math.inf, -math.inf, 1e306, -1e306):
        assert readings_of(named.kind, **{named.wire: value}) == {}
    great = {} if named.wire in KILO else {named.name: 1e300}
    assert readings_of(named.kind, **{named.wire: 1e300}) == great


def test_zero_has_no_sign() -> None:
    """Test -0 W is 0 W, which is a reading."""
    for name in ("PINV_Pout", "PINV_Vout"):
        (value,) = readings_of("TEPINV", **{name: -0.0}).values()
        assert value == 0
        assert math.copysign(1, value) == 1


@pytest.mark.parametrize("named", NUMBERS, ids=_id)
def test_numbers_that_mean_none(named: Named) -> None:
    """Test an angle of -256 or -180.5 degrees, and a lifetime energy of less than 0."""
    is_angle = "Phase" in named.wire
    is_lifetime = "LifetimeEnergy" in named.wire or "PINV_Energy" in named.wire
    kilo = 1000 if named.wire in KILO else 1
    for value, means_none in (
        (-256.0, is_angle or is_lifetime),
        (-180.5, is_angle or is_lifetime),
        (-180.0, is_lifetime),
        (0.0, False),
        (0.5, False),
    ):
        # A string that gives no power may not be there.
        is_noise = "PVMeasuredPower" in named.wire and value <= 0
        expected = {} if means_none or is_noise else {named.name: value * kilo}
        assert readings_of(named.kind, **{named.wire: value}) == expected


@pytest.mark.parametrize(
    ("kind", "wire_name", "word", "readings"),
    [
        ("TESYNC", "ISLAND_GridConnected", "ISLAND_GridConnected_Connected", True),
        ("TEMSA", "ISLAND_GridConnected", "ISLAND_GridConnected_Island", False),
        ("PVAC", "PVI-PowerStatusSetpoint", "off", False),
    ],
)
def test_flags_in_words(kind: str, wire_name: str, word: str, readings: bool) -> None:  # noqa: FBT001
    """Test flags that come as words."""
    assert [*readings_of(kind, **{wire_name: word}).values()] == [readings]


def test_whole_numbers() -> None:
    """Test a number that comes as an integer, which nobody has seen, is one."""
    message = vitals_pb2.DevicesWithVitals.FromString(encode_vitals(SITE.values()))
    for entry in message.devices:
        kind = entry.device.device.din.value.partition("--")[0]
        entry.vitals.extend(
            vitals_pb2.DeviceVital(name=each.wire, int_value=7)
            for each in NAMED
            if each.kind == kind
        )
    components = vitals.components(message.SerializeToString())
    for each in NAMED:
        expected: object = None
        if each.wire in {"MSA_pcbaId", "MSA_usageId"}:
            expected = "7"
        elif isinstance(each.read, float):
            expected = 7000 if each.wire in KILO else 7
        assert components[IDS[each.kind]].readings.get(each.name) == expected


def test_no_values() -> None:
    """Test a vital that has a name and nothing else."""
    message = vitals_pb2.DevicesWithVitals()
    entry = message.devices.add()
    entry.device.device.din.value = f"TETHC--{BATTERY}"
    entry.vitals.add(name="THC_AmbientTemp")
    entry.vitals.add(name="THC_State")
    (battery,) = vitals.components(message.SerializeToString()).values()
    assert battery.readings == {}


def test_identifiers() -> None:
    """Test a text that may be a number is one, however it comes."""
    readings = readings_of("TEMSA", MSA_pcbaId=" A1 ", MSA_usageId=0.0)
    assert readings == {"pcba_id": "A1", "usage_id": "0"}


def test_what_has_no_name() -> None:
    """Test unknown vitals are left out, and told."""
    strange = {"PINV_Pout": 1.0, "NEW_Reading": 1.0, "": True}
    devices = [
        *changed(TEPOD={"vitals": strange}, TESYNC={"vitals": strange}),
        device("TESLA", "TG41", ROOT, vitals={"NEW_Reading": 2.0}),
        device("PW3BMS", "1707000-11-J--TG71", ROOT, vitals=strange),
        device("STSTSM", "", "", vitals={"OTHER_Reading": 1.0}),
    ]
    assert read(devices) == read(SITE.values())
    assert vitals.unknown_names(encode_vitals(devices)) == (
        *("PW3BMS", "TEPOD: ", "TEPOD: NEW_Reading", "TEPOD: PINV_Pout"),
        *("TESLA: NEW_Reading", "TESYNC: ", "TESYNC: NEW_Reading", "TESYNC: PINV_Pout"),
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_simulated_vitals_have_names(scenario: str) -> None:
    """Test nothing is unknown of what a recorded site has."""
    assert vitals.unknown_names(simulated_body(scenario)) == ()


# Bytes


FULL = [
    replace(
        each, vitals={named.wire: named.sent for named in NAMED if named.kind == kind}
    )
    for kind, each in SITE.items()
    if kind != "PVS"  # a string is no less true for what its guard has not said
]


def test_truncated() -> None:
    """Test a body cut off anywhere is an error, or tells nothing that is not so."""
    body = encode_vitals(FULL)
    whole = vitals.components(body)
    for length in range(len(body)):
        for reader in READERS:
            with suppress(GatewayResponseError):
                reader(body[:length])
        with suppress(GatewayResponseError):
            for id_, component in vitals.components(body[:length]).items():
                assert component.readings.items() <= whole[id_].readings.items()


def test_nonsense() -> None:
    """Test random bytes, and a whole body with some random ones in it."""
    source = random.Random(1)  # noqa: S311  # the same at every run
    whole = simulated_body()
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[source.randrange(len(whole))] = source.randrange(256)
        for body in (source.randbytes(source.randrange(1, 300)), bytes(damaged)):
            for reader in READERS:
                with suppress(GatewayResponseError):
                    reader(body)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "body",
    [
        b"<html>secret</html>",
        b'{"secret": 1}',
        b"\x0a\x05secret",
        b"\x7b" * 10_000 + b"\x7c" * 10_000,  # groups in groups
        b"\x0a\x04\x1a\x02\xff\xfe",  # an alert that is no text
    ],
    ids=["html", "json", "short", "deep", "not utf-8"],
)
def test_what_is_no_message(reader: Callable[[bytes], object], body: bytes) -> None:
    """Test it is one error, which names the endpoint and not the content."""
    with pytest.raises(GatewayResponseError, match=r"^/api/devices/vitals ") as raised:
        reader(body)
    assert "secret" not in str(raised.value)


def test_nothing() -> None:
    """Test an empty body, a message without devices, of which no gateway is."""
    with pytest.raises(GatewayResponseError):
        vitals.components(b"")
    assert vitals.unknown_names(b"") == ()
    assert vitals.as_json(b"") == {}


def test_as_json() -> None:
    """Test all of a body is in its JSON, so that the body can be made of it again."""
    body = simulated_body()
    document = orjson.loads(orjson.dumps(vitals.as_json(body)))
    again = json_format.ParseDict(document, vitals_pb2.DevicesWithVitals())
    assert again == vitals_pb2.DevicesWithVitals.FromString(body)
    gateway = document["devices"][0]
    assert gateway["device"]["device"]["part_number"] == {"value": "1232100-00-E"}
    assert gateway["vitals"] == [{"name": "STSTSM-Location", "string_value": "Gateway"}]


def test_as_json_of_an_impossible_time() -> None:
    """Test a time that JSON cannot say."""
    body = encode_vitals([replace(SITE["TETHC"], seen=10**18)])
    assert [*vitals.components(body)] == [BATTERY]
    with pytest.raises(GatewayResponseError, match=r"^/api/devices/vitals "):
        vitals.as_json(body)


@pytest.mark.parametrize(("batteries", "devices"), [(2, 13), (10, 37)])
def test_speed(batteries: int, devices: int) -> None:
    """Test reading takes about half as long as protobuf takes for its own JSON.

    That is so on a fast machine (0.57 ms of 1.13 for 13 devices) and on a slow one.
    """
    body = simulated_body(batteries=batteries)
    assert len(vitals_pb2.DevicesWithVitals.FromString(body).devices) == devices
    assert _took(vitals.components, body) < 0.8 * _took(vitals.as_json, body)


def _took(parse: Callable[[bytes], object], body: bytes) -> float:
    """Return the least seconds of processor time that a parser takes."""
    times = []
    for _ in range(20):
        start = time.process_time()
        parse(body)
        times.append(time.process_time() - start)
    return min(times)
