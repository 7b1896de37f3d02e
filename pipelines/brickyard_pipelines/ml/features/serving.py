"""Tables that fill in what a request does not carry, packed with a model: offline and request-time values are one."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from brickyard_pipelines.errors import InvalidProject, UnusableRows
from brickyard_pipelines.ml.data import tables
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.features import brickyard_request
from brickyard_pipelines.ml.loader_module import load_with
from brickyard_pipelines.ml.project import Project, refer
from brickyard_pipelines.ml.project.features import Reference, Request
from brickyard_pipelines.ml.settings import StepSettings

if TYPE_CHECKING:
    from mlflow.models import Model

_log = logging.getLogger(__name__)
_LOADER = Path(brickyard_request.__file__)
_MOST_ROWS = 500_000  # beyond that a copy in every served process is the wrong place
_TYPES = {"string": "object", "double": "float64", "int": "float64"}


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedReference:
    """What goes into a model: the request as the project declares it, the rows of its tables, and their types."""

    request: Request
    rows: Mapping[str, pd.DataFrame]
    types: Mapping[str, Mapping[str, str]]


def packed_reference(settings: StepSettings, project: Project) -> PackedReference | None:
    """The tables that requests of this project are filled in from, as silver holds them now; None without a request.

    Errors: InvalidProject for a column that the table does not have; UnusableRows for a table too large to pack.
    """
    request = project.workflow.features.request
    if request is None:
        return None
    spark = session()
    contracts = {contract.name: contract for contract in refer(project.workflow.contract)}
    rows, types = {}, {}
    for name, reference in request.references.items():
        contract = contracts.get(reference.table)
        if contract is None or contract.key != (reference.key,):
            raise InvalidProject(
                f"workflow.features.request.references.{name}.key: got {reference.key!r}; it must be the key of the"
                f" table's contract, {', '.join(contract.key) if contract else 'which does not exist'}."
            )
        types[name] = _types(name, reference, {column.name: column.type for column in contract.columns})
        table = settings.table("silver", reference.table)
        state = tables.require(spark, table, made_by="ingest")
        found = tables.at(spark, table, state.version).select(reference.key, *reference.columns)
        rows[name] = found.limit(_MOST_ROWS + 1).toPandas()
        if len(rows[name]) > _MOST_ROWS:
            raise UnusableRows(
                f"{table} has more than {_MOST_ROWS} rows: too many to pack with a model. Let the request carry"
                f" {', '.join(reference.columns)}, or name a smaller table in workflow.features.request.references."
            )
        _log.info("%s: %d rows of version %d packed with the model", table, len(rows[name]), state.version)
    return PackedReference(request=request, rows=rows, types=types)


def pack(folder: Path, mlflow_model: "Model", packed: PackedReference) -> None:
    """Put a request's tables into a saved model, and let mlflow load our module, which asks the model's own loader."""
    inside = folder / brickyard_request.FOLDER
    inside.mkdir()
    for table, rows in packed.rows.items():
        rows.to_csv(inside / f"{table}.csv", index=False)
    document = _settings(packed.request, packed.types) | {"loader_module": load_with(_LOADER, folder, mlflow_model)}
    (inside / brickyard_request.SETTINGS).write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")


def _settings(request: Request, types: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "function": request.function,
        "columns": dict(request.columns),
        "keys": {name: reference.key for name, reference in request.references.items()},
        "references": {name: dict(kinds) for name, kinds in types.items()},
    }


def _types(name: str, reference: Reference, columns: Mapping[str, str]) -> dict[str, str]:
    """The pandas types of a reference's columns."""
    wanted = (reference.key, *reference.columns)
    where = f"workflow.features.request.references.{name}"
    unknown = [column for column in wanted if column not in columns]
    if unknown:
        raise InvalidProject(
            f"{where}: {', '.join(unknown)} is no column of {reference.table}. Known: {', '.join(columns) or 'none'}."
        )
    other = [f"{column} ({columns[column]})" for column in wanted if columns[column] not in _TYPES]
    if other:
        raise InvalidProject(f"{where}: {', '.join(other)} cannot be packed; text and numbers can.")
    return {column: _TYPES[columns[column]] for column in wanted}
