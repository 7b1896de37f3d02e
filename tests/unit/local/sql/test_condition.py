"""Conditions of alerts: aggregations, comparisons, and what an empty result means."""

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.sql.alerts.condition import CannotEvaluate, operand, state

COLUMNS = [{"name": "N", "type_name": "DOUBLE"}, {"name": "s", "type_name": "STRING"}]


def evaluation(operator: str, threshold: Any = None, *, column: str = "n", **more: Any) -> dict[str, Any]:
    source = {"name": column, **({"aggregation": more.pop("aggregation")} if "aggregation" in more else {})}
    return {"source": source, "comparison_operator": operator, "threshold": threshold, **more}


def value(constant: Any) -> dict[str, Any]:
    kind = (
        "bool_value" if isinstance(constant, bool) else "string_value" if isinstance(constant, str) else "double_value"
    )
    return {"value": {kind: constant}}


@pytest.mark.parametrize(
    ("operator", "limit", "found"),
    [
        ("GREATER_THAN", 9, "TRIGGERED"),
        ("GREATER_THAN", 10, "OK"),
        ("GREATER_THAN_OR_EQUAL", 10, "TRIGGERED"),
        ("LESS_THAN", 10, "OK"),
        ("LESS_THAN_OR_EQUAL", 10, "TRIGGERED"),
        ("EQUAL", 10, "TRIGGERED"),
        ("EQUAL", "10", "TRIGGERED"),
        ("NOT_EQUAL", 10, "OK"),
    ],
)
def test_operators_compare_numbers_as_numbers(operator: str, limit: Any, found: str) -> None:
    """As text, 10 would be less than 9."""
    assert state(evaluation(operator, value(limit)), COLUMNS, [["10.0", "x"]]) == found


def test_a_threshold_can_be_a_column_and_text_is_compared_as_text() -> None:
    columns = [*COLUMNS, {"name": "limit", "type_name": "INT"}]
    against = {"column": {"name": "limit"}}

    assert state(evaluation("GREATER_THAN", against), columns, [["3", "x", "2"]]) == "TRIGGERED"
    assert state(evaluation("EQUAL", value("red"), column="s"), COLUMNS, [["1", "red"]]) == "TRIGGERED"


@pytest.mark.parametrize("empty", ["OK", "TRIGGERED", "ERROR"])
def test_an_empty_result_is_what_it_is_said_to_be(empty: str) -> None:
    assert state(evaluation("EQUAL", value(1), empty_result_state=empty), COLUMNS, []) == empty
    assert state(evaluation("EQUAL", value(1)), COLUMNS, []) == "UNKNOWN"


@pytest.mark.parametrize("more", [{}, {"aggregation": "MAX"}, {"aggregation": "STDDEV"}])
def test_what_is_no_number_cannot_be_compared(more: dict[str, Any]) -> None:
    with pytest.raises(CannotEvaluate, match="NaN"):
        state(evaluation("GREATER_THAN", value(1), **more), COLUMNS, [["NaN", "x"], ["1.0", "x"]])


def test_null_is_only_null() -> None:
    rows = [[None, "x"]]

    assert state(evaluation("IS_NULL"), COLUMNS, rows) == "TRIGGERED"
    assert state(evaluation("IS_NOT_NULL"), COLUMNS, rows) == "OK"
    assert state(evaluation("LESS_THAN", value(1)), COLUMNS, rows) == "OK"


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000)), min_size=1, max_size=12))
def test_aggregations_leave_nulls_out(numbers: list[int | None]) -> None:
    rows = [[None if each is None else str(each), None] for each in numbers]
    known = [each for each in numbers if each is not None]

    def of(aggregation: str) -> Any:
        found = operand({"name": "n", "aggregation": aggregation}, COLUMNS, rows)
        return None if found is None else pytest.approx(float(found))

    assert (of("COUNT"), of("COUNT_DISTINCT")) == (len(known), len(set(known)))
    assert of("MAX") == (max(known) if known else None)
    assert of("SUM") == (sum(known) if known else None)
    assert of("AVG") == (statistics.mean(known) if known else None)
    assert of("MEDIAN") == (statistics.median(known) if known else None)
    assert of("STDDEV") == (statistics.stdev(known) if len(known) > 1 else None)


def test_what_the_result_does_not_have_is_an_error_that_names_it() -> None:
    with pytest.raises(CannotEvaluate, match="no column 'other'"):
        state(evaluation("EQUAL", value(1), column="other"), COLUMNS, [["1", "x"]])
    with pytest.raises(CannotEvaluate, match="SUM needs"):
        state(evaluation("EQUAL", value(1), column="s", aggregation="SUM"), COLUMNS, [["1", "x"]])
