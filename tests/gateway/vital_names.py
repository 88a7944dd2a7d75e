"""Each vital that has a name: how it stands on the wire, and what is read of it.

From the documentation, not from the code.
"""

from itertools import batched
from typing import NamedTuple

from simulator.wire import Vital

type Block = tuple[Vital, Vital, str]
"""A value on the wire, what is read of it, and names, theirs and ours in turn.

In the names `#` stands for 1 to 3, `%` for 0 to 3, and `@` and `^` for the letters of
strings, theirs and ours.
"""

ISLANDER: tuple[Block, ...] = (
    (
        12.5,
        12.5,
        """
        ISLAND_VL#N_Main main_voltage_l#
        ISLAND_VL#N_Load load_voltage_l#
        ISLAND_FreqL#_Main main_frequency_l#
        ISLAND_FreqL#_Load load_frequency_l#
        """,
    ),
    (
        -71.0,
        -71.0,
        """
        ISLAND_PhaseL#_Main_Load phase_difference_l#
        ISLAND_L1L2PhaseDelta phase_delta_l1_l2
        ISLAND_L1L3PhaseDelta phase_delta_l1_l3
        ISLAND_L2L3PhaseDelta phase_delta_l2_l3
        """,
    ),
    (
        True,
        True,
        """
        ISLAND_L#MicrogridOk microgrid_ok_l#
        ISLAND_ReadyForSynchronization synchronization_ready
        ISLAND_GridConnected grid_connected
        SYNC_ExternallyPowered externally_powered
        SYNC_SiteSwitchEnabled site_switch_enabled
        """,
    ),
    ("NonBackup", "non_backup", "SYNC-Phase#Usage phase_usage_l#"),
    (
        "ISLAND_GridState_Grid_Compliant",
        "compliant",
        "ISLAND_GridState grid_state",
    ),
)


def _meter(letter: str, ground: str) -> Block:
    """Return the names of a meter with three current transformers."""
    names = "LifetimeEnergyImport energy_imported LifetimeEnergyExport energy_exported"
    for line, transformer in enumerate("ABC", 1):
        names += f"""
        CT{transformer}_InstRealPower power_l{line}
        CT{transformer}_InstReactivePower reactive_power_l{line}
        CT{transformer}_I current_l{line}
        VL{line}{ground} voltage_l{line}
        """
    pairs = batched(names.split(), 2, strict=True)
    return (
        4.25,
        4.25,
        " ".join(f"METER_{letter}_{a} meter_{letter.lower()}_{b}" for a, b in pairs),
    )


BLOCKS: dict[str, tuple[Block, ...]] = {
    "STSTSM": (("Gateway", "Gateway", "STSTSM-Location location"),),
    "TETHC": (
        (16.5, 16.5, "THC_AmbientTemp ambient_temperature"),
        (
            "THC_STATE_AUTONOMOUSCONTROL",
            "autonomouscontrol",
            "THC_State controller_state",
        ),
    ),
    "TEPOD": (
        (
            8636.0,
            8636.0,
            """
            POD_nom_energy_remaining pack_energy_remaining
            POD_nom_full_pack_energy pack_energy_capacity
            POD_nom_energy_to_be_charged pack_energy_to_charge
            POD_available_charge_power available_charge_power
            POD_available_dischg_power available_discharge_power
            POD_curtailed_charge_power curtailed_charge_power
            POD_curtailed_dischg_power curtailed_discharge_power
            POD_est_DC_Bus_Power dc_bus_power
            POD_Ibatt pack_current
            POD_Vbatt pack_voltage
            POD_DC_Bus_Voltage dc_bus_voltage
            """,
        ),
        ("POD_ACTIVE", "active", "POD_state pack_state"),
        (
            True,
            True,
            """
            POD_enable_line pack_enable_line
            POD_ChargeComplete charge_complete
            POD_DischargeComplete discharge_complete
            POD_PersistentlyFaulted persistently_faulted
            POD_PermanentlyFaulted permanently_faulted
            POD_ChargeRequest charge_request
            POD_ActiveHeating active_heating
            POD_CCVhold ccv_hold
            POD_Resting resting
            POD_HeatZeroCurrentReg heat_zero_current
            POD_ExtendedCapacityMode extended_capacity
            POD_IpcRequestedBusUp bus_up_requested
            POD_SelfTestRequested self_test_requested
            """,
        ),
    ),
    "TEPINV": (
        (
            120.9,
            120.9,
            """
            PINV_EnergyCharged inverter_energy_charged
            PINV_EnergyDischarged inverter_energy_discharged
            PINV_VSplit1 voltage_l1
            PINV_VSplit2 voltage_l2
            PINV_Vout inverter_voltage
            PINV_Fout inverter_frequency
            PINV_PllFrequency pll_frequency
            """,
        ),
        (
            -1.13,  # kW and kvar
            -1130.0,
            "PINV_Pout inverter_power PINV_Qout inverter_reactive_power",
        ),
        (
            False,
            False,
            """
            PINV_PllLocked pll_locked
            PINV_ReadyForGridForming grid_forming_ready
            PINV_HardwareEnableLine inverter_enable_line
            """,
        ),
        ("PINV_GridFollowing", "grid_following", "PINV_State power_inverter_state"),
        (
            "Grid_Uncompliant",
            "uncompliant",
            "PINV_GridState power_inverter_grid_state",
        ),
        (
            "PWRLIM_POD_Power_Limit",
            "pod_power_limit",
            "PINV_PowerLimiter power_limiter",
        ),
    ),
    "PVAC": (
        (
            1610.0,
            1610.0,
            """
            PVAC_Pout power
            PVAC_Qout reactive_power
            PVAC_Vout voltage
            PVAC_Fout frequency
            PVAC_Iout current
            PVAC_PVCurrent_@ string_^_current
            PVAC_PVMeasuredVoltage_@ string_^_voltage
            PVAC_PVMeasuredPower_@ string_^_power
            PVAC_LifetimeEnergyPV_Total energy
            PVAC_VL1Ground voltage_l1_ground
            PVAC_VL2Ground voltage_l2_ground
            PVAC_VHvMinusChassisDC voltage_chassis
            PVAC_Fan_Speed_Actual_RPM fan_speed
            PVAC_Fan_Speed_Target_RPM fan_speed_target
            """,
        ),
        ("PV_Active_Parallel", "active_parallel", "PVAC_PvState_@ string_^_state"),
        ("PVAC_Faulted", "faulted", "PVAC_State inverter_state"),
        ("Grid_Qualifying", "qualifying", "PVAC_GridState grid_state"),
        (
            "INV_Grid_Connected",
            "grid_connected",
            "PVAC_InvState inverter_output_state",
        ),
        ("on", True, "PVI-PowerStatusSetpoint power_setpoint"),
    ),
    "PVS": (
        (241.5, 241.5, "PVS_vLL line_voltage"),
        ("PVS_GridSupporting", "grid_supporting", "PVS_State string_safety_state"),
        ("PVS_SelfTestOff", "self_test_off", "PVS_SelfTestState self_test_state"),
        (True, True, "PVS_EnableOutput output_enabled"),
        (False, False, "PVS_String@_Connected string_^_connected"),
    ),
    "TESYNC": (*ISLANDER, _meter("X", "N"), _meter("Y", "N")),
    "TEMSA": (
        *ISLANDER,
        _meter("Z", "G"),
        (
            158623.0,
            158623.0,
            """
            METER_Z_LifetimeEnergyNetImport meter_z_energy_imported
            METER_Z_LifetimeEnergyNetExport meter_z_energy_exported
            """,
        ),
        (7.0, "7", "MSA_pcbaId pcba_id MSA_usageId usage_id"),
        (True, True, "MSA_HeatingRateOccurred heating_rate_occurred"),
    ),
    "NEURIO": (
        (-15.92, -15.92, "NEURIO_CT%_InstRealPower ct_%_power"),
        ("solarRGM", "solar_rgm", "NEURIO_CT%_Location ct_%_location"),
    ),
}


class Named(NamedTuple):
    """A vital that has a name."""

    kind: str
    """The type of its device."""
    wire: str
    """The gateway's name."""
    sent: Vital
    """A value as it was recorded, or like one."""
    name: str
    """Our name."""
    read: Vital
    """That value as we have it."""


def _expanded(wire: str, name: str) -> list[tuple[str, str]]:
    """Return the names that a pair with signs stands for."""
    for sign, numbers in (("#", "123"), ("%", "0123")):
        if sign in wire:
            return [(wire.replace(sign, n), name.replace(sign, n)) for n in numbers]
    if "@" in wire:
        return [(wire.replace("@", s.upper()), name.replace("^", s)) for s in "abcdef"]
    return [(wire, name)]


NAMED = [
    Named(kind, wire, sent, name, read)
    for kind, blocks in BLOCKS.items()
    for sent, read, names in blocks
    for pair in batched(names.split(), 2, strict=True)
    for wire, name in _expanded(*pair)
]
