"""One request over HTTPS, and its answer; the only file that knows aiohttp.

The certificate, the name shown in the handshake, bounds of size and time, and what of
aiohttp's errors becomes which of `errors`.
"""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
import ipaddress
import os
from ssl import SSLError
from typing import Final, Literal, override

import aiohttp
from yarl import URL

from .errors import (
    GatewayCertificateError,
    GatewayConnectionError,
    GatewayError,
    GatewayNameError,
    GatewayResponseError,
    GatewayTimeoutError,
    GatewayTlsError,
    GatewayUnreachableError,
)

MAX_ANSWER: Final = 4 * 1024 * 1024
"""Bytes of one answer; the largest real one, vitals of ten batteries, has 0.1 MB."""
MAX_HEADER: Final = 8190
"""Bytes of one header, and of the status line; a login's longest has some 300."""
MAX_HEADERS: Final = 128
"""Headers of one answer. Both are aiohttp's defaults; a session may have others."""
POLL_TIMEOUT: Final = 10.0
"""Seconds for one round of reading, counted from its first byte sent."""

_KNOWN_NAMES: Final = frozenset({"teg", "powerwall", "powerpack"})
_NO_CERTIFICATE: Final = bytes(32)
_NO_TIMEOUT: Final = aiohttp.ClientTimeout(total=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a request."""

    status: int
    """The HTTP status code."""
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def retry_after(self) -> float | None:
        """Return the seconds a `Retry-After` asks for, given as such or as a date."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isdecimal():
            return float(text[:9])
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


class Pin(aiohttp.Fingerprint):
    """The SHA-256 (32 bytes) of the one certificate that is talked to.

    aiohttp tries all addresses of a name, and raises what became of the last one. One
    that shows another certificate matters more than one where nobody listens.
    """

    @override
    def check(self, transport: asyncio.Transport) -> None:
        """Raise, and remember, that another certificate is shown."""
        _mismatch.set(None)
        try:
            super().check(transport)
        except aiohttp.ServerFingerprintMismatch as err:
            _mismatch.set(err)
            raise


_mismatch: ContextVar[aiohttp.ServerFingerprintMismatch | None] = ContextVar(
    "mismatch", default=None
)
"""The mismatch at an address of the request under way, until another one matches."""


async def certificate_fingerprint(host: str, *, web: aiohttp.ClientSession) -> bytes:
    """Return the SHA-256 (32 bytes) of the certificate shown at an address.

    The connection is closed right after the handshake: whoever answers sees
    no request. That no certificate matches is what makes aiohttp tell it.
    """
    url = URL(f"https://{host}")
    try:
        await send(
            web,
            "GET",
            url,
            ssl=Pin(_NO_CERTIFICATE),
            seconds=POLL_TIMEOUT,
        )
    except GatewayCertificateError as err:
        return err.shown
    raise GatewayTlsError("no certificate")  # pragma: no cover - none has such a hash


async def send(
    web: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    ssl: Pin | Literal[True],
    seconds: float,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    json: object = None,
    once: bool = False,
) -> Answer:
    """Send one request and read its answer, whatever its status.

    Without a token it is anonymous. `once` is for requests that act: a GET too is then
    sent a single time, while aiohttp may repeat others.
    """
    if web.closed:
        raise GatewayUnreachableError("the client is closed")
    _mismatch.set(None)
    try:
        async with (
            asyncio.timeout(seconds),
            web.request(
                method,
                url,
                headers=_headers(token) | dict(headers or {}),
                json=json,
                ssl=ssl,
                server_hostname=None if ssl is True else _server_name(url.host or ""),
                allow_redirects=False,
                timeout=_NO_TIMEOUT,
                max_line_size=MAX_HEADER,
                max_field_size=MAX_HEADER,
                max_headers=MAX_HEADERS,
                middlewares=(_once,) if once else None,
            ) as response,
        ):
            body = await _bounded_body(response)
            return Answer(response.status, response.headers, body)
    except (aiohttp.ClientError, OSError) as err:
        error = _translated(_mismatch.get() or err, url)
    # Raised in there, its context would be aiohttp's error, which quotes addresses,
    # headers, and what it cannot read.
    raise error


def _headers(token: str | None) -> dict[str, str]:
    """Return the headers of every request."""
    # Compression would cost the gateway more than it saves here.
    headers = {"Accept-Encoding": "identity"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _translated(error: Exception, url: URL) -> GatewayError:
    """Return our error for one of aiohttp's: the first of `_ERRORS` that fits."""
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return GatewayCertificateError(error.expected, error.got)
    for kind, ours, words in _ERRORS:
        if isinstance(error, kind):
            return ours(words.format(path=url.path, why=_why(error)))
    return GatewayConnectionError(_why(error))


_ERRORS: Final[tuple[tuple[type[Exception], type[GatewayError], str], ...]] = (
    (TimeoutError, GatewayTimeoutError, "the gateway did not answer in time"),
    (aiohttp.ClientConnectorDNSError, GatewayNameError, "the name has no address"),
    (aiohttp.ClientSSLError, GatewayTlsError, "no TLS connection comes about"),
    (aiohttp.ClientConnectorError, GatewayUnreachableError, "{why}"),
    (
        aiohttp.ClientResponseError,
        GatewayResponseError,
        "{path} is not answered in HTTP",
    ),
    (aiohttp.ClientPayloadError, GatewayConnectionError, "the answer broke off"),
)
"""What becomes of aiohttp's errors, most specific first."""


def _why(error: Exception) -> str:
    """Return the error in the system's words; asyncio's own would quote the address."""
    if isinstance(error, aiohttp.ClientConnectorError):
        error = error.os_error
    # OpenSSL has numbers of its own, which begin with 1 too.
    if isinstance(error, OSError) and not isinstance(error, SSLError) and error.errno:
        return os.strerror(error.errno)
    return "the connection broke"


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a GET by itself when the connection breaks."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise aiohttp.ClientConnectionError(str(err)) from err


async def _bounded_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, decompressed, unless it is larger than any real one."""
    body = bytearray()
    while chunk := await response.content.readany():
        body += chunk
        if len(body) > MAX_ANSWER:
            raise GatewayResponseError(f"{response.url.path} answers without end")
    return bytes(body)


@lru_cache
def _server_name(host: str) -> str | None:
    """Return the name to show in the TLS handshake; None means the host itself.

    A Powerwall 2 gateway aborts the handshake for a name that is not in its
    certificate. It takes three names, and none at all, as with an address.
    """
    if host in _KNOWN_NAMES:
        return None
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "powerwall"
    return None
