"""`/api/solar_powerwall`: the solar inverter of a Powerwall+, where vitals are no more.

The same inverter that vitals tell of, in other words, and with every alert as a flag.
Keys, types and the noise of a string that is not connected are as in two published
answers (firmware 24.4; jasonacox/Powerwall-Dashboard #436 and #473). Those break off,
and what follows is as a Go client reads it. Alerts are those with a published name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .profiles import Profile
from .readings import STRINGS
from .site import Site
from .vitals import SOLAR_INVERTER_POWER, vitals
from .wire import Component, Document, timestamp

PVAC_ALERTS: Final = (
    "inv_L1_HW_overcurrent",
    "inv_L2_HW_overcurrent",
    "inv_HVBus_HW_overvoltage",
    "pv_HW_CMPSS_OC_STGA",
    "pv_HW_CMPSS_OC_STGB",
    "pv_HW_CMPSS_OC_STGC",
    "pv_HW_CMPSS_OC_STGD",
    "inv_HVBus_undervoltage",
    "SwAppBoot",
    "inv_AC_overvoltage",
    "inv_AC_undervoltage",
    "inv_AC_overfrequency",
    "inv_AC_underfrequency",
    "PVS_disabled_relay",
    "pv_HW_Allegro_OC_STGA",
    "pv_HW_Allegro_OC_STGB",
    "pv_HW_Allegro_OC_STGC",
    "pv_HW_Allegro_OC_STGD",
    "ambient_overtemperature",
    "dsp_overtemperature",
    "dcac_heatsink_overtemperature",
    "mppt_heatsink_overtemperature",
    "unused",
    "PVACrx_Command_mia",
    "PVS_Status_mia",
    "inv_AC_peak_overvoltage",
    "inv_K1_relay_welded",
    "inv_K2_relay_welded",
    "pump_faulted",
    "fan_faulted",
    "VFCheck_OV",
    "VFCheck_UV",
    "VFCheck_OF",
    "VFCheck_UF",
    "VFCheck_RoCoF",
    "inv_lost_iL_control",
    "PVS_processor_nERROR",
    "inv_failed_xcap_precharge",
    "inv_HVBus_SW_overvoltage",
    "pump_correction_saturated",
    "excess_PV_clamp_triggered",
    None,
    "fan_speed_mismatch_detected",
)
"""From PVAC_a001 on; None where nobody has published a name."""

PVS_ALERTS: Final = (
    "WatchdogReset",
    "SW_App_Boot",
    "V12vOutOfBounds",
    "V1v5OutOfBounds",
    "VAfdRefOutOfBounds",
    "GfOvercurrent300",
    "UNUSED_7",
    "UNUSED_8",
    "GfOvercurrent030",
    "PvIsolationTotal",
    "PvIsolationStringA",
    "PvIsolationStringB",
    "PvIsolationStringC",
    "PvIsolationStringD",
    "SelfTestGroundFault",
    "ESMFault",
    "MciStringA",
    "MciStringB",
    "MciStringC",
    "MciStringD",
    "RapidShutdown",
    "Mci1SignalLevel",
    "Mci2SignalLevel",
    "Mci3SignalLevel",
    "Mci4SignalLevel",
    "Mci1PvVoltage",
    "Mci2PvVoltage",
    "systemInitFailed",
    "PvArcFault",
    "VDcOv",
    "Mci3PvVoltage",
    "Mci4PvVoltage",
    "dataException",
    "PeImpedance",
    "PvArcDetected",
    "PvArcLockout",
    "PvArcFault2",
    "PvArcFault_SelfTest",
    "SelfTestRelayFault",
    "LEDIrrationalFault",
    "MciPowerSwitch",
    "MciPowerFault",
    "LockedPvStringSafety",
    "FaultStatePvStringSafety",
    "RelayCoilIrrationalFault",
    "RelayCoilIrrationalLockout",
    "AcSensorIrrationalFault",
    "DcSensorIrrationalFault",
    "arcSignalMibspiHealth",
    "RelayCoilIrrationalWarning",
    "DcBusShortCircuitDetected",
    "PvArcFault_PreSelfTest",
    *[None] * 5,
    "MciOpenOnFault",
    "MciOpen",
    "MciClose",
)
"""From PVS_a001 on; None where nobody has published a name."""


def solar_powerwall(site: Site, profile: Profile) -> Document:
    """Return what the inverter and its string safety say."""
    devices = {device.kind: device for device in vitals(site, profile)}
    inverter, safety = devices["PVAC"], devices["PVS"]
    return {
        "pvac_status": _inverter(inverter.vitals, [*_strings(inverter, safety)]),
        "pvs_status": {
            "state": safety.vitals["PVS_State"],
            "disabled": False,
            "enable_output": safety.vitals["PVS_EnableOutput"],
            "v_ll": safety.vitals["PVS_vLL"],
            "self_test_state": safety.vitals["PVS_SelfTestState"],
        },
        "pv_power_limit": SOLAR_INVERTER_POWER,  # inferred: its value is not published
        "power_status_setpoint": inverter.vitals["PVI-PowerStatusSetpoint"],
        "pvac_alerts": {
            **_reception(site),
            "PVAC_alertMatrixIndex": 0,
            **_flags(inverter, PVAC_ALERTS),
        },
        "pvs_alerts": {**_reception(site), **_flags(safety, PVS_ALERTS)},
    }


def _inverter(readings: Mapping[str, Document], strings: list[Document]) -> Document:
    """Return its state: V, Hz, W, var and A."""
    return {
        "state": readings["PVAC_State"],
        "disabled": False,
        "disabled_reasons": [],
        "grid_state": readings["PVAC_GridState"],
        "inv_state": readings["PVAC_InvState"],
        "v_out": readings["PVAC_Vout"],
        "f_out": readings["PVAC_Fout"],
        "p_out": readings["PVAC_Pout"],
        "q_out": readings["PVAC_Qout"],
        "i_out": readings["PVAC_Iout"],
        "string_vitals": strings,
    }


def _strings(inverter: Component, safety: Component) -> Iterator[Document]:
    """Yield each string in V, A and W, with noise where none is connected."""
    for number, string in enumerate(STRINGS, 1):
        yield {
            "string_id": number,
            "connected": safety.vitals[f"PVS_String{string}_Connected"],
            "measured_voltage": inverter.vitals[f"PVAC_PVMeasuredVoltage_{string}"],
            "current": inverter.vitals[f"PVAC_PVCurrent_{string}"],
            "measured_power": inverter.vitals[f"PVAC_PVMeasuredPower_{string}"],
        }


def _reception(site: Site) -> Document:
    """Return what stands before the flags; of the mask only the type is known."""
    return {"LastRxTime": timestamp(site), "ReceivedMuxBitmask": 0}


def _flags(device: Component, names: Sequence[str | None]) -> Document:
    """Return every alert with whether it is raised, those without a name left out."""
    known = [
        f"{device.kind}_a{number:03}_{name}"
        for number, name in enumerate(names, 1)
        if name is not None
    ]
    return {name: name in device.alerts for name in [*known, *device.alerts]}
