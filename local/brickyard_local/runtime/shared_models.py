"""`mlflow.pyfunc.spark_udf` of a task: the model is fetched once, by the task, and Spark's workers read that copy.

Over Spark Connect, mlflow has each Python worker fetch the model itself. Here the workers serve the tasks of all
principals and hold nobody's token. They do share the machine with the task, as driver and workers share a folder on
Databricks clusters.
Source: mlflow.pyfunc.spark_udf (`is_spark_connect and not should_spark_connect_use_nfs`)
"""

import functools
import inspect
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from brickyard_local.runtime.import_hooks import after_import

FOLDER = "models"
_REMOTE = ("models:/", "runs:/", "dbfs:/", "mlflow-artifacts:/")


def install(task_folder: Path) -> None:
    """Watch for the import of mlflow.pyfunc."""
    after_import("mlflow.pyfunc", functools.partial(_change, task_folder / FOLDER))


def _change(folder: Path, pyfunc: ModuleType) -> None:
    original = pyfunc.spark_udf
    signature = inspect.signature(original)

    @functools.wraps(original)
    def spark_udf(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        if str(bound.arguments["model_uri"]).startswith(_REMOTE):
            bound.arguments["model_uri"] = _fetched(folder, bound.arguments["model_uri"])
        return original(*bound.args, **bound.kwargs)

    pyfunc.spark_udf = spark_udf  # type: ignore[attr-defined]


def _fetched(folder: Path, model_uri: str) -> str:
    from mlflow import artifacts

    folder.mkdir(exist_ok=True)
    return str(artifacts.download_artifacts(artifact_uri=model_uri, dst_path=tempfile.mkdtemp(dir=folder)))
