"""The kinds of write to a gateway, for the tests of all that can go wrong with one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    GatewayError,
    GridStatus,
    Operation,
    OperationMode,
)
from simulator.server import Simulator
from simulator.site import Site

BACKUP = OperationMode.BACKUP
COMMIT = "GET /api/config/completed"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of write, and how to tell whether it was made."""

    act: Callable[[GatewayClient], Awaitable[object]]
    endpoint: str
    read: str
    """The path where it shows."""
    show: Callable[[GatewayClient], Awaitable[object]]
    """Reads it."""
    done: Callable[[Site], bool]
    undone: Callable[[Any], bool]
    """Whether a model shows it as it was before."""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """Return how it is sent."""
        return self.endpoint.split()[0]

    @property
    def path(self) -> str:
        """Return where it is sent."""
        return self.endpoint.split()[1]


def _is_as_before(told: Operation) -> bool:
    return (told.reported_mode, told.gateway_backup_reserve) == (
        "self_consumption",
        24.0,
    )


KINDS = {
    "operation": Kind(
        act=lambda client: client.set_operation(mode=BACKUP, backup_reserve=30),
        endpoint="POST /api/operation",
        read="/api/operation",
        show=GatewayClient.operation,
        done=lambda site: (site.mode, site.backup_reserve_percent) == ("backup", 33.5),
        undone=_is_as_before,
    ),
    "off grid": Kind(
        act=lambda client: client.go_off_grid(),
        endpoint="POST /api/v2/islanding/mode",
        read="/api/system_status/grid_status",
        show=GatewayClient.grid,
        done=lambda site: site.is_off_grid_wanted,
        undone=lambda grid: grid.status is GridStatus.CONNECTED,
    ),
    "run": Kind(
        act=lambda client: client.run_site_controller(),
        endpoint="GET /api/sitemaster/run",
        read="/api/sitemaster",
        show=GatewayClient.site_controller,
        done=lambda site: site.is_running,
        undone=lambda controller: controller.running is False,
        options={"profile": "stopped"},
    ),
    "stop": Kind(
        act=lambda client: client.stop_site_controller(),
        endpoint="POST /api/sitemaster/stop",
        read="/api/sitemaster",
        show=GatewayClient.site_controller,
        done=lambda site: not site.is_running,
        undone=lambda controller: controller.running is True,
    ),
    "stop by GET": Kind(
        act=lambda client: client.stop_site_controller(),
        endpoint="GET /api/sitemaster/stop",
        read="/api/sitemaster",
        show=GatewayClient.site_controller,
        done=lambda site: not site.is_running,
        undone=lambda controller: controller.running is True,
        options={"profile": "21.13"},
    ),
}


async def refused(kind: Kind, client: GatewayClient) -> GatewayError:
    """Return what a write raises."""
    with pytest.raises(GatewayError) as raised:
        await kind.act(client)
    return raised.value


def taken(gateway: Simulator) -> list[str]:
    """Return what the gateway has done that it was asked to do."""
    return [write.endpoint for write in gateway.stats.writes if write.status < 300]


def all_of(kind: Kind) -> list[str]:
    """Return what the gateway is asked to do for one write."""
    return [kind.endpoint, COMMIT] if kind is KINDS["operation"] else [kind.endpoint]
