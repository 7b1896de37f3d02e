"""Asks a served entity's process whether it answers."""

import http.client
import socket
from pathlib import Path

_PATIENCE_S = 5.0


def answers(socket_path: Path) -> bool:
    """Whether the process behind the socket has loaded its model."""
    connection = http.client.HTTPConnection("served", timeout=_PATIENCE_S)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(_PATIENCE_S)
    try:
        connection.sock.connect(str(socket_path))
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
