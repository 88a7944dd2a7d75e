"""What may stand between us and a gateway: another way to it, or a proxy."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
import ipaddress
from pathlib import Path
import ssl
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from homeassistant.util.ssl import get_default_context
from simulator.server import HOST, Simulator

_FROM: Final = datetime(2021, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2071, 1, 1, tzinfo=UTC)


@asynccontextmanager
async def relay(
    gateway: Simulator, proxy: ssl.SSLContext | None = None
) -> AsyncGenerator[str]:
    """Let the gateway be reached at another address too, which is yielded.

    A proxy shows a certificate of its own there; anything else shows the gateway's.
    """
    behind = None
    if proxy:
        behind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        behind.check_hostname = False
        behind.verify_mode = ssl.CERT_NONE

    ways: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if way := asyncio.current_task():
            ways.add(way)
        with suppress(OSError):
            far = await asyncio.open_connection(HOST, gateway.port, ssl=behind)
            await asyncio.gather(_pump(reader, far[1]), _pump(far[0], writer))

    server = await asyncio.start_server(carry, HOST, 0, ssl=proxy)
    try:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        server.abort_clients()
        await server.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on what comes until nothing comes any more."""
    try:
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    except OSError:
        pass  # As when it ends.
    finally:
        writer.close()


def issued_certificate(folder: Path) -> ssl.SSLContext:
    """Return how a proxy shows itself whom an authority vouches for.

    Home Assistant trusts that authority from now on, for as long as the tests run: what
    it trusts is read once. Nobody has its key afterwards.
    """
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed("Authority", authority_key, "Authority", authority_key)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed("Proxy", key, "Authority", authority_key)
    pem = serialization.Encoding.PEM
    file = folder / "proxy.pem"
    file.write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    get_default_context().load_verify_locations(
        cadata=authority.public_bytes(pem).decode()
    )
    return context


def _signed(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Return a certificate of this machine, or of who signs such."""
    is_authority = subject == issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(
            x509.BasicConstraints(ca=is_authority, path_length=None), critical=True
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if is_authority:
        builder = builder.add_extension(_SIGNS, critical=True)
    else:
        address = x509.IPAddress(ipaddress.ip_address(HOST))
        names = x509.SubjectAlternativeName([address])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(name: str) -> x509.Name:
    """Return a name in the terms of certificates."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


_SIGNS: Final = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
