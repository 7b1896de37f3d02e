"""When the endpoint is planned: the expressions of the serving stack, evaluated by Terraform itself.

No provider is needed: the two data sources' answers are handed in as variables, in the form of provider 1.99.0.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformStack
from cdktf import Testing as Synthesis

from brickyard_constructs.iam import Permission
from brickyard_constructs.serving import PromotedEndpoint, PromotedEndpointProps

TYPES = {
    "aliases": "list(object({alias_name = string, version_num = number}))",
    "endpoints": "list(object({name = string, config = list(object({served_entities = list(object({"
    "entity_version = string}))}))}))",
}


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Terraform folder with the stack's own expressions and nothing else."""
    stack = TerraformStack(Synthesis.app(), "stack")
    team = (Permission(level="CAN_QUERY", group="team"),)
    endpoint = PromotedEndpoint(stack, "endpoint", PromotedEndpointProps(name="ask", model="c.s.m", permissions=team))
    made = json.loads(Synthesis.synth(stack))
    (resource,) = made["resource"]["databricks_model_serving"].values()
    outputs = {
        "count": resource["count"],
        "version": resource["config"]["served_entities"][0]["entity_version"],
        "status": endpoint.status,
    }
    text = json.dumps({"locals": made["locals"], "output": {k: {"value": v} for k, v in outputs.items()}})
    text = re.sub(r"data\.databricks_registered_model\.\w+\.model_info\[0\]\.aliases", "var.aliases", text)
    text = re.sub(r"data\.databricks_serving_endpoints\.\w+\.endpoints", "var.endpoints", text)
    assert "data." not in text
    folder = tmp_path_factory.mktemp("terraform")
    (folder / "main.tf.json").write_text(text)
    (folder / "variables.tf").write_text("".join(f'variable "{n}" {{ type = {t} }}\n' for n, t in TYPES.items()))
    return folder


def evaluate(folder: Path, *, aliases: Any, endpoints: Any, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "in.tfvars.json").write_text(json.dumps({"aliases": aliases, "endpoints": endpoints}))
    state = tmp_path / "terraform.tfstate"
    apply = ["terraform", f"-chdir={folder}", "apply", "-auto-approve", "-no-color", f"-state={state}"]
    subprocess.run([*apply, f"-var-file={tmp_path / 'in.tfvars.json'}"], check=True, capture_output=True)
    return {name: output["value"] for name, output in json.loads(state.read_text())["outputs"].items()}


def endpoint(name: str, *versions: str) -> dict[str, Any]:
    return {"name": name, "config": [{"served_entities": [{"entity_version": v} for v in versions]}]}


CHAMPION = [{"alias_name": "champion", "version_num": 3}]
OTHER = [{"alias_name": "challenger", "version_num": 4}]


@pytest.mark.parametrize(
    ("aliases", "endpoints", "count", "version"),
    [
        (None, None, 0, "1"),
        ([], [], 0, "1"),
        (OTHER, [endpoint("another", "7")], 0, "1"),
        (CHAMPION, [], 1, "3"),
        (OTHER + CHAMPION, [endpoint("ask", "2")], 1, "3"),
        ([], [endpoint("ask", "2"), endpoint("another", "7")], 1, "2"),
        (None, [endpoint("ask", "2", "5")], 1, "2"),
        ([], [{"name": "ask", "config": None}], 1, "1"),
        ([], [{"name": "ask", "config": [{"served_entities": None}]}], 1, "1"),
    ],
    ids=[
        "an empty workspace",
        "a model without versions",
        "other aliases and endpoints",
        "the first promotion",
        "promoted and served",
        "the alias was removed",
        "every version was deleted",
        "an endpoint that is still starting",
        "an endpoint without entities",
    ],
)
def test_an_endpoint_is_planned_when_promoted_or_there_and_otherwise_not(
    evaluator: Path, tmp_path: Path, aliases: Any, endpoints: Any, count: int, version: str
) -> None:
    found = evaluate(evaluator, aliases=aliases, endpoints=endpoints, tmp_path=tmp_path)

    assert found["count"] == count
    assert found["version"] == version
    assert found["status"].startswith("Endpoint ask serves c.s.m." if count else "No endpoint yet: no version of c.s.m")
