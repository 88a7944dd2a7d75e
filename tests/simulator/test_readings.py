"""Tests of what devices read, and that it agrees with what else the gateway says."""

from typing import Any

import orjson
import pytest

from simulator.bodies import body
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS
from simulator.site import Site
from simulator.wire import encode

from .decode import all_of, one_of

PROFILE = PROFILES["21.44"]


def _body(path: str, site: Site) -> Any:
    return orjson.loads(encode(body(path, site, PROFILE)))


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("batteries", [2, 10])
def test_powerwalls_agree(scenario: str, batteries: int) -> None:
    """Test packs and inverters say what the battery blocks say, in kW here."""
    site = SCENARIOS[scenario].site(batteries)
    blocks = _body("/api/system_status", site)["battery_blocks"]
    for block, pack, inverter in zip(
        blocks, all_of(site, "TEPOD"), all_of(site, "TEPINV"), strict=True
    ):
        if block["disabled_reasons"]:
            continue
        full, remaining = (
            block["nominal_full_pack_energy"],
            block["nominal_energy_remaining"],
        )
        assert pack.readings["POD_nom_full_pack_energy"] == full
        assert pack.readings["POD_nom_energy_remaining"] == remaining
        assert pack.readings["POD_nom_energy_to_be_charged"] == full - remaining
        read = inverter.readings
        assert read["PINV_Pout"] == pytest.approx(block["p_out"] / 1000, abs=0.0051)
        assert read["PINV_Qout"] == block["q_out"] / 1000
        assert (read["PINV_Vout"], read["PINV_Fout"]) == (
            block["v_out"],
            block["f_out"],
        )
        assert read["PINV_EnergyCharged"] == block["energy_charged"]
        assert read["PINV_EnergyDischarged"] == block["energy_discharged"]
        assert read["PINV_State"] == block["pinv_state"]
        assert read["PINV_GridState"] == block["pinv_grid_state"]


@pytest.mark.parametrize("scenario", sorted({*SCENARIOS} - {"no_solar"}))
def test_meters_agree(scenario: str) -> None:
    """Test powers and energies are those of the totals, whoever measures them."""
    site = SCENARIOS[scenario].site()
    totals = _body("/api/meters/aggregates", site)
    grid, solar = totals["site"], totals["solar"]
    assert (
        one_of(site, "NEURIO").readings["NEURIO_CT0_InstRealPower"]
        == (solar["instant_power"])
    )
    inverter = one_of(site, "PVAC").readings
    generated = max(solar["instant_power"], 0)
    assert inverter["PVAC_Pout"] == pytest.approx(generated, abs=5)
    powers = [float(inverter[f"PVAC_PVMeasuredPower_{string}"]) for string in "ABCD"]
    assert sum(powers) == generated
    energy = float(inverter["PVAC_LifetimeEnergyPV_Total"])
    assert 0 <= solar["energy_exported"] - energy < 10
    meters = one_of(site, "TESYNC").readings
    assert grid["instant_power"] == sum(
        float(meters[f"METER_X_CT{ct}_InstRealPower"]) for ct in "ABC"
    )
    assert meters["METER_Y_CTC_InstRealPower"] == solar["instant_power"] / 2
    for way in ("import", "export"):
        energy = float(meters[f"METER_X_LifetimeEnergy{way.title()}"])
        assert 0 <= grid[f"energy_{way}ed"] - energy < 1


def test_live() -> None:
    """Test readings follow the site through its day."""
    site = SCENARIOS["day"].site()
    before = one_of(site, "TEPOD").readings["POD_nom_energy_remaining"]
    was = one_of(site, "TEPOD").seen
    site.advance(3600)
    after = one_of(site, "TEPOD").readings["POD_nom_energy_remaining"]
    assert float(after) > float(before) + 1000
    assert one_of(site, "TEPOD").seen == was + 3600


def test_strings() -> None:
    """Test three strings generate, and the one that is not connected reads noise."""
    site = SCENARIOS["day"].site()
    inverter, strings = one_of(site, "PVAC").readings, one_of(site, "PVS")
    for string in "ACD":
        voltage = float(inverter[f"PVAC_PVMeasuredVoltage_{string}"])
        current = float(inverter[f"PVAC_PVCurrent_{string}"])
        power = float(inverter[f"PVAC_PVMeasuredPower_{string}"])
        assert power > 500
        assert voltage * current == pytest.approx(power, abs=2)
        assert strings.readings[f"PVS_String{string}_Connected"] is True
    assert strings.readings["PVS_StringB_Connected"] is False
    assert inverter["PVAC_PVMeasuredVoltage_B"] == pytest.approx(-2.1)
    assert inverter["PVAC_PVCurrent_B"] == 0.01
    assert inverter["PVAC_PVMeasuredPower_B"] == 0
    assert inverter["PVAC_PvState_B"] == "PV_Active"
    assert inverter["PVAC_PvState_D"] == "PV_Active_Parallel"
    assert strings.readings["PVS_State"] == "PVS_Active"
    assert strings.alerts == ["PVS_a018_MciStringB"]


def test_night() -> None:
    """Test strings sleep, while their voltages go on and the meter goes below zero."""
    site = SCENARIOS["night"].site()
    inverter, strings = one_of(site, "PVAC").readings, one_of(site, "PVS").readings
    for string in "ABCD":
        assert inverter[f"PVAC_PvState_{string}"] == "PV_Disabled"
        assert inverter[f"PVAC_PVCurrent_{string}"] == 0
        assert 9 < float(inverter[f"PVAC_PVMeasuredVoltage_{string}"]) < 34
    assert inverter["PVAC_Pout"] == 0
    assert strings["PVS_State"] == "PVS_GridSupporting"
    assert one_of(site, "NEURIO").readings["NEURIO_CT0_InstRealPower"] == -10


def test_full_and_empty_packs() -> None:
    """Test a pack says when it can take or give nothing."""
    site = SCENARIOS["full"].site()
    full = one_of(site, "TEPOD")
    assert full.readings["POD_ChargeComplete"] is True
    assert full.readings["POD_available_charge_power"] == 0
    assert full.readings["POD_available_dischg_power"] == 12000
    assert full.alerts == ["POD_w110_SW_EOC"]
    assert "RealPowerAvailableLimited" in one_of(site, "STSTSM").alerts
    site.charge_percent = 5
    empty = one_of(site, "TEPOD")
    assert empty.readings["POD_DischargeComplete"] is True
    assert empty.readings["POD_available_dischg_power"] == 0
    assert empty.readings["POD_available_charge_power"] == 7000
    assert empty.alerts == []


def test_disabled_pack() -> None:
    """Test of a pack that is not used only the controller still reads anything."""
    site = SCENARIOS["disabled_pack"].site()
    controllers, packs = all_of(site, "TETHC"), all_of(site, "TEPOD")
    inverters = all_of(site, "TEPINV")
    assert [device.readings["THC_AmbientTemp"] for device in controllers] == [21, 21.4]
    assert packs[0].readings
    assert (packs[1].readings, inverters[1].readings) == ({}, {})
    assert "POD_f029_HW_CMA_OV" in packs[1].alerts
    assert inverters[1].alerts == []
    assert packs[0].seen - packs[1].seen == 6820
    assert "BatteryFault" in one_of(site, "STSTSM").alerts


# The grid

STANDING = ["PodCommissionTime", "GridCodesWrite", "GridCodesWrite"]
STANDING += ["FWUpdateSucceeded"]


def _contactor(site: Site) -> dict[str, Any]:
    """Return what the first phase shows at the contactor."""
    readings = one_of(site, "TESYNC").readings
    names = ["VL1N_Main", "VL1N_Load", "FreqL1_Main", "PhaseL1_Main_Load"]
    names += ["GridConnected", "L1MicrogridOk", "ReadyForSynchronization"]
    return {name: readings[f"ISLAND_{name}"] for name in names}


def test_on_grid() -> None:
    """Test both sides of the contactor are one; a third phase is on neither."""
    site = SCENARIOS["day"].site()
    assert _contactor(site) == {
        "VL1N_Main": 122.5,
        "VL1N_Load": 122.5,
        "FreqL1_Main": 60.01,
        "PhaseL1_Main_Load": 0,
        "GridConnected": True,
        "L1MicrogridOk": True,
        "ReadyForSynchronization": True,
    }
    readings = one_of(site, "TESYNC").readings
    assert readings["ISLAND_GridState"] == "ISLAND_GridState_Grid_Compliant"
    assert readings["ISLAND_VL3N_Main"] == readings["ISLAND_FreqL3_Load"] == 0
    assert readings["ISLAND_PhaseL3_Main_Load"] == -256
    assert readings["ISLAND_L1L2PhaseDelta"] == -256
    assert readings["ISLAND_L3MicrogridOk"] is False
    assert readings["METER_X_VL2N"] == 124.24
    assert readings["METER_X_CTA_I"] == pytest.approx(165 / 122.53, abs=0.001)
    assert one_of(site, "STSTSM").alerts == [*STANDING, "SystemConnectedToGrid"]


def test_outage() -> None:
    """Test the grid's side is dead and the home's is not."""
    site = SCENARIOS["outage"].site()
    assert _contactor(site) == {
        "VL1N_Main": 0,
        "VL1N_Load": 122.5,
        "FreqL1_Main": 0,
        "PhaseL1_Main_Load": -256,
        "GridConnected": False,
        "L1MicrogridOk": True,
        "ReadyForSynchronization": False,
    }
    readings = one_of(site, "TESYNC").readings
    assert readings["ISLAND_GridState"] == "ISLAND_GridState_Grid_Uncompliant"
    assert readings["METER_X_VL1N"] == readings["METER_X_CTA_I"] == 0
    assert readings["METER_Y_VL1N"] == 122.53
    assert one_of(site, "TEPINV").readings["PINV_GridState"] == "Grid_Uncompliant"
    assert one_of(site, "PVAC").readings["PVAC_GridState"] == "Grid_Compliant"
    assert one_of(site, "STSTSM").alerts == [
        *STANDING,
        "UnscheduledIslandContactorOpen",
    ]


def test_off_grid_on_purpose() -> None:
    """Test a living grid is seen from the island, out of phase."""
    site = SCENARIOS["day"].site()
    site.is_off_grid_wanted = True
    site.settle()
    assert _contactor(site) == {
        "VL1N_Main": 122.5,
        "VL1N_Load": 122.5,
        "FreqL1_Main": 60.01,
        "PhaseL1_Main_Load": -71,
        "GridConnected": False,
        "L1MicrogridOk": True,
        "ReadyForSynchronization": True,
    }
    assert one_of(site, "STSTSM").alerts == [*STANDING, "ScheduledIslandContactorOpen"]


def test_dark_home() -> None:
    """Test an empty battery in an outage leaves no voltage anywhere."""
    site = SCENARIOS["outage"].site()
    site.charge_percent = 5
    contactor = _contactor(site)
    assert contactor["VL1N_Main"] == contactor["VL1N_Load"] == 0
    assert contactor["L1MicrogridOk"] is False
    assert one_of(site, "PVAC").readings["PVAC_GridState"] == "Grid_Uncompliant"
    assert "WaitForUserNoInvertersReady" in one_of(site, "STSTSM").alerts
