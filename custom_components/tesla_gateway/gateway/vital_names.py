"""The names of vitals: ours for those on the wire, and what reads their values."""

from collections.abc import Mapping
from typing import Final

from .fields import (
    Name,
    Names,
    Reader,
    as_flag,
    as_lifetime,
    as_number,
    as_text,
    state_words,
    whole_number,
)

_NO_ANGLE: Final = (-256, -180.5)
"""Degrees that stand for: not available."""


def _kilo(value: object) -> float | None:
    """Read kW or kvar, which come in hundredths, as W or var."""
    number = as_number(value)
    return None if number is None else as_number(round(number * 1000.0, 3))


def _angle(value: object) -> float | None:
    """Read an angle between two voltages."""
    number = as_number(value)
    return None if number in _NO_ANGLE else number


def _identifier(value: object) -> str | None:
    """Read a text that may be written as a whole number."""
    number = as_number(value)
    if number is None:
        return as_text(value)
    whole = whole_number(number)
    return None if whole is None else str(whole)


def _words(prefix: str = "") -> Reader:
    """Return what reads a state's name without its prefix."""
    return lambda value: state_words(value, prefix) if isinstance(value, str) else None


def _flag(**words: bool) -> Reader:
    """Return what reads a flag that may also be one of some words."""
    return lambda value: words.get(value) if isinstance(value, str) else as_flag(value)


def _lines(theirs: str, name: str, reader: Reader, numbers: str = "123") -> Names:
    """Return names of which there is one for each line, string or transformer."""
    return {
        theirs.format(number): Name(name.format(number.lower()), reader)
        for number in numbers
    }


STRINGS: Final = "ABCDEF"
"""A solar inverter of a Powerwall+ has four, of a Powerwall 3 six."""


def _meter(letter: str, ground: str) -> Names:
    """Return the names of a meter, whose transformers A to C are lines 1 to 3."""
    theirs, name = f"METER_{letter}_", f"meter_{letter.lower()}_"
    transformers = {
        f"{theirs}CT{transformer}_{quantity}": Name(f"{name}{ours}_l{line}", as_number)
        for line, transformer in enumerate("ABC", 1)
        for quantity, ours in (
            ("InstRealPower", "power"),
            ("InstReactivePower", "reactive_power"),
            ("I", "current"),
        )
    }
    return {
        **transformers,
        **_lines(f"{theirs}VL{{}}{ground}", f"{name}voltage_l{{}}", as_number),
        f"{theirs}LifetimeEnergyImport": Name(f"{name}energy_imported", as_lifetime),
        f"{theirs}LifetimeEnergyExport": Name(f"{name}energy_exported", as_lifetime),
    }


_ISLANDER: Final[Names] = {
    **_lines("ISLAND_VL{}N_Main", "main_voltage_l{}", as_number),
    **_lines("ISLAND_VL{}N_Load", "load_voltage_l{}", as_number),
    **_lines("ISLAND_FreqL{}_Main", "main_frequency_l{}", as_number),
    **_lines("ISLAND_FreqL{}_Load", "load_frequency_l{}", as_number),
    **_lines("ISLAND_PhaseL{}_Main_Load", "phase_difference_l{}", _angle),
    "ISLAND_L1L2PhaseDelta": Name("phase_delta_l1_l2", _angle),
    "ISLAND_L1L3PhaseDelta": Name("phase_delta_l1_l3", _angle),
    "ISLAND_L2L3PhaseDelta": Name("phase_delta_l2_l3", _angle),
    "ISLAND_GridState": Name("grid_state", _words("ISLAND_GridState_Grid_")),
    **_lines("ISLAND_L{}MicrogridOk", "microgrid_ok_l{}", as_flag),
    "ISLAND_ReadyForSynchronization": Name("synchronization_ready", as_flag),
    "ISLAND_GridConnected": Name(
        "grid_connected",
        _flag(ISLAND_GridConnected_Connected=True, ISLAND_GridConnected_Island=False),
    ),
    "SYNC_ExternallyPowered": Name("externally_powered", as_flag),
    "SYNC_SiteSwitchEnabled": Name("site_switch_enabled", as_flag),
    **_lines("SYNC-Phase{}Usage", "phase_usage_l{}", _words()),
}
"""Vitals of a contactor: main is the grid's side of it, load the home's."""

READERS: Final[dict[str, Names]] = {
    "STSTSM": {"STSTSM-Location": Name("location", as_text)},
    "TETHC": {
        "THC_State": Name("controller_state", _words("THC_STATE_")),
        "THC_AmbientTemp": Name("ambient_temperature", as_number),
    },
    "TEPOD": {
        "POD_nom_energy_remaining": Name("pack_energy_remaining", as_number),
        "POD_nom_full_pack_energy": Name("pack_energy_capacity", as_number),
        "POD_nom_energy_to_be_charged": Name("pack_energy_to_charge", as_number),
        "POD_available_charge_power": Name("available_charge_power", as_number),
        "POD_available_dischg_power": Name("available_discharge_power", as_number),
        "POD_curtailed_charge_power": Name("curtailed_charge_power", as_number),
        "POD_curtailed_dischg_power": Name("curtailed_discharge_power", as_number),
        "POD_est_DC_Bus_Power": Name("dc_bus_power", as_number),
        "POD_Ibatt": Name("pack_current", as_number),
        "POD_Vbatt": Name("pack_voltage", as_number),
        "POD_DC_Bus_Voltage": Name("dc_bus_voltage", as_number),
        "POD_state": Name("pack_state", _words("POD_")),
        "POD_enable_line": Name("pack_enable_line", as_flag),
        "POD_ChargeComplete": Name("charge_complete", as_flag),
        "POD_DischargeComplete": Name("discharge_complete", as_flag),
        "POD_PersistentlyFaulted": Name("persistently_faulted", as_flag),
        "POD_PermanentlyFaulted": Name("permanently_faulted", as_flag),
        "POD_ChargeRequest": Name("charge_request", as_flag),
        "POD_ActiveHeating": Name("active_heating", as_flag),
        "POD_CCVhold": Name("ccv_hold", as_flag),
        "POD_Resting": Name("resting", as_flag),
        "POD_HeatZeroCurrentReg": Name("heat_zero_current", as_flag),
        "POD_ExtendedCapacityMode": Name("extended_capacity", as_flag),
        "POD_IpcRequestedBusUp": Name("bus_up_requested", as_flag),
        "POD_SelfTestRequested": Name("self_test_requested", as_flag),
    },
    "TEPINV": {
        "PINV_EnergyCharged": Name("inverter_energy_charged", as_lifetime),
        "PINV_EnergyDischarged": Name("inverter_energy_discharged", as_lifetime),
        "PINV_VSplit1": Name("voltage_l1", as_number),
        "PINV_VSplit2": Name("voltage_l2", as_number),
        "PINV_Vout": Name("inverter_voltage", as_number),
        "PINV_Fout": Name("inverter_frequency", as_number),
        "PINV_PllFrequency": Name("pll_frequency", as_number),
        "PINV_Pout": Name("inverter_power", _kilo),
        "PINV_Qout": Name("inverter_reactive_power", _kilo),
        "PINV_PllLocked": Name("pll_locked", as_flag),
        "PINV_ReadyForGridForming": Name("grid_forming_ready", as_flag),
        "PINV_HardwareEnableLine": Name("inverter_enable_line", as_flag),
        "PINV_State": Name("power_inverter_state", _words("PINV_")),
        "PINV_GridState": Name("power_inverter_grid_state", _words("Grid_")),
        "PINV_PowerLimiter": Name("power_limiter", _words("PWRLIM_")),
    },
    "PVAC": {
        "PVAC_Pout": Name("power", as_number),
        "PVAC_Qout": Name("reactive_power", as_number),
        "PVAC_Vout": Name("voltage", as_number),
        "PVAC_Fout": Name("frequency", as_number),
        "PVAC_Iout": Name("current", as_number),
        **_lines("PVAC_PVCurrent_{}", "string_{}_current", as_number, STRINGS),
        **_lines("PVAC_PVMeasuredVoltage_{}", "string_{}_voltage", as_number, STRINGS),
        **_lines("PVAC_PVMeasuredPower_{}", "string_{}_power", as_number, STRINGS),
        **_lines("PVAC_PvState_{}", "string_{}_state", _words("PV_"), STRINGS),
        "PVAC_LifetimeEnergyPV_Total": Name("energy", as_lifetime),
        "PVAC_VL1Ground": Name("voltage_l1_ground", as_number),
        "PVAC_VL2Ground": Name("voltage_l2_ground", as_number),
        "PVAC_VHvMinusChassisDC": Name("voltage_chassis", as_number),
        "PVAC_State": Name("inverter_state", _words("PVAC_")),
        "PVAC_GridState": Name("grid_state", _words("Grid_")),
        "PVAC_InvState": Name("inverter_output_state", _words("INV_")),
        "PVAC_Fan_Speed_Actual_RPM": Name("fan_speed", as_number),
        "PVAC_Fan_Speed_Target_RPM": Name("fan_speed_target", as_number),
        "PVI-PowerStatusSetpoint": Name("power_setpoint", _flag(on=True, off=False)),
    },
    "PVS": {
        "PVS_vLL": Name("line_voltage", as_number),
        "PVS_State": Name("string_safety_state", _words("PVS_")),
        "PVS_SelfTestState": Name("self_test_state", _words("PVS_")),
        "PVS_EnableOutput": Name("output_enabled", as_flag),
        **_lines("PVS_String{}_Connected", "string_{}_connected", as_flag, STRINGS),
    },
    "TESYNC": {**_ISLANDER, **_meter("X", "N"), **_meter("Y", "N")},
    "TEMSA": {
        **_ISLANDER,
        **_meter("Z", "G"),
        "METER_Z_LifetimeEnergyNetImport": Name("meter_z_energy_imported", as_lifetime),
        "METER_Z_LifetimeEnergyNetExport": Name("meter_z_energy_exported", as_lifetime),
        "MSA_pcbaId": Name("pcba_id", _identifier),
        "MSA_usageId": Name("usage_id", _identifier),
        "MSA_HeatingRateOccurred": Name("heating_rate_occurred", as_flag),
    },
    "NEURIO": {
        **_lines("NEURIO_CT{}_InstRealPower", "ct_{}_power", as_number, "0123"),
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
