"""What is found out about a gateway that shows itself, before a person is asked.

A gateway that nobody knows is sent nothing secret. One that we know is sent its token
at another address only after it has shown its pinned certificate there.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from homeassistant.const import CONF_HOST, CONF_MAC
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

from .connection import (
    anonymous_client,
    async_pin,
    brief_session,
    client_from_entry_data,
    record_of,
)
from .const import CONF_FINGERPRINT
from .coordinator import GatewayConfigEntry
from .gateway import GatewayError, GatewayNameError


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """Something on the network that may be a gateway, as DHCP tells of it."""

    host: str
    mac: str = field(repr=False)
    din: str | None = field(repr=False)
    """The host name, where it looks like one: a Powerwall 2's gateway is called so."""

    @classmethod
    def of(cls, told: DhcpServiceInfo) -> Self:
        """Return what DHCP tells, in our terms."""
        return cls(
            host=f"[{told.ip}]" if told.ip.count(":") > 1 else told.ip,
            mac=dr.format_mac(told.macaddress),
            din=told.hostname.upper() if "--" in told.hostname else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What has been found out about a sighting."""

    unique_id: str = field(repr=False)
    """The DIN; the certificate's fingerprint while a new gateway does not tell it."""
    data: dict[str, Any] = field(default_factory=dict, repr=False)
    """What is known so far of a new one, or of one that has moved."""
    has_moved: bool = False


async def async_look(
    hass: HomeAssistant, sighting: Sighting, entries: Iterable[GatewayConfigEntry]
) -> Found:
    """Find out who was seen; raise GatewayError when nothing there is a gateway."""
    entries = list(entries)
    at_address = next((e for e in entries if e.data[CONF_HOST] == sighting.host), None)
    named = _named(hass, sighting, entries)
    if named and named is at_address:
        return Found(unique_id=str(named.unique_id))
    place = {CONF_HOST: sighting.host, CONF_MAC: sighting.mac}
    with brief_session(hass) as web:
        pin = await async_pin(sighting.host, web=web)
        shown = pin[CONF_FINGERPRINT]
        same = (each for each in entries if each.data[CONF_FINGERPRINT] == shown)
        entry = next(same, None) or named or at_address
        if entry is None:
            din = await anonymous_client({**place, **pin}, web=web).open_din()
            unique_id = din or sighting.din or shown
            return Found(unique_id=unique_id, data={**place, **pin})
    # What a person has turned off is sent nothing, wherever it is.
    is_same = entry.data[CONF_FINGERPRINT] == shown and not entry.disabled_by
    has_moved = is_same and await _async_has_moved(hass, entry, sighting.host)
    return Found(unique_id=str(entry.unique_id), data=place, has_moved=has_moved)


def _named(
    hass: HomeAssistant, sighting: Sighting, entries: Collection[GatewayConfigEntry]
) -> GatewayConfigEntry | None:
    """Return the entry with what was seen as MAC address or DIN: no proof of it yet."""
    registry = dr.async_get(hass)
    connection = (dr.CONNECTION_NETWORK_MAC, sighting.mac)
    for entry in entries:
        if registry.async_get_device_by_connection(connection, entry.entry_id):
            return entry
    return next((each for each in entries if each.unique_id == sighting.din), None)


async def _async_has_moved(
    hass: HomeAssistant, entry: GatewayConfigEntry, host: str
) -> bool:
    """Return whether an entry's gateway answers at another address, and there alone.

    It may have two: on Wi-Fi and on a cable. Nor is a name changed that still leads
    to it, or that nobody knows just now: that tells of the name server.
    """
    record = record_of(hass, entry)
    with brief_session(hass) as web:
        try:
            pin = await async_pin(entry.data[CONF_HOST], web=web)
        except GatewayNameError:
            return False
        except GatewayError:
            pin = {}
        if pin.get(CONF_FINGERPRINT) == entry.data[CONF_FINGERPRINT]:
            return False
        client = client_from_entry_data(
            {**entry.data, CONF_HOST: host}, web=web, record=record
        )
        with suppress(GatewayError), client.poll():
            identity = await client.identity()
            return identity.din == entry.unique_id
    return False
