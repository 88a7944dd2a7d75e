"""Run the simulator from the command line until it is interrupted."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
import signal
import sys
import threading
from typing import Any, Never, override

from .profiles import PROFILES, WRITERS
from .scenarios import SCENARIOS
from .server import DEFAULT_PASSWORD, Simulator


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    @override
    def error(self, message: str) -> Never:
        """Say what is wrong and leave with 2."""
        self.exit(2, f"{self.prog}: {message}\n")


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Return a converter for a whole number within limits."""

    def convert(text: str) -> int:
        if text.isdecimal() and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(f"{text} is not from {low} to {high}")

    return convert


def _listed(title: str, things: Mapping[str, Any]) -> str:
    lines = [f"  {name:14}{thing.description}" for name, thing in things.items()]
    return "\n".join([f"{title}:", *lines])


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m simulator",
        description="Serve a simulated gateway over HTTPS on this machine.",
        epilog=f"{_listed('profiles', PROFILES)}\n\n{_listed('scenarios', SCENARIOS)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--profile", choices=PROFILES, default="21.44", help="kind and firmware")
    add("--port", type=_whole(0, 65535), default=0, help="default: any free one")
    add("--scenario", choices=SCENARIOS, default="day", help="how the site begins")
    add("--batteries", type=_whole(1, 100), help="default: as the scenario has")
    add("--latency-ms", type=_whole(0, 600_000), default=0, help="added to an answer")
    add("--replay", type=Path, metavar="PATH", help="serve recorded answers instead")
    add("--password", default=DEFAULT_PASSWORD, help="default: %(default)s")
    add("--writes", choices=WRITERS, help="who may write; default: as the firmware has")
    add("--own-wifi", action="store_true", help="clients come by the gateway's Wi-Fi")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        simulator = Simulator(
            profile=options.profile,
            scenario=options.scenario,
            batteries=options.batteries,
            password=options.password,
            port=options.port,
            writes=options.writes,
            own_wifi=options.own_wifi,
            latency=options.latency_ms / 1000,
            replay=options.replay,
        )
        simulator.start()
    except (OSError, ValueError) as error:
        parser.error(str(error))
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    print(f"listening on {simulator.url}", flush=True)
    interrupted.wait()
    simulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
