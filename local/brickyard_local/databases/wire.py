"""The first messages of Postgres' protocol, as bytes.

Source: postgresql.org/docs/16/protocol-message-formats.html
"""

import struct
from collections.abc import Mapping

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
VERSION_3 = 3
ASK_FOR_PASSWORD = b"R" + struct.pack("!II", 8, 3)
SHORTEST_STARTUP, LONGEST_STARTUP = 8, 10_000
LONGEST_PASSWORD = 16_384
_LENGTH = struct.Struct("!I")


def length(four: bytes) -> int:
    """The length that a message says of itself, these four bytes included."""
    return int(_LENGTH.unpack(four)[0])


def parameters(body: bytes) -> dict[str, str]:
    r"""What a startup message asks for. Errors: ValueError when it is not one.

    >>> parameters(b"user\0ann\0database\0main\0\0")
    {'user': 'ann', 'database': 'main'}
    """
    parts = body.decode().split("\0")
    if parts[-2:] != ["", ""] or len(parts) % 2:
        raise ValueError("the startup message does not end as it must")
    return dict(zip(parts[:-2:2], parts[1:-2:2], strict=True))


def startup(version: int, wanted: Mapping[str, str]) -> bytes:
    """The startup message that the server behind gets."""
    pairs = "".join(f"{name}\0{value}\0" for name, value in wanted.items())
    body = _LENGTH.pack(version) + pairs.encode() + b"\0"
    return packet(body)


def packet(body: bytes) -> bytes:
    """A message of the time before the login: it has a length, and no letter."""
    return _LENGTH.pack(len(body) + 4) + body


def fatal(sqlstate: str, message: str, hint: str = "") -> bytes:
    """An ErrorResponse after which the connection is closed."""
    fields = {"S": "FATAL", "V": "FATAL", "C": sqlstate, "M": message} | ({"H": hint} if hint else {})
    body = "".join(f"{name}{value}\0" for name, value in fields.items()).encode(errors="replace") + b"\0"
    return b"E" + packet(body)
