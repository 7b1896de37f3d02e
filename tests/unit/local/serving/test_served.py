"""A served entity that cannot load says so; one that slept and cannot wake up is tried again."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from brickyard_local import children
from brickyard_local.errors import TemporarilyUnavailable
from brickyard_local.serving.served import FAILED, IDLE, READY, RECOVERING, Identity, Launch, ServedEntity

_PING = """
import http.server, socketserver, sys
from brickyard_local.children import exit_with_parent
exit_with_parent()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers()
    def address_string(self): return "test"
socketserver.UnixStreamServer(sys.argv[1], Handler).serve_forever()
"""


def test_a_fault_while_loading_settles_the_entity_as_failed(tmp_path: Path) -> None:
    def prepare() -> Launch:
        raise OSError("no space left")

    identity = Identity(name="m-1", entity_name="a.b.m", entity_version="1", environment_vars=())
    entity = ServedEntity(identity, prepare=prepare, socket_path=tmp_path / "s", log=tmp_path / "log", recovering=False)
    assert entity.settled.wait(5)
    assert entity.state == FAILED
    assert "no space left" in entity.message
    entity.stop()


def test_an_entity_that_slept_and_cannot_start_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was ready once: what hinders it (a grant that was taken away, say) may pass."""
    hindered, spawn, ended = [False], children.spawn, 0

    def end() -> None:
        nonlocal ended
        ended += 1

    def prepare() -> Launch:
        if hindered[0]:
            raise TemporarilyUnavailable("not now")
        return Launch(folder=tmp_path, ended=end)

    def ping(argv: list[str], **given: Any) -> children.Child:
        return spawn([sys.executable, "-c", _PING, argv[-1]], **given)

    monkeypatch.setattr(children, "spawn", ping)
    monkeypatch.setenv(IDLE, "0.1")
    identity = Identity(name="m-1", entity_name="a.b.m", entity_version="1", scale_to_zero=True)
    entity = ServedEntity(identity, prepare=prepare, socket_path=tmp_path / "s", log=tmp_path / "log", recovering=False)
    try:
        assert _within(10, lambda: entity.asleep)
        assert _within(10, lambda: ended == 1)
        hindered[0] = True
        assert entity.enter()
        assert _within(5, lambda: entity.message == "not now")
        assert entity.state == RECOVERING
        hindered[0] = False
        assert _within(10, lambda: entity.state == READY)
    finally:
        entity.stop()
    assert ended == 2


def _within(seconds: float, holds: Any) -> bool:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(holds())
