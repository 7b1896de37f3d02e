"""Unity Catalog as a statement's principal sees it: the workspace's own REST API, with the statement's token.

So a GRANT in SQL passes the same checks as one by REST, and there is one place that decides.
"""

from typing import Any
from urllib.parse import quote

import httpx

from brickyard_local.errors import ApiError, NotFound, PermissionDenied, TemporarilyUnavailable
from brickyard_local.store import Document

_ROOT = "/api/2.1/unity-catalog"
_PATIENCE_S = 60.0


class CatalogApi:
    """Paths are below /api/2.1/unity-catalog; names in them are quoted here."""

    def __init__(self, host: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=host, headers={"Authorization": f"Bearer {token}"}, timeout=_PATIENCE_S, trust_env=False
        )

    def close(self) -> None:
        self._client.close()

    def get(self, *path: str, **query: str) -> Document:
        """Errors: NotFound, PermissionDenied, ApiError."""
        return self._call("GET", path, query=query)

    def post(self, *path: str, body: Document) -> Document:
        return self._call("POST", path, body=body)

    def patch(self, *path: str, body: Document, **query: str) -> Document:
        return self._call("PATCH", path, body=body, query=query)

    def delete(self, *path: str, **query: str) -> None:
        self._call("DELETE", path, query=query)

    def require_readable(self, folder: str) -> None:
        """That the principal may read files below a volume's folder. Errors: NotFound, PermissionDenied."""
        self._send("GET", f"/api/2.0/fs/directories{quote(folder)}", query={"page_size": "1"})

    def require_modifiable(self, table: str) -> None:
        """That the principal may write a table. Errors: NotFound, PermissionDenied."""
        body = {"table_id": self.get("tables", table)["table_id"], "operation": "READ_WRITE"}
        self.post("temporary-table-credentials", body=body)

    def every(self, field: str, *path: str, **query: str) -> list[Document]:
        """All pages of a list."""
        found: list[Document] = []
        page: Document = {"next_page_token": ""}
        while "next_page_token" in page:
            token = {"page_token": page["next_page_token"]} if page["next_page_token"] else {}
            page = self.get(*path, **query, **token)
            found += page.get(field) or []
        return found

    def _call(
        self, method: str, path: tuple[str, ...], *, body: Document | None = None, query: dict[str, str] | None = None
    ) -> Document:
        return self._send(method, "/".join([_ROOT, *(quote(part, safe="") for part in path)]), body=body, query=query)

    def _send(
        self, method: str, url: str, *, body: Document | None = None, query: dict[str, str] | None = None
    ) -> Document:
        try:
            answer = self._client.request(method, url, json=body, params=query)
        except httpx.HTTPError as error:
            raise TemporarilyUnavailable(f"The workspace did not answer: {error}") from error
        content: Document = _json(answer)
        if answer.is_error:
            raise _refusal(answer.status_code, content)
        return content


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return {}


def _refusal(status: int, body: Document) -> ApiError:
    kind = {403: PermissionDenied, 404: NotFound}.get(status, ApiError)
    code = str(body.get("error_code", "INTERNAL_ERROR"))
    return kind(str(body.get("message", f"HTTP {status}")), error_code=code, status=status)
