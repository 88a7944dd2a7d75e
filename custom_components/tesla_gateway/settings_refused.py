"""An issue in Repairs: the gateway takes no settings from this login."""

from functools import partial
from typing import Final

from homeassistant.core import callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_ROLE, DOMAIN
from .coordinator import GatewayConfigEntry, GatewayRuntimeData

_UNKNOWN: Final = "unknown"
"""What the issue shows as firmware while that has not been read."""


@callback
def async_create_refusal_issue(
    entry: GatewayConfigEntry, runtime: GatewayRuntimeData
) -> None:
    """Create the issue that this login may not change settings."""
    ir.async_create_issue(
        runtime.live.hass,
        DOMAIN,
        _issue_id(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=f"settings_refused_{entry.data[CONF_ROLE]}",
        translation_placeholders={
            "name": entry.title,
            "firmware": _firmware(runtime) or _UNKNOWN,
        },
    )


@callback
def async_delete_refusal_issue(
    entry: GatewayConfigEntry, runtime: GatewayRuntimeData
) -> None:
    """Delete that issue, if there is one: the gateway took a setting, or may now."""
    ir.async_delete_issue(runtime.live.hass, DOMAIN, _issue_id(entry))


@callback
def async_follow_firmware(entry: GatewayConfigEntry) -> None:
    """Delete the issue when the firmware changes, and when the entry is unloaded.

    One that was created before the firmware was known is created anew with it.
    """
    runtime = entry.runtime_data
    info = runtime.info

    @callback
    def compare() -> None:
        issue = ir.async_get(info.hass).async_get_issue(DOMAIN, _issue_id(entry))
        if issue is None or issue.translation_placeholders is None:
            return
        shown = issue.translation_placeholders["firmware"]
        if _firmware(runtime) in (None, shown):
            return
        if shown == _UNKNOWN:
            async_create_refusal_issue(entry, runtime)
        else:
            async_delete_refusal_issue(entry, runtime)

    entry.async_on_unload(info.async_add_listener(compare))
    entry.async_on_unload(partial(async_delete_refusal_issue, entry, runtime))


def _firmware(runtime: GatewayRuntimeData) -> str | None:
    """Return the version of the firmware; None while it is not known."""
    status = runtime.info.data.status
    return status.firmware if status else None


def _issue_id(entry: GatewayConfigEntry) -> str:
    """Return the id of the one such issue that an entry can have."""
    return f"settings_refused_{entry.entry_id}"
