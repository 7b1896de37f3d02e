"""Rows of features into rows of the inference table, where the rows are: SQL around the model as a function.

The model is loaded once per partition by Spark's Python workers (`mlflow.pyfunc.spark_udf`, an iterator of batches), on
any compute. As a named function of the session it can be used in a batch and in each micro-batch of a stream alike.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import BrokenContract
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.tables import quoted
from brickyard_pipelines.ml.inference import table as inference_table
from brickyard_pipelines.ml.inference.champion import Champion
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)

# A task has one core; OpenMP would start a thread per core of the machine in every one of them.
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorer:
    """A version as a function of the Spark session, and the columns that it takes."""

    champion: Champion
    function: str
    inputs: tuple[str, ...]


def ready(spark: "SparkSession", chosen: Champion, inputs: Sequence[str]) -> Scorer:
    """Make the version a function of this session and of its streams.

    `inputs` are of `champion.inputs`, which loads it once before, so that a broken one has written nothing.
    """
    import mlflow.pyfunc  # seconds of imports that tests do not need

    uri = f"models:/{chosen.model}/{chosen.version}"
    predict = mlflow.pyfunc.spark_udf(spark, uri, result_type="double", env_manager="local", extra_env=_ONE_THREAD)
    function = f"score_with_version_{chosen.version}"
    spark.udf.register(function, predict)
    return Scorer(champion=chosen, function=function, inputs=tuple(inputs))


def select(settings: StepSettings, project: Project, scorer: Scorer, *, rows: str, source: str) -> str:
    """The SQL that scores the rows of the view `rows`: the columns of the inference table, in order.

    A prediction that is missing or not finite fails the whole write, naming its row.
    """
    definition, label = project.workflow.features, project.workflow.labels.column
    features = ", ".join(f"`{column.name}`" for column in refer(definition.columns))
    taken = ", ".join(f"'{name}', `{name}`" for name in scorer.inputs)
    run = "CAST(NULL AS string)" if settings.job_run_id is None else quoted(settings.job_run_id)
    known = scorer.champion
    return (
        f"SELECT {inference_table.request_id(definition.key)} AS request_id, model_name, model_version, scored_at,"  # noqa: S608 - names come from project.yaml, never from rows
        f" source, job_run_id, features_hash, `{definition.key}`, `{definition.time_key}`, {features},"
        f" {_refusing(known, definition.key)} AS prediction,"
        f" CAST(NULL AS int) AS `{label}`, CAST(NULL AS timestamp) AS label_known_at"
        f" FROM (SELECT {quoted(known.model)} AS model_name, {quoted(known.version)} AS model_version,"
        f" current_timestamp() AS scored_at, {quoted(source)} AS source, {run} AS job_run_id,"
        f" {inference_table.features_hash(project)} AS features_hash, `{definition.key}`, `{definition.time_key}`,"
        f" {features}, {scorer.function}(named_struct({taken})) AS answered FROM {rows})"
    )


def check_columns(table: str, found: dict[str, str], project: Project) -> None:
    """The rows to score have what the project promises; what they have besides is left out, and said.

    Errors: BrokenContract naming every column that is missing or has another type.
    """
    definition = project.workflow.features
    columns: Sequence[Feature] = refer(definition.columns)
    promised = {definition.key: "string", definition.time_key: "timestamp"}
    promised |= {column.name: column.type for column in columns}
    missing = [name for name in promised if name not in found]
    changed = [
        f"{name} is {found[name]}, not {kind}" for name, kind in promised.items() if found.get(name, kind) != kind
    ]
    if missing or changed:
        said = [f"{', '.join(missing)} missing"] if missing else []
        raise BrokenContract(
            f"{table}: {'; '.join([*said, *changed])}. Nothing was scored. Run the step 'features' again, or make"
            " its columns those of workflow.features.columns."
        )
    if extra := sorted(set(found) - set(promised)):
        _log.info("%s: %s left out, no features of the project", table, ", ".join(extra))


def _refusing(chosen: Champion, key: str) -> str:
    """The prediction, or an error that names the row."""
    said = quoted(f"version {chosen.version} of {chosen.model} answered ")
    unusable = "answered IS NULL OR isnan(answered) OR abs(answered) = double('Infinity')"
    reason = f"concat({said}, coalesce(string(answered), 'nothing'), ' for {key} ', `{key}`)"
    return f"CASE WHEN {unusable} THEN double(raise_error({reason})) ELSE answered END"
