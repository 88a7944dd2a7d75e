"""The meters: totals of the site, and what is wired where.

A Gateway 2 has two meters inside, the synchrometers X and Y. Each has current
transformers (CTs); here the first two measure the phases of the grid and the third of Y
the solar power, as on a recorded site.
"""

import math
from typing import Any, Final

from .energy import Counter
from .profiles import Profile
from .site import Site
from .wire import NEVER, Document, timestamp

SITE_VOLTAGE: Final = 213.65712736765886
"""V; an average over phases that no outlet has, recorded on a split-phase site."""

SOLAR_VOLTAGE: Final = 212.17622392718746
BATTERY_VOLTAGE: Final = 246.8
BATTERY_FREQUENCY: Final = 60.007000000000005
PHASE_VOLTAGES: Final = (122.53, 124.24)

SITE_REACTIVE_POWER: Final = -329
"""var, with one sign whichever way real power flows; so is the next."""

SOLAR_REACTIVE_POWER: Final = -14

SITE_CTS: Final = (True, True, False, False)
SOLAR_CTS: Final = (False, False, True, False)
NO_CTS: Final = (False, False, False, False)


def _meter(
    site: Site, energy: Counter, *, power: float, reactive: float, voltage: float
) -> dict[str, Any]:
    """Return a meter: W, var, VA, Hz (0 where not measured), Wh, V and A."""
    return {
        "last_communication_time": timestamp(site),
        "instant_power": power,
        "instant_reactive_power": reactive,
        "instant_apparent_power": math.hypot(power, reactive),
        "frequency": 0,
        "energy_exported": energy.exported,
        "energy_imported": energy.imported,
        "instant_average_voltage": voltage,
        "instant_average_current": 0,
        "i_a_current": 0,
        "i_b_current": 0,
        "i_c_current": 0,
        "last_phase_voltage_communication_time": NEVER,
        "last_phase_power_communication_time": NEVER,
        "last_phase_energy_communication_time": NEVER,
        "timeout": 1500000000,
        "instant_total_current": 0,
    }


def _site_meter(site: Site) -> dict[str, Any]:
    power = site.flows().site
    return _meter(
        site,
        site.site_energy,
        power=power,
        reactive=SITE_REACTIVE_POWER,
        voltage=SITE_VOLTAGE,
    )


def _solar_meter(site: Site) -> dict[str, Any]:
    power = site.flows().solar
    return _meter(
        site,
        site.solar_energy,
        power=power,
        reactive=SOLAR_REACTIVE_POWER,
        voltage=SOLAR_VOLTAGE,
    )


def _battery_meter(site: Site) -> dict[str, Any]:
    energy = Counter(
        imported=sum(int(battery.charged) for battery in site.batteries),
        exported=sum(int(battery.discharged) for battery in site.batteries),
    )
    power = site.flows().battery
    return _meter(site, energy, power=power, reactive=30, voltage=BATTERY_VOLTAGE) | {
        "frequency": BATTERY_FREQUENCY
    }


def _load_meter(site: Site) -> dict[str, Any]:
    power = site.flows().load
    current = power / SITE_VOLTAGE
    return _meter(
        site, site.load_energy, power=power, reactive=-318.75, voltage=SITE_VOLTAGE
    ) | {"instant_average_current": current, "instant_total_current": current}


def _generator_meter(site: Site) -> dict[str, Any]:
    """Return power and energy alone: no meter of a running generator is published."""
    power = site.flows().generator
    return _meter(site, site.generator_energy, power=power, reactive=0, voltage=0)


def aggregates(site: Site, _profile: Profile) -> Document:
    """Return the totals; a site without panels has no solar meter."""
    meters = {
        "site": _site_meter(site) | {"num_meters_aggregated": 2},
        "battery": _battery_meter(site)
        | {"num_meters_aggregated": len(site.batteries)},
        "load": _load_meter(site),
    }
    if site.has_solar:
        meters["solar"] = _solar_meter(site) | {"num_meters_aggregated": 1}
    if site.generator_power is not None:
        meters["generator"] = _generator_meter(site) | {"num_meters_aggregated": 1}
    return meters


def _phases(power: float, voltages: tuple[float, ...]) -> dict[str, float]:
    """Return what single phases read: V, W and A, the power spread evenly."""
    share = power / len(voltages)
    readings: dict[str, float] = {}
    for number, (letter, voltage) in enumerate(zip("ab", voltages, strict=False), 1):
        readings |= {
            f"v_l{number}n": voltage,
            f"real_power_{letter}": share,
            f"i_{letter}_current": share / voltage,
        }
    return readings


def _meter_details(
    profile: Profile,
    location: str,
    *,
    letter: str,
    cts: tuple[bool, ...],
    readings: dict[str, Any],
) -> Document:
    return {
        "id": 0,
        "location": location,
        "type": f"synchrometer{letter}",
        "cts": cts,
        "inverted": NO_CTS,
        "connection": {
            "short_id": profile.din,
            "device_serial": f"{profile.meter_serial}synchrometer{letter}",
            "https_conf": {},
        },
        "real_power_scale_factor": 1,
        "Cached_readings": readings,
    }


def site_details(site: Site, profile: Profile) -> Document:
    """Return the grid meter with its phases."""
    readings = _site_meter(site) | _phases(site.flows().site, PHASE_VOLTAGES)
    return [
        _meter_details(profile, "site", letter="X", cts=SITE_CTS, readings=readings)
    ]


def solar_details(site: Site, profile: Profile) -> Document:
    """Return the solar meter, which counts generation as imported energy."""
    if not site.has_solar:
        return None
    generated = Counter(site.solar_energy.exported, site.solar_energy.imported)
    readings = _solar_meter(site) | {
        "energy_imported": generated.imported,
        "energy_exported": generated.exported,
        **_phases(site.flows().solar, PHASE_VOLTAGES[:1]),
    }
    return [
        _meter_details(profile, "solar", letter="Y", cts=SOLAR_CTS, readings=readings)
    ]


def wiring(site: Site, profile: Profile) -> Document:
    """Return which current transformer measures what."""
    grid = {
        "type": "site",
        "valid": SITE_CTS,
        "inverted": NO_CTS,
        "real_power_scale_factor": 1,
    }
    # Both legs of the panels run through one transformer, hence the factor.
    solar = grid | {"type": "solar", "valid": SOLAR_CTS, "real_power_scale_factor": 2}
    cts = {"Y": [grid, solar] if site.has_solar else [grid], "X": [grid]}
    return [
        {
            "serial": f"{profile.meter_serial}synchrometer{letter}",
            "short_id": profile.din,
            "type": f"synchrometer{letter}",
            "cts": cts[letter],
        }
        for letter in cts
    ]


def readings(site: Site, profile: Profile) -> Document:
    """Return the raw clamps, readable only while the controller is stopped."""
    flows = site.flows()
    legs = [(voltage, flows.site / 2) for voltage in PHASE_VOLTAGES]
    panels = (PHASE_VOLTAGES[0], flows.solar / 2)
    clamps = {"X": [*legs, (0, 0)], "Y": [*legs, panels]}
    return {
        f"{profile.meter_serial}synchrometer{letter}": _reading(
            site, profile, clamps[letter]
        )
        for letter in clamps
    }


def _reading(
    site: Site, profile: Profile, clamps: list[tuple[float, float]]
) -> Document:
    error = "run sitemanager flag enabled, sitemanager process is running"
    nothing = _clamp(0, 0, 0)
    measured = [_clamp(number, *clamp) for number, clamp in enumerate(clamps, 1)]
    return {
        "error": error if site.is_running else "",
        "data": {
            "firmwareVersion": "" if site.is_running else profile.git_hash[:14],
            "cts": [nothing] * 4 if site.is_running else [*measured, nothing],
        },
    }


def _clamp(number: int, voltage: float, power: float) -> Document:
    return {
        "ct": number,
        "v_V": voltage,
        "p_W": power,
        "q_VAR": 0,
        "eExp_Ws": 0,
        "eImp_Ws": 0,
    }
