"""What a project starts is what the platform's policies allow: the local workspace's own enforcement decides."""

import json
from datetime import date
from typing import Any

import pytest

from brickyard_local.compute import enforcement
from brickyard_local.compute.definition import parse
from brickyard_stacks.deployment import Sandbox

INDEX = {
    "url": "https://packages.example/simple",
    "secret": {"scope": "databricks-package-management", "key": "pip-index-url"},
}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/abc"
PROJECT: dict[str, Any] = {
    "deployment": {
        "tags": {"cost_center": "2000", "team": "churn"},
        "models": {"churn": {}},
        "endpoints": {
            "both": {
                "model": "churn",
                "split": {"champion": 90, "challenger": 10},
                "environment": {"API_KEY": {"scope": "acme", "key": "api"}},
            }
        },
        "jobs": {
            "finetune": {
                "tasks": [
                    {
                        "key": "finetune",
                        "compute": "gpus",
                        "wheel": {"package": "flight_delays", "entry_point": "finetune"},
                    }
                ],
                "clusters": {"gpus": {"policy": "gpu", "workers": 1}},
            }
        },
    }
}


def dev(settings: dict[str, Any]) -> dict[str, Any]:
    """A development environment on AWS, with everything that a project's clusters meet."""
    return settings | {
        "name": "dev",
        "stage": "dev",
        "cloud": "aws",
        "region": "eu-west-1",
        "workspace": {"name": "dev", "auth": {"type": "profile", "profile": "dev"}},
        "tags": {"owner": "platform-team", "cost_center": "1000"},
        "compute": {
            "policies": ["gpu"],
            "gpu_node_types": ["g5.xlarge"],
            "budget_policy_id": "11111111-2222-3333-4444-555566667777",
        },
        "network": {"package_index": INDEX},
        "storage": {
            "raw": {
                "kind": "aws",
                "ownership": "create",
                "url": "s3://acme-raw",
                "credential": {"role_arn": "arn:aws:iam::123456789012:role/raw"},
                "workspaces": [7],
                "kms_key_arn": KEY,
            }
        },
    }


def resources(stack: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(stack.get("resource", {}).get(kind, {}).values())


@pytest.fixture(scope="module")
def shared(synthesise: Any, prod_settings: dict[str, Any]) -> dict[str, Any]:
    stacks: dict[str, Any] = synthesise(dev(prod_settings), PROJECT)
    return stacks


@pytest.fixture(scope="module")
def mine(synthesise: Any, prod_settings: dict[str, Any]) -> dict[str, Any]:
    sandbox = Sandbox(name="ada", owner="ada@example.com", expires=date(2027, 1, 31))
    stacks: dict[str, Any] = synthesise(dev(prod_settings), PROJECT, sandbox=sandbox)
    return stacks


def cluster_of(stacks: dict[str, Any], stack: str) -> dict[str, Any]:
    clusters = [c for job in resources(stacks[stack], "databricks_job") for c in job.get("job_cluster", [])]
    (cluster,) = clusters
    made: dict[str, Any] = cluster["new_cluster"]
    return made


def violations(shared: dict[str, Any], cluster: dict[str, Any]) -> tuple[str, ...]:
    (policy,) = resources(shared["dev-platform"], "databricks_cluster_policy")
    spec = {name: value for name, value in cluster.items() if name != "policy_id"}
    return tuple(enforcement.applied(parse(policy["definition"]), spec, cluster_type="job", defaults=False).violations)


def test_a_projects_own_tags_and_a_sandboxs_owner_are_let_through(shared: Any, mine: Any) -> None:
    theirs, own = cluster_of(shared, "dev-flight-delays"), cluster_of(mine, "dev-flight-delays-ada")

    assert theirs["custom_tags"]["cost_center"] == "2000"
    assert own["custom_tags"]["owner"] == "ada@example.com"
    assert violations(shared, theirs) == ()
    assert violations(shared, own) == ()


@pytest.mark.parametrize("tag", ["owner", "cost_center", "environment", "managed_by"])
def test_a_cluster_without_a_tag_of_the_environment_or_with_another_environments_is_not(shared: Any, tag: str) -> None:
    cluster = cluster_of(shared, "dev-flight-delays")
    tags = {key: value for key, value in cluster["custom_tags"].items() if key != tag}
    if tag in ("environment", "managed_by"):
        tags[tag] = "another"

    (told,) = violations(shared, {**cluster, "custom_tags": tags})

    assert f"custom_tags.{tag}" in told


def test_a_policy_names_no_places_of_other_clouds(shared: Any) -> None:
    (policy,) = resources(shared["dev-platform"], "databricks_cluster_policy")
    places = {path.split(".")[2] for path in json.loads(policy["definition"]) if path.startswith("init_scripts")}

    assert places == {"dbfs", "volumes", "workspace", "s3"}


def test_the_private_index_reaches_job_clusters_by_reference(shared: Any) -> None:
    variables = cluster_of(shared, "dev-flight-delays")["spark_env_vars"]

    assert variables == {"PIP_INDEX_URL": "{{secrets/databricks-package-management/pip-index-url}}"}


def test_an_endpoint_begins_with_its_split_and_its_variables_are_references(shared: Any) -> None:
    (endpoint,) = resources(shared["dev-flight-delays-serving"], "databricks_model_serving")

    config = endpoint["config"]
    assert {each["name"] for each in config["served_entities"]} == {"champion", "challenger"}
    assert {each["environment_vars"]["API_KEY"] for each in config["served_entities"]} == {"{{secrets/acme/api}}"}
    shares = {r["served_model_name"]: r["traffic_percentage"] for r in config["traffic_config"]["routes"]}
    assert shares == {"champion": 90, "challenger": 10}
    assert endpoint["budget_policy_id"] == "11111111-2222-3333-4444-555566667777"
    assert {"config", "budget_policy_id"} <= set(endpoint["lifecycle"]["ignore_changes"])


def test_a_location_is_bound_and_writes_with_the_key_its_bucket_demands(shared: Any) -> None:
    platform = shared["dev-platform"]
    (location,) = resources(platform, "databricks_external_location")
    bindings = resources(platform, "databricks_workspace_binding")

    assert location["isolation_mode"] == "ISOLATION_MODE_ISOLATED"
    assert location["encryption_details"]["sse_encryption_details"]["aws_kms_key_arn"] == KEY
    bound = {each["securable_type"] for each in bindings if each["workspace_id"] == 7}
    assert bound == {"external_location", "storage_credential"}
