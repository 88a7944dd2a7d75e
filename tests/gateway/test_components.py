"""Alerts: their names in words, and which of them tell of something wrong."""

import pytest

from custom_components.tesla_gateway.gateway.components import (
    NO_TROUBLE,
    Alert,
    alert_name,
)

from .vitals_site import read_scenario


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("PVAC_a014_PVS_disabled_relay", "PVS disabled relay"),
        ("SystemConnectedToGrid", "System connected to grid"),
        ("PINV_a007_vfCheckOverFrequency", "Vf check over frequency"),
        ("POD_w110_SW_EOC", "SW EOC"),
        ("POD_f029_HW_CMA_OV", "HW CMA OV"),
        ("FWUpdateSucceeded", "FW update succeeded"),
        ("SYNC_a001_SW_App_Boot", "SW app boot"),
        ("PVS_a018_MciStringB", "Mci string B"),
        ("PVS_a027_Mci2PvVoltage", "Mci 2 pv voltage"),
        ("PVAC_a028_inv_K2_relay_welded", "Inv K2 relay welded"),
        ("SYNC_a044_IslanderDisconnectWithin2s", "Islander disconnect within 2 s"),
        ("PINV_a010_can_gtwMIA", "Can gtw MIA"),
        ("HighCPU", "High CPU"),
        ("PW3_w007_Something", "Something"),
        # Nothing to put into words.
        ("PVS_a007_", "PVS_a007_"),
        ("---", "---"),
        ("", ""),
    ],
)
def test_names(code: str, name: str) -> None:
    """Test the gateway's names become words, and abbreviations stay."""
    assert alert_name(code) == name
    assert Alert(code=code).name == name


def test_order() -> None:
    """Test alerts are sorted by their code, and equal by it."""
    second, first = Alert(code="b"), Alert(code="a")
    assert sorted({second, first, Alert(code="a")}) == [first, second]


def test_no_trouble() -> None:
    """Test what stands on every site that works is no trouble, anything else is."""
    for code in (
        *("FWUpdateSucceeded", "GridCodesWrite", "PodCommissionTime"),
        "SystemConnectedToGrid",
    ):
        assert not Alert(code=code).is_trouble
    assert not any(Alert(code=code).is_trouble for code in NO_TROUBLE)
    for code in (
        *("BatteryFault", "BatteryDisabled", "FWUpdateFailed", "GridCodesWriteError"),
        *("PodCommissionTimeError", "UnscheduledIslandContactorOpen", "SiteMeterComms"),
        *("WaitForUserNoInvertersReady", "PVS_a036_PvArcLockout", "PVS_a059_MciOpen"),
        *("PVAC_a014_PVS_disabled_relay", "POD_w031_SW_Brick_OV", "NobodyKnowsThis"),
    ):
        assert Alert(code=code).is_trouble


def test_faults_are_trouble() -> None:
    """Test nothing that the gateway itself calls a fault is left out."""
    assert not [code for code in NO_TROUBLE if "_f" in code]


@pytest.mark.parametrize(
    ("scenario", "trouble"),
    [
        ("day", set()),
        ("night", set()),
        ("full", set()),
        ("outage", {"UnscheduledIslandContactorOpen"}),
        (
            "disabled_pack",
            {
                "BatteryFault",
                "POD_f029_HW_CMA_OV",
                "POD_w024_HW_Fault_Asserted",
                "POD_w031_SW_Brick_OV",
                "POD_w063_SW_SOC_Imbalance",
            },
        ),
    ],
)
def test_trouble_of_sites(scenario: str, trouble: set[str]) -> None:
    """Test a healthy site has alerts, and no trouble; another one exactly its own."""
    alerts = [
        alert for each in read_scenario(scenario).values() for alert in each.alerts
    ]
    assert len(alerts) > len(trouble)
    assert {alert.code for alert in alerts if alert.is_trouble} == trouble
