"""The go-plugin handshake: Terraform starts us, passes a certificate, and reads one line from our standard output.

Source: github.com/hashicorp/go-plugin, docs/internals.md
"""

import base64
import datetime as dt

from brickyard_local.certificates import Certificate, self_signed

_CORE_PROTOCOL, _PLUGIN_PROTOCOL = 1, 6
COOKIE = "TF_PLUGIN_MAGIC_COOKIE"
CLIENT_CERTIFICATE = "PLUGIN_CLIENT_CERT"


def handshake_line(socket: str, certificate: Certificate | None) -> str:
    """What go-plugin reads to find us.

    >>> handshake_line("/tmp/s", None)
    '1|6|unix|/tmp/s|grpc|'
    """
    der = certificate.certificate_der if certificate else b""
    encoded = base64.b64encode(der).decode().rstrip("=")
    return f"{_CORE_PROTOCOL}|{_PLUGIN_PROTOCOL}|unix|{socket}|grpc|{encoded}"


def server_certificate() -> Certificate:
    """A fresh one for one run: PEM for the server, DER for the handshake line."""
    return self_signed(since=dt.timedelta(minutes=5), until=dt.timedelta(days=1))
