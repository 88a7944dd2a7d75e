"""Tests that the integration is what quality_scale.yaml says of it."""

import ast
from collections.abc import Iterator
from datetime import timedelta
import json
from pathlib import Path
import re
import struct
from typing import Any, Final

from awesomeversion import AwesomeVersion
import pytest

from custom_components.tesla_gateway import PLATFORMS, config_flow, const
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant import components
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.loader import async_get_custom_components
from homeassistant.util.yaml import load_yaml_dict

from .house_rules import HOUSE, ROOT, Rule, Source, read, sources
from .quality_rules import QUALITY_RULES, calls, functions

INTEGRATION: Final = ROOT / HOUSE
SCALE: Final[dict[str, Any]] = load_yaml_dict(INTEGRATION / "quality_scale.yaml")[
    "rules"
]
MANIFEST: Final = json.loads((INTEGRATION / "manifest.json").read_text())
README: Final = "test_readme.py::test_sections"
HELD_BY: Final[dict[str, str]] = {
    "action-setup": "test_services.py::test_there_without_a_gateway",
    "appropriate-polling": "test_init.py::test_intervals",
    "brands": "test_quality_scale.py::test_brand",
    "common-modules": "test_quality_scale.py::test_holds",
    "config-flow-test-coverage": "test_config_flow.py::test_no_gateway",
    "config-flow": "test_translations.py::test_keys",
    "dependency-transparency": "test_architecture.py::test_the_client_imports_alone",
    "docs-actions": "test_readme.py::test_actions",
    "docs-high-level-description": "test_readme_words.py::test_description",
    "docs-installation-instructions": README,
    "docs-removal-instructions": README,
    "entity-event-setup": "test_quality_scale.py::test_holds",
    "entity-unique-id": "test_quality_scale.py::test_entities",
    "has-entity-name": "test_quality_scale.py::test_entities",
    "runtime-data": "test_quality_scale.py::test_holds",
    "test-before-configure": "test_config_flow.py::test_no_answer",
    "test-before-setup": "test_init.py::test_why_set_up_fails",
    "unique-config-entry": "test_config_flow.py::test_already_added",
    "action-exceptions": "test_services.py::test_a_read_that_fails",
    "config-entry-unloading": "test_init.py::test_load_and_unload",
    "docs-configuration-parameters": "test_readme.py::test_options",
    "docs-installation-parameters": "test_readme.py::test_fields_to_set_up",
    "entity-unavailable": "test_coordinator.py::test_one_endpoint_fails",
    "integration-owner": "test_quality_scale.py::test_manifest",
    "log-when-unavailable": "test_coordinator.py::test_everything_fails",
    "parallel-updates": "test_quality_scale.py::test_holds",
    "reauthentication-flow": "test_config_flow.py::test_sign_in_again",
    "test-coverage": "test_quality_scale.py::test_coverage_is_measured",
    "devices": "test_devices.py::test_what_is_known",
    "diagnostics": "test_diagnostics.py::test_endpoints",
    "discovery-update-info": "test_moved_gateway.py::test_follows_a_gateway",
    "discovery": "test_discovery.py::test_new_gateway",
    "docs-data-update": README,
    "docs-examples": README,
    "docs-known-limitations": "test_readme_words.py::test_description",
    "docs-supported-devices": README,
    "docs-supported-functions": "test_readme.py::test_entities",
    "docs-troubleshooting": README,
    "docs-use-cases": README,
    "dynamic-devices": "test_coordinator.py::test_battery_comes_and_goes",
    "entity-category": "test_entities.py::test_all_entities",
    "entity-device-class": "test_entities.py::test_all_entities",
    "entity-disabled-by-default": "test_quality_scale.py::test_entities",
    "entity-translations": "test_translations.py::test_keys",
    "exception-translations": "test_translations.py::test_keys",
    "icon-translations": "test_icons.py::test_icons",
    "reconfiguration-flow": "test_reconfigure.py::test_another_address",
    "repair-issues": "test_repairs.py::test_settled_by_a_click",
    "stale-devices": "test_devices.py::test_what_is_not_told_any_more",
    "async-dependency": "test_event_loop.py::test_no_long_piece",
    "inject-websession": "test_quality_scale.py::test_holds",
    "strict-typing": "test_quality_scale.py::test_types_are_checked",
}
"""Of each rule that is done, one test that would fail if it were not."""
BROKEN: Final = {
    f"{name}-{number}": (rule, Source(*example))
    for name, rule in QUALITY_RULES.items()
    for number, example in enumerate(rule.broken_by)
}
MANIFEST_REQUIRED: Final = {
    *("codeowners", "config_flow", "dhcp", "documentation", "domain"),
    *("integration_type", "iot_class", "issue_tracker", "loggers", "name"),
    *("quality_scale", "requirements", "version"),
}


def wrong(scale: dict[str, Any], tier: str | None) -> Iterator[str]:
    """Yield what is wrong with what is said of the rules, and with the tier claimed."""
    core = Path(components.__file__).parent / "peblar" / "quality_scale.yaml"
    rules = load_yaml_dict(core)["rules"]
    if list(scale) != list(rules):
        yield f"other rules, or in another order: {scale.keys() ^ rules.keys()}"
    for rule, said in scale.items():
        told = {"status": said} if isinstance(said, str) else said
        if told["status"] not in {"done", "exempt", "todo"}:
            yield f"{rule} is {told['status']}"
        if told.keys() - {"status", "comment"}:
            yield f"{rule} says more than it may"
        if told["status"] == "exempt" and len(told.get("comment", "")) < 40:
            yield f"{rule} is exempt for no reason"
        if told["status"] == "todo" and tier == "platinum":
            yield f"{rule} is not done"


def test_scale() -> None:
    """Test all 54 rules are accounted for, and the tier is what comes of it."""
    assert len(SCALE) == 54
    assert list(wrong(SCALE, MANIFEST.get("quality_scale"))) == []
    assert MANIFEST["quality_scale"] == "platinum"


@pytest.mark.parametrize(
    "change",
    [
        {"brands": "finished"},
        {"brands": "todo"},
        {"brands": {"status": "exempt"}},
        {"brands": {"status": "exempt", "comment": "Not needed."}},
        {"brands": {"status": "done", "remark": "It has one."}},
        {"docs-pictures": "done"},
    ],
)
def test_would_notice_a_claim(change: dict[str, Any]) -> None:
    """Test no rule can be claimed in such a way."""
    assert list(wrong(SCALE | change, "platinum"))


def test_would_notice_a_rule_that_is_gone() -> None:
    """Test none can be left out."""
    for rule in SCALE:
        assert list(wrong({k: v for k, v in SCALE.items() if k != rule}, "platinum"))


def test_each_rule_is_held_by_a_test() -> None:
    """Test what is done stays done: there is a test of it, where it is said to be."""
    done = {
        rule
        for rule, said in SCALE.items()
        if said == "done" or (isinstance(said, dict) and said["status"] == "done")
    }
    assert done == HELD_BY.keys()
    for place in {*HELD_BY.values()}:
        file, _, name = place.partition("::")
        assert list(functions(read(f"tests/{file}").tree, name)), place


@pytest.mark.parametrize("rule", QUALITY_RULES.values(), ids=QUALITY_RULES)
def test_holds(rule: Rule) -> None:
    """Test every file obeys."""
    concerned = [source for source in sources() if rule.concerns(source)]
    assert concerned
    found = {source.path: rule.check(source) for source in concerned}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(("rule", "source"), BROKEN.values(), ids=BROKEN)
def test_would_notice(rule: Rule, source: Source) -> None:
    """Test each rule finds what breaks it."""
    assert rule.concerns(source)
    assert rule.check(source)


@pytest.mark.parametrize(("name", "size"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_brand(name: str, size: int) -> None:
    """Test the icons are PNG, as large as Home Assistant wants, and transparent."""
    image = (INTEGRATION / "brand" / name).read_bytes()
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    *sizes, _, colors = struct.unpack(">IIBB", image[16:26])
    assert sizes == [size, size]
    assert colors in {3, 6}  # a palette, or colors with transparency


def test_manifest() -> None:
    """Test the manifest has what it needs, in the order that hassfest wants."""
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]
    assert set(keys) == MANIFEST_REQUIRED
    assert MANIFEST["domain"] == const.DOMAIN == INTEGRATION.name
    assert not (Path(components.__file__).parent / const.DOMAIN).exists()
    assert AwesomeVersion(MANIFEST["version"]).valid
    assert all(re.fullmatch(r"@[\w-]+", each) for each in MANIFEST["codeowners"])
    assert MANIFEST["codeowners"]
    assert MANIFEST["issue_tracker"] == f"{MANIFEST['documentation']}/issues"
    assert all(" " not in each for each in MANIFEST["requirements"])
    assert {"registered_devices": True} in MANIFEST["dhcp"]
    hosts = [each["hostname"] for each in MANIFEST["dhcp"] if "hostname" in each]
    assert hosts
    assert hosts == [host.lower() for host in hosts]
    assert MANIFEST["loggers"] == [f"custom_components.{const.DOMAIN}"]


async def test_home_assistant_takes_the_manifest(hass: HomeAssistant) -> None:
    """Test Home Assistant reads it the way it is meant."""
    integration = (await async_get_custom_components(hass))[const.DOMAIN]
    assert integration.version == MANIFEST["version"]
    assert integration.integration_type == "hub"
    assert integration.iot_class == "local_polling"
    assert integration.config_flow


def test_platforms() -> None:
    """Test there is a file for each platform, and a platform for each file."""
    with_entities = {
        source.name
        for source in sources()
        if source.path == f"{HOUSE}/{source.name}.py"
        if "AddConfigEntryEntitiesCallback" in source.text and source.name != "adder"
    }
    assert with_entities == {str(platform) for platform in PLATFORMS}


def test_set_up() -> None:
    """Test set-up reads before it goes on, and whatever is set up can be unloaded."""
    tree = read(f"{HOUSE}/__init__.py").tree
    (set_up,) = functions(tree, "async_setup_entry")
    called = [name for name, _ in calls(set_up)]
    assert "async_config_entry_first_refresh" in called
    assert "async_forward_entry_setups" in called
    assert list(functions(tree, "async_unload_entry"))
    assert list(functions(tree, "async_remove_config_entry_device"))


def test_flow() -> None:
    """Test the flow has all steps, and an entry is known by the gateway's number."""
    flow = config_flow.GatewayConfigFlow
    for step in ("user", "dhcp", "reauth", "reauth_confirm", "reconfigure"):
        assert f"async_step_{step}" in vars(flow)
    tree = read(f"{HOUSE}/config_flow.py").tree
    known_by = {
        ast.unparse(call.args[0])
        for name, call in calls(tree)
        if name == "async_set_unique_id"
    }
    assert known_by == {"identity.din", "found.unique_id"}
    called = {name for name, _ in calls(tree)}
    assert {"_abort_if_unique_id_configured", "_abort_if_unique_id_mismatch"} <= called


def test_polling() -> None:
    """Test no pace asks more often than every five seconds, nor much less."""
    fastest = const.LIVE_INTERVAL * min(const.PACES.values())
    assert timedelta(seconds=5) <= fastest <= const.LIVE_INTERVAL
    intervals = (const.LIVE_INTERVAL, const.STATE_INTERVAL, const.DEVICE_INTERVAL)
    assert sorted(intervals) == list(intervals)


@pytest.mark.parametrize(
    "gateway_options", [{"batteries": 2}, {"scenario": "generator"}, {"profile": "pw3"}]
)
async def test_entities(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Test each has a number of its own, a name and a device, and not all are on."""
    entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
    for entity in entities:
        assert entity.unique_id
        assert const.DOMAIN not in entity.unique_id
        assert entity.domain not in entity.unique_id.lower().split("_")
        assert entity.has_entity_name
        assert entity.translation_key
        assert entity.device_id
        assert device_registry.async_get(entity.device_id)
    assert len({entity.unique_id for entity in entities}) > len(entities) / 2
    off = [entity for entity in entities if entity.disabled_by]
    assert all(each.disabled_by is er.RegistryEntryDisabler.INTEGRATION for each in off)
    assert len(off) > len(entities) / 3


def test_coverage_is_measured() -> None:
    """Test a run of the whole suite fails below what the scale wants."""
    command = (ROOT / "scripts" / "test").read_text()
    assert "coverage report --fail-under=95" in command
    assert "scripts/coverage_gate.py" in command
    gate = read("scripts/coverage_gate.py").text
    assert f"{HOUSE}/config_flow.py" in gate
    assert "config_flow < 100" in gate


def test_types_are_checked() -> None:
    """Test mypy is strict, about all of it, and nothing is left out of its sight."""
    settings = (ROOT / "pyproject.toml").read_text()
    assert "strict = true" in settings
    assert "scripts/lint" in (ROOT / ".ci" / "run").read_text()
    left_out = [
        source.path
        for source in sources()
        if source.path.startswith(HOUSE)
        if "type: ignore" in source.text or "ty: ignore" in source.text
    ]
    assert left_out == []
