"""What DHCP tells of gateways, and what becomes of it."""

from typing import Any, Final

from custom_components.tesla_gateway.const import DOMAIN
from homeassistant.config_entries import SOURCE_DHCP, ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from simulator.server import Simulator

from .flow_forms import check_texts

MAC: Final = "00:00:5e:00:53:0b"
"""Of an interface that the gateway itself says nothing of."""
OWN_MAC: Final = "00:00:5e:00:53:0a"
"""What the simulated gateway says of its Wi-Fi."""
STATUS: Final = "GET /api/status"


async def discover(
    hass: HomeAssistant,
    where: Simulator | str,
    *,
    hostname: str = "teslapw_1234",
    mac: str = MAC,
) -> dict[str, Any]:
    """Let DHCP tell of something; the port stands in for the one all gateways have."""
    ip = where if isinstance(where, str) else f"127.0.0.1:{where.port}"
    result: dict[str, Any] = dict(
        await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_DHCP},
            data=DhcpServiceInfo(
                ip=ip, hostname=hostname, macaddress=mac.replace(":", "")
            ),
        )
    )
    check_texts(result)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def aborted(result: dict[str, Any], reason: str = "already_configured") -> bool:
    """Return whether a flow has ended so."""
    return (result["type"], result.get("reason")) == (FlowResultType.ABORT, reason)


def move(gateway: Simulator) -> None:
    """Give the gateway another address."""
    gateway.stop()
    gateway.port = 0
    gateway.start()
    gateway.reset_stats()


def connections(hass: HomeAssistant, entry: ConfigEntry) -> set[tuple[str, str]]:
    """Return by what the home network knows the gateway's device."""
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
    return {each for device in devices for each in device.connections}
