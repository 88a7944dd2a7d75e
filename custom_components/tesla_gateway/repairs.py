"""Repairs: what only a person can settle, settled with a click."""

from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .const import CONF_FINGERPRINT, CONF_PINNED_AT, DOMAIN


class CertificateFlow(ConfirmRepairFlow):
    """Pins the certificate that a person has seen, once they take it for right."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show both certificates, and pin the new one when that is confirmed."""
        asked = self.data or {}  # of the issue as it was when the form was opened
        entries = self.hass.config_entries
        entry = entries.async_get_entry(str(asked.get("entry_id")))
        # None is pinned where a person has turned that off meanwhile.
        if user_input is None or entry is None or not entry.data[CONF_FINGERPRINT]:
            return await super().async_step_confirm(user_input)
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        if issue is None or issue.data != asked:
            # Somebody else's, who is gone by now; or there is a newer question.
            return self.async_abort(reason="not_shown_any_more")
        pinned = {
            CONF_FINGERPRINT: asked["fingerprint"],
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
    return CertificateFlow()
