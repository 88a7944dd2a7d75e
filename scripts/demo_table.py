"""The demo's table: what Home Assistant shows, and what the gateway says."""

from collections.abc import Mapping, Sequence
import sys
from typing import Final

from scripts.demo_gateway import Reading, Value
from scripts.real_home_assistant import State

CLEAR_TO_END: Final = "\x1b[K"
CURSOR_UP: Final = "\x1b[{}A"


def table(
    readings: Sequence[Reading],
    columns: Mapping[str, Mapping[str, State]],
    *,
    with_gateway: bool = False,
) -> list[str]:
    """Return a line for each reading: states, and what the gateway says."""
    titles = [*columns, *(["Gateway"] if with_gateway else [])]
    lines = [_row("", titles)] if with_gateway else []
    for reading in readings:
        states = [states.get(reading.unique_id) for states in columns.values()]
        if not any(states):
            continue
        cells = [_text(state.value, state.unit) if state else "" for state in states]
        if with_gateway:
            unit = next(state.unit for state in states if state)
            cells.append(_text(reading.value, unit))
        lines.append(_row(reading.name, cells))
    return lines


def _row(name: str, cells: Sequence[str]) -> str:
    return f"  {name:28}" + "".join(f"{cell:>18}" for cell in cells)


def _text(value: Value, unit: str) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return ""
    try:
        number = float(value)
    except ValueError:
        return str(value).replace("_", " ")
    if unit == "Wh":
        return f"{number / 1000:,.2f} kWh"
    return f"{round(number):,} {unit}" if unit == "W" else f"{number:.1f} {unit}"


def redraw(lines: Sequence[str], drawn: int) -> int:
    """Print lines over those of last time, and return how many there are now.

    Once only where there is no terminal.
    """
    if not sys.stdout.isatty():
        lines = lines if not drawn else []
        print("\n".join(lines), end="\n" if lines else "", flush=True)
        return max(drawn, len(lines))
    if drawn:
        print(CURSOR_UP.format(drawn), end="")
    print("\n".join(f"{line}{CLEAR_TO_END}" for line in lines), flush=True)
    return len(lines)
