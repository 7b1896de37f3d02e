"""The go-plugin handshake: Terraform starts us, passes a certificate, and reads one line from our standard output.

Source: github.com/hashicorp/go-plugin, docs/internals.md
"""

import base64
import datetime as dt
from dataclasses import dataclass

_CORE_PROTOCOL, _PLUGIN_PROTOCOL = 1, 6
COOKIE = "TF_PLUGIN_MAGIC_COOKIE"
CLIENT_CERTIFICATE = "PLUGIN_CLIENT_CERT"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerCertificate:
    """A certificate for one run: PEM for the server, DER for the handshake line."""

    key_pem: bytes
    certificate_pem: bytes
    certificate_der: bytes


def handshake_line(socket: str, certificate: ServerCertificate | None) -> str:
    """What go-plugin reads to find us.

    >>> handshake_line("/tmp/s", None)
    '1|6|unix|/tmp/s|grpc|'
    """
    der = certificate.certificate_der if certificate else b""
    encoded = base64.b64encode(der).decode().rstrip("=")
    return f"{_CORE_PROTOCOL}|{_PLUGIN_PROTOCOL}|unix|{socket}|grpc|{encoded}"


def server_certificate() -> ServerCertificate:
    """A fresh self-signed certificate for localhost; takes about a millisecond."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return ServerCertificate(
        key_pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
        certificate_der=certificate.public_bytes(serialization.Encoding.DER),
    )
