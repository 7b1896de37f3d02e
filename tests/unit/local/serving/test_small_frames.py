"""A small request read by columns is the frame that mlflow makes of it, or left to mlflow."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.model import Model
from mlflow.pyfunc import scoring_server
from mlflow.types.schema import ColSpec, DataType, Schema
from pandas.testing import assert_frame_equal

from brickyard_local.serving.small_frames import SmallFrames

KINDS = (DataType.double, DataType.float, DataType.long, DataType.integer, DataType.boolean, DataType.string)
COLUMNS = [ColSpec(kind, name=f"c {kind.name}", required=False) for kind in KINDS]
METADATA = Model(signature=ModelSignature(inputs=Schema([*COLUMNS, ColSpec(DataType.datetime, name="at")])))
SMALL = SmallFrames(METADATA)
ROW = {"c double": 1.5, "c float": 2, "c long": 3, "c integer": 4, "c boolean": True, "c string": "x"}

_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**31) - 2, 2**31 + 2),
    st.floats(allow_nan=True, allow_infinity=False),
    st.text(max_size=4),
    st.lists(st.integers(), max_size=2),
)
# Mostly what the signature asks for, so that most of them can be read here.
_fitting = {
    "c double": st.one_of(st.floats(allow_nan=False), st.integers(), st.none()),
    "c float": st.one_of(st.floats(allow_nan=False), st.integers(-100, 100), st.none()),
    "c long": st.integers(-(2**63), 2**63 - 1),
    "c integer": st.integers(-(2**31), 2**31 - 1),
    "c boolean": st.booleans(),
    "c string": st.text(max_size=4),
}


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from([*_fitting, "at", "unknown"]), unique=True, min_size=1))
    odd = draw(st.sampled_from([None, None, None, *names]))
    strategies = {name: _values if name == odd or name not in _fitting else _fitting[name] for name in names}
    rows = draw(st.lists(st.fixed_dictionaries(strategies), min_size=1, max_size=3))
    if draw(st.booleans()):
        return json.dumps({"dataframe_records": rows}).encode()
    data = [list(row.values()) for row in rows]
    return json.dumps({"dataframe_split": {"columns": names, "data": data}}).encode()


@given(bodies())
@settings(deadline=None, max_examples=300)
def test_a_frame_read_here_is_mlflows(body: bytes) -> None:
    read = SMALL.read(body)
    if read is not None:
        parsed: Any = scoring_server._parse_json_data(body, METADATA, METADATA.get_input_schema())
        assert_frame_equal(read, parsed.data, check_exact=True)


def test_what_fits_the_signature_is_read_here() -> None:
    for body in (
        {"dataframe_records": [ROW, ROW]},
        {"dataframe_split": {"columns": [*ROW], "data": [[*ROW.values()]]}},
    ):
        frame = SMALL.read(json.dumps(body).encode())
        assert list(frame.columns) == list(ROW)
        assert [str(dtype) for dtype in frame.dtypes] == ["float64", "float32", "int64", "int32", "bool", "object"]


@pytest.mark.parametrize(
    "asked",
    [
        {"dataframe_records": [ROW | {"c long": 1.0}]},
        {"dataframe_records": [ROW | {"c double": "1"}]},
        {"dataframe_records": [ROW | {"c integer": 2**31}]},
        {"dataframe_records": [ROW | {"c boolean": 1}]},
        {"dataframe_records": [ROW, {"c long": 1}]},
        {"dataframe_records": [ROW | {"unknown": 1}]},
        {"dataframe_records": [ROW | {"at": "2024-01-01"}]},
        {"dataframe_records": []},
        {"dataframe_records": [ROW], "params": {"a": 1}},
        {"dataframe_split": {"columns": ["c long", "c long"], "data": [[1, 2]]}},
        {"dataframe_split": {"columns": ["c long"], "data": [[1]], "index": [5]}},
        {"inputs": [ROW]},
        [ROW],
    ],
)
def test_what_can_be_read_in_two_ways_is_left_to_mlflow(asked: Any) -> None:
    assert SMALL.read(json.dumps(asked).encode()) is None
    assert SMALL.read(b"{") is None


def test_what_mlflow_refuses_is_never_read_here() -> None:
    body = json.dumps({"dataframe_records": [ROW | {"c long": "x"}]}).encode()
    with pytest.raises(MlflowException):
        scoring_server._parse_json_data(body, METADATA, METADATA.get_input_schema())
    assert SMALL.read(body) is None
