"""Look for answers that crash a parser or take it too long, with atheris.

usage: python scripts/fuzz.py SECONDS
       python scripts/fuzz.py TARGET OPTION...   one target, with options of libFuzzer

It begins with what the simulator answers. An input is spoiled as bytes, or in the ways
of `tests/gateway/mutations.py`, and kept where it reaches code that none did before.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from random import Random
import re
import subprocess
import sys
from time import process_time
from types import ModuleType
from typing import Any, Final

import atheris
from google.protobuf.message import DecodeError

ROOT: Final = Path(__file__).parents[1]
HOUSE: Final = "custom_components.tesla_gateway"
KEPT: Final = ROOT / ".tools/fuzz"
"""What was learned and what was found, for each target."""

LONGEST_INPUT: Final = 16 * 1024
"""Bytes; twice the vitals of two Powerwalls. What 4 MiB take is tested elsewhere."""
LONGEST_TIME: Final = 0.05
"""Seconds of the processor's time for one input."""

type Parse = Callable[[bytes], object]
type Spoil = Callable[[bytes, Random], bytes]


class TooSlowError(Exception):
    """An input took longer than it may."""


def instrumented(name: str) -> Any:
    """Import a module; the client in it tells atheris what is reached.

    The integration is stood in for by its folder: itself it needs Home Assistant.
    """
    sys.path.insert(0, str(ROOT))
    house = ModuleType(HOUSE)
    house.__path__ = [str(ROOT / HOUSE.replace(".", "/"))]
    sys.modules[HOUSE] = house
    with atheris.instrument_imports(include=[f"{HOUSE}.gateway"]):
        return import_module(name)


class Target:
    """Some parsers, and answers to begin with.

    Of several parsers the first byte of an input says which one it is for.
    """

    def __init__(self, name: str) -> None:
        """Import the parsers."""
        every = instrumented("tests.gateway.parsers")
        ways = import_module("tests.gateway.mutations")
        self.unreadable = import_module(f"{HOUSE}.gateway").GatewayResponseError
        is_vitals = name == "vitals"
        names = [
            each for each in every.PARSERS if (each in every.OF_VITALS) == is_vitals
        ]
        self.parsers: Sequence[Parse] = [every.PARSERS[each] for each in names]
        self.seeds: Sequence[bytes] = [
            bytes((number,)) + body
            for number, each in enumerate(names)
            for body in every.good_answers(each)
        ]
        self._spoil: Spoil = ways.spoiled_vitals if is_vitals else ways.spoiled_json

    def read(self, data: bytes) -> None:
        """Read an input; raise what is no error of an answer, or that it took long."""
        if not data:
            return
        read, body = self.parsers[data[0] % len(self.parsers)], bytes(data[1:])
        # What took long because the machine had other work does not do so thrice.
        if all(self._seconds(read, body) > LONGEST_TIME for _ in range(3)):
            raise TooSlowError(f"{len(body)} bytes")

    def _seconds(self, read: Parse, body: bytes) -> float:
        """Return how long an input takes to be read."""
        began = process_time()
        with suppress(self.unreadable):
            read(body)
        return process_time() - began

    def spoiled(self, data: bytes, max_size: int, seed: int) -> bytes:
        """Return another input, made of one."""
        random = Random(seed)  # noqa: S311  # nothing secret
        if random.random() < 0.5:
            try:
                body = self._spoil(bytes(data[1:]), random)
                return (data[:1] + body)[:max_size]
            except ValueError, RecursionError, DecodeError:
                pass  # it was spoiled before
        mutated: bytes = atheris.Mutate(data, max_size)
        return mutated


def fuzz(name: str, options: Sequence[str]) -> None:
    """Try a target until the time is over, and end the process."""
    target = Target(name)
    for seed in target.seeds:
        corpus = KEPT / name / "corpus" / sha256(seed).hexdigest()
        corpus.write_bytes(seed)
    arguments = [sys.argv[0], *options]
    atheris.Setup(arguments, target.read, custom_mutator=target.spoiled)
    atheris.Fuzz()


def run(name: str, seconds: int) -> bool:
    """Run one target in a process of its own; return whether nothing was found."""
    folder = KEPT / name
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    options: Mapping[str, object] = {
        "max_len": LONGEST_INPUT,
        "max_total_time": seconds,
        "timeout": 5,
        "rss_limit_mb": 2048,
        "artifact_prefix": f"{folder}/found-",
        "print_final_stats": 1,
    }
    command = [sys.executable, __file__, name, str(folder / "corpus")]
    command += [f"-{option}={value}" for option, value in options.items()]
    with (folder / "log").open("w+") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)  # noqa: S603  # ourselves
        log.seek(0)
        told = log.read()
    tried = re.search(r"number_of_executed_units: (\d+)", told)
    reached = re.findall(r"cov: (\d+)", told)
    print(
        f"{name}: {int(tried[1]) if tried else 0:,} inputs,"
        f" {reached[-1] if reached else 0} places reached:",
        "nothing found" if done.returncode == 0 else f"FOUND, see {folder}",
    )
    return done.returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Return 0 if nothing was found, half of the time for each target."""
    match arguments:
        case [("parse" | "vitals") as name, *options]:
            fuzz(name, options)
        case [seconds] if seconds.isdecimal():
            share = max(int(seconds) // 2, 1)
            is_good = [run(name, share) for name in ("parse", "vitals")]
            return 0 if all(is_good) else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
