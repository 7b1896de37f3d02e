"""A Spark server of the kit, bound to a stub of the workspace's Unity Catalog REST API.

The stub serves what `plugin/UnityRest.scala` says it needs, and knows two principals: `owner` may do
everything, `reader` holds SELECT only.
"""

import json
import os
import socket
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import uvicorn
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pyspark.sql import SparkSession

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.spark.server import SparkServer

OWNER, READER = "token-of-owner", "token-of-reader"


@dataclass
class Stub:
    """The state of the stub workspace, open to the tests."""

    root: Path
    host: str = ""
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def described(self, full_name: str) -> dict[str, Any]:
        """A table with the columns, comment and properties that its Delta log has."""
        table = self.tables[full_name]
        if table["table_type"] == "VIEW" or table["data_source_format"] != "DELTA":
            return table
        try:
            delta = DeltaTable(unquote(urlsplit(table["storage_location"]).path))
        except TableNotFoundError:
            return table
        names = [column.name for column in delta.schema().fields]
        metadata = delta.metadata()
        return table | {
            "log_columns": names,
            "comment": metadata.description,
            "properties": metadata.configuration,
        }


class Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"error_code": code, "message": message}, status)


def _application(stub: Stub) -> FastAPI:
    app = FastAPI()
    base = "/api/2.1/unity-catalog"
    _serve_schemas(app, base, stub)
    _serve_schema_changes(app, base, stub)
    _serve_tables(app, base, stub)
    _serve_writing(app, base, stub)
    _serve_names_and_paths(app, base, stub)
    _serve_views(app, stub)

    @app.exception_handler(Refused)
    def refuse(_request: Request, error: Refused) -> JSONResponse:
        return error.answer

    return app


def _principal(stub: Stub, request: Request) -> str:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token not in {OWNER, READER}:
        raise Refused(401, "UNAUTHENTICATED", "The token is unknown to this account.")
    principal = token.removeprefix("token-of-")
    stub.calls.append((principal, request.method, request.url.path))
    return principal


def _needs_owner(stub: Stub, request: Request, privilege: str) -> None:
    principal = _principal(stub, request)
    if principal != "owner":
        raise Refused(403, "PERMISSION_DENIED", f"User '{principal}' does not have {privilege}.")


def _serve_schemas(app: FastAPI, base: str, stub: Stub) -> None:
    @app.get(f"{base}/schemas")
    def list_schemas(request: Request, catalog_name: str) -> dict[str, Any]:
        _principal(stub, request)
        return {"schemas": [s for s in stub.schemas.values() if s["catalog_name"] == catalog_name]}

    @app.post(f"{base}/schemas")
    def create_schema(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        _needs_owner(stub, request, "CREATE SCHEMA")
        full_name = f"{body['catalog_name']}.{body['name']}"
        if full_name in stub.schemas:
            raise Refused(409, "SCHEMA_ALREADY_EXISTS", full_name)
        stub.schemas[full_name] = body
        return body

    @app.get(f"{base}/schemas/{{full_name}}")
    def get_schema(request: Request, full_name: str) -> dict[str, Any]:
        _principal(stub, request)
        if full_name not in stub.schemas:
            raise Refused(404, "SCHEMA_DOES_NOT_EXIST", full_name)
        return stub.schemas[full_name]


def _serve_schema_changes(app: FastAPI, base: str, stub: Stub) -> None:
    @app.patch(f"{base}/schemas/{{full_name}}")
    def update_schema(request: Request, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
        _needs_owner(stub, request, "MANAGE")
        stub.schemas[full_name] |= body
        return stub.schemas[full_name]

    @app.delete(f"{base}/schemas/{{full_name}}")
    def delete_schema(request: Request, full_name: str, *, force: bool = False) -> dict[str, Any]:
        _needs_owner(stub, request, "MANAGE")
        inside = [name for name in stub.tables if name.startswith(full_name + ".")]
        if full_name not in stub.schemas:
            raise Refused(404, "SCHEMA_DOES_NOT_EXIST", full_name)
        if inside and not force:
            raise Refused(400, "INVALID_STATE", f"Schema {full_name} is not empty.")
        for name in inside:
            del stub.tables[name]
        del stub.schemas[full_name]
        return {}


def _serve_tables(app: FastAPI, base: str, stub: Stub) -> None:
    @app.get(f"{base}/tables")
    def list_tables(request: Request, catalog_name: str, schema_name: str, page_token: int = 0) -> dict[str, Any]:
        _principal(stub, request)
        prefix = f"{catalog_name}.{schema_name}."
        names = sorted(name for name in stub.tables if name.startswith(prefix))
        first = page_token
        page = {"tables": [stub.tables[name] for name in names[first : first + 2]]}
        return page | ({"next_page_token": str(first + 2)} if first + 2 < len(names) else {})

    @app.get(f"{base}/tables/{{full_name}}")
    def get_table(request: Request, full_name: str) -> dict[str, Any]:
        _principal(stub, request)
        if full_name not in stub.tables:
            raise Refused(404, "TABLE_DOES_NOT_EXIST", full_name)
        return stub.described(full_name)

    @app.delete(f"{base}/tables/{{full_name}}")
    def delete_table(request: Request, full_name: str) -> dict[str, Any]:
        _needs_owner(stub, request, "MANAGE")
        if stub.tables.pop(full_name, None) is None:
            raise Refused(404, "TABLE_DOES_NOT_EXIST", full_name)
        return {}


def _serve_writing(app: FastAPI, base: str, stub: Stub) -> None:
    @app.post(f"{base}/staging-tables")
    def stage(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        _needs_owner(stub, request, f"CREATE TABLE on Schema '{body['catalog_name']}.{body['schema_name']}'")
        return {"staging_location": (stub.root / "tables" / str(uuid.uuid4())).as_uri()}

    @app.post(f"{base}/tables")
    def create_table(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        _needs_owner(stub, request, "CREATE TABLE")
        schema = f"{body['catalog_name']}.{body['schema_name']}"
        if schema not in stub.schemas:
            raise Refused(404, "SCHEMA_DOES_NOT_EXIST", schema)
        known = stub.tables.get(f"{schema}.{body['name']}")
        replaces = body.pop("replace", False) and known is not None and known["table_type"] == "VIEW"
        if known is not None and not replaces:
            raise Refused(409, "TABLE_ALREADY_EXISTS", body["name"])
        stub.tables[f"{schema}.{body['name']}"] = body | {"table_id": f"id-of-{body['name']}"}
        return body

    @app.post(f"{base}/temporary-table-credentials")
    def credentials(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if body["operation"] == "READ_WRITE":
            _needs_owner(stub, request, f"MODIFY on Table '{body['table_id']}'")
        _principal(stub, request)
        return {}


def _serve_names_and_paths(app: FastAPI, base: str, stub: Stub) -> None:
    @app.patch(f"{base}/tables/{{full_name}}")
    def change(request: Request, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
        _needs_owner(stub, request, "MANAGE")
        name = body.pop("new_name", full_name.rpartition(".")[2])
        new_name = f"{full_name.rpartition('.')[0]}.{name}"
        if new_name != full_name and new_name in stub.tables:
            raise Refused(409, "TABLE_ALREADY_EXISTS", new_name)
        stub.tables[new_name] = stub.tables.pop(full_name) | body | {"name": name}
        return stub.tables[new_name]

    @app.post(f"{base}/temporary-path-credentials")
    def path(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        if body["operation"] != "PATH_READ":
            _needs_owner(stub, request, f"WRITE FILES on '{body['url']}'")
        elif "secret" in body["url"]:
            _needs_owner(stub, request, f"READ FILES on '{body['url']}'")
        _principal(stub, request)
        if not body["url"].startswith("s3://"):
            return {"url": body["url"]}
        return {"url": (stub.root / "external" / body["url"].removeprefix("s3://")).as_uri()}


def _serve_views(app: FastAPI, stub: Stub) -> None:
    @app.post("/api/local/spark/view-access")
    def below(request: Request, body: dict[str, Any]) -> dict[str, Any]:
        _principal(stub, request)
        if body["table"] not in stub.tables:
            raise Refused(404, "TABLE_DOES_NOT_EXIST", body["table"])
        table = stub.described(body["table"])
        return {"table": table, "url": table.get("storage_location")}


@pytest.fixture(scope="session")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    """The workspace's stand-in, on a port of its own."""
    state = Stub(root=tmp_path_factory.mktemp("home with spaces"))
    listener = socket.create_server(("127.0.0.1", 0))
    state.host = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(_application(state), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield state
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def cache() -> Path:
    """Kept between runs: jars and the compiled plug-in."""
    named = os.environ.get("BRICKYARD_CACHE")
    return Path(named) if named else Path.cwd() / ".brickyard" / "cache"


@pytest.fixture(scope="session")
def spark_server(stub: Stub, cache: Path) -> Iterator[SparkServer]:
    """One server for all tests of this process: each test uses a schema of its own."""
    server = SparkServer(stub.root, cache, stub.host, Path(sys.executable))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def connect(spark_server: SparkServer) -> Callable[..., SparkSession]:
    """Opens a session of its own, with the environment that a task's process would have."""

    def connect(token: str | None, *catalogs: str) -> SparkSession:
        environment = spark_server.session_environment(token or "", catalogs)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return SparkSession.builder.remote(environment["SPARK_REMOTE"]).create()

    return connect


@pytest.fixture(scope="session")
def spark(connect: Callable[..., SparkSession]) -> Iterator[SparkSession]:
    """A session of the owner in the catalogs `dev` and `prod`."""
    session = connect(OWNER, "dev", "prod")
    yield session
    session.stop()


@pytest.fixture
def schema(spark: SparkSession) -> Iterator[str]:
    """A new schema `dev.<something>`."""
    name = f"dev.s{uuid.uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA {name}")
    yield name
    spark.sql(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def volume(stub: Stub) -> tuple[str, Path]:
    """A volume's path as pipelines write it, and the folder behind."""
    path = f"/Volumes/dev/bronze/v{uuid.uuid4().hex[:8]}"
    folder = stub.root / "files" / path.lstrip("/")
    folder.mkdir(parents=True)
    (folder / "rows.json").write_text("\n".join(json.dumps({"id": n, "v": n / 2}) for n in range(4)))
    return path, folder


@pytest.fixture(scope="module")
def own_server(
    local_workspace: LocalWorkspace, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkServer]:
    """A server beside the workspace's own, over the same files.

    Its home is another: one that starts or stops in the same home takes the other's temporary files away.
    """
    home = tmp_path_factory.mktemp("spark")
    (home / "files").symlink_to(local_workspace.home.files)
    server = SparkServer(home, cache, local_workspace.host, Path(sys.executable))
    yield server
    server.stop()
