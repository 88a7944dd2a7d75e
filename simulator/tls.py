"""The certificate a gateway signs itself, and the names it answers to."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import hashlib
from pathlib import Path
import ssl
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES: Final = ("teg", "powerwall", "powerpack")
"""What a gateway may be called; any other name ends the handshake."""

VALID_DAYS: Final = 25 * 365
"""Real ones are valid for 25 years."""

VALIDITY: Final = timedelta(days=25 * 365)
"""As seen in the certificate of a Powerwall 3."""

type Greeted = Callable[[str | None], bool]
"""Told the name of each TLS client hello, None without one; says whether to go on."""


class Identity:
    """A TLS server's certificate, which can be changed while it runs."""

    def __init__(self, greeted: Greeted) -> None:
        """Make a first certificate."""
        self._greeted = greeted
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.sni_callback = self._on_hello
        self.fingerprint = b""
        """SHA-256 of the certificate in DER."""
        self.renew()

    def renew(self) -> None:
        """Present a new certificate from the next connection on."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key)
        pem = serialization.Encoding.PEM
        secret = key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        # A context takes its certificate from a file only.
        with TemporaryDirectory() as folder:
            file = Path(folder, "identity.pem")
            file.write_bytes(secret + certificate.public_bytes(pem))
            self.context.load_cert_chain(file)
        der = certificate.public_bytes(serialization.Encoding.DER)
        self.fingerprint = hashlib.sha256(der).digest()

    def _on_hello(
        self,
        _connection: ssl.SSLObject,
        name: str | None,
        _context: ssl.SSLContext,
    ) -> int | None:
        if self._greeted(name):
            return None
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    valid_from = datetime(2021, 1, 1, tzinfo=UTC)  # before any clock a test sets
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tesla"),
            x509.NameAttribute(
                NameOID.ORGANIZATIONAL_UNIT_NAME, "Tesla Energy Products"
            ),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_from + timedelta(days=VALID_DAYS))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )


# cryptography takes dates only of the type it met first. A frozen clock has one of its
# own, which passes for the real one, but not the other way round: real ones come first.
_self_signed(ec.generate_private_key(ec.SECP256R1()))
