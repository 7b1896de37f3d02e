"""What a simulation looks at from outside: the tables that the steps wrote, and what the first model would have said.

It reads the tables' files, which lie on this machine: an observer, no part of the loop.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlparse

import pandas as pd
from databricks.sdk import WorkspaceClient
from deltalake import DeltaTable

from brickyard.simulate.months import after
from brickyard_stacks.names import ProjectNames

_MOST_ROWS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Of the inference table: which row it is and when it is of, what happened, and what a model is asked with."""

    key: str
    time_key: str
    label: str
    features: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """Of one month's labelled rows, as they were scored, and by the first model; None without labels of both kinds.

    `champion` scored most of them: flights of a month's last evening are known, and scored, before the month has ended.
    """

    rows: int
    champion: str
    log_loss: float | None = None
    roc_auc: float | None = None
    first_log_loss: float | None = None
    first_roc_auc: float | None = None


class Observer:
    """Reads the sandbox's tables."""

    def __init__(self, client: WorkspaceClient, names: ProjectNames, columns: Columns) -> None:
        self._client = client
        self._names = names
        self._columns = columns
        self._first: Any = None

    def month(self, month: dt.date, first_version: str) -> Scores:
        """How the month was scored when it came: each row by the version that was first to score it."""
        columns = self._columns
        since, until = (pd.Timestamp(each, tz="UTC") for each in (month, after(month)))
        bounds = [(columns.time_key, ">=", since.to_pydatetime()), (columns.time_key, "<", until.to_pydatetime())]
        needed = [columns.key, "model_version", "scored_at", "prediction", columns.label, *columns.features]
        rows = self._table("inference", f"{self._names.project}_predictions").to_pandas(
            filters=bounds, columns=[*needed, columns.time_key]
        )
        if rows.empty:
            return Scores(rows=0, champion="")
        came = rows.sort_values("scored_at").drop_duplicates(columns.key)
        champion, total = str(came["model_version"].value_counts().idxmax()), len(came)
        own = came[came[columns.label].notna()].head(_MOST_ROWS)
        labels = own[columns.label].astype(int).to_numpy()
        if len(set(labels.tolist())) < 2:
            return Scores(rows=total, champion=champion)
        loss, area = _quality(labels, own["prediction"].to_numpy())
        first_loss, first_area = loss, area
        if champion != first_version:
            said = self._first_model(first_version).predict(own[list(columns.features)])
            first_loss, first_area = _quality(labels, said)
        return Scores(
            rows=total,
            champion=champion,
            log_loss=loss,
            roc_auc=area,
            first_log_loss=first_loss,
            first_roc_auc=first_area,
        )

    def metrics(self, month: dt.date) -> dict[str, float]:
        """What step 06 wrote of a month, of the whole."""
        found = self._table("metrics", f"{self._names.project}_monitoring").to_pandas()
        whole = found[(found["model_version"] == "*") & found["slice_key"].isna() & (found["column_name"] == ":table")]
        own = whole[whole["window_start"] == pd.Timestamp(month, tz="UTC")]
        return dict(zip(own["metric"], own["value"], strict=True))

    def decision(self, job_run_id: int) -> tuple[bool, str, int | None]:
        """What step 07 of one job run decided, why, and which run it started."""
        found = self._table("metrics", f"{self._names.project}_retraining_decisions").to_pandas()
        own = found[found["job_run_id"] == str(job_run_id)].sort_values("decided_at")
        if own.empty:
            return False, "no decision is on record", None
        last = own.iloc[-1]
        return bool(last["retrain"]), str(last["reason"]), None if pd.isna(last["run_id"]) else int(last["run_id"])

    def _table(self, schema: str, name: str) -> DeltaTable:
        full_name = ".".join(self._names.table(f"{schema}.{name}"))
        location = str(self._client.tables.get(full_name).storage_location)
        return DeltaTable(unquote(urlparse(location).path))

    def _first_model(self, version: str) -> Any:
        if self._first is None:
            import mlflow.pyfunc

            self._first = mlflow.pyfunc.load_model(f"models:/{self._names.model}/{version}")
        return self._first


def _quality(labels: Any, said: Any) -> tuple[float, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    return float(log_loss(labels, said)), float(roc_auc_score(labels, said))
