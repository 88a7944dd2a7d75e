"""Nothing that tells whose gateway it is gets through, and everything else does."""

from itertools import product
import json
import os
import re
from time import process_time
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.tesla_gateway.gateway import (
    GridStatus,
    OperationMode,
    Redactor,
)
from custom_components.tesla_gateway.gateway.parse import GRID_STATUSES
from custom_components.tesla_gateway.gateway.parse_installation import (
    DEVICE_TYPES,
    INTERFACES,
    UPDATE_STATES,
)
from custom_components.tesla_gateway.gateway.vocabulary import WORDS

RECORDINGS = os.environ.get("TESLA_GATEWAY_RECORDINGS")
SERIAL = "TG1234567890AB"
TOKEN = f"{'aB3_-' * 17}Q=="
_OPENING = st.one_of(
    st.text(min_size=1).filter(str.strip),
    st.text("-AZaz09_=", min_size=40, max_size=90),
    st.sampled_from([SERIAL, f"1232100-00-E--{SERIAL}", "customer", "Tesla", "4h"]),
)


def _redacted(document: Any, *others: Any) -> Any:
    """Return a document as it is in diagnostics, with others beside it."""
    redactor = Redactor()
    for each in (document, *others):
        redactor.learn(each)
    return redactor.redacted(document)


@pytest.mark.parametrize("word", ["customer", "Energy"])
def test_a_word_that_opens(word: str) -> None:
    """Test a password is not told where it is a word that stands for nobody."""
    document = {"password": word, "roles": ["Home_Owner"], "lastname": "Energy"}
    assert _redacted(document) == document | {"password": "secret1"}


@given(password=_OPENING, token=_OPENING)
@settings(derandomize=True, deadline=None)
def test_whatever_opens(password: str, token: str) -> None:
    """Test a password and a token are hidden as a whole, whatever they look like."""
    kept = {"password": password, "record": {"token": token}}
    redactor = Redactor()
    redactor.learn(kept)
    hidden: Any = redactor.scrubbed(kept)
    for text in (hidden["password"], hidden["record"]["token"]):
        assert re.fullmatch(r"(secret|serial|address|email)\d+", text)


def test_relations_survive() -> None:
    """Test what belongs together does so afterwards, in whatever form it is written."""
    documents = [
        {"din": f"1232100-00-E--{SERIAL}"},
        {"devices": [{"din": {"value": f"STSTSM--1232100-00-E--{SERIAL}"}}]},
        {"serial": f"{SERIAL}synchrometerX", "type": "synchrometerX"},
        {"message": f"x{SERIAL.lower()}y does not answer"},
        {f"{SERIAL}synchrometerX": {"error": ""}},
        {"PackageSerialNumber": SERIAL},
        {"message": f"ask https://{SERIAL}.example/TEPOD--1081100-10-U--{SERIAL}"},
    ]
    assert _redacted(documents) == [
        {"din": "1232100-00-E--serial1"},
        {"devices": [{"din": {"value": "STSTSM--1232100-00-E--serial1"}}]},
        {"serial": "serial1synchrometerX", "type": "synchrometerX"},
        {"message": "xserial1y does not answer"},
        {"serial1synchrometerX": {"error": ""}},
        {"PackageSerialNumber": "serial1"},
        {"message": "ask https://serial1.example/TEPOD--1081100-10-U--serial1"},
    ]


def test_learned_from_all_first() -> None:
    """Test a secret is known that shows itself only later, or in another document."""
    document = {"message": "Villa Kunterbunt calls", "site_name": "Villa Kunterbunt"}
    assert _redacted(document)["message"] == "name1 calls"
    text = {"message": "Villa Kunterbunt calls"}
    assert _redacted(text, document) == {"message": "name1 calls"}
    assert _redacted(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from 192.168.91.1:443 to 8.8.8.8", "from address1:443 to address2"),
        ("fe80::1ff:fe23:4567:890a, fe80::1", "address1, address2"),
        ("2001:db8:0:0:1:0:0:1", "address1"),
        ("00:00:5e:00:53:0a or 00-00-5E-00-53-0B", "address1 or address2"),
        ("ann.example+x@mail.example.com!", "email1!"),
        (f"unit {SERIAL}, {SERIAL}", "unit serial1, serial1"),
        (f"unit {SERIAL}x", "unit serial1x"),
        (f"Bearer {TOKEN}", "Bearer secret1"),
        (f"AuthCookie={TOKEN}; Path=/", "AuthCookie=secret1; Path=/"),
        ("Cannot reach 203.0.113.9.", "Cannot reach address1."),
        ("00:11:22:33:44:5a: link is down", "address1: link is down"),
        ("mac:00:11:22:33:44:5a", "mac:address1"),
        ("2001:db8::77: no route", "address1: no route"),
        ("2001:db8:: is a network", "address1 is a network"),
        ("::ffff:192.168.7.50", "address1:address2"),
        ("jürgen@example.de, ann@bücher.example", "email1, email2"),
    ],
)
def test_looks(text: str, told: str) -> None:
    """Test secrets are known by their looks, in values and in names."""
    assert _redacted({"message": text}) == {"message": told}
    assert _redacted({text: {}}) == {told: {}}


@pytest.mark.parametrize(
    "text",
    [
        "2021-12-26T13:09:22.321056599-07:00",
        "0001-01-01T00:00:00Z",
        "2021-05-19 14:43:51 +0800",
        "53h7m8.673739945s",
        "802459s,",
        "255.255.255.0",
        "at 0.0.0.0",
        "21.44 223a56cd",
        "24.12.6-PW3-AFCI",
        "2021-11-02-g223a56cd5",
        "223a56cd575b7b19bad7e12a4ebad0eb52d1f50a",
        "1232100-00-E",
        "60Hz_240V_s_UL1741SA:2019",
        "14:43:51",
        "PVAC_a014_PVS_disabled_relay",
        "DisabledExcessiveVoltageDrop",
        "Cannot perform this action with site controller running.",
        "America/Los_Angeles",
        "IQ7PLUS-72-x-US (240V)",
        "",
    ],
)
def test_looks_harmless(text: str) -> None:
    """Test what is no secret stays as it is."""
    assert _redacted({"message": text}) == {"message": text}


@pytest.mark.parametrize("text", ["2021-12-26T13:09:22.321056599Z", "6h5.321056599s"])
def test_times_stay(text: str) -> None:
    """Test a time stays as it is, though a number in it is somebody's."""
    document = {"serial": "321056599", "version": text, "message": "321056599"}
    told = {"serial": "serial1", "version": text, "message": "serial1"}
    assert _redacted(document) == told


@pytest.mark.parametrize(
    "name", ["System", "Grid", "backup", "BACKUP", "relay", "Zuhause"]
)
def test_a_name_like_a_word(name: str) -> None:
    """Test a home's name is replaced where it is one, not in words of the gateway."""
    words = {
        "grid_status": "SystemGridConnected",
        "grid_state": "Grid_Compliant",
        "real_mode": "backup",
        "alert_name": "PVAC_a014_PVS_disabled_relay",
        "backup_reserve_percent": 20,
    }
    # The gateway's words, as whole values, are nobody's name.
    token = name if name == "backup" else "name1"
    redacted = _redacted({"site_name": name, **words})
    assert redacted == {"site_name": token, **words}
    said = {"site_name": name, "message": f"{name} or {name}s in {name}."}
    assert _redacted(said)["message"] == f"{token} or {name}s in {token}."


@pytest.mark.parametrize("names", [["Villa", "Villa Rosa"], ["Villa Rosa", "Villa"]])
def test_one_secret_begins_another(names: list[str]) -> None:
    """Test the longest secret is the one that is found."""
    documents = [{"site_name": name} for name in names]
    redacted = _redacted([*documents, {"message": "at Villa Rosa in Villa R."}])
    tokens = dict(zip(names, (each["site_name"] for each in redacted[:2]), strict=True))
    told = f"at {tokens['Villa Rosa']} in {tokens['Villa']} R."
    assert redacted[2]["message"] == told


def test_short_secrets() -> None:
    """Test what is too short to be looked for in texts is replaced as a whole value."""
    said = {"error": "jo", "message": "Jo went to Jo"}
    told = {"site_name": "name1", "error": "name1", "message": "Jo went to Jo"}
    assert _redacted({"site_name": "Jo", **said}) == told


@pytest.mark.parametrize("text", ["", "*", "Tesla", "customer"])
def test_nobodys_names(text: str) -> None:
    """Test what stands for nobody stays, where it stands and in other texts."""
    document = {"username": text, "message": f"{text} or not"}
    assert _redacted(document) == document


def test_json_in_a_text() -> None:
    """Test what was measured in a grid fault stays a text of JSON."""
    values: list[dict[str, Any]] = [
        {"name": "a", "value": 60.5, "units": "Hz"},
        {"name": "b", "value": "Tom & Co"},
    ]
    text = json.dumps(values).replace("&", "\\u0026")
    document = {"site_name": "Tom & Co", "decoded_alert": text}
    redacted = _redacted(document)["decoded_alert"]
    values[1]["value"] = "name1"
    assert json.loads(redacted) == values
    assert _redacted({"decoded_alert": "", "email": "a@b.c"})["decoded_alert"] == ""
    broken = {"decoded_alert": "[a@b.example", "email": "a@b.example"}
    assert _redacted(broken)["decoded_alert"] == "[email1"


def test_names_that_become_one() -> None:
    """Test nothing is lost where names become the same, not even many."""
    letters = [(char, char.lower()) for char in "ABCDEFGHJ12"]
    document = dict.fromkeys(map("".join, product(*letters)), 0)
    names = [f"serial1_{number}" for number in range(1, len(document))]
    assert list(_redacted(document)) == ["serial1", *names]


def test_hosts() -> None:
    """Test an address of ours is found with and without its port."""
    redactor = Redactor()
    redactor.learn({"host": "pw.home.example:8443"})
    assert redactor.text("https://PW.home.example/") == "https://address2/"
    assert redactor.text("at gw.local") == "at gw.local"
    redactor.learn({"host": "gw.local"})
    assert redactor.text("at gw.local") == "at address3"
    redactor.learn({"host": "[fd00::12]:443"})
    assert "fd00" not in redactor.text("at [FD00::12] and fd00::12").lower()


def test_paths() -> None:
    """Test a path is told, whatever a home is called, without a serial number in it."""
    redactor = Redactor()
    redactor.learn({"site_name": "meters"})
    path = "/api/meters/ABC-1/verify"
    redactor.learn_path(path)
    assert redactor.path(path) == "/api/meters/serial1/verify"
    assert redactor.text("meter abc-1") == "meter serial1"


def test_length_of_letters() -> None:
    """Test letters whose small form is longer do not shift what is found."""
    document = {"message": f"İİİ {SERIAL} İ Ann Smith.", "site_name": "ann smith"}
    assert _redacted(document)["message"] == "İİİ serial1 İ name1."


def test_settings_keep_what_is_unknown() -> None:
    """Test our own settings are told as they are, but for secrets."""
    redactor = Redactor()
    settings = {"pace": "fast", "tries": 3, "host": "gw", "note": f"of {SERIAL}"}
    redactor.learn(settings)
    assert redactor.scrubbed(settings) == {
        "pace": "fast",
        "tries": 3,
        "host": "address1",
        "note": "of serial1",
    }


def test_parsers_words_are_known() -> None:
    """Test every word that is read is one that no home's name is looked for in."""
    assert {*GRID_STATUSES, *DEVICE_TYPES, *INTERFACES, *UPDATE_STATES} <= WORDS
    assert {*OperationMode} <= WORDS
    assert len(GRID_STATUSES) == len(GridStatus)


@pytest.mark.parametrize(
    "text",
    [
        "A1" * 32_000,
        "a" * 64_000,
        "a." * 32_000,
        "a@" * 32_000,
        "1:" * 32_000,
        ":" * 64_000,
        "1." * 32_000,
        "1h" * 32_000,
        "00:" * 21_000,
        "--" * 32_000,
        "TG12 " * 12_800,
        " ".join(f"TG12{number:06}" for number in range(5_000)),
        "[" * 64_000,
    ],
    ids=lambda text: text[:6],
)
def test_quick_with_anything(text: str) -> None:
    """Test no text makes it slow, and the longest are read to their end."""
    serials = [{"serial": f"TG12-{number}"} for number in range(2_000)]
    document = {
        "message": f"{text} ann@example.com",
        "decoded_alert": text,
        "a": serials,
    }
    began = process_time()
    redacted = _redacted(document)
    assert process_time() - began < 2
    assert redacted["message"].endswith("email1")


def test_deep() -> None:
    """Test what is nested deeper than anything real is cut off, not a crash."""
    document: Any = SERIAL
    for _ in range(900):
        document = {"data": [document]}
    text = json.dumps(_redacted(document))
    assert text.count("data") == 20
    assert SERIAL not in text


@pytest.mark.parametrize(
    "secret",
    ["hunter-ABCDEFGH12", "my.Secret1@home.example!x9", "FRITZ!Box 7590ABCDEF12"],
)
def test_a_secret_in_a_secret(secret: str) -> None:
    """Test a secret of which a part looks like another is replaced as a whole."""
    document = {"password": secret, "message": f"not {secret}!"}
    assert _redacted(document) == {"password": "secret1", "message": "not secret1!"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Kentucky/Louisville"])
def test_time_zones_stay(zone: str) -> None:
    """Test a time zone stays, though a part of it is where somebody lives."""
    place = zone.split("/")[1]
    document = {"timezone": zone, "country": "x", "state": place, "error": place}
    told = {"timezone": zone, "country": "x", "state": "place1", "error": "place1"}
    assert _redacted(document) == told
