"""All that a task of the Spark tests imports: once, by the process that the tasks are forked from."""

from brickyard_local.runtime import lazy_spark

lazy_spark.install([])

import mlflow.pyfunc  # noqa: E402, F401
import pandas as pd  # noqa: E402, F401
import pyspark.sql.connect.session  # noqa: E402, F401
from pyspark.sql import functions  # noqa: E402, F401

from brickyard_pipelines.ml.inference import table, unpacking  # noqa: E402, F401
from brickyard_pipelines.ml.steps import (  # noqa: E402, F401
    batch_inference,
    features,
    join_labels,
    streaming_inference,
    unpack_payloads,
)
