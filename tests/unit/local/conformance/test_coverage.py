"""The coverage page: its routes are those that exist, its clients those that the logs show."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.app import create_app
from brickyard_local.conformance.coverage.evidence import read
from brickyard_local.conformance.coverage.sdk import methods
from brickyard_local.conformance.coverage.table import answered, listed, render
from brickyard_local.state import LocalState

PAGE = Path(__file__).resolve().parents[4] / "docs" / "coverage.md"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("coverage")
    state = LocalState.open(Home(root=folder / "home", cache=folder / "cache"))
    return create_app(state, state.account.ensure_workspace(WorkspaceSpec(name="local")))


@pytest.mark.filterwarnings("ignore")
def test_the_page_lists_the_routes_that_there_are(app: FastAPI) -> None:
    there = set(answered(app))
    on_the_page = listed(PAGE.read_text())
    fix = "run `make coverage`"
    assert there - on_the_page == set(), fix
    assert on_the_page - there == set(), fix


def test_clients_are_found_in_logs(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text(
        "2026 INFO r local GET '/a/1' -> 200 3 ms for databricks-sdk-py/0.1\n"
        "2026 INFO r local GET '/a/fixed' -> 200 3 ms for mlflow-python-client/3\n"
        "2026 INFO r local GET '/a/2' -> 404 3 ms for databricks-sdk-py/0.1\n"
        "2026 INFO r local GET '/a/2' -> 401 3 ms for python-httpx/1\n"
        "2026 INFO r local GET '/a/2' -> 200 3 ms for python-httpx/1\n"
        "2026 INFO r local GET '/files/a/b/c' -> 200 3 ms for python-httpx/1\n"
        "2026 INFO r local GET '/nowhere' -> 501 3 ms for python-httpx/1\n"
    )
    found = read([log], [("GET", "/a/{id}"), ("GET", "/a/fixed"), ("GET", "/files/{path}")])
    assert found["GET", "/a/{id}"].served == {"databricks-sdk-py/0.1", "tests"}
    assert found["GET", "/a/{id}"].refused == {404}
    assert found["GET", "/a/fixed"].served == {"mlflow-python-client/3"}
    assert found["GET", "/files/{path}"].served == {"tests"}
    assert len(found) == 3


@pytest.mark.filterwarnings("ignore")
def test_methods_of_the_sdk_are_counted_by_the_routes_that_answer_them(app: FastAPI) -> None:
    page = render(app, methods(), {}, "versions")
    assert "| workspace.Secrets | 11 of 11 |  |" in page
    assert "`change_owner`" in next(line for line in page.splitlines() if line.startswith("| compute.Clusters |"))
    assert "apps.Apps" not in page
