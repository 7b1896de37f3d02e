"""What fills in what a request does not carry: tables packed with a model, or in an online store that it asks.

Offline and request-time values are one: both are of the silver table, by its key.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from brickyard_pipelines.errors import InvalidProject, UnusableRows
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.features import brickyard_request
from brickyard_pipelines.ml.features.brickyard_request.packed import TYPES
from brickyard_pipelines.ml.loader_module import load_with
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.project.features import Reference, Request
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from mlflow.models import Model
    from pyspark.sql import SparkSession

_log = logging.getLogger(__name__)
_LOADER = Path(brickyard_request.__file__).parent
_MOST_ROWS = 500_000  # beyond that a copy in every served process is the wrong place
# What asks an online store, beside what every model requires.
ONLINE_REQUIREMENTS = ("databricks-sdk", "pg8000")


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedReference:
    """What goes into a model: the request as the project declares it, and of its tables columns by name and type.

    `rows` are of those that are packed. `online` are the synced tables, by reference, that `online_store` is asked for.
    """

    request: Request
    columns: Mapping[str, Mapping[str, str]]
    rows: Mapping[str, pd.DataFrame]
    online: Mapping[str, str] = field(default_factory=dict)
    online_store: str | None = None


def packed_reference(settings: StepSettings, project: Project) -> PackedReference | None:
    """The tables that requests of this project are filled in from; what is packed, as silver holds it now.

    None without a request.
    Errors: InvalidProject for a column that the table does not have; UnusableRows for a table too large to pack;
    MissingArgument where a table is in an online store and nobody says which.
    """
    request = project.workflow.features.request
    if request is None:
        return None
    columns = reference_columns(project, request)
    online = {name: settings.online_table(reference.table) for name, reference in request.online().items()}
    return PackedReference(
        request=request,
        columns=columns,
        rows={
            name: _rows(session(), settings, reference)
            for name, reference in request.references.items()
            if name not in online
        },
        online=online,
        online_store=settings.need("online_store") if online else None,
    )


def reference_columns(project: Project, request: Request) -> dict[str, dict[str, str]]:
    """The columns of each reference, its key first, with their types: `string`, `double` or `int`.

    Errors: InvalidProject, for another key than that of the table's contract, or a column that it does not have.
    """
    contracts = {contract.name: contract for contract in refer(project.workflow.contract)}
    found = {}
    for name, reference in request.references.items():
        contract = contracts.get(reference.table)
        if contract is None or contract.key != (reference.key,):
            raise InvalidProject(
                f"workflow.features.request.references.{name}.key: got {reference.key!r}; it must be the key of the"
                f" table's contract, {', '.join(contract.key) if contract else 'which does not exist'}."
            )
        found[name] = _columns(name, reference, {column.name: column.type for column in contract.columns})
    return found


def _rows(spark: "SparkSession", settings: StepSettings, reference: Reference) -> pd.DataFrame:
    table = settings.table("silver", reference.table)
    state = tables.require(spark, table, made_by="ingest")
    found = tables.at(spark, table, state.version).select(reference.key, *reference.columns)
    rows = found.limit(_MOST_ROWS + 1).toPandas()
    if len(rows) > _MOST_ROWS:
        raise UnusableRows(
            f"{table} has more than {_MOST_ROWS} rows: too many to pack with a model. Write store: online at it in"
            f" workflow.features.request.references, let the request carry {', '.join(reference.columns)}, or name a"
            " smaller table."
        )
    _log.info("%s: %d rows of version %d packed with the model", table, len(rows), state.version)
    return rows


def pack(folder: Path, mlflow_model: "Model", packed: PackedReference) -> None:
    """Put a request's tables into a saved model, and let mlflow load our module, which asks the model's own loader."""
    inside = folder / brickyard_request.FOLDER
    inside.mkdir()
    for table, rows in packed.rows.items():
        rows.to_csv(inside / f"{table}.csv", index=False)
    document = _settings(packed) | {"loader_module": load_with(_LOADER, folder, mlflow_model)}
    (inside / brickyard_request.SETTINGS).write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")


def _settings(packed: PackedReference) -> dict[str, Any]:
    references = {
        name: {"key": reference.key, "columns": dict(packed.columns[name])}
        | ({"online": packed.online[name]} if name in packed.online else {})
        for name, reference in packed.request.references.items()
    }
    return {
        "function": packed.request.function,
        "columns": dict(packed.request.columns),
        "references": references,
        "online_store": packed.online_store,
    }


def _columns(name: str, reference: Reference, columns: Mapping[str, str]) -> dict[str, str]:
    """The types of a reference's columns."""
    wanted = (reference.key, *reference.columns)
    where = f"workflow.features.request.references.{name}"
    unknown = [column for column in wanted if column not in columns]
    if unknown:
        raise InvalidProject(
            f"{where}: {', '.join(unknown)} is no column of {reference.table}. Known: {', '.join(columns) or 'none'}."
        )
    other = [f"{column} ({columns[column]})" for column in wanted if columns[column] not in TYPES]
    if other:
        raise InvalidProject(f"{where}: {', '.join(other)} cannot be looked up; text and numbers can.")
    return {column: columns[column] for column in wanted}
