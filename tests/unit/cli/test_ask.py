"""What is said of an endpoint that does not answer as a served model must."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from brickyard.ask import _asked, curl_command
from brickyard.clone import Clone
from brickyard.errors import EndpointSilent

Serve = Callable[[int, str], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts an endpoint that always says the same; answers its URL."""
    servers: list[HTTPServer] = []

    def start(status: int, text: str) -> str:
        class Endpoint(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Not in the tests' output."""

        server = HTTPServer(("127.0.0.1", 0), Endpoint)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/serving-endpoints/e/invocations"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_predictions_are_handed_on(serve: Serve) -> None:
    assert _asked(serve(200, json.dumps({"predictions": [0.5]})), {}, {}) == [0.5]


@pytest.mark.parametrize(
    ("status", "text"), [(503, "waking"), (200, "<html>"), (200, "[1]"), (200, '{"error": 1}'), (200, "")]
)
def test_an_answer_without_predictions_is_shown_as_it_is(serve: Serve, status: int, text: str) -> None:
    with pytest.raises(EndpointSilent) as error:
        _asked(serve(status, text), {}, {})
    assert f"answered {status}: {text}" in str(error.value)


def test_an_endpoint_that_is_gone_is_named_with_its_log() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(EndpointSilent, match=r"did not answer \(ConnectError\).*logs serving"):
            _asked(url, {}, {})


def test_the_line_to_paste_holds_no_token(empty_clone: Clone) -> None:
    line = curl_command(empty_clone, "http://127.0.0.1:1/x")
    assert "-H @.brickyard/local/authorization" in line
    assert "Bearer" not in line
