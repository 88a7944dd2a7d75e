"""Tests that each entity and action has its icon, and each icon its use."""

from collections.abc import Callable, Iterator
from copy import deepcopy
import re
from typing import Any, Final

import pytest

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.icon import async_get_icons

from .texts import ACTIONS, DESCRIBED, ICONS, TEXTS, Texts, flat

ICON: Final = re.compile(r"mdi:[a-z0-9]+(-[a-z0-9]+)*")
ON_AND_OFF: Final = {"on", "off"}
DIRECTIONS: Final = {
    "mdi:battery-arrow-up": {
        *("battery_charge_power.default", "battery_energy_charged.default"),
        *("energy_charged.default", "battery_power.range.-1000000"),
    },
    "mdi:battery-arrow-down": {
        *("battery_discharge_power.default", "battery_energy_discharged.default"),
        *("energy_discharged.default", "battery_power.range.0.001"),
    },
    "mdi:transmission-tower-export": {
        *("grid_import_power.default", "grid_energy_imported.default"),
        "grid_power.range.0.001",
    },
    "mdi:transmission-tower-import": {
        *("grid_export_power.default", "grid_energy_exported.default"),
        "grid_power.range.-1000000",
    },
    "mdi:island": {
        *("grid_status.state.islanded", "grid_status.state.islanded_ready"),
        *("island_state.state.islanded", "island_state.state.islanded_ready"),
        "inverter_state.state.grid_forming",
        "power_inverter_state.state.grid_forming",
    },
}
"""Which way power flows, as from a battery or a tower; and where no grid is.

The tower gives what the home imports.
"""


def wrong(icons: Texts) -> Iterator[str]:
    """Yield what is wrong with the icons."""
    for platform, descriptions in DESCRIBED.items():
        given = icons["entity"][platform]
        by_key: dict[str, list[Any]] = {}
        for each in descriptions:
            by_key.setdefault(each.translation_key, []).append(each)
        for key, alike in by_key.items():
            if key not in given and any(
                each.device_class in {None, "enum"} for each in alike
            ):
                yield f"{platform}.{key} has none"
        if list(given) != sorted(given):
            yield f"{platform} is not sorted"
        for key, icon in given.items():
            slips = _slips(platform, key, icon, by_key.get(key, []))
            yield from (f"{platform}.{key} {slip}" for slip in slips)
    if set(icons["entity"]) != set(DESCRIBED) or set(icons["services"]) != set(ACTIONS):
        yield "other platforms or actions"
    for name, icon in icons["services"].items():
        if set(icon) != {"service"} or not ICON.fullmatch(icon["service"]):
            yield f"{name} has no icon"


def _slips(platform: str, key: str, icon: Texts, used_by: list[Any]) -> Iterator[str]:
    """Yield what is wrong with the icons of one entity."""
    if not used_by:
        yield "is no entity"
    if "default" not in icon or icon.keys() - {"default", "state", "range"}:
        yield "has more or less than a default, states and a range"
    by_state, by_range = icon.get("state", {}), icon.get("range", {})
    shown = [icon.get("default"), *by_state.values(), *by_range.values()]
    if not all(each and ICON.fullmatch(each) for each in shown):
        yield "has an icon that is none"
    if icon.get("default") in by_state.values():
        yield "has a state with the icon of all others"
    two = platform in {"binary_sensor", "switch"}
    named = TEXTS["entity"][platform].get(key, {}).get("state", {})
    if by_state.keys() - (ON_AND_OFF if two else named):
        yield "has a state that there is not"
    numbers = [float(each) for each in by_range]
    measured = all(getattr(each, "state_class", None) for each in used_by)
    if by_range and (by_state or numbers != sorted(numbers) or not measured):
        yield "has a range that is none"


def test_icons() -> None:
    """Test icons are complete, of use, and well-formed."""
    assert list(wrong(ICONS)) == []


def test_directions() -> None:
    """Test what is charged, discharged, taken, given or off the grid looks like it."""
    for icon, meant in DIRECTIONS.items():
        shown = {
            key for key, each in flat(ICONS["entity"]["sensor"]).items() if each == icon
        }
        assert shown == meant


def test_off_grid() -> None:
    """Test what is off the grid looks the same everywhere, and on the way to it not."""
    for platform in ("binary_sensor", "switch"):
        assert ICONS["entity"][platform]["off_grid"]["state"]["on"] == "mdi:island"
    assert ICONS["services"]["go_off_grid"]["service"] == "mdi:island"
    for key in ("grid_status", "island_state"):
        states = ICONS["entity"]["sensor"][key]["state"]
        assert states["transition_to_grid"] != states["transition_to_island"]


async def test_home_assistant_has_them(
    hass: HomeAssistant, entry: GatewayConfigEntry
) -> None:
    """Test Home Assistant hands out the icons as they are."""
    assert entry.entry_id
    for category in ("entity", "services"):
        icons = await async_get_icons(hass, category, {entry.domain})
        assert icons[entry.domain] == ICONS[category]


def _group(icons: Texts, path: str) -> Texts:
    """Return one group of the icons."""
    for key in path.split(".")[:-1]:
        icons = icons[key]
    return icons


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("entity.sensor.operation_mode", lambda _: None),
        ("entity.sensor.grid_code", lambda _: None),
        ("services.set_operation", lambda _: None),
        ("services.surplus", lambda _: {"service": "mdi:tune"}),
        ("services.set_operation.service", lambda _: "hass:tune"),
        ("entity.sensor.surplus", lambda _: {"default": "mdi:tune"}),
        ("entity.button", lambda _: {}),
        ("entity.switch.off_grid.default", lambda _: None),
        ("entity.switch.off_grid.more", lambda _: "mdi:tune"),
        ("entity.switch.off_grid.state.open", lambda _: "mdi:tune"),
        ("entity.switch.off_grid.state.off", lambda _: "mdi:transmission-tower"),
        ("entity.sensor.grid_status.state.somewhere", lambda _: "mdi:tune"),
        ("entity.sensor.grid_status.default", lambda icon: icon.upper()),
        ("entity.sensor.grid_status.default", lambda icon: f"{icon} "),
        ("entity.sensor.grid_status.range", lambda _: {"0": "mdi:tune"}),
        ("entity.sensor.location.range", lambda _: {"0": "mdi:tune"}),
        (
            "entity.sensor.alerts.range",
            lambda icons: dict(reversed(list(icons.items()))),
        ),
        ("entity.sensor.alerts.state", lambda _: {"0": "mdi:tune"}),
    ],
)
def test_would_notice(path: str, change: Callable[[Any], Any]) -> None:
    """Test no icon can go that is needed, and no other can come."""
    icons = deepcopy(ICONS)
    group, key = _group(icons, path), path.rpartition(".")[2]
    group[key] = change(group.get(key))
    if group[key] is None:
        del group[key]
    assert list(wrong(icons))
