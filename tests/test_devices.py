"""Tests of the devices: one for each thing, whoever tells of it."""

from collections.abc import Callable
from http import HTTPStatus
import json
from typing import Any

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator.server import Simulator
from simulator.vitals import vitals
from simulator.wire import encode_vitals

from .conftest import AddGateway, Tick

VITALS = "/api/devices/vitals"
BATTERY = "3012170-05-B--TGSIMULATED101"
SECOND = "3012170-05-B--TGSIMULATED102"

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


@pytest.mark.parametrize("location", ["site", "solar"])
async def test_meter_of_one_location(
    add_gateway: AddGateway,
    gateway: Simulator,
    device_registry: dr.DeviceRegistry,
    tree: Tree,
    location: str,
) -> None:
    """Test a meter that nothing else tells of is known by what it says itself."""
    connection = {"device_serial": "TG-305-B7"}
    meter = METER | {"location": location, "connection": connection}
    gateway.faults.add(f"/api/meters/{location}", body=json.dumps([meter]))
    entry = await add_gateway()
    assert tree()["Meter 05B7"] == HOME
    device = _device(device_registry, entry, f"{entry.unique_id}_TG-305-B7")
    assert device.model == "neurio_w2_tcp"
    assert device.serial_number == "TG-305-B7"


async def test_meter_in_a_contactor_that_nobody_else_tells_of(
    add_gateway: AddGateway,
    gateway: Simulator,
    device_registry: dr.DeviceRegistry,
    tree: Tree,
) -> None:
    """Test a meter alone tells what it is built into."""
    for path in (VITALS, "/api/powerwalls"):
        gateway.faults.add(path, status=HTTPStatus.NOT_FOUND)
    entry = await add_gateway()
    assert tree()["Synchronizer"] == HOME
    device = _device(device_registry, entry, f"{entry.unique_id}_synchronizer")
    assert device.model == "Synchronizer"
    assert device.serial_number == "TGSIMULATED301"


async def test_contactor_that_only_powerwalls_tell_of(
    add_gateway: AddGateway, gateway: Simulator, device_registry: dr.DeviceRegistry
) -> None:
    """Test a contactor without a number has at least its kind."""
    for path in (VITALS, "/api/meters/*"):
        gateway.faults.add(path, status=HTTPStatus.NOT_FOUND)
    entry = await add_gateway()
    device = _device(device_registry, entry, f"{entry.unique_id}_synchronizer")
    assert device.model == "Synchronizer"
    assert device.manufacturer == "Tesla"


@pytest.mark.parametrize("gateway_options", [{"scenario": "generator"}])
async def test_generator(
    entry: GatewayConfigEntry, device_registry: dr.DeviceRegistry
) -> None:
    """Test a generator is of the make and model that the installer typed in."""
    device = _device(device_registry, entry, f"{entry.unique_id}_generator_1")
    assert (device.manufacturer, device.model) == ("Simulated", "Generator")


async def test_gateway_with_new_firmware(
    add_gateway: AddGateway,
    device_registry: dr.DeviceRegistry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test the gateway's own device follows what its status says."""
    gateway.faults.add("/api/status", edit={"device_type": "tardis"})
    entry = await add_gateway()
    hub = _device(device_registry, entry, str(entry.unique_id))
    assert (hub.model, hub.sw_version) == ("Energy Gateway", "21.44")
    assert hub.configuration_url == f"https://127.0.0.1:{gateway.port}"
    gateway.faults.clear()
    gateway.control({"version": "21.44.1 c58c2df3"})
    await tick(3601)
    hub = _device(device_registry, entry, str(entry.unique_id))
    assert (hub.model, hub.sw_version) == ("Backup Gateway 2", "21.44.1")


async def test_what_is_not_told_any_more(
    entry: GatewayConfigEntry,
    device_registry: dr.DeviceRegistry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test a device keeps what has been told of it, though it is told no more."""
    gateway.faults.add(VITALS, edit={"TETHC.0.firmware": "", "PVAC.0.firmware": ""})
    gateway.control({"alerts": {"TETHC.0": ["THC_w061_CAN_TX_FIFO_Overflow"]}})
    await tick(31)
    for identifier in (BATTERY, f"{entry.unique_id}_TGSIMULATED303"):
        device = _device(device_registry, entry, identifier)
        assert device.sw_version == "223a56cd575b7b"


async def test_a_powerwall_comes_and_goes(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tree: Tree,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test a Powerwall is there with all that tell of it, and gone with them."""
    gateway.control({"site": {"batteries": 2}})
    await tick(31)
    assert tree()["Powerwall D102"] == HOME
    assert {"power", "ambient_temperature", "alerts"} <= _shown(hass, SECOND)
    await tick(301)
    everything = _shown(hass, SECOND)
    assert everything == _shown(hass, BATTERY)
    gateway.control({"site": {"batteries": 1}})
    await tick(31)
    assert _shown(hass, SECOND) == {"updating"}
    await tick(301)
    assert _shown(hass, SECOND) == set()
    assert _shown(hass, BATTERY) == everything
    assert tree()["Powerwall D102"] == HOME
    gateway.control({"site": {"batteries": 2}})
    await tick(301)
    assert _shown(hass, SECOND) == everything
    assert "ERROR" not in {record.levelname for record in caplog.records}


def _shown(hass: HomeAssistant, device: str) -> set[str]:
    """Return the keys of all entities of a device that are available."""
    registry = er.async_get(hass)
    return {
        entity.unique_id.removeprefix(f"{device}_")
        for state in hass.states.async_all()
        if state.state != STATE_UNAVAILABLE
        and (entity := registry.async_get(state.entity_id))
        and entity.unique_id.startswith(f"{device}_")
    }


def _device(
    registry: dr.DeviceRegistry, entry: GatewayConfigEntry, identifier: str
) -> dr.DeviceEntry:
    """Return the device with an identifier."""
    device = registry.async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )
    assert device
    return device


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


async def test_firmware_after_an_update(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    device_registry: dr.DeviceRegistry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test other firmware is known when its update is over, not an hour later."""
    update = "/api/system/update/status"
    gateway.faults.add(update, edit={"state": "/update_staged"}, times=1)
    await tick(300)
    gateway.faults.add("/api/status", edit={"version": "22.9.1"})
    await tick(300)
    hub = device_registry.async_get_device_by_identifier(
        (DOMAIN, str(entry.unique_id)), entry.entry_id
    )
    assert hub is not None
    assert hub.sw_version == "22.9.1"
