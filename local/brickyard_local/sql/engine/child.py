"""A warehouse's process: `python -m brickyard_local.sql.engine.child SOCKET`.

JSON over HTTP on a Unix socket that only its parent reaches: `/probe`, `/statements` and `/rows` answer when they are
done, `/statements/<id>/cancel` at once. One thread per request. It holds no state that outlives it.
"""

import json
import logging
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from brickyard_local.children import exit_with_parent
from brickyard_local.sql.engine.execution import Execution, probe, write_rows


class Statements:
    """Those that run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, Execution] = {}

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """Errors: none; they are in the answer."""
        execution = Execution(request=request)
        with self._lock:
            self._running[request["statement_id"]] = execution
        try:
            return execution.run()
        finally:
            with self._lock:
                del self._running[request["statement_id"]]

    def cancel(self, statement_id: str) -> bool:
        """Whether it runs."""
        with self._lock:
            execution = self._running.get(statement_id)
        if execution is None:
            return False
        threading.Thread(target=execution.cancel, name=f"cancel-{statement_id}", daemon=True).start()
        return True


class Handler(BaseHTTPRequestHandler):
    """One request of the parent."""

    protocol_version = "HTTP/1.1"
    statements = Statements()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        answer = json.dumps(self._answer(body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        parts = self.path.strip("/").split("/")
        match parts:
            case ["statements"]:
                return self.statements.run(body)
            case ["statements", statement_id, "cancel"]:
                return {"running": self.statements.cancel(statement_id)}
            case ["rows"]:
                return write_rows(body)
            case ["probe"]:
                return probe(body)
        return {"error": {"error_code": "INTERNAL_ERROR", "message": f"No such path: {self.path}"}}

    def address_string(self) -> str:
        return "parent"

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Requests are the parent's to log."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """HTTP on a Unix socket."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until the parent ends it."""
    exit_with_parent()
    os.umask(0o077)
    os.environ.setdefault("SPARK_CONNECT_MODE_ENABLED", "1")
    logging.getLogger("SQLQueryContextLogger").disabled = True  # writes statements, with a stack trace each
    Server(sys.argv[1], Handler).serve_forever()


if __name__ == "__main__":
    main()
