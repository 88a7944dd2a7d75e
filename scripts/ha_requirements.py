"""Print what a real Home Assistant would install for itself, so that it need not.

Home Assistant fetches what an integration requires when it sets it up. A demo that
runs without a network has to have them before. The list comes from Home Assistant's own
resolver, asked about its always-on integrations, those of our demo, and ours.

Usage: the Python of an environment with Home Assistant, from the repository's root:
python scripts/ha_requirements.py INTEGRATION...
"""

import asyncio
import importlib
from pathlib import Path
import pkgutil
import sys
from typing import override

from homeassistant import bootstrap, loader
from homeassistant.auth import mfa_modules
from homeassistant.core import HomeAssistant
from homeassistant.requirements import RequirementsManager


class RequirementsCollector(RequirementsManager):
    """Walks the integrations as set-up does, and notes what it would install."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with nothing."""
        super().__init__(hass)
        self.found: set[str] = set()

    @override
    async def async_process_requirements(
        self, name: str, requirements: list[str], is_built_in: bool
    ) -> None:
        """Note the requirements of one integration."""
        self.found.update(requirements)


def mfa_requirements() -> set[str]:
    """Return what the two-factor modules need: they load before any integration."""
    modules = (
        importlib.import_module(f"{mfa_modules.__name__}.{module.name}")
        for module in pkgutil.iter_modules(mfa_modules.__path__)
    )
    return {name for module in modules for name in getattr(module, "REQUIREMENTS", ())}


async def integration_requirements(domains: set[str]) -> set[str]:
    """Return what these integrations need, with all that they depend on."""
    hass = HomeAssistant(str(Path.cwd()))
    loader.async_setup(hass)
    collector = RequirementsCollector(hass)
    for domain in sorted(domains):
        await collector.async_get_integration_with_requirements(domain)
    await hass.async_stop(force=True)
    return collector.found


def main() -> None:
    """Print one requirement per line."""
    domains = {
        *bootstrap.CORE_INTEGRATIONS,
        *bootstrap.DEFAULT_INTEGRATIONS,
        *sys.argv[1:],
    }
    found = mfa_requirements() | asyncio.run(integration_requirements(domains))
    print(*sorted(found, key=str.lower), sep="\n")


if __name__ == "__main__":
    main()
