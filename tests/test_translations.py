"""Tests that every text used exists, and that every text that exists is used."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

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
    services,
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
    """Test what a gateway refuses has its text for each login, and no other has."""
    assert set(TEXTS["issues"]) == {f"settings_refused_{role.value}" for role in Role}


@pytest.mark.parametrize("kind", ["abort", "create_entry", "error"])
def test_flow_texts_are_used(kind: str) -> None:
    """Test each text is used; that those used exist is tested with the flow."""
    source = Path(config_flow.__file__).read_text()
    own = {
        "already_configured",
        "reauth_successful",
    }  # said by Home Assistant's helpers
    for key in set(TEXTS["config"][kind]) - own:
        assert f'"{key}"' in source


def test_exceptions() -> None:
    """Test each failure of a refresh or action has its text, and each text its use."""
    sources = [Path(module.__file__).read_text() for module in (controls, services)]
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
