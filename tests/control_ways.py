"""The ways to set something, for the tests of all that can go wrong with one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator
from simulator.site import Site

COMMIT = "GET /api/config/completed"
ISLAND_MODE = "POST /api/v2/islanding/mode"
OPERATION = "POST /api/operation"
SITE_CONTROLLER = "1232100-00-E--TGSIMULATED001_site_controller"
"""The unique id of the one control that is off until somebody turns it on."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to set something, and how to tell whether that was done."""

    service: str
    """Of a control, or an action of ours."""
    data: Mapping[str, Any] = field(default_factory=dict)
    control: tuple[str, str]
    """Platform and key of the control that shows it."""
    states: tuple[str, str]
    """What the control shows before and after."""
    sensor: tuple[str, str]
    """Platform and key of what shows the truth, whatever is wanted."""
    told: tuple[str, str]
    """What that shows before and after."""
    not_applied: str
    """The key of what is said where it does not show in time."""
    reported: str
    """Words of that."""
    endpoint: str
    read: str
    """The path where it shows."""
    done: Callable[[Site], bool]

    @property
    def before(self) -> tuple[str, str]:
        """Return what control and sensor show before."""
        return (self.states[0], self.told[0])

    @property
    def after(self) -> tuple[str, str]:
        """Return what control and sensor show after."""
        return (self.states[1], self.told[1])

    @property
    def not_answered(self) -> str:
        """Return the key of what is said where no answer came, and nothing shows."""
        return f"{self.not_applied.rpartition('_')[0]}_answered"

    @property
    def method(self) -> str:
        """Return how it is sent."""
        return self.endpoint.split()[0]

    @property
    def path(self) -> str:
        """Return where it is sent."""
        return self.endpoint.split()[1]

    @property
    def whole(self) -> list[str]:
        """Return all that the gateway is to do for it."""
        is_operation = self.endpoint == OPERATION
        return [self.endpoint, COMMIT] if is_operation else [self.endpoint]


_MODE: dict[str, Any] = {
    "control": ("select", "operation_mode"),
    "states": ("self_consumption", "backup"),
    "sensor": ("sensor", "operation_mode"),
    "told": ("self_consumption", "backup"),
    "not_applied": "operation_not_applied",
    "reported": "mode self_consumption and a backup reserve of 20 %",
    "endpoint": OPERATION,
    "read": "/api/operation",
    "done": lambda site: site.mode == "backup",
}
_OFF_GRID: dict[str, Any] = {
    "control": ("switch", "off_grid"),
    "states": ("off", "on"),
    "sensor": ("sensor", "grid_status"),
    "told": ("connected", "islanded"),
    "not_applied": "island_mode_not_reached",
    "reported": "SystemGridConnected",
    "endpoint": ISLAND_MODE,
    "read": "/api/system_status/grid_status",
    "done": lambda site: site.is_off_grid_wanted,
}
WAYS = {
    "select": Way(service="select.select_option", data={"option": "backup"}, **_MODE),
    "number": Way(
        service="number.set_value",
        data={"value": 30},
        control=("number", "backup_reserve"),
        states=("20", "30"),
        sensor=("sensor", "backup_reserve"),
        told=("20.0", "30.0"),
        not_applied="operation_not_applied",
        reported="mode self_consumption and a backup reserve of 20 %",
        endpoint=OPERATION,
        read="/api/operation",
        done=lambda site: site.backup_reserve_percent == 33.5,
    ),
    "switch": Way(service="switch.turn_on", **_OFF_GRID),
    "site controller": Way(
        service="switch.turn_off",
        control=("switch", "site_controller"),
        states=("on", "off"),
        sensor=("binary_sensor", "site_controller"),
        told=("on", "off"),
        not_applied="site_controller_not_applied",
        reported="as it was",
        endpoint="POST /api/sitemaster/stop",
        read="/api/sitemaster",
        done=lambda site: not site.is_running,
    ),
    "set operation": Way(
        service="tesla_gateway.set_operation",
        data={"mode": "backup", "backup_reserve": 30.5},
        **_MODE,
    ),
    "go off grid": Way(service="tesla_gateway.go_off_grid", **_OFF_GRID),
}
"""Each control, and each action that waits for the end, on firmware that has all."""


def ways(*names: str) -> dict[str, Any]:
    """Return the arguments that parametrize a test by some ways, or by all."""
    chosen = names or tuple(WAYS)
    return {
        "argnames": "way",
        "argvalues": [WAYS[name] for name in chosen],
        "ids": chosen,
    }


def entity_id(hass: HomeAssistant, entry: GatewayConfigEntry, *control: str) -> str:
    """Return the entity of a platform with a key."""
    platform, key = control
    found = er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{entry.unique_id}_{key}"
    )
    assert found is not None, control
    return found


def taken(gateway: Simulator) -> list[str]:
    """Return what the gateway was asked to do, and has done."""
    return [write.endpoint for write in gateway.stats.writes if write.status < 300]


def reversed_way(way: Way) -> Way:
    """Return the way back of a switch."""
    service, is_on = way.service.rsplit("_", 1)
    return replace(way, service=f"{service}_{'off' if is_on == 'on' else 'on'}")
