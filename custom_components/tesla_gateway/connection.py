"""The client of a config entry, for set-up and for the config flow."""

from collections.abc import Mapping
from typing import Any

from aiohttp import DummyCookieJar

from homeassistant.const import CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from .const import CONF_FINGERPRINT, CONF_ROLE
from .gateway import Credentials, GatewayClient, GatewayRecord, GatewaySession, Role


def async_client(
    hass: HomeAssistant, data: Mapping[str, Any], record: GatewayRecord
) -> GatewayClient:
    """Return the client that the data of a config entry describe.

    Its cookies are its own and none: Home Assistant's shared session would
    keep the gateway's, which stand for a login.
    """
    session = GatewaySession(
        data[CONF_HOST],
        web=async_create_clientsession(hass, cookie_jar=DummyCookieJar()),
        credentials=Credentials(
            password=data[CONF_PASSWORD],
            role=Role(data[CONF_ROLE]),
            email=data[CONF_EMAIL],
        ),
        fingerprint=bytes.fromhex(data[CONF_FINGERPRINT]),
        record=record,
    )
    return GatewayClient(session)
