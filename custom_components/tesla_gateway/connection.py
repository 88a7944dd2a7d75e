"""The client of a config entry, for set-up and for the config flow."""

from collections.abc import Mapping
from typing import Any

from aiohttp import ClientSession

from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD

from .const import CONF_FINGERPRINT, CONF_ROLE
from .gateway import Credentials, GatewayClient, GatewayRecord, GatewaySession, Role


def client_of(
    data: Mapping[str, Any], *, web: ClientSession, record: GatewayRecord
) -> GatewayClient:
    """Return the client that the data of a config entry describe."""
    session = GatewaySession(
        data[CONF_HOST],
        web=web,
        credentials=Credentials(
            password=data[CONF_PASSWORD],
            role=Role(data[CONF_ROLE]),
            email=data[CONF_EMAIL],
        ),
        fingerprint=bytes.fromhex(data[CONF_FINGERPRINT]),
        record=record,
    )
    return GatewayClient(session)
