"""The Energy dashboard: filled in by clicking, with statistics of the recorder's own.

Nothing is imported before the last scenario. What the recorder makes its statistics of
are the states that it has recorded since the gateway was added, when its own timer is
due: ten seconds into each five minutes, and of a whole hour too when that is over. All
here live by a clock that lets an hour be over soon (see `scripts/e2e`).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from playwright.async_api import expect

from e2e.person import SIZE, TALL, Person
from e2e.stage import HOME, Stage, complaints
from scripts.demo import entities_of
from scripts.demo_check import log_complaints
from scripts.demo_history import import_history
from scripts.demo_home import DASHBOARD, add_dashboard, usable_capacity

type Statistics = Mapping[str, Mapping[str, Any]]
"""Of each sensor: what the recorder has made of some minutes."""

POWERS: Final = ("grid_power", "solar_power", "battery_power")
ENERGIES: Final = (
    "grid_energy_imported",
    "grid_energy_exported",
    "solar_energy",
    "battery_energy_charged",
    "battery_energy_discharged",
)
CHARGE: Final = "state_of_charge"
LONGEST_WAIT: Final = 320
"""Seconds: a five-minute period, and the recorder's ten."""

DRAWING: Final = 2500
"""Milliseconds for charts to be drawn, which they do not tell of."""

NOT_OURS: Final = (
    "We found a custom integration",
    "[aiohttp_fast_zlib]",  # what a machine may lack
    "[haffmpeg.",
    "[homeassistant.components.camera.img_util]",
)
CAUSED: Final = (
    "The gateway refuses the login",  # its password changed
    "certificate",  # as well
    "No connection to the gateway",  # its connections were reset
)


async def pick(person: Person, field: str, entity: str) -> None:
    """Choose a sensor in a dialog of the Energy dashboard."""
    await person.click(field)
    await person.page.get_by_placeholder("Search", exact=True).last.fill(entity)
    option = person.named(f"{entity} {HOME}", "option")
    await option.click()
    await expect(option).to_be_hidden()


async def save(person: Person, picture: str) -> None:
    """Photograph the dialog, and save what is in it."""
    await person.photograph_dialog(picture)
    await person.close("Save")


async def test_name_the_sources(stage: Stage) -> None:
    """Grid, solar and battery each take our energies, power, charge and capacity."""
    person = stage.person
    wanted = await entities_of(stage.home, stage.gateway)
    capacity = (await usable_capacity(stage.home, wanted))["capacity"]
    assert 26 < capacity < 27  # kWh, of two Powerwalls
    await person.open("/config/energy")
    await person.click("Add grid connection")
    await pick(person, "Energy imported from grid", "Grid energy imported")
    await pick(person, "Energy exported to grid", "Grid energy exported")
    await person.named("Standard", "radio").click(force=True)
    await pick(person, "Power measurement", "Grid power")
    await person.type("Display name", "Grid")
    await save(person, "energy-grid")

    await person.click("Add solar production")
    await pick(person, "Solar production energy", "Solar energy")
    await pick(person, "Solar production power", "Solar power")
    await person.type("Display name", "Solar")
    await save(person, "energy-solar")

    await person.click("Add battery system")
    await pick(person, "Energy discharged from", "Battery energy discharged")
    await pick(person, "Energy charged into", "Battery energy charged")
    await person.named("Standard", "radio").click(force=True)
    await pick(person, "Battery power", "Battery power")
    await pick(person, "Battery state of charge sensor", "State of charge")
    await person.named("Battery capacity", "spinbutton").fill(str(capacity))
    await person.type("Display name", "Powerwall")
    await save(person, "energy-battery")

    prefs = await stage.home.command("energy/get_prefs")
    named = {
        value
        for source in prefs["energy_sources"]
        for key, value in source.items()
        if key.startswith("stat_") and value
    }
    assert named == {wanted[key] for key in (*POWERS, *ENERGIES, CHARGE)}
    (battery,) = (s for s in prefs["energy_sources"] if s["type"] == "battery")
    assert battery["capacity"] == capacity


async def own_statistics(stage: Stage, ids: Collection[str]) -> Statistics:
    """Return what the recorder has made of the first five minutes that it has."""
    rows = await stage.home.command(
        "recorder/statistics_during_period",
        start_time="2026-01-01T00:00:00+00:00",
        statistic_ids=sorted(ids),
        period="5minute",
    )
    return {entity_id: first for entity_id, (first, *_) in rows.items()}


async def test_wait_for_own_statistics(stage: Stage) -> None:
    """The recorder makes statistics of all of them, and they are the site's."""
    entities = await entities_of(stage.home, stage.gateway)
    wanted = {entities[key] for key in (*POWERS, *ENERGIES, CHARGE)}
    found: Statistics = {}
    for _ in range(2 * LONGEST_WAIT):
        found = await own_statistics(stage, wanted)
        if wanted <= found.keys():
            break
        await stage.person.page.wait_for_timeout(500)
    assert wanted <= found.keys(), wanted - found.keys()
    for key in (*POWERS, CHARGE):
        row = found[entities[key]]
        assert row["min"] <= row["mean"] <= row["max"], (key, row)
    charge, solar = (found[entities[key]] for key in (CHARGE, "solar_power"))
    assert 90 < charge["mean"] < 100
    assert 500 < solar["mean"] < 2500
    for key in ENERGIES:
        row = found[entities[key]]
        assert row["state"] > 1e5, (key, row)  # Wh, of years
        assert 0 <= row["sum"] < 500, (key, row)  # of a minute or two
    assert found[entities["battery_energy_discharged"]]["sum"] > 0


async def test_energy_has_no_complaint(stage: Stage) -> None:
    """Home Assistant finds nothing wrong with any source, power included."""
    person = stage.person
    report = await stage.home.command("energy/validate")
    assert report["energy_sources"] == [[], [], []]
    assert not any(report["device_consumption"])
    await person.open("/config/energy")
    await person.sees("Home battery storage")
    for name in ("Grid", "Solar", "Powerwall"):
        await expect(person.page.get_by_text(name, exact=True)).to_be_visible()
    await expect(person.page.get_by_text("Statistics not defined")).to_have_count(0)
    batteries = person.page.locator("ha-energy-battery-settings ha-card")
    await person.photograph("energy-sources", down_to=batteries)
    await person.open("/energy")
    for name in ("Solar total", "Battery total", "Grid total"):
        await person.sees(name)
    await person.photograph("energy-own-statistics")
    await person.open("/energy/now")
    for name in ("Power usage", "Solar", "Grid", "Battery", "Consumption"):
        await person.sees(name)
    await person.photograph("energy-now")


async def test_see_two_days_of_energy(stage: Stage) -> None:
    """With two days of the simulated site before it, a person sees what it is for.

    Only now is something imported: what the site would have measured.
    """
    person, home, gateway = stage.person, stage.home, stage.gateway
    entities = await entities_of(home, gateway)
    await import_history(home, entities, await gateway.site_time())
    await add_dashboard(home, entities)
    await person.page.set_viewport_size(TALL)
    await person.open("/energy/electricity")
    for name in ("Powerwall discharged", "Grid exported", "Solar production"):
        await person.sees(name)
    await person.page.wait_for_timeout(DRAWING)
    await person.photograph("energy")
    await person.page.set_viewport_size(SIZE)
    await person.open(f"/{DASHBOARD}")
    await person.sees("State of charge")
    await person.sees("Self-sufficiency")
    await person.page.wait_for_timeout(DRAWING)
    await person.photograph("dashboard")


async def test_nothing_left_this_machine(stage: Stage) -> None:
    """All that the browser asked for was Home Assistant's, and its code is sound."""
    assert stage.person.strangers == []
    assert stage.person.errors == []


async def test_no_complaint_in_the_log(stage: Stage) -> None:
    """Home Assistant complains of nothing but what the scenarios did to it."""
    log = stage.home.log()
    lines = {*complaints(log), *log_complaints(log)}
    allowed = (*NOT_OURS, *CAUSED)
    assert [each for each in lines if not any(map(each.__contains__, allowed))] == []
