"""A Home Assistant with both integrations in it, polled by hand."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
import gc
import logging
from typing import Any
from unittest.mock import patch

from aiohttp import ThreadedResolver
from pytest_homeassistant_custom_component.common import (
    async_test_home_assistant,
    mock_storage,
)
from pytest_socket import enable_socket

from benchmarks import plugins
from benchmarks.homes import CORE, OURS, Integration
from homeassistant import config_entries, loader
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    aiohttp_client,
    entity_registry as er,
    frame,
    translation,
)

from .remote import Remote
from .same import COMMON


class _Resolver(ThreadedResolver):
    """Knows what the system knows; Home Assistant's own looks around the network."""

    def __init__(self, _hass: HomeAssistant) -> None:
        """Begin."""
        super().__init__()

    async def real_close(self) -> None:
        """Close, as Home Assistant calls it."""
        await self.close()


async def settle() -> None:
    """Wait until every other task has ended."""
    me = asyncio.current_task()
    while others := asyncio.all_tasks() - {me}:
        await asyncio.wait(others)


@asynccontextmanager
async def house() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant that reaches nobody but this machine."""
    plugins.pytest_runtest_setup()
    enable_socket()  # to 127.0.0.1 alone, as the line above has set it
    logging.basicConfig(level=logging.WARNING, force=True)
    # It warns of every custom integration.
    logging.getLogger(loader.__name__).setLevel(logging.ERROR)
    with (
        mock_storage(),
        patch.object(aiohttp_client, "_async_make_resolver", _Resolver),
        # Nobody reloads anything half a minute after entities have been turned on.
        patch.object(config_entries, "RELOAD_AFTER_UPDATE_DELAY", 86400),
    ):
        async with async_test_home_assistant() as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            frame.async_setup(hass)
            await translation.async_load_integrations(hass, {"homeassistant"})
            yield hass
            for entry in hass.config_entries.async_entries():
                await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_stop(force=True)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """An integration that has a gateway."""

    integration: Integration
    hass: HomeAssistant
    entry: ConfigEntry[Any]
    gateway: Remote

    @property
    def name(self) -> str:
        """`core` or `ours`."""
        return self.integration.name

    @property
    def coordinators(self) -> list[Any]:
        """What reads core's data: one, or two that run at once."""
        runtime = self.entry.runtime_data
        if self.integration is CORE:
            return [runtime["coordinator"]]
        return [runtime.live, runtime.state]

    async def refresh(self) -> None:
        """Read everything that core shows, and let it be shown."""
        await asyncio.gather(*(each.async_refresh() for each in self.coordinators))

    async def reload(self) -> None:
        """Load it anew, and all it reads in the background."""
        await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    def entities(self) -> list[er.RegistryEntry]:
        """Return all that are registered."""
        registry = er.async_get(self.hass)
        return er.async_entries_for_config_entry(registry, self.entry.entry_id)

    def shown(self) -> int:
        """Return how many have a state."""
        states = self.hass.states
        return sum(states.get(each.entity_id) is not None for each in self.entities())

    async def enable(self, wanted: Iterable[str] | None = None) -> None:
        """Turn on all entities, or those alone whose platform and key are wanted."""
        registry = er.async_get(self.hass)
        while True:
            changed = False
            for each in self.entities():
                name = COMMON.name(self.name, each)
                on = wanted is None or name in wanted
                if on == (each.disabled_by is None):
                    continue
                by = None if on else er.RegistryEntryDisabler.USER
                registry.async_update_entity(each.entity_id, disabled_by=by)
                changed = True
            if not changed:
                return
            await self.reload()


async def add(
    hass: HomeAssistant, integration: Integration, gateway: Remote, *, polls: bool
) -> Installed:
    """Add a gateway as a person does; without polls it is read only by hand."""
    flow = await hass.config_entries.flow.async_init(
        integration.domain, context={"source": SOURCE_USER}
    )
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], integration.typed(f"127.0.0.1:{gateway.port}")
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = hass.config_entries.async_entries(integration.domain)[-1]
    assert entry.state is ConfigEntryState.LOADED  # noqa: S101  # or all is moot
    installed = Installed(
        integration=integration, hass=hass, entry=entry, gateway=gateway
    )
    if not polls:
        hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
        await installed.reload()
    return installed


@asynccontextmanager
async def pair(gateway: Remote) -> AsyncGenerator[tuple[Installed, Installed]]:
    """Run core's integration and ours side by side, with the same entities."""
    async with house() as hass:
        both = [await add(hass, each, gateway, polls=False) for each in (CORE, OURS)]
        has = [
            {COMMON.name(each.name, entity) for entity in each.entities()}
            for each in both
        ]
        wanted = COMMON.pairs(*has)
        await both[0].enable(wanted.keys())
        await both[1].enable(wanted.values())
        core, ours = both
        gc.collect()
        gc.freeze()
        yield core, ours


def counted(both: Iterable[Installed]) -> dict[str, int]:
    """Return how many entities each integration shows."""
    return {each.name: each.shown() for each in both}
