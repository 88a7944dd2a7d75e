"""Tests of the devices: one for each thing, whoever tells of it."""

from collections.abc import Callable
from http import HTTPStatus
import json
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator.server import Simulator
from simulator.vitals import vitals
from simulator.wire import encode_vitals

from .conftest import AddGateway, Tick

VITALS = "/api/devices/vitals"

type Tree = Callable[[], dict[str, str | None]]


@pytest.fixture
def tree(hass: HomeAssistant, device_registry: dr.DeviceRegistry) -> Tree:
    """Return what gives the names of all devices, and of what each belongs to."""

    def names() -> dict[str, str | None]:
        (entry,) = hass.config_entries.async_entries(DOMAIN)
        devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
        by_id = {device.id: str(device.name) for device in devices}
        return {
            str(device.name): by_id.get(device.via_device_id or "")
            for device in devices
        }

    return names


HOME = "Simulated Home"
METER = {
    "location": "site",
    "type": "neurio_w2_tcp",
    "cts": [True, True, False, False],
    "inverted": [False, True, False, False],
    "connection": {"device_serial": "TGSIMULATED304"},
    "Cached_readings": {"v_l1n": 121.5, "real_power_a": 700},
}
"""A meter of its own, of which vitals tell too."""


@pytest.mark.parametrize(
    ("gateway_options", "expected"),
    [
        pytest.param(
            {"batteries": 2},
            {
                HOME: None,
                "Powerwall D101": HOME,
                "Powerwall D102": HOME,
                "Solar inverter D303": "Powerwall D101",
                "Synchronizer": HOME,
                "Meter D304": HOME,
            },
            id="vitals",
        ),
        pytest.param(
            {"profile": "24.44"},
            {
                HOME: None,
                "Powerwall D101": HOME,
                "Solar inverter": HOME,
                "Synchronizer": HOME,
            },
            id="no vitals",
        ),
        pytest.param(
            {"profile": "21.13"},
            {HOME: None, "Powerwall D101": HOME, "Synchronizer": HOME},
            id="only installed",
        ),
        pytest.param({"profile": "pw3"}, {"Powerwall 3": None}, id="pw3"),
        pytest.param(
            {"scenario": "generator"},
            {
                HOME: None,
                "Powerwall D101": HOME,
                "Solar inverter D303": "Powerwall D101",
                "Synchronizer": HOME,
                "Meter D304": HOME,
                "Generator 1": HOME,
            },
            id="generator",
        ),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_tree(tree: Tree, expected: dict[str, str | None]) -> None:
    """Test what the devices are, and what they belong to."""
    assert tree() == expected


@pytest.mark.usefixtures("entry")
async def test_what_is_known(
    device_registry: dr.DeviceRegistry,
    entry: GatewayConfigEntry,
) -> None:
    """Test numbers, firmware and maker of each device."""
    known = {
        str(device.name): (
            device.manufacturer,
            device.model,
            device.model_id,
            device.serial_number,
            device.sw_version,
        )
        for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    }
    firmware = "223a56cd575b7b"
    assert known == {
        HOME: ("Tesla", "Backup Gateway 2", "1232100-00-E", "TGSIMULATED001", "21.44"),
        "Powerwall D101": (
            *("Tesla", "Powerwall", "3012170-05-B"),
            *("TGSIMULATED101", firmware),
        ),
        "Solar inverter D303": (
            *("Tesla", "Solar inverter", "1538100-00-F"),
            *("TGSIMULATED303", firmware),
        ),
        "Synchronizer": (
            *("Tesla", "Synchronizer", "1493315-01-F"),
            *("TGSIMULATED301", firmware),
        ),
        "Meter D304": ("Neurio", "Meter", None, "TGSIMULATED304", "1.6.1-Tesla"),
    }


async def test_powerwall_plus(
    add_gateway: AddGateway, gateway: Simulator, device_registry: dr.DeviceRegistry
) -> None:
    """Test the model follows the type, which one of three tells."""
    gateway.faults.add("/api/powerwalls", edit={"powerwalls.0.type": "SolarPowerwall"})
    entry = await add_gateway()
    models = {
        device.name: device.model
        for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    }
    assert models["Powerwall D101"] == "Powerwall+"
    gateway.faults.add("/api/powerwalls", status=HTTPStatus.INTERNAL_SERVER_ERROR)
    await entry.runtime_data.state.async_refresh()
    (powerwall,) = [
        device
        for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)
        if device.name == "Powerwall D101"
    ]
    assert powerwall.model == "Powerwall+"


async def test_meter_of_its_own(
    add_gateway: AddGateway, gateway: Simulator, tree: Tree
) -> None:
    """Test a meter that is no part of the contactor is a device, once."""
    for path in ("/api/meters/site", "/api/meters/solar"):
        gateway.faults.add(path, body=json.dumps([METER]))
    await add_gateway()
    assert list(tree()).count("Meter D304") == 1


async def test_devices_stand_still(
    hass: HomeAssistant, add_gateway: AddGateway, gateway: Simulator, tick: Tick
) -> None:
    """Test no poll and no reload writes what is registered already."""
    gateway.faults.add("/api/powerwalls", edit={"powerwalls.0.type": "SolarPowerwall"})
    gateway.faults.add("/api/meters/site", body=json.dumps([METER]))
    entry = await add_gateway()
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    await tick(31)
    changes: list[Any] = []
    hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, changes.append)
    for _ in range(3):
        await tick(31)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [change.data for change in changes] == []


async def test_a_parent_that_is_away(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tree: Tree,
    tick: Tick,
) -> None:
    """Test an inverter stays with its Powerwall, of which one answer knows nothing."""
    changes: list[Any] = []
    hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, changes.append)
    gateway.faults.add(VITALS, drop=["TETHC.0"], times=1)
    await tick(31)
    assert tree()["Solar inverter D303"] == "Powerwall D101"
    await tick(31)
    assert changes == []


async def test_several_solar_inverters(
    add_gateway: AddGateway,
    gateway: Simulator,
    device_registry: dr.DeviceRegistry,
    tree: Tree,
    tick: Tick,
) -> None:
    """Test inverters are told apart, also when the first is missing at night."""
    devices = vitals(gateway.site, gateway.device.profile)
    (inverter,) = [device for device in devices if device.kind == "PVAC"]
    other: Any = type(inverter)(
        kind="PVAC",
        part_number=inverter.part_number,
        serial="TGSIMULATED399",
        parent=inverter.parent,
        seen=inverter.seen,
        ecu_type=inverter.ecu_type,
        vitals={"PVAC_Pout": 1230.0},
    )
    gateway.faults.add(VITALS, body=encode_vitals([*devices, other]))
    entry = await add_gateway()
    assert {"Solar inverter D303", "Solar inverter D399"} < set(tree())
    before = _names(device_registry, entry)
    gateway.faults.clear()
    gateway.faults.add(
        VITALS, body=encode_vitals([*(d for d in devices if d is not inverter), other])
    )
    await tick(31)
    assert _names(device_registry, entry) == before


def _names(
    registry: dr.DeviceRegistry, entry: GatewayConfigEntry
) -> dict[str, tuple[str | None, str | None]]:
    """Return name and serial number of each device by its identifier."""
    devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
    return {str(each.identifiers): (each.name, each.serial_number) for each in devices}
