"""The devices of a site as its gateway tells of them: readings and alerts.

No timestamps: two readings of an unchanged site are equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Final

NO_TROUBLE: Final = frozenset(
    {
        # What has been done. Recorded on systems that work, always there.
        "FWUpdateSucceeded",  # the last update went well
        "GridCodesWrite",  # the grid code was written; often twice
        "PodCommissionTime",  # the packs were commissioned
        "SYNC_a001_SW_App_Boot",  # the synchronizer's program has started
        "THC_w155_Backup_Genealogy_Updated",  # comes with an update, and stays
        # Its name sounds otherwise: on every recorded inverter that works, also where
        # users asked what it means.
        "PINV_a067_overvoltageNeutralChassis",
        # How things are, or were wanted.
        "SystemConnectedToGrid",  # as it should be
        "ScheduledIslandContactorOpen",  # somebody has gone off the grid
        "SYNC_a038_DoOpenArguments",  # was told to leave the grid
        "SYNC_a046_DoCloseArguments",  # was told to join the grid
        "POD_w110_SW_EOC",  # end of charge: recorded on packs that are full
        "SelfConsumptionReservedLimit",  # the battery is down to its backup reserve
        # Power is kept within what there is, or within what was set up.
        "RealPowerAvailableLimited",  # recorded where the packs are full
        "RealPowerConfigLimited",  # a limit from commissioning
        "BackfeedLimited",  # the batteries may not export
        "SiteMaxPowerLimited",  # what may be taken from the grid
        "SiteMinPowerLimited",  # what may be given to the grid
        "SolarChargeOnlyLimited",  # only the sun may charge, and it does not shine
        # Strings that are not connected, as unused ones are for ever (recorded: B).
        # That it is so is a reading of its own; what breaks has other names too.
        "PVS_a017_MciStringA",
        "PVS_a018_MciStringB",
        "PVS_a019_MciStringC",
        "PVS_a020_MciStringD",
        "PVS_a060_MciClose",  # the switches at the panels are closed: solar power flows
    }
)
"""Alerts that stand on healthy systems, and say only what is the case."""

_LONGEST_NAME: Final = 255
"""Characters that are made into words; known names have some 30."""


class ComponentKind(StrEnum):
    """What a device of the site is."""

    GATEWAY = "gateway"
    BATTERY = "battery"
    """A Powerwall: its controller, its pack and its inverter as one."""
    SOLAR_INVERTER = "solar_inverter"
    """A Tesla solar inverter with what guards its strings."""
    SYNCHRONIZER = "synchronizer"
    """The contactor of a gateway, with the meters X and Y."""
    BACKUP_SWITCH = "backup_switch"
    """The contactor behind a utility meter, with the meter Z."""
    METER = "meter"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Alert:
    """Something a device says about itself: what is wrong, or merely the case."""

    code: str
    """The gateway's own name, such as PVAC_a014_PVS_disabled_relay."""

    @property
    def name(self) -> str:
        """Return the name in words: PVS disabled relay."""
        return alert_name(self.code)

    @property
    def is_trouble(self) -> bool:
        """Return whether it may tell of something wrong."""
        return self.code not in NO_TROUBLE


def alert_name(code: str) -> str:
    """Return the name of an alert or a grid fault in words, with a capital letter."""
    if len(code) > _LONGEST_NAME:
        return code
    meaning = re.sub(r"^[A-Z][A-Z\d]*_[awf]\d+_", "", code)
    words = re.findall(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+|\d+", meaning)
    name = " ".join(word if word.isupper() else word.lower() for word in words)
    return name[:1].upper() + name[1:] or code


type Reading = float | str | bool
"""A number, a state in lower-case words or a text, a flag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One device of the site, however many parts of it talk."""

    kind: ComponentKind
    id: str
    """Unique among the components of a gateway, and the same at every reading.

    `gateway`, `synchronizer`, `backup_switch`; a battery's part and serial number, as
    in `Battery.din`; the serial number of a meter, of a solar inverter (which is
    `solar_inverter` where it does not tell it), and of a further contactor.
    """
    part_number: str | None
    serial_number: str | None
    manufacturer: str | None
    firmware: str | None
    parent: str | None
    """Id of the component it belongs to; None for the gateway."""
    readings: Mapping[str, Reading]
    """By our names; what the device does not have, or what is only noise, is missing.

    In W, var, V, A, Hz, Wh, °C, rpm and degrees. Power of a battery is positive while
    it discharges, of a solar inverter while it produces.
    """
    alerts: tuple[Alert, ...]
    """Sorted, each once."""

    @property
    def troubles(self) -> tuple[Alert, ...]:
        """Return the alerts that may tell of something wrong.

        Others stand on healthy systems, and only say what is the case.
        """
        return tuple(alert for alert in self.alerts if alert.is_trouble)


type Components = Mapping[str, Component]
"""By id, each after the one it belongs to."""
