"""Simulated gateways in a process of their own, whose time is not Home Assistant's.

A program, not a module: it imports nothing of Home Assistant, and so starts at once.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
import json
import sys
import time
from typing import Any, override

from simulator.profiles import Profile
from simulator.server import Simulator
from simulator.stats import Stats


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbered(Profile):
    """A profile of which there are several, each with numbers of its own."""

    number: int = 0

    @property
    @override
    def serial(self) -> str:
        """Serial number of the gateway."""
        return f"TGSIMULATED{self.number:03}"

    @property
    @override
    def meter_serial(self) -> str:
        """Serial number of its synchronizer."""
        return f"TGSIMULATED{self.number + 300:03}"


class Timed(Stats):
    """Knows also when the gateway was asked for its meters, the first of a poll."""

    @contextmanager
    @override
    def request(self, endpoint: str) -> Iterator[None]:
        """Count a request, and note the moment of some."""
        if endpoint == "GET /api/meters/aggregates":
            self.moments.append(time.monotonic())
        with super().request(endpoint):
            yield

    @property
    def moments(self) -> list[float]:
        """Monotonic seconds, the same for every process of the machine."""
        moments: list[float] = vars(self).setdefault("_moments", [])
        return moments

    @override
    def as_dict(self) -> dict[str, Any]:
        """Return all counts."""
        return {**super().as_dict(), "moments": self.moments}


class Numerous(Simulator):
    """A gateway unlike the others of this process."""

    @override
    def reset_stats(self) -> None:
        """Count from zero again."""
        self.stats = Timed()


def gateway(number: int, options: dict[str, Any]) -> Simulator:
    """Return a gateway that stands still until it is told to move."""
    simulator = Numerous(**options, speed=0)
    simulator.reset_stats()
    device = simulator.device
    known = {each.name: getattr(device.profile, each.name) for each in fields(Profile)}
    device.profile = Numbered(**known, number=number)
    if number > 1:
        device.site.batteries = [
            replace(each, serial=f"{each.serial}{number:03}")
            for each in device.site.batteries
        ]
    return simulator


def main() -> None:
    """Serve so many gateways, until the pipe is closed that this reads."""
    count, options = int(sys.argv[1]), json.loads(sys.argv[2])
    with ExitStack() as stack:
        gateways = [
            stack.enter_context(gateway(number + 1, options)) for number in range(count)
        ]
        sys.stdout.write(json.dumps([each.port for each in gateways]) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
