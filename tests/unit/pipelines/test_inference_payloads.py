"""An endpoint's payloads become rows whatever format was asked in, or are refused with a reason."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.inference.payloads import Columns, PayloadRow, Unreadable, read

COLUMNS = Columns(
    key="id",
    time_key="at",
    features=(Feature(name="a", type="double", comment=""), Feature(name="c", type="string", comment="")),
)
numbers = st.one_of(st.none(), st.integers(-(2**50), 2**50), st.floats(allow_nan=False, allow_infinity=False))
rows = st.lists(st.tuples(numbers, st.one_of(st.none(), st.text())), min_size=1, max_size=5)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["a", "c", "id", "at", "data", "columns", "inputs", "dataframe_split", "predictions", "x"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


def formats(values: list[tuple[Any, Any]]) -> dict[str, Any]:
    """The same rows in every format of a request."""
    records = [{"a": a, "c": c} for a, c in values]
    return {
        "split": {"dataframe_split": {"columns": ["c", "a"], "data": [[c, a] for a, c in values], "index": [7]}},
        "records": {"dataframe_records": records},
        "instances": {"instances": records},
        "instances by place": {"instances": [[a, c] for a, c in values]},
        "inputs": {"inputs": {"a": [a for a, _ in values], "c": [c for _, c in values]}},
        "inputs of records": {"inputs": records},
    }


def asked(request: Any, predictions: Any, status: int = 200) -> list[PayloadRow]:
    return read(json.dumps(request), json.dumps({"predictions": predictions}), status, [], COLUMNS)


@given(rows)
def test_every_format_gives_the_same_rows(values: list[tuple[Any, Any]]) -> None:
    wanted = [(None if a is None else float(a), c) for a, c in values]
    predictions = [number / 8 for number in range(len(values))]
    for name, request in formats(values).items():
        found = asked(request, predictions)
        assert [row.values for row in found] == wanted, name
        assert [row.prediction for row in found] == predictions


@given(anything, anything, st.sampled_from([200, 200, 400, None]))
def test_whatever_a_payload_holds_it_is_rows_or_a_reason(request: Any, response: Any, status: int | None) -> None:
    try:
        found = read(json.dumps(request), json.dumps(response), status, None, COLUMNS)
    except Unreadable as error:
        said, found = str(error), None
    else:
        said = ""
    if found is None:
        assert said
    else:
        assert status == 200
        assert len(found) == len(response["predictions"])


def test_a_row_may_carry_its_key_and_time() -> None:
    local = {"a": 1, "id": 7, "at": "2013-11-01T10:00:00+02:00"}
    plain = {"a": 1, "id": "k", "at": "2013-11-01 08:00:00"}
    of_pandas = {"a": 1, "at": 1383292800000}
    first, second, third = asked({"dataframe_records": [local, plain, of_pandas]}, [0.1, 0.2, 0.3])
    moment = dt.datetime(2013, 11, 1, 8, tzinfo=dt.UTC)
    assert (first.key, first.moment, second.key, second.moment) == ("7", moment, "k", moment)
    assert (third.key, third.moment) == (None, moment)


def test_a_request_of_an_earlier_model_is_read_by_the_columns_that_are_left() -> None:
    [row] = asked({"dataframe_records": [{"a": 2, "dropped": "x"}]}, [0.5])
    assert row.values == (2.0, None)


@pytest.mark.parametrize(
    ("request_body", "predictions", "reason"),
    [
        ({"dataframe_records": [{"dropped": 1}]}, [0.5], "no column of the project, only dropped"),
        ({"dataframe_records": [{"a": "no"}]}, [0.5], "row 0: a is a str, not double"),
        ({"dataframe_records": [{"a": 1}]}, [0.5, 0.5], "1 rows were asked and 2 answered"),
        ({"dataframe_records": [{"a": 1}]}, [None], "prediction 0 is no finite number but null"),
        ({"dataframe_records": [{"a": 1}]}, [float("nan")], "prediction 0 is no finite number"),
        ({"dataframe_records": [{"a": 1, "at": "soon"}]}, [0.5], "at is a str, not a time"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, [0.5], "another length than its 1 columns"),
        ({"inputs": {"a": [1, 2], "c": ["x"]}}, [0.5], "columns of different lengths"),
        ({"instances": [[1, "x", 2]]}, [0.5], "has 3 values, the model takes 2"),
        ({"messages": []}, [0.5], "the request has none of dataframe_split"),
        ({"inputs": [], "instances": []}, [], "instances and inputs"),
        ([1], [0.5], "no JSON object but a list"),
    ],
)
def test_a_payload_that_cannot_be_rows_says_why(request_body: Any, predictions: Any, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        asked(request_body, predictions)


def test_failures_cut_bodies_and_other_texts_have_reasons_too() -> None:
    with pytest.raises(Unreadable, match="the endpoint answered 503"):
        asked({"inputs": {"a": 1}}, [0.5], status=503)
    with pytest.raises(Unreadable, match="a body was not kept: MAX_REQUEST_SIZE_EXCEEDED"):
        read(None, "{}", 200, ["MAX_REQUEST_SIZE_EXCEEDED"], COLUMNS)
    with pytest.raises(Unreadable, match="the request is not JSON"):
        read("a,c\n1,x", '{"predictions": [1]}', 200, [], COLUMNS)
    with pytest.raises(Unreadable, match="the response is not JSON"):
        read('{"inputs": {"a": 1}}', 'data: {"x": 1}\n\n', 200, [], COLUMNS)
