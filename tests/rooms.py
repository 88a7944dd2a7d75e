"""The rooms of the house, as tables: which module may import which."""

from typing import Final

PLATFORMS: Final = (
    *("binary_sensor", "button", "event", "number", "select", "sensor", "switch"),
)

CLIENT_ROOMS: Final[dict[str, set[str]]] = {
    "errors": set(),
    "models": set(),
    "scale": set(),
    "address": set(),
    "record": {"errors"},
    "endpoints": {"errors"},
    "components": set(),
    "installation": set(),
    "journal": set(),
    "redaction": set(),
    "fields": {"errors"},
    "parse": {"errors", "fields", "models", "scale"},
    "parse_installation": {"components", "fields", "installation"},
    "parse_inverter": {"components", "errors", "fields"},
    "vitals": {"components", "errors", "fields", "proto"},
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
        "session",
        "transport",
    },
}
"""What each module of the client may import of the client."""

ENTITY_ROOMS: Final = {"const", "coordinator", "entity", "gateway", "helpers"}
ROOMS: Final[dict[str, set[str]]] = {
    "const": set(),
    "coordinator": {"const", "gateway"},
    "entity": {"const", "coordinator", "gateway"},
    "helpers": {"const", "coordinator", "entity", "gateway"},
    "connection": {"const", "gateway"},
    "config_flow": {"connection", "const", "gateway"},
    "diagnostics": {"const", "coordinator", "gateway"},
    "repairs": {"const", "coordinator", "gateway"},
    "services": {"const", "coordinator", "gateway", "helpers"},
    "__init__": {
        "connection",
        "const",
        "coordinator",
        "entity",
        "gateway",
        "repairs",
        "services",
    },
    **dict.fromkeys(PLATFORMS, ENTITY_ROOMS),
}
"""What each module of the integration may import of the integration."""
