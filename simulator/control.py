"""The simulator's own switchboard: what `POST /simulator/control` takes.

Everything is checked before anything is changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .checks import (
    Check,
    a_mapping,
    an_object,
    kind_of,
    list_of,
    number,
    one_of,
    or_none,
    whole,
)
from .energy import new_batteries
from .faults import Ending, Fault
from .incidents import MILLISECOND, GridFault, Update
from .profiles import WRITERS
from .scenarios import DISABLED_REASON
from .site import Site, WriteEffect, WriteKind
from .vitals import ECU_TYPES

if TYPE_CHECKING:
    from .server import Simulator

FLAG: Final = one_of(True, False)  # noqa: FBT003  # the values to choose from
YES: Final = one_of(True)  # noqa: FBT003
TEXT: Final = kind_of(str)
WATTS: Final = or_none(whole(-1_000_000, 1_000_000))
SECONDS: Final = number(0, 31 * 86400)

FAULT: Final[Mapping[str, Check]] = {
    "path": TEXT,
    "method": TEXT,
    "times": or_none(whole(1, 1_000_000)),
    "delay": SECONDS,
    "status": or_none(whole(200, 599)),
    "headers": kind_of(dict),
    "body": or_none(TEXT),
    "edit": kind_of(dict),
    "drop": list_of(TEXT),
    "ending": one_of(*map(str, Ending)),
    "size": or_none(whole(0, 2**40)),
}
"""The fields of `faults.Fault`."""

SITE: Final[Mapping[str, Check]] = {
    "batteries": whole(0, 100),
    "disabled_batteries": whole(0, 100),
    "charge_percent": number(0, 100),
    "solar_power": WATTS,
    "load_power": WATTS,
    "battery_power": WATTS,
    "generator_power": WATTS,
    "has_solar": FLAG,
    "has_backup_switch": FLAG,
    "mode": TEXT,
    "backup_reserve_percent": number(0, 100),
    "is_running": FLAG,
    "busy_reason": TEXT,
    "is_grid_up": FLAG,
    "is_off_grid_wanted": FLAG,
}
"""Attributes of `site.Site`, and two numbers of batteries, in the order of setting."""


GRID_FAULT: Final[Mapping[str, Check]] = {
    "code": TEXT,
    "is_fault": FLAG,
    "values": list_of(kind_of(dict)),
    "battery": whole(0, 100),
}
"""The fields of `incidents.GridFault`, but its time."""

UPDATE: Final[Mapping[str, Check]] = {
    "battery": whole(0, 100),
    "progress": number(0, 1),
}
"""The fields of `incidents.Update`."""

WRITE_EFFECT: Final[Mapping[str, Check]] = {
    "kind": one_of(*map(str, WriteKind)),
    "seconds": SECONDS,
}
"""The fields of `site.WriteEffect`."""

DEVICE: Final = rf"({'|'.join(ECU_TYPES)})\.\d+"
"""Kind and number of a device in vitals: TEPOD.0 is the first of its kind."""


def _a_fault(name: str, value: Any) -> Fault:
    fields = an_object(FAULT)(name, value)
    return Fault(**fields)


def _set_speed(simulator: Simulator, value: float) -> None:
    simulator.speed = value


def _advance(simulator: Simulator, value: float) -> None:
    simulator.site.advance(value)


def _set_latency(simulator: Simulator, value: float) -> None:
    simulator.latency = value / 1000


def _set_faults(simulator: Simulator, value: list[Fault]) -> None:
    simulator.faults.clear()
    simulator.faults.extend(value)


def _set_site(simulator: Simulator, value: Mapping[str, Any]) -> None:
    for name in SITE:
        if name in value:
            setter = SITE_SETTERS.get(name)
            if setter is None:
                setattr(simulator.site, name, value[name])
            else:
                setter(simulator.site, value[name])


def _add_grid_faults(
    simulator: Simulator, value: list[Mapping[str, Any]] | None
) -> None:
    """Let something be wrong with the grid now, or forget all that ever was.

    No two are at the same millisecond.
    """
    incidents = simulator.site.incidents
    if value is None:
        incidents.grid_faults.clear()
        return
    for fields in value:
        now = max(simulator.site.elapsed, incidents.latest_fault() + MILLISECOND)
        incidents.grid_faults.append(GridFault(**fields, elapsed=now))


def _set_alerts(simulator: Simulator, value: dict[str, list[str]]) -> None:
    simulator.site.incidents.alerts = dict(value)


def _set_update(simulator: Simulator, value: Mapping[str, Any] | None) -> None:
    simulator.site.incidents.update = None if value is None else Update(**value)


def _set_batteries(site: Site, count: int) -> None:
    """Keep the first packs, add new ones as full as the others."""
    more = new_batteries(count, site.charge_percent)
    site.batteries = [*site.batteries, *more[len(site.batteries) :]][:count]


def _set_disabled(site: Site, count: int) -> None:
    """Let the gateway not use the last packs, and use the others."""
    first = len(site.batteries) - count
    for index, battery in enumerate(site.batteries):
        battery.disabled_reasons = (DISABLED_REASON,) if index >= first else ()


def _set_password(simulator: Simulator, value: str) -> None:
    simulator.device.logins.password = value


def _expire_tokens(simulator: Simulator, value: int) -> None:
    simulator.expire_tokens(value)


def _set_installer_needs_switch(simulator: Simulator, value: bool) -> None:  # noqa: FBT001
    simulator.device.logins.installer_needs_switch = value


def _set_version(simulator: Simulator, value: str) -> None:
    device = simulator.device
    device.profile = replace(device.profile, version=value)


def _set_writes(simulator: Simulator, value: str) -> None:
    device = simulator.device
    device.profile = replace(device.profile, writers=WRITERS[value])


def _set_write_effect(simulator: Simulator, value: Mapping[str, Any] | None) -> None:
    effect = dict(value or {})
    if "kind" in effect:
        effect["kind"] = WriteKind(effect["kind"])
    simulator.site.write_effect = WriteEffect(**effect)


def _set_own_wifi(simulator: Simulator, value: bool) -> None:  # noqa: FBT001
    simulator.own_wifi = value


def _set_compressed_din(simulator: Simulator, value: bool) -> None:  # noqa: FBT001
    simulator.device.is_din_compressed = value


def _renew_certificate(simulator: Simulator, _value: bool) -> None:  # noqa: FBT001
    simulator.renew_certificate()


def _reset_stats(simulator: Simulator, _value: bool) -> None:  # noqa: FBT001
    simulator.reset_stats()


SITE_SETTERS: Final[Mapping[str, Callable[[Site, int], None]]] = {
    "batteries": _set_batteries,
    "disabled_batteries": _set_disabled,
}

CONTROLS: Final[Mapping[str, tuple[Check, Callable[[Simulator, Any], None]]]] = {
    "speed": (number(0, 86400), _set_speed),
    "site": (an_object(SITE), _set_site),
    "advance": (SECONDS, _advance),
    "grid_faults": (or_none(list_of(an_object(GRID_FAULT))), _add_grid_faults),
    "alerts": (a_mapping(DEVICE, list_of(TEXT)), _set_alerts),
    "update": (or_none(an_object(UPDATE)), _set_update),
    "latency_ms": (number(0, 600_000), _set_latency),
    "faults": (list_of(_a_fault), _set_faults),
    "password": (TEXT, _set_password),
    "expire_tokens": (one_of(401, 403), _expire_tokens),
    "installer_needs_switch": (FLAG, _set_installer_needs_switch),
    "version": (TEXT, _set_version),
    "writes": (one_of(*WRITERS), _set_writes),
    "write_effect": (or_none(an_object(WRITE_EFFECT)), _set_write_effect),
    "own_wifi": (FLAG, _set_own_wifi),
    "compressed_din": (FLAG, _set_compressed_din),
    "new_certificate": (YES, _renew_certificate),
    "reset_stats": (YES, _reset_stats),
}
"""What can be changed, how it is checked and how it is done."""


def apply(simulator: Simulator, document: Any) -> None:
    """Do everything a document asks for, or raise `ControlError` and do nothing."""
    checks = {name: check for name, (check, _) in CONTROLS.items()}
    checked = an_object(checks)("control", document)
    for name, (_, change) in CONTROLS.items():
        if name in checked:
            change(simulator, checked[name])


def state(simulator: Simulator) -> dict[str, Any]:
    """Return the site as it is now: W, %, and Wh with the gateway's signs."""
    site, flows = simulator.site, simulator.site.flows()
    return {
        "time": site.now.isoformat(),
        "speed": simulator.speed,
        "site_power": flows.site,
        "battery_power": flows.battery,
        "solar_power": flows.solar,
        "load_power": flows.load,
        "generator_power": flows.generator,
        "charge_percent": site.charge_percent,
        "energy_remaining": site.energy_remaining,
        "grid_status": site.grid_status,
        "mode": site.mode,
        "backup_reserve_percent": site.backup_reserve_percent,
        "applied_at": site.applied_at and site.applied_at.isoformat(),
        "is_running": site.is_running,
        "batteries": len(site.batteries),
    }
