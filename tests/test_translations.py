"""Tests that every text used exists, and that every text that exists is used."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from operator import methodcaller
import re
from string import Formatter
from typing import Any, Final

import pytest

from custom_components.tesla_gateway import services
from custom_components.tesla_gateway.gateway import CHOOSABLE_MODES, UnexploredEndpoint
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import Tick
from .texts import (
    ACTIONS,
    ATTRIBUTES,
    DESCRIBED,
    FREE_WORDS,
    TEXTS,
    Texts,
    flat,
    used,
)

OF_HOME_ASSISTANT: Final = {
    *("attribution", "device_class", "event_types", "friendly_name", "icon", "max"),
    *("min", "mode", "options", "state_class", "step", "unit_of_measurement"),
}
"""Attributes that Home Assistant gives to entities itself."""
SENTENCES: Final = re.compile(
    r"\.(description|message)$|\.fix_flow\.abort\.|^config\.(abort|error|create_entry)|^options\.error"
    r"|\.data_description\."
)
"""Keys of texts that are sentences; all others are names."""
FORBIDDEN: Final = {
    "an address": re.compile(r"https?:|www\."),
    "HTML": re.compile(r"</?\w"),
    "a placeholder in quotes": re.compile(r"['\"]\{\w*\}['\"]"),
    "a blank too many": re.compile(r"^\s|\s$|  | \n"),
    "a phrase": re.compile(
        r"\b(please|success\w*|e\.g\.|i\.e\.|note that)", re.IGNORECASE
    ),
    "three dots": re.compile(r"\.\.\."),
}
PROPER: Final = (
    r"Powerwalls?|Tesla|Home Assistant|Backup Switch|Wi-Fi|CT|DC|ID|OK"
    r"|L[123]|L\{phase\}"
)
LEFT_OUT: Final = {
    r"config\.create_entry\.powerwall_3": {"firmware"},  # it tells none
    r"device\.(backup_switch|solar_inverter|synchronizer)\.name": {"number"},
    # What went wrong is told whole by the text itself.
    r"exceptions\.(authentication_error|certificate_changed|settings_not_told"
    r"|site_controller_stopped|superseded|write_not_supported)\.message": {"error"},
    r"issues\.certificate_changed\..*title": {"pinned", "pinned_at", "shown"},
    r"issues\.settings_refused_\w+\.title": {"firmware"},
}
"""Placeholders that are filled in, and that these texts do without."""
LOWER: Final = re.compile(rf"(?:{PROPER}|\{{\w+\}}|[^A-Z]*)(?: (?:{PROPER}|[^A-Z ]+))*")
"""What may stand behind the first word of a name."""


def wrong_keys(texts: Texts) -> Iterator[str]:
    """Yield which texts there are not, or not in order, and which nobody uses."""
    told, keys = flat(texts), used()
    yield from (f"{key} is missing" for key in keys.keys() - told.keys())
    yield from (f"{key} is not used" for key in told.keys() - keys.keys())
    for platform, entities in texts["entity"].items():
        if list(entities) != sorted(entities):
            yield f"entity.{platform} is not sorted"


def wrong_text(key: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a text."""
    try:
        fields = {field for _, field, _, _ in Formatter().parse(text) if field}
    except ValueError:
        yield "a brace alone"
        return
    if surplus := fields - used().get(key, set()):
        yield f"{surplus}, which nobody fills in"
    if missing := used().get(key, set()) - fields - _left_out(key):
        yield f"no {missing}"
    yield from _slips(key, text)


def _left_out(key: str) -> set[str]:
    """Return the placeholders that a text may do without."""
    found = (LEFT_OUT[each] for each in LEFT_OUT if re.fullmatch(each, key))
    return next(found, set())


def _slips(key: str, text: str) -> Iterator[str]:
    """Yield what a text must not have."""
    if not text:
        yield "nothing"
    for what, pattern in FORBIDDEN.items():
        if pattern.search(text):
            yield what
    first, _, rest = text.partition(" ")
    if SENTENCES.search(key):
        if not text.endswith((".", "?")):
            yield "no end"
    elif text.endswith("."):
        yield "a period behind a name"
    elif key.startswith(("entity.", "selector.")) and not LOWER.fullmatch(rest):
        yield f"capitals behind {first}"
    if first[:1].islower():
        yield "a small letter at the start"


def test_keys() -> None:
    """Test each text is used, and none is missing."""
    assert len(flat(TEXTS)) > 450
    assert list(wrong_keys(TEXTS)) == []


def test_texts() -> None:
    """Test each text is filled in and well-formed."""
    found = {key: list(wrong_text(key, text)) for key, text in flat(TEXTS).items()}
    assert {key: wrong for key, wrong in found.items() if wrong} == {}


def _paths(texts: Texts, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the ways to all groups of texts."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield (*path, key)
            yield from _paths(value, (*path, key))


def _changed(path: tuple[str, ...], change: Callable[[Texts], Any]) -> Texts:
    """Return a copy of the texts with one group changed."""
    texts = group = deepcopy(TEXTS)
    for key in path:
        group = group[key]
    change(group)
    return texts


def test_would_notice_a_key() -> None:
    """Test no text can go, and none can come."""
    for group in _paths(TEXTS):
        assert list(wrong_keys(_changed(group, methodcaller("update", more="A"))))
    for key in flat(TEXTS):
        *path, last = key.split(".")
        assert list(wrong_keys(_changed((*path,), methodcaller("pop", last))))


@pytest.mark.parametrize(
    "spoil",
    [
        "{text} ",
        " {text}",
        "",
        "{text}.",
        "Please. {text}",
        "See https://example.com: {text}",
        "<b>{text}",
        "{{name}} {text} {{",
        "{text} '{{name}}'",
        "{text} {{surplus}}",
        "{text}\n",
    ],
)
def test_would_notice_a_slip(spoil: str) -> None:
    """Test no text can be spoiled in such a way."""
    for key, text in flat(TEXTS).items():
        if spoil != "{text}." or not SENTENCES.search(key):
            assert list(wrong_text(key, spoil.format(text=text))), key


def test_would_notice_what_is_left_out() -> None:
    """Test no text can lose a placeholder, nor may one do without what it has."""
    for key, text in flat(TEXTS).items():
        for field in {field for _, field, _, _ in Formatter().parse(text) if field}:
            assert list(wrong_text(key, text.replace(f"{{{field}}}", "it"))), key
    for pattern, fields in LEFT_OUT.items():
        keys = [key for key in used() if re.fullmatch(pattern, key)]
        assert keys, pattern
        assert all(fields <= used()[key] for key in keys), pattern


@pytest.mark.parametrize(
    "name", ["Grid Power", "Powerwall Is updating", "grid power", "State of Charge"]
)
def test_would_notice_capitals(name: str) -> None:
    """Test names of entities begin with a capital, and have no others."""
    assert list(wrong_text("entity.sensor.power.name", name))


def test_modes() -> None:
    """Test a mode is called the same wherever it stands."""
    told = TEXTS["entity"]["sensor"]["operation_mode"]["state"]
    assert TEXTS["entity"]["select"]["operation_mode"]["state"] == told
    chosen = TEXTS["selector"]["operation_mode"]["options"]
    assert chosen == {mode.value: told[mode.value] for mode in CHOOSABLE_MODES}


def test_grid_states() -> None:
    """Test what two sensors tell alike is called alike."""
    states = {
        key: value.get("state") for key, value in TEXTS["entity"]["sensor"].items()
    }
    assert states["island_state"] == states["grid_status"]
    assert states["power_inverter_grid_state"] == states["grid_state"]


def test_actions() -> None:
    """Test each action takes the fields that it is described with, and no others."""
    schemas = {
        services.SERVICE_CHANGE_PASSWORD: services._PASSWORD_SCHEMA,
        services.SERVICE_GET_GRID_FAULTS: services._READ_SCHEMA,
        services.SERVICE_GET_PROBLEMS: services._READ_SCHEMA,
        services.SERVICE_GO_OFF_GRID: services._ISLAND_SCHEMA,
        services.SERVICE_RECONNECT_TO_GRID: services._ISLAND_SCHEMA,
        services.SERVICE_REQUEST: services._REQUEST_SCHEMA,
        services.SERVICE_SET_OPERATION: services._OPERATION_SCHEMA,
    }
    assert {name: set(action["fields"]) for name, action in ACTIONS.items()} == {
        name: set(map(str, schema.schema)) for name, schema in schemas.items()
    }
    endpoints = ACTIONS["request"]["fields"]["endpoint"]["selector"]["select"]
    assert sorted(endpoints["options"]) == sorted(
        each.value for each in UnexploredEndpoint
    )


def test_free_words() -> None:
    """Test only what says whatever the gateway says has names for some of it."""
    free = {
        each.translation_key
        for each in DESCRIBED["sensor"]
        if each.device_class is each.native_unit_of_measurement is each.state_class
        if each.state_class is None
    }
    assert FREE_WORDS.keys() <= free


@pytest.mark.parametrize(
    ("gateway_options", "shown_too"),
    [
        ({"batteries": 2, "scenario": "disabled_pack"}, {"binary_sensor.disabled"}),
        ({"scenario": "generator"}, {"sensor.disconnect_type"}),
        ({"scenario": "updating"}, {"sensor.failed_update_checks"}),
    ],
)
async def test_what_is_shown(
    hass: HomeAssistant,
    all_entities: list[er.RegistryEntry],
    gateway: Simulator,
    tick: Tick,
    shown_too: set[str],
) -> None:
    """Test each word and each attribute that entities show has its text."""
    await tick(31)  # Home Assistant reloads an entry after entities are turned on
    gateway.control({"grid_faults": [{}], "alerts": {"TEPOD.0": ["POD_w110_SW_EOC"]}})
    await tick(31)
    shown: dict[str, set[str]] = {}
    for entity in all_entities:
        if state := hass.states.get(entity.entity_id):
            key = str(entity.translation_key)
            attributes = {str(each) for each in state.attributes} - OF_HOME_ASSISTANT
            if attributes:
                shown.setdefault(f"{entity.domain}.{key}", set()).update(attributes)
            if entity.domain == "sensor" and key in FREE_WORDS:
                words = {*FREE_WORDS[key].split(), STATE_UNKNOWN}
                assert state.state in words, key
    assert shown == {key: ATTRIBUTES[key] for key in shown}
    assert shown.keys() >= shown_too | {"event.alert", "event.grid_fault"}
