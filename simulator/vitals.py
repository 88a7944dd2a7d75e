"""Vitals: every device on the buses of the site, how they hang together, their alerts.

The site is put together as one of which decoded vitals were published: Powerwalls, a
Tesla solar inverter with a revenue grade meter, a Gateway 2. With two Powerwalls these
are 13 devices, as there. Part numbers and standing alerts are of that site too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from . import readings
from .batteries import (
    BATTERY_PART,
    POWER_UNIT_PART,
    battery_block,
    power_unit_serial,
)
from .energy import Battery
from .profiles import Profile
from .site import GridStatus, Site
from .wire import Component

ECU_TYPES: Final[Mapping[str, int]] = {
    "STSTSM": 207,
    "TETHC": 224,
    "TEPOD": 226,
    "TEPINV": 253,
    "TESYNC": 259,
    "PVAC": 296,
    "PVS": 297,
    "TEMSA": 300,
}

SYNCHRONIZER_PART: Final = "1493315-01-F"
BACKUP_SWITCH_PART: Final = "1624171-00-E"
SOLAR_INVERTER_PART: Final = "1538100-00-F"
SOLAR_INVERTER_POWER: Final = 7680
"""Nameplate of this part in W."""

BACKUP_SWITCH_SERIAL: Final = "TGSIMULATED302"
SOLAR_INVERTER_SERIAL: Final = "TGSIMULATED303"
SOLAR_METER_SERIAL: Final = "TGSIMULATED304"

SITE: Final = 1
SOLAR: Final = 4
REVENUE_GRADE_SOLAR: Final = 5
"""Where a meter is, in numbers; what they mean is inferred."""

SILENCE: Final = 6820
"""Seconds for which a failed pack had not been heard of when it was recorded."""

PACK_FAILURE: Final = (
    "POD_f029_HW_CMA_OV",
    "POD_w024_HW_Fault_Asserted",
    "POD_w031_SW_Brick_OV",
    "POD_w063_SW_SOC_Imbalance",
)
"""Some of what stood on that pack."""


def vitals(site: Site, profile: Profile) -> list[Component]:
    """Return all devices, each after the one it belongs to."""
    numbers: Counter[str] = Counter()
    devices = []
    for device in _Devices(site, profile):
        number = f"{device.kind}.{numbers[device.kind]}"
        alerts = site.incidents.alerts.get(number, device.alerts)
        devices.append(replace(device, alerts=tuple(alerts)))
        numbers[device.kind] += 1
    return devices


class _Devices:
    """The devices of a site at one moment."""

    def __init__(self, site: Site, profile: Profile) -> None:
        self._site = site
        self._profile = profile
        self._firmware = profile.git_hash[:14]
        self._now = int(site.now.timestamp())
        self._root = f"STSTSM--{profile.din}"

    def __iter__(self) -> Iterator[Component]:
        yield self._gateway()
        site = self._site
        powers = site.flows().batteries
        for index, battery in enumerate(site.batteries):
            yield from self._powerwall(index, battery, powers[index])
        if site.has_solar:
            yield from self._solar()
        yield from self._contactor()

    def _controlled(self, kind: str, part: str, serial: str, **more: Any) -> Component:
        """Return a device with a controller, which most are."""
        common: dict[str, Any] = {
            "firmware": self._firmware,
            "parent": self._root,
            "seen": self._now,
            "ecu_type": ECU_TYPES[kind],
        }
        return Component(kind=kind, part_number=part, serial=serial, **(common | more))

    def _entry(self, serial: str, **more: Any) -> Component:
        """Return a second entry of a device, for what it is used as."""
        return Component(
            kind="TESLA", serial=serial, parent=self._root, seen=self._now, **more
        )

    def _gateway(self) -> Component:
        profile = self._profile
        return self._controlled(
            "STSTSM",
            profile.part_number,
            profile.serial,
            firmware=f"2021-11-02-g{profile.git_hash[:9]}",
            parent="",
            vitals={"STSTSM-Location": "Gateway"},
            alerts=tuple(_system_alerts(self._site)),
        )

    def _powerwall(
        self, index: int, battery: Battery, power: int
    ) -> Iterator[Component]:
        """Yield a controller with what hangs on it: the cells and their inverter.

        In a pack that is not used only the controller still talks.
        """
        controller = self._controlled(
            "TETHC", BATTERY_PART, battery.serial, vitals=readings.controller(index)
        )
        yield controller
        cells: dict[str, Any] = {"alerts": PACK_FAILURE}
        inverter: dict[str, Any] = {}
        common = {"parent": controller.din, "seen": self._now - SILENCE}
        if battery.is_usable:
            block = battery_block(self._site, battery, power, self._profile)
            common["seen"] = self._now
            cells = {
                "vitals": readings.pack(battery, block),
                "alerts": () if battery.charge_limit() else ("POD_w110_SW_EOC",),
            }
            inverter = {
                "vitals": readings.battery_inverter(self._site, block),
                "alerts": ("PINV_a067_overvoltageNeutralChassis",),
            }
        serial = power_unit_serial(index)
        for kind, more in (("TEPOD", cells), ("TEPINV", inverter)):
            yield self._controlled(kind, POWER_UNIT_PART, serial, **common, **more)

    def _solar(self) -> Iterator[Component]:
        """Yield the inverter, which sits in the first Powerwall, and its meter."""
        part, serial, site = SOLAR_INVERTER_PART, SOLAR_INVERTER_SERIAL, self._site
        first = next((battery.serial for battery in site.batteries), None)
        inverter = self._controlled(
            "PVAC",
            part,
            serial,
            parent=f"TETHC--{BATTERY_PART}--{first}" if first else self._root,
            vitals=readings.solar_inverter(site),
        )
        yield inverter
        yield self._controlled(
            "PVS",
            part,
            serial,
            parent=inverter.din,
            vitals=readings.string_safety(site),
            alerts=("PVS_a018_MciStringB",),  # it is not connected
        )
        yield self._entry(
            f"{part}--{serial}",
            firmware=self._firmware,
            nameplate_power=SOLAR_INVERTER_POWER,
        )
        yield Component(
            kind="NEURIO",
            serial=SOLAR_METER_SERIAL,
            manufacturer="NEURIO",
            firmware="1.6.1-Tesla",
            parent=self._root,
            seen=self._now,
            meter_locations=(REVENUE_GRADE_SOLAR,),
            vitals=readings.solar_meter(site),
        )

    def _contactor(self) -> Iterator[Component]:
        """Yield what parts the home from the grid, and its entry as a meter."""
        site = self._site
        if site.has_backup_switch:
            switch = self._controlled(
                "TEMSA",
                BACKUP_SWITCH_PART,
                BACKUP_SWITCH_SERIAL,
                vitals=readings.backup_switch(site),
            )
            locations: tuple[int, ...] = (SITE,)
        else:
            switch = self._controlled(
                "TESYNC",
                SYNCHRONIZER_PART,
                self._profile.meter_serial,
                vitals=readings.synchronizer(site),
                alerts=("SYNC_a001_SW_App_Boot",),
            )
            locations = (SITE, SOLAR) if site.has_solar else (SITE,)
        yield switch
        yield self._entry(switch.serial, meter_locations=locations)


def _system_alerts(site: Site) -> Iterator[str]:
    """Yield what stands on the gateway; the first four always do and are no trouble.

    Records have SystemConnectedToGrid from 22.18.3 on, when vitals were still served.
    """
    yield from ("PodCommissionTime", "GridCodesWrite", "GridCodesWrite")
    yield "FWUpdateSucceeded"
    if site.is_connected:
        yield "SystemConnectedToGrid"
    elif site.is_grid_up:
        yield "ScheduledIslandContactorOpen"
    else:
        yield "UnscheduledIslandContactorOpen"
    if site.grid_status is GridStatus.WAIT_FOR_USER:
        yield "WaitForUserNoInvertersReady"
    if len(site.usable_batteries) < len(site.batteries):
        yield "BatteryFault"
    elif not any(battery.charge_limit() for battery in site.batteries):
        yield "RealPowerAvailableLimited"
