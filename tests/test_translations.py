"""Tests that every text used exists, and that every text that exists is used."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.tesla_gateway import (
    binary_sensor,
    config_flow,
    coordinator,
    sensor,
)
from custom_components.tesla_gateway.gateway import GridStatus, OperationMode

INTEGRATION = Path(sensor.__file__).parent
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text())
ICONS = json.loads((INTEGRATION / "icons.json").read_text())


def _described(module: Any) -> Iterator[Any]:
    """Return the descriptions in all tables of a platform."""
    for name, table in vars(module).items():
        if name.endswith("_SENSORS"):
            groups = table.values() if isinstance(table, dict) else [table]
            yield from (description for group in groups for description in group)


@pytest.mark.parametrize(
    ("platform", "module"), [("sensor", sensor), ("binary_sensor", binary_sensor)]
)
def test_entities(platform: str, module: Any) -> None:
    """Test each entity has its name, and each name its entity; icons likewise."""
    descriptions = list(_described(module))
    keys = {description.translation_key for description in descriptions}
    assert all(each.key == each.translation_key for each in descriptions)
    assert keys == set(TEXTS["entity"][platform])
    assert set(ICONS["entity"][platform]) <= keys
    iconless = {
        description.key
        for description in descriptions
        if description.device_class is None
        and description.key not in ICONS["entity"][platform]
    }
    assert not iconless


@pytest.mark.parametrize(
    ("key", "words"), [("grid_status", GridStatus), ("operation_mode", OperationMode)]
)
def test_enum_states(key: str, words: Any) -> None:
    """Test each state of an enum has its name."""
    assert set(TEXTS["entity"]["sensor"][key]["state"]) == {
        each.value for each in words
    }


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
    """Test each failure of a refresh has its text, and each text its failure."""
    assert set(coordinator._TRANSLATION_KEYS.values()) == set(TEXTS["exceptions"])
