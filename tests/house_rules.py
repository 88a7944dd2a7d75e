"""Who may import whom, and who may know what, to be read off the code.

Each rule comes with small files that break it, so that it is known to notice.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
import io
import json
from pathlib import Path
import re
import sys
import tokenize
from typing import Final

from .rooms import CLIENT_ROOMS, PLATFORMS, ROOMS

ROOT: Final = Path(__file__).parents[1]
HOUSE: Final = "custom_components/tesla_gateway"
CLIENT: Final = f"{HOUSE}/gateway"
PARSERS: Final = f"{CLIENT}/parse*.py"
"""What turns JSON into models."""
PACKAGE: Final = HOUSE.replace("/", ".")
MANY_LINES: Final = 450
"""Lines that a file has to stay below."""
LONG_FUNCTION: Final = 45
"""Lines that a function has to stay below, its docstring not counted."""
BARE_EXCUSE: Final = re.compile(r"noqa:[\w, ]*\bS\d+\b(?! +[#-] \w)")
"""An excuse from a rule about security, ruff's S, that gives no reason."""


@dataclass(frozen=True)
class Source:
    """A file of Python."""

    path: str
    """From the root of the repository."""
    text: str

    @property
    def name(self) -> str:
        """Return the name of the module within its folder."""
        return Path(self.path).stem

    @property
    def tree(self) -> ast.Module:
        """Return the file as it is understood."""
        return ast.parse(self.text)

    def imports(self) -> Iterator[str]:
        """Yield what is imported: `package.module.name`, whatever `name` is."""
        here = Path(self.path).parent.parts
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = here[: len(here) + 1 - node.level] if node.level else ()
                parts = (*above, *filter(None, [node.module]))
                yield from (".".join((*parts, alias.name)) for alias in node.names)

    def rooms(self, package: str) -> Iterator[str]:
        """Yield the modules of a package that are imported."""
        for target in self.imports():
            if target.startswith(f"{package}."):
                yield target.removeprefix(f"{package}.").partition(".")[0]

    def roots(self) -> set[str]:
        """Return the top-level packages that are imported."""
        return {target.partition(".")[0] for target in self.imports()}


type Check = Callable[[Source], object]
"""Returns what is wrong with a file, which is nothing if it is empty."""


@cache
def sources() -> tuple[Source, ...]:
    """Return all Python of the repository but what is generated."""
    folders = (
        "custom_components",
        "simulator",
        "scripts",
        "benchmarks",
        "e2e",
        "tests",
    )
    return tuple(
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "proto" not in path.parts
    )


def read(path: str) -> Source:
    """Return one file of the repository."""
    return Source(path, (ROOT / path).read_text())


def identifiers(source: Source) -> Iterator[str]:
    """Yield the names a file gives to its fields and functions."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def texts(source: Source) -> Iterator[str]:
    """Yield the text constants of a file, docstrings too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def parsed_names() -> frozenset[str]:
    """Return the JSON names that the parsers read."""
    parsers = [each for each in sources() if fnmatchcase(each.path, PARSERS)]
    return frozenset(
        key.value
        for parser in parsers
        for node in ast.walk(parser.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("fields.")
        if len(node.args) > 1 and isinstance(key := node.args[1], ast.Constant)
        if isinstance(key.value, str)
    )


@cache
def wire_names() -> frozenset[str]:
    """Return the JSON names that the parsers read and we have no other use for."""
    ours = {
        name
        for module in ("client", "reader", "components", "installation", "models")
        for name in identifiers(read(f"{CLIENT}/{module}.py"))
    }
    translations = json.loads((ROOT / HOUSE / "translations/en.json").read_text())
    for entities in translations["entity"].values():
        ours |= entities.keys()
    return parsed_names() - ours


def stands_alone(source: Source) -> set[str]:
    """Return what is neither of the client, nor of Python, nor one of four others."""
    own = CLIENT.replace("/", ".")
    outside = {
        target.partition(".")[0]
        for target in source.imports()
        if not target.startswith(f"{own}.")
    }
    absolute = {
        node.module
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom)
        and not node.level
        and (node.module or "").startswith(PACKAGE)
    }
    others = {"aiohttp", "google", "orjson", "yarl"}
    return outside - sys.stdlib_module_names - others | {*filter(None, absolute)}


def keeps_to_rooms(package: str, rooms: dict[str, set[str]]) -> Check:
    """Return what finds imports that a table does not allow a module."""

    def check(source: Source) -> set[str]:
        if source.name not in rooms:
            return {f"{source.name} is in no table"}
        return {*source.rooms(package)} - rooms[source.name]

    return check


def past_the_root(source: Source) -> list[str]:
    """Return what is imported of the client past its front door."""
    package = CLIENT.replace("/", ".")
    modules = {path.stem for path in (ROOT / CLIENT).iterdir()} - {"__init__"}
    return [name for name in source.rooms(package) if name in modules]


def imports_of(*packages: str) -> Check:
    """Return what finds imports of some packages."""
    return lambda source: source.roots() & {*packages}


def names_of(*names: str) -> Check:
    """Return what finds imports of some names, wherever they come from."""
    return lambda source: (
        {*names} & {target.rpartition(".")[2] for target in source.imports()}
    )


def more_of_aiohttp(source: Source) -> set[str]:
    """Return what is imported of aiohttp beside the jar that keeps no cookies.

    The one who makes the client may name the session it is given.
    """
    of_aiohttp = {name for name in source.imports() if name.startswith("aiohttp")}
    session = {"aiohttp.ClientSession"} if source.name == "connection" else set()
    return of_aiohttp - {"aiohttp.DummyCookieJar"} - session


def of_the_integration(source: Source) -> list[str]:
    """Return what a simulator imports of the integration but generated messages."""
    messages = f"{PACKAGE}.gateway.proto."
    return [
        target
        for target in source.imports()
        if target.startswith(("custom_components", "homeassistant", "tests"))
        if not (source.name == "wire" and target.startswith(messages))
    ]


def long_functions(source: Source) -> list[str]:
    """Return the functions that are too long."""
    return [
        node.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _lines(node) >= LONG_FUNCTION
    ]


def bare_excuses(source: Source) -> list[str]:
    """Return the comments that excuse a line from a rule about security, just so."""
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline)
    comments = (each.string for each in tokens if each.type == tokenize.COMMENT)
    return [each for each in comments if BARE_EXCUSE.search(each)]


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has beside its docstring."""
    first = node.body[0]
    has_docstring = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the house."""

    files: tuple[str, ...]
    """Patterns of paths."""
    but: tuple[str, ...] = ()
    """Patterns of paths that it does not concern."""
    check: Check
    broken_by: tuple[tuple[str, str], ...]
    """Paths and texts of files that the check has to notice."""

    def concerns(self, source: Source) -> bool:
        """Return whether a file has to obey."""
        return any(fnmatchcase(source.path, pattern) for pattern in self.files) and (
            not any(fnmatchcase(source.path, pattern) for pattern in self.but)
        )


RULES: Final[dict[str, Rule]] = {
    "the client stands alone": Rule(
        files=(f"{CLIENT}/*.py",),
        check=stands_alone,
        broken_by=(
            (f"{CLIENT}/parse.py", "from homeassistant.core import callback"),
            (f"{CLIENT}/parse.py", "import homeassistant.util.dt as dt_util"),
            (f"{CLIENT}/client.py", "from ..const import DOMAIN"),
            (f"{CLIENT}/client.py", "from .. import const"),
            (f"{CLIENT}/client.py", f"from {PACKAGE}.gateway.errors import A"),
            (f"{CLIENT}/session.py", "import requests"),
        ),
    ),
    "the client keeps to its rooms": Rule(
        files=(f"{CLIENT}/*.py",),
        check=keeps_to_rooms(CLIENT.replace("/", "."), CLIENT_ROOMS),
        broken_by=(
            (f"{CLIENT}/parse.py", "from .session import GatewaySession"),
            (f"{CLIENT}/models.py", "from . import parse"),
            (f"{CLIENT}/session.py", "def read():\n    from .parse import charge"),
            (f"{CLIENT}/client.py", "from .proto import vitals_pb2"),
            (f"{CLIENT}/utils.py", ""),
        ),
    ),
    "the integration keeps to its rooms": Rule(
        files=(f"{HOUSE}/*.py",),
        but=(f"{CLIENT}/*",),
        check=keeps_to_rooms(PACKAGE, ROOMS),
        broken_by=(
            (f"{HOUSE}/coordinator.py", "from .entity import GatewayEntity"),
            (f"{HOUSE}/sensor.py", "from .binary_sensor import FLAGS"),
            (f"{HOUSE}/sensor.py", f"from {PACKAGE}.config_flow import CONF_A"),
            (f"{HOUSE}/sensor.py", "from .connection import async_client"),
            (f"{HOUSE}/const.py", "from . import coordinator"),
            (f"{HOUSE}/utils.py", ""),
        ),
    ),
    "the client has one door": Rule(
        files=("custom_components/*", "scripts/*", "benchmarks/*"),
        but=(f"{CLIENT}/*",),
        check=past_the_root,
        broken_by=(
            (f"{HOUSE}/sensor.py", "from .gateway.session import GatewaySession"),
            (f"{HOUSE}/sensor.py", "from .gateway import parse"),
            (f"{HOUSE}/__init__.py", f"import {PACKAGE}.gateway.models"),
            ("scripts/demo.py", f"from {PACKAGE}.gateway.scale import app_percent"),
        ),
    ),
    "entities have no session": Rule(
        files=tuple(
            f"{HOUSE}/{name}.py" for name in ("coordinator", "entity", *PLATFORMS)
        ),
        check=names_of(
            "Credentials",
            "GatewayRecord",
            "GatewaySession",
            "certificate_fingerprint",
            "session",
        ),
        broken_by=(
            (f"{HOUSE}/sensor.py", "from .gateway import Battery, GatewaySession"),
            (f"{HOUSE}/binary_sensor.py", "from .gateway import session"),
        ),
    ),
    "only the session knows HTTP": Rule(
        files=(f"{CLIENT}/*.py",),
        but=(f"{CLIENT}/session.py", f"{CLIENT}/transport.py"),
        check=imports_of("aiohttp", "http", "socket", "ssl", "urllib"),
        broken_by=(
            (f"{CLIENT}/client.py", "from aiohttp import ClientSession"),
            (f"{CLIENT}/errors.py", "import aiohttp"),
            (f"{CLIENT}/parse.py", "import urllib.request"),
        ),
    ),
    "the integration sends nothing itself": Rule(
        files=(f"{HOUSE}/*.py",),
        but=(f"{CLIENT}/*",),
        check=more_of_aiohttp,
        broken_by=(
            (f"{HOUSE}/config_flow.py", "from aiohttp import ClientError"),
            (f"{HOUSE}/coordinator.py", "from aiohttp import ClientSession"),
            (f"{HOUSE}/sensor.py", "import aiohttp"),
        ),
    ),
    "reading bytes needs no clock and no network": Rule(
        files=tuple(
            f"{CLIENT}/{name}.py"
            for name in CLIENT_ROOMS.keys()
            - {"client", "login", "poll", "reader"}
            - {"record", "session", "transport", "writes"}
        ),
        check=imports_of("asyncio", "logging", "random", "threading", "time"),
        broken_by=(
            (f"{CLIENT}/parse.py", "import asyncio"),
            (f"{CLIENT}/endpoints.py", "from time import monotonic"),
        ),
    ),
    "only parsers have names of the wire": Rule(
        files=("custom_components/*",),
        # What unites the readers of a unit, what is written, and what is known of the
        # wire as a whole.
        but=(
            PARSERS,
            *(
                f"{CLIENT}/{name}.py"
                for name in ("fields", "redaction", "report", "settings", "vocabulary")
            ),
        ),
        check=lambda source: wire_names().intersection(texts(source)),
        broken_by=(
            (f"{HOUSE}/sensor.py", "power = data['site']['instant_power']"),
            (f"{CLIENT}/client.py", "answer.get('backup_reserve_percent')"),
            (f"{HOUSE}/diagnostics.py", "REDACT = {'PackageSerialNumber'}"),
        ),
    ),
    "the simulator shares nothing but messages": Rule(
        files=("simulator/*",),
        check=of_the_integration,
        broken_by=(
            ("simulator/site.py", f"from {PACKAGE}.gateway import scale"),
            ("simulator/server.py", f"from {PACKAGE}.gateway.proto import a_pb2"),
            ("simulator/wire.py", f"from {PACKAGE}.gateway.vitals import read"),
            ("simulator/wire.py", "import homeassistant"),
        ),
    ),
    "the simulated site has no network": Rule(
        files=("simulator/*",),
        but=tuple(
            f"simulator/{name}.py" for name in ("server", "sending", "tls", "__main__")
        ),
        check=imports_of("aiohttp", "asyncio", "http", "socket", "ssl"),
        broken_by=(
            ("simulator/site.py", "import asyncio"),
            ("simulator/profiles.py", "from aiohttp import web"),
        ),
    ),
    "no excuse without a reason": Rule(
        files=("*",),
        check=bare_excuses,
        broken_by=(
            (f"{HOUSE}/const.py", 'PASSWORD = "a"  # noqa: S105'),
            ("tests/test_entities.py", "run()  # noqa: PLW1510, S603"),
            ("scripts/demo.py", "run()  # noqa: S603 #"),
        ),
    ),
    "no long file": Rule(
        files=("*",),
        check=lambda source: source.text.count("\n") >= MANY_LINES,
        broken_by=((f"{HOUSE}/sensor.py", "\n" * MANY_LINES),),
    ),
    "no long function": Rule(
        files=("*",),
        check=long_functions,
        broken_by=(
            (
                f"{HOUSE}/sensor.py",
                'class A:\n async def a():\n  """A\n  a."""\n' + "  a()\n" * 44,
            ),
        ),
    ),
}
