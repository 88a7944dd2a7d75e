"""What `docs/protocol.md` says of the code is so, and nothing is left out there.

That its secret list is the one in use is tested with redaction.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
import inspect
from typing import Any, Final

import pytest
import yaml

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
from custom_components.tesla_gateway.gateway import (
    ComponentKind,
    GatewayClient,
    MeterKind,
    components,
    installation,
    models,
    parse_inverter,
    reader,
    unexplored,
    vital_names,
    vitals,
)

from .house_rules import HOUSE, ROOT, read
from .protocol_code import (
    COORDINATORS,
    NOUNS,
    VERBS,
    WHEN_SETTING,
    acting,
    cadence,
    paths_by_file,
    paths_of,
    read_when,
)
from .protocol_page import (
    Entities,
    Entity,
    endpoints,
    entities_in,
    leading,
    listed_in,
    paths_in,
    quoted,
    table,
    written_out,
)


def _on(
    sensor: Iterable[Any] = (), binary: Iterable[Any] = (), **others: Iterable[Any]
) -> Entities:
    """Return the entities that some tables describe, by platform."""
    return sorted(
        Entity(platform, each.key, each.entity_registry_enabled_default)
        for platform, descriptions in {
            "sensor": sensor,
            "binary": binary,
            **others,
        }.items()
        for each in descriptions
    )


ON_GATEWAY: Final[Mapping[str, Entities]] = {
    "/api/status": _on(installed.STATUS_SENSORS),
    "/api/site_info": _on(installed.SITE_SENSORS),
    "/api/system_status/soe": _on(sensors.CHARGE_SENSORS),
    "/api/system_status/grid_status": _on(
        sensors.GRID_SENSORS,
        flags.GRID_BINARY_SENSORS,
        switch=switch.ISLANDING_SWITCHES,
    ),
    "/api/system_status": _on(sensors.SYSTEM_SENSORS),
    "/api/operation": _on(
        sensors.OPERATION_SENSORS,
        select=select.OPERATION_SELECTS,
        number=number.OPERATION_NUMBERS,
    ),
    "/api/sitemaster": _on(
        sensors.SITE_CONTROLLER_SENSORS,
        flags.SITE_CONTROLLER_BINARY_SENSORS,
        switch=switch.SITE_CONTROLLER_SWITCHES,
    ),
    "/api/powerwalls": _on(
        installed.POWERWALLS_SENSORS, flags.POWERWALLS_BINARY_SENSORS
    ),
    "/api/system_status/grid_faults": _on(
        sensors.GRID_FAULT_SENSORS, event=[event.GRID_FAULT_EVENT]
    ),
    "/api/networks": _on(installed.NETWORK_SENSORS, flags.NETWORK_BINARY_SENSORS),
    "/api/system/update/status": _on(
        installed.FIRMWARE_SENSORS, flags.FIRMWARE_BINARY_SENSORS
    ),
    "/api/customer/registration": _on(binary=flags.REGISTRATION_BINARY_SENSORS),
    "/api/generators": _on(installed.GENERATORS_SENSORS),
    "/api/solars": _on(installed.SOLAR_SYSTEM_SENSORS),
    "/api/troubleshooting/problems": _on(installed.PROBLEM_SENSORS),
}
"""By the first path of the row."""
ON_PARTS: Final[Mapping[str, Entities]] = {
    **{f"Gateway, `{kind}`": _on(sensors.METER_SENSORS[kind]) for kind in MeterKind},
    "Powerwall, 4.6": _on(sensors.BATTERY_SENSORS, flags.BATTERY_BINARY_SENSORS),
    "Powerwall, 4.9": _on(installed.POWERWALL_SENSORS, flags.POWERWALL_BINARY_SENSORS),
    "Synchronizer and Backup Switch, 4.9": _on(
        installed.ACCESSORY_SENSORS, flags.ACCESSORY_BINARY_SENSORS
    ),
    **{
        f"Meter at the {place}, 4.13": _on(
            sensors.PHASE_SENSORS[location], flags.PHASE_BINARY_SENSORS[location]
        )
        for location, place in (("site", "grid"), ("solar", "panels"))
    },
    "Generator, 4.17": _on(installed.GENERATOR_SENSORS),
}
ON_COMPONENTS: Final[Mapping[ComponentKind | None, Entities]] = {
    None: _on(sensor_components.ALERT_SENSORS, event=[event.ALERT_EVENT]),
    **{
        kind: _on(
            sensor_components.COMPONENT_SENSORS.get(kind, ()),
            flags.COMPONENT_BINARY_SENSORS.get(kind, ()),
        )
        for kind in ComponentKind
    },
}
"""By what vitals tell of; None for what each of them has."""


def _tables(module: Any) -> Iterator[Any]:
    """Yield all descriptions in the tables of a module."""
    for name, found in vars(module).items():
        if name.endswith(("_SENSORS", "_SELECTS", "_NUMBERS", "_SWITCHES")):
            for group in found.values() if isinstance(found, dict) else [found]:
                yield from group


def _kind(device_type: str) -> ComponentKind | None:
    """Return what a type of device in vitals is, or is part of."""
    if device_type == "all":
        return None
    return vitals._KINDS[vitals._PART_OF.get(device_type, device_type)]


# Both


def test_endpoints() -> None:
    """Test each path that is asked is listed with how often, and no other is."""
    listed = [
        (path, when)
        for endpoint, _, when, *_ in endpoints()
        for path in paths_in(endpoint)
        if when != "never"
    ]
    asked = [*read_when().items(), *((path, WHEN_SETTING) for path in acting())]
    assert sorted(listed) == sorted(asked)
    named = set[str]().union(*paths_by_file().values())
    assert named == {path for path, _ in asked}


def test_what_is_never_asked() -> None:
    """Test the integration does not know the paths that it keeps away from."""
    never = {
        path
        for endpoint, _, when, *_ in endpoints()
        if when == "never"
        for path in paths_in(endpoint)
    }
    assert "/api/logout" in never
    assert not never & set[str]().union(*paths_by_file().values())


def test_what_acts_is_asked_by_verbs_alone() -> None:
    """Test nothing that acts is known to what reads, polls, or makes a download."""
    reads_too = {"/api/operation"}
    acts = acting() - reads_too
    assert len(acts) == 5
    assert [path for path, names in paths_by_file().items() if names & acts] == [VERBS]
    assert acts.isdisjoint(read_when())
    polled = {method for each in COORDINATORS for method in each._reads.values()}
    assert polled <= {*vars(reader.GatewayReader).values()}
    # A noun asks with GET, and knows no other way.
    used = {
        node.attr
        for node in ast.walk(read(NOUNS).tree)
        if isinstance(node, ast.Attribute)
        if ast.unparse(node.value) == "self._session"
    }
    assert "get" in used
    assert used.isdisjoint({"accepts", "act", "change_password", "exchange", "login"})


def test_verbs() -> None:
    """Test each path that acts is listed with the actions that ask it."""
    actions = yaml.safe_load((ROOT / HOUSE / "services.yaml").read_text()).keys()
    asks = {
        verb: paths_of(verb) & acting() for verb in actions & vars(GatewayClient).keys()
    }
    listed: dict[str, set[str]] = {}
    for endpoint, _, when, _, cell in endpoints():
        for each in listed_in(cell) if when == WHEN_SETTING else ():
            listed.setdefault(each.key, set()).update(paths_in(endpoint))
    assert listed == asks


def test_models() -> None:
    """Test each model is listed where it is read, and none that does not exist."""
    exist = {
        name
        for module in (models, installation, components, unexplored)
        for name in vars(module)
    }
    for endpoint, _, when, model, _ in endpoints():
        assert {*quoted(model)} <= exist
        returned = {
            inspect.signature(method).return_annotation
            for each in COORDINATORS
            for part, method in each._reads.items()
            if cadence(each, part) == when
            if paths_of(method.__name__).intersection(paths_in(endpoint))
        }
        names = {getattr(each, "__name__", "") for each in returned}
        assert names & exist <= {*quoted(model)}, endpoint


def test_on_the_gateway() -> None:
    """Test each endpoint has its entities, and each of these its endpoint."""
    listed = {
        paths[0]: entities
        for endpoint, _, _, _, cell in endpoints()
        if (entities := entities_in(cell))
        if (paths := paths_in(endpoint))
    }
    assert listed == ON_GATEWAY


@pytest.mark.parametrize("part", ON_PARTS)
def test_on_parts(part: str) -> None:
    """Test each part has its entities, and each of these its part."""
    listed = {name: entities_in(cell) for name, cell in table("Device, part")}
    assert listed[part] == ON_PARTS[part]
    assert listed.keys() == ON_PARTS.keys()


def test_nothing_is_left_out() -> None:
    """Test what is compared here is all there is."""
    compared = [
        each
        for place in (ON_GATEWAY, ON_PARTS, ON_COMPONENTS)
        for entities in place.values()
        for each in entities
    ]
    described = (
        *_on([d for m in (sensors, installed, sensor_components) for d in _tables(m)]),
        *_on(binary=_tables(flags)),
        *_on(event=[event.GRID_FAULT_EVENT, event.ALERT_EVENT]),
        *_on(select=_tables(select), number=_tables(number), switch=_tables(switch)),
    )
    assert sorted(compared) == sorted(described)


def test_actions() -> None:
    """Test each action is listed with its endpoint."""
    listed = {
        each.key
        for *_, cell in endpoints()
        for each in listed_in(cell)
        if each.platform == "action"
    }
    assert listed == {*yaml.safe_load((ROOT / HOUSE / "services.yaml").read_text())}


def test_unexplored() -> None:
    """Test each endpoint to be tried out is listed with how it is asked."""
    listed = {
        (quoted(name)[0], quoted(path)[0], how)
        for name, path, how, _ in table("Unexplored")
    }
    known = set()
    for endpoint, path in unexplored._PATHS.items():
        serial = "X" if "{serial}" in path else None
        with_data, without = (
            unexplored.request(endpoint, serial=serial, has_data=has_data)[0]
            for has_data in (True, False)
        )
        how = with_data if with_data == without else f"{without}, with data {with_data}"
        known.add((endpoint.value, path, how))
    assert listed == known


def test_vitals() -> None:
    """Test each name in vitals is listed with ours, and no other name is."""
    listed: dict[str, dict[str, str]] = {}
    for types, wire, keys, _, _ in table("Type"):
        if names := leading(wire):
            pairs = dict(zip(names, quoted(keys), strict=True))
            for device_type in quoted(types):
                again = listed.setdefault(device_type, {}).keys() & pairs.keys()
                assert not again
                listed[device_type] |= pairs
    assert listed == {
        kind: {**names} for kind, names in vital_names.NAMES.items() if names
    }


@pytest.mark.parametrize("kind", ON_COMPONENTS)
def test_entities_of_vitals(kind: ComponentKind | None) -> None:
    """Test each reading has its entity, and each entity its reading."""
    listed = {
        Entity(platform, key, is_enabled)
        for types, _, keys, _, platform in table("Type")
        if kind in {_kind(each) for each in quoted(types) or [types]}
        for _, key, is_enabled in listed_in(keys)
    }
    assert sorted(listed) == ON_COMPONENTS[kind]


def test_units() -> None:
    """Test each reading is listed with its unit."""
    units = {
        (kind, each.key): each.native_unit_of_measurement or ""
        for kind, descriptions in (
            (None, sensor_components.ALERT_SENSORS),
            *sensor_components.COMPONENT_SENSORS.items(),
        )
        for each in descriptions
    }
    listed = {
        (_kind(device_type), key): unit
        for types, _, keys, unit, platform in table("Type")
        if platform == "sensor" or unit
        for device_type in quoted(types) or [types]
        for key in quoted(keys)
    }
    assert listed == units


def test_solar_powerwall() -> None:
    """Test each name of the other answer is listed with what vitals call it."""
    listed = {
        wire: key
        for names, keys in table("In the answer")
        if names.startswith("`")
        for wire, key in zip(
            written_out(names.split("`")[1]), quoted(keys), strict=True
        )
    }
    inverter, string, guard = (
        {wire: name for wire, (name, _) in names.items()}
        for names in (parse_inverter._PVAC, parse_inverter._STRING, parse_inverter._PVS)
    )
    known = {
        **{f"pvac_status.{wire}": name for wire, name in inverter.items()},
        **{f"pvs_status.{wire}": name for wire, name in guard.items()},
        **{
            f"pvac_status.string_vitals.{number}.{wire}": f"string_{letter}_{name}"
            for number, letter in parse_inverter._STRINGS.items()
            for wire, name in string.items()
        },
        "power_status_setpoint": "power_setpoint",
    }
    assert listed == known
    named = {name for names in vital_names.NAMES.values() for name in names.values()}
    assert {*listed.values()} <= named


def test_no_trouble() -> None:
    """Test each alert that does not count is listed, with a reason, and no other."""
    rows = table("Alert")
    listed = [code for codes, _ in rows for code in quoted(codes)]
    assert sorted(listed) == sorted(components.NO_TROUBLE)
    assert all(reason for _, reason in rows)
