"""The REST client against a small server of the standard library."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from brickyard_local.provider import client
from brickyard_local.provider.client import Api
from brickyard_local.provider.errors import ApiError, Unreachable
from brickyard_local.pytest_plugin import until


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as its path says: /status/<code>, /twice (429 first), /close (without keep-alive)."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str, Any]]] = []
    released: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, json.loads(body) if body else None))
        status, headers = 200, {}
        if self.path.startswith("/status/"):
            status = int(self.path.partition("?")[0].rpartition("/")[2])
        if self.path == "/twice" and len([call for call in self.seen if call[1] == "/twice"]) == 1:
            status, headers = 429, {"Retry-After": "0"}
        if self.path == "/slow":
            self.released.wait(5)
            self.close_connection = True
            return
        if self.path in {"/close", "/done-and-gone"}:
            self.close_connection = True
        if self.path != "/done-and-gone":
            self._answer(status, headers)

    do_POST = do_GET  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        document = {"ok": True} if status == 200 else {"error_code": "BROKEN", "message": "it broke"}
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    Handler.seen.clear()
    Handler.released.clear()
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    Handler.released.set()
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def api(server: http.server.ThreadingHTTPServer) -> Iterator[Api]:
    made = Api(f"http://127.0.0.1:{server.server_port}", "secret")
    yield made
    made.close()


def test_queries_and_bodies_are_sent(api: Api) -> None:
    assert api.get("/a", {"path": "/b c"}) == {"ok": True}
    api.post("/b", {"x": 1})
    assert Handler.seen == [("GET", "/a?path=%2Fb+c", None), ("POST", "/b", {"x": 1})]


def test_an_error_names_the_call_and_the_code_and_no_token(api: Api) -> None:
    with pytest.raises(ApiError) as error:
        api.get("/status/400", {"name": "n"})
    assert (error.value.summary, error.value.detail) == ("it broke", "GET /status/400 answered 400 BROKEN")
    assert not error.value.is_missing


def test_not_found_means_missing(api: Api) -> None:
    with pytest.raises(ApiError) as error:
        api.get("/status/404")
    assert error.value.is_missing


def test_too_many_requests_are_tried_again(api: Api) -> None:
    assert api.get("/twice") == {"ok": True}
    assert len(Handler.seen) == 2


def test_a_connection_the_server_closed_is_opened_again(api: Api) -> None:
    api.get("/close")
    assert api.get("/a") == {"ok": True}


@pytest.mark.parametrize("before", ["/a", "/close"])
def test_what_may_have_been_carried_out_is_not_sent_again(api: Api, before: str) -> None:
    """Over a kept connection or a new one: a POST whose answer is lost may have created what it names."""
    api.get(before)
    if before == "/close":  # the server closes after it has answered
        until(lambda: not client._is_quiet(api._local.connection.sock))
    with pytest.raises(Unreachable):
        api.post("/done-and-gone", {})
    assert [path for _, path, _ in Handler.seen].count("/done-and-gone") == 1
    assert api.get("/a") == {"ok": True}


def test_a_connection_that_is_old_is_not_used_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may be closing it while the next request is on its way."""
    api.get("/a")
    first = api._local.connection
    api.get("/a")
    assert api._local.connection is first
    monkeypatch.setattr(client, "_KEPT_S", 0.0)
    api.post("/a", {})
    assert api._local.connection is not first


def test_a_server_which_is_not_there_is_named() -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 does not answer"):
        Api("http://127.0.0.1:9", "t").get("/a")


def test_a_request_is_not_sent_again_after_a_timeout(
    server: http.server.ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may still be carrying it out."""
    monkeypatch.setattr(client, "_TIMEOUT_S", 0.5)
    api = Api(f"http://127.0.0.1:{server.server_port}", "secret")
    api.get("/a")
    with pytest.raises(Unreachable) as error:
        api.post("/slow", {})
    assert "timed out" in error.value.detail
    assert [path for _, path, _ in Handler.seen] == ["/a", "/slow"]
