"""The frame that mlflow makes of a small JSON request, column by column instead of cell by cell and cast by cast.

mlflow decodes such a body twice, has pandas guess each column's type, and casts it, which for one row of thirty columns
takes longer than a small model does. Only what cannot be read in two ways is read here: rows of the same names, values
of exactly the type of the signature. Everything else is None, and mlflow's own to read.
Source: mlflow.pyfunc.scoring_server (`_parse_json_data`), mlflow.utils.proto_json_utils (`dataframe_from_parsed_json`)
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_Column = Callable[[Sequence[Any]], Any]
_LONG, _INTEGER = (-(2**63), 2**63 - 1), (-(2**31), 2**31 - 1)


class SmallFrames:
    """Reads bodies for one model. `columns` are those that can be read here, by name."""

    def __init__(self, metadata: Any) -> None:
        from mlflow.types.schema import DataType

        readers: Mapping[Any, _Column] = {
            DataType.double: _numbers("float64"),
            DataType.float: _numbers("float32"),
            DataType.long: _integers("int64", *_LONG),
            DataType.integer: _integers("int32", *_INTEGER),
            DataType.boolean: _booleans,
            DataType.string: _texts,
        }
        schema = metadata.get_input_schema()
        named = zip(schema.input_names(), schema.input_types(), strict=True)
        by_hint = metadata._is_signature_from_type_hint()  # noqa: SLF001 - as mlflow asks before it parses
        self._columns = {} if by_hint else {name: readers.get(kind) for name, kind in named}

    def read(self, body: bytes) -> Any:
        """A DataFrame, or None where mlflow is to read the body."""
        try:
            asked = json.loads(body)
        except ValueError:
            return None
        if not isinstance(asked, dict) or len(asked) != 1:
            return None
        ((form, given),) = asked.items()
        values = _BY_FORM[form](given) if form in _BY_FORM else None
        return None if values is None else self._frame(values)

    def _frame(self, values: Mapping[Any, Sequence[Any]]) -> Any:
        from pandas import DataFrame

        made = {}
        for name, column in values.items():
            reader = self._columns.get(name)
            made[name] = None if reader is None else reader(column)
            if made[name] is None:
                return None
        return DataFrame(made, copy=False) if made else None


def _of_records(given: Any) -> Mapping[Any, Sequence[Any]] | None:
    if not isinstance(given, list) or not given or not all(type(row) is dict for row in given):
        return None
    names = list(given[0])
    if any(list(row) != names for row in given[1:]):
        return None
    return {name: [row[name] for row in given] for name in names}


def _of_split(given: Any) -> Mapping[Any, Sequence[Any]] | None:
    if not isinstance(given, dict) or given.keys() != {"columns", "data"}:
        return None
    names, rows = given["columns"], given["data"]
    if not (isinstance(names, list) and isinstance(rows, list) and rows and all(type(name) is str for name in names)):
        return None
    if len(set(names)) != len(names) or not all(type(row) is list and len(row) == len(names) for row in rows):
        return None
    return dict(zip(names, zip(*rows, strict=True), strict=True))


_BY_FORM: Mapping[str, Callable[[Any], Mapping[Any, Sequence[Any]] | None]] = {
    "dataframe_records": _of_records,
    "dataframe_split": _of_split,
}


def _numbers(dtype: str) -> _Column:
    def read(column: Sequence[Any]) -> Any:
        import numpy as np

        if not {type(value) for value in column} <= {float, int, type(None)}:
            return None
        try:
            values = [np.nan if value is None else float(value) for value in column]
        except OverflowError:
            return None
        with np.errstate(over="ignore"):  # more than a float32 holds is infinite, for pandas too
            return np.array(values).astype(dtype)

    return read


def _integers(dtype: str, least: int, most: int) -> _Column:
    def read(column: Sequence[Any]) -> Any:
        import numpy as np

        if not all(type(value) is int and least <= value <= most for value in column):
            return None
        return np.array(column, dtype=dtype)

    return read


def _booleans(column: Sequence[Any]) -> Any:
    import numpy as np

    return np.array(column, dtype=bool) if all(type(value) is bool for value in column) else None


def _texts(column: Sequence[Any]) -> Any:
    import numpy as np

    return np.array(column, dtype=object) if all(type(value) is str for value in column) else None
