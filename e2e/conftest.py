"""The stage of all scenarios.

It is set up once. They play in order and go on from each other; each takes the stage,
and is played in the one event loop that belongs to it.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
import signal
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from e2e.pictures import Album
from e2e.stage import Stage, complaints, everybody
from scripts.real_home_assistant import ROOT

PICTURES: Final = ROOT / ".tools" / "e2e" / "pictures"
LONGEST: Final = 400.0
"""Seconds that one scenario may take: one waits for five minutes to be over."""


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Return the stage, and take it down after the last scenario."""
    # An end that somebody else wishes is one in good order too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        # Scratch: Home Assistant may still be writing when it has to be killed.
        TemporaryDirectory(prefix="e2e_", ignore_cleanup_errors=True) as scratch,
        asyncio.Runner() as runner,
    ):
        life = everybody(Path(scratch) / "config", Album(folder=PICTURES))
        gateway, home, person = runner.run(life.__aenter__())
        try:
            yield Stage(runner=runner, gateway=gateway, home=home, person=person)
        finally:
            runner.run(life.__aexit__(None, None, None))


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Play a scenario; where it fails, leave a picture and the log's complaints."""
    stage = pyfuncitem.funcargs["stage"]
    assert isinstance(stage, Stage)
    try:
        stage.runner.run(_play(pyfuncitem.obj, stage))
    except Exception:
        stage.runner.run(stage.person.photograph_trouble())
        print(f"a picture of it: {PICTURES / 'trouble.png'}")
        print(*complaints(stage.home.log()), sep="\n")
        raise
    return True


async def _play(scenario: Any, stage: Stage) -> None:
    async with asyncio.timeout(LONGEST):
        await scenario(stage)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what only we have."""
    parser.addoption("--update-docs", action="store_true", help="renew docs/images")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Let a line of its own stand for each scenario, and no dot."""
    if report.when == "call" and report.passed:
        return "passed", "", "PASSED"
    return None


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Say how long a scenario took; the first has to wait for the stage."""
    if report.when == "setup" and report.duration > 1:
        print(f"{report.duration:6.1f} s  everybody is there")
    if report.when == "call":
        name = report.nodeid.rpartition("::test_")[2].replace("_", " ")
        told = "" if report.passed else ": FAILED"
        print(f"{report.duration:6.1f} s  {name}{told}", flush=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Renew the documentation's pictures, when all has gone well and that is wished."""
    if session.config.getoption("--update-docs") and exitstatus == 0:
        Album(folder=PICTURES).update_docs()
