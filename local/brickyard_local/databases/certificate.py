"""The certificate that the front of the databases shows: made once, signed by itself, its key for its owner only."""

import datetime as dt
import ssl
from pathlib import Path

from brickyard_local.account import HOST, write_private
from brickyard_local.certificates import self_signed

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
    made = self_signed(since=dt.timedelta(days=1), until=_YEARS, addresses=(HOST,))
    return (made.key_pem + made.certificate_pem).decode()
