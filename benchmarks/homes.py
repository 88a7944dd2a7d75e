"""A Home Assistant of its own for each measurement, with one integration in it.

Home Assistant's own test package makes it, and lets nobody leave 127.0.0.1.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
import logging
from typing import Any, Final, cast, override
from unittest.mock import patch

from aiohttp import ThreadedResolver
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import (
    async_test_home_assistant,
    mock_storage,
)
from pytest_socket import enable_socket

from custom_components.tesla_gateway.const import CONF_ADVANCED, CONF_ROLE, DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import CONF_HOST, CONF_IP_ADDRESS, CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.helpers import aiohttp_client, frame, translation
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from simulator.server import DEFAULT_PASSWORD, Simulator
from tests.fault_cases import World
from tests.faulty_home import Home

from . import plugins


@dataclass(frozen=True, kw_only=True)
class Integration:
    """An integration for a gateway, and what a person types to add one."""

    name: str
    domain: str
    logger: str
    typed: Callable[[str], dict[str, Any]]
    """From the gateway's address."""


CORE: Final = Integration(
    name="core",
    domain="powerwall",
    logger="homeassistant.components.powerwall",
    typed=lambda host: {CONF_IP_ADDRESS: host, CONF_PASSWORD: DEFAULT_PASSWORD},
)
OURS: Final = Integration(
    name="ours",
    domain=DOMAIN,
    logger=f"custom_components.{DOMAIN}",
    typed=lambda host: {
        CONF_HOST: host,
        CONF_PASSWORD: DEFAULT_PASSWORD,
        CONF_ADVANCED: {CONF_ROLE: "customer"},
    },
)


class Log(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(record.getMessage() for record in self.records)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.records.append(record)

    def clear(self) -> None:
        """Forget all."""
        self.records.clear()


@contextmanager
def stage() -> Generator[tuple[FrozenDateTimeFactory, Log]]:
    """Hold the clock, keep everybody within this machine, and listen."""
    plugins.pytest_runtest_setup()
    enable_socket()  # to 127.0.0.1 alone, as the line above has set it
    log = Log()
    logging.basicConfig(handlers=[log], level=logging.WARNING, force=True)
    with freeze_time() as clock:
        yield cast("FrozenDateTimeFactory", clock), log


class _Resolver(ThreadedResolver):
    """Knows what the system knows; Home Assistant's own looks around the network."""

    def __init__(self, _hass: HomeAssistant) -> None:
        """Begin."""
        super().__init__()

    async def real_close(self) -> None:
        """Close, as Home Assistant calls it."""
        await self.close()


@asynccontextmanager
async def home_with(
    integration: Integration,
    options: Mapping[str, Any],
    clock: FrozenDateTimeFactory,
    log: Log,
) -> AsyncGenerator[Home]:
    """Run a gateway and a Home Assistant that has it, added as a person does."""
    with (
        mock_storage(),
        patch.object(aiohttp_client, "_async_make_resolver", _Resolver),
        Simulator(**{"profile": "21.44", **options}) as gateway,
        Simulator() as stranger,
    ):
        async with async_test_home_assistant() as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            frame.async_setup(hass)
            await translation.async_load_integrations(hass, {"homeassistant"})
            world = World(gateway=gateway, stranger=stranger, clock=clock)
            entry = await add(hass, integration, gateway)
            yield Home(hass=hass, entry=entry, world=world, log=log)
            gateway.faults.clear()
            await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_stop(force=True)


async def add(
    hass: HomeAssistant, integration: Integration, gateway: Simulator
) -> ConfigEntry:
    """Add a gateway; return the newest entry."""
    flow = await hass.config_entries.flow.async_init(
        integration.domain, context={"source": SOURCE_USER}
    )
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], integration.typed(f"127.0.0.1:{gateway.port}")
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return hass.config_entries.async_entries(integration.domain)[-1]
