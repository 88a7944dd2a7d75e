"""The demo's gateway, asked a second time: what Home Assistant should show of it.

Over HTTPS as everybody, but with nothing of the integration's own client: a mistake
there could not be found out otherwise. Signs, units and scales are therefore worked out
here once more, from the gateway's own answers.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
import gzip
import json
from typing import Any, Final, Self

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

METERS: Final = "/api/meters/aggregates"
CHARGE: Final = "/api/system_status/soe"
GRID: Final = "/api/system_status/grid_status"
SYSTEM: Final = "/api/system_status"
OPERATION: Final = "/api/operation"
SITE_CONTROLLER: Final = "/api/sitemaster"

IDENTITIES: Final[Mapping[str, Callable[[Any], str]]] = {
    "/api/status": lambda status: status["din"],
    "/api/powerwalls": lambda powerwalls: powerwalls["gateway_din"],
    "/api/config": lambda config: config["vin"],
    "/tedapi/din": lambda din: din,
}
"""What tells a gateway's DIN, best first: no firmware has them all."""

GRID_STATES: Final[Mapping[str, str]] = {
    "SystemGridConnected": "connected",
    "SystemIslandedActive": "islanded",
    "SystemIslandedReady": "islanded_ready",
    "SystemTransitionToGrid": "transition_to_grid",
    "SystemTransitionToIsland": "transition_to_island",
    "SystemMicroGridFaulted": "microgrid_faulted",
    "SystemWaitForUser": "wait_for_user",
}

type Value = float | str | None
"""A number, a word of Home Assistant's, or None where the gateway tells nothing."""


def app_percent(gateway_percent: float) -> float:
    """Return a percentage as the app shows it: the gateway keeps 5 % for itself."""
    return min(max((gateway_percent - 5) / 0.95, 0), 100)


def on_off(value: bool | None) -> str | None:  # noqa: FBT001 - the value itself
    """Return the state of a binary sensor."""
    return None if value is None else ("on" if value else "off")


READINGS: Final[Mapping[str, tuple[str, Callable[[Any], Value]]]] = {
    "grid_power": (METERS, lambda meters: meters["site"]["instant_power"]),
    "home_power": (METERS, lambda meters: meters["load"]["instant_power"]),
    "solar_power": (METERS, lambda meters: meters["solar"]["instant_power"]),
    "battery_power": (METERS, lambda meters: meters["battery"]["instant_power"]),
    "state_of_charge": (CHARGE, lambda charge: app_percent(charge["percentage"])),
    "grid_status": (GRID, lambda grid: GRID_STATES[grid["grid_status"]]),
    "grid_energy_imported": (METERS, lambda meters: meters["site"]["energy_imported"]),
    "grid_energy_exported": (METERS, lambda meters: meters["site"]["energy_exported"]),
    "home_energy": (METERS, lambda meters: meters["load"]["energy_imported"]),
    "solar_energy": (METERS, lambda meters: meters["solar"]["energy_exported"]),
    "battery_energy_charged": (
        METERS,
        lambda meters: meters["battery"]["energy_imported"],
    ),
    "battery_energy_discharged": (
        METERS,
        lambda meters: meters["battery"]["energy_exported"],
    ),
    "energy_remaining": (SYSTEM, lambda system: system["nominal_energy_remaining"]),
    "energy_capacity": (SYSTEM, lambda system: system["nominal_full_pack_energy"]),
    "operation_mode": (OPERATION, lambda operation: operation["real_mode"]),
    "backup_reserve": (
        OPERATION,
        lambda operation: app_percent(operation["backup_reserve_percent"]),
    ),
    "grid_connected": (
        GRID,
        lambda grid: on_off(grid["grid_status"] == "SystemGridConnected"),
    ),
    "grid_services_active": (GRID, lambda grid: on_off(grid["grid_services_active"])),
    "site_controller": (SITE_CONTROLLER, lambda answer: on_off(answer["running"])),
    "connected_to_tesla": (
        SITE_CONTROLLER,
        lambda answer: on_off(answer["connected_to_tesla"]),
    ),
    "power_supply_mode": (
        SITE_CONTROLLER,
        lambda answer: on_off(answer["power_supply_mode"]),
    ),
}
"""By the key of the gateway's entity: where it comes from, and what it should be."""

BATTERY_READINGS: Final[Mapping[str, Callable[[Any], Value]]] = {
    "power": lambda battery: battery["p_out"],
    "energy_remaining": lambda battery: battery["nominal_energy_remaining"],
    "energy_capacity": lambda battery: battery["nominal_full_pack_energy"],
    "energy_charged": lambda battery: battery["energy_charged"],
    "energy_discharged": lambda battery: battery["energy_discharged"],
    "backup_ready": lambda battery: on_off(battery["backup_ready"]),
}
"""By the key of a battery's entity, from its block in the system status."""

LIVE: Final = (METERS, CHARGE, GRID)
"""What the integration reads every ten seconds, and everything else less often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one entity should show."""

    unique_id: str
    name: str
    path: str
    """The endpoint that tells it."""
    value: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What the gateway answered, by path; what it refused is missing."""

    by_path: Mapping[str, Any]

    @property
    def din(self) -> str:
        """The number that unique ids begin with."""
        found = (
            _value(self.by_path.get(path), read) for path, read in IDENTITIES.items()
        )
        return next(str(din) for din in found if din)

    def readings(self) -> list[Reading]:
        """Return everything that is compared, in the table's order."""
        return [*self._of_gateway(), *self._of_batteries()]

    def _of_gateway(self) -> Iterator[Reading]:
        for key, (path, read) in READINGS.items():
            yield Reading(
                unique_id=f"{self.din}_{key}",
                name=key.replace("_", " ").capitalize().replace("tesla", "Tesla"),
                path=path,
                value=_value(self.by_path.get(path), read),
            )

    def _of_batteries(self) -> Iterator[Reading]:
        blocks = self.by_path.get(SYSTEM, {}).get("battery_blocks") or []
        for number, block in enumerate(blocks, 1):
            din = f"{block['PackagePartNumber']}--{block['PackageSerialNumber']}"
            for key, read in BATTERY_READINGS.items():
                yield Reading(
                    unique_id=f"{din}_{key}",
                    name=f"Powerwall {number} {key.replace('_', ' ')}",
                    path=SYSTEM,
                    value=_value(block, read),
                )


def _value(body: Any, read: Callable[[Any], Value]) -> Value:
    """Return a value of an answer, None where this gateway has none."""
    try:
        return read(body)
    except KeyError, TypeError:
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """The gateway as a person with its password sees it."""

    url: str
    session: ClientSession

    @property
    def host(self) -> str:
        """Its address as a person types it."""
        return self.url.removeprefix("https://")

    @classmethod
    @asynccontextmanager
    async def logged_in(cls, url: str, password: str) -> AsyncGenerator[Self]:
        """Log in, and keep the token for what follows."""
        async with ClientSession(
            url,
            connector=TCPConnector(ssl=False),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=10),
        ) as session:
            login = {
                "username": "customer",
                "password": password,
                "force_sm_off": False,
            }
            async with session.post("/api/login/Basic", json=login) as response:
                response.raise_for_status()
                token = (await response.json())["token"]
            session.headers["Authorization"] = f"Bearer {token}"
            yield cls(url=url, session=session)

    async def read(self) -> Answers:
        """Ask for everything that is compared."""
        paths = {*IDENTITIES, SYSTEM, *(path for path, _ in READINGS.values())}
        answers = {path: await self._get(path) for path in sorted(paths)}
        return Answers(by_path={p: a for p, a in answers.items() if a is not None})

    async def _get(self, path: str) -> Any:
        async with self.session.get(path) as response:
            body = await response.read()
            if response.status != 200:
                return None
        if path == "/tedapi/din":
            text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
            return text.decode().strip()
        return json.loads(body)

    async def site_time(self) -> datetime:
        """Return what time it is at the simulated site."""
        return datetime.fromisoformat((await self.control())["time"])

    async def freeze(self) -> None:
        """Stop the simulated time, so that two who ask hear the same.

        Charging slowly, a site has power left for the grid, or needs some of it.
        """
        await self.control(speed=0, site={"battery_power": -1500})

    async def change_site(self) -> None:
        """Let three minutes pass, change all that can change, and wait a minute."""
        # No further than the hardware could have moved by now, or it is held back.
        now = await self.control(advance=180)
        is_self_powered = now["mode"] == "self_consumption"
        site = {
            "is_running": True,
            "is_grid_up": now["grid_status"] != "SystemGridConnected",
            "mode": "autonomous" if is_self_powered else "self_consumption",
            "backup_reserve_percent": 43 if now["backup_reserve_percent"] != 43 else 62,
            "load_power": now["load_power"] + 1234,
            "solar_power": now["solar_power"] + 321,
            "battery_power": 700,
        }
        await self.control(site=site, advance=60)

    async def control(self, **changes: Any) -> Any:
        """Use the simulator's own switchboard, which answers with the site as it is."""
        async with self.session.post("/simulator/control", json=changes) as response:
            response.raise_for_status()
            return await response.json()
