"""Logs a version of each `catalog.schema.model@alias` that it is given, with the unmodified mlflow client."""

import sys
from typing import Any

import mlflow
import pandas as pd
from mlflow.models import infer_signature


class Adds(mlflow.pyfunc.PythonModel):
    """Predicts x + 1."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 - mlflow's own
        return (model_input["x"] + 1).tolist()


mlflow.set_tracking_uri("databricks")
mlflow.set_registry_uri("databricks-uc")
frame = pd.DataFrame({"x": [1.0]})
mlflow.set_experiment("/Shared/promoted")
for told in sys.argv[1:]:
    full_name, alias = told.split("@")
    task = {"task": "llm/v1/chat"} if full_name.endswith("llm") else {}
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=Adds(),
            signature=infer_signature(frame, [1.0]),
            registered_model_name=full_name,
            pip_requirements=[],
            metadata=task,
        )
    mlflow.MlflowClient().set_registered_model_alias(full_name, alias, logged.registered_model_version)
