"""A recorded gateway: answers that one gave, served as they are.

From a folder: a file `a.b.json` holds the body that `/api/a/b` answered, `a.b.err` the
refusal instead: status line, headers, and what followed.

Or from a file: the diagnostics of a gateway as Home Assistant gives them to download,
in which `endpoints` has status and body of each path. Headers are not kept there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from .profiles import TEDAPI_DIN, VITALS
from .wire import Answer, decoded_vitals

DROPPED_HEADERS: Final = frozenset({"content-length", "date"})
"""Written anew with every answer."""

OK: Final = 200


def load(path: Path) -> Mapping[str, Answer]:
    """Return the recorded answers by path; `ValueError` if there are none."""
    answers = _diagnostics(path) if path.is_file() else _folder(path)
    if not answers:
        raise ValueError(
            f"{path} is not a folder of recorded answers, nor a file of diagnostics"
        )
    return answers


def _folder(folder: Path) -> Mapping[str, Answer]:
    return {
        f"/api/{file.stem.replace('.', '/')}": READERS[file.suffix](file.read_bytes())
        for file in sorted(folder.iterdir() if folder.is_dir() else ())
        if file.suffix in READERS
    }


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


def _diagnostics(file: Path) -> Mapping[str, Answer]:
    """Return the answers of a download, or of its `data` alone."""
    try:
        document = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        return {}
    match document:
        case {"data": {"endpoints": dict(endpoints)}} | {"endpoints": dict(endpoints)}:
            return dict(_answers(endpoints))
    return {}


def _answers(endpoints: Mapping[str, Any]) -> Iterator[tuple[str, Answer]]:
    """Yield what was kept of each endpoint; of some there are only counts."""
    for path, told in endpoints.items():
        match told:
            case {"status": int(status), "bytes": 0}:
                yield path, Answer(status=status)
            case {"status": int(status), "body": body}:
                yield path, _answer(path, status, body)


def _answer(path: str, status: int, body: Any) -> Answer:
    """Return an answer. A text is one: no endpoint answers a mere JSON string."""
    if isinstance(body, str):
        kind = "text/plain" if path == TEDAPI_DIN else "text/html"
        content = body.encode()
    elif path == VITALS and status == OK:
        return decoded_vitals(body)
    else:
        kind, content = "application/json", orjson.dumps(body)
    return Answer(status=status, headers={"Content-Type": kind}, body=content)
