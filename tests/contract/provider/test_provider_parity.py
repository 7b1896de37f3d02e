"""Every configuration of `parity` lives from nothing to nothing by the offline provider, as its scenario says.

`test_provider_genuine.py` takes the genuine provider through the same scenarios and compares.
"""

import secrets
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import BadRequest, NotFound

from brickyard_local.pytest_plugin import LocalWorkspace


@pytest.fixture
def terraform(stack: Any, scenario: Any, offline_cli_config: Path, local_workspace: LocalWorkspace) -> Any:
    prefix = f"tf{secrets.token_hex(4)}"
    return stack(scenario.folder, cli_config=offline_cli_config, workspace=local_workspace, prefix=prefix)


@pytest.mark.slow
def test_a_configuration_plans_as_its_scenario_says_and_leaves_nothing(terraform: Any, scenario: Any) -> None:
    facts = scenario.facts
    variables: dict[str, str] = {}
    terraform.applied()
    terraform.run("plan", "-detailed-exitcode")
    for step in facts["steps"]:
        variables = step["variables"]
        assert terraform.applied(**variables) == step["plan"]
    terraform.run("plan", "-detailed-exitcode", **variables)
    scenario.drift(terraform)
    assert terraform.applied(**variables) == facts["drift_plan"]
    objects = scenario.objects(terraform)
    scenario.forget_and_import(terraform)
    assert terraform.applied(**variables) == facts["import_plan"]
    terraform.run("destroy", "-auto-approve", **variables)
    assert [path for path, query in objects if _is_there(terraform.workspace, path, query)] == facts.get("stays", [])


def _is_there(workspace: LocalWorkspace, path: str, query: dict[str, str]) -> bool:
    """Whether there is such an object; a list is there when it is not empty, what lies in the trash is not."""
    try:
        answer = workspace.client().api_client.do("GET", path, query=query)
    except (BadRequest, NotFound):  # a job or a cluster which is gone is a bad request
        return False
    is_trashed = answer.get("lifecycle_state") in ("DELETED", "TRASHED")
    return bool(answer) and answer.get("totalResults") != 0 and not is_trashed
