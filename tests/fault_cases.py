"""What a fault of a gateway is, how it is done to the simulator, and what must hold.

The faults themselves are in `fault_table`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import Enum, auto
from typing import Any, Final, override

from freezegun.api import FrozenDateTimeFactory

from simulator.server import Simulator
from simulator.vitals import vitals
from simulator.wire import encode_vitals

METERS: Final = "/api/meters/aggregates"
CHARGE: Final = "/api/system_status/soe"
GRID: Final = "/api/system_status/grid_status"
SYSTEM: Final = "/api/system_status"
OPERATION: Final = "/api/operation"
SITE_CONTROLLER: Final = "/api/sitemaster"
GRID_FAULTS: Final = "/api/system_status/grid_faults"
VITALS: Final = "/api/devices/vitals"
LOGIN: Final = "/api/login/Basic"
ISLAND_MODE: Final = "/api/v2/islanding/mode"

POWERWALL: Final = "3012170-05-B--TGSIMULATED101"
"""The first one's number."""
SECOND_POWERWALL: Final = "3012170-05-B--TGSIMULATED102"
INVERTER: Final = "TGSIMULATED303"

OF_POWERWALLS: Final = tuple(
    f"*.3012170-05-B--TGSIMULATED10?_{key}"
    for key in (
        *("backup_ready", "disabled", "power", "energy_*"),
        *("inverter_state", "grid_state"),
    )
)
"""What the system status tells of each Powerwall."""
ENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    METERS: tuple(
        f"sensor.{key}"
        for key in (
            *("grid_power", "grid_energy_*", "home_*", "solar_power", "solar_energy"),
            *("battery_power", "battery_energy_*"),
        )
    ),
    CHARGE: ("sensor.state_of_charge",),
    GRID: (
        "sensor.grid_status",
        "binary_sensor.grid_connected",
        "binary_sensor.grid_services_active",
        "switch.off_grid",
    ),
    SYSTEM: ("sensor.energy_*", *OF_POWERWALLS),
    OPERATION: ("*.operation_mode", "*.backup_reserve"),
    SITE_CONTROLLER: tuple(
        f"binary_sensor.{key}"
        for key in ("site_controller", "connected_to_tesla", "power_supply_mode")
    ),
    GRID_FAULTS: ("*.grid_faults", "*.grid_fault"),
    VITALS: (f"*.{INVERTER}_*", "*alerts", "*alert", "*_ambient_*", "*_pack_energy_*"),
}
"""Platform and key, as patterns, of what each endpoint is shown as by default."""

WHILE_RUNNING: Final = tuple(
    pattern
    for path, patterns in ENTITIES.items()
    if path not in {OPERATION, SITE_CONTROLLER}
    for pattern in patterns
)
"""What a site with its controller stopped does not tell."""
EVERYTHING: Final = tuple(pattern for all_of in ENTITIES.values() for pattern in all_of)
"""What is read every half minute or more often."""


@dataclass(frozen=True, kw_only=True)
class World:
    """The gateway, what else is in the network, and the time."""

    gateway: Simulator
    stranger: Simulator
    """Another server, to which nothing must be sent."""
    clock: FrozenDateTimeFactory


type Act = Callable[[World], object]


def healed(world: World) -> None:
    """Clear every fault of the answers."""
    world.gateway.faults.clear()


def answers(path: str = "*", **fault: Any) -> Act:
    """Return what spoils the answers of one endpoint, or of all."""
    return lambda world: world.gateway.faults.add(path, **fault)


def control(**document: Any) -> Act:
    """Return what changes the site, or the gateway itself."""
    return lambda world: world.gateway.control(document)


def site(**values: Any) -> Act:
    """Return what changes the site."""
    return control(site=values)


def together(*acts: Act) -> Act:
    """Return what does several things at once."""
    return lambda world: [act(world) for act in acts]


class Kind(Enum):
    """What goes on while something is wrong."""

    POLL = auto()
    """Nothing but polls."""
    WRITE = auto()
    """Somebody sends the home off the grid."""
    UNLOAD = auto()
    """The config entry is unloaded in the middle of a poll."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault, and what must hold. A poll is one of every 30 s."""

    name: str
    begin: Act
    end: Act | None = healed
    """None where it stays so for good."""
    polls: int | None = None
    """How long it lasts; None is as long as somebody wants to look."""
    restart: bool = False
    """Whether it is there already when the integration is loaded."""
    hangs: bool = False
    """Whether time has to pass for an answer, or for giving it up."""

    lost: tuple[str, ...] = ()
    """What becomes unavailable; all else stays available, with fresh values."""
    at_once: bool = False
    """Whether that is at the next poll; else after three, with the last value."""
    logins: range = range(1)
    """How many are sent meanwhile."""
    requests: int | None = None
    """How many are sent meanwhile, at most."""
    reauth: bool = False
    """Whether the password is asked for, once."""
    repairs: int = 0
    rest: float = 0.0
    """Seconds for which the gateway is left alone after it."""
    heals: int = 1
    """In how many polls after that everything is as before."""


class Row:
    """A row of the table; `options` are how its gateway is simulated."""

    def __init__(
        self,
        number: int,
        title: str,
        *cases: Case,
        options: Mapping[str, Any] | None = None,
        kind: Kind = Kind.POLL,
    ) -> None:
        """Make a row of some faults."""
        self.number = number
        self.title = title
        self.cases = cases
        self.options = options or {}
        self.kind = kind

    @override
    def __str__(self) -> str:
        """Return what it is called."""
        return f"{self.number:02} {self.title}"


def wait(seconds: int) -> dict[str, Any]:
    """Return an answer that asks to be left alone for so long."""
    return {"status": 429, "headers": {"Retry-After": str(seconds)}}


def wait_until(world: World) -> None:
    """Let the gateway ask to be left alone for 130 s from now, as a date."""
    moment = datetime.now(UTC) + timedelta(seconds=130)
    date = format_datetime(moment, usegmt=True)
    world.gateway.faults.add(status=429, headers={"Retry-After": date})


def expire(status: int = 401) -> Act:
    """Return what makes the gateway forget every token."""
    return lambda world: world.gateway.expire_tokens(status)


def password(text: str) -> Act:
    """Return what changes the password."""
    return lambda world: world.gateway.change_password(text)


def leave(world: World) -> None:
    """Take the gateway off the network."""
    world.gateway.stop()


def come_back(world: World) -> None:
    """Put it on the network again."""
    world.gateway.start()


def renew_certificate(world: World) -> None:
    """Give it another certificate."""
    world.gateway.renew_certificate()


def redirect(world: World) -> None:
    """Send whoever asks for the settings, or logs in, to somebody else."""
    target = f"{world.stranger.url}{OPERATION}"
    for path in (OPERATION, LOGIN):
        world.gateway.faults.add(path, status=307, headers={"Location": target})


def truncate_vitals(world: World) -> None:
    """Let vitals end before their end."""
    device = world.gateway.device
    whole = encode_vitals(vitals(world.gateway.site, device.profile))
    world.gateway.faults.add(VITALS, body=whole[:-7])


def leap(world: World) -> None:
    """Let the clock jump."""
    world.clock.tick(timedelta(days=1))


def energy(**counters: float) -> Act:
    """Return what puts other lifetime energies (Wh) into the meters' answer."""
    edits = {name.replace("_", ".", 1): value for name, value in counters.items()}
    return answers(METERS, edit=edits)


def alike(acts: Mapping[str, Act], **expected: Any) -> Iterator[Case]:
    """Yield faults of which the same must hold."""
    for name, begin in acts.items():
        yield Case(name=name, begin=begin, **expected)


def on_each(*paths: str, fault: Mapping[str, Any], **expected: Any) -> Iterator[Case]:
    """Yield the same fault on one endpoint after the other, which loses its own."""
    words = fault.get("status") or fault["ending"]
    for path in paths:
        yield Case(
            name=f"{words} on {path.rpartition('/')[2]}",
            begin=answers(path, **fault),
            lost=ENTITIES[path],
            **expected,
        )
