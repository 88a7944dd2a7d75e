"""The demo: a simulated gateway, a real Home Assistant, and a table of what it shows.

`scripts/demo` sets up the environment and runs this.
"""

import argparse
import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
import os
from pathlib import Path
import shutil
import signal
import sys
from tempfile import TemporaryDirectory
import time
from typing import Final

from aiohttp import ClientError

from scripts.demo_check import DOMAIN, Result, check, log_complaints
from scripts.demo_gateway import Gateway
from scripts.demo_history import import_history
from scripts.demo_home import add_dashboard, fill_energy_dashboard, time_zone_where
from scripts.demo_table import redraw, table
from scripts.real_home_assistant import (
    PASSWORD,
    ROOT,
    USERNAME,
    VERSION,
    RealHomeAssistant,
    RealHomeAssistantError,
    end_process,
)
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS

GATEWAY_PASSWORD: Final = "KLMNP"  # noqa: S105 - as on a sticker that exists nowhere
LISTENING: Final = "listening on "
"""What the simulator prints before its address."""

RECORDED_ZONE: Final = "America/Los_Angeles"
"""Where a recorded gateway is taken to stand: nobody knows its time of day."""

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED: Final = 130
"""Exit code after a signal, before all was done."""

MAIN_ROWS: Final = 16
"""The first readings are the main ones."""


class DemoError(Exception):
    """The demo cannot go on."""

    def __init__(self, message: str, code: int = 1) -> None:
        """Keep the exit code; the message is empty if all has been said."""
        super().__init__(message)
        self.code = code


def parse_arguments() -> argparse.Namespace:
    """Return the options; what is for the simulator is checked by the simulator."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Run a simulated gateway and a real Home Assistant until Ctrl-C.",
        epilog=f"Profiles: {', '.join(PROFILES)}. Scenarios: {', '.join(SCENARIOS)}.",
        allow_abbrev=False,
        exit_on_error=False,
    )
    add = parser.add_argument
    add("--check", action="store_true", help="compare, print the table, exit 0 or 1")
    add("--profile", metavar="NAME", help="kind and firmware of the gateway")
    add("--scenario", metavar="NAME", help="how the simulated site begins")
    add("--batteries", metavar="N", help="how many Powerwalls it has")
    add("--replay", metavar="PATH", help="serve recorded answers, or a download")
    try:
        return parser.parse_args()
    except argparse.ArgumentError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")


def simulator_arguments(options: argparse.Namespace) -> list[str]:
    """Return what is handed on to the simulator."""
    names = ("profile", "scenario", "batteries", "replay")
    given = {name: getattr(options, name) for name in names}
    return [f"--{name}={value}" for name, value in given.items() if value is not None]


def say(message: str) -> None:
    """Tell how far we are."""
    print(f"demo: {message}", file=sys.stderr, flush=True)


@asynccontextmanager
async def running_gateway(arguments: Sequence[str]) -> AsyncGenerator[Gateway]:
    """Run the simulator and log in to it; its complaints are passed on."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "simulator", "--port=0"),
        f"--password={GATEWAY_PASSWORD}",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,  # Ctrl-C is ours: it has to outlive Home Assistant
    )
    try:
        assert process.stdout is not None  # noqa: S101 - piped above
        line = (await process.stdout.readline()).decode().strip()
        if not line.startswith(LISTENING):
            raise DemoError("", await process.wait())
        url = line.removeprefix(LISTENING)
        async with Gateway.logged_in(url, GATEWAY_PASSWORD) as gateway:
            yield gateway
    finally:
        await end_process(process, 5)


@asynccontextmanager
async def running_home(
    folder: Path, gateway: Gateway, *, is_simulated: bool = True
) -> AsyncGenerator[RealHomeAssistant]:
    """Run a Home Assistant with the gateway added, and dashboards of it.

    A recorded gateway has no time of day and no days before.
    """
    say(f"starting Home Assistant {VERSION}")
    zone = time_zone_where(await gateway.site_time()) if is_simulated else RECORDED_ZONE
    async with RealHomeAssistant.running(folder, time_zone=zone) as home:
        say(f"adding the gateway at {gateway.host}")
        await add_gateway(home, gateway)
        entities = await entities_of(home, gateway)
        if is_simulated:
            await import_history(home, entities, await gateway.site_time())
        await fill_energy_dashboard(home, entities)
        await add_dashboard(home, entities)
        yield home


async def add_gateway(home: RealHomeAssistant, gateway: Gateway) -> None:
    """Add the gateway as a person does, with its address and password."""
    fields = {
        "host": gateway.host,
        "password": GATEWAY_PASSWORD,
        "advanced": {"role": "customer"},
    }
    entry_id = await home.add_integration(DOMAIN, fields)
    if (state := await home.entry_state(entry_id)) != "loaded":
        log = "\n".join(log_complaints(home.log()))
        raise DemoError(f"the integration is not loaded but {state}\n{log}")


async def entities_of(home: RealHomeAssistant, gateway: Gateway) -> dict[str, str]:
    """Return the entities of the gateway itself by key."""
    prefix = f"{(await gateway.read()).din}_"
    return {
        unique_id.removeprefix(prefix): entity_id
        for unique_id, entity_id in (await home.entities(DOMAIN)).items()
        if unique_id.startswith(prefix)
    }


def report(result: Result, log: Sequence[str]) -> int:
    """Print what a check has found, and return the exit code."""
    titles = ("At first", "Changed") if len(result.shown) == 2 else ("Home Assistant",)
    last = result.shown[-1]
    columns = {
        title: each.states for title, each in zip(titles, result.shown, strict=True)
    }
    print("\n".join(table(last.readings, columns, with_gateway=True)))
    told = sum(value is not None for value in last.values.values())
    print(f"\n  {len(last.states)} entities, {told} compared, {result.moved} moved")
    wrong = [*result.deviations, *log_complaints(log)]
    for line in wrong:
        print(f"  wrong: {line}")
    print("  check failed" if wrong else "  check passed")
    return 1 if wrong else 0


async def show(home: RealHomeAssistant, gateway: Gateway) -> None:
    """Print what a person needs, and the main states, kept up to date on a terminal."""
    print(f"\n  Home Assistant   {home.url}")
    print(f"  Login            {USERNAME} / {PASSWORD}")
    print(f"  Gateway          {gateway.host} / {GATEWAY_PASSWORD}")
    print("  Stop             Ctrl-C\n")
    readings = (await gateway.read()).readings()
    entities = await home.entities(DOMAIN)
    drawn = 0
    while True:
        home.check_alive()
        states = await home.states()
        shown = {key: states[each] for key, each in entities.items() if each in states}
        room = min(MAIN_ROWS, shutil.get_terminal_size().lines - 1)
        drawn = redraw(table(readings, {"": shown})[:room], drawn)
        await asyncio.sleep(1)


async def demo(options: argparse.Namespace) -> int:
    """Run the demo, and return the exit code."""
    started = time.monotonic()
    is_simulated = options.replay is None
    # Scratch: Home Assistant may still be writing when it has to be killed.
    with TemporaryDirectory(prefix=f"{DOMAIN}_", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "config"
        async with running_gateway(simulator_arguments(options)) as gateway:
            if options.check:
                await gateway.freeze()
            async with running_home(folder, gateway, is_simulated=is_simulated) as home:
                say(f"ready after {time.monotonic() - started:.0f} s")
                if not options.check:
                    return await show_until_stopped(home, gateway)
                say("comparing")
                result = await check(home, gateway, can_change=is_simulated)
            return report(result, home.log())


async def show_until_stopped(home: RealHomeAssistant, gateway: Gateway) -> int:
    """Show the states until somebody presses Ctrl-C, which is the way it ends."""
    try:
        await show(home, gateway)
    except asyncio.CancelledError:
        say("stopping")
    return 0


async def interruptible(options: argparse.Namespace) -> int:
    """Run the demo; the first signal ends it in good order, others change nothing."""
    task = asyncio.create_task(demo(options))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, lambda: None)
        task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return INTERRUPTED


def main() -> int:
    """Run the demo from the command line."""
    options = parse_arguments()
    try:
        return asyncio.run(interruptible(options))
    except DemoError as error:
        if str(error):
            say(str(error))
        return error.code
    except (RealHomeAssistantError, ClientError, OSError) as error:
        say(str(error) or type(error).__name__)
        return 1


if __name__ == "__main__":
    sys.exit(main())
