"""The rules of the house are kept, and would be missed."""

import fnmatch
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tomllib
from typing import Final

import pytest

from custom_components.tesla_gateway.gateway.vocabulary import KEYS

from .house_rules import (
    CLIENT,
    HOUSE,
    PACKAGE,
    ROOT,
    RULES,
    Rule,
    Source,
    parsed_names,
    sources,
    wire_names,
)
from .rooms import CLIENT_ROOMS, ROOMS

BROKEN: Final = {
    f"{name}-{number}": (rule, Source(*example))
    for name, rule in RULES.items()
    for number, example in enumerate(rule.broken_by)
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_holds(rule: Rule) -> None:
    """Test every file obeys, and there is one that has to."""
    concerned = [source for source in sources() if rule.concerns(source)]
    assert concerned
    for pattern in (*rule.files, *rule.but):
        assert fnmatch.filter([source.path for source in sources()], pattern), pattern
    wrong = {source.path: rule.check(source) for source in concerned}
    assert {path: what for path, what in wrong.items() if what} == {}


@pytest.mark.parametrize(
    ("folder", "rooms"),
    [(CLIENT, CLIENT_ROOMS), (HOUSE, ROOMS)],
    ids=["client", "integration"],
)
def test_nothing_is_allowed_in_vain(folder: str, rooms: dict[str, set[str]]) -> None:
    """Test the tables are what is imported: no more, and of no file that is gone."""
    package = folder.replace("/", ".")
    assert rooms == {
        source.name: {*source.rooms(package)}
        for source in sources()
        if Path(source.path).parent == Path(folder)
    }


@pytest.mark.parametrize(("rule", "source"), BROKEN.values(), ids=BROKEN)
def test_would_notice(rule: Rule, source: Source) -> None:
    """Test each rule finds what breaks it."""
    assert rule.concerns(source)
    assert rule.check(source)


def test_allows_what_is_right() -> None:
    """Test the rules find nothing in a file that is as it should be."""
    for path, text in (
        (
            f"{CLIENT}/reader.py",
            "import re\nfrom . import parse\nfrom .errors import A",
        ),
        (f"{CLIENT}/vitals.py", "from .proto import a_pb2\nimport google.protobuf"),
        (f"{HOUSE}/sensor.py", "from .gateway import Battery\nimport homeassistant"),
        (f"{HOUSE}/config_flow.py", "from aiohttp import DummyCookieJar"),
        ("simulator/wire.py", f"from {PACKAGE}.gateway.proto import a_pb2"),
        (f"{HOUSE}/sensor.py", 'def a():\n """A\n a."""\n' + " a()\n" * 43),
    ):
        source = Source(path, text)
        wrong = {n: r.check(source) for n, r in RULES.items() if r.concerns(source)}
        assert not any(wrong.values()), wrong


def test_rules_about_security() -> None:
    """Test all of ruff's S hold but what tests cannot keep, and no more is off."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    off = {"*": lint["ignore"], **lint["per-file-ignores"]}
    assert lint["select"] == ["ALL"]
    assert {
        (files, code)
        for files, codes in off.items()
        for code in codes
        if re.fullmatch(r"ALL|S\d*", code)
    } == {
        ("e2e/**", "S101"),
        ("e2e/**", "S105"),
        *(("tests/**", code) for code in ("S101", "S105", "S106")),
    }


def test_knows_names_of_the_wire() -> None:
    """Test the names that must not get about are found where they are read."""
    assert wire_names() >= {
        "instant_power",
        "PackageSerialNumber",
        "real_mode",
        "p_out",
    }


def test_what_is_read_is_known() -> None:
    """Test diagnostics list no name as unknown that an entity shows the value of."""
    assert len(parsed_names()) > 100
    assert parsed_names() <= KEYS


ALONE: Final = """
import sys
sys.modules["homeassistant"] = sys.modules["custom_components"] = None
sys.path.append(sys.argv[1])
import gateway
assert all(hasattr(gateway, name) for name in gateway.__all__)
"""


def _import_alone(folder: Path) -> subprocess.CompletedProcess[str]:
    """Import the client in a fresh interpreter that finds no Home Assistant."""
    command = [sys.executable, "-I", "-c", ALONE, str(folder)]
    return subprocess.run(  # noqa: S603  # our own text
        command, capture_output=True, text=True, check=False
    )


def test_the_client_imports_alone() -> None:
    """Test the client needs its parent folder and nothing else."""
    done = _import_alone(ROOT / HOUSE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "line",
    ["import homeassistant", "from ..const import DOMAIN", "import custom_components"],
)
def test_would_notice_that_it_needs_more(line: str, tmp_path: Path) -> None:
    """Test a client that imports Home Assistant or the integration does not import."""
    client = shutil.copytree(ROOT / CLIENT, tmp_path / "gateway")
    with (client / "scale.py").open("a") as module:
        module.write(f"\n{line}\n")
    assert "ImportError" in _import_alone(tmp_path).stderr.replace(
        "ModuleNotFoundError", "ImportError"
    )
