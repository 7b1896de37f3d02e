"""The newest value known at a moment: one definition, in pandas and in PySpark, with the same answers.

A value counts from the moment it is known: its time plus the delay with which people learn of it. Of values known at
the same moment the largest row counts, in the order of the columns: nothing depends on the order rows come in.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, kw_only=True, slots=True)
class AsOf:
    """How values are looked up: same `by`, known at the `moment`, and not older than `stale_after_s`.

    `moment` and `at` are columns of whole seconds since 1970 (UTC): of the rows that ask, and of the values.
    A value of time t is known from t + `delay_s` on, that second included, until t + `delay_s` + `stale_after_s`.
    """

    by: tuple[str, ...] = ()
    moment: str
    at: str
    columns: tuple[str, ...]
    delay_s: int = 0
    stale_after_s: int | None = None


def join_pandas(asked: pd.DataFrame, known: pd.DataFrame, rule: AsOf) -> pd.DataFrame:
    """The rows of `asked`, in their order and with their index, and the newest known `columns` of each.

    >>> asked = pd.DataFrame({"moment_s": [3599, 3600, 9000]})
    >>> known = pd.DataFrame({"at_s": [0], "temperature": [21.0]})
    >>> rule = AsOf(moment="moment_s", at="at_s", columns=("temperature",), delay_s=3600, stale_after_s=3600)
    >>> join_pandas(asked, known, rule).temperature.tolist()
    [nan, 21.0, nan]
    """
    by, values = list(rule.by), list(rule.columns)
    news = known.assign(_known_s=known[rule.at].astype("int64") + rule.delay_s)[["_known_s", *by, *values]]
    news = news.sort_values(["_known_s", *values], kind="stable", na_position="first")
    questions = asked[[rule.moment, *by]].assign(_place=range(len(asked)))
    questions = questions.astype({rule.moment: "int64"}).sort_values(rule.moment, kind="stable")
    found = pd.merge_asof(
        questions,
        news,
        left_on=rule.moment,
        right_on="_known_s",
        by=by or None,
        tolerance=rule.stale_after_s,
    )
    found = found.sort_values("_place").set_index(asked.index)[values]
    return asked.drop(columns=values, errors="ignore").join(found)


def join_spark(asked: "DataFrame", known: "DataFrame", rule: AsOf) -> "DataFrame":
    """The rows of `asked`, in any order, and the newest known `columns` of each; one shuffle, no row is multiplied."""
    from pyspark.sql import Window  # see data/spark.py
    from pyspark.sql import functions as f

    others = [name for name in asked.columns if name not in (*rule.by, *rule.columns)]
    value_types = dict(known.select(*rule.columns).dtypes)
    asked_types = dict(asked.dtypes)
    # NaN would be larger than every number; pandas cannot tell it from a missing value, so here it is one.
    plain = {
        name: f.when(f.isnan(name), None).otherwise(f.col(name)) if kind in ("double", "float") else f.col(name)
        for name, kind in value_types.items()
    }
    news = known.select(
        *rule.by,
        (f.col(rule.at).cast("bigint") + rule.delay_s).alias("_moment"),
        f.struct(*(column.alias(name) for name, column in plain.items())).alias("_values"),
        f.lit(None).cast("struct<" + ",".join(f"`{n}`:{asked_types[n]}" for n in others) + ">").alias("_row"),
    )
    questions = asked.select(
        *rule.by,
        f.col(rule.moment).cast("bigint").alias("_moment"),
        f.lit(None).cast(news.schema["_values"].dataType).alias("_values"),
        f.struct(*others).alias("_row"),
    )
    order = Window.partitionBy(*rule.by).orderBy("_moment", f.col("_row").isNotNull(), "_values")
    until_now = order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    newest = f.last(f.when(f.col("_row").isNull(), f.struct("_moment", "_values")), ignorenulls=True).over(until_now)
    matched = news.unionByName(questions).withColumn("_newest", newest).where("_row IS NOT NULL")
    fresh = (
        f.lit(True)
        if rule.stale_after_s is None
        else (f.col("_moment") - f.col("_newest._moment") <= rule.stale_after_s)
    )
    looked_up = [f.when(fresh, f.col(f"_newest._values.{name}")).alias(name) for name in rule.columns]
    kept = [
        f.col(name) if name in rule.by else f.col(f"_row.{name}") for name in asked.columns if name not in rule.columns
    ]
    return matched.select(*kept, *looked_up)
