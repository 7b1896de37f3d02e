"""The workspace against its own OpenAPI description: whatever is sent, it answers as an API does, and stays up."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.transport import Response

from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.app import create_app
from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.state import LocalState

# Behind these is a server or an engine of somebody else, which has tests of its own.
ELSEWHERE = ("/mlflow", "/api/local/spark", "/api/2.0/sql/statements")
UNAVAILABLE = {501, 503}


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("described")
    state = LocalState.open(Home(root=folder / "home", cache=folder / "cache"))
    app = create_app(state, state.account.ensure_workspace(WorkspaceSpec(name="local")))
    description = app.openapi()
    state.close()
    paths = description["paths"]
    description["paths"] = {path: paths[path] for path in paths if not any(part in path for part in ELSEWHERE)}
    return schemathesis.openapi.from_dict(description)


BOUNDS = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_no_request_breaks_the_workspace(described: Any, local_workspace: LocalWorkspace) -> None:
    broken = []
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 200
    for operation in operations:

        @BOUNDS
        @given(case=operation.as_strategy())
        def holds(case: schemathesis.Case) -> None:
            fault = _fault(case, local_workspace)
            assert not fault, fault

        try:
            holds()
        except AssertionError as error:
            broken.append(str(error).splitlines()[0])
    assert not broken, "\n".join(broken)


def _fault(case: schemathesis.Case, workspace: LocalWorkspace) -> str | None:
    answer = case.call(
        base_url=workspace.host,
        headers={"Authorization": f"Bearer {workspace.token}"},
        allow_redirects=False,
        timeout=60,
    )
    told = f"{case.method} {case.formatted_path} {case.query} {case.body} -> {answer.status_code} {answer.text[:300]!r}"
    if answer.status_code >= 500 and answer.status_code not in UNAVAILABLE:
        return told
    if answer.status_code >= 400 and case.method != "HEAD" and not _error(answer):
        return told
    return told if "Traceback" in answer.text else None


def _error(answer: Response) -> str:
    """What the refusal says, in one of the dialects that clients read: the API's, SCIM's, OAuth's."""
    body = answer.json()
    return str(body.get("message") or body.get("detail") or body.get("error_description") or "")
