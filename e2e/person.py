"""A person at the browser: what they click, type and read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
import math
import re
import shutil
from typing import Any, Final

from playwright.async_api import Locator, Page, Playwright, Request, WebSocket, expect

from e2e.pictures import Album

BROWSERS: Final = ("google-chrome", "chromium", "chromium-browser")
"""As `scripts/setup browser` looks for them; the last may be there and not run."""
BROWSER_ARGUMENTS: Final = (
    "--no-sandbox",  # root has none
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
SIZE: Final = {"width": 1280, "height": 900}
TALL: Final = {"width": 1280, "height": 1620}
"""For what would scroll."""

PATIENCE: Final = 15_000
"""Milliseconds for the page to show what it should, where nothing else is said."""
SETTLE: Final = 700
"""Milliseconds for what moves to stand still; a picture shows no more than that."""
MARGIN: Final = 12
"""Pixels around what is cut out of the page."""

ROWS: Final = (
    "hui-sensor-entity-row, hui-simple-entity-row, hui-toggle-entity-row,"
    " hui-number-entity-row, hui-select-entity-row"
)
"""The rows of a device's page, each with a name and a state or a control."""

UNTRANSLATED: Final = re.compile(r"MISSING_VALUE|Translation \[|Translation error")


type Area = tuple[float, float, float, float]
"""Of the page, in pixels: how far from the left and the top, how wide and high."""
CLIP: Final = ("x", "y", "width", "height")


@dataclass(kw_only=True)
class Person:
    """Somebody who is logged in, with one page open."""

    url: str
    page: Page
    album: Album
    strangers: list[str] = field(default_factory=list)
    """What the page wanted from elsewhere, and did not get."""
    errors: list[str] = field(default_factory=list)
    """What the page's own code failed with."""

    @classmethod
    async def at(
        cls,
        url: str,
        playwright: Playwright,
        *,
        tokens: Mapping[str, Any],
        time_zone: str,
        album: Album,
    ) -> Person:
        """Open a browser that reaches this address and no other."""
        browser = await playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS))),
            args=BROWSER_ARGUMENTS,
        )
        context = await browser.new_context(
            viewport=SIZE,
            locale="en-US",
            timezone_id=time_zone,
            service_workers="block",
            reduced_motion="reduce",
        )
        login = json.dumps(json.dumps(tokens))
        await context.add_init_script(f"localStorage.setItem('hassTokens', {login})")
        await context.add_init_script(
            "localStorage.setItem('dockedSidebar', '\"auto\"')"
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        person = cls(url=url, page=await context.new_page(), album=album)
        await context.route(
            re.compile(rf"^(?!{re.escape(url)}/|data:|blob:)"),
            lambda route: route.abort(),
        )
        person.page.on("request", person._note_request)
        person.page.on("websocket", person._note_websocket)
        person.page.on("pageerror", lambda error: person.errors.append(str(error)))
        return person

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.strangers.append(request.url)

    def _note_websocket(self, socket: WebSocket) -> None:
        if not socket.url.startswith(f"{self.url.replace('http', 'ws', 1)}/"):
            self.strangers.append(socket.url)

    async def open(self, path: str) -> None:
        """Go to a page by its address."""
        await self.page.goto(f"{self.url}{path}")

    async def click(self, name: str, *, role: Any = "button") -> None:
        """Click what is named so, or begins so."""
        await self.named(name, role).click()

    def named(self, name: str, role: Any = "button") -> Locator:
        """Return what has this role and a name that begins so."""
        pattern = re.compile(rf"^\s*{re.escape(name)}")
        return self.page.get_by_role(role, name=pattern).first

    async def type(self, name: str, text: str) -> None:
        """Type into the field named so."""
        await self.named(name, "textbox").fill(text)

    async def choose(self, name: str, option: str) -> None:
        """Choose something from a list."""
        await self.click(name)
        await self.click(option, role="menuitem")
        await expect(self.named(name)).to_contain_text(option)

    async def close(self, button: str) -> None:
        """Close the dialog, and wait until it is gone: it goes back in history then."""
        await self.page.get_by_role("button", name=button, exact=True).last.click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def sees(self, text: str, *, seconds: float = PATIENCE / 1000) -> None:
        """Wait until the page says this."""
        where = self.page.get_by_text(text).filter(visible=True).first
        await expect(where).to_be_visible(timeout=1000 * seconds)

    def row(self, name: str) -> Locator:
        """Return the row of an entity on its device's page."""
        label = self.page.get_by_text(name, exact=True)
        return self.page.locator(ROWS).filter(has=label).first

    async def sees_state(self, name: str, state: str, *, seconds: float = 15) -> None:
        """Wait until an entity's row shows a state, given as a regular expression.

        In the text of a row, its state comes before its name.
        """
        where = self.row(name).get_by_text(re.compile(rf"^\s*{state}\s")).last
        await expect(where).to_be_visible(timeout=1000 * seconds)

    async def photograph(self, name: str, *, down_to: Locator | None = None) -> None:
        """Keep a picture of the page, or of its upper part down to the end of this."""
        if down_to is None:
            await self._keep(name)
            return
        await self.page.set_viewport_size(TALL)
        _, top, _, height = await self._place(down_to)
        await self._keep(name, (0, 0, TALL["width"], top + height + MARGIN))
        await self.page.set_viewport_size(SIZE)

    async def photograph_part(
        self, name: str, part: Locator, *, height: float = math.inf
    ) -> None:
        """Keep a picture of a part of the page, or of as many pixels of it."""
        await self.page.set_viewport_size(TALL)
        left, top, width, whole = await self._place(part)
        area = (left, top, width, min(whole, height))
        around = (left - MARGIN, top - MARGIN, width + 2 * MARGIN, area[3] + 2 * MARGIN)
        await self._keep(name, around)
        await self.page.set_viewport_size(SIZE)

    async def photograph_dialog(self, name: str, *, height: float = math.inf) -> None:
        """Keep a picture of the dialog that is open."""
        dialog = self.page.get_by_role("dialog").first
        await self.photograph_part(name, dialog, height=height)

    async def _place(self, part: Locator) -> Area:
        """Return where something is once the page stands still."""
        await self.page.wait_for_timeout(SETTLE)
        box = await part.bounding_box()
        assert box is not None
        return box["x"], box["y"], box["width"], box["height"]

    async def _keep(self, name: str, area: Area | None = None) -> None:
        """Keep a picture when nothing is loading; nothing may be untranslated."""
        await self.page.mouse.move(0, 0)  # nothing lights up below it there
        loading = self.page.get_by_role("progressbar").filter(visible=True)
        await expect(loading).to_have_count(0)
        await self.page.wait_for_timeout(SETTLE)
        await expect(self.page.get_by_text(UNTRANSLATED)).to_have_count(0)
        clip = None if area is None else dict(zip(CLIP, area, strict=True))
        self.album.keep(name, await self.page.screenshot(clip=clip))

    async def photograph_trouble(self) -> None:
        """Keep a picture of what there is, whatever that be."""
        self.album.keep("trouble", await self.page.screenshot())
