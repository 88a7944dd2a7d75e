"""Instructions in place of time: the same on a busy machine as on a quiet one.

Home Assistant runs in valgrind, which counts what its process does, though not what
the system does for it. Takes minutes.
"""

import asyncio
from pathlib import Path
import shutil
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Final

from .lines import Line
from .polls import paired
from .remote import ONLY_OURS, ROOT, everything

REFRESHES: Final = 20
SIDES: Final = ("core", "ours")
VALGRIND: Final = (
    *("valgrind", "-q", "--log-file=/dev/null"),
    *("--tool=callgrind", "--instr-atstart=no"),
)


async def instructions(rounds: int) -> list[Line]:
    """Count the instructions of a full refresh in which every value moves."""
    if shutil.which("valgrind") is None:
        return [Line(figure="instructions per refresh", result="there is no valgrind")]
    with TemporaryDirectory() as folder:
        counts = await asyncio.to_thread(_counted, Path(folder))
    ratio = counts["ours"] / counts["core"]
    return [
        Line(
            figure="instructions per full refresh, all values moving",
            core=f"{counts['core'] / 1e6:.2f} million",
            ours=f"{counts['ours'] / 1e6:.2f} million",
            result=f"{ratio:.2f}",
            data={**counts, "ratio": ratio},
        )
    ]


def _counted(folder: Path) -> dict[str, float]:
    """Run both in valgrind, and return the instructions of a refresh."""
    command = [*VALGRIND, f"--callgrind-out-file={folder}/out"]
    with subprocess.Popen(  # noqa: S603  # a program of ours
        [*command, sys.executable, "-P", "-m", __name__],
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        pupil = _Pupil(process, folder)
        pupil.tell("-i", "on")
        pupil.next_turn()
        told = pupil.block()
        found = {side: pupil.block() - told for side in SIDES}
        process.communicate("\n")
    return found


class _Pupil:
    """A process in valgrind that waits for its turns."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        """Wait until it has begun to wait."""
        self._process, self._folder = process, folder
        self._heard()

    def _heard(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # for the type checker
        self._process.stdout.readline()

    def next_turn(self) -> None:
        """Let it go on until it waits again."""
        assert self._process.stdin is not None  # noqa: S101  # for the type checker
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._heard()

    def tell(self, *options: str) -> None:
        """Tell valgrind."""
        command = ["callgrind_control", *options, str(self._process.pid)]
        subprocess.run(  # noqa: S603  # a part of valgrind
            command, stdout=subprocess.DEVNULL, check=True
        )

    def block(self) -> float:
        """Return the instructions of one repetition of what is next."""
        self.tell("-z")
        self.next_turn()
        self.tell("-d")
        files = self._folder.glob("out.*")
        newest = max(files, key=lambda file: int(file.suffix[1:]))
        (total,) = (
            line.split()[1]
            for line in newest.read_text().splitlines()
            if line.startswith("totals:")
        )
        return int(total) / REFRESHES


async def _turns() -> None:
    """Do in turn what is counted, each time when told to."""
    async with paired(*ONLY_OURS) as (gateway, both):
        _wait()
        # At first nothing is counted; then what it takes to move the site.
        for sides in (both, (), both[:1], both[1:]):
            for number in range(REFRESHES):
                gateway.control(**everything(number, absent=ONLY_OURS))
                for each in sides:
                    await each.refresh()
            _wait()


def _wait() -> None:
    """Say that something is done, and wait to be told to go on."""
    sys.stdout.write("\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    asyncio.run(_turns())
