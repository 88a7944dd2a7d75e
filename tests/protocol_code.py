"""What the code asks a gateway, and when: read off it, to be held against the page."""

import ast
from datetime import timedelta
import inspect
import re
from textwrap import dedent
from typing import Any, Final

from custom_components.tesla_gateway import coordinator
from custom_components.tesla_gateway.gateway import (
    GatewayClient,
    login,
    reader,
    unexplored,
)

from .house_rules import HOUSE, read, sources, texts

COORDINATORS: Final[tuple[Any, ...]] = (
    coordinator.LiveCoordinator,
    coordinator.StateCoordinator,
    coordinator.DeviceCoordinator,
    coordinator.InfoCoordinator,
)
WHEN_SETTING: Final = "when a person sets something"
"""How the page says when what acts is asked."""
VERBS: Final = f"{HOUSE}/gateway/client.py"
NOUNS: Final = f"{HOUSE}/gateway/reader.py"


def cadence(coordinator_type: Any, part: str) -> str:
    """Return how often a coordinator reads a part."""
    seconds = coordinator_type._cadence // timedelta(seconds=1)
    count, unit = next(
        (seconds // size, unit)
        for size, unit in ((3600, "h"), (60, "min"), (1, "s"))
        if seconds >= size
    )
    demand = ", on demand" if part in coordinator_type._on_demand else ""
    return f"{count} {unit}{demand}"


def paths_of(method: str) -> set[str]:
    """Return the paths that a method of the client asks, on its own or by others."""
    source = dedent(inspect.getsource(getattr(GatewayClient, method)))
    paths: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str(text)) if _is_path(text):
                paths.add(text)
            case ast.Attribute(value=ast.Name(id="self"), attr=name) if (
                inspect.isfunction(getattr(GatewayClient, name, None))
            ):
                paths |= paths_of(name)
    return paths


def _is_path(text: str) -> bool:
    """Return whether a text is a path of a gateway, and nothing else."""
    return re.fullmatch(r"/(api|tedapi)/\S+", text) is not None


def acting() -> set[str]:
    """Return the paths that the client's verbs ask, but to look what became of it."""
    tree = read(VERBS).tree
    looked_at = {
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("_reading", "has_answered")
        for argument in node.args
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node not in looked_at
        if isinstance(node.value, str) and _is_path(node.value)
    }


def paths_by_file() -> dict[str, set[str]]:
    """Return the paths that each file of the integration names."""
    return {
        source.path: {*filter(_is_path, texts(source))}
        for source in sources()
        if source.path.startswith(HOUSE)
    }


def read_when() -> dict[str, str]:
    """Return when each path is read, or tried out."""
    return (
        dict.fromkeys(reader.SURVEYED, "for a download")
        | dict.fromkeys(paths_of("identity"), "when added")
        | dict.fromkeys(unexplored._PATHS.values(), "when a person asks")
        | {login.LOGIN_PATH: "when needed"}
        | {
            path: cadence(each, part)
            for each in COORDINATORS
            for part, method in each._reads.items()
            for path in paths_of(method.__name__)
        }
    )
