"""The names of vitals: ours for those on the wire, and what reads their values."""

from collections.abc import Callable, Mapping
import math
from typing import Final

from . import fields
from .components import Reading

type _Reader = Callable[[object], Reading | None]
type _Names = dict[str, tuple[str, _Reader]]
"""By the name on the wire: our name, and what reads the value."""

_NO_ANGLE: Final = (-256, -180.5)
"""Degrees that mean: there is no voltage to compare."""


def _number(value: object) -> float | None:
    """Read a number; a whole one would do, though none was seen."""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return None
    return value + 0 if math.isfinite(value) else None  # -0 becomes 0


def _kilo(value: object) -> float | None:
    """Read kW or kvar, which come in hundredths, as W or var."""
    number = _number(value)
    return None if number is None else _number(round(number * 1000.0, 3))


def _lifetime(value: object) -> float | None:
    """Read a lifetime energy; `fields.lifetime` tells what 0 and less mean."""
    number = _number(value)
    return number if number is not None and number >= 0 else None


def _angle(value: object) -> float | None:
    """Read an angle between two voltages."""
    number = _number(value)
    return None if number in _NO_ANGLE else number


def _text(value: object) -> str | None:
    """Read a text; an empty one is missing."""
    return value.strip() or None if isinstance(value, str) else None


def _identifier(value: object) -> str | None:
    """Read a text that may be written as a whole number."""
    number = _number(value)
    if number is None:
        return _text(value)
    whole = fields.whole_number(number)
    return None if whole is None else str(whole)


def _words(prefix: str = "") -> _Reader:
    """Return what reads a state's name without its prefix."""
    return lambda value: (
        fields.state_words(value, prefix) if isinstance(value, str) else None
    )


def _flag(**words: bool) -> _Reader:
    """Return what reads a flag, which may also be one of some words."""

    def read(value: object) -> bool | None:
        if isinstance(value, str):
            return words.get(value)
        return value if isinstance(value, bool) else None

    return read


_bool: Final = _flag()


def _lines(theirs: str, name: str, reader: _Reader, numbers: str = "123") -> _Names:
    """Return names of which there is one for each line, string or transformer."""
    return {
        theirs.format(number): (name.format(number.lower()), reader)
        for number in numbers
    }


STRINGS: Final = "ABCDEF"
"""A solar inverter of a Powerwall+ has four, of a Powerwall 3 six."""


def _meter(letter: str, ground: str) -> _Names:
    """Return the names of a meter, whose transformers A to C are lines 1 to 3."""
    theirs, name = f"METER_{letter}_", f"meter_{letter.lower()}_"
    transformers = {
        f"{theirs}CT{transformer}_{quantity}": (f"{name}{ours}_l{line}", _number)
        for line, transformer in enumerate("ABC", 1)
        for quantity, ours in (
            ("InstRealPower", "power"),
            ("InstReactivePower", "reactive_power"),
            ("I", "current"),
        )
    }
    return {
        **transformers,
        **_lines(f"{theirs}VL{{}}{ground}", f"{name}voltage_l{{}}", _number),
        f"{theirs}LifetimeEnergyImport": (f"{name}energy_imported", _lifetime),
        f"{theirs}LifetimeEnergyExport": (f"{name}energy_exported", _lifetime),
    }


_ISLANDER: Final[_Names] = {
    **_lines("ISLAND_VL{}N_Main", "main_voltage_l{}", _number),
    **_lines("ISLAND_VL{}N_Load", "load_voltage_l{}", _number),
    **_lines("ISLAND_FreqL{}_Main", "main_frequency_l{}", _number),
    **_lines("ISLAND_FreqL{}_Load", "load_frequency_l{}", _number),
    **_lines("ISLAND_PhaseL{}_Main_Load", "phase_difference_l{}", _angle),
    "ISLAND_L1L2PhaseDelta": ("phase_delta_l1_l2", _angle),
    "ISLAND_L1L3PhaseDelta": ("phase_delta_l1_l3", _angle),
    "ISLAND_L2L3PhaseDelta": ("phase_delta_l2_l3", _angle),
    "ISLAND_GridState": ("grid_state", _words("ISLAND_GridState_Grid_")),
    **_lines("ISLAND_L{}MicrogridOk", "microgrid_ok_l{}", _bool),
    "ISLAND_ReadyForSynchronization": ("synchronization_ready", _bool),
    "ISLAND_GridConnected": (
        "grid_connected",
        _flag(ISLAND_GridConnected_Connected=True, ISLAND_GridConnected_Island=False),
    ),
    "SYNC_ExternallyPowered": ("externally_powered", _bool),
    "SYNC_SiteSwitchEnabled": ("site_switch_enabled", _bool),
    **_lines("SYNC-Phase{}Usage", "phase_usage_l{}", _words()),
}
"""Of what parts the home from the grid: main is the grid's side, load the home's."""

READERS: Final[dict[str, _Names]] = {
    "STSTSM": {"STSTSM-Location": ("location", _text)},
    "TETHC": {
        "THC_State": ("controller_state", _words("THC_STATE_")),
        "THC_AmbientTemp": ("ambient_temperature", _number),
    },
    "TEPOD": {
        "POD_nom_energy_remaining": ("pack_energy_remaining", _number),
        "POD_nom_full_pack_energy": ("pack_energy_capacity", _number),
        "POD_nom_energy_to_be_charged": ("pack_energy_to_charge", _number),
        "POD_available_charge_power": ("available_charge_power", _number),
        "POD_available_dischg_power": ("available_discharge_power", _number),
        "POD_curtailed_charge_power": ("curtailed_charge_power", _number),
        "POD_curtailed_dischg_power": ("curtailed_discharge_power", _number),
        "POD_est_DC_Bus_Power": ("dc_bus_power", _number),
        "POD_Ibatt": ("pack_current", _number),
        "POD_Vbatt": ("pack_voltage", _number),
        "POD_DC_Bus_Voltage": ("dc_bus_voltage", _number),
        "POD_state": ("pack_state", _words("POD_")),
        "POD_enable_line": ("pack_enable_line", _bool),
        "POD_ChargeComplete": ("charge_complete", _bool),
        "POD_DischargeComplete": ("discharge_complete", _bool),
        "POD_PersistentlyFaulted": ("persistently_faulted", _bool),
        "POD_PermanentlyFaulted": ("permanently_faulted", _bool),
        "POD_ChargeRequest": ("charge_request", _bool),
        "POD_ActiveHeating": ("active_heating", _bool),
        "POD_CCVhold": ("ccv_hold", _bool),
        "POD_Resting": ("resting", _bool),
        "POD_HeatZeroCurrentReg": ("heat_zero_current", _bool),
        "POD_ExtendedCapacityMode": ("extended_capacity", _bool),
        "POD_IpcRequestedBusUp": ("bus_up_requested", _bool),
        "POD_SelfTestRequested": ("self_test_requested", _bool),
    },
    "TEPINV": {
        "PINV_EnergyCharged": ("inverter_energy_charged", _lifetime),
        "PINV_EnergyDischarged": ("inverter_energy_discharged", _lifetime),
        "PINV_VSplit1": ("voltage_l1", _number),
        "PINV_VSplit2": ("voltage_l2", _number),
        "PINV_Vout": ("inverter_voltage", _number),
        "PINV_Fout": ("inverter_frequency", _number),
        "PINV_PllFrequency": ("pll_frequency", _number),
        "PINV_Pout": ("inverter_power", _kilo),
        "PINV_Qout": ("inverter_reactive_power", _kilo),
        "PINV_PllLocked": ("pll_locked", _bool),
        "PINV_ReadyForGridForming": ("grid_forming_ready", _bool),
        "PINV_HardwareEnableLine": ("inverter_enable_line", _bool),
        "PINV_State": ("power_inverter_state", _words("PINV_")),
        "PINV_GridState": ("power_inverter_grid_state", _words("Grid_")),
        "PINV_PowerLimiter": ("power_limiter", _words("PWRLIM_")),
    },
    "PVAC": {
        "PVAC_Pout": ("power", _number),
        "PVAC_Qout": ("reactive_power", _number),
        "PVAC_Vout": ("voltage", _number),
        "PVAC_Fout": ("frequency", _number),
        "PVAC_Iout": ("current", _number),
        **_lines("PVAC_PVCurrent_{}", "string_{}_current", _number, STRINGS),
        **_lines("PVAC_PVMeasuredVoltage_{}", "string_{}_voltage", _number, STRINGS),
        **_lines("PVAC_PVMeasuredPower_{}", "string_{}_power", _number, STRINGS),
        **_lines("PVAC_PvState_{}", "string_{}_state", _words("PV_"), STRINGS),
        "PVAC_LifetimeEnergyPV_Total": ("energy", _lifetime),
        "PVAC_VL1Ground": ("voltage_l1_ground", _number),
        "PVAC_VL2Ground": ("voltage_l2_ground", _number),
        "PVAC_VHvMinusChassisDC": ("voltage_chassis", _number),
        "PVAC_State": ("inverter_state", _words("PVAC_")),
        "PVAC_GridState": ("grid_state", _words("Grid_")),
        "PVAC_InvState": ("inverter_output_state", _words("INV_")),
        "PVAC_Fan_Speed_Actual_RPM": ("fan_speed", _number),
        "PVAC_Fan_Speed_Target_RPM": ("fan_speed_target", _number),
        "PVI-PowerStatusSetpoint": ("power_setpoint", _flag(on=True, off=False)),
    },
    "PVS": {
        "PVS_vLL": ("line_voltage", _number),
        "PVS_State": ("string_safety_state", _words("PVS_")),
        "PVS_SelfTestState": ("self_test_state", _words("PVS_")),
        "PVS_EnableOutput": ("output_enabled", _bool),
        **_lines("PVS_String{}_Connected", "string_{}_connected", _bool, STRINGS),
    },
    "TESYNC": {**_ISLANDER, **_meter("X", "N"), **_meter("Y", "N")},
    "TEMSA": {
        **_ISLANDER,
        **_meter("Z", "G"),
        "METER_Z_LifetimeEnergyNetImport": ("meter_z_energy_imported", _lifetime),
        "METER_Z_LifetimeEnergyNetExport": ("meter_z_energy_exported", _lifetime),
        "MSA_pcbaId": ("pcba_id", _identifier),
        "MSA_usageId": ("usage_id", _identifier),
        "MSA_HeatingRateOccurred": ("heating_rate_occurred", _bool),
    },
    "NEURIO": {
        **_lines("NEURIO_CT{}_InstRealPower", "ct_{}_power", _number, "0123"),
        **_lines("NEURIO_CT{}_Location", "ct_{}_location", _words(), "0123"),
    },
    # A second entry of an inverter or meter, for what it is used as.
    "TESLA": {},
}

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    kind: {theirs: name for theirs, (name, _) in readers.items()}
    for kind, readers in READERS.items()
}
"""Our names by those on the wire, for each type of device."""
