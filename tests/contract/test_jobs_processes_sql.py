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
from databricks.sdk.service.sql import (
    Aggregation,
    AlertV2,
    AlertV2Evaluation,
    AlertV2Operand,
    AlertV2OperandColumn,
    AlertV2OperandValue,
    ComparisonOperator,
    CreateQueryRequestQuery,
    CronSchedule,
    QueryParameter,
    TextValue,
)
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
def test_queries_files_of_statements_and_alerts_run_on_a_warehouse(client: WorkspaceClient) -> None:
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
    alert = client.alerts_v2.create_alert(
        AlertV2(
            display_name=catalog,
            query_text="SELECT 5 AS five",
            warehouse_id=warehouse,
            schedule=CronSchedule(quartz_cron_schedule="0 0 0 1 1 ?", timezone_id="UTC"),
            evaluation=AlertV2Evaluation(
                source=AlertV2OperandColumn(name="five", aggregation=Aggregation.MAX),
                comparison_operator=ComparisonOperator.GREATER_THAN,
                threshold=AlertV2Operand(value=AlertV2OperandValue(double_value=4)),
            ),
        )
    )
    evaluated = ended(client, {"sql_task": {"warehouse_id": warehouse, "alert": {"alert_id": alert.id}}})
    found = client.jobs.get_run_output(evaluated.tasks[0].run_id)
    assert found.sql_output.alert_output.alert_state.value == "TRIGGERED", found.error
    assert client.alerts_v2.get_alert(alert.id).evaluation.state.value == "TRIGGERED"
    failed = ended(client, {"sql_task": {"warehouse_id": warehouse, "file": {"path": path}}})
    output = client.jobs.get_run_output(failed.tasks[0].run_id)
    assert "already exists" in output.error.lower()
    assert f"CREATE TABLE {catalog}.s.t" in output.error


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"query": {"query_id": "1"}}, "needs a 'warehouse_id'"),
        ({"warehouse_id": "1"}, "exactly one of query, file, alert"),
        ({"warehouse_id": "1", "dashboard": {"dashboard_id": "1"}}, "'dashboard' of the sql_task"),
        ({"warehouse_id": "1", "alert": {"alert_id": "1", "subscriptions": [{"user_name": "a"}]}}, "'subscriptions'"),
        ({"warehouse_id": "1", "alert": {}}, "exactly one of"),
        ({"warehouse_id": "1", "file": {"path": "x.sql"}}, "must be absolute"),
        ({"warehouse_id": "1", "file": {"path": "/x.sql", "source": "GIT"}}, "source 'GIT'"),
    ],
)
def test_what_a_sql_task_cannot_be_is_refused_when_the_job_is_saved(
    client: WorkspaceClient, task: dict[str, Any], said: str
) -> None:
    with pytest.raises(DatabricksError, match=said):
        ended(client, {"sql_task": task})
