"""A library that only a project brings: what Spark calls for its tasks has it, and so has what serves its model."""

from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput

MINUTES = timedelta(minutes=4)
MLMODEL = """
flavors:
  python_function: {loader_module: namer, code: code, env: {virtualenv: python_env.yaml}}
model_uuid: 0123456789abcdef
"""
LOADER = """
class Namer:
    def predict(self, data, params=None):
        import inner_package, outer_package
        return [inner_package.NAME + " in " + outer_package.NAME] * len(data)
def _load_pyfunc(path):
    import outer_package
    return Namer()
"""
TASK = """
def called():
    from pyspark.sql import SparkSession, functions
    spark = SparkSession.builder.getOrCreate()
    @functions.udf("string")
    def name(_):
        import inner_package, outer_package
        return inner_package.NAME + " in " + outer_package.NAME
    def names(frames):
        for frame in frames:
            yield frame.assign(named=name_of())
    def name_of():
        import outer_package
        return outer_package.NAME
    print([row[0] for row in spark.range(2).select(name("id")).collect()])
    print([row[1] for row in spark.range(1).mapInPandas(names, "id long, named string").collect()])
"""


def place(client: WorkspaceClient, requirements: str) -> ServedEntityInput:
    """A version made as mlflow's client makes it."""
    client.catalogs.create("needy")
    client.schemas.create("ml", "needy")
    client.registered_models.create(catalog_name="needy", schema_name="ml", name="namer")
    registry, name, folder = (
        "/api/2.0/mlflow/unity-catalog/model-versions",
        "needy.ml.namer",
        "/Models/needy/ml/namer/1",
    )
    client.api_client.do("POST", f"{registry}/create", body={"name": name, "source": "none"})
    for path, text in (("MLmodel", MLMODEL), ("requirements.txt", requirements), ("code/namer.py", LOADER)):
        client.files.create_directory(f"{folder}/{path}".rpartition("/")[0])
        headers = {"Content-Type": "text/plain"}
        client.api_client.do("PUT", f"/api/2.0/fs/files{folder}/{path}", data=text.encode(), headers=headers)
    client.api_client.do("POST", f"{registry}/finalize", body={"name": name, "version": "1"})
    return ServedEntityInput(entity_name=name, entity_version="1", workload_size="Small", scale_to_zero_enabled=True)


def test_an_endpoint_installs_what_its_model_requires_and_what_that_requires(indexed: Any) -> None:
    indexed.provide("outer_package", requires=("inner_package", "pandas"))
    indexed.provide("inner_package")
    entity = place(indexed.client, "pandas\nouter_package==1.0 # ours\nnot_meant==1; python_version < '3'\n")
    serving = indexed.client.serving_endpoints
    serving.create_and_wait("e", config=EndpointCoreConfigInput(name="e", served_entities=[entity]), timeout=MINUTES)
    answer = serving.query("e", dataframe_records=[{"x": 1}])
    assert answer.predictions == ["inner_package in outer_package"]


def test_an_endpoint_whose_model_requires_what_no_index_has_says_so(indexed: Any) -> None:
    entity = place(indexed.client, "no_such_package>=2\n")
    serving = indexed.client.serving_endpoints
    config = EndpointCoreConfigInput(name="e", served_entities=[entity])
    with pytest.raises(OperationFailed, match="UPDATE_FAILED"):
        serving.create_and_wait("e", config=config, timeout=MINUTES)
    (served,) = serving.get("e").pending_config.served_entities
    said = served.state.deployment_state_message
    assert "it requires 'no_such_package>=2', and no_such_package is not installed" in said
    assert "No matching distribution found for no_such_package>=2" in said


@pytest.mark.slow
def test_functions_that_spark_calls_import_what_the_task_was_given(indexed: Any, job_builder: Any) -> None:
    client = indexed.client
    indexed.provide("outer_package", requires=("inner_package",))
    indexed.provide("inner_package")
    wheel = indexed.wheels.upload({"tiny": TASK}, requires=("outer_package",))
    job = job_builder.create(client, [job_builder.wheel_task("called")], wheel)
    run = client.jobs.run_now(job).result(timeout=MINUTES)
    said = client.jobs.get_run_output(run.tasks[0].run_id).logs
    assert said is not None
    assert said.endswith("['inner_package in outer_package', 'inner_package in outer_package']\n['outer_package']\n")
