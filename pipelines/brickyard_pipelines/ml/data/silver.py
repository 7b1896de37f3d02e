"""Silver: typed rows that keep their contract, one per key, the newest file's; only new bronze rows are judged."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.ml.code import fingerprint
from brickyard_pipelines.ml.data import quarantine, tables
from brickyard_pipelines.ml.data.bronze import LOAD, last_load, widen
from brickyard_pipelines.ml.data.contract import TableContract
from brickyard_pipelines.ml.data.judgement import good, judged
from brickyard_pipelines.ml.data.tables import ColumnDefinition

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WRITER = "brickyard.silver"


@dataclass(frozen=True, kw_only=True, slots=True)
class SilverCounts:
    """Rows of one table: bronze = silver + quarantined + replaced. `did` is unchanged, merged or rebuilt."""

    bronze: int
    silver: int
    quarantined: int
    replaced: int
    did: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    """The full names of the tables that one contract fills."""

    bronze: str
    silver: str
    quarantine: str


def conform(spark: "SparkSession", contract: TableContract, names: Tables) -> SilverCounts:
    """Bring silver, and its quarantine, to what bronze holds.

    The rows of new loads are merged in by key. Another contract than last time, or none known, rebuilds both.
    Each step can be killed: a merge that is done again changes nothing.
    """
    known = tables.note(spark, names.silver) or {}
    contract_now = fingerprint({name: rule for name, rule in asdict(contract).items() if name != "format"})
    if known.get("contract") != contract_now:
        widen(spark, contract, names.bronze)
    source = tables.require(spark, names.bronze, made_by="ingest")
    noted = (source.made_from or {}).get("load")
    load = last_load(spark, names.bronze) if noted is None else int(noted)
    made_from = {"load": load, "contract": contract_now}
    rows = tables.at(spark, names.bronze, source.version)
    if known == made_from:
        did = "unchanged"
    elif known.get("contract") == contract_now:
        did = "merged"
        _merge(spark, contract, rows, names.silver, made_from, since=int(known["load"]))
    else:
        did = "rebuilt"
        _rebuild(spark, contract, rows, names.silver, made_from)
    total, kept, refused = rows.count(), tables.count(spark, names.silver), tables.count(spark, names.quarantine)
    # Judging rows a second time is not free: only where rows are missing, or were when the quarantine was written.
    if total != kept or refused:
        quarantine.keep_rows(spark, contract, rows, names.quarantine, made_from)
        refused = tables.count(spark, names.quarantine)
    return SilverCounts(bronze=total, silver=kept, quarantined=refused, replaced=total - kept - refused, did=did)


def definitions(contract: TableContract) -> Sequence[ColumnDefinition]:
    """The columns of the silver table."""
    columns = [
        ColumnDefinition(name=column.name, type=column.type, comment=column.comment, nullable=column.nullable)
        for column in contract.columns
    ]
    comment = "Number of the load that brought the row's newest version"
    return [*columns, ColumnDefinition(name=LOAD, type="bigint", comment=comment)]


def _rebuild(
    spark: "SparkSession", contract: TableContract, rows: "DataFrame", silver: str, made_from: dict[str, Any]
) -> None:
    tables.create_or_reshape(spark, silver, definitions(contract), comment=contract.comment)
    tables.replace(good(judged(rows, contract), contract), silver, made_from=made_from)


def _merge(
    spark: "SparkSession",
    contract: TableContract,
    rows: "DataFrame",
    silver: str,
    made_from: dict[str, Any],
    *,
    since: int,
) -> None:
    """Rows of loads after `since` take the place of those with their key; then an empty commit says how far silver is.

    Without a key they take the place of the rows of the same loads, which another run may have brought meanwhile.
    """
    incoming = good(judged(rows.where(f"{LOAD} > {since}"), contract), contract)
    if not contract.key:
        these, once = f"{LOAD} > {since} AND {LOAD} <= {made_from['load']}", uuid.uuid4().hex
        tables.replace(incoming, silver, made_from=made_from, where=these, writer=once)
        return
    view = f"incoming_{contract.name}"
    incoming.createOrReplaceTempView(view)
    same = " AND ".join(f"kept.`{name}` = incoming.`{name}`" for name in contract.key)
    spark.sql(  # names come from the contract, never from rows
        f"MERGE INTO {silver} AS kept USING {view} AS incoming ON {same}"
        f" WHEN MATCHED AND kept.{LOAD} < incoming.{LOAD} THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    tables.append(incoming.where("false"), silver, made_from=made_from, writer=_WRITER, number=made_from["load"])
