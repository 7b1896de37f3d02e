"""Servers on 127.0.0.1 that keep pull requests as the published APIs of Azure DevOps and GitHub do, errors included."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-token-that-no-message-may-show"


@dataclass(kw_only=True, slots=True)
class Fault:
    """Answers the next `times` calls that match; `done` ones have their effect all the same."""

    call: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int = 1
    done: bool = False


class Server:
    """One platform: subclasses answer `(method, path, query, body)` with a status and a document."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.url = ""
        self.refuses = False
        self._ids = 0

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]

    def next_id(self) -> int:
        self._ids += 1
        return self._ids

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        raise NotImplementedError

    def respond(self, method: str, target: str, headers: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
        split = urlsplit(target)
        call = f"{method} {split.path}"
        self.calls.append(call)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        fault = next((each for each in self.faults if each.times and re.search(each.call, call)), None)
        if fault is not None:
            fault.times -= 1
            if fault.done:
                self.answer(method, split.path, query, body)
            return fault.status, fault.body or {"message": "not now"}, fault.headers
        if self.refuses or headers.get("authorization") != f"Bearer {TOKEN}":
            return self.refusal()
        return self.answer(method, split.path, query, body)

    def refusal(self) -> tuple[int, Any, dict[str, str]]:
        return 401, {"message": "Bad credentials"}, {}


@contextmanager
def served(server: Server) -> Iterator[None]:
    """Listen on a free port until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, document, headers = server.respond(self.command, self.path, self.headers, body)
            content = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _any  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


class AzureDevOpsServer(Server):
    """Pull request 7 of repository `kit` in project `ml`, with the pushes `aaa` and `bbb`."""

    me = "11111111-build"
    _HERE = "/ml/_apis/git/repositories/kit/pullRequests/7"

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[dict[str, Any]] = []
        self.statuses: list[dict[str, Any]] = []

    def refusal(self) -> tuple[int, Any, dict[str, str]]:
        return 203, "<html>sign in</html>", {"content-type": "text/html"}

    def add_thread(self, content: str, author: str, status: str = "active") -> dict[str, Any]:
        comment = {"id": 1, "content": content, "author": {"id": author}, "commentType": "text"}
        thread = {"id": self.next_id(), "comments": [comment], "status": status, "isDeleted": False}
        self.threads.append(thread)
        return thread

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if not query.get("api-version", "").startswith("7.1"):
            return 400, {"message": "No api-version was supplied"}, {}
        if path == "/_apis/connectionData":
            return 200, {"authenticatedUser": {"id": self.me}}, {}
        kind, *rest = path.removeprefix(f"{self._HERE}/").split("/")
        if not path.startswith(self._HERE):
            return 404, {"message": "TF401180: The requested pull request was not found."}, {}
        if kind == "iterations":
            pushes = [{"id": n, "sourceRefCommit": {"commitId": c}} for n, c in ((1, "aaa"), (2, "bbb"))]
            return 200, {"value": pushes, "count": 2}, {}
        if kind == "statuses":
            return self._statuses(method, body)
        return self._threads(method, rest, body)

    def _statuses(self, method: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if method == "POST":
            self.statuses.append({"id": self.next_id(), **body})
            return 200, self.statuses[-1], {}
        return 200, {"value": self.statuses, "count": len(self.statuses)}, {}

    def _threads(self, method: str, rest: list[str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if method == "GET":
            return 200, {"value": self.threads, "count": len(self.threads)}, {}
        if method == "POST":
            content = body["comments"][0]["content"]
            if len(content) > 150_000:
                return 400, {"message": "A discussion comment cannot be longer than 150000 characters."}, {}
            return 200, self.add_thread(content, self.me, body["status"]), {}
        thread = next(each for each in self.threads if each["id"] == int(rest[0]))
        if len(rest) == 1:
            thread["status"] = body["status"]
        else:
            thread["comments"][int(rest[2]) - 1]["content"] = body["content"]
        return 200, thread, {}


class GitHubServer(Server):
    """Pull request 7 of `acme/kit`; pages hold two comments."""

    _HERE = "/repos/acme/kit"

    def __init__(self) -> None:
        super().__init__()
        self.comments: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []

    def add_comment(self, body: str, user: str = "Bot") -> dict[str, Any]:
        number = self.next_id()
        comment = {"id": number, "body": body, "user": {"type": user}, "html_url": f"{self.url}/c/{number}"}
        self.comments.append(comment)
        return comment

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if not path.startswith(self._HERE):
            return 404, {"message": "Not Found"}, {}
        below = path.removeprefix(f"{self._HERE}/")
        if below == "issues/7/comments":
            return self._comments(method, query, body)
        if below.startswith("issues/comments/"):
            comment = next(each for each in self.comments if each["id"] == int(below.rpartition("/")[2]))
            comment["body"] = body["body"]
            return 200, comment, {}
        if below.startswith("commits/"):
            sha = below.split("/")[1]
            found = [c for c in self.checks if c["head_sha"] == sha and c["name"] == query["check_name"]]
            return 200, {"total_count": len(found), "check_runs": found}, {}
        if method == "POST":
            self.checks.append({"id": self.next_id(), **body})
            return 201, self.checks[-1], {}
        check = next(each for each in self.checks if each["id"] == int(below.rpartition("/")[2]))
        check.update(body)
        return 200, check, {}

    def _comments(self, method: str, query: dict[str, str], body: Any) -> tuple[int, Any, dict[str, str]]:
        if method == "POST":
            if len(body["body"]) > 65_536:
                return 422, {"message": "Validation Failed"}, {}
            return 201, self.add_comment(body["body"]), {}
        first = (int(query["page"]) - 1) * 2
        more = first + 2 < len(self.comments)
        link = {"link": f'<{self.url}/next>; rel="next", <{self.url}/last>; rel="last"'} if more else {}
        return 200, self.comments[first : first + 2], link
