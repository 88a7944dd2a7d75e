"""`README.md` and what it speaks of: its sections and tables, our texts and actions."""

import json
import re
from typing import Final

from homeassistant.util.yaml import load_yaml_dict

from .house_rules import HOUSE, ROOT

README: Final = (ROOT / "README.md").read_text()
MANIFEST: Final = json.loads((ROOT / HOUSE / "manifest.json").read_text())
TEXTS: Final = json.loads((ROOT / HOUSE / "translations" / "en.json").read_text())
ACTIONS: Final = load_yaml_dict(ROOT / HOUSE / "services.yaml")


def section(page: str, title: str) -> str:
    """Return what stands under a heading, up to the next one of its level."""
    (found,) = re.findall(
        rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", page, re.MULTILINE | re.DOTALL
    )
    return str(found[1])


def rows(text: str, first: str | None = None) -> list[list[str]]:
    """Return the rows of all tables, or of those whose first column has this title."""
    head = r"[^|\n]*" if first is None else f" {re.escape(first)} "
    bodies = re.findall(rf"^\|{head}\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    lines = [line for body in bodies for line in body.splitlines()]
    assert lines, f"no table {first or ''}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def bold(text: str) -> list[str]:
    """Return what is printed bold."""
    return re.findall(r"\*\*(.+?)\*\*", text)
