"""References of a request from an online store, whole: published by a task, asked by an endpoint, refreshed between.

The steps run as tasks of a job, as they are deployed; Postgres, its front, tokens and grants are the workspace's.
"""

import base64
import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service import compute, jobs
from databricks.sdk.service.database import DatabaseInstance
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput
from databricks.sdk.service.workspace import ImportFormat

from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).parents[2]
FOLDERS = [str(ROOT / part) for part in ("pipelines", "projects/flight_delays")]
MINUTES = timedelta(minutes=5)
pytestmark = pytest.mark.slow

CODE = """
import logging, sys
sys.path[:0] = {folders!r}
logging.basicConfig()
logging.getLogger("brickyard_pipelines").setLevel(logging.INFO)
from dataclasses import replace
import mlflow, pandas as pd
from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.features.serving import packed_reference
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.registry import models
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps.publish_online import publish_online
from brickyard_pipelines.ml.training.libraries import Library
from brickyard_pipelines.ml.training.packing import Trained

catalog, store, what = sys.argv[1:]
shipped = load_project("flight_delays")
features = shipped.workflow.features
planes = replace(features.request.references["planes"], store="online")
request = replace(features.request, references={{"planes": planes}})
project = replace(shipped, workflow=replace(shipped.workflow, features=replace(features, request=request)))
settings = StepSettings(
    project="flight_delays", catalog=catalog, online_store=store, model=f"{{catalog}}.models.m",
    experiment=f"/Shared/{{catalog}}", endpoint="none",
)

class Seats(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["aircraft_seats"].fillna(0) / 1000).to_numpy()

def rows(values):
    listed = ", ".join(f"('{{tail}}', {{built}}, {{seats}})" for tail, built, seats in values)
    return f"SELECT * FROM VALUES {{listed}} AS t(tail_number, built_year, seats)"

spark, table = session(), f"`{{catalog}}`.silver.planes"
if what == "first":
    spark.sql(f"CREATE TABLE {{table}} (tail_number STRING NOT NULL, built_year INT, seats INT) USING DELTA")
    spark.sql(f"INSERT INTO {{table}} " + rows([("N1", 1999, 149), ("N2", "NULL", 20)]))
    publish_online(settings, project)
    publish_online(settings, project)  # once more: nothing to do
    example = pd.DataFrame({{f.name: ["x" if f.type == "string" else 1.0] for f in models.refer(features.columns)}})
    trained = Trained(model=Seats(), library=Library(flavor="pyfunc", wrapped=False), function="t:t",
                      packed=packed_reference(settings, project))
    mlflow.set_experiment(settings.experiment)
    with mlflow.start_run():
        models.log_and_register(trained, example, settings, project, lambda *_: {{}})
elif what == "newer":
    spark.sql(f"UPDATE {{table}} SET seats = 200 WHERE tail_number = 'N1'")
    publish_online(settings, project)
else:
    spark.sql(f"INSERT INTO {{table}} " + rows([("N1", 1, 1)]))
    try:
        publish_online(settings, project)
    except PipelineError as error:
        print(f"{{type(error).__name__}}: {{error}}")
"""


class Online:
    """A catalog and a store of a test's own, and the steps on them."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self.client: WorkspaceClient = workspace.client()
        mark = secrets.token_hex(4)
        self.catalog, self.store, self.endpoint = f"online_{mark}", f"store-{mark}", f"seats-{mark}"
        self.client.catalogs.create(self.catalog)
        for schema in ("silver", "features", "models"):
            self.client.schemas.create(schema, self.catalog)
        self.client.registered_models.create(catalog_name=self.catalog, schema_name="models", name="m")
        self.client.database.create_database_instance_and_wait(DatabaseInstance(name=self.store, capacity="CU_1"))
        self.file = f"/Shared/{mark}.py"
        self.client.workspace.mkdirs("/Shared")
        content = base64.b64encode(CODE.format(folders=FOLDERS).encode()).decode()
        self.client.workspace.import_(self.file, content=content, format=ImportFormat.AUTO)

    def run(self, what: str) -> str:
        """The log of the task."""
        script = jobs.SparkPythonTask(python_file=self.file, parameters=[self.catalog, self.store, what])
        task = jobs.SubmitTask(task_key="step", spark_python_task=script, environment_key="default")
        given = jobs.JobEnvironment(environment_key="default", spec=compute.Environment(environment_version="4"))
        run = self.client.jobs.submit(tasks=[task], environments=[given]).result(timeout=MINUTES)
        assert run.tasks is not None
        return str(self.client.jobs.get_run_output(int(run.tasks[0].run_id or 0)).logs)

    def serve(self) -> None:
        entity = ServedEntityInput(
            entity_name=f"{self.catalog}.models.m",
            entity_version="1",
            workload_size="Small",
            scale_to_zero_enabled=True,
        )
        config = EndpointCoreConfigInput(name=self.endpoint, served_entities=[entity])
        self.client.serving_endpoints.create_and_wait(self.endpoint, config=config, timeout=MINUTES)

    def seats(self, *tails: str | None) -> list[float]:
        """What the endpoint answers, as seats."""
        known = {"carrier": "UA", "origin": "EWR", "destination": "ORD", "distance_mi": 700.0, "day_of_week": 1.0}
        known |= {"scheduled_departure_minute": 600.0, "scheduled_arrival_minute": 700.0, "flight_year": 2013.0}
        records = [known | {"tail_number": tail} for tail in tails]
        answer: Any = self.client.serving_endpoints.query(self.endpoint, dataframe_records=records).predictions
        return [
            round(float(value if not isinstance(value, dict) else next(iter(value.values()))) * 1000)
            for value in answer
        ]


@pytest.fixture(scope="module")
def online(local_workspace: LocalWorkspace) -> Online:
    made = Online(local_workspace)
    made.run("first")
    made.serve()
    return made


def test_a_request_is_filled_in_from_the_store_and_by_what_is_newest_there(online: Online) -> None:
    assert online.seats("N1", "N2", "N9", None) == [149, 20, 0, 0]
    said = online.run("newer")
    assert f"{online.catalog}.features.planes_online holds version" in said
    assert "2 rows read back" in said
    assert online.seats("N1", "N2") == [200, 20]
    log = online.run("broken")
    assert "NotPublished" in log
    assert "What it held before is still served." in log
    assert online.seats("N1") == [200]


def test_the_registered_version_says_which_store_it_reads_and_holds_no_row_of_it(online: Online) -> None:
    import mlflow

    mlflow.set_registry_uri("databricks-uc")
    folder = f"/Models/{online.catalog}/models/m/1"
    mlmodel = online.client.files.download(f"{folder}/MLmodel").contents
    assert mlmodel is not None
    assert f"name: {online.store}" in mlmodel.read().decode()
    request = online.client.files.download(f"{folder}/request/request.json").contents
    assert request is not None
    kept = json.loads(request.read())
    assert kept["online_store"] == online.store
    assert kept["references"]["planes"]["online"] == f"{online.catalog}.features.planes_online"
    with pytest.raises(DatabricksError):
        online.client.files.download(f"{folder}/request/planes.csv")
