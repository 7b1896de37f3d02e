"""The table of routes answers as FastAPI would, only sooner."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Match

from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.app import create_app, route_table
from brickyard_local.routing import LazyRoute, RouteTable
from brickyard_local.state import LocalState

inner = APIRouter(prefix="/things", route_class=LazyRoute)
router = APIRouter(prefix="/api")
other = APIRouter()


@inner.get("/first")
def first() -> str:
    return "first"


@inner.get("/{name}")
def by_name(name: str) -> str:
    return name


@inner.get("/late")
def late() -> str:
    return "never: {name} was declared before"


@inner.delete("/{name}/parts/{number:int}")
def part(name: str, number: int) -> list[Any]:
    return [name, number]


@other.get("/api/v3/files/{path:path}")
def file(path: str) -> str:
    return path


@other.post("/api/v2/things/{name}:act")
def act(name: str) -> str:
    return f"act {name}"


router.include_router(inner, prefix="/v1")
router.include_router(inner, prefix="/v2")
CALLS = [
    ("GET", "/api/v1/things/first"),
    ("GET", "/api/v2/things/late"),
    ("GET", "/api/v2/things/a%20b"),
    ("DELETE", "/api/v1/things/a/parts/7"),
    ("DELETE", "/api/v1/things/a/parts/x"),
    ("POST", "/api/v1/things/first"),
    ("POST", "/api/v2/things/a:act"),
    ("GET", "/api/v3/files/"),
    ("GET", "/api/v3/files/a/b/c.txt"),
    ("GET", "/api/v3/files"),
    ("GET", "/api/v4/things/first"),
    ("GET", "/"),
    ("GET", "/api/v1/things/first/"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_call_ends_where_fastapi_would_send_it(method: str, path: str) -> None:
    plain, quick = FastAPI(), FastAPI()
    for each in (router, other):
        plain.include_router(each)
    quick.router.routes.append(RouteTable([router, other]))
    answers = [TestClient(app).request(method, path, follow_redirects=False) for app in (plain, quick)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].content == answers[1].content


def test_every_route_of_a_workspace_is_found_in_the_table(tmp_path: Path) -> None:
    home = Home(root=tmp_path / "home", cache=tmp_path / "cache")
    state = LocalState.open(home)
    app = create_app(state, state.account.ensure_workspace(WorkspaceSpec(name="local")))
    table = route_table()
    paths = app.openapi()["paths"]
    assert len(paths) > 100
    for path, operations in paths.items():
        for method in operations:
            concrete = path.replace("{", "").replace("}", "")
            scope = {"type": "http", "path": concrete, "method": method.upper(), "headers": []}
            if path != "/.well-known/databricks-config":
                assert table.matches(scope)[0] == Match.FULL, f"{method} {path}"


def test_a_lazy_route_is_read_when_it_is_first_asked_for() -> None:
    lazy = APIRouter(route_class=LazyRoute)

    @lazy.get("/things/{number}")
    def get(number: int) -> int:
        return number

    (route,) = lazy.routes
    app = FastAPI()
    app.router.routes.append(RouteTable([lazy]))
    assert "dependant" not in route.__dict__
    assert TestClient(app).get("/things/7").json() == 7
    assert "dependant" in route.__dict__
    assert TestClient(app).get("/things/x").status_code == 422
