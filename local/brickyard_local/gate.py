"""Who gets in: only this machine, no web page, only known tokens, and no more bytes or time than a call needs."""

import asyncio
import functools
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError, PermissionDenied
from brickyard_local.files.signing import EXPIRED, UrlExpired
from brickyard_local.identity.entitlements import require_entitled
from brickyard_local.identity.oauth_routes import ACCOUNT_METADATA, ACCOUNT_TOKEN, METADATA, TOKEN
from brickyard_local.request_log import RequestLog
from brickyard_local.state import LocalState

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# What answers without a token: how a client finds out where to get one, and the getting.
OPEN_PATHS = frozenset({"/.well-known/databricks-config", METADATA, TOKEN, ACCOUNT_METADATA, ACCOUNT_TOKEN})
_OPEN = re.compile("|".join(re.sub(r"\{\w+\}", "[^/]+", path) for path in sorted(OPEN_PATHS)))

_SIGNED = ("/api/2.0/fs/files/", "/api/local/sql/results/")
_STREAMED = ("/api/2.0/fs/files/",)
_IMPORTS = ("/api/2.0/workspace/import", "/api/2.0/workspace-files/import-file/")
_MOST_BYTES = 16 * 1024 * 1024
_MOST_IMPORT_BYTES = 512 * 1024 * 1024
_MOST_OPEN_BYTES = 64 * 1024
# What databricks-sdk calls a program that did not name itself; its own name follows.
_UNNAMED = "unknown/0.0.0"
_PAUSE_S = 60.0
_WHOLE_BODY_S = 300.0


@dataclass(kw_only=True, slots=True)
class _Head:
    """What the gate reads of a request's headers."""

    hosts: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    authorization: str | None = None
    user_agent: str = ""

    @classmethod
    def of(cls, headers: list[tuple[bytes, bytes]]) -> "_Head":
        head = cls()
        for name, value in headers:
            if name == b"host":
                head.hosts.append(value.decode("latin-1"))
            elif name == b"origin":
                head.origins.append(value.decode("latin-1"))
            elif name == b"authorization" and head.authorization is None:
                head.authorization = value.decode("latin-1")
            elif name == b"user-agent":
                head.user_agent = value.decode("latin-1")
            elif name == b"sec-fetch-site":
                head.sites.append(value.decode("latin-1"))
        return head


class Gate:
    """ASGI middleware around every route; names the workspace in every answer."""

    def __init__(
        self,
        app: Callable[[Message, Receive, Send], Awaitable[None]],
        *,
        state: LocalState,
        workspace: Workspace,
        log: RequestLog,
    ) -> None:
        self._app = app
        self._state = state
        self._workspace = workspace
        self._log = log
        self._names = frozenset({f"127.0.0.1:{workspace.port}", f"localhost:{workspace.port}"})
        self._origins = frozenset(f"http://{name}" for name in self._names)
        self._named = (b"x-databricks-org-id", str(workspace.workspace_id).encode())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"The local workspace speaks no {scope['type']}.")  # uvicorn closes the connection
        started, status, head = time.perf_counter(), 0, _Head.of(scope["headers"])

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", []), self._named]
            await send(message)

        try:
            await self._answer(scope, receive, send_named, head)
        finally:  # an unforeseen error is answered further out, and has its line all the same
            took_ms = (time.perf_counter() - started) * 1000
            call = f"{self._workspace.name} {scope['method']} {scope['path']!r} -> {status or 'broken off'}"
            self._log.note(f"{call} {took_ms:.0f} ms for {_client(head.user_agent)}")

    async def _answer(self, scope: Message, receive: Receive, send: Send, head: _Head) -> None:
        try:
            # On the event loop: what it asks is in memory, which takes less than a change of threads.
            self._admit(scope, head)
        except UrlExpired:
            await Response(EXPIRED, 403, media_type="application/xml")(scope, receive, send)
        except ApiError as error:
            await JSONResponse(error.body(), error.status)(scope, receive, send)
        else:
            await self._app(scope, BoundedBody(receive, most_bytes(scope["path"])), send)

    def _admit(self, scope: Message, head: _Head) -> None:
        """Errors: PermissionDenied for another host, a web page, a principal without rights here; Unauthenticated."""
        self._check_host(head)
        self._check_no_web_page(head)
        path: str = scope["path"]
        if _OPEN.fullmatch(path):
            return
        caller = self._caller(scope, head)
        if not caller.is_admin:
            require_entitled(caller.principal, self._state.callers.entitlements(caller), path)
        scope.setdefault("state", {})["caller"] = caller

    def _caller(self, scope: Message, head: _Head) -> Caller:
        path: str = scope["path"]
        if head.authorization is None and path.startswith(_SIGNED):
            query = scope["query_string"].decode("latin-1")
            principal = self._state.files.signer.principal(self._workspace.host, scope["method"], path, query)
            if principal is not None:
                return self._state.callers.admit(principal, self._workspace)
        return self._state.callers.authenticate(head.authorization, self._workspace, f"{scope['method']} {path}")

    def _check_host(self, head: _Head) -> None:
        if len(head.hosts) != 1 or head.hosts[0] not in self._names:
            raise PermissionDenied(
                f"Host '{', '.join(head.hosts)[:200]}' is not this workspace. Use {self._workspace.host}; other names "
                "are refused because a web page could use them to reach it."
            )

    def _check_no_web_page(self, head: _Head) -> None:
        """Browsers say which page a request comes from; clients of the API say nothing."""
        foreign = [origin for origin in head.origins if origin not in self._origins]
        foreign += [site for site in head.sites if site not in {"none", "same-origin"}]
        if foreign:
            raise PermissionDenied(
                f"A request of a web page ({', '.join(foreign)[:200]}) is refused: the local workspace answers "
                "programs on this machine."
            )


class BoundedBody:
    """The body of a request as it comes: no more bytes than allowed, no pause that outlasts a minute.

    A body that is kept in memory must also end in time; one that goes to disk may take as long as it moves.
    """

    def __init__(self, receive: Receive, most: int | None) -> None:
        self._receive = receive
        self._most = most
        self._bytes = 0
        self._ended = False
        self._deadline = None if most is None else time.monotonic() + _WHOLE_BODY_S

    async def __call__(self) -> Message:
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout(_PAUSE_S):
                message = await self._receive()
        except TimeoutError as error:
            raise _too_slow(f"no byte of the body came for {_PAUSE_S:.0f} s") from error
        self._ended = not message.get("more_body", False)
        self._bytes += len(message.get("body", b""))
        if self._most is not None and self._bytes > self._most:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The body has more than {self._most} bytes, the most that this call takes. Send less at once; large "
                "files go to /Volumes with the Files API.",
            )
        if self._deadline is not None and not self._ended and time.monotonic() > self._deadline:
            raise _too_slow(f"the body had not come whole after {_WHOLE_BODY_S:.0f} s")
        return message


def most_bytes(path: str) -> int | None:
    """How long a body may be; None for files, which go to disk as they come.

    >>> most_bytes("/api/2.2/jobs/create"), most_bytes("/api/2.0/fs/files/Volumes/c/s/v/x")
    (16777216, None)
    """
    if path.startswith(_STREAMED):
        return None
    if path.startswith(_IMPORTS):
        return _MOST_IMPORT_BYTES
    return _MOST_OPEN_BYTES if _OPEN.fullmatch(path) else _MOST_BYTES


@functools.lru_cache(maxsize=256)
def _client(user_agent: str) -> str:
    """The product that calls, as it names itself: `databricks-sdk-py/0.156.0`."""
    products = re.findall(r"(?<!\S)[\w.-]+(?:/[\w.+-]+)?", user_agent, re.ASCII)
    return next((product[:80] for product in products if product != _UNNAMED), "-")


def _too_slow(what: str) -> HTTPException:
    return HTTPException(HTTPStatus.REQUEST_TIMEOUT, f"The request was given up: {what}.", {"connection": "close"})
