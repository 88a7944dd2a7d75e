"""What each kind of device reads, for vitals.

Readings follow from the site as they do at every other endpoint. Those that do not are
recorded ones, and all are as coarse as recorded ones. Units are W, var, V, A, Hz, Wh,
°C and degrees, but kW and kvar for the batteries' inverters.
"""

from collections.abc import Iterable, Mapping
from itertools import accumulate, pairwise
import math
from typing import Final

from .energy import EMPTY_PERCENT, Battery, Counter
from .meters import (
    BATTERY_FREQUENCY,
    PHASE_VOLTAGES,
    SITE_REACTIVE_POWER,
    SOLAR_REACTIVE_POWER,
)
from .site import GridStatus, Site
from .wire import Document, Vital

type Readings = dict[str, Vital]

type Clamp = tuple[float, float, float]
"""W, var and V at a current transformer."""

NO_CLAMP: Final[Clamp] = (0.0, 0.0, 0.0)

AMBIENT_TEMPERATURE: Final = 21.0
TEMPERATURE_STEP: Final = 0.4
"""By which one Powerwall is warmer than the one before."""

CHARGE_LIMIT: Final = 7000.0
DISCHARGE_LIMIT: Final = 12000.0
"""What a pack says it could do, which is more than its inverter does."""

NO_PHASE: Final = -256.0
"""Degrees that mean: there is nothing to compare."""
OFF_GRID_PHASE: Final = -71.0
"""Degrees by which an island was off a living grid when it was recorded."""
OPPOSITE_LEGS: Final = -180.0
"""Degrees between the legs, which a Backup Switch compares and a synchronizer not."""

STRINGS: Final[Mapping[str, int]] = {"A": 562, "B": 0, "C": 749, "D": 735}
"""In which proportion the strings share the solar power; B is not connected."""
STRING_VOLTAGES: Final = {
    "A": 248.60000000000002,
    "B": -2.0999999999999996,  # noise
    "C": 281.2,
    "D": 281.5,
}
NIGHT_VOLTAGES: Final = {
    "A": 10.700000000000003,
    "B": 33.1,  # noise too
    "C": 10.600000000000001,
    "D": 9.8,
}
NO_CURRENT: Final = 0.01
"""A read where none flows, by day."""


def controller(index: int) -> Readings:
    """Return what the controller of a Powerwall reads."""
    return {
        "THC_State": "THC_STATE_AUTONOMOUSCONTROL",
        "THC_AmbientTemp": AMBIENT_TEMPERATURE + TEMPERATURE_STEP * index,
    }


def pack(battery: Battery, block: Document) -> Readings:
    """Return what the cells of a usable Powerwall read, from its battery block."""
    full = float(block["nominal_full_pack_energy"])
    remaining = float(block["nominal_energy_remaining"])
    is_full = not battery.charge_limit()
    is_empty = not battery.discharge_limit(EMPTY_PERCENT)
    return {
        "POD_nom_energy_to_be_charged": full - remaining,
        "POD_nom_energy_remaining": remaining,
        "POD_nom_full_pack_energy": full,
        "POD_available_charge_power": 0.0 if is_full else CHARGE_LIMIT,
        "POD_available_dischg_power": 0.0 if is_empty else DISCHARGE_LIMIT,
        "POD_state": "POD_ACTIVE",
        "POD_enable_line": True,
        "POD_ChargeComplete": is_full,
        "POD_DischargeComplete": is_empty,
        "POD_PersistentlyFaulted": False,
        "POD_PermanentlyFaulted": False,
        "POD_ChargeRequest": False,
        "POD_ActiveHeating": False,
        "POD_CCVhold": False,
    }


def battery_inverter(site: Site, block: Document) -> Readings:
    """Return what the inverter of a usable Powerwall reads, from its battery block.

    Power comes in hundredths of a kW; discharging is positive.
    """
    power = block["p_out"]
    limiter = "No_Power_Limit" if power > 0 else "POD_Power_Limit"
    return {
        "PINV_EnergyDischarged": float(block["energy_discharged"]),
        "PINV_EnergyCharged": float(block["energy_charged"]),
        "PINV_VSplit1": round(PHASE_VOLTAGES[0], 1),
        "PINV_VSplit2": round(PHASE_VOLTAGES[1], 1),
        "PINV_PllFrequency": BATTERY_FREQUENCY,
        "PINV_PllLocked": site.is_connected,
        "PINV_Pout": round(power / 1000, 2),
        "PINV_Qout": round(block["q_out"] / 1000, 2),
        "PINV_Vout": block["v_out"],
        "PINV_Fout": block["f_out"],
        "PINV_ReadyForGridForming": True,
        "PINV_State": block["pinv_state"],
        "PINV_GridState": block["pinv_grid_state"],
        "PINV_HardwareEnableLine": True,
        "PINV_PowerLimiter": f"PWRLIM_{limiter}",
    }


def solar_inverter(site: Site) -> Readings:
    """Return what the solar inverter reads: power in tens of W, never negative."""
    power = max(site.flows().solar, 0)
    voltage = round(sum(PHASE_VOLTAGES), 1)
    return {
        "PVAC_Iout": round(math.hypot(power, SOLAR_REACTIVE_POWER) / voltage, 2),
        "PVAC_VL1Ground": round(PHASE_VOLTAGES[0], 1),
        "PVAC_VL2Ground": round(PHASE_VOLTAGES[1], 1),
        "PVAC_VHvMinusChassisDC": -210.0,
        **_strings(power),
        "PVAC_LifetimeEnergyPV_Total": site.solar_energy.exported // 10 * 10,
        "PVAC_Vout": voltage,
        "PVAC_Fout": BATTERY_FREQUENCY,
        "PVAC_Pout": float(round(power, -1)),
        "PVAC_Qout": float(round(SOLAR_REACTIVE_POWER, -1)),
        "PVAC_State": "PVAC_Active",
        "PVAC_GridState": "Grid_Uncompliant" if _is_dark(site) else "Grid_Compliant",
        "PVAC_InvState": "INV_Grid_Connected",
        "PVI-PowerStatusSetpoint": "on",
    }


def _strings(power: int) -> Readings:
    """Return what the strings read: whole W that add up, and noise where none is."""
    total = sum(STRINGS.values())
    marks = [round(power * mark / total) for mark in accumulate(STRINGS.values())]
    shares = (after - before for before, after in pairwise([0, *marks]))
    readings: Readings = {}
    for string, share in zip(STRINGS, shares, strict=True):
        voltage = (STRING_VOLTAGES if power else NIGHT_VOLTAGES)[string]
        noise = NO_CURRENT if power else 0.0
        state = "PV_Active" if power else "PV_Disabled"
        # Recorded so: D has the voltage of C.
        parallel = "_Parallel" if power and string == "D" else ""
        readings |= {
            f"PVAC_PVCurrent_{string}": round(share / voltage, 2) if share else noise,
            f"PVAC_PVMeasuredVoltage_{string}": voltage,
            f"PVAC_PVMeasuredPower_{string}": float(share),
            f"PVAC_PvState_{string}": f"{state}{parallel}",
        }
    return readings


def string_safety(site: Site) -> Readings:
    """Return what guards the strings says."""
    state = "PVS_Active" if site.flows().solar > 0 else "PVS_GridSupporting"
    return {
        "PVS_vLL": round(sum(PHASE_VOLTAGES), 1),
        "PVS_State": state,
        "PVS_SelfTestState": "PVS_SelfTestOff",
        "PVS_EnableOutput": True,
        **{f"PVS_String{string}_Connected": STRINGS[string] > 0 for string in STRINGS},
    }


def solar_meter(site: Site) -> Readings:
    """Return what a Neurio meter at the solar inverter reads."""
    return {
        "NEURIO_CT0_Location": "solarRGM",
        "NEURIO_CT0_InstRealPower": float(site.flows().solar),
    }


def synchronizer(site: Site) -> Readings:
    """Return what the synchronizer reads: the contactor, and the meters X and Y.

    X is at the grid. Y has the solar power at its third transformer, through which one
    leg of two runs: half of it, uncorrected by the factor in `/api/meters`.
    """
    solar, energy = NO_CLAMP, Counter(0.0, 0.0)
    if site.has_solar:
        power, reactive = site.flows().solar / 2, SOLAR_REACTIVE_POWER / 2
        solar = (power, reactive, PHASE_VOLTAGES[0])
        counted = site.solar_energy  # the gateway's sign; this meter has the other
        energy = Counter(counted.exported / 2, counted.imported / 2)
    return {
        **_islander(site),
        "SYNC_ExternallyPowered": False,
        "SYNC_SiteSwitchEnabled": False,
        **_energies("METER_X_LifetimeEnergy", site.site_energy),
        **_clamps("X", (*_legs(site), NO_CLAMP)),
        **_voltages("METER_X_VL{}N", _phases(is_alive=site.is_grid_up)),
        **_energies("METER_Y_LifetimeEnergy", energy),
        **_clamps("Y", (NO_CLAMP, NO_CLAMP, solar)),
        **_voltages("METER_Y_VL{}N", _phases(is_alive=not _is_dark(site))),
    }


def backup_switch(site: Site) -> Readings:
    """Return what a Backup Switch reads: the contactor, and the meter Z at the grid.

    Z knows two legs, whose voltages are against ground, and the net of their energies.
    """
    return {
        **_islander(site),
        "ISLAND_L1L2PhaseDelta": OPPOSITE_LEGS,
        **_energies("METER_Z_LifetimeEnergyNet", site.site_energy),
        **_clamps("Z", _legs(site)),
        **_voltages("METER_Z_VL{}G", _phases(is_alive=site.is_grid_up)[:2]),
    }


def _islander(site: Site) -> Readings:
    """Return what is measured at the contactor, on the grid's side and the home's.

    Voltages come in steps of half a V. Angles are -256 where a side has no voltage.
    """
    is_lit = not _is_dark(site)
    sides = zip(
        _phases(is_alive=site.is_grid_up), _phases(is_alive=is_lit), strict=True
    )
    frequency = round(BATTERY_FREQUENCY, 2)
    phase = 0.0 if site.is_connected else OFF_GRID_PHASE
    readings: Readings = {}
    for line, (main, load) in enumerate(sides, 1):
        readings |= {
            f"ISLAND_VL{line}N_Main": round(2 * main) / 2,
            f"ISLAND_FreqL{line}_Main": frequency if main else 0.0,
            f"ISLAND_VL{line}N_Load": round(2 * load) / 2,
            f"ISLAND_FreqL{line}_Load": frequency if load else 0.0,
            f"ISLAND_PhaseL{line}_Main_Load": phase if main and load else NO_PHASE,
            f"ISLAND_L{line}MicrogridOk": load > 0,
        }
    state = "Grid_Compliant" if site.is_grid_up else "Grid_Uncompliant"
    return readings | {
        "ISLAND_L1L2PhaseDelta": NO_PHASE,
        "ISLAND_L1L3PhaseDelta": NO_PHASE,
        "ISLAND_L2L3PhaseDelta": NO_PHASE,
        "ISLAND_GridState": f"ISLAND_GridState_{state}",
        "ISLAND_ReadyForSynchronization": site.is_grid_up and is_lit,
        "ISLAND_GridConnected": site.is_connected,
    }


def _is_dark(site: Site) -> bool:
    return site.grid_status is GridStatus.WAIT_FOR_USER


def _phases(*, is_alive: bool) -> tuple[float, float, float]:
    """Return the voltages of the phases, of which the third is never there."""
    return (*PHASE_VOLTAGES, 0.0) if is_alive else (0.0, 0.0, 0.0)


def _legs(site: Site) -> tuple[Clamp, Clamp]:
    """Return what is measured at the two legs of the grid; nothing off the grid."""
    power = site.flows().site
    reactive = SITE_REACTIVE_POWER if site.is_connected else 0
    return (
        (power // 2, reactive // 2, PHASE_VOLTAGES[0]),
        (power - power // 2, reactive - reactive // 2, PHASE_VOLTAGES[1]),
    )


def _clamps(meter: str, clamps: Iterable[Clamp]) -> Readings:
    """Return what a meter reads at its current transformers A, B and C."""
    readings: Readings = {}
    for letter, (power, reactive, voltage) in zip("ABC", clamps, strict=False):
        current = math.hypot(power, reactive) / voltage if voltage else 0.0
        readings |= {
            f"METER_{meter}_CT{letter}_InstRealPower": float(power),
            f"METER_{meter}_CT{letter}_InstReactivePower": float(reactive),
            f"METER_{meter}_CT{letter}_I": round(current, 3),
        }
    return readings


def _energies(name: str, energy: Counter) -> Readings:
    """Return lifetime energies in whole Wh."""
    return {
        f"{name}Import": energy.imported // 1,
        f"{name}Export": energy.exported // 1,
    }


def _voltages(name: str, phases: Iterable[float]) -> Readings:
    return {name.format(line): voltage for line, voltage in enumerate(phases, 1)}
