"""The certificate that the front of the databases shows: made once, signed by itself, its key for its owner only."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from brickyard_local.account import write_private

_YEARS = dt.timedelta(days=3650)


def tls_context(file: Path) -> ssl.SSLContext:
    """What the front speaks TLS with; a `file` that is not there or cannot be used is made anew."""
    try:
        return _context(file)
    except (OSError, ssl.SSLError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(file, _fresh())
        return _context(file)


def _context(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(file)
    context.set_alpn_protocols(["postgresql"])
    return context


def _fresh() -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()
