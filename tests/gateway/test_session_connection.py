"""How a connection comes about, or why not: names, TLS, certificates, other servers."""

import asyncio
import socket
from typing import override

from aiohttp import ClientConnectorError, ClientSession, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayCertificateError,
    GatewayConnectionError,
    GatewayError,
    GatewayNameError,
    GatewayResponseError,
    GatewayTimeoutError,
    GatewayTlsError,
    GatewayUnreachableError,
    certificate_fingerprint,
)
from simulator.server import Simulator
from simulator.tls import Identity

from .conftest import Connect, Serve, Talk

PATH = "/api/system_status/soe"


class Addresses(AbstractResolver):
    """Knows every name but `nonexistent.invalid`, and this machine for all of them."""

    def __init__(self, *ports: int) -> None:
        """Have an address for each of these ports; without one, for any that is asked.

        Ports stand for the addresses of a name, of which only one can be used here.
        """
        self._ports = ports

    @override
    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """Return the addresses, or raise as any resolver does."""
        if host == "nonexistent.invalid":
            raise OSError(socket.EAI_NONAME, "Name or service not known")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=each,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
            for each in self._ports or (port,)
        ]

    @override
    async def close(self) -> None:
        """Have nothing to close."""


def _named(*ports: int) -> ClientSession:
    """Return a session that finds the gateway by any name."""
    connector = TCPConnector(resolver=Addresses(*ports))
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar())


async def test_fingerprint_is_taken_before_any_request(
    gateway: Simulator, web: ClientSession
) -> None:
    """Test whoever answers is known by the certificate, and has seen no request."""
    host = f"127.0.0.1:{gateway.port}"
    assert await certificate_fingerprint(host, web=web) == gateway.fingerprint
    assert gateway.stats.handshakes == 1
    assert gateway.stats.connections == gateway.stats.total == 0


async def test_nothing_is_sent_to_another_certificate(
    gateway: Simulator, connect: Connect
) -> None:
    """Test neither a password nor a token goes to whom it is not meant for."""
    session = connect()
    await session.get(PATH)
    pinned = gateway.fingerprint
    gateway.stop()
    gateway.renew_certificate()
    gateway.reset_stats()
    gateway.start()
    for read in (session.get(PATH), session.login()):
        with pytest.raises(GatewayCertificateError) as raised:
            await read
        assert raised.value.pinned == pinned
        assert raised.value.shown == gateway.fingerprint != pinned
    assert gateway.stats.handshakes == 2
    assert gateway.stats.total == 0
    assert await connect().get(PATH)


def _free_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize("other", ["nobody after", "nobody before", "silent after"])
async def test_another_certificate_counts_most(
    gateway: Simulator, connect: Connect, serve: Serve, other: str
) -> None:
    """Test a name with two addresses, such as IPv4 and IPv6, one of which is no use."""
    async with serve(_listens) as silent:
        ports = [gateway.port, silent if other == "silent after" else _free_port()]
        async with _named(*(ports[::-1] if "before" in other else ports)) as web:
            session = connect(
                host="gw.example.com", web=web, fingerprint=bytes(32), timeout=1
            )
            with pytest.raises(GatewayCertificateError) as raised:
                await session.get(PATH)
            assert raised.value.shown == gateway.fingerprint
    assert gateway.stats.total == 0


async def test_the_right_certificate_counts_more(
    gateway: Simulator, connect: Connect, serve: Serve
) -> None:
    """Test what becomes of a request at the right address is told, not of the other."""
    other = Identity(lambda _: True)
    await connect().login()
    gateway.faults.add(PATH, ending="hang")
    async with (
        serve(_listens, tls=other.context) as port,
        _named(port, gateway.port) as web,
    ):
        session = connect(host="gw.example.com", web=web, timeout=1)
        with pytest.raises(GatewayTimeoutError):
            await session.get(PATH)


async def test_another_certificate_is_forgotten(
    gateway: Simulator, connect: Connect
) -> None:
    """Test what one request has met with says nothing of the next."""
    session = connect(fingerprint=bytes(32))
    with pytest.raises(GatewayCertificateError):
        await session.get(PATH)
    gateway.stop()
    with pytest.raises(GatewayUnreachableError) as raised:
        await session.get(PATH)
    assert type(raised.value) is GatewayUnreachableError


async def test_without_a_pin_an_authority_must_vouch(
    gateway: Simulator, connect: Connect
) -> None:
    """Test no pinning means ordinary verification, and not none."""
    with pytest.raises(GatewayTlsError):
        await connect(fingerprint=None).get(PATH)
    assert gateway.stats.total == 0


async def test_connections_are_reused(gateway: Simulator, connect: Connect) -> None:
    """Test there is one handshake for all requests, one after the other."""
    session = connect()
    for _ in range(5):
        await session.get(PATH)
    assert gateway.stats.handshakes == gateway.stats.connections == 1


async def test_three_requests_at_a_time(gateway: Simulator, connect: Connect) -> None:
    """Test a gateway has three requests to answer at most, on three connections."""
    gateway.latency = 0.01
    session = connect()
    paths = [PATH, "/api/status", "/api/operation", "/api/sitemaster"] * 3
    await asyncio.gather(*map(session.get, paths))
    assert gateway.stats.most_in_flight == 3
    assert gateway.stats.handshakes == gateway.stats.connections == 3


@pytest.mark.parametrize(
    "name",
    ["localhost", "teg", "TEG", "powerwall", "powerpack", "teg-001", "gw.example.com"],
)
async def test_a_gateway_by_any_name(
    gateway: Simulator, connect: Connect, name: str
) -> None:
    """Test names that are not in the certificate, which end the handshake if told."""
    host = f"{name}:{gateway.port}"
    async with _named() as web:
        assert await certificate_fingerprint(host, web=web) == gateway.fingerprint
        assert await connect(host=host, web=web).get(PATH)


@pytest.mark.parametrize(
    ("host", "pinned", "told"),
    [
        ("teg", True, "teg"),
        ("gw.example.com", True, "powerwall"),
        ("127.0.0.1", True, None),
        ("gw.example.com", False, "gw.example.com"),
    ],
)
async def test_the_name_that_is_told(
    serve: Serve, connect: Connect, *, host: str, pinned: bool, told: str | None
) -> None:
    """Test the name in the handshake: an authority vouches for the host's own only."""
    names: list[str | None] = []

    def greet(name: str | None) -> bool:
        names.append(name)
        return True

    identity = Identity(greet)
    async with serve(_says_nothing, tls=identity.context) as port, _named() as web:
        session = connect(
            host=f"{host}:{port}",
            web=web,
            fingerprint=identity.fingerprint if pinned else None,
        )
        with pytest.raises(GatewayConnectionError):
            await session.get(PATH)
    assert set(names) == {told}


async def test_the_gateway_knows_three_names_only(gateway: Simulator) -> None:
    """Test the simulated gateway does end the handshake, as the test above needs."""
    async with _named() as web:
        with pytest.raises(ClientConnectorError):
            await web.get(f"https://gw.example.com:{gateway.port}", ssl=False)


async def test_a_name_without_address(connect: Connect) -> None:
    """Test a name that does not resolve."""
    async with _named() as web:
        with pytest.raises(GatewayNameError):
            await connect(host="nonexistent.invalid", web=web).get(PATH)
        with pytest.raises(GatewayNameError):
            await certificate_fingerprint("nonexistent.invalid", web=web)


async def test_nobody_listens(
    gateway: Simulator, web: ClientSession, connect: Connect
) -> None:
    """Test a refused connection, which is neither a name's nor TLS's fault, heals."""
    session = connect()
    gateway.stop()
    for attempt in (
        session.get(PATH),
        certificate_fingerprint(f"127.0.0.1:{gateway.port}", web=web),
    ):
        with pytest.raises(GatewayConnectionError) as raised:
            await attempt
        assert type(raised.value) is GatewayUnreachableError
    gateway.start()
    assert await session.get(PATH)


async def test_a_closed_session(web: ClientSession, connect: Connect) -> None:
    """Test a read that outlives what it is sent with fails like any other."""
    session = connect()
    await session.login()
    await web.close()
    with pytest.raises(GatewayUnreachableError):
        await session.get(PATH)


def _says(*words: bytes) -> Talk:
    """Return what waits for a request and then says some words."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.writelines(words)
        await writer.drain()

    return talk


async def _listens(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Say nothing, and leave it to the other side to hang up."""
    await reader.read()


async def _says_nothing(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Hang up at once."""


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (_says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), GatewayTlsError),
        (_says(b"SSH-2.0-OpenSSH_9.9\r\n"), GatewayTlsError),
        (_says_nothing, GatewayUnreachableError),
    ],
    ids=["plain HTTP", "no HTTP", "hangs up"],
)
async def test_a_server_without_tls(
    serve: Serve,
    web: ClientSession,
    connect: Connect,
    talk: Talk,
    error: type[GatewayError],
) -> None:
    """Test something answers that has no certificate to show.

    A server of plain HTTP answers the client hello with an error in plain text:
    that is no TLS connection, and not a connection that could not be made.
    """
    async with serve(talk) as port:
        host = f"127.0.0.1:{port}"
        for attempt in (
            certificate_fingerprint(host, web=web),
            connect(host=host).get(PATH),
        ):
            with pytest.raises(GatewayError) as raised:
                await attempt
            assert type(raised.value) is error


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (_says(b"220 mail.example.com ESMTP\r\n"), GatewayResponseError),
        (_says(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 100_000), GatewayResponseError),
        (_says(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 9_000), GatewayResponseError),
        (_says(b"HTTP/1.1 2"), GatewayConnectionError),
        (_says(), GatewayConnectionError),
    ],
    ids=["no HTTP", "endless header", "many headers", "half a line", "hangs up"],
)
async def test_a_tls_server_that_is_no_gateway(
    serve: Serve, web: ClientSession, connect: Connect, talk: Talk, error: type
) -> None:
    """Test a server that shows a certificate and then speaks something else."""
    identity = Identity(lambda _: True)
    async with serve(talk, tls=identity.context) as port:
        host = f"127.0.0.1:{port}"
        session = connect(host=host, fingerprint=identity.fingerprint)
        with pytest.raises(GatewayError) as raised:
            await session.login()
        assert type(raised.value) is error
        assert "example.com" not in str(raised.value)
