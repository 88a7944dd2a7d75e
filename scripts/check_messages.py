"""Load the generated messages on the protobuf that is installed, and try them.

usage: python -I -W error scripts/check_messages.py [--oldest]
  -W error   Python's own: no warning is let pass
  --oldest   the protobuf must be the oldest that manifest.json allows
"""

from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
import json
from pathlib import Path
import sys
from types import ModuleType
from typing import Final

import google.protobuf

HOUSE: Final = Path(__file__).parents[1] / "custom_components/tesla_gateway"

VITALS: Final = bytes.fromhex(
    "0a 2c"  # a device with vitals
    "0a 0a 0a 08 0a 06 0a 04 50 4f 44 31"  # its device; its DIN, "POD1"
    "12 0c 0a 01 50 21 00 00 00 00 00 00 e0 3f"  # P = 0.5
    "12 06 0a 01 53 2a 01 58"  # S = "X"
    "12 05 0a 01 46 30 00"  # F = false
    "1a 01 41"  # an alert, "A"
)
"""Written by hand: a reading of each kind, and texts in their wrappers."""


def load(name: str) -> ModuleType:
    """Return a generated module, with nothing of the packages above it."""
    spec = spec_from_file_location(name, HOUSE / f"gateway/proto/{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_oldest() -> bool:
    """Return whether this protobuf is the oldest that the integration allows."""
    manifest = json.loads((HOUSE / "manifest.json").read_text())
    return f"protobuf>={google.protobuf.__version__}" in manifest["requirements"]


def main(arguments: Sequence[str]) -> int:
    """Return 0 if the messages hold what they were given."""
    version = google.protobuf.__version__
    if "--oldest" in arguments and not is_oldest():
        print(f"proto: {version} is not what manifest.json begins at", file=sys.stderr)
        return 1
    messages = load("vitals_pb2")
    message = messages.DevicesWithVitals.FromString(VITALS)
    [device] = message.devices
    values = [getattr(vital, vital.WhichOneof("value")) for vital in device.vitals]
    read = (device.device.device.din.value, values, [*device.alerts])
    expected = ("POD1", [0.5, "X", False], ["A"])
    if read != expected or message.SerializeToString() != VITALS:
        print(f"proto: {read} instead of {expected}", file=sys.stderr)
        return 1
    print(f"proto: the messages work with protobuf {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
