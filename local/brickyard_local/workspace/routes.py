"""Routes of /api/2.0/workspace. HTTP only: rules in service, state in store.

Source: docs.databricks.com/api/workspace/workspace.
Gaps: HTML, DBC and R Markdown, conversions between notebook formats, `notebooks_modified_after`.
"""

import base64
import binascii
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import InvalidParameter, MalformedRequest, NotEmulated
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local
from brickyard_local.workspace.payloads import DeleteObject, ImportObject, PathBody

router = LazyRouter(prefix="/api/2.0", tags=["workspace"])

_EXTENSIONS = {"PYTHON": "py", "SQL": "sql", "SCALA": "scala", "R": "r"}


class Import(BaseModel, defer_build=True):
    """An import with its content decoded."""

    wanted: ImportObject
    content: bytes


class ExportQuery(BaseModel, defer_build=True):
    """What to export and how."""

    path: str
    format: str = "SOURCE"
    direct_download: bool = False


async def read_import(request: Request) -> Import:
    """The body of an import: JSON with base64, or a form with the plain content. Errors: MalformedRequest."""
    try:
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            return await _read_form(request)
        wanted = ImportObject.model_validate_json(await request.body())
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise MalformedRequest(f"POST /api/2.0/workspace/import: {found}") from error
    try:
        content = base64.b64decode(wanted.content, validate=True)
    except binascii.Error as error:
        raise InvalidParameter("`content` is not base64. A form (multipart/form-data) carries it plain.") from error
    return Import(wanted=wanted, content=content)


async def _read_form(request: Request) -> Import:
    async with request.form(max_part_size=512 * 1024 * 1024) as form:
        sent = form.get("content", "")
        content = await sent.read() if isinstance(sent, UploadFile) else sent.encode()
        wanted = ImportObject.model_validate({key: form[key] for key in form if key != "content"})
    return Import(wanted=wanted, content=content)


@router.post("/workspace/import")
def import_object(sent: Annotated[Import, Depends(read_import)], local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: AlreadyExists, NotFound (parent folder), PermissionDenied, InvalidParameter, NotEmulated."""
    wanted = sent.wanted
    document = local.workspace.write(
        caller,
        wanted.path,
        sent.content,
        format_=wanted.format,
        language=wanted.language,
        overwrite=wanted.overwrite,
    )
    return {"object_id": document["object_id"]}


@router.get("/workspace/export", response_model=None)
def export_object(
    query: Annotated[ExportQuery, Query()], local: Local, caller: CurrentCaller
) -> dict[str, Any] | Response:
    """Errors: NotFound, PermissionDenied, InvalidParameter, NotEmulated."""
    document, content = local.workspace.read(caller, query.path, query.format)
    if query.direct_download:
        return Response(content, media_type="application/octet-stream")
    extension = "ipynb" if document["stored_as"] == "JUPYTER" else _EXTENSIONS.get(document["language"] or "", "")
    shown = {"content": base64.b64encode(content).decode()}
    return {**shown, "file_type": extension} if extension else shown


@router.get("/workspace/get-status")
def get_status(path: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied."""
    return local.workspace.status(caller, path)


@router.get("/workspace/list")
def list_objects(
    path: str, local: Local, caller: CurrentCaller, notebooks_modified_after: int | None = None
) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, NotEmulated."""
    if notebooks_modified_after is not None:
        raise NotEmulated("notebooks_modified_after of workspace/list")
    objects = local.workspace.listed(caller, path)
    return {"objects": objects} if objects else {}


@router.post("/workspace/mkdirs")
def mkdirs(body: PathBody, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: AlreadyExists, PermissionDenied."""
    local.workspace.mkdirs(caller, body.path)
    return {}


@router.post("/workspace/delete")
def delete_object(body: DeleteObject, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: NotFound, PermissionDenied, InvalidState."""
    local.workspace.delete(caller, body.path, recursive=body.recursive)
    return {}


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/workspace-files/import-file/{path:path}")
def import_file(
    path: str,
    content: Annotated[bytes, Depends(_body)],
    local: Local,
    caller: CurrentCaller,
    *,
    overwrite: bool = False,
) -> dict[str, Any]:
    """A file, or a notebook when its extension and header say so. Errors: as import."""
    local.workspace.write(caller, f"/{path}", content, format_="AUTO", language=None, overwrite=overwrite)
    return {}


@router.get("/workspace-files/{path:path}")
def read_file(path: str, local: Local, caller: CurrentCaller) -> Response:
    """Errors: NotFound, PermissionDenied."""
    _, content = local.workspace.read(caller, f"/{path}", "AUTO")
    return Response(content, media_type="application/octet-stream")
