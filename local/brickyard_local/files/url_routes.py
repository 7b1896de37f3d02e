"""Routes that hand out URLs for direct transfers. Ours point at this server and carry the caller's own token.

On Databricks they are presigned URLs of cloud storage; clients use them the same way: url and headers as given.
Source: databricks-sdk's mixins/files.py (_PresignedUrlRequestBuilder).
"""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.files.payloads import PartUrls, PathBody, SessionBody
from brickyard_local.files.routes import file_url
from brickyard_local.state import Local
from brickyard_local.store import Document

router = APIRouter(prefix="/api/2.0/fs", tags=["files"])


@router.post("/create-download-url")
def create_download_url(request: Request, path: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    local.files.file(caller, path)
    return _signed(request, caller, path)


@router.post("/create-upload-url")
def create_upload_url(request: Request, body: PathBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, InvalidParameter."""
    local.files.target(caller, body.path, overwrite=True)
    return _signed(request, caller, body.path, overwrite="true")


@router.post("/create-upload-part-urls")
def create_upload_part_urls(request: Request, body: PartUrls, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    numbers = range(body.start_part_number, body.start_part_number + body.count)
    local.files.part(caller, body.path, body.session_token, numbers[-1])
    urls = [
        {
            **_signed(
                request,
                caller,
                body.path,
                session_token=body.session_token,
                upload_type="multipart",
                part_number=str(number),
            ),
            "part_number": number,
        }
        for number in numbers
    ]
    return {"upload_part_urls": urls}


@router.post("/create-abort-upload-url")
def create_abort_url(request: Request, body: SessionBody, caller: CurrentCaller) -> dict[str, Any]:
    """The URL answers NotFound when there is no such upload."""
    signed = _signed(request, caller, body.path, action="abort-upload", session_token=body.session_token)
    return {"abort_upload_url": signed}


def _signed(request: Request, caller: Caller, path: str, **query: str) -> Document:
    return {
        "url": file_url(caller.workspace.host, path, f"?{urlencode(query)}" if query else ""),
        "headers": [{"name": "Authorization", "value": request.headers["authorization"]}],
    }
