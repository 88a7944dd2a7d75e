"""What is left of a gateway's entities when something goes wrong.

Home Assistant's own integration `powerwall` and this one, through the same faults of
the same simulator: `python -m benchmarks.faults [--row N] [--json]`.
"""

import argparse
import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
import json
import sys
from typing import Final

from tests.fault_cases import Case, Row
from tests.fault_table import ROWS

from .homes import CORE, OURS, Integration, home_with, stage
from .outcome import Outcome, measure

type Measured = tuple[Row, Case, Mapping[str, Outcome]]

HEAD: Final = """\
| Row | Fault | Core's `powerwall` | Tesla Energy Gateway |
|---|---|---|---|
"""
LEAST: Final = 0.1
"""kWh: a fall that is more than rounding."""
MOST: Final = 100.0
"""kWh that no home moves in half a minute."""


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.faults", description=__doc__)
    parser.add_argument("--row", type=int, action="append", help="only this one")
    parser.add_argument("--json", action="store_true", help="print all figures")
    wanted = parser.parse_args()
    rows = [row for row in ROWS if wanted.row is None or row.number in wanted.row]
    measured = _measured(rows)
    if wanted.json:
        sys.stdout.write(json.dumps([*map(_as_dict, measured)], indent=2) + "\n")
        return
    sys.stdout.write(HEAD)
    for each in measured:
        sys.stdout.write(f"{_line(each)}\n")
        sys.stdout.flush()


def _measured(rows: Iterable[Row]) -> Iterator[Measured]:
    """Yield what comes of each fault, one after another."""
    with stage() as (clock, log):

        async def outcome(integration: Integration, row: Row, case: Case) -> Outcome:
            async with home_with(integration, row.options, clock, log) as home:
                return await measure(home, integration, row, case)

        for row in rows:
            for case in row.cases:
                yield (
                    row,
                    case,
                    {
                        each.name: asyncio.run(outcome(each, row, case))
                        for each in (CORE, OURS)
                    },
                )


def _as_dict(measured: Measured) -> dict[str, object]:
    row, case, outcomes = measured
    return {
        "row": row.number,
        "title": row.title,
        "case": case.name,
        **{name: asdict(outcome) for name, outcome in outcomes.items()},
    }


def _line(measured: Measured) -> str:
    row, case, outcomes = measured
    cells = [str(row.number), f"{row.title}: {case.name}"]
    cells += [", ".join(_words(outcome)) for outcome in outcomes.values()]
    return f"| {' | '.join(cells)} |"


def _words(outcome: Outcome) -> Iterator[str]:
    """Yield what is worth saying."""
    yield f"{outcome.fewest} of {outcome.entities}"
    for number, words in (
        (outcome.new, "{} new"),
        (outcome.unknown, "{} unknown"),
        (outcome.stale, "{} stand still"),
        (outcome.tracebacks, "{} tracebacks"),
        (outcome.strangers, "connects to the other host"),
        (outcome.reauth, "asks for the password"),
        (outcome.repairs, "a repair"),
        (outcome.fell >= LEAST, f"energy falls by {outcome.fell:.0f} kWh"),
        (outcome.jumped >= MOST, f"energy jumps by {outcome.jumped:.0f} kWh"),
        (outcome.negative, "negative energy"),
    ):
        if number:
            yield words.format(number)
    yield from outcome.notes
    polls = "1 poll" if outcome.polls == 1 else f"{outcome.polls} polls"
    sent = f"{outcome.requests} requests in {polls}"
    yield f"{sent}, {outcome.logins} of them logins" if outcome.logins else sent
    if outcome.healed is not None:
        yield f"heals: {outcome.healed}"


if __name__ == "__main__":
    main()
