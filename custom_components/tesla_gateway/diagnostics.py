"""Diagnostics: what the gateway said and how, without what tells whose it is.

The download can be served again by the simulator, so it holds raw answers.
"""

from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .coordinator import GatewayConfigEntry, GatewayCoordinator, GatewayRuntimeData
from .gateway import Endpoints, gateway_report, learned_redactor


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: GatewayConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of a config entry."""
    runtime: GatewayRuntimeData | None = getattr(entry, "runtime_data", None)
    if runtime is not None and entry.state is ConfigEntryState.LOADED:
        await runtime.client.survey()
    about = {
        "settings": dict(entry.data),
        "options": dict(entry.options),
        "coordinators": _coordinators(runtime) if runtime else {},
    }
    endpoints = runtime.client.journal.endpoints if runtime else {}
    # Some ten thousand texts to look through, with ten batteries.
    return await hass.async_add_executor_job(
        partial(_redacted, about, endpoints, _identity(entry))
    )


async def async_scrubbed(
    hass: HomeAssistant, entry: GatewayConfigEntry, document: object
) -> Any:
    """Return something a gateway said, redacted as its diagnostics would be."""
    settings = [dict(entry.data), _identity(entry)]
    endpoints = entry.runtime_data.client.journal.endpoints

    def scrubbed() -> object:
        redactor = learned_redactor([settings, document], endpoints)
        return redactor.scrubbed(document)

    return await hass.async_add_executor_job(scrubbed)


def _identity(entry: GatewayConfigEntry) -> dict[str, Any]:
    """Return what an entry is known by, to be looked for elsewhere."""
    return {"title": entry.title, "unique_id": entry.unique_id}


def _redacted(
    about: dict[str, Any], endpoints: Endpoints, identity: dict[str, Any]
) -> dict[str, Any]:
    """Return it all, redacted consistently."""
    redactor = learned_redactor([about, identity], endpoints)
    scrubbed = {key: redactor.scrubbed(value) for key, value in about.items()}
    return scrubbed | gateway_report(redactor, endpoints)


def _coordinators(runtime: GatewayRuntimeData) -> dict[str, dict[str, Any]]:
    """Return how each coordinator is doing."""
    coordinators: dict[str, GatewayCoordinator[Any]] = {
        "live": runtime.live,
        "state": runtime.state,
        "devices": runtime.devices,
        "info": runtime.info,
    }
    return {
        name: {
            "last_update_success": coordinator.last_update_success,
            "last_error": _name(coordinator.last_exception),
        }
        for name, coordinator in coordinators.items()
    }


def _name(error: BaseException | None) -> str | None:
    """Return what kind of error it is; what it says may hold an address."""
    if error is None:
        return None
    cause = error.__cause__
    return type(cause or error).__name__
