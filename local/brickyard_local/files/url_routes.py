"""Routes that hand out URLs for direct transfers: ours point at this server and are signed for one call.

On Databricks they are presigned URLs of cloud storage; clients use them the same way: url and headers as given.
Source: databricks-sdk's mixins/files.py (_PresignedUrlRequestBuilder).
"""

from typing import Any

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.files.payloads import PartUrls, PathBody, SessionBody
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState
from brickyard_local.store import Document

router = LazyRouter(prefix="/api/2.0/fs", tags=["files"])


@router.post("/create-download-url")
def create_download_url(
    path: str, local: Local, caller: CurrentCaller, expire_time: str | None = None
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    local.files.file(caller, path)
    return _signed(local, caller, "GET", path, expire_time)


@router.post("/create-upload-url")
def create_upload_url(body: PathBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, InvalidParameter."""
    local.files.target(caller, body.path, overwrite=True)
    return _signed(local, caller, "PUT", body.path, body.expire_time, overwrite="true")


@router.post("/create-upload-part-urls")
def create_upload_part_urls(body: PartUrls, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    numbers = range(body.start_part_number, body.start_part_number + body.count)
    local.files.part(caller, body.path, body.session_token, numbers[-1])
    multipart = {"session_token": body.session_token, "upload_type": "multipart"}
    urls = [
        {
            **_signed(local, caller, "PUT", body.path, body.expire_time, **multipart, part_number=str(number)),
            "part_number": number,
        }
        for number in numbers
    ]
    return {"upload_part_urls": urls}


@router.post("/create-abort-upload-url")
def create_abort_url(body: SessionBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """The URL answers NotFound when there is no such upload. Errors: InvalidParameter."""
    query = {"action": "abort-upload", "session_token": body.session_token}
    return {"abort_upload_url": _signed(local, caller, "DELETE", body.path, body.expire_time, **query)}


def _signed(
    local: LocalState, caller: Caller, method: str, path: str, expire_time: str | None, **query: str
) -> Document:
    url = local.files.signer.url(
        caller.workspace.host,
        method,
        f"/api/2.0/fs/files{path}",
        principal=caller.principal,
        query=query,
        expire_time=expire_time,
    )
    return {"url": url, "headers": []}
