"""The online store of an environment, and what a project that asks it makes of its jobs."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_stacks.deployment import Sandbox
from brickyard_stacks.errors import CannotBuildStacks

ROOT = Path(__file__).resolve().parents[3]
SANDBOX = Sandbox(name="ada", owner="ada@example.com", expires=date(2027, 1, 31))
CREATED = {"features": {"ownership": "create", "capacity": "CU_2", "nodes": 2, "readable_secondaries": True}}
WITH_COMPUTE = {"warehouses": {"shared": {"ownership": "create"}}}


def compute(stores: dict[str, Any]) -> dict[str, Any]:
    return {"compute": WITH_COMPUTE | {"online_stores": stores}}


def flights(**deployment: Any) -> dict[str, Any]:
    """The shipped project, its planes in a store; without what takes long to synthesise."""
    project: dict[str, Any] = yaml.safe_load((ROOT / "projects/flight_delays/project.yaml").read_text())
    project["workflow"]["features"]["request"]["references"]["planes"]["store"] = "online"
    return {"workflow": project["workflow"], "deployment": {"online_store": "features", "inference": {}, **deployment}}


def resources(stack: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(stack.get("resource", {}).get(kind, {}).values())


def tasks(stack: dict[str, Any], job: str) -> dict[str, dict[str, Any]]:
    (made,) = (made for made in resources(stack, "databricks_job") if made["name"] == job)
    return {task["task_key"]: task for task in made["task"]}


def order(stack: dict[str, Any], job: str) -> list[str]:
    """The keys of tasks of which each follows one."""
    after = {key: [need["task_key"] for need in task.get("depends_on", ())] for key, task in tasks(stack, job).items()}
    (at,) = (key for key, needs in after.items() if not needs)
    found = [at]
    while following := [key for key, needs in after.items() if needs == [found[-1]]]:
        found += following
    assert len(found) == len(after)
    return found


def told(task: dict[str, Any]) -> str | None:
    given: list[str] = task["python_wheel_task"]["parameters"]
    return dict(pairwise(given)).get("--online-store")


@pytest.fixture(scope="module")
def stacks(synthesise: Any) -> Any:
    return synthesise(compute(CREATED), flights(streaming={}))


def test_the_platform_makes_the_store_as_the_settings_say(stacks: Any) -> None:
    (store,) = resources(stacks["local-platform"], "databricks_database_instance")

    assert store["name"] == "local-features"
    assert (store["capacity"], store["node_count"], store["enable_readable_secondaries"]) == ("CU_2", 2, True)
    assert {tag["key"]: tag["value"] for tag in store["custom_tags"]} == {
        "owner": "platform-team",
        "cost_center": "1000",
        "environment": "local",
        "managed_by": "brickyard",
    }
    assert (store["purge_on_delete"], "lifecycle" in store) == (True, False)
    assert not resources(stacks["local-flight-delays"], "databricks_database_instance")


def test_who_publishes_and_who_makes_endpoints_uses_the_store_and_the_administrator_manages_it(stacks: Any) -> None:
    (permissions,) = (
        p for p in resources(stacks["local-platform"], "databricks_permissions") if "database_instance_name" in p
    )

    levels = {
        re.sub(r"\$.*\.iam_(\w+)_.*", r"\1", entry[name]): entry["permission_level"]
        for entry in permissions["access_control"]
        for name in ("group_name", "service_principal_name", "user_name")
        if name in entry
    }
    assert levels == {
        "data_scientists": "CAN_USE",
        "ml_engineers": "CAN_USE",
        "run_as": "CAN_USE",
        "plan": "CAN_USE",
        "admin@brickyard.local": "CAN_MANAGE",
    }


def test_the_step_publishes_between_features_and_what_needs_them(stacks: Any) -> None:
    stack = stacks["local-flight-delays"]

    assert order(stack, "local-flight-delays")[:4] == ["ingest", "features", "publish_online", "train"]
    scoring = order(stack, "local-flight-delays-inference")
    assert scoring[:4] == ["ingest", "features", "publish_online", "batch_inference"]
    assert tasks(stack, "local-flight-delays")["publish_online"]["python_wheel_task"]["entry_point"] == "publish_online"


def test_every_step_of_every_job_is_told_the_store(stacks: Any) -> None:
    jobs = [job["name"] for job in resources(stacks["local-flight-delays"], "databricks_job")]

    assert len(jobs) == 3
    given = {told(task) for job in jobs for task in tasks(stacks["local-flight-delays"], job).values()}
    assert given == {"local-features"}


def test_without_a_store_nothing_is_published_and_nothing_told(synthesise: Any) -> None:
    stacks = synthesise(None, {"deployment": {"inference": {}}})

    assert not resources(stacks["local-platform"], "databricks_database_instance")
    for job in ("local-flight-delays", "local-flight-delays-inference"):
        made = tasks(stacks["local-flight-delays"], job)
        assert "publish_online" not in made
        assert {told(task) for task in made.values()} == {None}


def test_a_store_of_others_is_only_named(synthesise: Any) -> None:
    stacks = synthesise(compute({"features": {"name": "Their-Store"}}), flights())

    assert not resources(stacks["local-platform"], "databricks_database_instance")
    assert told(tasks(stacks["local-flight-delays"], "local-flight-delays")["train"]) == "Their-Store"


def test_one_that_is_adopted_is_imported_by_its_name(synthesise: Any) -> None:
    platform = synthesise(compute({"features": {"ownership": "adopt", "name": "local-old"}}), flights())[
        "local-platform"
    ]

    ((name, store),) = platform["resource"]["databricks_database_instance"].items()
    assert store["name"] == "local-old"
    assert {"to": f"databricks_database_instance.{name}", "id": "local-old"} in platform["import"]


def test_in_prod_nobody_deletes_the_store_by_a_plan_and_people_do_not_use_it(
    synthesise: Any, prod_settings: dict[str, Any]
) -> None:
    tags = {"owner": "platform-team", "cost_center": "1000"}
    budget = "11111111-2222-3333-4444-555566667777"
    settings = {"compute": {"online_stores": {"features": {"ownership": "create"}}, "budget_policy_id": budget}}
    platform = synthesise(prod_settings | {"tags": tags} | settings, flights())["prod-azure-weu-platform"]

    (store,) = resources(platform, "databricks_database_instance")
    assert store["lifecycle"] == {"prevent_destroy": True}
    assert store["purge_on_delete"] is False
    assert store["usage_policy_id"] == budget
    (permissions,) = (p for p in resources(platform, "databricks_permissions") if "database_instance_name" in p)
    assert not [entry for entry in permissions["access_control"] if "group_name" in entry]


def test_a_sandbox_asks_the_environments_store(synthesise: Any) -> None:
    stacks = synthesise(compute(CREATED), flights(), sandbox=SANDBOX)

    assert not [stack for name, stack in stacks.items() if resources(stack, "databricks_database_instance")]
    publishes = tasks(stacks["local-flight-delays-ada"], "local-flight-delays-ada")["publish_online"]
    assert told(publishes) == "local-features"
    assert "ada_flight_delays" in publishes["python_wheel_task"]["parameters"]


def test_a_team_publishes_by_itself_where_our_step_would(synthesise: Any) -> None:
    own = {"python_file": {"path": "flight_delays/__init__.py", "parameters": ["--into", "$online_store"]}}
    steps = {"publish_online": own, "features": {"skip": True}}

    stack = synthesise(compute(CREATED), flights(job={"steps": steps}))["local-flight-delays"]

    assert order(stack, "local-flight-delays")[:4] == ["ingest", "check_features", "publish_online", "train"]
    made = tasks(stack, "local-flight-delays")["publish_online"]
    assert made["spark_python_task"]["parameters"] == ["--into", "local-features"]


def test_a_store_that_the_environment_does_not_have_is_no_packed_one(synthesise: Any) -> None:
    with pytest.raises(
        CannotBuildStacks,
        match=r"flight_delays needs the online store features; add it to compute\.online_stores of environments/local",
    ):
        synthesise(None, flights())
