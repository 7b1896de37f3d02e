"""A stream of a table's rows into SQL statements, a micro-batch at a time."""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.inference.append import Window
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.streaming.readwriter import DataStreamWriter

_log = logging.getLogger(__name__)
_ATTEMPTS = 12

# Stand for the first and last moment of a micro-batch in its statements.
WINDOW = Window(first="{first}", last="{last}", rows=0)


def checkpoint(settings: StepSettings, name: str) -> str:
    """The folder where a stream keeps how far it is: in the project's volume, so that it outlives every machine."""
    return f"{settings.landing()}/_checkpoints/{name}"


def running(
    statements: Sequence[str], *, view: str, key: str, moment: str, newest: str
) -> Callable[["DataFrame", int], None]:
    """A function for `foreachBatch`: shows the batch as a view, a key once (with the highest `newest`), and runs these.

    Each statement must do nothing when it is done already: a batch comes again when its end was not written down.
    The function holds text only, so that it travels to wherever Spark calls it.
    """
    bounds = (
        f"SELECT string(min({moment})) AS first, string(max({moment})) AS last, count(*) AS rows,"  # noqa: S608 - names
        f" count(DISTINCT {key}) AS keys FROM {view}_all"
    )
    once = f"SELECT newest.* FROM (SELECT max_by(struct(*), {newest}) AS newest FROM {view}_all GROUP BY {key})"  # noqa: S608

    def run(batch: Any, _number: int) -> None:
        batch.createOrReplaceTempView(f"{view}_all")
        spark = batch.sparkSession
        found = spark.sql(bounds).collect()[0]
        if not found["rows"]:
            return
        distinct = batch if found["rows"] == found["keys"] else spark.sql(once)
        distinct.createOrReplaceTempView(view)
        for statement in statements:
            spark.sql(statement.replace("{first}", found["first"]).replace("{last}", found["last"])).collect()

    return run


def begin(writer: "DataStreamWriter") -> "StreamingQuery":
    """Start a stream; again when Spark gave the Python process of `foreachBatch` up too early.

    Spark waits ten seconds for it, and no setting changes that: a busy machine needs longer the first time.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return writer.start()
        except Exception as error:
            if "failed to connect back" not in str(error):
                raise
            _log.info("Spark's Python process did not start within ten seconds: trying again")
    return writer.start()


def follow(query: "StreamingQuery", *, every_s: int, is_over: Callable[[], bool]) -> bool:
    """Wait for the stream's end, or end it when `is_over` says so, asked now and then. Whether that was so.

    Errors: the stream's own.
    """
    while not query.awaitTermination(every_s):
        if is_over():
            query.stop()
            return True
    return False
