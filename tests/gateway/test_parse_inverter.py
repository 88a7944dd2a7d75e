"""The solar inverter of a Powerwall+, as firmware without vitals tells of it."""

from collections.abc import Mapping
from contextlib import suppress
import json
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st
import orjson
import pytest

from custom_components.tesla_gateway.gateway import GatewayResponseError, vital_names
from custom_components.tesla_gateway.gateway.components import (
    Alert,
    Component,
    ComponentKind,
)
from custom_components.tesla_gateway.gateway.parse_inverter import solar_inverter
from simulator.bodies import body as json_body
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS

from .vitals_site import read_scenario

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
STRING = {
    "string_id": 1,
    "connected": True,
    "measured_voltage": 289.3,
    "current": 4.9,
    "measured_power": 1420,
}
ANSWER: dict[str, Any] = {
    "pvac_status": {
        "state": "PVAC_Active",
        "disabled": False,
        "disabled_reasons": [],
        "grid_state": "Grid_Compliant",
        "inv_state": "INV_Grid_Connected",
        "v_out": 239.6,
        "f_out": 59.98,
        "p_out": 4710,
        "q_out": -30,
        "i_out": 19.24,
        "string_vitals": [
            STRING,
            {
                "string_id": 2,
                "connected": False,
                "measured_voltage": -0.1,
                "current": 0.03,
                "measured_power": 0,
            },
        ],
    },
    "pvs_status": {
        "state": "PVS_GridSupporting",
        "disabled": False,
        "enable_output": True,
        "v_ll": 240.1,
        "self_test_state": "PVS_SelfTestOff",
    },
    "pv_power_limit": 7680,
    "power_status_setpoint": "on",
    "pvac_alerts": {
        "LastRxTime": "2024-04-30T16:11:04.153491-07:00",
        "ReceivedMuxBitmask": 1,
        "PVAC_alertMatrixIndex": 1,
        "PVAC_a014_PVS_disabled_relay": True,
        "PVAC_a001_inv_L1_HW_overcurrent": False,
    },
    "pvs_alerts": {
        "ReceivedMuxBitmask": True,
        "PVS_a018_MciStringB": True,
        "PVS_a001_WatchdogReset": False,
        "PVS_a043_LockedPvStringSafety": 1,
    },
}
"""Keys and types as recorded."""


def _read(**changes: Any) -> Component:
    """Return what is read from the answer with some keys changed."""
    (inverter,) = solar_inverter(orjson.dumps(ANSWER | changes)).values()
    return inverter


def _readings(**status: Any) -> Mapping[str, Any]:
    """Return what is read from an inverter's status alone."""
    body = orjson.dumps({"pvac_status": status})
    return {} if not (read := solar_inverter(body)) else read["solar_inverter"].readings


def test_reads() -> None:
    """Test the whole answer; of the string that is not connected, only that."""
    assert solar_inverter(orjson.dumps(ANSWER)) == {
        "solar_inverter": Component(
            kind=ComponentKind.SOLAR_INVERTER,
            id="solar_inverter",
            part_number=None,
            serial_number=None,
            manufacturer=None,
            firmware=None,
            parent="gateway",
            readings={
                "inverter_state": "active",
                "grid_state": "compliant",
                "inverter_output_state": "grid_connected",
                "voltage": 239.6,
                "frequency": 59.98,
                "power": 4710,
                "reactive_power": -30,
                "current": 19.24,
                "string_a_connected": True,
                "string_a_voltage": 289.3,
                "string_a_current": 4.9,
                "string_a_power": 1420,
                "string_b_connected": False,
                "string_safety_state": "grid_supporting",
                "output_enabled": True,
                "line_voltage": 240.1,
                "self_test_state": "self_test_off",
                "power_setpoint": True,
            },
            alerts=(
                Alert(code="PVAC_a014_PVS_disabled_relay"),
                Alert(code="PVS_a018_MciStringB"),
            ),
        )
    }


def test_names_are_those_of_vitals() -> None:
    """Test a reading has one name, wherever it comes from."""
    names = {*vital_names.NAMES["PVAC"].values(), *vital_names.NAMES["PVS"].values()}
    assert _read().readings.keys() <= names


@pytest.mark.parametrize("scenario", ["day", "night", "full"])
def test_agrees_with_vitals(scenario: str) -> None:
    """Test the same inverter reads the same, whoever is asked."""
    site, profile = SCENARIOS[scenario].site(1), PROFILES["21.44"]
    body = orjson.dumps(json_body("/api/solar_powerwall", site, profile))
    (inverter,) = solar_inverter(body).values()
    of_vitals = read_scenario(scenario)["TGSIMULATED303"]
    assert inverter.alerts == of_vitals.alerts
    assert inverter.readings.items() <= of_vitals.readings.items()
    assert len(inverter.readings) > 20


def test_times_do_not_count() -> None:
    """Test a moment later is the same."""
    later = ANSWER["pvac_alerts"] | {"LastRxTime": "2024-04-30T16:11:34.2-07:00"}
    assert _read(pvac_alerts=later) == _read()


@pytest.mark.parametrize(
    ("number", "letter"),
    [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e"), (6, "f"), (4.0, "d")],
)
def test_letters_of_strings(number: float, letter: str) -> None:
    """Test the strings have letters, as in vitals."""
    readings = _readings(string_vitals=[STRING | {"string_id": number}])
    assert readings == {
        f"string_{letter}_connected": True,
        f"string_{letter}_voltage": 289.3,
        f"string_{letter}_current": 4.9,
        f"string_{letter}_power": 1420,
    }


@pytest.mark.parametrize("number", [0, 7, -1, 1.5, "1", None, True], ids=repr)
def test_strings_without_a_letter(number: Any) -> None:
    """Test a string that cannot be told from others is left out."""
    assert _readings(string_vitals=[STRING | {"string_id": number}]) == {}


@pytest.mark.parametrize("connected", [None, "false", 0, ...], ids=repr)
def test_strings_of_which_nothing_is_said(connected: Any) -> None:
    """Test a string is shown unless it is said not to be connected."""
    string = STRING | {"connected": connected}
    if connected is ...:
        del string["connected"]
    assert _readings(string_vitals=[string]).keys() == {
        *("string_a_voltage", "string_a_current", "string_a_power")
    }


@pytest.mark.parametrize(
    ("setpoint", "readings"),
    [
        ("on", {"power_setpoint": True}),
        ("off", {"power_setpoint": False}),
        ("", {}),
        ("unknown", {}),
        (True, {}),
    ],
)
def test_setpoint(setpoint: Any, readings: dict[str, bool]) -> None:
    """Test a word that is a flag."""
    assert {
        name: value
        for name, value in _read(power_status_setpoint=setpoint).readings.items()
        if name == "power_setpoint"
    } == readings


@pytest.mark.parametrize("value", [None, {}, [], "", "12", True, False], ids=repr)
def test_wrong_types(value: Any) -> None:
    """Test a value of the wrong type costs that value only."""
    whole = _read().readings
    for part in ("pvac_status", "pvs_status"):
        for key in ANSWER[part].keys() - {"string_vitals"}:
            readings = _read(**{part: ANSWER[part] | {key: value}}).readings
            changed = {name for name in whole if readings.get(name) != whole[name]}
            assert len(changed) <= 1
            assert readings.keys() <= whole.keys()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        dict.fromkeys(ANSWER),
        {key: [] for key in ANSWER},
        {"pvac_status": {"string_vitals": [None, [], 1]}},
        {"pvac_alerts": {"PVAC_a001_inv_L1_HW_overcurrent": False}},
    ],
    ids=["empty", "null", "lists", "no strings", "no alerts"],
)
def test_no_inverter(answer: dict[str, Any]) -> None:
    """Test an answer that tells of none is no device."""
    assert solar_inverter(orjson.dumps(answer)) == {}


def test_nothing_but_alerts() -> None:
    """Test an inverter that has stopped reading and says why."""
    alerts = {"PVAC_a025_PVS_Status_mia": True}
    (inverter,) = solar_inverter(orjson.dumps({"pvac_alerts": alerts})).values()
    assert inverter.readings == {}
    assert inverter.alerts == (Alert(code="PVAC_a025_PVS_Status_mia"),)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"secret", b'{"secret":'], ids=repr
)
def test_nonsense(body: bytes) -> None:
    """Test an answer of another shape is one error, which does not repeat it."""
    with pytest.raises(
        GatewayResponseError, match=r"^/api/solar_powerwall gives "
    ) as raised:
        solar_inverter(body)
    assert "secret" not in str(raised.value)


@given(
    answer=st.fixed_dictionaries({}, optional=dict.fromkeys(ANSWER, ANY_JSON)),
    string=st.fixed_dictionaries({}, optional=dict.fromkeys(STRING, ANY_JSON)),
)
@settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@pytest.mark.filterwarnings("ignore:It looks like `register_random`")
def test_raises_nothing_else(answer: dict[str, Any], string: dict[str, Any]) -> None:
    """Test whatever stands under a known key is read, or is one error."""
    answer.setdefault("pvac_status", {"string_vitals": [string]})
    body = json.dumps(answer).encode()
    with suppress(GatewayResponseError):
        solar_inverter(body)
