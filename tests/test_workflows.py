"""Tests that what runs at GitHub runs here too, so that a push brings no surprise."""

from collections.abc import Iterator, Mapping
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import tomllib
from typing import Any, Final

import pytest
import yaml

from .house_rules import HOUSE, ROOT

FOLDER: Final = ROOT / ".github" / "workflows"
WORKFLOWS: Final[Mapping[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")
}
SETUP: Final = (ROOT / "scripts" / "setup").read_text()
RUN: Final = (ROOT / ".ci" / "run").read_text()
ELSEWHERE: Final = {
    'test "$GITHUB_REF_NAME" = "v$(jq -r .version '
    f'{HOUSE}/manifest.json)"': "below, as there is no tag before a release",
    'gh release create "$GITHUB_REF_NAME" --verify-tag --generate-notes': (
        "nowhere: it publishes"
    ),
}
"""Commands that .ci/run leaves out, and where they are tried instead."""
AS_ACTIONS: Final = {
    "home-assistant/actions/hassfest@master": "validate",
    "hacs/action@main": "scripts/marketplace",
}
"""Actions that check, and the step of .ci/run that comes next to each."""
TRIGGERS: Final[Mapping[str, dict[str, Any]]] = {
    "release": {"push": {"tags": ["v*"]}},
    "tests": {"push": {"branches": ["main"]}},
    "validate": {
        "push": {"branches": ["main"]},
        "schedule": [{"cron": "17 4 * * *"}],
    },
}
"""When each begins by itself."""
ON_REQUEST: Final = ("pull_request", "workflow_call", "workflow_dispatch")
"""When those that check begin too."""
ONLY_HERE: Final = {
    "validate": "it stands in for an action",
    'scripts/demo --check --replay "$recording"': "the recordings are not published",
}
"""Steps of .ci/run that no workflow has, and why."""


def _jobs() -> Iterator[Mapping[str, Any]]:
    """Yield all jobs that have steps of their own."""
    for workflow in WORKFLOWS.values():
        yield from (job for job in workflow["jobs"].values() if "steps" in job)


def _commands() -> set[str]:
    """Return what is run, once for each cell of a matrix."""
    found: set[str] = set()
    for job in _jobs():
        cells = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            if not (command := step.get("run")):
                continue
            if match := re.fullmatch(r"\$\{\{ matrix\.(\w+) \}\}", command):
                found.update(cells[match[1]])
            else:
                found.add(command)
    return found


def _steps() -> set[str]:
    """Return the steps of .ci/run."""
    return set(re.findall(r"^.*?\bstep ([^(\n]+?)(?:; fi)?$", RUN, re.MULTILINE))


def test_each_command_runs_here() -> None:
    """Test each command of the workflows is a step here, or there is a reason."""
    assert len(_commands()) > len(ELSEWHERE) + 3
    assert _commands() - _steps() == ELSEWHERE.keys()


def test_each_step_runs_there() -> None:
    """Test each step here is a command of the workflows, or there is a reason."""
    assert _steps() - _commands() == ONLY_HERE.keys()


def test_each_command_is_there() -> None:
    """Test the scripts exist, and can be run."""
    for command in _commands() - ELSEWHERE.keys():
        assert os.access(ROOT / command.split()[0], os.X_OK), command


def test_actions_that_check() -> None:
    """Test each action is one that prepares, or a step stands in for it here."""
    used = {step["uses"] for job in _jobs() for step in job["steps"] if "uses" in step}
    prepares = {each for each in used if each.startswith("actions/")}
    assert used - prepares == AS_ACTIONS.keys()
    assert set(AS_ACTIONS.values()) <= _steps()


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq, as GitHub has it")
@pytest.mark.parametrize(("tag", "fits"), [("v{}", True), ("{}", False), ("v9", False)])
def test_a_release_has_the_version_of_its_tag(tag: str, *, fits: bool) -> None:
    """Test a tag is taken that says what the manifest says, and no other."""
    (command,) = (each for each in ELSEWHERE if each.startswith("test "))
    version = json.loads((ROOT / HOUSE / "manifest.json").read_text())["version"]
    environment = {**os.environ, "GITHUB_REF_NAME": tag.format(version)}
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(  # noqa: S603  # our own text
        [bash, "-c", command], cwd=ROOT, env=environment, check=False
    )
    assert (done.returncode == 0) is fits


@pytest.mark.parametrize("name", WORKFLOWS)
def test_begins(name: str) -> None:
    """Test each begins when it should, and at no other time."""
    asked = () if name == "release" else ON_REQUEST
    # YAML takes the word "on" for yes.
    assert WORKFLOWS[name][True] == TRIGGERS[name] | dict.fromkeys(asked)


def test_python() -> None:
    """Test scripts/setup finds there the Python that it looks for."""
    asked = [
        step["with"]["python-version"]
        for job in _jobs()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/setup-python@")
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert asked == [project["tool"]["mypy"]["python_version"]]
    assert f"python install --no-bin {asked[0]}" in SETUP


def test_least_power() -> None:
    """Test nothing may write but what publishes, and no checkout keeps its token."""
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {"contents": "read"}
    writing = [job for job in _jobs() if "permissions" in job]
    assert [job["permissions"] for job in writing] == [{"contents": "write"}]
    for job in _jobs():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_a_release_waits_for_all_checks() -> None:
    """Test nothing is published that has not passed tests and validation."""
    jobs = WORKFLOWS["release"]["jobs"]
    called = {
        name: Path(job["uses"]).stem for name, job in jobs.items() if "uses" in job
    }
    assert set(called.values()) == WORKFLOWS.keys() - {"release"}
    assert set(jobs["release"]["needs"]) == called.keys()
