"""Which feature rows a version has not scored yet, found without looking through all history.

The inference table's own commits say up to which Delta version of the feature table a model version has scored. From
there the feature table's change data feed names the rows that are new. Where there is no feed (a table of the team's
own, a version that was cleaned away, another period) all rows of the period are looked at instead: slower, and exact as
well, since what was scored already is left out in both.
"""

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import UnusableRows
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.inference.append import Window
from brickyard_pipelines.ml.inference.champion import Champion
from brickyard_pipelines.ml.project import Project

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

_log = logging.getLogger(__name__)
_NEWEST = 100  # commits that are looked at first


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a watermark is of: another period, or a feature table made anew, begins from its start."""

    model_version: str
    features_id: str
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """The rows to score at one version of the feature table, and their window; None when there are none."""

    rows: "DataFrame"
    window: Window | None


def scope(known: "Row", champion: Champion, time_key: str) -> Scope:
    """The scope of a champion's batch."""
    return Scope(model_version=champion.version, features_id=str(known["id"]), where=champion.where(time_key))


def watermark(spark: "SparkSession", table: str, wanted: Scope) -> int | None:
    """Up to which version of the feature table this scope was scored, None when no commit says."""
    for limit in (f" LIMIT {_NEWEST}", ""):
        commits = spark.sql(f"DESCRIBE HISTORY {table}{limit}").select("userMetadata").collect()
        found = newest([row["userMetadata"] or "" for row in commits], wanted)
        if found is not None or len(commits) < _NEWEST:
            return found
    return None


def newest(notes: list[str], wanted: Scope) -> int | None:
    """The highest version that the notes name for the scope.

    >>> of = Scope(model_version="3", features_id="f", where="true")
    >>> newest([note(of, 7), note(of, 5), "{}", "no JSON"], of)
    7
    >>> newest([note(of, 7)], Scope(model_version="4", features_id="f", where="true")) is None
    True
    """
    documents = [_document(text) for text in notes]
    versions = [each["scored_until"] for each in documents if each.get("scope") == asdict(wanted)]
    return max((version for version in versions if isinstance(version, int)), default=None)


def note(done: Scope, features_version: int) -> str:
    """What a commit says when the scope was scored up to a version of the feature table."""
    return json.dumps({"scope": asdict(done), "scored_until": features_version}, sort_keys=True)


def record(spark: "SparkSession", table: str, done: Scope, features_version: int) -> None:
    """Write the watermark down, in a commit of its own after the rows: a kill in between costs a second look."""
    key = json.dumps(asdict(done), sort_keys=True)
    empty = spark.table(table).limit(0)
    document = json.loads(note(done, features_version))
    tables.append(empty, table, made_from=document, writer=f"scored {key}", number=features_version)


def find(
    spark: "SparkSession",
    table: str,
    features: str,
    project: Project,
    champion: Champion,
    versions: tuple[int | None, int],
) -> Pending:
    """The rows that changed after one version of the feature table, up to another, and are not scored yet."""
    definition = project.workflow.features
    before, now = versions
    rows = tables.at(spark, features, now).where(champion.where(definition.time_key))
    changed = None if before is None else changed_keys(spark, features, definition.key, before, now)
    if changed is not None:
        rows = rows.join(changed, definition.key, "left_semi")
    window = window_of(rows, definition.key, definition.time_key)
    if window is None:
        return Pending(rows=rows, window=None)
    inside = f"`{definition.time_key}` BETWEEN timestamp'{window.first}' AND timestamp'{window.last}'"
    scored = spark.table(table).where(f"model_version = '{champion.version}' AND source <> 'endpoint' AND {inside}")
    return Pending(rows=rows.join(scored.select(definition.key), definition.key, "left_anti"), window=window)


def changed_keys(spark: "SparkSession", features: str, key: str, before: int, now: int) -> "DataFrame | None":
    """The keys whose rows came or changed after a version, up to another; None when the table does not tell."""
    from pyspark.errors import PySparkException  # see data/spark.py

    feed = spark.read.option("readChangeFeed", "true").option("startingVersion", str(before + 1))
    changes = feed.option("endingVersion", str(now)).table(features)
    keys = changes.where("_change_type IN ('insert', 'update_postimage')").select(key)
    try:
        keys.limit(1).collect()
    except PySparkException as error:
        _log.info("%s does not tell its changes since version %d: %s", features, before, str(error).splitlines()[0])
        return None
    return keys


def window_of(rows: "DataFrame", key: str, time_key: str) -> Window | None:
    """The first and last prediction moment of rows, None when there is none.

    Errors: UnusableRows when a key stands twice: it would be scored twice.
    """
    found = rows.selectExpr(
        f"string(min(`{time_key}`)) AS first",
        f"string(max(`{time_key}`)) AS last",
        "count(*) AS rows",
        f"count(DISTINCT CASE WHEN `{key}` IS NOT NULL THEN xxhash64(`{key}`) END) AS hashes",
    ).collect()[0]
    if not found["rows"]:
        return None
    if found["rows"] != found["hashes"]:  # as many hashes are as many keys, and numbers are counted faster than texts
        refuse_twice(rows, key, int(found["rows"]))
    return Window(first=found["first"], last=found["last"], rows=int(found["rows"]))


def refuse_twice(rows: "DataFrame", key: str, total: int) -> None:
    """Errors: UnusableRows when there are fewer keys than rows; two keys of one hash are no reason."""
    keys = rows.selectExpr(f"count(DISTINCT `{key}`) AS keys").collect()[0]["keys"]
    if keys != total:
        raise UnusableRows(
            f"{total} rows to score have only {keys} different {key}. Nothing was scored: make the feature table one"
            " row per key."
        )


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
