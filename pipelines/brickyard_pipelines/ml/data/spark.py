"""The Spark session of a step, and project code that travels to its workers."""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


_CALLED_ON_WORKERS = ("brickyard_pipelines.ml.features.as_of",)


def session() -> "SparkSession":
    """The session that the runtime gives: serverless, a cluster, or the local workspace through SPARK_REMOTE."""
    from pyspark.sql import SparkSession  # steps that need no Spark do not pay for its import

    spark: SparkSession = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return spark


def ship(package: str) -> None:
    """Send the functions of `package`, and those of ours that they call there, to Spark's workers by value.

    So a worker runs the code of this very task, whatever another wheel left on its path.
    """
    from pyspark import cloudpickle

    register: Callable[[ModuleType], None] = cloudpickle.register_pickle_by_value
    for name in (package, *_CALLED_ON_WORKERS):
        register(importlib.import_module(name))
