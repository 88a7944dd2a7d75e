"""Who plays: one simulated gateway, one Home Assistant, one person at a browser."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from playwright.async_api import async_playwright

from e2e.person import Person
from e2e.pictures import Album
from scripts.demo import running_gateway
from scripts.demo_gateway import Gateway
from scripts.demo_home import time_zone_where
from scripts.real_home_assistant import RealHomeAssistant

HOME: Final = "Simulated Home"
"""What the gateway calls its site, and Home Assistant the gateway's device."""
BATTERIES: Final = 2
EVENING: Final = 18
"""The hour at the site when all begins: sun, home, battery and grid have their part."""

COMPLAINTS: Final = (" WARNING ", " ERROR ", " CRITICAL ")
"""In the first line of a record of the log."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everybody, and the event loop that they live in."""

    runner: asyncio.Runner
    gateway: Gateway
    home: RealHomeAssistant
    person: Person

    async def site_becomes(self, **expected: Any) -> None:
        """Wait until the simulated site is so, which it is soon."""
        told: dict[str, Any] = {}
        for _ in range(50):
            told = await self.gateway.control()
            if all(told[name] == value for name, value in expected.items()):
                return
            await self.person.page.wait_for_timeout(200)
        raise AssertionError(f"the site is not {expected} but {told}")

    async def open_device(self, name: str) -> None:
        """Open the page of a device."""
        devices = await self.home.command("config/device_registry/list")
        device = next(each["id"] for each in devices if each["name"] == name)
        await self.person.open(f"/config/devices/device/{device}")
        await self.person.sees("Device info")


@asynccontextmanager
async def everybody(
    folder: Path, album: Album
) -> AsyncGenerator[tuple[Gateway, RealHomeAssistant, Person]]:
    """Start everybody, and stop them in the end.

    Home Assistant is where it is the time of day that it is at the site.
    """
    async with running_gateway([f"--batteries={BATTERIES}"]) as gateway:
        morning, now = await gateway.site_time(), datetime.now(UTC)
        evening = morning.replace(hour=EVENING, minute=now.minute, second=now.second)
        await gateway.control(advance=(evening - morning).total_seconds())
        zone = time_zone_where(evening)
        async with (
            RealHomeAssistant.running(folder, time_zone=zone) as home,
            async_playwright() as playwright,
        ):
            person = await Person.at(
                home.url, playwright, tokens=home.tokens, time_zone=zone, album=album
            )
            yield gateway, home, person


def complaints(log: Sequence[str]) -> list[str]:
    """Return the first lines of what Home Assistant's log complains of."""
    return [line for line in log if any(level in line for level in COMPLAINTS)]
