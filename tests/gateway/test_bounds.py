"""What a server sends that means harm: headers, bodies, levels, time have an end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from compression import zstd
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
import gzip
from itertools import chain, repeat
import time
import traceback
import tracemalloc
from typing import Final
import zlib

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, ThreadedResolver
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayConnectionError,
    GatewayError,
    GatewayResponseError,
    GatewaySession,
    GatewayTimeoutError,
    GatewayTlsError,
    GatewayUnreachableError,
)
from custom_components.tesla_gateway.gateway.transport import MAX_ANSWER
from simulator.tls import Identity

from .conftest import Connect, Serve, Talk
from .parsers import PARSERS

PATH: Final = "/api/status"
OK: Final = b"HTTP/1.1 200 OK\r\n"
CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MANY: Final = 100_000
MIB: Final = 1024 * 1024
SECRET: Final = b'{"serial": "TGPLANTED0001"}'

type Connected = Callable[..., AbstractAsyncContextManager[GatewaySession]]


def _sends(words: Iterable[bytes], *, pause: float = 0) -> Talk:
    """Return what waits for a request, says all words there are, and waits then."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        with suppress(ConnectionError):  # the client has had enough
            for word in words:
                writer.write(word)
                await writer.drain()
                await asyncio.sleep(pause)
            await reader.read()

    return talk


@pytest.fixture
async def careless() -> AsyncGenerator[ClientSession]:
    """Return a session that takes headers of any length and number."""
    connector = TCPConnector(resolver=ThreadedResolver())
    async with ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        max_line_size=2**30,
        max_field_size=2**30,
        max_headers=2**30,
    ) as session:
        yield session


@pytest.fixture
def hostile(serve: Serve, connect: Connect, careless: ClientSession) -> Connected:
    """Return what connects to a server with our pin that talks as it likes."""

    @asynccontextmanager
    async def connected(talk: Talk, limit: float = 5) -> AsyncGenerator[GatewaySession]:
        identity, over = Identity(lambda _: True), asyncio.Event()

        async def to_the_end(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await talk(reader, writer)
            over.set()

        async with serve(to_the_end, tls=identity.context) as port:
            session = connect(
                host=f"127.0.0.1:{port}",
                fingerprint=identity.fingerprint,
                web=careless,
                timeout=limit,
            )
            session.record.logged_in("token")
            yield session
        await over.wait()

    return connected


@pytest.mark.parametrize(
    "words",
    [
        [OK, b"X: ", b"a" * MIB, b"\r\n\r\n"],
        [OK, b"X: ", b"a" * 8191, b"\r\n\r\n"],
        chain([OK, b"X: "], repeat(b"a" * MANY)),
        chain([b"HTTP/1.1 200 "], repeat(b"a" * MANY)),
        [OK, b"X: a\r\n" * 129, b"\r\n"],
        chain([OK], repeat(b"X: a\r\n" * 999)),
        [OK, b"Content-Length: -1\r\n\r\na"],
        [OK, b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    ],
    ids=[
        *(
            "1 MB",
            "a byte too long",
            "endless",
            "endless status",
            "129",
            "endless many",
        ),
        *("negative length", "two lengths"),
    ],
)
async def test_headers(hostile: Connected, words: Iterable[bytes]) -> None:
    """Test longer or more headers than a gateway has are refused at once."""
    async with hostile(_sends(words)) as session:
        with pytest.raises(GatewayResponseError) as raised:
            await session.get(PATH)
        assert str(raised.value) == f"{PATH} is not answered in HTTP"


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"X: ", b"a" * MANY), (b"", b"X: a\r\n" * 999)],
    ids=["endless", "endless many"],
)
async def test_trailers(hostile: Connected, begin: bytes, more: bytes) -> None:
    """Test what follows a body like headers has an end too, if only in time."""
    words = chain([CHUNKED, b"1\r\na\r\n0\r\n", begin], repeat(more))
    async with hostile(_sends(words), limit=0.3) as session:
        tracemalloc.start()
        with pytest.raises(GatewayError):
            await session.get(PATH)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 * MAX_ANSWER


async def test_headers_as_long_as_allowed(hostile: Connected) -> None:
    """Test a hundred headers, one of them of 8,000 bytes, come through."""
    words = [OK, b"X: ", b"a" * 8000, b"\r\n", b"Y: a\r\n" * 99]
    async with hostile(_sends([*words, b"Content-Length: 2\r\n\r\n{}"])) as session:
        assert await session.get(PATH) == b"{}"


@pytest.mark.parametrize(
    ("talk", "pause"),
    [
        (b"", 0),
        (OK + b"X: aaaaaaaaaaaaaaaaaaaa", 0.02),
        (OK + b"Content-Length: 99999999999999\r\n\r\naaaaa", 0.02),
        (repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 9), 0),
        (repeat(b"\r\n" * 99), 0),
        (chain([CHUNKED, b"1;"], repeat(b"a" * 999)), 0),
        (
            chain(
                [OK + b"Content-Encoding: deflate\r\n\r\n"],
                repeat(b"\0\0\0\xff\xff" * 99),
            ),
            0,
        ),
    ],
    ids=[
        *("silence", "header by the byte", "body by the byte", "endless 100"),
        *("endless blanks", "endless length of a chunk", "endless empty blocks"),
    ],
)
async def test_time(
    hostile: Connected, talk: bytes | Iterable[bytes], pause: float
) -> None:
    """Test what has no end, and gives nothing to refuse, ends with the time limit."""
    words = (bytes([each]) for each in talk) if isinstance(talk, bytes) else talk
    async with hostile(_sends(words, pause=pause), limit=0.3) as session:
        began = time.monotonic()
        with pytest.raises(GatewayTimeoutError):
            await session.get(PATH)
        assert time.monotonic() - began < 3


async def test_time_of_a_handshake(serve: Serve, connect: Connect) -> None:
    """Test a server that takes a connection and says nothing ends with it too."""

    async def say_nothing(reader: asyncio.StreamReader, _: object) -> None:
        await reader.read()

    async with serve(say_nothing) as port:
        session = connect(host=f"127.0.0.1:{port}", timeout=0.3)
        with pytest.raises(GatewayTimeoutError):
            await session.login()


def _chunks(encoding: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a chunked answer."""
    yield OK + b"Content-Encoding: " + encoding
    yield b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


def _deflated() -> Iterator[bytes]:
    """Yield zeros without end, compressed a thousand times."""
    compress = zlib.compressobj(9)
    while True:
        yield compress.compress(bytes(MIB)) + compress.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    ("encoding", "pieces"),
    [
        (b"gzip", [gzip.compress(bytes(64 * MIB))]),
        (b"gzip", repeat(gzip.compress(bytes(MIB)))),
        (b"deflate", _deflated()),
        (b"zstd", [zstd.compress(bytes(64 * MIB))]),
    ],
    ids=["gzip", "endless gzip", "endless deflate", "zstd"],
)
async def test_compressed(
    hostile: Connected, encoding: bytes, pieces: Iterable[bytes]
) -> None:
    """Test an answer that is small on its way is cut all the same, and costs no more.

    Nobody asks for it; brotli is not in Home Assistant, and refused as unknown.
    """
    async with hostile(_sends(_chunks(encoding, pieces))) as session:
        tracemalloc.start()
        try:
            with pytest.raises(GatewayResponseError, match="answers without end"):
                await session.get(PATH)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert MAX_ANSWER <= peak < 4 * MAX_ANSWER


async def test_compressed_nothing(hostile: Connected) -> None:
    """Test what is nothing when decompressed, again and again, has an end too."""
    nothing = gzip.compress(b"") * 1000
    words = _chunks(b"gzip", repeat(nothing))
    async with hostile(_sends(words), limit=0.3) as session:
        with pytest.raises(GatewayConnectionError):
            await session.get(PATH)


@pytest.mark.parametrize("name", PARSERS)
def test_levels(name: str) -> None:
    """Test JSON of any depth is read, or one error: never Python's own limit."""
    for head, tail in (
        *((b"[", b"]"), (b'{"a":', b"}"), (b'[{"decoded_alert":', b"}]")),
        (b"[", b""),
    ):
        for levels in (1, 500, 1024, 1025, 5_000, MANY):
            with suppress(GatewayResponseError):
                PARSERS[name](head * levels + b"0" * bool(tail) + tail * levels)


@pytest.mark.parametrize("levels", [1000, 1025, 7_000])
def test_levels_inside(levels: int) -> None:
    """Test the same of JSON inside a text of JSON, as grid faults have it."""
    deep = "[" * levels + "]" * levels
    body = f'[{{"alert_name": "a", "decoded_alert": "{deep}"}}]'.encode()
    assert PARSERS["/api/system_status/grid_faults"](body) is not None


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([CHUNKED, SECRET, b"\r\n"], GatewayResponseError),
        ([CHUNKED, b"1\r\na", SECRET, b"\r\n"], GatewayResponseError),
        ([OK, b"X ", SECRET, b"\r\n\r\n"], GatewayResponseError),
        ([OK, b"X: ", SECRET, b"a" * MANY, b"\r\n"], GatewayResponseError),
        ([SECRET, b"\r\n"], GatewayResponseError),
        ([OK, b"Content-Length: ", SECRET, b"\r\n\r\n"], GatewayResponseError),
        ([OK, b"Set-Cookie: ", SECRET, b"\r\nX: "], GatewayConnectionError),
        ([OK, b"Content-Length: 99\r\n\r\n", SECRET], GatewayConnectionError),
        ([OK, b"Content-Encoding: gzip\r\n\r\n", SECRET], GatewayConnectionError),
    ],
    ids=[
        *("no chunks", "a broken chunk", "no header", "a long header", "no HTTP"),
        *("no length", "half of the headers", "half of the body", "no gzip"),
    ],
)
async def test_what_cannot_be_read_is_not_told(
    hostile: Connected, words: list[bytes], error: type[GatewayError]
) -> None:
    """Test no bytes of an answer are in an error, nor in what is logged with it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.writelines(words)
        await writer.drain()

    async with hostile(talk) as session:
        with pytest.raises(error) as raised:
            await session.login()
        assert type(raised.value) is error
        assert "PLANTED" not in "".join(traceback.format_exception(raised.value))


async def test_where_it_is_is_not_told(
    serve: Serve, connect: Connect, hostile: Connected
) -> None:
    """Test the gateway's address is not in an error, however a connection fails."""

    async def hang_up(_: object, __: object) -> None:
        pass

    async with serve(hang_up) as port:
        host = f"127.0.0.1:{port}"
        told = [await _error(connect(host=host))]
    told.append(await _error(connect(host=host)))
    assert type(told[-1]) is GatewayUnreachableError
    assert str(told[-1]) == "Connection refused"
    async with serve(_sends([b"220 ready\r\n"])) as port:
        told.append(await _error(connect(host=f"127.0.0.1:{port}")))
        assert type(told[-1]) is GatewayTlsError
    async with hostile(hang_up) as session:
        told.append(await _error(session))
    for error in told:
        assert "127.0.0.1" not in "".join(traceback.format_exception(error))


async def _error(session: GatewaySession) -> GatewayError:
    """Return why a login fails."""
    with pytest.raises(GatewayError) as raised:
        await session.login()
    return raised.value
