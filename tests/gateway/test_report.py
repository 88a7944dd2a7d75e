"""A report of what a gateway said: what is known is called so, and it is quick."""

import json
import os
from pathlib import Path
import re
from time import process_time

import pytest

from custom_components.tesla_gateway.gateway import gateway_report, learned_redactor
from custom_components.tesla_gateway.gateway.journal import Journal
from custom_components.tesla_gateway.gateway.vocabulary import KEYS
from simulator.device import Device, Request
from simulator.profiles import PROFILES
from simulator.scenarios import SCENARIOS

RECORDINGS = os.environ.get("TESLA_GATEWAY_RECORDINGS")


def _journal(profile: str, batteries: int) -> Journal:
    """Return what a simulated gateway says to everything."""
    site = SCENARIOS["day"].site(batteries)
    device = Device(PROFILES[profile], site, password="x")
    login = Request(
        method="POST",
        path="/api/login/Basic",
        body=b'{"username": "customer", "password": "x"}',
    )
    token = json.loads(device.answer(login).body)["token"]
    journal = Journal()
    for path in sorted(device.profile.reads):
        answer = device.answer(Request(method="GET", path=path, token=token))
        journal.answered(path, answer.status, answer.body, seconds=0.1, kept=True)
    return journal


@pytest.mark.parametrize("profile", PROFILES)
def test_simulated_names_are_known(profile: str) -> None:
    """Test nothing of what a simulated gateway says is called unknown."""
    endpoints = _journal(profile, 2).endpoints
    report = gateway_report(learned_redactor({}, endpoints), endpoints)
    assert report["unknown"] == {"keys": {}, "values": {}, "vitals": []}


@pytest.mark.skipif(
    RECORDINGS is None, reason="TESLA_GATEWAY_RECORDINGS names no folder"
)
def test_recorded_names_are_known() -> None:
    """Test nothing of what a real gateway said is called unknown but serial numbers."""
    files = list(Path(RECORDINGS or "").rglob("*.json"))
    names = {
        name
        for file in files
        for name in re.findall(r'"([^"]+)"\s*:', file.read_text())
        if not name.startswith("<<")
    }
    assert len(names) > 100
    assert names <= KEYS


def test_quick_with_ten_batteries() -> None:
    """Test the report of a large site takes less than a second."""
    endpoints = _journal("21.44", 10).endpoints
    began = process_time()
    report = gateway_report(learned_redactor({}, endpoints), endpoints)
    assert process_time() - began < 1
    assert len(json.dumps(report)) > 50_000
