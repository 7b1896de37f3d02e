"""The workspace's REST API as a task reaches it, with the run's own token. Standard library only: start-up time."""

import json
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import Any


class WorkspaceRefused(RuntimeError):
    """Raised when the workspace answers an error; `code` is the platform's error code."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def call(method: str, path: str, *, query: dict[str, str] | None = None, body: Any = None) -> Any:
    """The answer as JSON. Errors: WorkspaceRefused with the workspace's own words."""
    import urllib.error  # here, since most of a task's start-up time would be this import
    import urllib.parse
    import urllib.request

    url = os.environ["DATABRICKS_HOST"] + path + (f"?{urllib.parse.urlencode(query)}" if query else "")
    request = urllib.request.Request(  # noqa: S310 - the workspace's own http address
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}", "Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=900) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise _refused(error.read(), error.code) from None
    except OSError as error:
        raise WorkspaceRefused(f"The local workspace does not answer at {request.host}: {error}", "") from None


def _refused(content: bytes, status: int) -> WorkspaceRefused:
    try:
        told = json.loads(content)
        return WorkspaceRefused(str(told["message"]), str(told["error_code"]))
    except (ValueError, KeyError, TypeError):
        return WorkspaceRefused(f"The local workspace answered {status}.", str(status))


def download(path: str, folder: Path) -> Path:
    """A file of a volume or of the workspace, fetched into a folder. Errors: WorkspaceRefused."""
    import urllib.error
    import urllib.parse
    import urllib.request

    url = f"{os.environ['DATABRICKS_HOST']}/api/2.0/fs/files{urllib.parse.quote(path)}"
    request = urllib.request.Request(  # noqa: S310 - the workspace's own http address
        url, headers={"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / PurePosixPath(path).name
    try:
        with direct.open(request, timeout=900) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except urllib.error.HTTPError as error:
        raise _refused(error.read(), error.code) from None
    return target
