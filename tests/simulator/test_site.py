"""Tests of the physics."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.energy import FULL_ENERGY, PACK_POWER, new_batteries
from simulator.site import (
    DEFAULT_START,
    SOLAR_STANDBY,
    GridStatus,
    Site,
    WriteEffect,
    WriteKind,
)

DAY = 86400.0
HOUR = 3600.0


def _at(hour: int, minute: int = 0) -> datetime:
    return DEFAULT_START.replace(hour=hour, minute=minute)


def _site(*, percent: float = 55.0, batteries: int = 1, **given: Any) -> Site:
    return Site(batteries=new_batteries(batteries, percent), **given)


def _energies(site: Site) -> list[float]:
    counters = (site.site_energy, site.solar_energy, site.load_energy)
    lifetime = [value for c in counters for value in (c.imported, c.exported)]
    packs = [value for b in site.batteries for value in (b.charged, b.discharged)]
    return lifetime + packs


@pytest.mark.parametrize("mode", ["self_consumption", "autonomous", "backup", "other"])
@pytest.mark.parametrize("batteries", [0, 1, 3])
@pytest.mark.parametrize("is_grid_up", [True, False])
def test_a_day_adds_up(mode: str, batteries: int, is_grid_up: bool) -> None:  # noqa: FBT001
    """Test powers sum to zero, energies grow, and no pack leaves its limits."""
    site = _site(batteries=batteries, mode=mode, is_grid_up=is_grid_up)
    before = _energies(site)
    for _ in range(96):
        flows = site.flows()
        assert flows.load == flows.site + flows.battery + flows.solar
        assert flows.load >= 0
        assert flows.battery == sum(flows.batteries)
        assert all(abs(power) <= PACK_POWER for power in flows.batteries)
        assert is_grid_up or flows.site == 0
        site.advance(DAY / 96)
        after = _energies(site)
        assert all(new >= old for old, new in zip(before, after, strict=True))
        before = after
        for battery in site.batteries:
            assert battery.energy_above(5.0) > -1e-3
            assert battery.energy <= battery.full_energy


def test_energies_integrate_power() -> None:
    """Test every counter moves by power times time, and the charge with the battery."""
    site = _site(solar_power=3000, load_power=1000, battery_power=-1500)
    site.advance(HOUR)
    assert site.flows().site == -500
    assert site.solar_energy.exported - Site().solar_energy.exported == pytest.approx(
        3000
    )
    assert site.load_energy.imported - Site().load_energy.imported == pytest.approx(
        1000
    )
    assert site.site_energy.exported - Site().site_energy.exported == pytest.approx(500)
    assert site.site_energy.imported == Site().site_energy.imported
    battery = site.batteries[0]
    assert battery.charged - new_batteries(1, 0)[0].charged == pytest.approx(1500)
    assert battery.energy == pytest.approx(FULL_ENERGY * 0.55 + 1500)
    assert site.charge_percent == 100 * round(battery.energy) / 14061


def test_energy_is_conserved_over_limits() -> None:
    """Test nothing is lost when packs fill up and run empty in the middle of a leap."""
    site = _site(percent=90.0, batteries=2)
    site.batteries[0].energy = FULL_ENERGY * 0.99
    stored = sum(battery.energy for battery in site.batteries)
    before = [site.site_energy, site.solar_energy, site.load_energy]
    start = [counter.imported - counter.exported for counter in before]
    site.advance(3 * DAY)
    grid, solar, load = (
        counter.imported - counter.exported - old
        for counter, old in zip(before, start, strict=True)
    )
    gained = sum(battery.energy for battery in site.batteries) - stored
    assert grid == pytest.approx(load + solar + gained, abs=0.01)


def test_same_start_same_numbers() -> None:
    """Test two sites that live through the same time are the same."""
    one, other = _site(), _site()
    for site in (one, other):
        site.advance(12345.0)
    assert one == other
    assert one.flows() == other.flows()


def test_the_sun() -> None:
    """Test it shines by day and the inverters draw a little at night."""
    assert _site(start=_at(13)).flows().solar > 4000
    assert 0 <= _site(start=_at(6, 1)).flows().solar < 100
    assert _site(start=_at(23)).flows().solar == SOLAR_STANDBY
    assert _site(start=_at(13), has_solar=False).flows().solar == 0


@pytest.mark.parametrize(
    ("mode", "hour", "battery"),
    [
        ("self_consumption", 12, -2000),
        ("self_consumption", 17, -2000),
        ("autonomous", 12, -2000),
        ("autonomous", 17, 1000),
        ("backup", 12, -5000),
        ("site_control", 12, 0),
    ],
)
def test_modes_with_sun(mode: str, hour: int, battery: int) -> None:
    """Test what each mode does with 2 kW to spare."""
    site = _site(start=_at(hour), mode=mode, solar_power=3000, load_power=1000)
    assert site.flows().battery == battery


@pytest.mark.parametrize(
    ("mode", "hour", "battery"),
    [
        ("self_consumption", 12, 1000),
        ("autonomous", 12, 0),
        ("autonomous", 20, 1000),
        ("backup", 12, -5000),
    ],
)
def test_modes_without_sun(mode: str, hour: int, battery: int) -> None:
    """Test what each mode does when 1 kW is missing."""
    site = _site(start=_at(hour), mode=mode, solar_power=0, load_power=1000)
    assert site.flows().battery == battery


def test_reserve_is_kept_for_outages() -> None:
    """Test the battery stops at the reserve on the grid, and goes on without one."""
    site = _site(percent=25.0, solar_power=0, load_power=2000)
    site.advance(2 * HOUR)
    assert site.charge_percent == pytest.approx(24.0, abs=0.01)
    assert site.flows().battery == 0
    assert site.flows().site == 2000
    site.is_grid_up = False
    assert site.flows().battery == 2000
    site.advance(3 * HOUR)
    assert site.charge_percent == pytest.approx(5.0, abs=0.01)
    assert site.grid_status is GridStatus.WAIT_FOR_USER
    assert site.flows().load == 0


def test_full_battery_sells() -> None:
    """Test a pack takes no more than it holds, and the rest goes to the grid."""
    site = _site(percent=99.0, solar_power=3000, load_power=1000)
    site.advance(HOUR)
    assert site.charge_percent == 100.0
    assert site.flows().site == -2000


def test_island_throttles_sun_and_drops_load() -> None:
    """Test an island matches what it makes, what it stores and what it uses."""
    site = _site(percent=100.0, solar_power=3000, load_power=1000, is_grid_up=False)
    assert site.flows().solar == 1000
    site.solar_power, site.load_power = 0, 8000
    assert site.flows().load == PACK_POWER
    assert site.flows().site == 0


def test_packs_share_power() -> None:
    """Test packs share in whole watts, and those at a limit take no part."""
    site = _site(batteries=3, solar_power=0, load_power=1000)
    assert sorted(site.flows().batteries) == [333, 333, 334]
    site.batteries[1].energy = 0
    site.batteries[2].disabled_reasons = ("DisabledExcessiveVoltageDrop",)
    assert site.flows().batteries == (1000, 0, 0)
    site.load_power = 7000
    assert site.flows().batteries == (5000, 0, 0)
    assert site.flows().site == 2000


def test_disabled_packs_do_not_count() -> None:
    """Test a site with no usable pack has neither charge nor battery power."""
    site = _site(solar_power=3000)
    site.batteries[0].disabled_reasons = ("DisabledExcessiveVoltageDrop",)
    assert (site.charge_percent, site.energy_remaining, site.full_energy) == (0, 0, 0)
    assert site.flows().battery == 0


def test_going_off_grid_takes_its_time() -> None:
    """Test the states on the way to an island and back, on the site's clock."""
    site = _site(percent=100.0, solar_power=2000)
    assert _later(site, 0) == (GridStatus.CONNECTED, False)
    site.is_off_grid_wanted = True
    assert _later(site, 0) == (GridStatus.TO_ISLAND, True)
    assert _later(site, 2.9) == (GridStatus.TO_ISLAND, True)
    assert _later(site, 0.1) == (GridStatus.ISLANDED, True)
    site.is_off_grid_wanted = False
    assert _later(site, 0) == (GridStatus.TO_GRID, True)
    assert _later(site, 20.9) == (GridStatus.TO_GRID, True)
    assert _later(site, 0.1) == (GridStatus.CONNECTED, False)


def _later(site: Site, seconds: float) -> tuple[GridStatus, bool]:
    """Return the grid status after a while, and whether the home is on its own."""
    site.advance(seconds)
    is_alone = site.flows().site == 0
    return site.grid_status, is_alone


def test_the_grid_stays_away_while_it_is_down() -> None:
    """Test wanting the grid back is not enough."""
    site = _site(is_grid_up=False)
    site.settle()
    assert site.grid_status is GridStatus.ISLANDED
    site.is_off_grid_wanted = True
    site.is_grid_up = True
    assert site.grid_status is GridStatus.ISLANDED


def test_stopped_controller() -> None:
    """Test a stopped site controller leaves the home to the grid, if there is one."""
    site = _site(solar_power=500, load_power=800, is_running=False)
    assert (site.flows().battery, site.flows().site) == (0, 300)
    site.is_grid_up = False
    assert site.flows().load == 0


def test_written_settings_wait_for_the_commit() -> None:
    """Test mode and reserve change together, and only when committed."""
    site = _site()
    site.commit_operation()
    site.write_operation("backup", 50.0)
    assert (site.mode, site.backup_reserve_percent) == ("self_consumption", 24.0)
    site.commit_operation()
    assert (site.mode, site.backup_reserve_percent) == ("backup", 50.0)
    assert site.pending_operation is None


def _commit(site: Site, mode: str, reserve: float) -> None:
    site.write_operation(mode, reserve)
    site.commit_operation()


def _delayed(seconds: float) -> WriteEffect:
    return WriteEffect(kind=WriteKind.DELAYED, seconds=seconds)


def test_only_delayed_writes_are_late() -> None:
    """Test no other effect has a delay."""
    assert WriteEffect() == WriteEffect(kind=WriteKind.NORMAL)
    assert WriteEffect(kind=WriteKind.HALF, seconds=5).delay == 0
    assert _delayed(5).delay == 5


def test_a_delayed_write_takes_effect_at_its_moment() -> None:
    """Test powers change when it is due, however long the leap over that is."""
    site = _site(solar_power=3000, load_power=1000, write_effect=_delayed(1234.567))
    before = site.batteries[0].energy
    _commit(site, "backup", 50.0)
    site.advance(HOUR)
    gained = (2000 * 1234.567 + 5000 * (HOUR - 1234.567)) / HOUR
    assert site.batteries[0].energy - before == pytest.approx(gained, abs=1e-6)
    assert site.applied_at == DEFAULT_START + timedelta(seconds=1234.567)


def test_the_contactor_moves_from_the_moment_on() -> None:
    """Test a delayed wish to be off the grid begins its transition when it is taken."""
    site = _site(percent=100.0, write_effect=_delayed(100.0))
    site.write(is_off_grid_wanted=True)
    assert _later(site, 99.9) == (GridStatus.CONNECTED, False)
    assert _later(site, 3.0) == (GridStatus.TO_ISLAND, True)
    assert _later(site, 0.1) == (GridStatus.ISLANDED, True)


@pytest.mark.parametrize(
    ("delays", "settings"),
    [
        ((5, 2), ("backup", 10.0)),
        ((2, 5), ("autonomous", 20.0)),
        ((5, 5), ("autonomous", 20.0)),
        ((5, 0), ("backup", 10.0)),
    ],
)
@pytest.mark.parametrize("leap", [0.5, 10.0])
def test_delayed_writes_in_order(
    delays: tuple[float, float], settings: tuple[str, float], leap: float
) -> None:
    """Test what is due last wins, and of those due together what was written last."""
    site = _site()
    site.write_effect = _delayed(delays[0])
    _commit(site, "backup", 10.0)
    site.write_effect = _delayed(delays[1])
    _commit(site, "autonomous", 20.0)
    while site.elapsed < 10:
        site.advance(leap)
    assert (site.mode, site.backup_reserve_percent) == settings
    assert site.applied_at == DEFAULT_START + timedelta(seconds=max(delays))


def test_time_past_many_moments() -> None:
    """Test a leap over writes that are due ends where it should."""
    site = _site()
    for number in range(20):
        site.write_effect = _delayed(number / 7)
        site.write(is_running=number % 2 == 0)
    site.advance(0.7)
    assert (site.elapsed, site.is_running) == (0.7, True)
    site.advance(0.1)
    assert site.is_running is False
    site.advance(100)
    assert site.elapsed == pytest.approx(100.8)
    assert site.is_running is False


def test_charge_can_be_set() -> None:
    """Test a percentage charges every pack."""
    site = _site(batteries=2)
    site.charge_percent = 80.0
    assert site.charge_percent == pytest.approx(80.0, abs=0.005)
    assert site.energy_remaining == 2 * 11249


def test_the_clock() -> None:
    """Test the site's time of day follows what it lived through."""
    site = _site()
    site.advance(14 * HOUR)
    assert site.now.isoformat() == "2026-07-02T00:30:00-07:00"
    assert site.hour == 0.5
