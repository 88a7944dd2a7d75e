"""Tests of the generated messages: where they load, and beside whom."""

from itertools import permutations
from pathlib import Path
import subprocess
import sys

import pytest

from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from simulator.scenarios import SCENARIOS

from .conftest import TAKES_AIOPOWERWALL
from .decode import vitals_bytes

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "custom_components/tesla_gateway"

OURS = f"""
import sys
sys.path.append({str(HOUSE / "gateway/proto")!r})
import vitals_pb2
assert vitals_pb2.DESCRIPTOR.name == "tesla_gateway/v1/vitals.proto"
assert vitals_pb2.DESCRIPTOR.package == "tesla_gateway.v1"
assert not vitals_pb2.DevicesWithVitals.FromString(b"").devices
"""
PYPOWERWALL = """
from pypowerwall.local import tesla_pb2
from pypowerwall.tedapi import tedapi_combined_pb2, tedapi_pb2
assert not tesla_pb2.DevicesWithVitals.FromString(b"").devices
"""
AIOPOWERWALL = """
from importlib import import_module
from pkgutil import walk_packages
import aiopowerwall
import pypowerwall.tedapi
import tesla_protocol
from tesla_protocol.energy_device import transport_pb2
assert not transport_pb2.MessageEnvelope.FromString(b"").HasField("sender")
for package in (tesla_protocol, pypowerwall.tedapi):
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        if found.name.endswith("_pb2"):
            import_module(found.name)
"""
"""All of its messages, and those of pypowerwall that need as new a protobuf."""
OTHERS = [PYPOWERWALL, AIOPOWERWALL] if TAKES_AIOPOWERWALL else [PYPOWERWALL]
THE_CLIENT = f"""
import sys
sys.modules["homeassistant"] = sys.modules["custom_components"] = None
sys.path.append({str(HOUSE)!r})
from gateway.proto import vitals_pb2
"""
THE_SIMULATOR = """
import sys
sys.modules["homeassistant"] = sys.modules["custom_components"] = None
from simulator.server import Simulator
"""


def _run(*arguments: str) -> None:
    """Run an interpreter of its own, from the root of the repository."""
    done = subprocess.run(  # noqa: S603  # our own text
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_no_warning() -> None:
    """Test the installed protobuf takes the generated code without a word."""
    _run("-I", "-W", "error", "-c", OURS)
    _run("-I", "-W", "error", "scripts/check_messages.py")


@pytest.mark.parametrize("order", [*permutations([OURS, *OTHERS])])
def test_beside_other_clients(order: tuple[str, ...]) -> None:
    """Test clients that describe the same messages may be in the same process."""
    _run("-I", "-c", "".join(order))


@pytest.mark.parametrize("code", [THE_CLIENT, THE_SIMULATOR])
def test_without_home_assistant(code: str) -> None:
    """Test client and simulator have the messages where there is nothing else."""
    _run("-c", code)


def test_same_bytes() -> None:
    """Test the integration's messages take what the simulator's, loaded apart, give."""
    content = vitals_bytes(SCENARIOS["day"].site(2))
    ours = vitals_pb2.DevicesWithVitals.FromString(content)
    assert len(ours.devices) == 13
    assert ours.SerializeToString() == content
    device = ours.devices[0].device.device
    assert device.din.value == "STSTSM--1232100-00-E--TGSIMULATED001"
    assert device.HasField("part_number")
    assert not device.HasField("component_parent_din")
    assert {v.WhichOneof("value") for d in ours.devices for v in d.vitals} == {
        "float_value",
        "string_value",
        "bool_value",
    }
