"""What an endpoint was asked and what it answered: JSON of its payload table into typed rows. Pure, without Spark.

Every request format of Model Serving is read: dataframe_split, dataframe_records, instances, inputs. A payload is taken
as a whole or refused with a reason; a column that the project does not know is passed over, one that it knows and the
request does not have is null: so requests of an earlier model are read as well.
Source: mlflow.pyfunc.scoring_server (formats); docs.databricks.com/aws/en/machine-learning/model-serving
"""

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brickyard_pipelines.ml.data.contract import Feature

_OK = 200
_FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """What rows are read into: the key, the time key, the features in the order of the model's inputs."""

    key: str
    time_key: str
    features: tuple[Feature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names."""
        return tuple(feature.name for feature in self.features)


@dataclass(frozen=True, kw_only=True, slots=True)
class PayloadRow:
    """One row of a request with what was answered for it."""

    key: str | None
    moment: dt.datetime | None
    values: tuple[str | float | None, ...]
    prediction: float


class Unreadable(ValueError):
    """Raised when a payload cannot become rows; its text is the reason that the quarantine keeps."""


def read(
    request: str | None, response: str | None, status: int | None, errors: Sequence[str] | None, columns: Columns
) -> list[PayloadRow]:
    """The rows of one payload.

    Errors: Unreadable with the reason.
    """
    if status != _OK:
        raise Unreadable(f"the endpoint answered {status}")
    if request is None or response is None:
        raise Unreadable(f"a body was not kept: {', '.join(errors or ()) or 'no reason given'}")
    records = requested(_json(request, "request"), columns)
    answers = answered(_json(response, "response"))
    if len(records) != len(answers):
        raise Unreadable(f"{len(records)} rows were asked and {len(answers)} answered")
    return [
        _row(record, answer, number, columns)
        for number, (record, answer) in enumerate(zip(records, answers, strict=True))
    ]


def requested(document: Any, columns: Columns) -> list[Record]:
    """The rows of a request, by column.

    >>> columns = Columns(key="id", time_key="at", features=(Feature(name="x", type="double", comment=""),))
    >>> requested({"dataframe_split": {"columns": ["x", "id"], "data": [[1, "a"]]}}, columns)
    [{'x': 1, 'id': 'a'}]
    >>> requested({"inputs": {"x": [1, 2]}}, columns)
    [{'x': 1}, {'x': 2}]
    >>> requested({"instances": [[1], [2]]}, columns)
    [{'x': 1}, {'x': 2}]
    """
    if not isinstance(document, dict):
        raise Unreadable(f"the request is no JSON object but {_kind(document)}")
    found = [name for name in _FORMATS if name in document]
    if len(found) != 1:
        raise Unreadable(f"the request has {' and '.join(found) or 'none'} of {', '.join(_FORMATS)}; one is needed")
    records = _READERS[found[0]](document[found[0]], columns)
    known = {columns.key, columns.time_key, *columns.names}
    if records and not any(known & record.keys() for record in records):
        raise Unreadable(f"the request has no column of the project, only {', '.join(sorted(records[0])) or 'none'}")
    return records


def answered(document: Any) -> list[float]:
    """The predictions of an answer: a number per row, alone, in a list of one, or as the one value of an object.

    >>> answered({"predictions": [0.25, [1], {"p": 0.5}]})
    [0.25, 1.0, 0.5]
    """
    predictions = document.get("predictions") if isinstance(document, dict) else None
    if not isinstance(predictions, list):
        raise Unreadable("the response has no list of predictions")
    return [_prediction(value, number) for number, value in enumerate(predictions)]


def _split(body: Any, _columns: Columns) -> list[Record]:
    names, data = (body.get("columns"), body.get("data")) if isinstance(body, dict) else (None, None)
    if not isinstance(names, list) or not isinstance(data, list):
        raise Unreadable("dataframe_split needs columns and data, both lists")
    if any(not isinstance(row, list) or len(row) != len(names) for row in data):
        raise Unreadable(f"dataframe_split has rows of another length than its {len(names)} columns")
    return [dict(zip(map(str, names), row, strict=True)) for row in data]


def _records(body: Any, _columns: Columns) -> list[Record]:
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise Unreadable("dataframe_records is no list of objects")
    return [dict(row) for row in body]


def _instances(body: Any, columns: Columns) -> list[Record]:
    if not isinstance(body, list):
        raise Unreadable("instances is no list")
    if all(isinstance(row, dict) for row in body):
        return [dict(row) for row in body]
    return [_by_place(row if isinstance(row, list) else [row], columns) for row in body]


def _inputs(body: Any, columns: Columns) -> list[Record]:
    if not isinstance(body, dict):
        return _instances(body, columns)
    if not all(isinstance(values, list) for values in body.values()):
        if any(isinstance(values, list | dict) for values in body.values()):
            raise Unreadable("inputs mixes lists and single values")
        return [dict(body)]
    if len({len(values) for values in body.values()}) > 1:
        raise Unreadable("inputs has columns of different lengths")
    return [dict(zip(body, row, strict=True)) for row in zip(*body.values(), strict=True)]


_READERS: Mapping[str, Callable[[Any, Columns], list[Record]]] = {
    "dataframe_split": _split,
    "dataframe_records": _records,
    "instances": _instances,
    "inputs": _inputs,
}


def _by_place(row: Sequence[Any], columns: Columns) -> Record:
    if len(row) != len(columns.names):
        raise Unreadable(f"a row without names has {len(row)} values, the model takes {len(columns.names)}")
    return dict(zip(columns.names, row, strict=True))


def _row(record: Record, answer: float, number: int, columns: Columns) -> PayloadRow:
    key = record.get(columns.key)
    return PayloadRow(
        key=None if key is None else str(key),
        moment=_moment(record.get(columns.time_key), f"row {number}: {columns.time_key}"),
        values=tuple(_value(record.get(each.name), each, number) for each in columns.features),
        prediction=answer,
    )


def _value(value: Any, feature: Feature, number: int) -> str | float | None:
    value = _alone(value)
    if value is None or (feature.type == "string" and isinstance(value, str)):
        return value
    if feature.type == "double" and isinstance(value, int | float):
        return float(value)
    raise Unreadable(f"row {number}: {feature.name} is {_kind(value)}, not {feature.type}")


def _prediction(value: Any, number: int) -> float:
    value = _alone(value)
    if isinstance(value, dict) and len(value) == 1:
        value = next(iter(value.values()))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unreadable(f"prediction {number} is no finite number but {_kind(value)}")
    return float(value)


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _moment(value: Any, where: str) -> dt.datetime | None:
    """A time as ISO 8601 says it, UTC when it names no zone, or in milliseconds, as pandas writes it."""
    if value is None:
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return dt.datetime.fromtimestamp(value / 1000, dt.UTC)
        moment = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        raise Unreadable(f"{where} is {_kind(value)}, not a time") from None
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f"the {what} is not JSON") from None


def _kind(value: Any) -> str:
    """What a value is, without the value: reasons are read by more people than rows are."""
    return "null" if value is None else f"a {type(value).__name__}"
