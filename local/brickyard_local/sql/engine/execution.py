"""Runs one statement in a session of its own and writes its result."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql.connect.session import SparkSession
from pyspark.sql.types import StructType

from brickyard_local.sql.engine.columns import columns
from brickyard_local.sql.engine.failures import Canceled, described
from brickyard_local.sql.engine.results import ResultWriter, Wanted
from brickyard_local.sql.engine.sessions import session
from brickyard_local.sql.engine.values import shown_by_spark

_INTERRUPT_EVERY_S = 0.2


@dataclass(kw_only=True, slots=True)
class Execution:
    """One statement. `cancel` may be called from another thread at any time."""

    request: Mapping[str, Any]
    _canceled: threading.Event = field(default_factory=threading.Event)
    _done: threading.Event = field(default_factory=threading.Event)
    _session: SparkSession | None = None

    def run(self) -> dict[str, Any]:
        """`columns`, `chunks`, `truncated`; or `error`; or `canceled`."""
        try:
            with self._opened() as opened:
                return self._execute(opened)
        except Exception as error:  # noqa: BLE001 - whatever broke the statement is its error
            return {"canceled": True} if self._canceled.is_set() else {"error": described(error)}
        finally:
            self._done.set()

    def cancel(self) -> None:
        """Interrupt what Spark does for the statement, until it ended: an interrupt between two steps is lost."""
        self._canceled.set()
        while not self._done.is_set():
            opened = self._session
            if opened is not None:
                with contextlib.suppress(Exception):
                    opened.interruptAll()
            self._done.wait(_INTERRUPT_EVERY_S)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[SparkSession]:
        self._check()
        request = self.request
        with session(request["environment"], user=request["user"]) as opened:
            self._session = opened
            try:
                yield opened
            finally:
                self._session = None

    def _check(self) -> None:
        if self._canceled.is_set():
            raise Canceled

    def _execute(self, opened: SparkSession) -> dict[str, Any]:
        self._prepare(opened)
        self._check()
        frame = opened.sql(self.request["text"])
        self._check()
        schema = frame.schema
        wanted = _wanted(self.request)
        if wanted.row_limit is not None:
            frame = frame.limit(wanted.row_limit + 1)
        writer = ResultWriter(wanted=wanted, schema=schema)
        try:
            for table in _tables(_readable(frame, schema), opened):
                self._check()
                writer.add(table)
                if writer.truncated:
                    break
            writer.finish()
        except BaseException:
            writer.discard()
            raise
        return {"columns": columns(schema), "chunks": writer.chunks, "truncated": writer.truncated}

    def _prepare(self, opened: SparkSession) -> None:
        if self.request.get("catalog"):
            opened.catalog.setCurrentCatalog(self.request["catalog"])
        if self.request.get("schema"):
            opened.catalog.setCurrentDatabase(self.request["schema"])
        for view in self.request["views"]:
            _make_view(opened, view)


def write_rows(request: Mapping[str, Any]) -> dict[str, Any]:
    """Write rows that the workspace itself answers, all of them strings, in the format asked for."""
    names = [each["name"] for each in request["columns"]]
    schema = StructType()
    for name in names:
        schema = schema.add(name, "string")
    values = [[row[n] for row in request["rows"]] for n in range(len(names))]
    table = pa.Table.from_arrays([pa.array(each, pa.string()) for each in values], names=names)
    writer = ResultWriter(wanted=_wanted(request), schema=schema)
    writer.add(table)
    writer.finish()
    return {"columns": request["columns"], "chunks": writer.chunks, "truncated": writer.truncated}


def _make_view(opened: SparkSession, view: Mapping[str, Any]) -> None:
    """A temporary view: of files, or of rows that came as JSON strings, which Spark casts to the columns' types."""
    if "path" in view:
        opened.read.format(view["format"]).load(view["path"]).createTempView(view["name"])
        return
    names = [each["name"] for each in view["columns"]]
    rows = [tuple(None if value is None else str(value) for value in row) for row in view["rows"]]
    frame = opened.createDataFrame(rows, ", ".join(f"`{name}` STRING" for name in names))
    casts = [f"CAST(`{each['name']}` AS {each['type_text']}) AS `{each['name']}`" for each in view["columns"]]
    frame.selectExpr(*casts).createTempView(view["name"])


def probe(request: Mapping[str, Any]) -> dict[str, Any]:
    """Whether Spark answers."""
    begin = time.monotonic()
    try:
        with session(request["environment"], user=request["user"]) as opened:
            opened.sql("SELECT 1").collect()
    except Exception as error:  # noqa: BLE001 - why it does not answer is what is asked
        return {"error": described(error)}
    return {"took_s": time.monotonic() - begin}


def _wanted(request: Mapping[str, Any]) -> Wanted:
    return Wanted(
        folder=Path(request["folder"]),
        format=request["format"],
        inline=request["inline"],
        row_limit=request.get("row_limit"),
        byte_limit=request.get("byte_limit"),
    )


def _readable(frame: Any, schema: StructType) -> Any:
    """The frame with strings made by Spark where Arrow's values would not do; columns are found by position."""
    from pyspark.sql.connect import functions as F  # noqa: N812 - the name that Spark's users know

    if not any(shown_by_spark(each.dataType) for each in schema.fields):
        return frame
    unique = frame.toDF(*(f"c{n}" for n in range(len(schema.fields))))
    for n, each in enumerate(schema.fields):
        if shown_by_spark(each.dataType):
            column = F.col(f"c{n}")
            shown = F.to_json(column) if each.dataType.typeName() == "variant" else column.cast("string")
            unique = unique.withColumn(f"c{n}", shown)
    return unique


def _tables(frame: Any, opened: SparkSession) -> Iterator[pa.Table]:
    """The result as it arrives, not all at once."""
    plan = frame._plan.to_proto(opened.client)  # noqa: SLF001 - `toArrow` would wait for all of it
    for part in opened.client.to_table_as_iterator(plan, {}):
        if isinstance(part, pa.Table):
            yield part
