"""Measures one row in a process of its own, and prints its lines as JSON.

A program, not a module, so that the clock can be replaced before anything else looks
at it: `child.py FUNCTION ROUNDS [leaps]`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
import json
import sys
import time


class Clock:
    """A clock of Python's own that can be put forward."""

    ahead = 0.0
    """Seconds, of all clocks."""

    def __init__(self, told: Callable[[], float]) -> None:
        """Go on from what a real one tells."""
        self._told = told

    def __call__(self) -> float:
        """Return the time."""
        return self._told() + Clock.ahead

    @staticmethod
    def leap(seconds: float) -> None:
        """Put all clocks forward."""
        Clock.ahead += seconds


def main() -> None:
    """Measure."""
    function, rounds, *options = sys.argv[1:]
    if "leaps" in options:
        time.time, time.monotonic = Clock(time.time), Clock(time.monotonic)
    module, _, name = function.partition(".")
    measure = getattr(import_module(f"benchmarks.bench.{module}"), name)
    lines = asyncio.run(measure(int(rounds)))
    sys.stdout.write(json.dumps([asdict(line) for line in lines]) + "\n")


if __name__ == "__main__":
    main()
