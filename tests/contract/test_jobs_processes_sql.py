"""SQL tasks: queries and files, run by a warehouse in the name of the run."""

import contextlib
import io
import secrets
from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, OperationFailed
from databricks.sdk.service.jobs import Run
from databricks.sdk.service.sql import CreateQueryRequestQuery, QueryParameter, TextValue
from databricks.sdk.service.workspace import ImportFormat


def ended(client: WorkspaceClient, *tasks: dict[str, Any], **settings: Any) -> Run:
    body = {
        "name": "sql",
        "tasks": [{"task_key": f"t{number}", **task} for number, task in enumerate(tasks)],
        **settings,
    }
    job = int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])
    waiter = client.jobs.run_now(job)
    with contextlib.suppress(OperationFailed):
        waiter.result(timeout=timedelta(minutes=3))
    return client.jobs.get_run(waiter.run_id)


@pytest.mark.slow
def test_a_query_and_a_file_of_statements_run_on_a_warehouse_with_the_jobs_parameters(client: WorkspaceClient) -> None:
    warehouse = str(client.warehouses.create(name=f"w-{secrets.token_hex(4)}", cluster_size="2X-Small").response.id)
    catalog = f"sql_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("s", catalog)
    path = f"/Shared/{catalog}.sql"
    text = f"CREATE TABLE {catalog}.s.t (a STRING);\nINSERT INTO {catalog}.s.t VALUES (:stage); -- two; of them\n"
    client.workspace.upload(path, io.BytesIO(text.encode()), format=ImportFormat.RAW)
    query = client.queries.create(
        query=CreateQueryRequestQuery(
            display_name=catalog,
            warehouse_id=warehouse,
            query_text=f"SELECT a, :own AS own FROM {catalog}.s.t",  # noqa: S608 - names of this test
            parameters=[QueryParameter(name="own", text_value=TextValue(value="kept"))],
        )
    )
    run = ended(
        client,
        {"sql_task": {"warehouse_id": warehouse, "file": {"path": path}}},
        {
            "sql_task": {"warehouse_id": warehouse, "query": {"query_id": query.id}},
            "depends_on": [{"task_key": "t0"}],
        },
        {
            "sql_task": {"warehouse_id": warehouse, "query": {"query_id": query.id}, "parameters": {"own": "changed"}},
            "depends_on": [{"task_key": "t1"}],
        },
        parameters=[{"name": "stage", "default": "from the job"}],
    )
    outputs = [client.jobs.get_run_output(task.run_id) for task in run.tasks]
    assert [output.error for output in outputs] == [None, None, None], outputs[0].error_trace
    assert len(outputs[0].sql_output.query_output.sql_statements) == 2
    assert outputs[0].sql_output.query_output.warehouse_id == warehouse
    assert "from the job\tkept" in outputs[1].logs
    assert "from the job\tchanged" in outputs[2].logs
    failed = ended(client, {"sql_task": {"warehouse_id": warehouse, "file": {"path": path}}})
    output = client.jobs.get_run_output(failed.tasks[0].run_id)
    assert "already exists" in output.error.lower()
    assert f"CREATE TABLE {catalog}.s.t" in output.error


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"query": {"query_id": "1"}}, "needs a 'warehouse_id'"),
        ({"warehouse_id": "1"}, "exactly one of query, file"),
        ({"warehouse_id": "1", "dashboard": {"dashboard_id": "1"}}, "'dashboard' of the sql_task"),
        ({"warehouse_id": "1", "file": {"path": "x.sql"}}, "must be absolute"),
        ({"warehouse_id": "1", "file": {"path": "/x.sql", "source": "GIT"}}, "source 'GIT'"),
    ],
)
def test_what_a_sql_task_cannot_be_is_refused_when_the_job_is_saved(
    client: WorkspaceClient, task: dict[str, Any], said: str
) -> None:
    with pytest.raises(DatabricksError, match=said):
        ended(client, {"sql_task": task})
