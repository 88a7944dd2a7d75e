"""How much the hardware behind a lifetime energy moves at most, in watts.

As far as the gateway tells it; None where it does not.
"""

from collections.abc import Callable, Mapping
from typing import Final

from .coordinator import GatewayRuntimeData
from .gateway import ComponentKind, MeterKind

type Limit = Callable[[GatewayRuntimeData], float | None]
"""Returns the most that some hardware moves, in watts; None where it is not known."""


def unlimited(_: GatewayRuntimeData) -> None:
    """Return None: how much it is at most is not known."""


def battery_limit(runtime: GatewayRuntimeData) -> float | None:
    """Return what all batteries together charge or discharge at most."""
    system = runtime.state.data.system
    if system is None:
        return None
    told = (
        system.max_charge_power,
        system.max_discharge_power,
        system.instantaneous_max_charge_power,
        system.instantaneous_max_discharge_power,
    )
    return max((each for each in told if each is not None), default=None)


def solar_limit(runtime: GatewayRuntimeData) -> float | None:
    """Return what all panels together give at most, as the installer described them."""
    solars = runtime.info.data.solars
    powers = [each.power for each in solars.systems] if solars else []
    known = [power for power in powers if power]
    return sum(known) if known and len(known) == len(powers) else None


def site_limit(runtime: GatewayRuntimeData) -> float | None:
    """Return what the site takes or gives at most, where it is limited at all."""
    site = runtime.info.data.site
    return site.max_site_power if site else None


def home_limit(runtime: GatewayRuntimeData) -> float | None:
    """Return what grid, panels and batteries together can give the home."""
    limits = [each(runtime) for each in (site_limit, solar_limit, battery_limit)]
    known = [each for each in limits if each is not None]
    return sum(known) if len(known) == len(limits) else None


METER_LIMITS: Final[Mapping[MeterKind, Limit]] = {
    MeterKind.SITE: site_limit,
    MeterKind.LOAD: home_limit,
    MeterKind.SOLAR: solar_limit,
    MeterKind.BATTERY: battery_limit,
}
COMPONENT_LIMITS: Final[Mapping[ComponentKind, Limit]] = {
    ComponentKind.BATTERY: battery_limit,
    ComponentKind.SOLAR_INVERTER: solar_limit,
}
"""Of one as of all: what one of them moves at most, nobody knows for every kind."""
