"""The REST client: loopback only, one kept connection per thread, the token in a header and nowhere else."""

import ipaddress
import json
import socket
import threading
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_local.provider.errors import ApiError, ForeignHost, Unreachable

if TYPE_CHECKING:
    import http.client

_RETRIED = frozenset({429, 503})
_ATTEMPTS = 4
_TIMEOUT_S = 300  # the first call may wait for mlflow's server, which a busy machine starts in more than a minute
_KEPT_S = 3.0  # shorter than the 5 s after which the workspace closes an idle connection
_READING = frozenset({"GET", "HEAD"})
_SCIM = "/api/2.0/preview/scim/"
Query = Mapping[str, str]


def segment(name: str) -> str:
    """A name as one segment of a path.

    >>> segment("a/b c")
    'a%2Fb%20c'
    """
    return urllib.parse.quote(name, safe="")


def is_loopback(host: str | None) -> bool:
    """Whether the host name is this machine.

    >>> is_loopback("127.0.0.2"), is_loopback("localhost"), is_loopback("example.com")
    (True, True, False)
    """
    if host is None or host == "localhost":
        return host is not None
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Status, headers and bytes of one response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Calls one workspace. Errors: ForeignHost at once; ApiError and Unreachable by call."""

    def __init__(self, host: str, token: str, account_id: str = "") -> None:
        """With `account_id`, the account is asked for its principals instead of the workspace."""
        url = urllib.parse.urlsplit(host if "://" in host else f"http://{host}")
        if not is_loopback(url.hostname):
            raise ForeignHost(host)
        self.host = f"{url.scheme}://{url.netloc}"
        self.account_id = account_id
        self._url = url
        self._token = token
        self._local = threading.local()

    def close(self) -> None:
        """Close this thread's connection."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()

    def get(self, path: str, query: Query | None = None) -> Any:
        return self._json("GET", path, query=query)

    def post(self, path: str, body: Any) -> Any:
        return self._json("POST", path, body=body)

    def put(self, path: str, body: Any) -> Any:
        return self._json("PUT", path, body=body)

    def patch(self, path: str, body: Any) -> Any:
        return self._json("PATCH", path, body=body)

    def delete(self, path: str, query: Query | None = None) -> Any:
        return self._json("DELETE", path, query=query)

    def head(self, path: str) -> Mapping[str, str]:
        """The response's headers, names in lower case."""
        return self._send("HEAD", path, None, {}).headers

    def upload(self, path: str, content: bytes) -> None:
        self._send("PUT", path, content, {"Content-Type": "application/octet-stream"})

    def _json(self, method: str, path: str, *, query: Query | None = None, body: Any = None) -> Any:
        if self.account_id and path.startswith(_SCIM):
            path = f"/api/2.0/accounts/{self.account_id}/scim/{path.removeprefix(_SCIM)}"
        target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self._send(method, target, content, headers)
        return json.loads(answer.body) if answer.body else {}

    def _send(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = {
            **headers,
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "User-Agent": "brickyard-offline-provider",
        }
        for attempt in range(_ATTEMPTS):
            answer = self._exchange(method, target, content, sent)
            if answer.status not in _RETRIED:
                break
            time.sleep(float(answer.headers.get("retry-after", 2**attempt / 10)))
        if answer.status >= 400:
            raise _api_error(f"{method} {target.partition('?')[0]}", answer)
        return answer

    def _exchange(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request, over the kept connection while the server has it open.

        Only what reads is sent again when the connection breaks: anything else may have been carried out.
        """
        import http.client

        kept = self._kept()
        attempts = [kept, None] if kept is not None and method in _READING else [kept]
        for connection in attempts:
            used = connection or self._connect()
            try:
                return self._request(used, method, target, content, headers)
            except (http.client.HTTPException, OSError) as error:
                used.close()
                self._local.connection = None
                if connection is attempts[-1] or not isinstance(error, ConnectionResetError | BrokenPipeError):
                    raise Unreachable(self.host, str(error) or type(error).__name__) from error
        raise Unreachable(self.host, "the connection was closed")

    def _kept(self) -> "http.client.HTTPConnection | None":
        """This thread's connection, unless the server has closed it or is about to."""
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is None or kept.sock is None:
            return None
        if time.monotonic() - self._local.used < _KEPT_S and _is_quiet(kept.sock):
            return kept
        kept.close()
        return None

    def _connect(self) -> "http.client.HTTPConnection":
        import http.client

        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT_S)

    def _request(
        self,
        connection: "http.client.HTTPConnection",
        method: str,
        target: str,
        content: bytes | None,
        headers: Mapping[str, str],
    ) -> Answer:
        connection.request(method, target, content, dict(headers))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        answer = Answer(status=response.status, headers=names, body=response.read())
        self._local.connection, self._local.used = connection, time.monotonic()
        return answer


def _is_quiet(sock: socket.socket) -> bool:
    """Whether nothing came since the last answer; the end of a connection comes too."""
    sock.setblocking(False)
    try:
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        sock.settimeout(_TIMEOUT_S)
    return False


def _api_error(call: str, answer: Answer) -> ApiError:
    try:
        document = json.loads(answer.body)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    message = document.get("message") or document.get("detail") or answer.body[:300].decode(errors="replace")
    return ApiError(call, answer.status, str(document.get("error_code", "")), str(message))
