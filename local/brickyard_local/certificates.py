"""Certificates that this machine signs for itself, for connections that never leave it."""

import datetime as dt
import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """A certificate and its private key."""

    key_pem: bytes
    certificate_pem: bytes
    certificate_der: bytes


def self_signed(*, since: dt.timedelta, until: dt.timedelta, addresses: tuple[str, ...] = ()) -> Certificate:
    """A new one for localhost and IP `addresses`, good from `since` before now `until` after; takes a millisecond."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    here = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(each)) for each in addresses)]
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - since)
        .not_valid_after(now + until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(here), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        key_pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
        certificate_der=certificate.public_bytes(serialization.Encoding.DER),
    )
