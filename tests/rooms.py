"""The rooms of the house, as tables: which module may import which."""

from typing import Final

PLATFORMS: Final = (
    *("binary_sensor", "button", "event", "number", "select", "sensor", "switch"),
)

CLIENT_ROOMS: Final[dict[str, set[str]]] = {
    "errors": set(),
    "models": {"components"},
    "scale": set(),
    "address": set(),
    "record": {"errors"},
    "endpoints": {"errors"},
    "components": set(),
    "installation": {"models"},
    "journal": set(),
    "redaction": {"vocabulary"},
    "vocabulary": set(),
    "unexplored": set(),
    "report": {
        "errors",
        "journal",
        "models",
        "parse",
        "parse_installation",
        "redaction",
        "vital_names",
        "vitals",
    },
    "fields": {"errors"},
    "parse": {"components", "errors", "fields", "models", "scale"},
    "parse_installation": {"components", "fields", "installation", "models"},
    "parse_inverter": {"components", "errors", "fields"},
    "vital_names": {"components", "fields"},
    "vitals": {"components", "errors", "proto", "vital_names"},
    "transport": {"errors"},
    "session": {"endpoints", "errors", "journal", "models", "record", "transport"},
    "client": {
        "components",
        "errors",
        "installation",
        "journal",
        "models",
        "parse",
        "parse_installation",
        "parse_inverter",
        "scale",
        "session",
        "unexplored",
        "vitals",
    },
    "__init__": {
        "address",
        "client",
        "components",
        "errors",
        "installation",
        "journal",
        "models",
        "record",
        "redaction",
        "report",
        "session",
        "transport",
        "unexplored",
    },
}
"""What each module of the client may import of the client."""

ENTITY_ROOMS: Final = {
    "const",
    "coordinator",
    "entity",
    "gateway",
    "helpers",
    "parts",
}
TABLE_ROOMS: Final = {"entity", "gateway"}
ROOMS: Final[dict[str, set[str]]] = {
    "const": set(),
    "coordinator": {"const", "gateway"},
    "devices": {"const", "coordinator", "gateway"},
    "entity": {"const", "coordinator", "gateway"},
    "parts": {"coordinator", "devices", "entity", "gateway"},
    "sensor_types": TABLE_ROOMS,
    "sensor_tables": {*TABLE_ROOMS, "sensor_types"},
    "sensor_installation": {*TABLE_ROOMS, "sensor_types"},
    "sensor_components": {*TABLE_ROOMS, "sensor_types"},
    "binary_sensor_tables": TABLE_ROOMS,
    "helpers": {"const", "coordinator", "entity", "gateway"},
    "connection": {"const", "gateway"},
    "config_flow": {"connection", "const", "gateway"},
    "diagnostics": {"const", "coordinator", "gateway"},
    "repairs": {"const", "coordinator", "gateway"},
    "services": {"const", "coordinator", "diagnostics", "gateway"},
    "__init__": {
        "connection",
        "const",
        "coordinator",
        "devices",
        "gateway",
        "repairs",
        "services",
    },
    **dict.fromkeys(PLATFORMS, ENTITY_ROOMS),
    "sensor": ENTITY_ROOMS
    | {"sensor_components", "sensor_installation", "sensor_tables", "sensor_types"},
    "binary_sensor": ENTITY_ROOMS | {"binary_sensor_tables"},
}
"""What each module of the integration may import of the integration."""
