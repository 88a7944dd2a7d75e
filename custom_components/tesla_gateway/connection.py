"""The client of a config entry, for set-up and for the config flow."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util import dt as dt_util

from .const import CONF_FINGERPRINT, CONF_PINNED_AT, CONF_RECORD, CONF_ROLE
from .coordinator import GatewayConfigEntry
from .gateway import (
    Credentials,
    GatewayClient,
    GatewayRecord,
    GatewaySession,
    Role,
    certificate_fingerprint,
    merge_login,
)

_WITH_CLIENT: Final = (
    ConfigEntryState.SETUP_IN_PROGRESS,
    ConfigEntryState.LOADED,
    ConfigEntryState.UNLOAD_IN_PROGRESS,
)
"""States in which an entry has a client, but for a moment at their ends."""
UNPINNED: Final = {CONF_FINGERPRINT: None, CONF_PINNED_AT: None}
"""What the data of an entry say when an authority has to vouch for the certificate."""


@contextmanager
def brief_session(hass: HomeAssistant) -> Generator[ClientSession]:
    """Return a session for a few requests; it keeps no cookies and leaves nothing."""
    web = async_create_clientsession(
        hass, auto_cleanup=False, cookie_jar=DummyCookieJar()
    )
    try:
        yield web
    finally:
        web.detach()


async def async_pin(host: str, *, web: ClientSession) -> dict[str, str]:
    """Return what the data of an entry say to pin the certificate that is shown now.

    Whoever shows it sees no request.
    """
    fingerprint = await certificate_fingerprint(host, web=web)
    return {
        CONF_FINGERPRINT: fingerprint.hex(),
        CONF_PINNED_AT: dt_util.utcnow().isoformat(),
    }


@callback
def record_of(hass: HomeAssistant, entry: GatewayConfigEntry) -> GatewayRecord:
    """Return the record of an entry's gateway: no second one beside its client's."""
    if entry.state in _WITH_CLIENT and hasattr(entry, "runtime_data"):
        return entry.runtime_data.client.record
    return kept_record(hass, entry)


@callback
def kept_record(hass: HomeAssistant, entry: GatewayConfigEntry) -> GatewayRecord:
    """Return a record that takes up what the entry keeps, and is kept there itself."""

    @callback
    def keep() -> None:
        # A flow may still ask the gateway of an entry that is deleted meanwhile.
        if hass.config_entries.async_get_entry(entry.entry_id):
            data = {**entry.data, CONF_RECORD: record.as_dict()}
            hass.config_entries.async_update_entry(entry, data=data)

    record = GatewayRecord(entry.data.get(CONF_RECORD), on_change=keep)
    if record.is_shortened:
        keep()
    return record


def client_from_entry_data(
    data: Mapping[str, Any], *, web: ClientSession, record: GatewayRecord
) -> GatewayClient:
    """Return the client that the data of a config entry describe."""
    pinned = data[CONF_FINGERPRINT]
    session = GatewaySession(
        data[CONF_HOST],
        web=web,
        credentials=Credentials(
            password=data[CONF_PASSWORD],
            role=Role(data[CONF_ROLE]),
            email=data[CONF_EMAIL],
        ),
        fingerprint=bytes.fromhex(pinned) if pinned else None,
        record=record,
    )
    return GatewayClient(session)


def updates_after_login(
    before: Mapping[str, Any], tried: Mapping[str, Any], *, now: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what to change in an entry's data once a login has worked with others.

    What was not changed for the login is left as the entry has it now: it may have
    been kept there meanwhile.
    """
    record = merge_login(
        tried[CONF_RECORD],
        before=before.get(CONF_RECORD, {}),
        now=now.get(CONF_RECORD, {}),
    )
    updates = {key: each for key, each in tried.items() if each != before.get(key)}
    return updates | {CONF_RECORD: record}


def anonymous_client(data: Mapping[str, Any], *, web: ClientSession) -> GatewayClient:
    """Return a client that has nothing to log in with, to ask what anybody may."""
    nobody = {CONF_PASSWORD: "", CONF_ROLE: Role.CUSTOMER, CONF_EMAIL: ""}
    return client_from_entry_data({**data, **nobody}, web=web, record=GatewayRecord())
