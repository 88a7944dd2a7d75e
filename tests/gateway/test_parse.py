"""Bodies to models: the documented shapes, and everything that may be wrong in them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, replace
import gzip
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    Battery,
    GatewayResponseError,
    GridStatus,
    Meter,
    MeterKind,
    SystemStatus,
    parse,
)

from .shapes import (
    BATTERY,
    LIMITS,
    NEVER,
    NO_LISTS,
    NO_NUMBERS,
    NO_OBJECTS,
    PACK,
    SHAPES,
    SITE_METER,
    SITE_READING,
    SYSTEM_STATUS,
    Parse,
    any_document,
    case_name,
    grid_faults,
    site_meters,
    with_unknown,
)

SLOW = [HealthCheck.too_slow]
"""Not looked at: how fast a machine is that has other things to do."""
READERS = {reader.__name__: reader for reader, _, _ in SHAPES.values()}
LISTS = (grid_faults, site_meters)
"""What reads an endpoint that answers a list; the others answer an object."""


def _meter(**changes: Any) -> Meter:
    """Return what is read from the site's meter with some keys changed."""
    return parse.meters(orjson.dumps({"site": SITE_METER | changes}))[MeterKind.SITE]


def _batteries(*packs: dict[str, Any]) -> dict[str, Battery]:
    """Return what is read from some packs."""
    return dict(parse.system_status(orjson.dumps({"battery_blocks": packs})).batteries)


def _differences(model: Any, other: Any) -> set[Any]:
    """Return the values of a model that another one does not have."""
    return {
        mine
        for mine, theirs in zip(astuple(model), astuple(other), strict=True)
        if mine != theirs
    }


def _battery(**changes: Any) -> Battery:
    """Return what is read from one pack with some keys changed."""
    (battery,) = _batteries(PACK | changes).values()
    return battery


@pytest.mark.parametrize(("reader", "document", "model"), SHAPES.values(), ids=SHAPES)
def test_reads_documented_shapes(reader: Parse, document: Any, model: Any) -> None:
    """Test every endpoint's shape, and that what is not known does no harm."""
    assert reader(orjson.dumps(document)) == model
    assert reader(orjson.dumps(with_unknown(document))) == model


@pytest.mark.parametrize(
    ("reader", "body"),
    [
        (reader, body)
        for reader in READERS.values()
        for body in (NO_LISTS if reader in LISTS else NO_OBJECTS)
    ],
    ids=case_name,
)
def test_names_the_endpoint_of_nonsense(reader: Parse, body: bytes) -> None:
    """Test an answer of another shape is one error, which does not repeat it."""
    with pytest.raises(GatewayResponseError, match=r"^/api/\S+ gives ") as raised:
        reader(body)
    assert "secret" not in str(raised.value)
    assert "html" not in str(raised.value)


@pytest.mark.filterwarnings("ignore:It looks like `register_random`")
@given(document=any_document(SHAPES))
@settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=SLOW)
def test_raises_nothing_else(document: dict[str, Any]) -> None:
    """Test whatever stands under a known key is read, or is one error."""
    for reader in READERS.values():
        answer = [document] if reader in LISTS else document
        with suppress(GatewayResponseError):
            reader(json.dumps(answer).encode())


@pytest.mark.parametrize("value", NO_NUMBERS, ids=case_name)
def test_a_meter_without_numbers(value: Any) -> None:
    """Test what is no number is None, one by one and all together."""
    for key in SITE_METER:
        if key != "last_phase_power_communication_time":
            assert _differences(_meter(**{key: value}), SITE_READING) <= {None}
    assert set(astuple(_meter(**dict.fromkeys(SITE_METER, value)))) == {None}


@pytest.mark.parametrize("value", NO_NUMBERS, ids=case_name)
def test_a_battery_of_wrong_types(value: Any) -> None:
    """Test a value of the wrong type costs that value only."""
    for key in PACK:
        if not key.startswith("Package"):
            battery = _battery(**{key: value})
            assert len(_differences(battery, BATTERY)) <= 1


@pytest.mark.parametrize(
    "document",
    [{}, *({"percentage": value} for value in (*NO_NUMBERS, -0.1, 100.1))],
    ids=case_name,
)
def test_no_charge_is_no_answer(document: dict[str, Any]) -> None:
    """Test a state of charge that is none, or is impossible, is an error."""
    with pytest.raises(GatewayResponseError, match="soe gives no percentage"):
        parse.charge(orjson.dumps(document))


@pytest.mark.parametrize(
    "document",
    [{}, *({"grid_status": value} for value in ("", " ", *NO_NUMBERS[:3], 1, True))],
)
def test_no_grid_status_is_no_answer(document: dict[str, Any]) -> None:
    """Test an answer without a grid status is an error."""
    with pytest.raises(GatewayResponseError, match="grid_status gives no status"):
        parse.grid(orjson.dumps(document))


@pytest.mark.parametrize(
    ("reported", "status"),
    [
        ("SystemGridConnected", GridStatus.CONNECTED),
        ("SystemIslandedActive", GridStatus.ISLANDED),
        ("SystemIslandedReady", GridStatus.ISLANDED_READY),
        ("SystemTransitionToGrid", GridStatus.TRANSITION_TO_GRID),
        ("SystemTransitionToIsland", GridStatus.TRANSITION_TO_ISLAND),
        ("SystemMicroGridFaulted", GridStatus.MICROGRID_FAULTED),
        ("SystemWaitForUser", GridStatus.WAIT_FOR_USER),
    ],
)
def test_reads_every_grid_status(reported: str, status: GridStatus) -> None:
    """Test the seven words that gateways are known to say."""
    grid = parse.grid(orjson.dumps({"grid_status": reported}))
    assert (grid.status, grid.reported) == (status, reported)


def test_keeps_unknown_words() -> None:
    """Test values nobody has described are None, with the word beside them."""
    grid = parse.grid(b'{"grid_status": "SystemSomethingNew"}')
    assert (grid.status, grid.reported) == (None, "SystemSomethingNew")
    operation = parse.operation(b'{"real_mode": "something_new"}')
    assert (operation.mode, operation.reported_mode) == (None, "something_new")
    status = parse.system_status(b'{"system_island_state": "SystemSomethingNew"}')
    assert status.island_state is None


def test_leaves_out_meters() -> None:
    """Test a missing meter, one that is null and one of unknown kind."""
    readings = parse.meters(
        orjson.dumps(
            {"site": SITE_METER, "solar": None, "load": [], "frequency": SITE_METER}
        )
    )
    assert readings == {MeterKind.SITE: SITE_READING}
    assert parse.meters(b"{}") == {}


PLACEHOLDER = dict.fromkeys(SITE_METER, 0) | {"last_communication_time": NEVER}


@pytest.mark.parametrize("kind", MeterKind)
def test_placeholders(kind: MeterKind) -> None:
    """Test zeros are a meter, but not where firmware lists what a home has not."""

    def is_read(**changes: Any) -> bool:
        answer = {kind.value: PLACEHOLDER | changes}
        return kind in parse.meters(orjson.dumps(answer))

    is_placeholder = kind in {MeterKind.GENERATOR, MeterKind.BUSWAY}
    assert is_read() is not is_placeholder
    assert is_read(instant_power=-0.0) is not is_placeholder
    aggregated = is_read(num_meters_aggregated=1, timeout=1500000000)
    assert aggregated is not is_placeholder
    assert is_read(**dict.fromkeys(SITE_METER)) is not is_placeholder
    for key in ("instant_power", "energy_imported", "energy_exported"):
        assert is_read(**{key: 0.1})
        assert is_read(**{key: -3})


def test_generator_and_busway() -> None:
    """Test what these meters measure is read like the rest."""
    answer = dict.fromkeys(("generator", "busway"), SITE_METER)
    assert parse.meters(orjson.dumps(answer)) == {
        MeterKind.GENERATOR: SITE_READING,
        MeterKind.BUSWAY: SITE_READING,
    }


def test_an_empty_meter_has_no_readings() -> None:
    """Test a meter with no key at all."""
    readings = parse.meters(b'{"battery": {}}')
    assert set(astuple(readings[MeterKind.BATTERY])) == {None}


@pytest.mark.parametrize("key", ["energy_imported", "energy_exported"])
def test_lifetime_energies_that_are_none(key: str) -> None:
    """Test what is below zero, seen after a meter was replaced."""
    assert getattr(_meter(**{key: -0.5}), key) is None
    assert getattr(_meter(**{key: 0}), key) == 0
    assert getattr(_meter(**{key: 0.5}), key) == 0.5


def test_numbers_of_any_size() -> None:
    """Test whole numbers that no 64 bits hold, and zero with a minus sign."""
    body = b'{"site": {"energy_imported": 1%s, "instant_power": -0.0}}' % (b"0" * 30)
    meter = parse.meters(body)[MeterKind.SITE]
    assert meter.energy_imported == 1e30
    assert str(meter.real_power) == "0.0"


def test_zeros_that_mean_nothing() -> None:
    """Test current and frequency of a meter that measures neither are 0 on the wire."""
    meter = _meter(instant_total_current=0, frequency=0, instant_power=0)
    assert (meter.current, meter.frequency, meter.real_power) == (None, None, 0)
    meter = _meter(instant_total_current=-29.4, frequency=60.004)
    assert (meter.current, meter.frequency) == (-29.4, 60.004)


def test_phase_currents_of_a_meter_that_measures_them() -> None:
    """Test phase currents count from a meter's first reading of phases on."""
    phases = {"i_a_current": 1.5, "i_b_current": -2, "i_c_current": 0}
    at = "last_phase_power_communication_time"
    for measured, currents in (
        ("2021-05-21T16:51:00-07:00", [1.5, -2, 0]),
        (NEVER, [None] * 3),
        (None, [None] * 3),
    ):
        meter = _meter(**phases, **{at: measured})
        assert [meter.current_l1, meter.current_l2, meter.current_l3] == currents


def test_a_disabled_pack() -> None:
    """Test a pack the gateway does not use, as one was seen."""
    reasons = ["DisabledExcessiveVoltageDrop"]
    unmeasured = ("p_out", "q_out", "v_out", "f_out", "i_out")
    counters = ("energy_charged", "energy_discharged")
    battery = _battery(
        disabled_reasons=reasons,
        pinv_state="",
        pinv_grid_state="",
        nominal_energy_remaining=0,
        OpSeqState="Standby",
        backup_ready=False,
        **dict.fromkeys(unmeasured + counters),
    )
    assert battery == replace(
        BATTERY,
        disabled_reasons=tuple(reasons),
        inverter_state=None,
        grid_state=None,
        operation_state="standby",
        energy_remaining=None,
        energy_charged=None,
        energy_discharged=None,
        real_power=None,
        reactive_power=None,
        voltage=None,
        frequency=None,
        backup_ready=False,
    )


@pytest.mark.parametrize("energy", [None, "5964", ...], ids=case_name)
def test_unknown_energy_is_not_an_empty_battery(energy: Any) -> None:
    """Test 0 Wh is said of an enabled pack only when the gateway says so."""
    pack = PACK | {"nominal_energy_remaining": energy}
    if energy is ...:
        del pack["nominal_energy_remaining"]
    (battery,) = _batteries(pack).values()
    assert battery.energy_remaining is None
    assert _battery(nominal_energy_remaining=0).energy_remaining == 0


@pytest.mark.parametrize("value", [*NO_NUMBERS, ...], ids=case_name)
def test_a_system_of_wrong_types(value: Any) -> None:
    """Test a value of the wrong type, or none, costs that value only."""
    for key in LIMITS:
        answer = LIMITS | {key: value}
        if value is ...:
            del answer[key]
        status = parse.system_status(orjson.dumps(answer))
        differing = [
            name
            for name in SystemStatus.__slots__
            if getattr(status, name) != getattr(SYSTEM_STATUS, name)
        ]
        assert [getattr(status, name) for name in differing] == [None]


@pytest.mark.parametrize(
    ("limit", "power"), [(-1, None), (-0.5, None), (0, 0), (7600, 7600)]
)
def test_no_limit_of_solar_power(limit: float, power: float | None) -> None:
    """Test -1 is no limit, and 0 is one."""
    body = orjson.dumps({"solar_real_power_limit": limit})
    assert parse.system_status(body).solar_power_limit == power


def test_values_of_a_system_with_a_sign() -> None:
    """Test powers may be negative, and the gateway's -0 is 0."""
    status = parse.system_status(
        b'{"grid_services_power": -0, "battery_target_power": -65.5}'
    )
    assert str(status.grid_services_power) in ("0", "0.0")
    assert status.target_power == -65.5


def test_a_switch_that_was_never_toggled() -> None:
    """Test the time that means never is none."""
    body = orjson.dumps({"last_toggle_timestamp": NEVER})
    assert parse.system_status(body).last_toggle is None


def test_batteries_that_are_none() -> None:
    """Test lists that are null, missing or of something else."""
    for blocks in (*NO_NUMBERS, [None, 1, "text", []]):
        body = orjson.dumps({"battery_blocks": blocks})
        assert parse.system_status(body).batteries == {}


@pytest.mark.parametrize("key", ["PackageSerialNumber", "PackagePartNumber"])
def test_a_battery_without_a_number_is_left_out(key: str) -> None:
    """Test a unit that cannot be told from others: it would be a device of its own."""
    second = PACK | {"PackageSerialNumber": "TG0000000002"}
    assert [*_batteries(PACK | {key: None}, second)] == ["3012170-05-B--TG0000000002"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("PINV_GridFollowing", "grid_following"),
        ("PINV_Off", "off"),
        ("PINV_VfMode2", "vf_mode_2"),
        ("PINV_DCBusUp", "dc_bus_up"),
        ("somethingNew", "something_new"),
        ("PINV_", None),
        ("", None),
    ],
)
def test_words_of_states(word: str, state: str | None) -> None:
    """Test names as the gateway's programmers wrote them become words."""
    assert _battery(pinv_state=word).inverter_state == state


@pytest.mark.parametrize(
    ("can_reboot", "obstacle"),
    [
        ("Yes", "none"),
        (True, "none"),
        (False, "unnamed"),
        ("Power flow is too high", "power_flow_is_too_high"),
        ("", None),
        (None, None),
        (1, None),
    ],
)
def test_why_not_to_reboot(can_reboot: Any, obstacle: str | None) -> None:
    """Test an obstacle is told in words; one gateway was seen to say true."""
    body = orjson.dumps({"can_reboot": can_reboot})
    assert parse.site_controller(body).reboot_obstacle == obstacle


@pytest.mark.parametrize(
    "body",
    [b"1707000-11-J--TG0000000001", b" 1707000-11-J--TG0000000001\n"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["text", "gzip"])
def test_reads_a_din(body: bytes, pack: Callable[[bytes], bytes]) -> None:
    """Test the DIN by itself, which newer firmware compresses without saying so."""
    assert parse.din(pack(body)) == "1707000-11-J--TG0000000001"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"1707000-11-J", id="half"),
        pytest.param(b"<html>--</html>", id="html"),
        pytest.param("1707000-11-J--ÄÖÜ".encode(), id="not ascii"),
        pytest.param(b"1707000-11-J--" + b"1" * 128, id="long"),
        pytest.param(b"\x1f\x8b", id="two bytes of gzip"),
        pytest.param(b"\x1f\x8bnonsense", id="broken gzip"),
        pytest.param(gzip.compress(b""), id="empty gzip"),
        pytest.param(gzip.compress(b"1707000-11-J--TG01\nTG02"), id="lines in gzip"),
        pytest.param(gzip.compress(b"1707000-11-J--" + b"1" * 10**7), id="10 MB"),
    ],
)
def test_refuses_what_is_no_din(body: bytes) -> None:
    """Test what is no DIN, compressed or not, is named but not repeated."""
    with pytest.raises(GatewayResponseError, match=r"^/tedapi/din gives ") as raised:
        parse.din(body)
    assert "TG0" not in str(raised.value)


def test_refuses_half_a_din() -> None:
    """Test a compressed DIN that was cut off is not taken for a shorter one."""
    whole = gzip.compress(b"1707000-11-J--TG0000000001")
    for length in range(2, len(whole)):
        with pytest.raises(GatewayResponseError, match="/tedapi/din"):
            parse.din(whole[:length])
