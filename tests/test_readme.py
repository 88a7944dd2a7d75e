"""What README and `docs/entities.md` tell a person is so, and nothing is left out."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
import json
from pathlib import Path
import re
from typing import Any, Final, NamedTuple

import pytest

from custom_components.tesla_gateway import (
    binary_sensor_tables as flags,
    event,
    number,
    select,
    sensor_components,
    sensor_installation as installed,
    sensor_tables as sensors,
    switch,
)
from custom_components.tesla_gateway.const import (
    DEVICE_INTERVAL,
    DOMAIN,
    INFO_INTERVAL,
    LIVE_INTERVAL,
    PACES,
    STATE_INTERVAL,
)
from custom_components.tesla_gateway.gateway import ComponentKind

from .house_rules import HOUSE, ROOT
from .protocol_page import quoted, written_out
from .readme_page import ACTIONS, MANIFEST, README, TEXTS, bold, rows, section

ENTITIES: Final = (ROOT / "docs" / "entities.md").read_text()
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ASKED: Final = {
    LIVE_INTERVAL: ("Power", "lifetime energy", "charge", "grid status"),
    STATE_INTERVAL: (
        *("Powerwalls", "mode", "reserve", "site controller", "grid faults"),
        *("strings", "alerts"),
    ),
    DEVICE_INTERVAL: ("Updates", "networks", "problems"),
    INFO_INTERVAL: ("The rest",),
}
"""What README says of who is asked how often."""


class Entity(NamedTuple):
    """What the page tells of an entity."""

    kind: str
    key: str
    name: str
    unit: str
    enabled: str


def _unit(description: Any) -> str:
    """Return the unit that is shown, unless a person chooses another."""
    shown = getattr(description, "suggested_unit_of_measurement", None)
    return shown or getattr(description, "native_unit_of_measurement", None) or ""


def _described(**tables: Iterable[Any]) -> list[Entity]:
    """Return the entities that some tables describe, by platform."""
    return sorted(
        Entity(
            platform.replace("_", " "),
            each.key,
            TEXTS["entity"][platform][each.translation_key]["name"].format(
                **(each.translation_placeholders or {})
            ),
            _unit(each),
            "yes" if each.entity_registry_enabled_default else "no",
        )
        for platform, descriptions in tables.items()
        for each in descriptions
    )


def _component(*kinds: ComponentKind) -> list[Entity]:
    """Return the entities that each of these kinds of component has."""
    each_has = [
        set(
            _described(
                sensor=sensor_components.COMPONENT_SENSORS.get(kind, ()),
                binary_sensor=flags.COMPONENT_BINARY_SENSORS.get(kind, ()),
            )
        )
        for kind in kinds
    ]
    return sorted(set.intersection(*each_has))


def _meter(location: str) -> list[Entity]:
    """Return the entities of a meter, phase by phase."""
    return _described(
        sensor=sensors.PHASE_SENSORS[location],
        binary_sensor=flags.PHASE_BINARY_SENSORS[location],
    )


CONTACTORS: Final = (ComponentKind.SYNCHRONIZER, ComponentKind.BACKUP_SWITCH)
IN_BOTH: Final = _component(*CONTACTORS)
ON_DEVICES: Final[dict[str, list[Entity]]] = {
    "Gateway": [
        *_described(
            sensor=[
                *(each for table in sensors.METER_SENSORS.values() for each in table),
                *sensors.CHARGE_SENSORS,
                *sensors.GRID_SENSORS,
                *sensors.GRID_FAULT_SENSORS,
                *sensors.SYSTEM_SENSORS,
                *sensors.OPERATION_SENSORS,
                *sensors.SITE_CONTROLLER_SENSORS,
                *installed.STATUS_SENSORS,
                *installed.SITE_SENSORS,
                *installed.GENERATORS_SENSORS,
                *installed.SOLAR_SYSTEM_SENSORS,
                *installed.POWERWALLS_SENSORS,
                *installed.FIRMWARE_SENSORS,
                *installed.NETWORK_SENSORS,
                *installed.PROBLEM_SENSORS,
            ],
            binary_sensor=[
                *flags.GRID_BINARY_SENSORS,
                *flags.SITE_CONTROLLER_BINARY_SENSORS,
                *flags.POWERWALLS_BINARY_SENSORS,
                *flags.FIRMWARE_BINARY_SENSORS,
                *flags.NETWORK_BINARY_SENSORS,
                *flags.REGISTRATION_BINARY_SENSORS,
            ],
            event=[event.GRID_FAULT_EVENT],
            number=number.OPERATION_NUMBERS,
            select=select.OPERATION_SELECTS,
            switch=[*switch.ISLANDING_SWITCHES, *switch.SITE_CONTROLLER_SWITCHES],
        ),
        *_component(ComponentKind.GATEWAY),
    ],
    "Powerwall": [
        *_described(
            sensor=[*sensors.BATTERY_SENSORS, *installed.POWERWALL_SENSORS],
            binary_sensor=[
                *flags.BATTERY_BINARY_SENSORS,
                *flags.POWERWALL_BINARY_SENSORS,
            ],
        ),
        *_component(ComponentKind.BATTERY),
    ],
    "Solar inverter": _component(ComponentKind.SOLAR_INVERTER),
    "Synchronizer and Backup Switch": [
        *_described(
            sensor=installed.ACCESSORY_SENSORS,
            binary_sensor=flags.ACCESSORY_BINARY_SENSORS,
        ),
        *IN_BOTH,
    ],
    **{
        title: sorted({*_component(kind)}.difference(IN_BOTH))
        for kind, title in zip(
            CONTACTORS, ("Synchronizer", "Backup Switch"), strict=True
        )
    },
    "Meter at the grid": _meter("site"),
    "Meter at the panels": _meter("solar"),
    "Meter": _component(ComponentKind.METER),
    "Generator": _described(sensor=installed.GENERATOR_SENSORS),
    "Every device that has alerts": _described(
        sensor=sensor_components.ALERT_SENSORS, event=[event.ALERT_EVENT]
    ),
}


def _listed(device: str) -> Iterator[Entity]:
    """Yield what the page lists on a device, written out."""
    for names, kind, keys, unit, enabled, told in rows(section(ENTITIES, device)):
        assert told, names
        for name, key in zip(written_out(names), quoted(keys), strict=True):
            yield Entity(kind, key, name, unit, enabled)


def test_devices() -> None:
    """Test every device has its list of entities, in the order of this file."""
    titles = re.findall(r"^## (.*)$", ENTITIES, re.MULTILINE)
    assert titles == list(ON_DEVICES)
    assert "](docs/entities.md)" in README


@pytest.mark.parametrize("device", ON_DEVICES)
def test_entities(device: str) -> None:
    """Test each entity is listed once: kind, key, name, unit, and whether enabled."""
    assert sorted(_listed(device)) == sorted(ON_DEVICES[device])


def test_all_tables_of_entities_are_looked_at() -> None:
    """Test no table of descriptions is missing above."""
    modules = (flags, installed, sensor_components, sensors)
    keys = {
        (each.key, each.translation_key)
        for module in modules
        for name, table in vars(module).items()
        if name.endswith("_SENSORS")
        for group in (table.values() if isinstance(table, dict) else [table])
        for each in group
    }
    listed = {each.key for entities in ON_DEVICES.values() for each in entities}
    assert {key for key, _ in keys} <= listed


def _options(field: dict[str, Any]) -> list[str]:
    """Return what may be chosen for a field of an action."""
    return list(field["selector"].get("select", {}).get("options", []))


def test_actions() -> None:
    """Test each action is listed with each of its fields and choices, and no other."""
    listed = {
        quoted(action)[0]: sorted(quoted(fields))
        for action, fields, told in rows(section(README, "Actions"))
        if told
    }
    assert listed == {
        f"{DOMAIN}.{action}": sorted(
            word
            for name, field in told["fields"].items()
            for word in (name, *_options(field))
        )
        for action, told in ACTIONS.items()
    }


def test_options() -> None:
    """Test each option is listed with each of its choices, and no other."""
    listed = {
        bold(option)[0]: told
        for option, told in rows(section(README, "Options"), "Option")
    }
    labels = TEXTS["options"]["step"]["init"]["data"]
    assert listed.keys() == {*labels.values()}
    paces = TEXTS["selector"]["pace"]["options"]
    assert {*bold(listed[labels["pace"]])} == {*paces.values()}


def test_fields_to_set_up() -> None:
    """Test each field of the form is listed, those of its section too, and no other."""
    form = TEXTS["config"]["step"]["user"]
    advanced = form["sections"]["advanced"]
    listed = [bold(cell)[0] for cell, _ in rows(section(README, "Set up"), "Field")]
    assert listed == [
        *(form["data"][name] for name in ("host", "password", "email")),
        *(f"{advanced['name']}: {label}" for label in advanced["data"].values()),
    ]


def test_repairs() -> None:
    """Test each notice in Repairs is listed with its title."""
    (listed,) = [
        bold(cells[0])
        for cells in rows(section(README, "Troubleshooting"), "Symptom")
        if "takes no settings" in cells[0]
    ]
    listed += [
        title
        for cells in rows(section(README, "Troubleshooting"), "Symptom")
        if "another certificate" in cells[0]
        for title in bold(cells[0])
    ]
    titles = [issue["title"] for issue in TEXTS["issues"].values()]
    assert sorted(listed) == sorted(
        title.replace("{name}", "...").strip() for title in titles
    )


def test_events() -> None:
    """Test each event is listed with all its types and data, and no other."""
    listed = {
        entity.partition(",")[0]: (quoted(types), sorted({*quoted(data)}))
        for entity, types, data in rows(section(README, "Events"))
    }
    inner = {"grid_fault": {"value", "unit"}, "alert": set()}
    assert listed == {
        TEXTS["entity"]["event"][each.key]["name"]: (
            each.event_types,
            sorted(
                TEXTS["entity"]["event"][each.key]["state_attributes"].keys()
                - {"event_type"}
                | inner[each.key]
            ),
        )
        for each in (event.GRID_FAULT_EVENT, event.ALERT_EVENT)
    }


def test_paces() -> None:
    """Test how often what is asked, at each pace."""
    names = TEXTS["selector"]["pace"]["options"]
    head = "| What | Normal | Gentle | Fast |"
    assert head in README
    order = [
        next(pace for pace in PACES if names[pace] == name.strip())
        for name in head.strip("|").split("|")[1:]
    ]
    units = {"s": 1, "min": 60, "h": 3600}
    listed = [
        (what, [float(cell.split()[0]) * units[cell.split()[1]] for cell in cells])
        for what, *cells in rows(section(README, "How it is updated"), "What")
    ]
    assert listed == [
        (", ".join(asked), [interval.total_seconds() * PACES[pace] for pace in order])
        for interval, asked in ASKED.items()
    ]


@pytest.mark.parametrize(
    "title",
    [
        "What works where",  # docs-supported-devices, and what is not
        "Install",  # docs-installation-instructions
        "Set up",  # docs-installation-parameters
        "Options",  # docs-configuration-parameters
        "What is shown",  # docs-supported-functions
        "Controls",
        "Actions",  # docs-actions
        "Events",
        "How it is updated",  # docs-data-update
        "Energy dashboard",  # docs-use-cases
        "Automations",  # docs-examples
        "Known limits",  # docs-known-limitations
        "Troubleshooting",  # docs-troubleshooting
        "Moving from the Powerwall integration",
        "Diagnostics and privacy",
        "Remove",  # docs-removal-instructions
        "Alternatives",
    ],
)
def test_sections(title: str) -> None:
    """Test what the quality scale wants told is told, where the contents say it is."""
    assert len(section(README, title).strip()) > 100
    contents, _, _ = README.partition(f"\n## {title}\n")
    assert f"](#{_anchor(title)})" in contents


def _anchor(title: str) -> str:
    """Return what a link to a heading ends with, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """Test each link within the repository leads somewhere."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^()\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for link in links:
        if re.match(r"https://", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert anchor in map(_anchor, titles), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures(page: Path) -> None:
    """Test each picture says what is seen on it."""
    text = page.read_text()
    pictures = re.findall(r"!\[([^\]]*)\]\(([^()\s]+)\)", text)
    for tag in re.findall(r"<img [^>]*>", text):
        (image,), (told,) = (
            re.findall(r'src="(.*?)"', tag),
            re.findall(r'alt="(.*?)"', tag),
        )
        if not image.endswith("/icon.svg"):  # it adorns, and shows nothing
            pictures.append((told, image))
    for told, image in pictures:
        assert len(told.split()) >= 5, image


def test_prose() -> None:
    """Test people are told plainly."""
    for text in (README, ENTITIES, json.dumps(TEXTS)):
        assert not re.search(r"\b(e\.g\.|please|successfully)", text, re.IGNORECASE)


def test_rooms() -> None:
    """Test the page on the architecture names each module once, and nothing else."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    for title, folder in (("In `gateway/`", f"{HOUSE}/gateway"), ("Beside it", HOUSE)):
        listed = [name for cells in rows(page, title) for name in quoted(cells[0])]
        rooms = {path.stem for path in (ROOT / folder).glob("*.py")}
        rooms -= {"__init__", "const", "errors"}
        named = [
            room
            for each in listed
            if not each.endswith("/")
            for room in [name for name in rooms if fnmatchcase(name, each)] or [each]
        ]
        assert sorted(named) == sorted(rooms)


def test_controls() -> None:
    """Test each control is listed, and no other."""
    listed = [
        (bold(cell)[0], re.sub(r".*\((\w+).*", r"\1", cell))
        for cell, _ in rows(section(README, "Controls"), "Control")
    ]
    named = [
        (text["name"], platform)
        for platform in ("select", "number", "switch")
        for text in TEXTS["entity"][platform].values()
    ]
    assert listed == named


def test_installation() -> None:
    """Test what is said of the oldest Home Assistant, and where the buttons lead."""
    oldest = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert f"Needs Home Assistant {oldest.removesuffix('.0')} or newer." in README
    owner, repository = MANIFEST["documentation"].split("/")[-2:]
    assert f"`{MANIFEST['documentation']}`" in README
    assert re.findall(r"https://my\.home-assistant\.io/redirect/([^)]+)\)", README) == [
        f"hacs_repository/?{owner=!s}&{repository=!s}&category=integration",
        f"config_flow_start/?domain={MANIFEST['domain']}",
    ]
