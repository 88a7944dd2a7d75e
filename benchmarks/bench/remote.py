"""Simulated gateways as a process beside this one, and what to tell them."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
import http.client
import json
import os
from pathlib import Path
import ssl
import subprocess
import sys
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = Path(__file__).with_name("gateways.py")

METERS: Final = "/api/meters/aggregates"
SYSTEM: Final = "/api/system_status"
VITALS: Final = "/api/devices/vitals"
INVERTER: Final = "/api/solar_powerwall"
GRID_FAULTS: Final = "/api/system_status/grid_faults"
ONLY_OURS: Final = (VITALS, INVERTER, GRID_FAULTS)
"""What this integration reads every half minute, and core never."""


class Remote:
    """One gateway, and a connection over which it is told what to do."""

    def __init__(self, port: int) -> None:
        """Prepare; nothing is sent."""
        self.port = port
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._web = http.client.HTTPSConnection("127.0.0.1", port, context=context)

    def _asked(self, method: str, path: str, document: object = None) -> dict[str, Any]:
        body = None if document is None else json.dumps(document)
        self._web.request(method, path, body=body)
        answer: dict[str, Any] = json.loads(self._web.getresponse().read())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer

    def control(self, **document: Any) -> None:
        """Change something at the gateway."""
        self._asked("POST", "/simulator/control", document)

    def stats(self) -> dict[str, Any]:
        """Return what it has been asked."""
        return self._asked("GET", "/simulator/stats")

    def reset(self) -> None:
        """Count from zero."""
        self.control(reset_stats=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """How a site is changed between two polls."""

    absent: tuple[str, ...] = ()
    """Paths that answer 404."""
    edits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is put into the answers, by path."""

    @property
    def faults(self) -> list[dict[str, Any]]:
        """All of it, as the simulator takes it."""
        return [
            *({"path": path, "status": 404} for path in self.absent),
            *({"path": path, "edit": edit} for path, edit in self.edits.items()),
        ]


def without(*paths: str) -> list[dict[str, Any]]:
    """Return the faults of a gateway that has no such endpoints."""
    return Move(absent=paths).faults


def everything(
    number: int, *, absent: tuple[str, ...] = (), seconds: float = 30
) -> dict[str, Any]:
    """Return what lets every value that core shows be another one than before.

    Energies move by so many seconds of the site's time.
    """
    shift = number % 40 / 2
    meter = {
        "*.instant_average_voltage": 210 + shift,
        "*.frequency": 50 + shift / 10,
        "*.instant_total_current": 1 + shift,
    }
    battery = {
        "battery_blocks.*.v_out": 230 + shift,
        "battery_blocks.*.f_out": 50 + shift / 10,
        "battery_blocks.*.i_out": 1 + shift,
        "instantaneous_max_charge_power": 5000 + number % 40,
        "instantaneous_max_discharge_power": 12000 + number % 40,
    }
    return {
        "faults": Move(absent=absent, edits={METERS: meter, SYSTEM: battery}).faults,
        "advance": seconds,
        "site": {
            "load_power": 3900 + number % 40,
            "solar_power": 2000 + 2 * (number % 40),
            "battery_power": 1000 + number % 20,
            "charge_percent": 40 + number % 40,
            "backup_reserve_percent": 24 + number % 12,
        },
    }


@contextmanager
def gateways(count: int = 1, **options: Any) -> Generator[list[Remote]]:
    """Run so many gateways in one process."""
    command = [sys.executable, "-P", str(PROGRAM), str(count), json.dumps(options)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603  # a program of ours
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101  # for the type checker
        yield [Remote(port) for port in json.loads(process.stdout.readline())]
        process.communicate()
