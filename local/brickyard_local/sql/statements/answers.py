"""Statements as the API shows them. Source: databricks-sdk's `service/sql.py` (StatementResponse and its parts)."""

import json
from pathlib import Path

from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError, NotFound, PermissionDenied, TemporarilyUnavailable
from brickyard_local.sql.statements.links import Links
from brickyard_local.sql.statements.records import CLOSED, SUCCEEDED
from brickyard_local.store import Document

_PATH = "/api/2.0/sql/statements"


def response(record: Document) -> Document:
    """Id, status and, once it succeeded, the manifest."""
    answer: Document = {"statement_id": record["id"], "status": status(record)}
    if record["state"] in {SUCCEEDED, CLOSED} and "columns" in record:
        answer["manifest"] = manifest(record)
    return answer


def status(record: Document) -> Document:
    """The state, and why it failed."""
    shown: Document = {"state": record["state"]}
    if "error" in record:
        error = dict(record["error"])
        sql_state = error.pop("sql_state", None)
        shown |= {"error": error} | ({"sql_state": sql_state} if sql_state else {})
    return shown


def manifest(record: Document) -> Document:
    """What the result consists of; bytes are told of external results only."""
    chunks = [_chunk_info(record, chunk) for chunk in record["chunks"]]
    shown: Document = {
        "format": record["format"],
        "schema": {"column_count": len(record["columns"]), "columns": record["columns"]},
        "total_chunk_count": len(chunks),
        "chunks": chunks,
        "total_row_count": sum(chunk["row_count"] for chunk in chunks),
        "truncated": record["truncated"],
    }
    if _external(record):
        shown["total_byte_count"] = sum(chunk["byte_count"] for chunk in chunks)
    return shown


def result(record: Document, index: int, *, folder: Path, caller: Caller, links: Links) -> Document:
    """One chunk: its data, or a link to it. Errors: NotFound for a chunk that there is not."""
    if not 0 <= index < len(record["chunks"]):
        raise NotFound(f"Chunk {index} does not exist: the result has {len(record['chunks'])}, counted from 0.")
    found = {**_chunk_info(record, record["chunks"][index]), **_next(record, index)}
    if _external(record):
        return {"external_links": [{**found, **links.link(caller, record["id"], index)}]}
    return {**found, "data_array": json.loads((folder / str(index)).read_bytes())}


def failure(error: ApiError) -> Document:
    """`status.error` of a statement that the workspace refused, worded as Spark words the same."""
    if isinstance(error, PermissionDenied):
        message = f"[INSUFFICIENT_PERMISSIONS] Insufficient privileges: {error.message} SQLSTATE: 42501"
        return {"error_code": "BAD_REQUEST", "message": message, "sql_state": "42501"}
    code = "TEMPORARILY_UNAVAILABLE" if isinstance(error, TemporarilyUnavailable) else "BAD_REQUEST"
    return {"error_code": code, "message": f"[{error.error_code}] {error.message}"}


def _external(record: Document) -> bool:
    return bool(record["disposition"] == "EXTERNAL_LINKS")


def _chunk_info(record: Document, chunk: Document) -> Document:
    return {key: value for key, value in chunk.items() if key != "byte_count" or _external(record)}


def _next(record: Document, index: int) -> Document:
    if index + 1 >= len(record["chunks"]):
        return {}
    path = f"{_PATH}/{record['id']}/result/chunks/{index + 1}"
    return {"next_chunk_index": index + 1, "next_chunk_internal_link": path}
