"""Tasks that use Spark: started by the first session, acting for the run's principal."""

import contextlib
import io
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import Run
from databricks.sdk.service.workspace import ImportFormat

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.pytest_plugin import LocalWorkspace

MINUTES = timedelta(minutes=5)
CODE = {
    "tripling": """
    FACTOR = 3
    def tripled(frame):
        return frame.assign(id=frame["id"] * FACTOR)
    """,
    "tiny": """
    import sys, time
    begin = time.monotonic()
    from pyspark.sql import SparkSession, functions as F
    ONE = F.lit(1)
    def write():
        spark = SparkSession.builder.getOrCreate()
        print(f"session after {time.monotonic() - begin:.1f} s")
        spark.range(3).withColumn("one", ONE).write.saveAsTable(sys.argv[1])
    def read():
        spark = SparkSession.builder.getOrCreate()
        print("sum", spark.table(sys.argv[1]).agg(F.sum("id")).first()[0])
    def workers():
        from tripling import tripled
        spark = SparkSession.builder.getOrCreate()
        frame = spark.range(3).groupBy("id").applyInPandas(tripled, schema="id long")
        print("tripled", frame.agg(F.sum("id")).first()[0])
    def quiet(): print("no session")
    """,
}


SCORES = {
    "tiny": """
    import mlflow, pandas as pd
    from sklearn.linear_model import LinearRegression
    def train(name):
        from mlflow.models import infer_signature
        mlflow.set_experiment("/Shared/" + name)
        frame = pd.DataFrame({"x": [1.0, 2.0]})
        model = LinearRegression().fit(frame, [1.0, 2.0])
        signature = infer_signature(frame, model.predict(frame))
        with mlflow.start_run():
            mlflow.sklearn.log_model(model, name="m", signature=signature, registered_model_name=name)
    def main():
        import sys
        from pyspark.sql import SparkSession
        train(sys.argv[1])
        spark = SparkSession.builder.getOrCreate()
        uri = f"models:/{sys.argv[1]}/1"
        predict = mlflow.pyfunc.spark_udf(spark, uri, result_type="double", env_manager="local")
        rows = spark.range(3).selectExpr("cast(id as double) x").withColumn("y", predict("x"))
        print("scored", rows.toPandas()["y"].round(3).tolist())
    """
}


def ended(client: WorkspaceClient, job: int) -> Run:
    waiter = client.jobs.run_now(job)
    with contextlib.suppress(OperationFailed):
        waiter.result(timeout=MINUTES)
    return client.jobs.get_run(waiter.run_id)


def said(client: WorkspaceClient, run: Run) -> dict[str, Any]:
    outputs = {task.task_key: client.jobs.get_run_output(task.run_id) for task in run.tasks}
    return {key: (output.logs or "", output.error) for key, output in outputs.items()}


@pytest.mark.slow
def test_tasks_share_one_spark_and_write_tables_of_the_workspace(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    catalog = f"spark_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("lake", catalog)
    table = f"{catalog}.lake.numbers"
    parameters = {"parameters": [table]}
    tasks = [
        job_builder.wheel_task("write", wheel=parameters),
        job_builder.wheel_task("read", after=("write",), wheel=parameters),
        job_builder.wheel_task("workers", after=("read",)),
    ]
    run = ended(client, job_builder.create(client, tasks, wheels.upload(CODE)))
    found = said(client, run)
    assert found["write"][1] is None, found
    assert found["read"][0].strip().endswith("sum 3"), found
    assert found["workers"][0].strip().endswith("tripled 9"), found
    assert client.tables.get(table).owner == client.current_user.me().user_name


@pytest.mark.slow
def test_a_task_logs_a_model_and_scores_with_it_in_sparks_workers(
    client: WorkspaceClient, wheels: Any, job_builder: Any
) -> None:
    catalog = f"scores_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("ml", catalog)
    task = job_builder.wheel_task("main", wheel={"parameters": [f"{catalog}.ml.line"]})
    run = ended(client, job_builder.create(client, [task], wheels.upload(SCORES)))
    log, error = said(client, run)["main"]
    assert error is None, log
    assert "scored [0.0, 1.0, 2.0]" in log


def test_a_spark_that_cannot_start_fails_the_session_at_once_with_its_reason(
    tmp_path: Path, job_builder: Any, make_wheels: Any
) -> None:
    jars = tmp_path / "cache" / "jars"
    jars.parent.mkdir()
    jars.write_text("a file where the jars should lie")
    home = Home(root=tmp_path / "home", cache=tmp_path / "cache")
    info = process.start(home, (WorkspaceSpec(name="local"),))
    try:
        workspace = LocalWorkspace(home=home, hosts=dict(info.hosts), token=home.token_file.read_text().strip())
        client = workspace.client()
        tasks = [job_builder.wheel_task("quiet"), job_builder.wheel_task("read", wheel={"parameters": ["t"]})]
        run = ended(client, job_builder.create(client, tasks, make_wheels(workspace).upload(CODE)))
        found = said(client, run)
    finally:
        process.stop(home)
    assert found["quiet"] == ("no session\n", None)
    assert "SparkUnavailable: Spark is not available" in found["read"][1], found


NOTEBOOK = """# Databricks notebook source
before = "spark" in globals()
frame = spark.range(3).withColumnRenamed("id", "n")
frame.write.saveAsTable(dbutils.widgets.get("table"))

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE OR REPLACE TEMP VIEW doubled AS SELECT 2 * n AS twice FROM range(3) AS t(n); -- two; statements
# MAGIC SELECT max(twice) + :more AS highest FROM doubled

# COMMAND ----------

highest = _sqldf.first()["highest"]
display(frame.toPandas())
dbutils.notebook.exit(f"{before} {highest} {sql('SELECT 1').count()} {table(dbutils.widgets.get('table')).count()}")
"""


@pytest.mark.slow
def test_a_notebook_opens_spark_when_a_cell_names_it_and_runs_sql(client: WorkspaceClient) -> None:
    catalog = f"nb_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("lake", catalog)
    path = f"/Shared/spark-{secrets.token_hex(4)}"
    client.workspace.upload(f"{path}.py", io.BytesIO(NOTEBOOK.encode()), format=ImportFormat.AUTO)
    parameters = {"table": f"{catalog}.lake.numbers", "more": "10"}
    tasks = [{"task_key": "nb", "notebook_task": {"notebook_path": path, "base_parameters": parameters}}]
    body = {"name": "spark notebook", "tasks": tasks}
    run = ended(client, int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"]))
    output = client.jobs.get_run_output(run.tasks[0].run_id)
    assert output.error is None, output.error_trace
    assert output.notebook_output.result == "True 14 1 3"
    assert "highest" in output.logs
