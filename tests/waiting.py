"""Waiting for a simulated gateway, which lives in a thread of its own."""

import asyncio
from collections.abc import Callable

from simulator.server import Simulator


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so, in frozen time too, in which no sleep would end."""
    while not condition():  # noqa: ASYNC110  # no event of ours comes from its thread
        await asyncio.sleep(0)


async def until_asked(gateway: Simulator, endpoint: str, count: int = 1) -> None:
    """Wait until the gateway is asked for something."""
    await until(lambda: gateway.stats.requests[endpoint] >= count)
