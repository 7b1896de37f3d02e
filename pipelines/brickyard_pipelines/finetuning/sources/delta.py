"""Rows of a Delta table through Spark, batch by batch, of one version: the plan's, or that when reading begins."""

from collections.abc import Iterator
from typing import Any

from brickyard_pipelines.finetuning.errors import Problem, UnusableData
from brickyard_pipelines.finetuning.sources.lines import Found, too_many_bytes


def table_rows(table: str, *, max_bytes: int, version: int | None = None) -> Iterator[Found]:
    """A row per row; the place is `table@version` and the row's number in the order of reading.

    Errors: UnusableData when there is no such table, or version of it.
    """
    from pyspark.errors import PySparkException

    from brickyard_pipelines.ml.data.spark import session

    spark = session()
    name = ".".join(f"`{part}`" for part in table.split("."))
    try:
        if version is None:
            version = int(spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()[0]["version"])
        rows = spark.sql(f"SELECT * FROM {name} VERSION AS OF {version}").toLocalIterator()  # noqa: S608 quoted
        for number, row in enumerate(rows, start=1):
            yield _found(f"{table}@{version}", number, row.asDict(recursive=True), max_bytes)
    except PySparkException as error:
        got = " ".join(str(error).split())[:200]
        fix = "Correct the name or the version, or grant SELECT on it."
        raise UnusableData([Problem(where=table, got=got, rule="a source can be read", fix=fix)]) from error


def _found(place: str, number: int, document: dict[str, Any], max_bytes: int) -> Found:
    size = sum(len(value) for value in document.values() if isinstance(value, str))
    if size > max_bytes:
        return Found(file=place, line=number, refusal=too_many_bytes(size, max_bytes), bytes=size)
    return Found(file=place, line=number, document=document, bytes=size)
