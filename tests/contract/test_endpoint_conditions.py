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
    "models": "list(object({model_info = list(object({aliases = list(object({alias_name = string, "
    "version_num = number}))}))}))",
}


def write(folder: Path, when: str | None = None, **changes: Any) -> Path:
    """A Terraform folder with the stack's own expressions and nothing else; with `when` the model may not be there."""
    stack = TerraformStack(Synthesis.app(), "stack")
    team = (Permission(level="CAN_QUERY", group="team"),)
    props = PromotedEndpointProps(name="ask", model="c.s.m", permissions=team, **changes)
    endpoint = PromotedEndpoint(stack, "endpoint", props, when=when)
    made = json.loads(Synthesis.synth(stack))
    (resource,) = made["resource"]["databricks_model_serving"].values()
    versions = [entity["entity_version"] for entity in resource["config"]["served_entities"]]
    outputs = {
        "count": resource["count"],
        "version": versions[0],
        "last_version": versions[-1],
        "status": endpoint.status,
    }
    text = json.dumps({"locals": made["locals"], "output": {k: {"value": v} for k, v in outputs.items()}})
    text = re.sub(r"data\.databricks_registered_model\.\w+\.model_info\[0\]\.aliases", "var.aliases", text)
    text = re.sub(r"data\.databricks_registered_model\.\w+", "var.models", text)
    text = re.sub(r"data\.databricks_serving_endpoints\.\w+\.endpoints", "var.endpoints", text)
    assert "data." not in text
    (folder / "main.tf.json").write_text(text)
    (folder / "variables.tf").write_text("".join(f'variable "{n}" {{ type = {t} }}\n' for n, t in TYPES.items()))
    return folder


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("terraform"))


def evaluate(folder: Path, *, aliases: Any, endpoints: Any, tmp_path: Path, models: Any = None) -> dict[str, Any]:
    values = {"aliases": aliases, "endpoints": endpoints, "models": models or []}
    (tmp_path / "in.tfvars.json").write_text(json.dumps(values))
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


@pytest.mark.parametrize(
    ("aliases", "endpoints", "count", "versions"),
    [
        (None, None, 0, ("1", "1")),
        (CHAMPION, [], 0, ("3", "1")),
        (OTHER, [], 0, ("1", "4")),
        (CHAMPION + OTHER, [], 1, ("3", "4")),
        (CHAMPION, [endpoint("ask", "2")], 1, ("3", "2")),
    ],
    ids=["an empty workspace", "one of two", "the other of two", "both", "one was removed later"],
)
def test_an_endpoint_of_two_versions_is_planned_when_both_are_promoted_or_it_is_there(
    tmp_path: Path, aliases: Any, endpoints: Any, count: int, versions: tuple[str, str]
) -> None:
    folder = tmp_path / "terraform"
    folder.mkdir()
    write(folder, split={"champion": 90, "challenger": 10})
    found = evaluate(folder, aliases=aliases, endpoints=endpoints, tmp_path=tmp_path)

    assert found["count"] == count
    assert (found["version"], found["last_version"]) == versions
    missing = "No endpoint yet: not all of the aliases champion, challenger are carried by versions of c.s.m"
    assert found["status"].startswith("Endpoint ask serves c.s.m." if count else missing)


@pytest.mark.parametrize(
    ("models", "endpoints", "count", "version"),
    [
        ([], None, 0, "1"),
        ([], [endpoint("ask", "2")], 1, "2"),
        ([{"model_info": [{"aliases": None}]}], [], 0, "1"),
        ([{"model_info": [{"aliases": CHAMPION}]}], [], 1, "3"),
    ],
    ids=["before the model's stack", "a model nobody sees, and its endpoint", "no version", "the first promotion"],
)
def test_a_plan_works_before_there_is_a_model_and_takes_no_endpoint_away(
    tmp_path: Path, models: Any, endpoints: Any, count: int, version: str
) -> None:
    folder = tmp_path / "terraform"
    folder.mkdir()
    write(folder, when="true")
    found = evaluate(folder, aliases=None, endpoints=endpoints, models=models, tmp_path=tmp_path)

    assert (found["count"], found["version"]) == (count, version)
