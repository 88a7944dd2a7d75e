"""Pieces measured alone: clients without Home Assistant, the guard, the comparison."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
import gc
from statistics import median
from tempfile import TemporaryDirectory
import time
from typing import Final

import aiohttp
import pypowerwall
from tesla_powerwall.powerwall import Powerwall
import urllib3

from benchmarks.homes import OURS
from custom_components.tesla_gateway.energy_guard import EnergyGuard
from custom_components.tesla_gateway.gateway import (
    Credentials,
    GatewayClient,
    GatewayRecord,
    GatewaySession,
    certificate_fingerprint,
)
from simulator.server import DEFAULT_PASSWORD

from .house import add, house
from .lines import MICRO, MILLI, Line
from .remote import Remote, everything, gateways

POLLS: Final = 40
"""In a round."""
LATENCY: Final = 50
"""Milliseconds per answer, where that is measured."""
PATHS: Final = (
    "/api/meters/aggregates",
    "/api/system_status/soe",
    "/api/system_status/grid_status",
    "/api/system_status",
    "/api/operation",
    "/api/sitemaster",
)
"""The six answers that core's data are made of."""
ADMITTED: Final = 20_000
"""Readings handed to the guard."""

type Poll = Callable[[], Awaitable[None]]


async def clients(rounds: int) -> list[Line]:
    """Read six answers with each client, without any Home Assistant."""
    found: dict[str, tuple[float, float, float]] = {}
    with gateways() as (gateway,), TemporaryDirectory() as folder:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as web:
            bare = await _bare(gateway, web)
            found["aiohttp"] = await _measured(gateway, bare, rounds)
            own = await _own(gateway, web)
            found["ours"] = await _measured(gateway, own, rounds)
        async with _tesla_powerwall(gateway) as theirs:
            found["tesla_powerwall"] = await _measured(gateway, theirs, rounds)
        synchronous = _pypowerwall(gateway, folder)
        found["pypowerwall"] = await _measured(gateway, synchronous, rounds)
    ours = found["ours"]
    lines = []
    for name, other in found.items():
        if name == "ours":
            continue
        ratios = [here / there for here, there in zip(ours, other, strict=True)]
        lines.append(
            Line(
                figure=f"client alone, six answers, beside {name}: CPU, wall, at 50 ms",
                core=_told(other),
                ours=_told(ours),
                result=", ".join(f"{ratio:.2f}" for ratio in ratios),
            )
        )
    return lines


def _told(times: tuple[float, ...]) -> str:
    return ", ".join(f"{each * MILLI:.2f}" for each in times) + " ms"


async def _measured(
    gateway: Remote, poll: Poll, rounds: int
) -> tuple[float, float, float]:
    """Return processor seconds and seconds of a poll, and those with slow answers."""
    work, wall, slow = [], [], []
    for _ in range(5):
        await poll()
    gc.collect()
    for _ in range(POLLS * rounds):
        gateway.control(advance=30)
        began, worked = time.perf_counter(), time.process_time()
        await poll()
        work.append(time.process_time() - worked)
        wall.append(time.perf_counter() - began)
    gateway.control(latency_ms=LATENCY)
    for _ in range(5):
        began = time.perf_counter()
        await poll()
        slow.append(time.perf_counter() - began)
    gateway.control(latency_ms=0)
    return median(work), median(wall), median(slow)


async def _own(gateway: Remote, web: aiohttp.ClientSession) -> Poll:
    """Return a poll of our client."""
    host = f"127.0.0.1:{gateway.port}"
    session = GatewaySession(
        host,
        web=web,
        credentials=Credentials(password=DEFAULT_PASSWORD),
        fingerprint=await certificate_fingerprint(host, web=web),
        record=GatewayRecord(),
    )
    client = GatewayClient(session)

    async def poll() -> None:
        with client.poll():
            await asyncio.gather(
                client.meters(),
                client.charge(),
                client.grid(),
                client.system_status(),
                client.operation(),
                client.site_controller(),
            )

    return poll


async def _bare(gateway: Remote, web: aiohttp.ClientSession) -> Poll:
    """Return a poll that reads bytes and makes nothing of them: less cannot be done."""
    url, slots = f"https://127.0.0.1:{gateway.port}", asyncio.Semaphore(3)
    login = {"username": "customer", "password": DEFAULT_PASSWORD}
    async with web.post(f"{url}/api/login/Basic", json=login, ssl=False) as answer:
        token = (await answer.json())["token"]
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}

    async def read(path: str) -> bytes:
        async with slots, web.get(url + path, headers=headers, ssl=False) as answer:
            return await answer.read()

    async def poll() -> None:
        await asyncio.gather(*map(read, PATHS))

    return poll


@asynccontextmanager
async def _tesla_powerwall(gateway: Remote) -> AsyncGenerator[Poll]:
    """Yield a poll of the client that core uses, asked for the same six."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as web:
        client = Powerwall(
            f"127.0.0.1:{gateway.port}", http_session=web, verify_ssl=False
        )
        await client.login(DEFAULT_PASSWORD)

        async def poll() -> None:
            await client.get_charge()
            await client.get_meters()
            await client.get_grid_status()
            await client.get_operation_mode()
            await client.get_sitemaster()
            await client.get_batteries()

        yield poll


def _pypowerwall(gateway: Remote, folder: str) -> Poll:
    """Return a poll of pypowerwall in local mode, which waits for each answer."""
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    client = pypowerwall.Powerwall(
        f"127.0.0.1:{gateway.port}",
        DEFAULT_PASSWORD,
        "somebody@example.com",
        cachefile=f"{folder}/session",
        authpath=folder,
    )

    async def poll() -> None:
        for path in PATHS:
            client.poll(path, force=True)

    return poll


async def guard(rounds: int) -> list[Line]:
    """Measure what the guard of lifetime energies costs by itself."""
    times = []
    for _ in range(5 * rounds):
        watch = EnergyGuard()
        watch.admit(1000.0, limit=5000.0, utc=0.0, monotonic=0.0)
        began = time.process_time()
        for number in range(1, ADMITTED + 1):
            watch.admit(
                1000.0 + number,
                limit=5000.0,
                utc=10.0 * number,
                monotonic=10.0 * number,
            )
        times.append((time.process_time() - began) / ADMITTED)
    return [
        Line(
            figure="energy guard alone, a reading",
            ours=f"{min(times) * MICRO:.2f} µs",
            result=f"{min(times) * MICRO:.2f} µs",
            data={"times": times},
        )
    ]


async def comparison(rounds: int) -> list[Line]:
    """Measure what it costs to find that all data are as before."""
    found: dict[str, float] = {}
    with gateways() as (gateway,):
        async with house() as hass:
            ours = await add(hass, OURS, gateway, polls=False)
            gateway.control(**everything(1))
            await ours.refresh()
            earlier = [each.data for each in ours.coordinators]
            await ours.refresh()
            for name, before, each in zip(
                ("live", "state"), earlier, ours.coordinators, strict=True
            ):
                found[name] = _compared(before, each.data, rounds)
    told = ", ".join(f"{name} {took * MICRO:.1f} µs" for name, took in found.items())
    return [Line(figure="comparison of equal data alone", ours=told, data=found)]


def _compared(one: object, other: object, rounds: int) -> float:
    """Return the seconds for one comparison."""
    times = []
    for _ in range(5 * rounds):
        began = time.process_time()
        same = sum(one == other for _ in range(1000))
        times.append((time.process_time() - began) / 1000)
        if one is other or same != 1000:
            raise ValueError("the data are not equal, or have not been read anew")
    return min(times)
