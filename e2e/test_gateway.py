"""A gateway from the day it is added: set, changed and repaired by clicking."""

import asyncio
import json
from pathlib import Path
import re
from typing import Any, Final

from playwright.async_api import Locator, expect
import pytest

from e2e.person import Person
from e2e.stage import HOME, Stage
from scripts.demo import GATEWAY_PASSWORD
from scripts.demo_check import DOMAIN
from scripts.demo_gateway import app_percent
from scripts.real_home_assistant import ROOT

WRONG_PASSWORD: Final = "WRONG"
NEW_PASSWORD: Final = "EDCBA"
COMPONENT: Final = ROOT / "custom_components" / DOMAIN
TEXTS: Final = json.loads((COMPONENT / "translations" / "en.json").read_text())
"""What the page should say, where that is ours to say."""
REFUSED: Final = TEXTS["config"]["error"]["invalid_auth"]
INTEGRATION: Final = f"/config/integrations/integration/{DOMAIN}"
SERIAL: Final = "TGSIMULATED001"
FINGERPRINT: Final = re.compile(r"^\s*([0-9A-F]{2}:){31}[0-9A-F]{2}\s*$")
"""SHA-256 of a certificate, as a person compares it."""


def card(person: Person, title: str) -> Locator:
    """Return a card with entities on a device's page."""
    named = person.page.get_by_text(title, exact=True)
    return person.page.locator("ha-device-entities-card").filter(has=named)


async def open_entry_menu(person: Person) -> None:
    """Open the menu of the gateway's entry on the integration's page."""
    await person.open(INTEGRATION)
    await person.sees(HOME)
    entry = person.page.locator("ha-config-entry-row")
    await entry.get_by_role("button", name="Menu").first.click()


async def test_add_the_gateway(stage: Stage) -> None:
    """A wrong password is told; the right one adds the gateway and its devices."""
    person = stage.person
    await person.open("/config/integrations/dashboard")
    await person.click("Add integration")
    await person.page.get_by_placeholder("Search for a brand name").fill("tesla")
    await expect(person.named("Tesla Energy Gateway")).to_be_visible()
    await person.photograph_dialog("add-search", height=310)
    await person.click("Tesla Energy Gateway")

    await person.type("Address", stage.gateway.host)
    await person.type("Password", WRONG_PASSWORD)
    await person.photograph_dialog("add-form")
    await person.click("Submit")
    await person.sees(REFUSED)
    await person.photograph_dialog("add-wrong-password")
    assert not [each for each in await entries(stage) if each["domain"] == DOMAIN]

    await person.type("Password", GATEWAY_PASSWORD)
    await expect(person.named("Address", "textbox")).to_have_value(stage.gateway.host)
    await person.click("Submit")
    await person.sees("Name and assign")
    await person.sees("Found: Backup Gateway 2, firmware 21.44.")
    await person.photograph_dialog("add-finish", height=714)
    await person.close("Skip and finish")


async def entries(stage: Stage) -> list[dict[str, Any]]:
    """Return all config entries."""
    found: list[dict[str, Any]] = await stage.home.command("config_entries/get")
    return found


async def test_see_its_devices(stage: Stage) -> None:
    """The integration's page lists the devices, and theirs say what they measure."""
    person = stage.person
    await person.open(INTEGRATION)
    for name in (HOME, "Powerwall D101", "Powerwall D102", "Solar inverter D303"):
        await expect(person.page.get_by_text(name, exact=True).last).to_be_visible()
    await person.photograph("integration")

    await stage.open_device("Powerwall D101")
    await person.sees_state("Energy capacity", r"1[34][.,]\d+\s+k?Wh")
    await person.photograph("powerwall", down_to=card(person, "Sensors"))

    await stage.open_device(HOME)
    await person.sees("Backup Gateway 2")
    await person.sees("Firmware: 21.44")
    charge = app_percent((await stage.gateway.control())["charge_percent"])
    await person.sees_state("State of charge", f"{charge:.0f}%")
    await person.sees_state("Grid status", "Connected")
    await person.sees_state("Operation mode", "Self-powered")
    await person.photograph("device", down_to=card(person, "Sensors"))


async def test_set_mode_and_reserve(stage: Stage) -> None:
    """What is chosen by hand is soon so at the site, and on the page."""
    person = stage.person
    await person.choose("Operation mode", "Time-based control")
    await stage.site_becomes(mode="autonomous")
    await person.sees_state("Operation mode", "Time-based control")

    slider = person.page.get_by_role("slider", name="Backup reserve")
    await expect(slider).to_have_attribute("aria-valuenow", "20")
    width = (await slider.bounding_box() or {})["width"]
    await slider.click(position={"x": width * 0.35, "y": 16})
    chosen = int(await slider.get_attribute("aria-valuenow") or 0)
    assert 30 <= chosen <= 40
    reserve = pytest.approx(0.95 * chosen + 5)
    await stage.site_becomes(backup_reserve_percent=reserve)
    await expect(slider).to_have_attribute("aria-valuenow", str(chosen))
    await person.sees_state("Backup reserve", f"{chosen}%")
    await person.photograph_part("device-settings", card(person, "Configuration"))


async def test_go_off_grid_and_back(stage: Stage) -> None:
    """The switch disconnects the home, and connects it again."""
    person = stage.person
    switch = person.page.get_by_role("switch", name=re.compile("Off-grid operation"))
    await switch.click(force=True)  # what one sees of it lies above it
    await stage.site_becomes(grid_status="SystemIslandedActive")
    await expect(switch).to_be_checked()
    await person.sees_state("Grid status", "Off grid")
    await person.sees_state("Grid connected", "Disconnected")
    await person.sees_state("Grid power", r"-?0\s+W")
    await person.photograph("off-grid", down_to=card(person, "Sensors"))

    await switch.click(force=True)
    await expect(switch).not_to_be_checked()
    await person.sees_state("Grid status", "Returning to the grid")
    await stage.gateway.control(advance=20)  # so long a gateway synchronizes
    await stage.site_becomes(grid_status="SystemGridConnected")
    await person.sees_state("Grid status", "Connected")


async def test_choose_a_pace(stage: Stage) -> None:
    """The options keep what was chosen."""
    person = stage.person
    await person.open(INTEGRATION)
    await person.click("Configure")
    await expect(person.named("Pace")).to_contain_text("Normal")
    await person.photograph_dialog("options")
    await person.choose("Pace", "Fast")
    await person.click("Submit")
    await person.sees("Options successfully saved.")
    await person.close("Finish")
    await person.click("Configure")
    await expect(person.named("Pace")).to_contain_text("Fast")
    await person.close("Close")


async def test_change_the_login(stage: Stage) -> None:
    """Reconfiguring logs in otherwise, and keeps that."""
    person = stage.person
    await open_entry_menu(person)
    await person.photograph("entry-menu")
    await person.click("Reconfigure", role="menuitem")
    await expect(person.named("Address", "textbox")).to_have_value(stage.gateway.host)
    await expect(person.named("Log in as")).to_contain_text("Customer")
    await person.photograph_dialog("reconfigure")
    await person.choose("Log in as", "Installer")
    await person.click("Submit")
    await person.sees("Reconfiguration was successful")
    await person.close("Close")
    await open_entry_menu(person)
    await person.click("Reconfigure", role="menuitem")
    await expect(person.named("Log in as")).to_contain_text("Installer")
    await person.close("Close")


async def test_give_the_new_password(stage: Stage) -> None:
    """Home Assistant asks once the gateway takes another password, and uses it."""
    person = stage.person
    await person.open("/config/integrations/dashboard")
    await person.sees("Configured")
    await stage.gateway.control(password=NEW_PASSWORD, expire_tokens=401)
    await expect(person.named("Reconfigure")).to_be_visible()
    await person.photograph_part(
        "attention", person.page.locator("ha-config-flow-card")
    )
    await person.click("Reconfigure")
    await person.sees(TEXTS["config"]["step"]["reauth_confirm"]["title"])
    await person.type("Password", WRONG_PASSWORD)
    await person.photograph_dialog("reauth")
    await person.click("Submit")
    await person.sees(REFUSED)
    await person.type("Password", NEW_PASSWORD)
    await person.click("Submit")
    await person.sees("Re-authentication was successful")
    await person.close("Close")
    await expect(person.named("Reconfigure")).to_be_hidden()


async def test_accept_the_new_certificate(stage: Stage) -> None:
    """A changed certificate stops everything until it is accepted under Repairs."""
    person = stage.person
    await person.open("/config/repairs")
    await person.sees("There are currently no repairs pending")
    # As after a restart: the connections that there are end.
    lost = {"path": "*", "ending": "reset"}
    await stage.gateway.control(new_certificate=True, faults=[lost])
    title = TEXTS["issues"]["certificate_changed"]["title"].format(name=HOME)
    await person.sees(title, seconds=30)
    await stage.gateway.control(faults=[])
    await person.page.get_by_text(title).first.click()
    await person.sees("Pinned on")
    told = await person.page.get_by_text(FINGERPRINT).all_inner_texts()
    assert len({text.strip() for text in told}) == 2, told
    await person.photograph_dialog("repair-certificate")
    await person.click("Submit")
    await person.sees("The issue is repaired!")
    await person.close("Finish")
    await person.sees("There are currently no repairs pending")

    before = (await stage.gateway.control())["load_power"]
    await stage.gateway.control(site={"load_power": before + 1111})
    await stage.open_device(HOME)
    await person.sees_state("Home power", rf"{before + 1111:,}\s+W", seconds=20)
    await stage.gateway.control(site={"load_power": None})


async def test_every_icon_is_drawn(stage: Stage) -> None:
    """The frontend leaves a blank where an icon has a name that it does not know."""
    person = stage.person
    answer = await person.page.request.get(f"{person.url}/static/mdi/iconList.json")
    known = {each["name"] for each in await answer.json()}
    ours = re.findall(r'"mdi:([^"]+)"', (COMPONENT / "icons.json").read_text())
    assert {*ours} - known == set()


async def test_download_diagnostics(stage: Stage) -> None:
    """The file is complete, and tells nobody whose gateway it is."""
    person = stage.person
    await open_entry_menu(person)
    async with person.page.expect_download() as download:
        await person.click("Download diagnostics", role="menuitem")
    file = await (await download.value).path()
    text = await asyncio.to_thread(Path(file).read_text)
    told = json.loads(text)["data"]["endpoints"]
    assert {"/api/meters/aggregates", "/api/system_status/soe"} <= told.keys()
    for secret in (GATEWAY_PASSWORD, NEW_PASSWORD, SERIAL):
        assert secret not in text
