"""Switches: what can be turned on and off."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .adder import EntityAdder
from .const import CONF_MODEL
from .controls import async_run_site_controller, async_set_off_grid
from .coordinator import GatewayConfigEntry
from .entity import GatewayControl, GatewayControlDescription, disabled_by_default
from .gateway import GatewayModel, Grid, SiteController
from .parts import gateway_part

# The client makes one write at a time, and a site that is on its way off the grid,
# which may take a minute, can be called back.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class GatewaySwitchDescription[PartT](
    SwitchEntityDescription, GatewayControlDescription[PartT, bool]
):
    """Describes one switch."""


ISLANDING_SWITCHES: Final[tuple[GatewaySwitchDescription[Grid], ...]] = (
    GatewaySwitchDescription(
        key="off_grid",
        translation_key="off_grid",
        value_fn=lambda grid: grid.is_off_grid,
        exists_fn=lambda _: True,
        goal_fn=lambda goals: goals.is_off_grid,
        set_fn=lambda entry, is_on: async_set_off_grid(entry, off_grid=is_on),
    ),
)
SITE_CONTROLLER_SWITCHES: Final[
    tuple[GatewaySwitchDescription[SiteController], ...]
] = disabled_by_default(
    GatewaySwitchDescription(
        key="site_controller",
        translation_key="site_controller",
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda controller: controller.running,
        goal_fn=lambda goals: goals.is_site_controller_running,
        set_fn=lambda entry, is_on: async_run_site_controller(entry, run=is_on),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches this gateway has."""
    adder = EntityAdder(
        entry=entry, platform=Platform.SWITCH, async_add_entities=async_add_entities
    )
    live, state = entry.runtime_data.live, entry.runtime_data.state
    # No Powerwall 3 lets itself be sent off grid this way: a switch would never work.
    if entry.data[CONF_MODEL] != GatewayModel.POWERWALL_3.value:
        grid = gateway_part(live, lambda data: data.grid)
        adder.add(grid, GatewaySwitch, ISLANDING_SWITCHES)
    site_controller = gateway_part(state, lambda data: data.site_controller)
    adder.add(site_controller, GatewaySwitch, SITE_CONTROLLER_SWITCHES)


class GatewaySwitch[PartT](GatewayControl[PartT, bool], SwitchEntity):
    """One thing that is on or off."""

    entity_description: GatewaySwitchDescription[PartT]

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return self.shown_value

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self._async_set(value=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self._async_set(value=False)
