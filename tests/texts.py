"""What the code says in words: the keys of all texts it uses, read off the code."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
import json
from pathlib import Path
from typing import Any, Final

import probatio

from custom_components.tesla_gateway import (
    binary_sensor_tables,
    config_flow,
    config_schemas,
    controls,
    coordinator,
    devices,
    event,
    number,
    select,
    sensor_components,
    sensor_installation,
    sensor_tables,
    switch,
)
from custom_components.tesla_gateway.gateway import OperationMode, Role
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import SelectSelector
from homeassistant.util.yaml import load_yaml_dict

type Texts = dict[str, Any]
type Fields = set[str]
"""Names of placeholders."""
type Keys = dict[str, Fields]
"""Keys of texts, with the placeholders that the code fills in."""

INTEGRATION: Final = Path(event.__file__).parent
TEXTS: Final[Texts] = json.loads((INTEGRATION / "translations" / "en.json").read_text())
ICONS: Final[Texts] = json.loads((INTEGRATION / "icons.json").read_text())
ACTIONS: Final = load_yaml_dict(INTEGRATION / "services.yaml")

FAILURES: Final = (
    "ConfigEntryAuthFailed",
    "HomeAssistantError",
    "ServiceValidationError",
    "UpdateFailed",
)
"""What Home Assistant shows people the texts of."""
FIXABLE_TEXTS: Final = (
    "title",
    "fix_flow.step.confirm.title",
    "fix_flow.step.confirm.description",
)
HELPERS_ABORT: Final = frozenset(
    {
        "already_configured",
        "already_in_progress",
        "reauth_successful",
        "reconfigure_successful",
    }
)
"""What Home Assistant's own helpers end a flow with."""
FREE_WORDS: Final[Mapping[str, str]] = {
    "controller_state": "autonomouscontrol",
    "ct_location": "site solar solar_rgm",
    "disconnect_type": "none downstream_ats",
    "grid_state": "compliant uncompliant qualifying",
    "inverter_output_state": "grid_connected faulted",
    "inverter_state": "grid_following grid_forming off active init faulted",
    "operation_state": "active standby",
    "pack_state": "active",
    "phase_usage": "backup non_backup not_configured",
    "power_inverter_grid_state": "compliant uncompliant qualifying",
    "power_inverter_state": "grid_following grid_forming off",
    "power_limiter": "no_power_limit pod_power_limit",
    "reboot_obstacle": "none power_flow_is_too_high unnamed",
    "self_test_state": "self_test_off",
    "string_safety_state": "active grid_supporting",
    "string_state": "active active_parallel disabled",
}
"""Sensors with the gateway's own words, and those of them that are known."""
ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "binary_sensor.disabled": {"reasons"},
    "event.alert": {"event_type", "name", "code"},
    "event.grid_fault": {
        *("event_type", "name", "code", "is_fault"),
        *("occurred_at", "component", "values"),
    },
    "sensor.alerts": {"alerts"},
    "sensor.disconnect_type": {"possible"},
    "sensor.failed_update_checks": {"steps"},
    "sensor.solar_nameplate_power": {"systems"},
}
"""What an entity has besides its state; that it is so is tested with the entities."""


def _described(*modules: Any) -> Iterator[Any]:
    """Return the descriptions in all tables of a platform."""
    for module in modules:
        for name, table in vars(module).items():
            if name.endswith("_SENSORS"):
                groups = table.values() if isinstance(table, dict) else [table]
                yield from (description for group in groups for description in group)


DESCRIBED: Final[Mapping[str, list[Any]]] = {
    "sensor": list(_described(sensor_tables, sensor_installation, sensor_components)),
    "binary_sensor": list(_described(binary_sensor_tables)),
    "event": [event.GRID_FAULT_EVENT, event.ALERT_EVENT],
    "number": [*number.OPERATION_NUMBERS],
    "select": [*select.OPERATION_SELECTS],
    "switch": [*switch.ISLANDING_SWITCHES, *switch.SITE_CONTROLLER_SWITCHES],
}


def flat(texts: Texts, path: str = "") -> dict[str, str]:
    """Return the texts by their whole keys, `options.step.init.data.pace`."""
    found: dict[str, str] = {}
    for key, value in texts.items():
        if isinstance(value, dict):
            found |= flat(value, f"{path}{key}.")
        else:
            found[f"{path}{key}"] = value
    return found


@cache
def used() -> Keys:
    """Return the keys of all texts that the code uses."""
    keys: Keys = {}
    for part in (_steps, _outcomes, _selectors, _devices, _entities, _states):
        keys |= dict(part())
    return keys | dict(_attributes()) | dict(_failures()) | dict(_issues())


def _steps() -> Iterator[tuple[str, Fields]]:
    """Yield the texts of each form: title, description, fields, and their sections."""
    tree = ast.parse(Path(config_flow.__file__).read_text())
    for call in _calls(tree, "_async_ask"):
        step, schema = call.args[:2]
        assert isinstance(step, ast.Constant)
        assert isinstance(schema, ast.Name)
        path = f"config.step.{step.value!s}"
        placeholders = {each.arg for each in call.keywords if each.arg}
        yield f"{path}.title", set()
        yield f"{path}.description", placeholders
        yield from _form(path, getattr(config_schemas, schema.id))
    yield from _form("options.step.init", config_schemas.OPTIONS_SCHEMA)


def _form(path: str, schema: probatio.Schema) -> Iterator[tuple[str, Fields]]:
    """Yield the texts of the fields of a form."""
    for key, value in schema.schema.items():
        if isinstance(value, section):
            yield f"{path}.sections.{key}.name", set()
            yield from _form(f"{path}.sections.{key}", value.schema)
        else:
            yield f"{path}.data.{key}", set()
            yield f"{path}.data_description.{key}", set()


def _outcomes() -> Iterator[tuple[str, Fields]]:
    """Yield the texts of errors, and of what a flow ends with."""
    tree = ast.parse(Path(config_flow.__file__).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and "title_placeholders" in ast.unparse(node):
            assert isinstance(node.value, ast.Dict)
            yield "config.flow_title", _constants(node.value.keys)
    for node in tree.body:
        flow = "options" if _name(node) == "GatewayOptionsFlow" else "config"
        for key in _errors(node):
            yield f"{flow}.error.{key}", set()
        if _name(node) == "_limits":
            for key in _constants(
                each for each in ast.walk(node) if isinstance(each, ast.Return)
            ):
                yield f"config.create_entry.{key}", {"model", "firmware"}
    for reason in _reasons(tree) | HELPERS_ABORT:
        yield f"config.abort.{reason!s}", set()


def _errors(tree: ast.AST) -> set[str]:
    """Return the errors of forms: what stands by a field or by a kind of failure."""
    return _constants(
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Name) and not isinstance(value, ast.Call)
    )


def _selectors() -> Iterator[tuple[str, Fields]]:
    """Yield the texts of what is chosen from a list, in forms and in actions."""
    selectors = [
        value.config
        for name, schema in vars(config_flow).items()
        if name.endswith("_SCHEMA")
        for value in _leaves(schema)
        if isinstance(value, SelectSelector)
    ]
    selectors += [
        field["selector"]["select"]
        for action in ACTIONS.values()
        for field in action["fields"].values()
        if "select" in field["selector"]
    ]
    for each in selectors:
        for option in each["options"]:
            yield f"selector.{each['translation_key']}.options.{option}", set()


def _leaves(schema: probatio.Schema) -> Iterator[Any]:
    """Yield what the fields of a form are chosen with."""
    for value in schema.schema.values():
        if isinstance(value, section):
            yield from _leaves(value.schema)
        else:
            yield value


def _devices() -> Iterator[tuple[str, Fields]]:
    """Yield the names of devices; those of Powerwalls and gateways are made of data."""
    for name in ("generator", "inverter", *(kind.value for kind in devices._KINDS)):
        yield f"device.{name}.name", {"number"}


def _entities() -> Iterator[tuple[str, Fields]]:
    """Yield the names of entities, and the texts of actions."""
    for platform, descriptions in DESCRIBED.items():
        for each in descriptions:
            placeholders = set(each.translation_placeholders or {})
            yield f"entity.{platform}.{each.translation_key}.name", placeholders
    for name, action in ACTIONS.items():
        for field in ("", *(f"fields.{field}." for field in action["fields"])):
            yield f"services.{name}.{field}name", set()
            yield f"services.{name}.{field}description", set()


def _states() -> Iterator[tuple[str, Fields]]:
    """Yield the states of what is one of some."""
    for each in DESCRIBED["sensor"]:
        if each.device_class is SensorDeviceClass.ENUM:
            for option in each.options:
                yield f"entity.sensor.{each.translation_key}.state.{option}", set()
    for key, words in FREE_WORDS.items():
        for word in words.split():
            yield f"entity.sensor.{key}.state.{word}", set()
    # A mode that nobody may choose is shown all the same.
    for mode in OperationMode:
        yield f"entity.select.operation_mode.state.{mode.value}", set()
    for each in DESCRIBED["event"]:
        path = f"entity.event.{each.translation_key}.state_attributes.event_type.state"
        for event_type in each.event_types:
            yield f"{path}.{event_type}", set()


def _attributes() -> Iterator[tuple[str, Fields]]:
    """Yield the names of attributes; an event's own type has one in Home Assistant."""
    for entity, attributes in ATTRIBUTES.items():
        for attribute in attributes - {"event_type"}:
            yield f"entity.{entity}.state_attributes.{attribute}.name", set()


def _failures() -> Iterator[tuple[str, Fields]]:
    """Yield the texts of failures: of a refresh, of an action, of a control."""
    for key in (*controls._WRITE_KEYS.values(), *coordinator.TRANSLATION_KEYS.values()):
        yield f"exceptions.{key}.message", {"error"}
    for name in ("controls", "coordinator", "services"):
        tree = ast.parse((INTEGRATION / f"{name}.py").read_text())
        for call in _calls(tree, "_error"):
            placeholders = {each.arg for each in call.keywords if each.arg}
            for key in _constants([call.args[0]]):
                yield f"exceptions.{key}.message", placeholders
        for kind in FAILURES:
            for call in _calls(tree, kind):
                given = {each.arg: each.value for each in call.keywords}
                for key in _constants([given["translation_key"]]):
                    yield f"exceptions.{key}.message", _keys(given)


def _keys(given: Mapping[str | None, ast.expr]) -> Fields:
    """Return the placeholders that are filled in where something is raised."""
    filled = given.get("translation_placeholders")
    return _constants(filled.keys) if isinstance(filled, ast.Dict) else set()


def _issues() -> Iterator[tuple[str, Fields]]:
    """Yield the texts of repairs: of those that tell, and those settled by a click."""
    reasons = _reasons(ast.parse((INTEGRATION / "repairs.py").read_text()))
    for name in ("certificate", "settings_refused"):
        tree = ast.parse((INTEGRATION / f"{name}.py").read_text())
        for call in _calls(tree, "async_create_issue"):
            given = {each.arg: each.value for each in call.keywords}
            is_fixable = ast.unparse(given["is_fixable"]) == "True"
            for key in _issue_keys(given["translation_key"]):
                for text in FIXABLE_TEXTS if is_fixable else ("title", "description"):
                    yield f"issues.{key}.{text}", _keys(given)
                for reason in reasons if is_fixable else ():
                    yield f"issues.{key}.fix_flow.abort.{reason}", set()


def _issue_keys(key: ast.expr) -> list[str]:
    """Return the keys of an issue; one that is put together ends with the role."""
    (start,) = _constants([key])
    if isinstance(key, ast.JoinedStr):
        return [f"{start}{role.value}" for role in Role]
    return [start]


def _reasons(tree: ast.AST) -> set[str]:
    """Return what a flow ends with, where that is no success."""
    return _constants(
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "reason"
    )


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Yield the calls of a function or method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == name:
            yield node


def _name(node: ast.AST) -> str | None:
    """Return what a node is called, or calls."""
    for attribute in ("attr", "id", "name"):
        if isinstance(name := getattr(node, attribute, None), str):
            return name
    return None


def _constants(nodes: Iterable[ast.AST | None]) -> set[str]:
    """Return the texts of some nodes, but empty ones."""
    return {
        each.value
        for node in nodes
        if node is not None
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
    }
