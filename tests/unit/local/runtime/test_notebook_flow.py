"""Widgets, SQL text and packages of notebooks."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.runtime.notebook_flow import InputWidgetNotDefined, Widgets
from brickyard_local.runtime.pip_install import CannotInstallPackages, install
from brickyard_local.runtime.sql_text import bound, statements


def test_a_parameter_wins_over_a_widgets_default() -> None:
    widgets = Widgets({"a": "given"})
    widgets.text("a", "default")
    widgets.dropdown("b", "x", ["x", "y"])
    assert widgets.getAll() == {"a": "given", "b": "x"}
    assert widgets.getArgument("c", "fallback") == "fallback"
    with pytest.raises(InputWidgetNotDefined, match=r"^No input widget named c is defined$"):
        widgets.get("c")
    with pytest.raises(ValueError, match="none of its choices"):
        widgets.multiselect("d", "z", ["x"])
    widgets.remove("b")
    widgets.removeAll()
    assert widgets.getAll() == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;\n;\n-- only a comment\n;SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';', \"a;b\", `c;d` /* e;f */ -- g;h", ["SELECT ';', \"a;b\", `c;d` /* e;f */ -- g;h"]),
        ("SELECT 'it''s; one'; SELECT 'a\\';b'", ["SELECT 'it''s; one'", "SELECT 'a\\';b'"]),
    ],
)
def test_sql_is_cut_at_semicolons_that_separate(text: str, expected: list[str]) -> None:
    assert list(statements(text)) == expected


@given(st.lists(st.text(alphabet="ab1 ,=", min_size=1).filter(str.strip)))
def test_statements_joined_by_semicolons_come_apart_again(texts: list[str]) -> None:
    assert list(statements(";".join(texts))) == [text.strip() for text in texts]


def test_what_is_installed_already_is_not_installed_again(tmp_path: Path) -> None:
    assert install(["--no-index", "pytest"], tmp_path / "packages", sys.executable) == []
    assert not (tmp_path / "packages").exists()


def test_options_that_would_change_the_workspaces_own_environment_are_refused(tmp_path: Path) -> None:
    for option in ("--target=/x", "-t", "--prefix", "--user"):
        with pytest.raises(CannotInstallPackages, match="not taken"):
            install([option, "pytest"], tmp_path, sys.executable)


def test_parameters_become_literals_but_not_in_strings_names_comments_and_casts() -> None:
    values = {"a": "it's \\ here", "n": "1"}
    text = "SELECT :a, ':a', `:a`, x::n, :missing -- :a\n FROM t WHERE n=:n"
    expected = "SELECT 'it\\'s \\\\ here', ':a', `:a`, x::n, :missing -- :a\n FROM t WHERE n='1'"
    assert bound(text, values) == expected
