"""Text of queries: whatever a name or a value holds, it stays one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.monitoring import DriftMetric, ProfileMetric, Slice
from brickyard_constructs.monitoring.sql_text import identifier, table, text

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
# A text, an identifier, or what is neither: the grammar of both, as the language manual gives it.
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`]|``)*`", re.DOTALL)


@given(ANY_TEXT)
def test_a_value_is_one_text_and_a_name_one_identifier(value: str) -> None:
    assert _TOKEN.fullmatch(text(value))
    assert _TOKEN.fullmatch(identifier(value))


@given(column=ANY_TEXT, expression=ANY_TEXT, value=ANY_TEXT)
def test_a_query_has_the_same_form_whatever_is_asked_about(column: str, expression: str, value: str) -> None:
    def form(query: DriftMetric) -> str:
        return _TOKEN.sub("?", query.sql)

    asked = Slice(expression=expression, value=value)
    usual = Slice(expression="carrier", value="UA")
    assert form(DriftMetric(metrics_table="c.m.t", column=column, metric="js_distance", slice=asked)) == form(
        DriftMetric(metrics_table="c.m.t", column="x", metric="js_distance", slice=usual)
    )


def test_a_query_asks_for_the_newest_window_of_what_was_named() -> None:
    query = ProfileMetric(metrics_table="c.m.t", metric="ks_test.pvalue", granularity="1 day")

    rows = "column_name = ':table' AND log_type = 'INPUT' AND slice_key IS NULL AND granularity = '1 day'"
    shown = "SELECT window.start AS window_start, `ks_test`.`pvalue` AS value"
    every = f"{shown} FROM `c`.`m`.`t` WHERE {rows} ORDER BY 1"
    known = f"WITH known AS (SELECT window_start, value FROM ({every}) WHERE value IS NOT NULL)"  # noqa: S608
    newest = "SELECT value FROM known WHERE window_start = (SELECT max(window_start) FROM known)"
    assert query.history_sql == every
    assert query.sql == f"{known} {newest}"


@pytest.mark.parametrize("name", ["t", "a.b", "a.b.c.d", "a..c", "a b.c.d"])
def test_a_table_has_three_names(name: str) -> None:
    with pytest.raises(InvalidProps, match="a three-level name"):
        table(name)
