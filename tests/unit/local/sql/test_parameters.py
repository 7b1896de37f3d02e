"""Parameters become literals that can hold any value, and nothing but markers is replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.errors import InvalidParameter
from brickyard_local.sql.front.parameters import bound, literal
from brickyard_local.sql.front.tokens import Kind, tokens


@given(st.text(max_size=40))
def test_no_value_breaks_out_of_its_literal(value: str) -> None:
    found = tokens(f"{literal(value, 'STRING')} ;")

    assert [(each.kind, each.value) for each in found] == [(Kind.STRING, value), (Kind.SYMBOL, ";")]


@given(st.text(alphabet="ab:'`\" (),.=\n-", max_size=40))
def test_a_text_without_parameters_stays_as_it_is(text: str) -> None:
    assert bound(text, []) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT :a", "SELECT 'v'"),
        ("f(:a,:a)", "f('v','v')"),
        ("x=:a", "x='v'"),
        ("SELECT c:a, f(c):a, c::a", "SELECT c:a, f(c):a, c::a"),
        ("SELECT ':a' -- :a", "SELECT ':a' -- :a"),
        ("SELECT `:a`, :b", "SELECT `:a`, :b"),
    ],
)
def test_only_markers_are_replaced(text: str, expected: str) -> None:
    assert bound(text, [{"name": "a", "value": "v"}]) == expected


@pytest.mark.parametrize("kind", ["INT) --", "ARRAY<INT>", "STRING; DROP TABLE t"])
def test_a_type_that_is_none_is_refused(kind: str) -> None:
    with pytest.raises(InvalidParameter, match="simple type"):
        literal("1", kind)


def test_names_are_needed_and_differ() -> None:
    with pytest.raises(InvalidParameter, match="no name"):
        bound("SELECT 1", [{"name": "", "value": "1"}])
    with pytest.raises(InvalidParameter, match="twice"):
        bound("SELECT 1", [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}])
