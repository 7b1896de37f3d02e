"""What project.yaml alone can ask for: several models and endpoints, extra jobs, tables, monitors, sandboxes."""

import json
from datetime import date
from typing import Any

import pytest

from brickyard_stacks.deployment import Sandbox
from brickyard_stacks.errors import CannotBuildStacks

MODELS = {"churn_small": {}, "churn_large": {"title": "The large one"}, "support_llm": {}}
FINETUNE = {
    "tasks": [
        {
            "key": "prepare",
            "wheel": {"package": "flight_delays", "entry_point": "prepare", "parameters": ["--rows", "10"]},
        },
        {
            "key": "finetune",
            "depends_on": ["prepare"],
            "compute": "gpus",
            "wheel": {"package": "flight_delays", "entry_point": "finetune"},
        },
        {"key": "then", "depends_on": ["finetune"], "run_job": {"job": "workflow"}},
    ],
    "clusters": {"gpus": {"policy": "gpu", "runtime": "16.4.x-gpu-ml-scala2.12", "workers": 1}},
    "timeout_minutes": 120,
    "warn_after_minutes": 90,
}


def compared() -> dict[str, Any]:
    """What every alert says; a document of its own each time, since settings refuse YAML's anchors."""
    return {
        "operator": "GREATER_THAN",
        "threshold": 0.5,
        "warehouse": "shared",
        "schedule": {"quartz_cron": "0 0 7 * * ?"},
    }


LARGE: dict[str, Any] = {
    "deployment": {
        "models": MODELS,
        "endpoints": {
            "small": {"model": "churn_small"},
            "llm": {
                "model": "support_llm",
                "route": "llm",
                "provisioned_throughput": {"model_units": 50},
                "gateway": {"rate_limits": [{"calls": 60}], "guardrails": {"input": {"pii": "BLOCK"}}},
            },
        },
        "jobs": {"finetune": FINETUNE},
        "tables": {"gold.scores": {"columns": {"id": {"type": "BIGINT"}}, "tags": {"pii": "no"}}},
        "volumes": {"bronze.letters": {}},
        "monitors": {
            "inference.scores": {
                "kind": "inference",
                "problem_type": "classification",
                "timestamp_column": "at",
                "prediction_column": "prediction",
                "model_id_column": "model",
                "granularities": ["1 day"],
            }
        },
        "alerts": {
            "drift": {
                **compared(),
                "metric": {
                    "monitor": "inference.scores",
                    "table": "drift",
                    "name": "js_distance",
                    "column": "prediction",
                },
            },
            "accuracy": {
                **compared(),
                "metric": {"monitor": "inference.scores", "table": "profile", "name": "accuracy_score.macro"},
                "operator": "LESS_THAN",
            },
            "rows": {**compared(), "sql": "SELECT count(*) AS n FROM ${catalog}.gold.scores", "column": "n"},
        },
    }
}
COMPUTE = {
    "policies": ["gpu"],
    "gpu_node_types": ["Standard_NC24ads_A100_v4"],
    "warehouses": {"shared": {"ownership": "create"}},
}
SANDBOX = Sandbox(name="ada-l", owner="ada@example.com", expires=date(2027, 1, 31))


def resources(stack: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(stack.get("resource", {}).get(kind, {}).values())


@pytest.fixture(scope="module")
def large(synthesise: Any, prod_settings: dict[str, Any]) -> dict[str, Any]:
    stacks: dict[str, Any] = synthesise(prod_settings | {"compute": COMPUTE}, LARGE)
    return stacks


def test_three_models_two_endpoints_and_a_finetuning_run_need_only_project_yaml(large: dict[str, Any]) -> None:
    stack, serving = large["prod-azure-weu-flight-delays"], large["prod-azure-weu-flight-delays-serving"]

    assert {m["name"] for m in resources(stack, "databricks_registered_model")} == set(MODELS)
    assert {j["name"] for j in resources(stack, "databricks_job")} == {
        "prod-azure-weu-flight-delays",
        "prod-azure-weu-flight-delays-finetune",
    }
    (custom,) = resources(serving, "databricks_model_serving")
    (llm,) = resources(serving, "databricks_model_serving_provisioned_throughput")
    assert custom["name"] == "prod-azure-weu-flight-delays-small"
    assert llm["name"] == "prod-azure-weu-flight-delays-llm"
    assert llm["config"]["served_entities"][0]["entity_name"] == "prod.models.support_llm"
    assert llm["ai_gateway"]["guardrails"]["input"]["pii"]["behavior"] == "BLOCK"


def test_a_finetuning_run_has_a_gpu_cluster_of_its_own_under_the_environments_policy(large: dict[str, Any]) -> None:
    jobs = {j["name"]: j for j in resources(large["prod-azure-weu-flight-delays"], "databricks_job")}
    job = jobs["prod-azure-weu-flight-delays-finetune"]
    tasks = {task["task_key"]: task for task in job["task"]}

    (cluster,) = job["job_cluster"]
    assert cluster["new_cluster"]["node_type_id"] == "Standard_NC24ads_A100_v4"
    assert "data.databricks_cluster_policy" in cluster["new_cluster"]["policy_id"]
    assert cluster["new_cluster"]["single_user_name"] == job["run_as"]["service_principal_name"]
    assert tasks["finetune"]["job_cluster_key"] == "gpus"
    assert len(tasks["finetune"]["library"]) == 2
    assert tasks["prepare"]["environment_key"] == "default"
    assert "databricks_job.job_" in tasks["then"]["run_job_task"]["job_id"]
    assert job["edit_mode"] == "UI_LOCKED"
    assert job["health"]["rules"][0]["value"] == 5400


OWN_CLUSTER = {
    "train": {
        "wheel": {
            "package": "brickyard_pipelines",
            "entry_point": "finetuning",
            "parameters": ["run", "--model=$model"],
        },
        "cluster": {"policy": "gpu"},
    }
}


def test_a_step_of_the_workflow_may_have_a_gpu_cluster_of_its_own_and_the_others_stay_serverless(
    synthesise: Any, prod_settings: dict[str, Any]
) -> None:
    settings = {"deployment": {"job": {"steps": OWN_CLUSTER}}}
    stack = synthesise(prod_settings | {"compute": COMPUTE}, settings)["prod-azure-weu-flight-delays"]
    (job,) = resources(stack, "databricks_job")
    tasks = {task["task_key"]: task for task in job["task"]}
    (cluster,) = job["job_cluster"]
    assert (cluster["job_cluster_key"], tasks["train"]["job_cluster_key"]) == ("train", "train")
    assert cluster["new_cluster"]["node_type_id"] == "Standard_NC24ads_A100_v4"
    assert len(tasks["train"]["library"]) == 2
    assert "environment_key" not in tasks["train"]
    assert tasks["train"]["python_wheel_task"]["parameters"] == ["run", "--model=prod.models.flight_delays"]
    assert tasks["deploy"]["environment_key"] == "default"

    local = synthesise(project=settings)["local-flight-delays"]
    (job,) = resources(local, "databricks_job")
    assert "job_cluster" not in job
    assert {task["environment_key"] for task in job["task"]} == {"default"}


def test_a_step_whose_environment_has_no_gpus_is_refused_with_its_place(
    synthesise: Any, prod_settings: dict[str, Any]
) -> None:
    with pytest.raises(CannotBuildStacks, match=r"deployment\.job\.steps\.train\.cluster has no node type"):
        synthesise(prod_settings, {"deployment": {"job": {"steps": OWN_CLUSTER}}})


def test_the_deployment_job_takes_the_version_and_approvers_may_repair_its_run(synthesise: Any) -> None:
    job = {"tasks": [{"key": "deploy", "wheel": {"package": "flight_delays", "entry_point": "deploy"}}]}
    models = {"flight_delays": {"deployment_job": True}}

    stack = synthesise(project={"deployment": {"models": models, "jobs": {"deployment": job}}})["local-flight-delays"]

    (made,) = [j for j in resources(stack, "databricks_job") if j["name"] == "local-flight-delays-deployment"]
    assert [p["name"] for p in made["parameter"]] == ["model_name", "model_version"]
    levels = [
        {a["group_name"]: a["permission_level"] for a in p["access_control"] if "group_name" in a}
        for p in resources(stack, "databricks_permissions")
    ]
    assert "CAN_MANAGE_RUN" in [each["local-approvers"] for each in levels]


def test_tables_volumes_and_monitors_are_made_and_a_monitor_waits_for_its_table(large: dict[str, Any]) -> None:
    stack, monitoring = large["prod-azure-weu-flight-delays"], large["prod-azure-weu-flight-delays-monitoring"]

    (table,) = resources(stack, "databricks_sql_table")
    assert (table["schema_name"], table["name"]) == ("gold", "scores")
    assert [v["name"] for v in resources(stack, "databricks_volume")] == ["letters"]
    (monitor,) = resources(monitoring, "databricks_quality_monitor")
    assert monitor["table_name"] == "prod.inference.scores"
    assert "contains(" in monitor["count"]
    dependencies = large["manifest"]["stacks"]["prod-azure-weu-flight-delays-monitoring"]["dependencies"]
    assert dependencies == ["prod-azure-weu-flight-delays-serving"]


def test_an_alert_on_a_monitors_metric_comes_with_the_monitor_and_one_on_sql_at_once(large: dict[str, Any]) -> None:
    monitoring = large["prod-azure-weu-flight-delays-monitoring"]
    (monitor,) = resources(monitoring, "databricks_quality_monitor")
    accuracy, drift, rows = sorted(resources(monitoring, "databricks_alert_v2"), key=lambda made: made["display_name"])

    assert [made.get("count") for made in (accuracy, drift, rows)] == [monitor["count"], monitor["count"], None]
    assert "`accuracy_score`.`macro`" in accuracy["query_text"]
    assert "`prod`.`metrics`.`scores_profile_metrics`" in accuracy["query_text"]
    assert "`prod`.`metrics`.`scores_drift_metrics`" in drift["query_text"]
    assert "granularity = '1 day'" in drift["query_text"]
    assert all("WHERE value IS NOT NULL" in made["query_text"] for made in (accuracy, drift))
    worst = [made["evaluation"]["source"].get("aggregation") for made in (accuracy, drift, rows)]
    assert worst == ["MIN", "MAX", None]
    assert rows["query_text"] == "SELECT count(*) AS n FROM prod.gold.scores"


def test_in_a_sandbox_an_alert_watches_the_sandbox(synthesise: Any) -> None:
    asked = {name: value for name, value in LARGE["deployment"].items() if name in ("monitors", "alerts")}
    stacks = synthesise(None, {"deployment": asked}, sandbox=SANDBOX)
    monitoring = stacks["local-flight-delays-ada-l-monitoring"]
    (monitor,) = resources(monitoring, "databricks_quality_monitor")
    (drift,) = (made for made in resources(monitoring, "databricks_alert_v2") if "drift" in made["display_name"])
    tables = ".".join(f"`{part}`" for part in monitor["output_schema_name"].split("."))
    assert tables in drift["query_text"]
    assert "metrics" not in monitor["output_schema_name"]


def test_the_platform_owns_what_projects_share_once(large: dict[str, Any]) -> None:
    platform = large["prod-azure-weu-platform"]

    assert [p["name"] for p in resources(platform, "databricks_cluster_policy")] == ["prod-azure-weu-gpu"]
    assert [w["name"] for w in resources(platform, "databricks_sql_endpoint")] == ["prod-azure-weu-shared"]
    for name, stack in large.items():
        if name not in ("manifest", "prod-azure-weu-platform"):
            assert not resources(stack, "databricks_sql_endpoint")


def test_the_local_workspace_has_no_machines_so_every_task_is_serverless(synthesise: Any) -> None:
    stacks = synthesise({"compute": {"warehouses": {"shared": {"ownership": "create"}}}}, LARGE)
    jobs = {j["name"]: j for j in resources(stacks["local-flight-delays"], "databricks_job")}
    job = jobs["local-flight-delays-finetune"]

    assert "job_cluster" not in job
    assert {t["task_key"]: t.get("environment_key") for t in job["task"]} == {
        "prepare": "default",
        "finetune": "default",
        "then": None,
    }


def test_a_cluster_without_machines_says_where_to_name_them(synthesise: Any, prod_settings: dict[str, Any]) -> None:
    project = {"deployment": {"jobs": {"finetune": FINETUNE}}}

    with pytest.raises(CannotBuildStacks, match=r"jobs\.finetune\.clusters\.gpus.*compute\.gpu_node_types"):
        synthesise(prod_settings, project)


@pytest.mark.parametrize(
    ("deployment", "told"),
    [
        ({"tables": {"gold.t": {"columns": {"a": {"type": "INT"}}}}}, r"name one in compute\.warehouses of environm"),
        (
            {"jobs": {"a": {"tasks": [{"key": "n", "notebook": {"path": "none.py"}}]}}},
            r"projects/flight_delays/none\.py is not there",
        ),
        (
            {"jobs": {"a": {"tasks": [{"key": "n", "notebook": {"path": "../../x.py"}}]}}},
            "is not in projects/flight_delays",
        ),
        (
            {
                "jobs": {
                    "a": {"tasks": [{"key": "b", "run_job": {"job": "b"}}]},
                    "b": {"tasks": [{"key": "a", "run_job": {"job": "a"}}]},
                }
            },
            "run each other in a circle",
        ),
    ],
)
def test_what_cannot_be_deployed_is_said_with_its_fix(
    synthesise: Any, prod_settings: dict[str, Any], deployment: dict[str, Any], told: str
) -> None:
    with pytest.raises(CannotBuildStacks, match=told):
        synthesise(prod_settings | {"compute": None}, {"deployment": deployment})


def test_a_sandbox_is_a_copy_of_the_project_that_meets_nobody_elses(synthesise: Any) -> None:
    shared = synthesise()
    mine = synthesise(sandbox=SANDBOX)

    assert set(mine) - {"manifest"} == {"local-flight-delays-ada-l", "local-flight-delays-ada-l-serving"}
    stack = mine["local-flight-delays-ada-l"]
    (schema,) = resources(stack, "databricks_schema")
    (model,) = resources(stack, "databricks_registered_model")
    (job,) = resources(stack, "databricks_job")
    assert schema["name"] == "ada_l_flight_delays"
    assert model["schema_name"] == "ada_l_flight_delays"
    assert {t["tags"]["expires"] for t in [job]} == {"2027-01-31"}
    assert job["tags"]["owner"] == "ada@example.com"
    parameters = next(t["python_wheel_task"]["parameters"] for t in job["task"] if t["task_key"] == "train")
    assert parameters[parameters.index("--sandbox-schema") + 1] == "ada_l_flight_delays"
    assert parameters[parameters.index("--model") + 1] == "local.ada_l_flight_delays.flight_delays"
    (experiment,) = resources(stack, "databricks_mlflow_experiment")
    assert model["depends_on"][0].startswith("databricks_schema.")
    assert experiment["depends_on"][0].startswith("databricks_directory.")
    for file in resources(stack, "databricks_file"):  # destroyed before the grant by which an administrator deletes it
        kinds = [each.partition(".artifacts_")[0] for each in file["depends_on"]]
        assert kinds == ["databricks_volume", "databricks_grants"]
    grants = [grant for each in resources(stack, "databricks_grants") for grant in each["grant"]]
    assert "ada@example.com" in {grant["principal"] for grant in grants}
    # What is over is removed by who looks after the platform, who needs the files for it and nothing else.
    of_administrator = [grant["privileges"] for grant in grants if grant["principal"] == "admin@brickyard.local"]
    assert of_administrator == [["READ_VOLUME", "WRITE_VOLUME"]]
    for kind in ("databricks_job", "databricks_mlflow_experiment", "databricks_file"):
        mine_names = {r.get("name") or r.get("path") for r in resources(stack, kind)}
        others = {r.get("name") or r.get("path") for r in resources(shared["local-flight-delays"], kind)}
        assert not mine_names & others
    backend = stack["terraform"]["backend"]["local"]["path"]
    assert backend.endswith("/local-flight-delays-ada-l.tfstate")


def test_nothing_of_a_sandbox_starts_by_itself_or_refuses_to_be_deleted(
    synthesise: Any, prod_settings: dict[str, Any]
) -> None:
    project = {"deployment": {"job": {"schedule": {"quartz_cron": "0 0 6 * * ?"}}}}
    dev = prod_settings | {"name": "dev", "stage": "dev", "schedules": "running"}

    stack = synthesise(dev, project, sandbox=SANDBOX)["dev-flight-delays-ada-l"]

    (job,) = resources(stack, "databricks_job")
    assert job["schedule"]["pause_status"] == "PAUSED"
    assert "prevent_destroy" not in json.dumps(stack)
