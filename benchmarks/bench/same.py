"""Which of our entities shows what one of core's shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import re
from typing import Final

from homeassistant.helpers import entity_registry as er

METERS: Final = {"site": "grid", "load": "home", "solar": "solar", "battery": "battery"}
"""Core's names of the meters, and ours."""
SITE: Final = {
    "sensor.charge": "sensor.state_of_charge",
    "sensor.backup_reserve": "sensor.backup_reserve",
    "sensor.max_charge_power": "sensor.instantaneous_max_charge_power",
    "sensor.max_discharge_power": "sensor.instantaneous_max_discharge_power",
    "sensor.operation_mode": "sensor.operation_mode",
    "sensor.site_import": "sensor.grid_energy_imported",
    "sensor.site_export": "sensor.grid_energy_exported",
    "sensor.load_import": "sensor.home_energy",
    "sensor.load_export": "sensor.home_energy_exported",
    "sensor.solar_import": "sensor.solar_energy_imported",
    "sensor.solar_export": "sensor.solar_energy",
    "sensor.battery_import": "sensor.battery_energy_charged",
    "sensor.battery_export": "sensor.battery_energy_discharged",
    "binary_sensor.running": "binary_sensor.site_controller",
    "binary_sensor.grid_services_active": "binary_sensor.grid_services_active",
    "binary_sensor.grid_status": "binary_sensor.grid_connected",
    "binary_sensor.connected_to_tesla": "binary_sensor.connected_to_tesla",
    "switch.off_grid_operation": "switch.off_grid",
}
"""What is there once. Core's `powerwall_charging` has nothing like it among ours."""
INSTANT: Final = {"power": "power", "frequency": "frequency"} | {
    "current": "current",
    "voltage": "voltage",
}
BATTERY: Final = {
    "battery_capacity": "energy_capacity",
    "battery_instant_voltage": "voltage",
    "instant_frequency": "frequency",
    "instant_power": "power",
    "battery_export": "energy_discharged",
    "battery_import": "energy_charged",
    "battery_remaining": "energy_remaining",
    "grid_state": "grid_state",
}
"""Of each Powerwall. Core's `instant_current` has nothing like it among ours."""


UNTOLD: Final = frozenset(
    {
        "sensor.battery_instant_current",
        "sensor.load_export",
        "sensor.load_instant_frequency",
        "sensor.site_instant_current",
        "sensor.site_instant_frequency",
        "sensor.solar_instant_current",
        "sensor.solar_instant_frequency",
    }
)
"""What the simulated gateway says is 0: core shows that, we do not."""


def _all() -> Iterator[tuple[str, str]]:
    """Yield all pairs, without the serial numbers of Powerwalls."""
    yield from SITE.items()
    for theirs, ours in METERS.items():
        for key, value in INSTANT.items():
            yield f"sensor.{theirs}_instant_{key}", f"sensor.{ours}_{value}"
    for theirs, ours in BATTERY.items():
        yield f"sensor.*_{theirs}", f"sensor.*_{ours}"


@dataclass(frozen=True)
class Common:
    """Pairs of names: platform and key, with a `*` for what names a Powerwall."""

    known: Mapping[str, str]
    """Ours by core's."""

    def name(self, side: str, entity: er.RegistryEntry) -> str:
        """Return what an entity is called here, whichever gateway it is of.

        A unique ID begins with the number of a gateway or of a Powerwall, and core's
        for a Powerwall with both.
        """
        number = r"[\dA-Z]+-\d\d-[A-Z]--TGSIMULATED\d+_"
        key = re.sub(rf"^{number}", "", entity.unique_id)
        unit = re.match(r"(TGSIMULATED\d+)_", key) if side == "core" else None
        if unit or entity.unique_id.startswith("3012170"):
            key = "*_" + key.removeprefix(unit.group() if unit else "")
        return f"{entity.domain}.{key}"

    @property
    def told(self) -> dict[str, str]:
        """Return the pairs that both show at a simulated gateway."""
        return {
            theirs: own for theirs, own in self.known.items() if theirs not in UNTOLD
        }

    def pairs(self, core: set[str], ours: set[str]) -> dict[str, str]:
        """Return the pairs of which both are there."""
        return {
            theirs: own
            for theirs, own in self.known.items()
            if theirs in core and own in ours
        }


COMMON: Final = Common(dict(_all()))
