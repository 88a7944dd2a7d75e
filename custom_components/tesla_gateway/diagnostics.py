"""Diagnostics: what the gateway tells, without what identifies its owner."""

from typing import Any, Final

import orjson

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant

from .const import CONF_FINGERPRINT, CONF_RECORD
from .coordinator import GatewayConfigEntry, GatewayCoordinator

_SECRET_SETTINGS: Final = {
    CONF_EMAIL,
    CONF_FINGERPRINT,
    CONF_HOST,
    CONF_PASSWORD,
    CONF_RECORD,
}
_SECRET_VALUES: Final = {"din", "gateway_din", "name", "serial_number"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: GatewayConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of a config entry."""
    diagnostics = {
        "settings": async_redact_data(dict(entry.data), _SECRET_SETTINGS),
        "options": dict(entry.options),
    }
    if entry.state is not ConfigEntryState.LOADED:
        return diagnostics
    runtime = entry.runtime_data
    return diagnostics | {
        "endpoints": runtime.client.outcomes,
        "live": _told(runtime.live),
        "state": _told(runtime.state),
        "devices": _told(runtime.devices),
        "info": _told(runtime.info),
    }


def _told(coordinator: GatewayCoordinator[Any]) -> dict[str, Any]:
    """Return the state and the data of one coordinator."""
    data = orjson.loads(orjson.dumps(coordinator.data, option=orjson.OPT_NON_STR_KEYS))
    if data and data.get("system"):
        # The keys are serial numbers.
        data["system"]["batteries"] = list(data["system"]["batteries"].values())
    return {
        "last_update_success": coordinator.last_update_success,
        "last_error": type(coordinator.last_exception).__name__,
        "data": async_redact_data(data, _SECRET_VALUES),
    }
