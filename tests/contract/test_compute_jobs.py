"""Jobs on clusters: what a shared or an own cluster gives its tasks, and what its policy and its end do to them."""

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.errors import NotImplemented as NotEmulated
from databricks.sdk.service.compute import ClusterSpec, Library, State
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.jobs import JobSettings, Run
from databricks.sdk.service.workspace import AclPermission, ImportFormat, Language

VERSION = "15.4.x-scala2.12"
SHOW = """
    import os
    def show():
        import shared_by_the_cluster
        print("GREETING", os.environ["GREETING"], "MODULE", shared_by_the_cluster.NAME)
        print("LENGTH", len(os.environ["TOKEN"]), os.environ["TOKEN"])
    def wait():
        import time
        print("waiting", flush=True)
        time.sleep(120)
"""
NEW_CLUSTER = {"spark_version": VERSION, "node_type_id": "i3.xlarge", "num_workers": 1}


@pytest.fixture
def secret(client: WorkspaceClient) -> tuple[str, str]:
    """A scope with the secret `token`, and its value."""
    scope, value = f"jobs-{secrets.token_hex(4)}", secrets.token_hex(16)
    client.secrets.create_scope(scope)
    client.secrets.put_secret(scope, "token", string_value=value)
    return scope, value


def job(client: WorkspaceClient, wheel: str, entry_point: str, **where: Any) -> int:
    task = {
        "task_key": "task",
        "python_wheel_task": {"package_name": "tiny", "entry_point": entry_point},
        "libraries": [{"whl": wheel}],
        **where,
    }
    body = {"name": "on a cluster", "tasks": [task], "max_concurrent_runs": 2}
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])  # type: ignore[index]


def show_wheel(wheels: Any) -> str:
    return str(wheels.upload({"tiny": SHOW}, scripts={"show": "tiny:show", "wait": "tiny:wait"}))


def logs(client: WorkspaceClient, run: Run) -> str:
    task = (run.tasks or [])[0]
    return str(client.jobs.get_run_output(int(task.run_id or 0)).logs)


def test_a_shared_cluster_starts_for_a_job_and_gives_it_variables_secrets_and_libraries(
    client: WorkspaceClient, wheels: Any, secret: tuple[str, str]
) -> None:
    scope, value = secret
    cluster = client.clusters.create(
        VERSION,
        node_type_id="i3.xlarge",
        num_workers=1,
        spark_env_vars={"GREETING": "hello", "TOKEN": f"{{{{secrets/{scope}/token}}}}"},
    ).result()
    cluster_id = str(cluster.cluster_id)
    library = wheels.upload({"shared_by_the_cluster": "NAME = 'cluster'"}, name="shared_by_the_cluster")
    client.libraries.install(cluster_id, [Library(whl=library)])
    client.clusters.delete_and_wait(cluster_id)
    job_id = job(client, show_wheel(wheels), "show", existing_cluster_id=cluster_id)

    run = client.jobs.run_now(job_id).result(timeout=timedelta(seconds=60))

    printed = logs(client, run)
    assert "GREETING hello MODULE cluster" in printed
    assert f"LENGTH {len(value)}" in printed
    assert value not in printed
    assert client.clusters.get(cluster_id).state == State.RUNNING
    client.clusters.permanent_delete(cluster_id)


def test_the_end_of_a_cluster_ends_its_tasks_and_the_run_says_so(client: WorkspaceClient, wheels: Any) -> None:
    made = client.clusters.create(VERSION, node_type_id="i3.xlarge", num_workers=1).result()
    job_id = job(client, show_wheel(wheels), "wait", existing_cluster_id=str(made.cluster_id))
    waiter = client.jobs.run_now(job_id)
    run_id = int(waiter.run_id or 0)
    while not (task := (client.jobs.get_run(run_id).tasks or [])) or "waiting" not in str(
        client.jobs.get_run_output(int(task[0].run_id or 0)).logs
    ):
        pass

    ended = client.clusters.delete_and_wait(str(made.cluster_id))

    assert ended.state == State.TERMINATED
    with pytest.raises(Exception, match=r"(?i)failed|internal"):
        waiter.result(timeout=timedelta(seconds=30))
    attempt = (client.jobs.get_run(run_id).tasks or [])[0]
    assert attempt.state is not None
    assert "cluster was terminated" in str(attempt.state.state_message)
    client.clusters.permanent_delete(str(made.cluster_id))


def test_what_a_job_cluster_may_say_is_what_a_cluster_may_say(client: WorkspaceClient) -> None:
    conf = {"spark.speculation": "true"}
    job_id = job(client, "/Volumes/a/b/c/x.whl", "show", new_cluster={**NEW_CLUSTER, "spark_conf": conf})
    (task,) = (client.jobs.get(job_id).settings or JobSettings()).tasks or []
    assert (task.new_cluster or ClusterSpec()).spark_conf == conf
    refused: list[tuple[dict[str, Any], str]] = [
        ({"spark_conf": {"spark.sql.ansi.enabled": "true"}}, "spark.sql.ansi.enabled"),
        ({"init_scripts": [{"workspace": {"destination": "/x.sh"}}]}, "init_scripts"),
        ({"docker_image": {"url": "a/b"}}, "docker_image"),
    ]
    for more, named in refused:
        with pytest.raises(NotEmulated, match=named):
            job(client, "/Volumes/a/b/c/x.whl", "show", new_cluster={**NEW_CLUSTER, **more})


def test_a_job_cluster_is_held_against_its_policy_and_given_what_it_fixes(
    client: WorkspaceClient, wheels: Any, secret: tuple[str, str]
) -> None:
    library = wheels.upload({"shared_by_the_cluster": "NAME = 'policy'"}, name="shared_by_the_cluster")
    definition = {
        "cluster_type": {"type": "fixed", "value": "job"},
        "num_workers": {"type": "range", "maxValue": 2},
        "spark_env_vars.GREETING": {"type": "fixed", "value": "of the policy"},
        "spark_env_vars.TOKEN": {"type": "fixed", "value": f"{{{{secrets/{secret[0]}/token}}}}"},
    }
    policy_id = client.cluster_policies.create(
        name=f"jobs-{secrets.token_hex(4)}", definition=json.dumps(definition), libraries=[Library(whl=library)]
    ).policy_id
    with pytest.raises(InvalidParameterValue, match="cluster_type"):
        client.clusters.create(VERSION, node_type_id="i3.xlarge", num_workers=1, policy_id=policy_id)
    with pytest.raises(InvalidParameterValue, match=r'num_workers, the value must be at most 2 \(is "3"\)'):
        job(
            client,
            "/Volumes/a/b/c/x.whl",
            "show",
            new_cluster={**NEW_CLUSTER, "num_workers": 3, "policy_id": policy_id},
        )

    job_id = job(client, show_wheel(wheels), "show", new_cluster={**NEW_CLUSTER, "policy_id": policy_id})
    run = client.jobs.run_now(job_id).result(timeout=timedelta(seconds=60))

    assert "GREETING of the policy MODULE policy" in logs(client, run)


def test_a_run_may_only_use_clusters_and_secrets_of_its_principal(
    client: WorkspaceClient, wheels: Any, secret: tuple[str, str], new_robot: Callable[[], Any]
) -> None:
    robot, scope = new_robot(), secret[0]
    made = client.clusters.create(
        VERSION,
        node_type_id="i3.xlarge",
        num_workers=1,
        spark_env_vars={"GREETING": "hello", "TOKEN": f"{{{{secrets/{scope}/token}}}}"},
    ).result()
    cluster_id = str(made.cluster_id)
    job_id = job(robot.client(), show_wheel(wheels), "show", existing_cluster_id=cluster_id)

    def failure() -> str:
        run_id = int(robot.client().jobs.run_now(job_id).run_id or 0)
        with pytest.raises(Exception, match=r"(?i)failed|internal"):
            robot.client().jobs.wait_get_run_job_terminated_or_skipped(run_id, timeout=timedelta(seconds=30))
        return str((client.jobs.get_run(run_id).tasks or [])[0].state)

    assert "CAN_ATTACH_TO" in failure()
    grant = AccessControlRequest(
        service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_ATTACH_TO
    )
    client.permissions.update("clusters", cluster_id, access_control_list=[grant])
    assert "READ permission" in failure()
    client.secrets.put_acl(scope, robot.application_id, AclPermission.READ)
    assert "READ permission" not in failure()
    client.clusters.permanent_delete(cluster_id)


def test_a_secret_stays_hidden_in_what_a_notebook_answers_and_hands_on(
    client: WorkspaceClient, secret: tuple[str, str]
) -> None:
    scope, value = secret
    source = (
        "# Databricks notebook source\nimport os\n"
        "dbutils.jobs.taskValues.set('taken', 't ' + os.environ['TOKEN'])\n"
        "dbutils.notebook.exit('took ' + os.environ['TOKEN'])\n"
    )
    path = f"/Shared/hidden-{secrets.token_hex(4)}"
    client.workspace.upload(f"{path}.py", source.encode(), format=ImportFormat.SOURCE, language=Language.PYTHON)
    cluster = {**NEW_CLUSTER, "spark_env_vars": {"TOKEN": f"{{{{secrets/{scope}/token}}}}"}}
    shown = {"left": "{{tasks.take.values.taken}}", "op": "EQUAL_TO", "right": "t [hidden]"}
    tasks = [
        {"task_key": "take", "notebook_task": {"notebook_path": f"{path}.py"}, "new_cluster": cluster},
        {"task_key": "given", "condition_task": shown, "depends_on": [{"task_key": "take"}]},
    ]
    body = {"name": "hides", "tasks": tasks}
    made: Any = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    started = client.jobs.run_now(made["job_id"])
    run = client.jobs.wait_get_run_job_terminated_or_skipped(int(started.run_id or 0), timeout=timedelta(seconds=30))
    take, given = run.tasks or []
    answered = client.jobs.get_run_output(int(take.run_id or 0))
    assert answered.notebook_output is not None
    assert answered.notebook_output.result == "took [hidden]"
    assert given.condition_task is not None
    assert given.condition_task.outcome == "true"
    assert value not in str(run.as_dict())


def test_a_jobs_cluster_of_one_user_is_for_whom_it_runs_as_and_not_for_who_saves_it(client: WorkspaceClient) -> None:
    robot = str(client.service_principals.create(display_name=f"robot-{secrets.token_hex(4)}").application_id)
    me = str(client.current_user.me().user_name)

    def save(user: str | None, run_as: str | None) -> object:
        one_user = {"data_security_mode": "SINGLE_USER", **({"single_user_name": user} if user else {})}
        task = {"task_key": "t", "notebook_task": {"notebook_path": "/Shared/n"}, "job_cluster_key": "c"}
        body = {
            "name": "of one user",
            "tasks": [task],
            "job_clusters": [{"job_cluster_key": "c", "new_cluster": NEW_CLUSTER | one_user}],
            **({"run_as": {"service_principal_name": run_as}} if run_as else {}),
        }
        return client.api_client.do("POST", "/api/2.2/jobs/create", body=body)

    assert save(robot, robot)
    assert save(None, robot)
    assert save(me, None)
    for user, run_as in ((me, robot), (robot, None)):
        with pytest.raises(PermissionDenied, match="may not attach to a single-user cluster"):
            save(user, run_as)
