"""What the names in an answer say of their values, in a report of trouble."""

from pathlib import Path
import re
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import Redactor
from custom_components.tesla_gateway.gateway.vocabulary import SECRET_KEYS

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"
SERIAL = "TG1234567890AB"


def _redacted(document: Any) -> Any:
    """Return a document as it is in diagnostics."""
    redactor = Redactor()
    redactor.learn(document)
    return redactor.redacted(document)


def _listed() -> dict[str, str]:
    """Return the secret list of the documentation: each name's token."""
    section = PROTOCOL.read_text().partition("## 9.")[2]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    return {name: kind for kind, cell in rows for name in re.findall(r"`(\w+)`", cell)}


def test_list_is_written_down() -> None:
    """Test the documentation has the secret list as it is."""
    assert _listed() == SECRET_KEYS


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_every_secret_name(key: str) -> None:
    """Test what stands under a secret name is found everywhere else."""
    secret = "Zw8-Violet Ω"
    document = {
        key: secret,
        "country": "Freedonia",
        "message": f"hello {secret}!",
        "error": secret.upper(),
        f"{secret}_x": {key: [secret, None, True]},
    }
    redacted = _redacted(document)
    token = redacted[key]
    assert token == f"{SECRET_KEYS[key]}1"
    assert redacted == {
        key: token,
        "country": "Freedonia",
        "message": f"hello {token}!",
        "error": token,
        f"{token}_x": {key: [token, None, True]},
    }


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_secret_numbers(key: str) -> None:
    """Test a number under a secret name is 0, and its digits are a secret in texts."""
    document = {key: 5551234, "country": "", "message": "call 5551234 or 55512345"}
    redacted = _redacted(document)
    assert redacted[key] == 0
    assert "call 5551234 " not in redacted["message"]
    assert redacted["message"].endswith(" or 55512345")


@pytest.mark.parametrize("secret", ["mein--haus", "Villa7synchrometerA"])
@pytest.mark.parametrize(
    "key", [key for key, kind in SECRET_KEYS.items() if kind != "serial"]
)
def test_secrets_like_a_serial_number(key: str, secret: str) -> None:
    """Test nothing is left of what is no serial number but has the form of one."""
    document = {"country": "Freedonia", key: secret, "message": f"hello {secret}"}
    token = f"{SECRET_KEYS[key]}1"
    redacted = {"country": "Freedonia", key: token, "message": f"hello {token}"}
    redactor = Redactor()
    redactor.learn(document)
    assert redactor.redacted(document) == redacted
    assert redactor.scrubbed(document) == redacted


def test_the_unknown() -> None:
    """Test what nobody has described keeps its name and its type."""
    document = {
        "owner": "Ann",
        "co_owner": "Ann",
        "child": "Bob",
        "none": "",
        "age": 44,
        "height": 1.7,
        "happy": True,
        "pet": None,
        "garden": {"trees": ["oak", 3, [5, "elm"]], "message": "hi", "status": 7},
        "sheds": [{"message": "hi", "color": "red"}],
        "serials": [SERIAL, "x"],
    }
    assert _redacted(document) == {
        "owner": "text1",
        "co_owner": "text1",
        "child": "text2",
        "none": "",
        "age": 0,
        "height": 0.0,
        "happy": True,
        "pet": None,
        "garden": {"trees": ["text3", 0, [0, "text4"]], "message": "hi", "status": 7},
        "sheds": [{"message": "hi", "color": "text5"}],
        "serials": ["serial1", "text6"],
    }  # fmt: skip


def test_unknown_vitals() -> None:
    """Test of vitals nobody has named the name and the type are left, as protobuf's."""
    vitals = [
        {"name": "THC_AmbientTemp", "float_value": 21.5},
        {"name": "THC_Mood", "string_value": "grim"},
        {"name": "THC_Age", "int_value": "77"},
        {"name": "THC_Size", "float_value": 7.5},
        {"name": "THC_Ok", "bool_value": True},
    ]
    redactor = Redactor({"THC_AmbientTemp"})
    assert redactor.redacted({"vitals": vitals}) == {
        "vitals": [
            {"name": "THC_AmbientTemp", "float_value": 21.5},
            {"name": "THC_Mood", "string_value": "text1"},
            {"name": "THC_Age", "int_value": "0"},
            {"name": "THC_Size", "float_value": 0.0},
            {"name": "THC_Ok", "bool_value": True},
        ]
    }


def test_places() -> None:
    """Test a state is a place beside a country, and how a thing is doing elsewhere."""
    grid_code = {
        "state": "Utah",
        "country": "United States",
        "grid_code": "s_2019_Utah",
    }
    assert _redacted([grid_code, {"state": "PVAC_Sleepy", "message": "Utah"}]) == [
        {"state": "place1", "country": "United States", "grid_code": "s_2019_place1"},
        {"state": "PVAC_Sleepy", "message": "place1"},
    ]


@pytest.mark.parametrize(
    "key", ["Password", "SerialNumber", "SSID", "accessToken", "HW_Address"]
)
def test_spelling(key: str) -> None:
    """Test a name is known with other capitals, and without underscores."""
    redactor = Redactor()
    redactor.learn({key: "Villa"})
    told: Any = redactor.scrubbed({key: "Villa", "message": "of Villa"})
    token = told[key]
    assert re.fullmatch(r"(serial|secret|address)1", token)
    assert told == {key: token, "message": f"of {token}"}


def test_names_that_say_nothing() -> None:
    """Test what is below a name that nobody has described is not told either."""
    document = {
        "owner": {"name": "Ann", "id": 4711, "data": [{"location": "12 Main Street"}]},
        "users": [{"name": "Bob", "status": "active"}],
        "wifi_password": {"value": "hunter2"},
        "leader": {"info": "Zw8-Violet"},
        "status": {"name": "StandBy", "info": {"value": 7}},
    }
    assert _redacted(document) == {
        "owner": {"name": "text1", "id": 0, "data": [{"location": "text2"}]},
        "users": [{"name": "text3", "status": "active"}],
        "wifi_password": {"value": "text4"},
        "leader": {"info": "serial1"},
        "status": {"name": "StandBy", "info": {"value": 7}},
    }


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"1232100-00-E--{SERIAL}", "1232100-00-E--serial1"),
        ("Smith--Family", "serial1"),
        ("<html><!-- 12 Main Street --></html>", "serial1"),
    ],
)
def test_what_is_no_part_number(value: str, told: str) -> None:
    """Test of a DIN only what looks like a part number is told."""
    assert _redacted({"customer_id": value, "din": value}) == {
        "customer_id": told,
        "din": told,
    }


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "12"])
def test_numbers_of_unknown_vitals(number: str) -> None:
    """Test an unknown number stays one that protobuf can read."""
    vitals = [{"name": "THC_Size", "float_value": number, "int_value": number}]
    told = {"name": "THC_Size", "float_value": 0.0, "int_value": "0"}
    assert _redacted(vitals) == [told]


@pytest.mark.parametrize("name", [{"a": 1}, ["a"], None, 7])
def test_vitals_without_a_name(name: object) -> None:
    """Test what has a vital's value and no name is told by its type."""
    assert _redacted({"name": name, "float_value": 1.5})["float_value"] == 0.0


def test_names_of_vitals_are_words() -> None:
    """Test a home that is named like a part of them does not spoil them."""
    name = "ISLAND_VL1N_Main"
    redactor = Redactor({name})
    vitals = [{"name": name, "float_value": 230.0}]
    redactor.learn([{"title": "Main"}, vitals])
    assert redactor.redacted(vitals) == vitals


def test_small_numbers_are_no_secrets() -> None:
    """Test a number that may stand anywhere is not looked for in texts."""
    document = {
        "gateway": 0,
        "vin": -999,
        "message": "0",
        "error": "-999",
        "level": "0",
    }
    assert _redacted(document)["message"] == "0"
    assert _redacted(document)["error"] == "-999"
