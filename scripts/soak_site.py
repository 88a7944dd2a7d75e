"""What happens at the site of the soak, what that may cost, and the true counters."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
import re
from typing import Any, Final

from custom_components.tesla_gateway.const import (
    DEVICE_INTERVAL,
    INFO_INTERVAL,
    LIVE_INTERVAL,
    STATE_INTERVAL,
)
from simulator.server import Simulator
from simulator.vitals import vitals

OPERATION: Final = "/api/operation"
SYSTEM: Final = "/api/system_status"
LOGIN: Final = "/api/login/Basic"
BATTERIES: Final = 3
METER: Final = r"METER_([XY])_LifetimeEnergy(Import|Export)"
"""How vitals name the counters of the synchronizer's meters."""
MODES: Final = ("self_consumption", "autonomous", "backup")

LIVE: Final = (
    "/api/meters/aggregates",
    "/api/system_status/soe",
    "/api/system_status/grid_status",
)
STATE: Final = (
    SYSTEM,
    OPERATION,
    "/api/sitemaster",
    "/api/system_status/grid_faults",
    "/api/devices/vitals",
    "/api/meters/site",
    "/api/meters/solar",
)
DEVICES: Final = (
    "/api/powerwalls",
    "/api/system/update/status",
    "/api/networks",
    "/api/troubleshooting/problems",
)
INFO: Final = (
    "/api/status",
    "/api/site_info",
    "/api/customer/registration",
    "/api/generators",
    "/api/generators/disconnect_types",
    "/api/solars",
)
CADENCES: Final[Mapping[str, float]] = {
    f"GET {path}": interval.total_seconds()
    for paths, interval in (
        (LIVE, LIVE_INTERVAL),
        (STATE, STATE_INTERVAL),
        (DEVICES, DEVICE_INTERVAL),
        (INFO, INFO_INTERVAL),
    )
    for path in paths
}
"""Seconds between two polls of each endpoint, every entity being enabled."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a person sets meanwhile."""

    control: str
    """Platform and key."""
    service: str
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Something that goes wrong for a while, or that somebody does."""

    name: str
    begin: Callable[[Simulator], object] = lambda _: None
    end: Callable[[Simulator], object] = lambda gateway: gateway.faults.clear()
    seconds: float = 60.0
    is_told: bool = False
    """Whether the log may say, once, that something cannot be read."""
    needs_login: bool = False
    """Whether the client has to log in, and maybe once more."""
    acts: tuple[Act, ...] = ()
    is_refused: bool = False
    """Whether the gateway refuses what is set."""
    acts_after: tuple[Act, ...] = ()
    """What is set when it is over."""


type Maker = Callable[[Random], Incident]


def _spoiled(name: str, *, path: str | None = None, **fault: Any) -> Maker:
    """Return what spoils the answers of one endpoint, or of all, a few or for long."""

    def make(random: Random) -> Incident:
        where = path or random.choice((*LIVE, *STATE, *DEVICES, *INFO, "*"))
        times = random.choice((None, None, 1, 2)) if where != "*" else None
        return Incident(
            name=f"{name}: {where}" + (f", {times} times" if times else ""),
            begin=lambda gateway: gateway.faults.add(where, times=times, **fault),
            seconds=random.randint(15, 180),
            is_told=True,
        )

    return make


def _hang(random: Random) -> Incident:
    where = random.choice((*LIVE, *STATE, *DEVICES, *INFO, "*"))
    return Incident(
        name=f"hang: {where}",
        begin=lambda gateway: gateway.faults.add(where, ending="hang"),
        seconds=random.randint(5, 40),
        is_told=True,
    )


def _wait(random: Random) -> Incident:
    """Return a gateway that wants to be left alone for longer than its fault lasts."""
    seconds = random.choice((30, 60, 120))
    return Incident(
        name=f"429: wait {seconds} s",
        begin=lambda gateway: gateway.faults.add(
            status=429, headers={"Retry-After": str(seconds)}
        ),
        seconds=random.randint(10, 25),
        is_told=True,
    )


def _expired(status: int) -> Maker:
    """Return that the gateway forgets its logins."""
    return lambda _: Incident(
        name=f"token expired, {status}",
        begin=lambda gateway: gateway.expire_tokens(status),
        needs_login=True,
    )


def _login_busy(random: Random) -> Incident:
    """Return that the gateway forgets its logins, and takes none for a while."""

    def begin(gateway: Simulator) -> None:
        gateway.expire_tokens()
        gateway.faults.add(LOGIN, status=429, headers={"Retry-After": "60"}, times=1)

    return Incident(
        name="token expired, login 429, wait 60 s",
        begin=begin,
        seconds=random.randint(15, 120),
        is_told=True,
        needs_login=True,
    )


def _restart(_: Random) -> Incident:
    return Incident(
        name="gateway restarts",
        begin=lambda gateway: gateway.stop(),
        end=lambda gateway: gateway.start(),
        seconds=180,
        is_told=True,
    )


def _stopped(random: Random) -> Incident:
    return Incident(
        name="site controller stopped",
        begin=_site(is_running=False),
        end=_site(is_running=True),
        seconds=random.randint(30, 180),
    )


def _battery_away(random: Random) -> Incident:
    """Return that the gateway does not tell of a battery; its meter goes on."""
    gone = random.sample(range(BATTERIES), random.randint(1, BATTERIES - 1))
    blocks = [f"battery_blocks.{number}" for number in sorted(gone, reverse=True)]
    return Incident(
        name=f"batteries away: {len(gone)}",
        begin=lambda gateway: gateway.faults.add(SYSTEM, drop=blocks),
        seconds=random.randint(40, 180),
    )


def _battery_disabled(random: Random) -> Incident:
    return Incident(
        name="battery disabled",
        begin=_site(disabled_batteries=1),
        end=_site(disabled_batteries=0),
        seconds=random.randint(40, 180),
    )


def _outage(random: Random) -> Incident:
    return Incident(
        name="grid outage",
        begin=_site(is_grid_up=False),
        end=_site(is_grid_up=True),
        seconds=random.randint(40, 180),
    )


def _written(random: Random) -> Incident:
    return Incident(name="settings written", acts=_settings(random))


def _refused(random: Random) -> Incident:
    """Return a refused write, and one that works, which takes the notice away."""
    return Incident(
        name="settings refused",
        begin=lambda gateway: gateway.control({"writes": "installer"}),
        end=lambda gateway: gateway.control({"writes": "customer"}),
        acts=_settings(random),
        is_refused=True,
        acts_after=_settings(random),
    )


def _settings(random: Random) -> tuple[Act, ...]:
    """Return another mode and another reserve, each set for itself."""
    mode = Act(
        control="select.operation_mode",
        service="select_option",
        data={"option": random.choice(MODES)},
    )
    reserve = Act(
        control="number.backup_reserve",
        service="set_value",
        data={"value": random.randint(0, 100)},
    )
    return (mode, reserve)


def _site(**values: Any) -> Callable[[Simulator], object]:
    return lambda gateway: gateway.control({"site": values})


MAKERS: Final[tuple[Maker, ...]] = (
    _spoiled("503", status=503),
    _spoiled("503, pause 60 s", status=503, headers={"Retry-After": "60"}),
    _spoiled("404", status=404),
    _spoiled("500", status=500),
    _spoiled("reset", ending="reset"),
    _spoiled("cut", ending="cut"),
    _spoiled("a web page", body="<html><body>Busy</body></html>"),
    _spoiled("null", body="null"),
    _hang,
    _wait,
    _expired(401),
    _expired(403),
    _login_busy,
    _restart,
    _stopped,
    _battery_away,
    _battery_disabled,
    _outage,
    _written,
    _refused,
)
"""Each kind of incident is as likely as any other."""


def energies(gateway: Simulator) -> Mapping[str, float]:
    """Return every lifetime energy at the site in Wh, by the unique id that shows it.

    Those of vitals in the words of vitals, which round them.
    """
    site, profile = gateway.site, gateway.device.profile
    own = profile.din
    found = {
        f"{own}_grid_energy_imported": site.site_energy.imported,
        f"{own}_grid_energy_exported": site.site_energy.exported,
        f"{own}_home_energy": site.load_energy.imported,
        f"{own}_home_energy_exported": site.load_energy.exported,
        f"{own}_solar_energy": site.solar_energy.exported,
        f"{own}_solar_energy_imported": site.solar_energy.imported,
        f"{own}_battery_energy_charged": sum(int(b.charged) for b in site.batteries),
        f"{own}_battery_energy_discharged": sum(
            int(b.discharged) for b in site.batteries
        ),
    }
    for battery in site.batteries:
        number = f"3012170-05-B--{battery.serial}"
        for energy in ("energy", "inverter_energy"):
            found[f"{number}_{energy}_charged"] = int(battery.charged)
            found[f"{number}_{energy}_discharged"] = int(battery.discharged)
    return found | dict(_told_by_vitals(gateway))


def _told_by_vitals(gateway: Simulator) -> Iterator[tuple[str, float]]:
    own = gateway.device.profile.din
    for component in vitals(gateway.site, gateway.device.profile):
        for name, value in component.vitals.items():
            if name == "PVAC_LifetimeEnergyPV_Total":
                yield f"{own}_{component.serial}_energy", float(str(value))
            elif match := re.fullmatch(METER, name):
                letter, way = match[1].lower(), match[2].lower()
                unique_id = f"{own}_synchronizer_meter_{letter}_energy_{way}ed"
                yield unique_id, float(str(value))
