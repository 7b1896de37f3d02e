"""What task processes are given: the code of their run, packages from an index, secrets that no log shows."""

import contextlib
import io
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import Run

MINUTE = timedelta(minutes=1)


def ended(client: WorkspaceClient, run_id: int) -> Run:
    with contextlib.suppress(OperationFailed):
        client.jobs.wait_get_run_job_terminated_or_skipped(run_id, timeout=MINUTE)
    return client.jobs.get_run(run_id)


def logs(client: WorkspaceClient, run: Run) -> list[str]:
    return [client.jobs.get_run_output(task.run_id).logs or "" for task in run.tasks]


WAITS = {
    "tiny": """
    import pathlib, sys, time
    VERSION = 1
    def wait():
        print("waits", flush=True)
        while not pathlib.Path(sys.argv[1]).exists():
            time.sleep(0.05)
    def after():
        print("version", VERSION)
    """
}


def test_running_and_queued_runs_keep_their_wheel_when_a_deployment_deletes_it(
    client: WorkspaceClient, wheels: Any, job_builder: Any, tmp_path: Path
) -> None:
    wheel, gate = wheels.upload(WAITS), tmp_path / "gate"
    tasks = [
        job_builder.wheel_task("wait", wheel={"parameters": [str(gate)]}),
        job_builder.wheel_task("after", after=("wait",)),
    ]
    job = job_builder.create(client, tasks, wheel, queue={"enabled": True})
    running, queued = client.jobs.run_now(job).run_id, client.jobs.run_now(job).run_id
    client.files.delete(wheel)
    late = client.jobs.run_now(job).run_id
    gate.touch()
    assert logs(client, ended(client, running)) == ["waits\n", "version 1\n"]
    assert logs(client, ended(client, queued)) == ["waits\n", "version 1\n"]
    lost = ended(client, late)
    assert lost.tasks[0].status.termination_details.code.value == "LIBRARY_INSTALLATION_ERROR"
    assert "does not exist" in lost.tasks[0].state.state_message


def test_secrets_of_a_clusters_variables_are_in_no_log(client: WorkspaceClient, wheels: Any, job_builder: Any) -> None:
    scope = f"scope-{secrets.token_hex(4)}"
    client.secrets.create_scope(scope)
    client.secrets.put_secret(scope, "word", string_value="rumpelstiltskin")
    code = """
    import os
    def main():
        print(os.environ["PLAIN"], len(os.environ["WORD"]), os.environ["WORD"])
        raise ValueError(os.environ["WORD"])
    """
    wheel = wheels.upload({"tiny": code})
    cluster = {
        "spark_version": "17.3.x-scala2.13",
        "num_workers": 1,
        "node_type_id": client.clusters.list_node_types().node_types[0].node_type_id,
        "spark_env_vars": {"WORD": f"{{{{secrets/{scope}/word}}}}", "PLAIN": "seen"},
    }
    task = job_builder.wheel_task("main", new_cluster=cluster, libraries=[{"whl": wheel}])
    task.pop("environment_key")
    run = ended(client, client.jobs.run_now(job_builder.create(client, [task])).run_id)
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.logs.startswith("seen 15 [hidden]\n")
    assert output.error == "ValueError: [hidden]"
    assert "rumpelstiltskin" not in str(output.as_dict())


def test_requirements_are_installed_with_what_they_require_and_kept(indexed: Any, job_builder: Any) -> None:
    client = indexed.client
    indexed.provide("outer_package", requires=("inner_package", "pandas"))
    indexed.provide("inner_package")
    listed = f"{indexed.wheels.volume}/requirements.txt"
    client.files.upload(listed, io.BytesIO(b"# needed\nouter_package==1.0\n"))
    code = "import outer_package, inner_package\ndef main(): print(outer_package.NAME, inner_package.NAME)\n"
    wheel = indexed.wheels.upload({"tiny": code})
    first = job_builder.create(client, [job_builder.wheel_task("main")], wheel, "outer_package>=1")
    run = ended(client, client.jobs.run_now(first).run_id)
    assert logs(client, run)[0].endswith("outer_package inner_package\n")
    second = job_builder.create(client, [job_builder.wheel_task("main")], wheel, f"-r {listed}")
    assert logs(client, ended(client, client.jobs.run_now(second).run_id))[0].endswith("outer_package inner_package\n")
    for file in indexed.folder.iterdir():
        file.unlink()
    again = ended(client, client.jobs.run_now(first).run_id)
    assert logs(client, again) == ["outer_package inner_package\n"], "installed once: the index is not asked again"


def test_what_the_index_does_not_have_fails_the_task_with_pips_words(indexed: Any, job_builder: Any) -> None:
    client = indexed.client
    wheel = indexed.wheels.upload({"tiny": "def main(): print('never')\n"}, requires=("no_such_package>=2",))
    job = job_builder.create(client, [job_builder.wheel_task("main")], wheel)
    run = ended(client, client.jobs.run_now(job).run_id)
    said = run.tasks[0].state.state_message
    assert run.tasks[0].status.termination_details.code.value == "LIBRARY_INSTALLATION_ERROR"
    assert "tiny 1.0 requires 'no_such_package>=2', and no_such_package is not installed" in said
    assert "No matching distribution found for no_such_package>=2" in said
    assert "never" not in logs(client, run)[0]
