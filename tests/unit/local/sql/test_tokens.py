"""Tokens: whatever the text, places are right, and names, strings and comments are told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.sql.front.tokens import Kind, tokens

TEXTS = st.text(alphabet="ab_1.:;'\"`\\-/* \n()rR,=é", max_size=40)


@given(TEXTS)
def test_tokens_never_overlap_and_what_is_between_them_is_space_or_comment(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert at <= token.start < token.end <= len(text)
        between = text[at : token.start]
        assert not between.strip() or between.lstrip().startswith(("--", "/*"))
        at = token.end


@given(st.text(max_size=20), st.sampled_from("'\""))
def test_a_quoted_string_is_one_token_that_means_what_was_quoted(value: str, quote: str) -> None:
    escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")

    found = tokens(f"SELECT {quote}{escaped}{quote};")

    assert [(each.kind, each.value) for each in found[1:]] == [(Kind.STRING, value), (Kind.SYMBOL, ";")]


@given(st.text(max_size=20))
def test_a_quoted_name_is_one_token_that_means_what_was_quoted(name: str) -> None:
    found = tokens(f"`{name.replace('`', '``')}`.x")

    assert [each.value for each in found] == [name, ".", "x"]
    assert found[0].kind is Kind.QUOTED


@given(st.lists(st.sampled_from(["SELECT", "a", "'s'", "`n`", "1.5", "(", ")"]), max_size=8), st.data())
def test_comments_and_spaces_change_nothing(parts: list[str], data: st.DataObject) -> None:
    gap = st.sampled_from([" ", "\n", " -- 'x` \n", "/* ' /* nested */ \" */"])
    spaced = "".join(part + data.draw(gap) for part in parts)

    assert [each.value for each in tokens(spaced)] == [each.value for each in tokens(" ".join(parts))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (r"r'\n' 'a\'b'", [r"\n", "a'b"]),
        ("1_000 2_days t1.c", ["1_000", "2_days", "t1", ".", "c"]),
        ("x::INT", ["x", ":", ":", "INT"]),
        ("'open", ["open"]),
        ("'it''s' '' \"a\"\"b\" 'x' 'y' r'\\' 'z'", ["it's", "", 'a"b', "x", "y", "\\", "z"]),
        ("a -- b\rc -- d\\\ne\nf", ["a", "c", "f"]),
        ("/* a /*+ b */ c /*+ d '*/' */", ["c", "/", "*", "+", "d", "*/", "*", "/"]),
    ],
)
def test_tokens_by_example(text: str, values: list[str]) -> None:
    assert [each.value for each in tokens(text)] == values
