"""The rows of the table: what measures each, and in what kind of process."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Some lines that are measured together, in a process of their own."""

    name: str
    """As `--row` takes it."""
    function: str
    """Module and name of what measures it: takes the rounds, returns lines."""
    leaps: bool = False
    """Whether it needs a clock that can be put forward."""
    is_asked_for: bool = False
    """Whether it is measured only when it is named."""


ROWS: Final = (
    Row(name="requests", function="polls.requests"),
    Row(name="wall", function="polls.wall"),
    Row(name="cpu", function="polls.work"),
    Row(name="nothing moved", function="polls.still"),
    Row(name="one meter", function="polls.one_meter"),
    Row(name="setup", function="start.setup"),
    Row(name="hour", function="hour.hour", leaps=True),
    Row(name="memory", function="memory.memory"),
    Row(name="batteries", function="many.batteries"),
    Row(name="gateways", function="many.crowd"),
    Row(name="import time", function="imports.imports"),
    Row(name="longest piece", function="pieces.longest"),
    Row(name="clients", function="alone.clients"),
    Row(name="energy guard", function="alone.guard"),
    Row(name="comparison", function="alone.comparison"),
    Row(name="instructions", function="instructions.instructions", is_asked_for=True),
)
PROFILE: Final = Row(name="profile", function="profiling.profile")
