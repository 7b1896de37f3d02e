"""The floor for bench/workspace.py: a bare FastAPI application that keeps the same documents in SQLite.

No authentication, no privileges, no rules: a body is parsed, a document is written durably (WAL, synchronous=FULL) or
read, JSON is answered. `python bench/floor.py PORT DATABASE`.
"""

import json
import sqlite3
import sys
import threading
import time
import uuid
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel


class CreateSchema(BaseModel):
    """The body that is sent."""

    name: str
    catalog_name: str
    comment: str | None = None


class Documents:
    """One connection per thread, writers in turn."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()
        self._writer = threading.Lock()
        self.connection().execute("CREATE TABLE documents (key TEXT PRIMARY KEY, body TEXT NOT NULL)")

    def connection(self) -> sqlite3.Connection:
        """This thread's."""
        if not hasattr(self._local, "connection"):
            self._local.connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
            self._local.connection.execute("PRAGMA journal_mode=WAL")
            self._local.connection.execute("PRAGMA synchronous=FULL")
        connection: sqlite3.Connection = self._local.connection
        return connection

    def put(self, key: str, document: dict[str, Any]) -> None:
        """Committed when it returns."""
        with self._writer:
            self.connection().execute("INSERT INTO documents VALUES (?, ?)", (key, json.dumps(document)))


def create_app(path: str) -> FastAPI:
    """Create, get and list of one kind of document."""
    app, documents = FastAPI(), Documents(path)

    @app.post("/schemas")
    def create(body: CreateSchema) -> dict[str, Any]:
        now, full_name = int(time.time() * 1000), f"{body.catalog_name}.{body.name}"
        stamp = {"owner": "admin", "created_at": now, "created_by": "admin", "updated_at": now, "updated_by": "admin"}
        document = {**body.model_dump(), "full_name": full_name, "schema_id": str(uuid.uuid4()), **stamp}
        documents.put(full_name, document)
        return document

    @app.get("/schemas/{full_name}")
    def get(full_name: str) -> dict[str, Any]:
        query = "SELECT body FROM documents WHERE key=?"
        row = documents.connection().execute(query, (full_name,)).fetchone()
        if row is None:
            raise HTTPException(404)
        found: dict[str, Any] = json.loads(row[0])
        return found

    @app.get("/schemas")
    def listed(catalog_name: str) -> dict[str, Any]:
        query = "SELECT body FROM documents WHERE key >= ? AND key < ? ORDER BY key"
        rows = documents.connection().execute(query, (f"{catalog_name}.", f"{catalog_name}/"))
        return {"schemas": [json.loads(row[0]) for row in rows]}

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
