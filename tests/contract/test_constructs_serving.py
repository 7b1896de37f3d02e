"""Endpoints as constructs make them: of two versions at once, and of language models; applied, unchanged, destroyed.

With the genuine provider where BRICKYARD_GENUINE_PROVIDER names it, and with the offline one.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformOutput, TerraformStack
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.serving import ServingEndpointDetailed

from brickyard_constructs.compute import BudgetPolicy, BudgetPolicyProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.serving import (
    Gateway,
    InferenceTable,
    ModelUnits,
    PromotedEndpoint,
    PromotedEndpointProps,
    RateLimit,
    TokensPerSecond,
)
from brickyard_local.pytest_plugin import LocalWorkspace

LOG_MODELS = """
import mlflow, pandas
from mlflow.models import infer_signature

class Adds(mlflow.pyfunc.PythonModel):
    def __init__(self, n): self.n = n
    def predict(self, context, model_input, params=None):
        return (model_input["x"] + self.n).tolist()

frame = pandas.DataFrame({"x": [1.0]})
mlflow.set_experiment("/Shared/models")
for name, n, task, alias in (("churn", 1, {}, "champion"), ("churn", 2, {}, "challenger"),
                             ("llm", 3, {"task": "llm/v1/chat"}, "champion")):
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(name="model", python_model=Adds(n), signature=infer_signature(frame, [1.0]),
            registered_model_name=f"c.models.{name}", pip_requirements=[], metadata=task)
    mlflow.MlflowClient().set_registered_model_alias(f"c.models.{name}", alias, logged.registered_model_version)
"""
PROVIDERS = [
    "offline",
    pytest.param(
        "genuine",
        marks=[
            pytest.mark.genuine,
            pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
        ],
    ),
]

pytestmark = [pytest.mark.slow]


def budget(stack: TerraformStack) -> None:
    """What the account's administrator makes."""
    made = BudgetPolicy(stack, "budget", BudgetPolicyProps(name="acme-ml", tags={"team": "ml", "stage": "dev"}))
    TerraformOutput(stack, "policy", value=made.policy_id)


def endpoints(stack: TerraformStack, *, budget_policy_id: str) -> None:
    """A split one behind a gateway, and language models in both units."""
    asks = (Permission(level="CAN_QUERY", group="users"),)
    recorded = Gateway(
        inference_table=InferenceTable(catalog="c", schema="payloads", prefix="churn"),
        rate_limits=(RateLimit(calls=600), RateLimit(key="user_group", principal="users", calls=60)),
    )
    split = PromotedEndpointProps(
        name="churn",
        model="c.models.churn",
        permissions=asks,
        split={"champion": 90, "challenger": 10},
        gateway=recorded,
        description="Will a customer leave?",
        tags={"owner": "team"},
        protected=False,
    )
    PromotedEndpoint(stack, "churn-endpoint", split)
    for name, throughput in (("chat", TokensPerSecond(maximum=1900)), ("write", ModelUnits(units=50))):
        language = PromotedEndpointProps(
            name=name,
            model="c.models.llm",
            permissions=asks,
            throughput=throughput,
            budget_policy_id=budget_policy_id,
            protected=False,
        )
        PromotedEndpoint(stack, f"{name}-endpoint", language)


def log_models(workspace: LocalWorkspace, folder: Path) -> None:
    """Two versions of a model of ours, and a language model, each with its alias."""
    client = workspace.client()
    client.catalogs.create("c")
    for schema in ("models", "payloads"):
        client.schemas.create(schema, "c")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **workspace.environment()}
    argv = [sys.executable, "-c", LOG_MODELS]
    done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def served(client: WorkspaceClient, name: str) -> dict[str, Any]:
    """The configured entities of an endpoint that is ready, by name."""
    found: ServingEndpointDetailed = client.serving_endpoints.get(name)
    assert found.state
    assert str(found.state.ready).endswith("READY")
    assert found.config
    return {str(entity.name): entity for entity in found.config.served_entities or []}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_split_and_provisioned_throughput_are_applied_and_then_nobodys_to_change(
    provider: str, construct_stack: Callable[[str], Any], fresh_local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    client = fresh_local_workspace.client()
    made, told = construct_stack(provider), client.api_client.do("GET", "/.well-known/databricks-config")
    assert isinstance(told, dict)
    unified = {"DATABRICKS_ACCOUNT_ID": told["account_id"], "DATABRICKS_EXPERIMENTAL_IS_UNIFIED_HOST": "true"}
    account = replace(made, out=tmp_path / "account" / "out", variables={**made.variables, **unified})
    account.out.parent.mkdir()
    account.synth(budget)
    account.terraform("init")
    account.apply()
    policy_id = account.terraform("output", "-raw", "policy").strip()
    log_models(fresh_local_workspace, tmp_path)

    made.synth(lambda stack: endpoints(stack, budget_policy_id=policy_id))
    made.terraform("init")
    made.apply()

    assert {name: entity.entity_version for name, entity in served(client, "churn").items()} == {
        "champion": "1",
        "challenger": "2",
    }
    traffic = client.serving_endpoints.get("churn").config.traffic_config.routes  # type: ignore[union-attr]
    assert {route.served_model_name: route.traffic_percentage for route in traffic or []} == {
        "champion": 90,
        "challenger": 10,
    }
    assert served(client, "chat")["champion"].max_provisioned_throughput == 1900
    assert served(client, "write")["champion"].provisioned_model_units == 50
    assert client.serving_endpoints.get("write").budget_policy_id == policy_id

    client.registered_models.delete_alias("c.models.churn", "challenger")
    made.terraform("plan", "-detailed-exitcode")
    made.terraform("destroy", "-auto-approve")
    account.terraform("destroy", "-auto-approve")
    assert not list(client.serving_endpoints.list())
