"""`docs/protocol.md` as tables: what it says of endpoints, entities and names.

`{a,b}` and `{1..3}` are written out, and a key with `*` is disabled by default.
"""

from collections.abc import Iterator
import re
from typing import Final, NamedTuple

from .house_rules import ROOT

PAGE: Final = (ROOT / "docs" / "protocol.md").read_text()
WORDS: Final = ("binary", "event", "select", "number", "switch", "action")
"""What stands before keys that are not those of sensors."""


class Entity(NamedTuple):
    """What the page tells of an entity."""

    platform: str
    key: str
    is_enabled: bool


type Entities = list[Entity]
"""Sorted, so that what is listed twice is not what is listed once."""


def table(title: str) -> list[list[str]]:
    """Return the rows of the one table whose first column has this title."""
    head = re.escape(f"| {title} |")
    (body,) = re.findall(rf"^{head}.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    rows = [row.strip("|").split("|") for row in body.splitlines()]
    return [[cell.strip() for cell in row] for row in rows]


def written_out(text: str) -> list[str]:
    """Return what a text with braces stands for, in order; one word stays as it is."""
    braces = re.search(r"\{([^{}]*(?:,|\.\.)[^{}]*)\}", text)
    if braces is None:
        return [text]
    choices = braces[1].split(",")
    if ends := re.fullmatch(r"(\w)\.\.(\w)", braces[1]):
        choices = [chr(each) for each in range(ord(ends[1]), ord(ends[2]) + 1)]
    before, after = text[: braces.start()], text[braces.end() :]
    return [
        each for choice in choices for each in written_out(f"{before}{choice}{after}")
    ]


def quoted(cell: str) -> list[str]:
    """Return the names in a cell."""
    return [
        name for each in re.findall("`([^`]+)`", cell) for name in written_out(each)
    ]


def leading(cell: str) -> list[str]:
    """Return the names a cell begins with; none where it begins with words."""
    return quoted(cell) if cell.startswith("`") else []


def listed_in(cell: str) -> Iterator[Entity]:
    """Yield what a cell lists: sensors, or what the word before them says."""
    for part in cell.split(";"):
        word = re.match(rf"\s*({'|'.join(WORDS)}) `", part)
        for names, star in re.findall(r"`([^`]+)`(\*?)", part):
            for name in written_out(names):
                yield Entity(word[1] if word else "sensor", name, not star)


def entities_in(cell: str) -> Entities:
    """Return the entities that a cell lists."""
    return sorted(each for each in listed_in(cell) if each.platform != "action")


def paths_in(cell: str) -> list[str]:
    """Return the paths in a cell, without the methods before them."""
    return [name.removeprefix("POST ") for name in quoted(cell)]


def endpoints() -> list[list[str]]:
    """Return the rows of the endpoints."""
    return table("Endpoint")
