"""Tests that every text used exists, and that every text that exists is used."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

import probatio
import pytest

from custom_components.tesla_gateway import (
    binary_sensor_tables,
    config_flow,
    controls,
    coordinator,
    event,
    number,
    select,
    sensor_components,
    sensor_installation,
    sensor_tables,
    switch,
)
from custom_components.tesla_gateway.gateway import (
    CHOOSABLE_MODES,
    GridStatus,
    NetworkKind,
    OperationMode,
    Role,
    SystemActivity,
    UnexploredEndpoint,
    UpdateState,
)
from homeassistant.data_entry_flow import section
from homeassistant.util.yaml import load_yaml_dict

INTEGRATION = Path(event.__file__).parent
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text())
ICONS = json.loads((INTEGRATION / "icons.json").read_text())


def _described(*modules: Any) -> Iterator[Any]:
    """Return the descriptions in all tables of a platform."""
    for module in modules:
        for name, table in vars(module).items():
            if name.endswith("_SENSORS"):
                groups = table.values() if isinstance(table, dict) else [table]
                yield from (description for group in groups for description in group)


DESCRIBED = {
    "sensor": list(_described(sensor_tables, sensor_installation, sensor_components)),
    "binary_sensor": list(_described(binary_sensor_tables)),
    "event": [event.GRID_FAULT_EVENT, event.ALERT_EVENT],
    "number": [*number.OPERATION_NUMBERS],
    "select": [*select.OPERATION_SELECTS],
    "switch": [*switch.ISLANDING_SWITCHES, *switch.SITE_CONTROLLER_SWITCHES],
}


@pytest.mark.parametrize("platform", DESCRIBED)
def test_entities(platform: str) -> None:
    """Test each entity has its name, and each name its entity; icons likewise."""
    descriptions = DESCRIBED[platform]
    names = {each.translation_key for each in descriptions}
    assert names == set(TEXTS["entity"][platform])
    assert set(ICONS["entity"][platform]) <= names
    iconless = {
        each.translation_key for each in descriptions if each.device_class is None
    } - set(ICONS["entity"][platform])
    assert not iconless


@pytest.mark.parametrize("platform", DESCRIBED)
def test_placeholders(platform: str) -> None:
    """Test each name has the placeholders that its entities fill in."""
    for each in DESCRIBED[platform]:
        name = TEXTS["entity"][platform][each.translation_key]["name"]
        used = {field for _, field, _, _ in Formatter().parse(name) if field}
        assert used == set(each.translation_placeholders or {}), each.key


@pytest.mark.parametrize("platform", DESCRIBED)
def test_attributes(platform: str) -> None:
    """Test each attribute has its name."""
    named = {
        key
        for key, texts in TEXTS["entity"][platform].items()
        if "state_attributes" in texts
    }
    with_attributes = {
        each.translation_key
        for each in DESCRIBED[platform]
        if each.attributes_fn or platform == "event"
    }
    assert named == with_attributes


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("active_interface", NetworkKind),
        ("grid_status", GridStatus),
        ("island_state", GridStatus),
        ("operation_mode", OperationMode),
        ("system_activity", SystemActivity),
        ("update_state", UpdateState),
    ],
)
def test_enum_states(key: str, words: Any) -> None:
    """Test each state of an enum has its name."""
    assert set(TEXTS["entity"]["sensor"][key]["state"]) == {
        each.value for each in words
    }


def test_modes() -> None:
    """Test a mode is called the same wherever it stands."""
    told = TEXTS["entity"]["sensor"]["operation_mode"]["state"]
    assert TEXTS["entity"]["select"]["operation_mode"]["state"] == told
    chosen = TEXTS["selector"]["operation_mode"]["options"]
    assert chosen == {mode.value: told[mode.value] for mode in CHOOSABLE_MODES}


def test_issues() -> None:
    """Test each issue has its text: what is refused to each login, a certificate."""
    refused = {f"settings_refused_{role.value}" for role in Role}
    assert set(TEXTS["issues"]) == {"certificate_changed", *refused}


@pytest.mark.parametrize("kind", ["abort", "create_entry", "error"])
def test_flow_texts_are_used(kind: str) -> None:
    """Test each text is used; that those used exist is tested with the flow."""
    source = Path(config_flow.__file__).read_text()
    own = {
        "already_configured",
        "already_in_progress",
        "reauth_successful",
        "reconfigure_successful",
    }  # said by Home Assistant's helpers
    for key in set(TEXTS["config"][kind]) - own:
        assert f'"{key}"' in source


def _fields(schema: probatio.Schema) -> dict[str, dict[str, Any]]:
    """Return the fields of a form as its texts have them, those of sections apart."""
    names = {str(key): value for key, value in schema.schema.items()}
    sections = {name for name, value in names.items() if isinstance(value, section)}
    found = {"": dict.fromkeys(names.keys() - sections)}
    for name in sections:
        found[name] = {str(key): None for key in names[name].schema.schema}
    return found


@pytest.mark.parametrize(
    ("flow", "step", "schema"),
    [
        ("config", "user", config_flow._USER_SCHEMA),
        ("config", "discovery_confirm", config_flow._DISCOVERY_SCHEMA),
        ("config", "reconfigure", config_flow._RECONFIGURE_SCHEMA),
        ("config", "reauth_confirm", config_flow._REAUTH_SCHEMA),
        ("options", "init", config_flow._OPTIONS_SCHEMA),
    ],
)
def test_forms(flow: str, step: str, schema: probatio.Schema) -> None:
    """Test each field of a form has its name and help, and each of them its field."""
    texts = TEXTS[flow]["step"][step]
    by_section = {"": texts, **texts.get("sections", {})}
    fields = _fields(schema)
    assert by_section.keys() == fields.keys()
    for name, told in by_section.items():
        assert told["data"].keys() == told["data_description"].keys()
        assert told["data"].keys() == fields[name].keys()


def test_exceptions() -> None:
    """Test each failure of a refresh or action has its text, and each text its use."""
    names = ("controls.py", "services.py")
    sources = [(INTEGRATION / name).read_text() for name in names]
    said = {
        key
        for source in sources
        for key in re.findall(r'(?:translation_key=|_error\()\s*"(\w+)"', source)
    }
    mapped = {*controls._WRITE_KEYS.values(), *coordinator.TRANSLATION_KEYS.values()}
    assert mapped | said <= set(TEXTS["exceptions"])
    constants = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
    }
    assert set(TEXTS["exceptions"]) <= mapped | constants


def test_services() -> None:
    """Test each action and each of its fields has its texts, and an icon."""
    described = load_yaml_dict(INTEGRATION / "services.yaml")
    assert set(described) == set(TEXTS["services"]) == set(ICONS["services"])
    for name, service in described.items():
        texts = TEXTS["services"][name]
        assert set(service["fields"]) == set(texts["fields"])
        assert all(
            each["name"] and each["description"] for each in texts["fields"].values()
        )
    options = described["request"]["fields"]["endpoint"]["selector"]["select"][
        "options"
    ]
    assert sorted(options) == sorted(each.value for each in UnexploredEndpoint)
    assert set(TEXTS["selector"]["unexplored_endpoint"]["options"]) == set(options)
