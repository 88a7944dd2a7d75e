"""How an answer goes out: whole, broken off in the middle, or without end."""

from contextlib import suppress
import math
import socket
import struct
from typing import Final

from aiohttp import web
from multidict import CIMultiDict

from .faults import Ending, Fault, Faults
from .wire import Answer

HEADERS: Final = {
    "Cache-Control": "no-cache, no-store",
    "X-Content-Type-Options": "nosniff",
}
"""Sent with every answer."""

BLANKS: Final = b" " * 65536

NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Makes closing a socket a TCP reset."""


async def send(
    request: web.BaseRequest, answer: Answer, fault: Fault, faults: Faults
) -> web.StreamResponse:
    """Send an answer as far as its fault lets it get."""
    headers = CIMultiDict({**HEADERS, **answer.headers})
    for cookie in answer.cookies:
        headers.add("Set-Cookie", cookie)
    if fault.ending in (Ending.CUT, Ending.RESET):
        response = await _half(request, answer, headers)
        if fault.ending is Ending.RESET:
            _reset(request)
        return response
    if fault.ending is Ending.ENDLESS:
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.content_length = fault.size
        await response.prepare(request)
        with suppress(ConnectionResetError):  # the client has had enough
            await _flood(response, fault, faults)
        return response
    return web.Response(status=answer.status, headers=headers, body=answer.body)


async def _half(
    request: web.BaseRequest, answer: Answer, headers: CIMultiDict[str]
) -> web.StreamResponse:
    """Promise the whole body and send half of it."""
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    response.force_close()
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    return response


def _reset(request: web.BaseRequest) -> None:
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()


async def _flood(response: web.StreamResponse, fault: Fault, faults: Faults) -> None:
    """Send blanks, which JSON allows, until there are enough or the fault is gone."""
    left = math.inf if fault.size is None else fault.size
    while left > 0 and fault in faults:
        chunk = BLANKS[: int(min(left, len(BLANKS)))]
        await response.write(chunk)
        left -= len(chunk)
