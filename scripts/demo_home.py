"""How the demo's home is furnished: the Energy dashboard, and one of its own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from scripts.real_home_assistant import RealHomeAssistant

AS_AT_THE_SITE: Final[Mapping[str, str]] = {
    "language": "en",
    "number_format": "language",
    "time_format": "language",
    "date_format": "language",
    "time_zone": "server",
    "first_weekday": "language",
}
"""How the user sees numbers and times: those of the home, not of the browser."""

DASHBOARD: Final = "demo-powerwall"
"""Its address; Home Assistant wants a hyphen in it."""

KWH: Final[Mapping[str, float]] = {"Wh": 1e-3, "kWh": 1.0}
"""How many kWh one of these is."""

type Entities = Mapping[str, str]
"""Entity ids by key: only what this gateway has."""
type Card = dict[str, Any]


def time_zone_where(time: datetime) -> str:
    """Return a time zone where it is now this time of day, to half an hour.

    Names of this kind have the sign reversed: Etc/GMT-2 is east of Greenwich.
    """
    ahead = (_hour_of_day(time) - _hour_of_day(datetime.now(UTC)) + 12) % 24 - 12
    return f"Etc/GMT{-round(ahead):+d}"


def _hour_of_day(time: datetime) -> float:
    return time.hour + time.minute / 60


async def fill_energy_dashboard(home: RealHomeAssistant, entities: Entities) -> None:
    """Let the Energy dashboard know all that the gateway measures."""
    capacity = await usable_capacity(home, entities)
    sources: list[Card] = [
        {"type": "grid", "name": "Grid", "cost_adjustment_day": 0}
        | _fields(
            entities,
            stat_energy_from="grid_energy_imported",
            stat_energy_to="grid_energy_exported",
            stat_rate="grid_power",
        ),
        {"type": "solar", "name": "Solar"}
        | _fields(entities, stat_energy_from="solar_energy", stat_rate="solar_power"),
        {"type": "battery", "name": "Powerwall"}
        | _fields(
            entities,
            stat_energy_from="battery_energy_discharged",
            stat_energy_to="battery_energy_charged",
            stat_rate="battery_power",
            stat_soc="state_of_charge",
        )
        | capacity,
    ]
    await home.command(
        "energy/save_prefs",
        energy_sources=[each for each in sources if "stat_energy_from" in each],
    )


async def usable_capacity(
    home: RealHomeAssistant, entities: Entities
) -> dict[str, float]:
    """Return what people can use of the batteries, in kWh, where the gateway tells it.

    It keeps 5 % of them to itself.
    """
    full = (await home.states()).get(entities.get("energy_capacity", ""))
    if full is None or full.unit not in KWH:
        return {}
    return {"capacity": round(0.95 * float(full.value) * KWH[full.unit], 1)}


def _fields(entities: Entities, **keys: str) -> dict[str, str]:
    """Return the fields of which this gateway has the entity."""
    return {field: entities[key] for field, key in keys.items() if key in entities}


async def add_dashboard(home: RealHomeAssistant, entities: Entities) -> None:
    """Make a dashboard of the gateway, and have Home Assistant open with it."""
    await home.command(
        "lovelace/dashboards/create",
        url_path=DASHBOARD,
        title="Powerwall",
        icon="mdi:home-battery",
        mode="storage",
        show_in_sidebar=True,
        require_admin=False,
    )
    await home.command(
        "lovelace/config/save", url_path=DASHBOARD, config=_dashboard(entities)
    )
    await home.command(
        "frontend/set_system_data", key="core", value={"default_panel": DASHBOARD}
    )
    await home.command("frontend/set_user_data", key="language", value=AS_AT_THE_SITE)


def _dashboard(entities: Entities) -> Card:
    """Return two columns, without the cards this gateway has nothing for."""
    view = {"title": "Powerwall", "type": "sections", "max_columns": 2}
    sections = [_section(entities, column) for column in COLUMNS]
    return {
        "views": [view | {"sections": [each for each in sections if each["cards"]]}]
    }


def _section(entities: Entities, column: Mapping[str, list[Card]]) -> Card:
    cards: list[Card] = []
    for heading, wanted in column.items():
        filled = [
            card | {"entity": entities[card["entity"]]}
            for card in wanted
            if card["entity"] in entities
        ]
        if filled:
            cards += [{"type": "heading", "heading": heading}, *filled]
    return {"type": "grid", "cards": cards}


def _tile(key: str, name: str, color: str) -> Card:
    return {"type": "tile", "entity": key, "name": name, "color": color}


def _energy(kind: str, key: str, columns: int = 12) -> Card:
    """Return a card of the Energy dashboard, which the entity of this key fills."""
    width = {"grid_options": {"columns": columns}}
    return {"type": f"energy-{kind}", "entity": key} | width


GAUGE: Final[Card] = {
    "type": "gauge",
    "entity": "state_of_charge",
    "name": "State of charge",
    "severity": {"green": 30, "yellow": 15, "red": 0},
}

COLUMNS: Final[Sequence[Mapping[str, list[Card]]]] = (
    {
        "Now": [
            _tile("solar_power", "Solar", "amber"),
            _tile("home_power", "Home", "light-blue"),
            _tile("battery_power", "Battery", "teal"),
            _tile("grid_power", "Grid", "indigo"),
        ],
        "Today": [
            _energy("distribution", "grid_energy_imported"),
            _energy("self-sufficiency-gauge", "grid_energy_imported", 6),
            _energy("solar-consumed-gauge", "solar_energy", 6),
        ],
    },
    {
        "Powerwall": [
            GAUGE,
            _tile("energy_remaining", "Energy left", "teal"),
            _tile("backup_reserve", "Backup reserve", "teal"),
            _tile("grid_status", "Grid", "indigo"),
            _tile("operation_mode", "Mode", "deep-purple"),
            _tile("site_controller", "Site controller", "green"),
            _tile("connected_to_tesla", "Tesla", "green"),
        ],
        "Hour by hour": [_energy("usage-graph", "grid_energy_imported")],
    },
)
"""By heading, with keys in the place of entities."""
