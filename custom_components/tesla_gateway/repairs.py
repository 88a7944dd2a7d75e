"""Repairs: what only a person can settle, settled with a click."""

from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .certificate import issue_id
from .const import CONF_FINGERPRINT, CONF_PINNED_AT, DOMAIN


class CertificateFlow(ConfirmRepairFlow):
    """Pins the certificate that a person has seen, once they take it for right."""

    def __init__(self, entry_id: str, fingerprint: str) -> None:
        """Initialize the flow with what the issue showed."""
        self._entry_id = entry_id
        self._fingerprint = fingerprint

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show both certificates, and pin the new one when that is confirmed."""
        entries = self.hass.config_entries
        entry = entries.async_get_entry(self._entry_id)
        # None is pinned where a person has turned that off meanwhile.
        if user_input is None or entry is None or not entry.data[CONF_FINGERPRINT]:
            return await super().async_step_confirm(user_input)
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, issue_id(entry))
        shown = issue.data if issue else None
        if shown is None or shown["fingerprint"] != self._fingerprint:
            # Somebody else's, who is gone by now; or there is a newer question.
            return self.async_abort(reason="not_shown_any_more")
        pinned = {
            CONF_FINGERPRINT: self._fingerprint,
            CONF_PINNED_AT: dt_util.utcnow().isoformat(),
        }
        entries.async_update_entry(entry, data={**entry.data, **pinned})
        entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow that settles an issue; a changed certificate is the only one."""
    told = data or {}
    return CertificateFlow(str(told.get("entry_id")), str(told.get("fingerprint")))
