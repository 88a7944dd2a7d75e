"""How long the integration takes to be imported, without Home Assistant itself."""

import json
import os
from pathlib import Path
from statistics import median
import subprocess
import sys
from typing import Any, Final

from .lines import MILLI, Line
from .remote import ROOT

RUNS: Final = 10
PROGRAM: Final = """
import importlib, json, pkgutil, sys, time
name, own, others = sys.argv[1], tuple(sys.argv[2].split()), json.loads(sys.argv[3])
for other in others:
    try:
        importlib.import_module(other)
    except ImportError:
        pass
before = set(sys.modules)
wall, work = time.perf_counter(), time.process_time()
package = importlib.import_module(name)
for info in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"{name}.{info.name}")
took = time.perf_counter() - wall, time.process_time() - work
new = [each for each in sys.modules if each not in before]
print(json.dumps([took, [each for each in new if not each.startswith(own)]]))
"""
"""Imports what others have first, then all that Home Assistant may load of this."""

OURS: Final = ("custom_components.tesla_gateway", "custom_components google")
CORE: Final = (
    "homeassistant.components.powerwall",
    "homeassistant.components.powerwall tesla_powerwall",
)


async def imports(rounds: int) -> list[Line]:
    """Import in fresh interpreters."""
    count = RUNS if rounds > 1 else 3
    core, ours = _imported(*CORE, count), _imported(*OURS, count)
    return [
        Line(
            figure="import time of the integration, its client and protobuf included",
            core=f"{median(each[0] for each in core) * MILLI:.1f} ms",
            ours=f"{median(each[0] for each in ours) * MILLI:.1f} ms",
            result=f"{median(each[0] for each in ours) * MILLI:.1f} ms",
            goal="under 60 ms",
            is_met=median(each[0] for each in ours) < 0.060,
            data={"core": core, "ours": ours},
        )
    ]


def _imported(name: str, own: str, count: int) -> list[list[float]]:
    """Return wall and processor seconds of some imports, the bytecode being there."""
    # Home Assistant first: it replaces a library that others import.
    others = ["homeassistant", *_run(name, own, ["homeassistant"])[1]]
    found = [_run(name, own, others) for _ in range(count)]
    strangers = found[-1][1]
    if strangers:
        raise ValueError(f"counted with {name}: {', '.join(strangers)}")
    return [each[0] for each in found]


def _run(name: str, own: str, others: list[str]) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", PROGRAM, name, own, json.dumps(others)]
    done = subprocess.run(  # noqa: S603  # a program of ours
        command, env=environment, cwd=Path("/"), stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout)
