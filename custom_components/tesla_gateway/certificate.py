"""A certificate that is not the pinned one: asked about until that is settled."""

from typing import TYPE_CHECKING

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from .const import CONF_PINNED_AT, DOMAIN
from .gateway import GatewayCertificateError

if TYPE_CHECKING:
    from .coordinator import GatewayConfigEntry  # which imports this module


@callback
def async_certificate_changed(
    hass: HomeAssistant, entry: GatewayConfigEntry, error: GatewayCertificateError
) -> None:
    """Ask a person whether the certificate that is shown now is the gateway's."""
    told_at = entry.data.get(CONF_PINNED_AT)
    pinned_at = dt_util.parse_datetime(told_at) if told_at else entry.created_at
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry),
        data={"entry_id": entry.entry_id, "fingerprint": error.shown.hex()},
        is_fixable=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="certificate_changed",
        translation_placeholders={
            "name": entry.title,
            "pinned": _readable(error.pinned),
            "shown": _readable(error.shown),
            "pinned_at": f"{dt_util.as_local(pinned_at or entry.created_at):%Y-%m-%d}",
        },
    )


@callback
def async_certificate_settled(hass: HomeAssistant, entry: GatewayConfigEntry) -> None:
    """Ask no more: the pinned certificate is shown again."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


@callback
def async_settle_what_is_gone(hass: HomeAssistant) -> None:
    """Ask no more either about a gateway that is disabled or deleted, from now on.

    Home Assistant tells an entry so only while it is loaded.
    """

    @callback
    def settle(change: ConfigEntryChange, entry: GatewayConfigEntry) -> None:
        is_gone = entry.disabled_by or change is ConfigEntryChange.REMOVED
        if entry.domain == DOMAIN and is_gone:
            async_certificate_settled(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, settle)


def _issue_id(entry: GatewayConfigEntry) -> str:
    """Return the id of the one issue there is about a gateway's certificate."""
    return f"certificate_changed_{entry.entry_id}"


def _readable(fingerprint: bytes) -> str:
    """Return a fingerprint as browsers show it, to be compared by eye."""
    return fingerprint.hex(":").upper()
