"""How good a model's predictions were, where their labels are known: for the table's row of an inference log.

Source: docs.databricks.com/data-governance/unity-catalog/data-quality-monitoring/data-profiling/monitor-output
Gaps: `log_loss` and `roc_auc_score` need `prediction_proba_col`, which is refused; fairness metrics are null.
"""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brickyard_local.monitors.engine.columns import Column, quoted
from brickyard_local.monitors.engine.frames import Frame, Key

CLASSIFICATION = "PROBLEM_TYPE_CLASSIFICATION"
_AVERAGED = "struct<one_vs_all: map<string, double>, macro: double, weighted: double>"
CLASSIFICATION_COLUMNS = {
    "accuracy_score": "double",
    "confusion_matrix": "array<struct<prediction: string, label: string, count: bigint>>",
    "precision": _AVERAGED,
    "recall": _AVERAGED,
    "f1_score": _AVERAGED,
    "log_loss": "double",
    "roc_auc_score": _AVERAGED,
    "predictive_parity": "map<string, double>",
    "predictive_equality": "map<string, double>",
    "equal_opportunity": "map<string, double>",
    "statistical_parity": "map<string, double>",
}
REGRESSION_COLUMNS = {
    "mean_squared_error": "double",
    "root_mean_squared_error": "double",
    "mean_average_error": "double",
    "mean_absolute_percentage_error": "double",
    "r2_score": "double",
}
Pairs = Mapping[tuple[str, str], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """Compares two columns of an inference log."""

    problem_type: str
    prediction: Column
    label: Column

    def measured(self, spark: Any, frame: Frame) -> dict[Key, dict[str, Any]]:
        """Metrics of every group that has labels."""
        if not (frame.source.has(self.prediction.name) and frame.source.has(self.label.name)):
            return {}
        return self._classes(spark, frame) if self.problem_type == CLASSIFICATION else self._errors(spark, frame)

    def _classes(self, spark: Any, frame: Frame) -> dict[Key, dict[str, Any]]:
        rows = (
            f"(SELECT *, {self._class(self.prediction)} AS `:p`, {self._class(self.label)} AS `:y` "
            f"FROM {frame.relation()}) WHERE `:p` IS NOT NULL AND `:y` IS NOT NULL"
        )
        gathered: dict[Key, dict[tuple[str, str], int]] = defaultdict(dict)
        query = frame.selected("`:p`, `:y`, count(*) AS n", rows, by=", `:p`, `:y`")
        for row in spark.sql(query).collect():
            gathered[frame.key(row)][row[":p"], row[":y"]] = row["n"]
        return {key: classification(pairs) for key, pairs in gathered.items()}

    def _class(self, column: Column) -> str:
        """The name of a class; 1 and 1.0 are the same."""
        differ = self.prediction.data_type != self.label.data_type
        if differ and self.prediction.kind == self.label.kind == "number":
            return f"CAST(CAST({column.quoted} AS DOUBLE) AS STRING)"
        return f"CAST({column.quoted} AS STRING)"

    def _errors(self, spark: Any, frame: Frame) -> dict[Key, dict[str, Any]]:
        p, y = (f"CAST({quoted(column.name)} AS DOUBLE)" for column in (self.prediction, self.label))
        select = (
            f"avg(power({p} - {y}, 2)) AS mse, avg(abs({p} - {y})) AS mae, "
            f"avg(abs(({y} - {p}) / nullif({y}, 0))) AS mape, "
            f"1 - sum(power({p} - {y}, 2)) / nullif(var_pop({y}) * count(*), 0) AS r2"
        )
        rows = f"{frame.relation()} WHERE {p} IS NOT NULL AND {y} IS NOT NULL"
        return {
            frame.key(row): {
                "mean_squared_error": row["mse"],
                "root_mean_squared_error": row["mse"] ** 0.5,
                "mean_average_error": row["mae"],
                "mean_absolute_percentage_error": row["mape"],
                "r2_score": row["r2"],
            }
            for row in spark.sql(frame.selected(select, rows)).collect()
        }


def classification(pairs: Pairs) -> dict[str, Any]:
    """Metrics of a confusion matrix, counted by (prediction, label); what is divided by nothing is 0."""
    total = sum(pairs.values())
    classes = sorted({name for pair in pairs for name in pair})
    support = {name: sum(n for (_, label), n in pairs.items() if label == name) for name in classes}
    predicted = {name: sum(n for (prediction, _), n in pairs.items() if prediction == name) for name in classes}
    right = {name: pairs.get((name, name), 0) for name in classes}
    return {
        "accuracy_score": sum(right.values()) / total,
        "confusion_matrix": [{"prediction": p, "label": y, "count": n} for (p, y), n in sorted(pairs.items())],
        "precision": _averaged({name: _share(right[name], predicted[name]) for name in classes}, support),
        "recall": _averaged({name: _share(right[name], support[name]) for name in classes}, support),
        "f1_score": _averaged(
            {name: _share(2 * right[name], predicted[name] + support[name]) for name in classes}, support
        ),
    }


def _averaged(by_class: dict[str, float], support: Mapping[str, int]) -> dict[str, Any]:
    total = sum(support.values())
    return {
        "one_vs_all": by_class,
        "macro": sum(by_class.values()) / len(by_class),
        "weighted": sum(value * support[name] for name, value in by_class.items()) / total,
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
