"""Routes of /api/2.0/fs. HTTP only: rules in service.

Uploads are `async`, alone among the routes: the body goes to disk as it comes, never whole into memory.
Source: docs.databricks.com/api/workspace/files; databricks-sdk's mixins/files.py for the upload protocol.
"""

from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Header, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from brickyard_local.callers import Caller, CurrentCaller
from brickyard_local.errors import ApiError, InvalidParameter, PreconditionFailed
from brickyard_local.files.payloads import CompleteUpload
from brickyard_local.files.service import not_emulated
from brickyard_local.files.uploads import Part, receive
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local

router = LazyRouter(prefix="/api/2.0/fs", tags=["files"])

_BYTES = "application/octet-stream"


class Download(FileResponse):
    """A file in blocks of a megabyte: each block costs a change of threads."""

    chunk_size = 1024 * 1024


UnmodifiedSince = Annotated[str | None, Header(alias="if-unmodified-since")]


class UploadQuery(BaseModel, defer_build=True):
    """How a file arrives: whole, or as a part of a multipart upload.

    Unspecified means that an existing file is overwritten; the Terraform provider updates files that way.
    Source: docs.databricks.com/api/workspace/files/upload
    """

    overwrite: bool = True
    session_token: str | None = None
    part_number: int | None = None


class ActionQuery(BaseModel, defer_build=True):
    """A step of a multipart upload."""

    action: str
    overwrite: bool = False
    session_token: str = ""


@router.put("/files/{path:path}")
async def upload(
    path: str, request: Request, local: Local, caller: CurrentCaller, query: Annotated[UploadQuery, Query()]
) -> Response:
    """A whole file, or one part of a multipart upload.

    Errors: AlreadyExists, PermissionDenied, InvalidParameter.
    """
    files, absolute = local.files, f"/{path}"
    try:
        if query.session_token is not None:
            part = await run_in_threadpool(files.part, caller, absolute, query.session_token, query.part_number or 0)
            etag = await receive(request.stream(), part)
            return Response(headers={"etag": f'"{etag}"'})
        target = await run_in_threadpool(files.target, caller, absolute, overwrite=query.overwrite)
    except ApiError:
        async for _ in request.stream():  # a client that is cut off while it sends never reads the refusal
            pass
        raise
    staged = await run_in_threadpool(files.uploads.stage)
    await receive(request.stream(), staged)
    await run_in_threadpool(files.publish, target, staged, partial(_still, request, local, caller))
    return Response(status_code=204)


def _still(request: Request, local: Local, caller: CurrentCaller) -> Caller:
    """The caller after a body that may have taken hours. Errors: Unauthenticated, PermissionDenied."""
    authorization = request.headers.get("authorization")
    if authorization is None:  # a signed URL names the principal
        return local.callers.admit(caller.principal, caller.workspace)
    return local.callers.authenticate(authorization, caller.workspace)


@router.post("/files/{path:path}")
def multipart_action(
    path: str,
    local: Local,
    caller: CurrentCaller,
    query: Annotated[ActionQuery, Query()],
    body: CompleteUpload | None = None,
) -> dict[str, Any]:
    """Begin or complete a multipart upload. Errors: AlreadyExists, NotFound, InvalidParameter."""
    if query.action == "initiate-upload":
        token = local.files.open_upload(caller, f"/{path}", overwrite=query.overwrite)
        return {"multipart_upload": {"session_token": token}}
    if query.action != "complete-upload":
        raise not_emulated(query.action)
    parts = [Part(number=part.part_number, etag=part.etag) for part in (body or CompleteUpload()).parts]
    local.files.complete_upload(caller, f"/{path}", query.session_token, parts)
    return {}


@router.get("/files/{path:path}")
def download(path: str, local: Local, caller: CurrentCaller, unmodified_since: UnmodifiedSince = None) -> Response:
    """The content, or the `Range` of it. Errors: NotFound, PermissionDenied, PreconditionFailed."""
    file = local.files.file(caller, f"/{path}")
    _refuse_modified(file, unmodified_since)
    return Download(file, media_type=_BYTES)


@router.head("/files/{path:path}")
def metadata(path: str, local: Local, caller: CurrentCaller) -> Response:
    """Errors: NotFound, PermissionDenied."""
    facts = local.files.file(caller, f"/{path}").stat()
    return Response(
        media_type=_BYTES,
        headers={
            "content-length": str(facts.st_size),
            "last-modified": formatdate(facts.st_mtime, usegmt=True),
            "accept-ranges": "bytes",
        },
    )


@router.delete("/files/{path:path}")
def delete_file(
    path: str, local: Local, caller: CurrentCaller, action: str | None = None, session_token: str = ""
) -> Response:
    """A file, or a multipart upload that is given up. Errors: NotFound, PermissionDenied."""
    if action == "abort-upload":
        local.files.abort_upload(caller, f"/{path}", session_token)
        return Response()
    if action is not None:
        raise not_emulated(action)
    local.files.delete_file(caller, f"/{path}")
    return Response(status_code=204)


@router.put("/directories/{path:path}", status_code=204)
def make_directory(path: str, local: Local, caller: CurrentCaller) -> Response:
    """Errors: AlreadyExists, PermissionDenied."""
    local.files.make_folder(caller, f"/{path}")
    return Response(status_code=204)


@router.get("/directories/{path:path}")
def list_directory(
    path: str, local: Local, caller: CurrentCaller, page_size: int | None = None, page_token: str | None = None
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidParameter."""
    return local.files.list_folder(caller, f"/{path}", page_size, page_token)


@router.head("/directories/{path:path}")
def directory_metadata(path: str, local: Local, caller: CurrentCaller) -> Response:
    """Errors: NotFound, PermissionDenied."""
    local.files.folder(caller, f"/{path}")
    return Response()


@router.delete("/directories/{path:path}", status_code=204)
def delete_directory(path: str, local: Local, caller: CurrentCaller) -> Response:
    """Errors: NotFound, InvalidState when it is not empty."""
    local.files.delete_folder(caller, f"/{path}")
    return Response(status_code=204)


def _refuse_modified(file: Path, unmodified_since: str | None) -> None:
    if unmodified_since is None:
        return
    try:
        limit = parsedate_to_datetime(unmodified_since).timestamp()
    except ValueError as error:
        raise InvalidParameter(f"If-Unmodified-Since is no HTTP date: '{unmodified_since}'.") from error
    if int(file.stat().st_mtime) > limit:
        raise PreconditionFailed(f"The file changed after {unmodified_since}.")
