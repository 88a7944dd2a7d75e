"""A recorded gateway: a folder of its answers, served as they are.

A file `a.b.json` holds the body that `/api/a/b` answered, `a.b.err` the refusal
instead: status line, headers, and what followed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .wire import Answer

DROPPED_HEADERS: Final = frozenset({"content-length", "date"})
"""Written anew with every answer."""


def load(folder: Path) -> Mapping[str, Answer]:
    """Return the recorded answers by path; `ValueError` if the folder holds none."""
    answers = {
        f"/api/{file.stem.replace('.', '/')}": READERS[file.suffix](file.read_bytes())
        for file in sorted(folder.iterdir() if folder.is_dir() else ())
        if file.suffix in READERS
    }
    if not answers:
        raise ValueError(f"{folder} is not a folder of recorded answers")
    return answers


def _body(content: bytes) -> Answer:
    return Answer(headers={"Content-Type": "application/json"}, body=content)


def _refusal(content: bytes) -> Answer:
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    status_line, *lines = head.decode("ascii").splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Answer(
        status=int(status_line.split()[1]),
        headers={k: v for k, v in headers.items() if k.lower() not in DROPPED_HEADERS},
        body=body,
    )


READERS: Final = {".json": _body, ".err": _refusal}
