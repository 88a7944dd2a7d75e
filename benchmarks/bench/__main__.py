"""How much work this integration makes beside core's, in one table."""

import argparse
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import platform
import subprocess
import sys
from typing import Any, Final

from .rows import PROFILE, ROWS, Row

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = Path(__file__).with_name("child.py")
ROUNDS: Final = 5

HEAD: Final = """\
| Figure | Core's `powerwall` | Tesla Energy Gateway | Ratio or figure | Goal | Met |
|---|---|---|---|---|---|
"""


def main() -> int:
    """Measure, and print a table or JSON; 1 where a goal is not met."""
    wanted = _arguments()
    machine = _machine()
    if wanted.profile:
        (line,) = _measured([PROFILE], 1)
        _say(line["data"]["text"])
        return 0
    rows = [row for row in ROWS if _is_wanted(row, wanted.row)]
    if wanted.json:
        lines = list(_measured(rows, wanted.rounds))
        _say(json.dumps({"machine": machine, "lines": lines}, indent=2) + "\n")
    else:
        _say("".join(f"{name}: {value}\n" for name, value in machine.items()) + "\n")
        _say(HEAD)
        lines = []
        for line in _measured(rows, wanted.rounds):
            _say(_cells(line))
            lines.append(line)
    return int(any(line["is_met"] is False for line in lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    names = [row.name for row in ROWS]
    parser.add_argument("--row", action="append", choices=names, help="only this one")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: 5")
    parser.add_argument("--json", action="store_true", help="print all figures")
    parser.add_argument("--profile", action="store_true", help="profile refreshes")
    return parser.parse_args()


def _is_wanted(row: Row, names: list[str] | None) -> bool:
    return not row.is_asked_for if names is None else row.name in names


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _measured(rows: Iterable[Row], rounds: int) -> Iterator[dict[str, Any]]:
    """Yield the lines, one row after another, and how busy the machine was."""
    for row in rows:
        command = [sys.executable, "-P", str(PROGRAM), row.function, str(rounds)]
        done = subprocess.run(  # noqa: S603  # a program of ours
            [*command, *(["leaps"] if row.leaps else [])],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
        )
        for line in json.loads(done.stdout):
            yield {"row": row.name, **line, "load": os.getloadavg()[0]}


def _cells(line: dict[str, Any]) -> str:
    is_met = {True: "yes", False: "**no**", None: ""}[line["is_met"]]
    cells = [line[name] for name in ("figure", "core", "ours", "result", "goal")]
    return f"| {' | '.join([*cells, is_met])} |\n"


def _machine() -> dict[str, str]:
    """Return on what it is measured, and how busy that is."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = {each.split(": ")[-1] for each in lines if each.startswith("model name")}
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{os.cpu_count()} cores, {', '.join(models)}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load average": load,
    }


if __name__ == "__main__":
    sys.exit(main())
