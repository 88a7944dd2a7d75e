"""Take the picture of the demo's dashboard that the README shows.

usage, from the repository's root, with Chromium installed:
PYTHONPATH=. .venv-real/bin/python -P -m scripts.screenshot docs/images/dashboard.png

The simulated site is brought to seven in the evening, when all of it is at work.
"""

import asyncio
import json
from pathlib import Path
import shutil
import sys
from tempfile import TemporaryDirectory
from typing import Final

from playwright.async_api import async_playwright

from scripts.demo import running_gateway, running_home
from scripts.demo_home import DASHBOARD, time_zone_where
from scripts.real_home_assistant import RealHomeAssistant

EVENING: Final = 19
"""The hour of the day at the site."""
SIZE: Final = {"width": 1280, "height": 900}
SETTLE: Final = 4000
"""Milliseconds for the cards to fill and their animations to end."""


async def screenshot(target: Path) -> None:
    """Run a demo of its own, and take the picture."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        async with running_gateway([]) as gateway:
            morning = await gateway.site_time()
            evening = morning.replace(hour=EVENING, minute=0)
            await gateway.control(advance=(evening - morning).total_seconds())
            async with running_home(Path(scratch) / "config", gateway) as home:
                await _photograph(home, target, time_zone_where(evening))


async def _photograph(home: RealHomeAssistant, target: Path, time_zone: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = await browser.new_context(
            viewport=SIZE,
            locale="en-US",
            timezone_id=time_zone,
            service_workers="block",
            reduced_motion="reduce",
        )
        login = json.dumps(json.dumps(home.tokens))
        await context.add_init_script(f"localStorage.setItem('hassTokens', {login})")
        page = await context.new_page()
        await page.goto(f"{home.url}/{DASHBOARD}")
        await page.get_by_text("State of charge").wait_for()
        await page.wait_for_timeout(SETTLE)
        await page.screenshot(path=target)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(screenshot(Path(sys.argv[1])))
