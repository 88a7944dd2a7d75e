"""What is installed: the documented shapes, and all that may be wrong in them."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayModel,
    GatewayResponseError,
    Generators,
    Nameplate,
    Site,
    SolarSystems,
    Status,
    UpdateState,
    parse_installation,
)

from .shapes import (
    NO_LISTS,
    NO_NUMBERS,
    NO_OBJECTS,
    NO_TEXTS,
    READ_AT,
    Parse,
    any_document,
    case_name,
    changed,
    with_unknown,
)
from .shapes_installation import (
    INSTALLED,
    generators,
    site,
    status,
)

READERS = {reader.__name__: reader for reader, _, _ in INSTALLED.values()}
SLOW = [HealthCheck.too_slow]
"""Not looked at: how fast a machine is that has other things to do."""
LISTS = (parse_installation.networks, parse_installation.solars)
"""What reads an endpoint that answers a list; the others answer an object."""
SITE_INFO: dict[str, Any] = INSTALLED["site"][1]
SITE: Site = INSTALLED["site"][2]


def _status(**answer: Any) -> Status:
    """Return what is read from a status."""
    return status(orjson.dumps(answer))


def _site(**changes: Any) -> Site:
    """Return what is read from a site with some keys changed."""
    return site(orjson.dumps(SITE_INFO | changes))


@pytest.mark.parametrize(
    ("reader", "document", "model"), INSTALLED.values(), ids=INSTALLED
)
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


@pytest.mark.filterwarnings("ignore:It looks like `register_random`")
@given(document=any_document(INSTALLED))
@settings(max_examples=50, derandomize=True, deadline=None, suppress_health_check=SLOW)
def test_raises_nothing_else(document: dict[str, Any]) -> None:
    """Test whatever stands under a known key is read, or is one error."""
    for reader in READERS.values():
        answer = [document] if reader in LISTS else document
        with suppress(GatewayResponseError):
            reader(json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("version", "firmware"),
    [
        ("23.44.0 9064fc6a", "23.44.0"),
        ("24.12.6-PW3-AFCI", "24.12.6-PW3-AFCI"),
        ("22.26.1-foxtrot abcd", "22.26.1-foxtrot"),
        ("  21.44 223a56cd ", "21.44"),
        ("", None),
        ("  ", None),
        (21.44, None),
        (None, None),
    ],
)
def test_reads_a_version(version: Any, firmware: str | None) -> None:
    """Test the hash behind a version is left out, and nothing else."""
    assert _status(version=version).firmware == firmware


@pytest.mark.parametrize(
    ("device_type", "reported", "model"),
    [
        ("hec", "hec", GatewayModel.GATEWAY_1),
        ("teg", "teg", GatewayModel.GATEWAY_2),
        ("smc", "smc", GatewayModel.OTHER),
        ("something new", "something new", GatewayModel.OTHER),
        ("", None, GatewayModel.OTHER),
        (5, None, GatewayModel.OTHER),
    ],
)
def test_reads_a_model(
    device_type: Any, reported: str | None, model: GatewayModel
) -> None:
    """Test the types that are known, and the gateway's own word beside any other."""
    read = _status(device_type=device_type)
    assert read.model is model
    assert read.device_type == reported


@pytest.mark.parametrize(
    ("uptime", "age"),
    [
        ("53h7m8s", timedelta(hours=53, minutes=7, seconds=8)),
        ("2d0.5s", timedelta(days=2, seconds=0.5)),
        ("0s", timedelta(0)),
        ("106751d", timedelta(days=106751)),
    ],
)
def test_knows_the_start(uptime: str, age: timedelta) -> None:
    """Test the start is as long ago as the gateway is up, in UTC."""
    started_at = _status(up_time_seconds=uptime).started_at
    assert started_at == READ_AT - age
    assert started_at.tzinfo is READ_AT.tzinfo


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"start_time": "2021-05-19 14:43:51 +0800"},
        *(
            {"up_time_seconds": value}
            for value in (*NO_NUMBERS, 53, "soon", "-5s", "9999999h", "999999999d" * 3)
        ),
    ],
    ids=case_name,
)
def test_a_start_that_is_not_told(answer: dict[str, Any]) -> None:
    """Test a status without an uptime to be read is read as far as it goes.

    `start_time` does not stand in: its offset is not the site's.
    """
    read = _status(version="21.44 223a56cd", **answer)
    assert read.started_at is None
    assert read.firmware == "21.44"


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, -0.0, ...], ids=case_name)
def test_what_a_site_does_not_have(value: Any) -> None:
    """Test 0 and what is no number are None, one by one."""
    for key, name in {
        "nominal_system_energy_kWh": "nominal_energy",
        "nominal_system_power_kW": "nominal_power",
        "max_system_energy_kWh": "max_energy",
        "max_system_power_kW": "max_power",
        "measured_frequency": "measured_frequency",
    }.items():
        answer = SITE_INFO | {key: value}
        if value is ...:
            del answer[key]
        read = site(orjson.dumps(answer))
        assert read == changed(SITE, name)


@pytest.mark.parametrize(
    ("grid_code", "expected"),
    [
        ("60Hz_240V_s_IEEE1547a_2014", "60Hz_240V_s_IEEE1547a_2014"),
        (
            {"grid_code": "50Hz_230V_1_VDE4105:2018_Germany"},
            "50Hz_230V_1_VDE4105:2018_Germany",
        ),
        *((none, None) for none in NO_TEXTS),
        *(({"grid_code": none}, None) for none in NO_TEXTS),
    ],
    ids=case_name,
)
def test_grid_codes(grid_code: Any, expected: str | None) -> None:
    """Test the code stands in an object, and as a text on old firmware."""
    assert _site(grid_code=grid_code) == replace(SITE, grid_code=expected)


@pytest.mark.parametrize(
    ("taken", "given", "limit"),
    [
        (20, -24, 24_000),
        (20, 0, 20_000),
        (0, 0, None),
        (1_000_000_000, -1_000_000_000, None),
        (20, -1_000_000_000, None),
        (20, None, None),
        ("20", -24, None),
    ],
)
def test_the_limit_of_a_site(taken: Any, given: Any, limit: float | None) -> None:
    """Test the larger of both is what may flow, where both are limited."""
    read = _site(max_site_meter_power_kW=taken, min_site_meter_power_kW=given)
    assert read.max_site_power == limit


def test_a_site_with_only_a_name() -> None:
    """Test the shorter answer of `/api/site_info/site_name`."""
    body = orjson.dumps({"site_name": "Home", "timezone": "America/New_York"})
    path = "/api/site_info/site_name"
    read = parse_installation.site(path, body)
    assert read == Site(
        name="Home",
        time_zone="America/New_York",
        nominal_energy=None,
        nominal_power=None,
        max_energy=None,
        max_power=None,
        max_site_power=None,
        measured_frequency=None,
        grid_code=None,
    )
    assert site(b"{}") == replace(read, name=None, time_zone=None)
    with pytest.raises(GatewayResponseError, match=rf"^{path} gives "):
        parse_installation.site(path, b"[]")


@pytest.mark.parametrize(
    ("reported", "state", "updating"),
    [
        ("/clear_update_status", UpdateState.CHECKING, False),
        ("/download", UpdateState.DOWNLOADING, True),
        ("/update_downloaded", UpdateState.DOWNLOADED, True),
        ("/update_staged", UpdateState.STAGED, False),
        ("/update_succeeded", UpdateState.SUCCEEDED, False),
        ("/update_failed", UpdateState.FAILED, False),
    ],
)
def test_states_of_an_update(
    reported: str, state: UpdateState, *, updating: bool
) -> None:
    """Test each state, and that an update without a network counts as one too."""
    for offline, expected in ((None, updating), (False, updating), (True, True)):
        answer = {"state": reported, "offline_updating": offline}
        read = parse_installation.firmware_update(orjson.dumps(answer))
        assert (read.state, read.updating) == (state, expected)


@pytest.mark.parametrize(
    "reported", ["/update_unknown", "/something_new", "download", "", None, 5]
)
def test_an_unknown_state_of_an_update(reported: Any) -> None:
    """Test a state nobody has described is None, and so is what follows from it."""
    for offline, updating in ((None, None), (False, None), (True, True)):
        answer = {"state": reported, "offline_updating": offline}
        read = parse_installation.firmware_update(orjson.dumps(answer))
        assert (read.state, read.updating) == (None, updating)


@pytest.mark.parametrize("problems", [None, [], {}, "text", 5, ...], ids=case_name)
def test_no_problems(problems: Any) -> None:
    """Test null and an empty list are none."""
    answer = {} if problems is ... else {"problems": problems}
    assert parse_installation.problems(orjson.dumps(answer)) == ()


def test_problems() -> None:
    """Test problems are handed on as they are: nobody has seen one."""
    problems = ["a", {"b": [1, None]}, 5, None, ["c"]]
    body = orjson.dumps({"problems": problems})
    assert parse_installation.problems(body) == tuple(problems)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (False, False),
        (None, None),
        ("true", None),
        (1, None),
        (..., None),
    ],
    ids=case_name,
)
def test_registration(value: Any, expected: bool | None) -> None:  # noqa: FBT001
    """Test only the owner's registration is looked at."""
    answer = {"grid_services": True, "timed_out_registration": True}
    if value is not ...:
        answer["registered"] = value
    assert parse_installation.registered(orjson.dumps(answer)) is expected


GENERATOR = {"brand": "A brand", "model": "A model", "power_rating_watts": 10000}
NAMEPLATE = Nameplate(brand="A brand", model="A model", power=10000)
NO_NAMEPLATE = Nameplate(brand=None, model=None, power=None)


def test_generators() -> None:
    """Test generators are read like solar systems, and stay when nothing is known."""
    answer = {
        "disconnect_type": "DownstreamATS",
        "generators": [GENERATOR, {}, None, 5],
    }
    assert generators(orjson.dumps(answer)) == Generators(
        disconnect_type="downstream_ats",
        disconnect_types=("downstream_ats",),
        units=(NAMEPLATE, NO_NAMEPLATE),
    )


@pytest.mark.parametrize("value", [None, "", 5, [], {}, ...], ids=case_name)
def test_generators_that_are_not_told(value: Any) -> None:
    """Test null, other types and missing keys are no generators."""
    keys = ("disconnect_type", "generators")
    answer = {} if value is ... else dict.fromkeys(keys, value)
    assert parse_installation.generators(orjson.dumps(answer), ()) == Generators(
        disconnect_type=None, disconnect_types=(), units=()
    )


@pytest.mark.parametrize(
    ("body", "types"),
    [
        (b'["DownstreamATS"]', ("downstream_ats",)),
        (b'["None", "UpstreamMTS"]', ("none", "upstream_mts")),
        (b"null", ()),
        (b"[]", ()),
        (b'[null, "", 5, {}, "-", "None"]', ("none",)),
    ],
)
def test_disconnect_types(body: bytes, types: tuple[str, ...]) -> None:
    """Test names become words, and what is none is left out."""
    assert parse_installation.disconnect_types(body) == types


@pytest.mark.parametrize("body", NO_LISTS, ids=case_name)
def test_disconnect_types_of_nonsense(body: bytes) -> None:
    """Test another shape is an error of that endpoint."""
    with pytest.raises(
        GatewayResponseError, match=r"^/api/generators/disconnect_types gives "
    ):
        parse_installation.disconnect_types(body)


@pytest.mark.parametrize(
    ("ratings", "power"),
    [
        ([5250], 5250),
        ([5250, 3000.5], 8250.5),
        ([5250, None, "3000", 0], 5250),
        ([5250, 1e308, 1e308], 5250),
        ([2**63, 2**63], None),
        ([0], None),
        ([None], None),
        ([], None),
    ],
)
def test_solar_systems_add_up(ratings: list[Any], power: float | None) -> None:
    """Test the ratings that are known are added, and no rating is not 0 W."""
    solars = [GENERATOR | {"power_rating_watts": each} for each in ratings]
    read = parse_installation.solars(orjson.dumps(solars))
    assert len(read.systems) == len(ratings)
    assert read.power == power


@pytest.mark.parametrize("body", [b"null", b"[]", b"[null, 5]"])
def test_no_solar_systems(body: bytes) -> None:
    """Test a home without panels says an empty list, or null."""
    assert parse_installation.solars(body) == SolarSystems(systems=())


@pytest.mark.parametrize("value", [None, "", 5, True, [], {}], ids=case_name)
def test_a_nameplate_of_wrong_types(value: Any) -> None:
    """Test a value of the wrong type costs that value only."""
    for key, name in {"brand": "brand", "model": "model"}.items():
        body = orjson.dumps([GENERATOR | {key: value}])
        (system,) = parse_installation.solars(body).systems
        assert system == changed(NAMEPLATE, name)
    body = orjson.dumps([dict.fromkeys(GENERATOR)])
    assert parse_installation.solars(body).systems == (NO_NAMEPLATE,)
