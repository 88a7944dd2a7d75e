"""What the table of faults cannot say in data, row by row: values, writes, life."""

from datetime import timedelta
import logging
from typing import Any, Final
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from simulator.energy import Counter

from .fault_cases import ISLAND_MODE, METERS, VITALS, Row, answers, energy, wait
from .faulty_home import Home

QUARTER: Final = 900
HOUR: Final = 3600
DAY: Final = 86400
ENERGY: Final = "sensor.solar_energy"
HOME_ENERGY: Final = "sensor.home_energy"
LIMITED: Final = {
    ENERGY: "solar_energy_exported",
    "sensor.battery_energy_charged": "battery_energy_imported",
    "sensor.battery_energy_discharged": "battery_energy_exported",
}
"""Counters of what moves so much at most, and their names in the meters' answer."""
COUNTERS: Final = {**LIMITED, HOME_ENERGY: "load_energy_imported"}

TOLD: Final = {
    "403": "write_forbidden",
    "500": "write_rejected",
    "accepted, not applied": "island_mode_not_reached",
    "applied late": None,
    "no answer after sending": None,
}
"""What is said of each write: the key of a text; None where it was done after all."""


def _energy(home: Home, name: str = ENERGY) -> float:
    """Return the lifetime energy that is shown, in Wh."""
    return float(home.shown()[name])


def _energies(home: Home) -> dict[str, float]:
    """Return those of panels, batteries and home."""
    return {name: _energy(home, name) for name in COUNTERS}


async def energy_does_not_fall(home: Home, row: Row) -> None:
    """See that zeros, a fall and a jump are held back, until they are confirmed."""
    before = _energies(home)
    for fallen in (0, 1000.0):
        energy(**dict.fromkeys(COUNTERS.values(), fallen))(home.world)
        for _ in range(6):  # 3 min, as long as a gateway has zeros after a reboot
            await home.poll()
            assert _energies(home) == before
        home.world.gateway.faults.clear()
        await home.poll()
        after = _energies(home)
        assert all(after[name] >= before[name] for name in COUNTERS)
        assert all(after[name] > before[name] for name in (ENERGY, HOME_ENERGY))
        before = after
    await _a_jump(home)
    await _a_new_meter(home)


async def _a_jump(home: Home) -> None:
    """See that a jump is held for an hour, and then taken with one warning.

    Home Assistant has just started: a power cut takes that and the gateway together.
    """
    before = {name: _energy(home, name) for name in LIMITED}
    energy(**dict.fromkeys(LIMITED.values(), 9e9))(home.world)
    home.watch()
    await home.restart()
    for _ in range(11):
        assert {name: _energy(home, name) for name in LIMITED} == before
        await home.rest(300)
    assert home.complaints() == []
    for _ in range(2):
        await home.rest(300)
    assert {_energy(home, name) for name in LIMITED} == {9e9}
    said = [each.partition(":")[0] for each in home.complaints()]
    assert sorted(said) == sorted(home.entity_ids()[name] for name in LIMITED)


async def _a_new_meter(home: Home) -> None:
    """See that a meter which begins anew is believed when it has counted on."""
    before = _energy(home)
    home.world.gateway.faults.clear()
    home.world.gateway.site.solar_energy = Counter(0.0, 5000.0)
    home.watch()
    for _ in range(QUARTER // 60 - 1):
        await home.rest(60)
        assert _energy(home) == before
    for _ in range(3):
        await home.rest(60)
    assert 5000 < _energy(home) < 10_000
    # The inverter's counter is another one, and has begun anew too.
    said = [each.partition(":")[0] for each in home.complaints()]
    assert said.count(home.entity_ids()[ENERGY]) == 1
    assert len(said) == len(set(said))


async def no_negative_energy(home: Home, row: Row) -> None:
    """See that a negative counter is unknown, and what was before is not forgotten.

    All others go on.
    """
    before = _energies(home)
    row.cases[0].begin(home.world)
    await home.poll()
    assert home.shown()[ENERGY] == STATE_UNKNOWN
    assert _energy(home, HOME_ENERGY) > before[HOME_ENERGY]
    home.world.gateway.faults.clear()
    await home.poll()
    assert _energy(home) > before[ENERGY]


async def the_truth_is_told(home: Home, row: Row) -> None:
    """See what is said of a write, that it was sent once, and what shows then."""
    gateway = home.world.gateway
    for case in row.cases:
        case.begin(home.world)
        home.watch()
        said = await _go_off_grid(home)
        assert said == TOLD[case.name], case.name
        assert gateway.stats.requests[f"POST {ISLAND_MODE}"] == 1
        assert case.end is not None
        case.end(home.world)
        await home.poll(3)
        is_off = gateway.site.is_off_grid_wanted
        assert is_off is (said is None)
        assert home.shown()["switch.off_grid"] == ("on" if is_off else "off")
        assert gateway.stats.requests[f"POST {ISLAND_MODE}"] == 1
        gateway.control({"site": {"is_off_grid_wanted": False}})
        await home.poll(3)


async def _go_off_grid(home: Home) -> str | None:
    """Go off the grid; return the key of what is said against it."""
    try:
        await home.act("switch.off_grid", "turn_on")
    except HomeAssistantError as error:
        return str(error.translation_key)
    return None


async def they_appear(home: Home, row: Row) -> None:
    """See entities appear that have never been there, hours later, by themselves."""
    for case in row.cases:
        before = home.shown().keys()
        case.begin(home.world)
        er.async_get(home.hass).async_clear_config_entry(home.entry.entry_id)
        await home.restart()
        await home.rest(2 * HOUR)
        assert home.shown().keys() < before
        assert case.end is not None
        case.end(home.world)
        await home.rest(HOUR)
        await home.poll()
        assert home.shown().keys() == before, case.name


async def the_clock_jumps(home: Home, row: Row) -> None:
    """See that a jump makes one wait longer at most, and no poll is missed for it."""
    before = _energies(home)
    for days in (-1, 1):
        answers(METERS, times=1, **wait(120))(home.world)
        await home.poll()
        await home.hass.config_entries.async_unload(home.entry.entry_id)
        # As on a computer that finds out what time it is after it has started.
        home.world.clock.move_to(home.world.clock() + timedelta(days=days))
        await home.hass.config_entries.async_setup(home.entry.entry_id)
        home.watch()
        await home.rest(HOUR + 60)
        await home.poll(3)
        assert home.entry.state is ConfigEntryState.LOADED
        assert "sensor.home_power" in home.shown()
        after = _energies(home)
        assert all(after[name] >= before[name] for name in COUNTERS)
        before = after
    await _summer_ends(home)


async def _summer_ends(home: Home) -> None:
    """See that an hour which comes twice is like any other."""
    zone = "America/Los_Angeles"
    await home.hass.config.async_set_time_zone(zone)
    moment = home.world.clock().replace(tzinfo=ZoneInfo("UTC"))
    end = moment.replace(month=11, day=1, hour=8, minute=50, second=0)
    if end < moment:
        end = end.replace(year=end.year + 1)
    end = end.replace(day=1 + (6 - end.weekday()) % 7)  # the first Sunday
    assert end.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(hours=-7)
    home.world.clock.move_to(end)
    await home.rest(31)
    await home.poll()
    home.watch()
    before = home.shown().keys()
    await home.poll(40)
    assert home.shown().keys() == before
    asked = home.world.gateway.stats.requests
    assert asked[f"GET {METERS}"] == 120
    assert asked[f"GET {VITALS}"] == 40
    home.assert_quiet()


async def nothing_is_left(home: Home, row: Row) -> None:
    """See that nothing goes on, when it ends in the middle of a poll or a write."""
    gateway, hass = home.world.gateway, home.hass
    for spoilt in (row.cases[0].begin, answers(ISLAND_MODE, ending="hang")):
        await home.poll()
        spoilt(home.world)
        home.watch()
        poll = hass.async_create_task(home.entry.runtime_data.live.async_refresh())
        write: Any = hass.async_create_task(_go_off_grid(home))
        await home.asked()
        await home.unload()
        gateway.faults.clear()
        await poll
        await write
        gateway.reset_stats()
        await home.rest(HOUR)
        assert gateway.stats.total == 0
        assert gateway.stats.handshakes == gateway.stats.connections == 0
        home.assert_quiet()
        assert not [each for each in home.log.records if each.levelno >= logging.ERROR]
        assert await hass.config_entries.async_setup(home.entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
