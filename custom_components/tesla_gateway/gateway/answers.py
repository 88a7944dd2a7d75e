"""What an answer says beside its data: a token, a refusal and its reason. Pure."""

from collections.abc import Collection, Mapping
import re
from typing import Final

import orjson

from .errors import (
    GatewayAbsentError,
    GatewayForbiddenError,
    GatewayRateLimitError,
    GatewayRejectedError,
    GatewayResponseError,
    GatewayStoppedError,
    LoginRefusal,
)
from .record import LONGEST_WAIT
from .transport import Answer

LOGIN_WAIT: Final = 300.0
"""Seconds without requests after a 429 to a login that names no time.

Users report that a lock-out ends only after minutes without any request.
"""
DATA_WAIT: Final = 60.0
"""Seconds without requests after a 429 to data that names no time."""
LONGEST_ANSWER: Final = 64 * 1024
"""Bytes of an answer beside data that is read; a login's has some 300."""
LONGEST_REASON: Final = 200
"""Characters of a gateway's own words that are handed on."""

_TELLING: Final = re.compile(
    r"(?=\S*\d)\S{6,}|\S*@\S*|\S*://\S*|[^\s:]*:[^\s:]*:\S*|\S{25,}"
)
"""Serial numbers, addresses and tokens; no ordinary word matches."""


def token_in(body: bytes, path: str) -> str:
    """Return the token of a login's answer."""
    token = _object(body).get("token")
    # It is sent as a header, which takes printable ASCII only.
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
        raise GatewayResponseError(f"{path} gives no token")
    return token


def login_refusal(body: bytes) -> LoginRefusal:
    """Return why a login was refused, from the words of the refusal."""
    if b"physical access" in body:
        return LoginRefusal.PHYSICAL_ACCESS
    return LoginRefusal.CREDENTIALS


def check_done(path: str, answer: Answer, *, secrets: Collection[str]) -> None:
    """Raise what the answer to a request that acts says instead of yes."""
    status, reason = answer.status, _reason(answer.body, secrets)
    match status:
        case _ if 200 <= status < 300:
            return
        case 401 | 403:
            raise GatewayForbiddenError(path, status, reason)
        case 404:
            raise GatewayAbsentError(path, status, reason)
        case 429:
            pause = min(answer.retry_after or DATA_WAIT, LONGEST_WAIT)
            raise GatewayRateLimitError(pause)
        case 502 if not answer.body:
            raise GatewayStoppedError(path, status)
    raise GatewayRejectedError(path, status, reason)


def _reason(body: bytes, secrets: Collection[str]) -> str | None:
    """Return the gateway's own words in one line, without what may tell whose it is."""
    told = _object(body)
    words = [w for w in (told.get("error"), told.get("message")) if isinstance(w, str)]
    said = " ".join(words).casefold()
    if any(secret.casefold() in said for secret in secrets if secret):
        return None
    line = " ".join(_TELLING.sub("…", ": ".join(filter(None, words))).split())
    return line[:LONGEST_REASON] or None


def changed_password(body: bytes) -> str | None:
    """Return the new password, with which a gateway says that it has taken it."""
    told = _object(body).get("password")
    return told if isinstance(told, str) else None


def _object(body: bytes) -> Mapping[str, object]:
    """Return the JSON object of an answer, or nothing where it is none."""
    if len(body) > LONGEST_ANSWER:
        return {}
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
