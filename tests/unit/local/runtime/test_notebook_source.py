"""Notebooks cut into cells."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.runtime.notebook_source import NotANotebook, Part, UnknownMagic, cells

HEADER = "# Databricks notebook source\n"
COMMAND = "\n\n# COMMAND ----------\n\n"


def kinds(content: str, language: str = "PYTHON") -> list[list[str]]:
    return [[part.kind for part in cell.parts] for cell in cells(content, language)]


def parts(cell: str) -> list[Part]:
    return list(cells(HEADER + cell)[0].parts)


def test_a_source_file_is_cut_at_its_commands() -> None:
    content = HEADER + "x = 1" + COMMAND + "# MAGIC %md\n# MAGIC # Title" + COMMAND + "# MAGIC %sql SELECT 1"
    assert kinds(content) == [["python"], ["md"], ["sql"]]
    assert [cell.number for cell in cells(content)] == [1, 2, 3]


def test_titles_and_empty_cells_run_nothing() -> None:
    assert kinds(HEADER + "# DBTITLE 1,Named\nx = 1" + COMMAND + "\n" + COMMAND + "y = 2") == [
        ["python"],
        [],
        ["python"],
    ]


def test_pip_and_run_stand_between_lines_of_python_and_keep_their_line() -> None:
    assert parts("# MAGIC %pip install a\nx = 1\n%run ./other $a=1\ny = 2") == [
        Part(kind="pip", text="install a", line=0),
        Part(kind="python", text="x = 1", line=1),
        Part(kind="run", text="./other $a=1", line=2),
        Part(kind="python", text="y = 2", line=3),
    ]


def test_the_language_of_a_cell_may_stand_on_its_own_line_or_before_its_text() -> None:
    assert parts("# MAGIC %sql\n# MAGIC SELECT 1\n# MAGIC FROM t") == [
        Part(kind="sql", text="SELECT 1\nFROM t", line=1)
    ]
    assert parts("%sql SELECT 1") == [Part(kind="sql", text="SELECT 1", line=0)]
    assert parts("# MAGIC %sh -e\n# MAGIC ls") == [Part(kind="sh", text="-e\nls", line=0)]
    python = parts("# MAGIC %python\n# MAGIC 1 / 0")[0]
    assert ("\n" * python.line + python.text).split("\n")[1] == "1 / 0"


def test_a_percent_sign_within_a_string_is_no_magic_command() -> None:
    text = 'text = """\n%timeit\n!ls\n"""\nx = 7 \\\n  % 2'
    assert parts(text) == [Part(kind="python", text=text, line=0)]


def test_a_sql_notebook_runs_sql_but_for_cells_of_python() -> None:
    content = "-- Databricks notebook source\nSELECT 1\n-- COMMAND ----------\n-- MAGIC %python\n-- MAGIC x = 1"
    assert kinds(content, "SQL") == [["sql"], ["python"]]


def test_a_jupyter_notebook_has_code_and_text_cells() -> None:
    book = {"cells": [{"cell_type": "markdown", "source": "hi"}, {"cell_type": "code", "source": ["a = 1\n", "a"]}]}
    assert kinds(json.dumps(book)) == [["md"], ["python"]]
    assert cells(json.dumps(book))[1].parts[0].text == "a = 1\na"
    with pytest.raises(NotANotebook):
        cells('{"worksheets": []}')


@pytest.mark.parametrize(
    "cell", ["%scala x", "# MAGIC %r\n# MAGIC 1", "%fs ls /", "%%bash\nls", "!ls", "x = 1\n%matplotlib inline"]
)
def test_magic_commands_that_do_not_run_here_are_refused_by_name(cell: str) -> None:
    with pytest.raises(UnknownMagic, match="Cell 1 has the magic command"):
        parts(cell)


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029%!"), max_size=40)
    )
)
def test_python_cells_come_out_as_they_went_in(texts: list[str]) -> None:
    plain = [
        text
        for text in texts
        if not any(line.startswith(("# MAGIC", "# COMMAND", "# DB", "# Data")) for line in text.split("\n"))
    ]
    found = cells(HEADER + "\n# COMMAND ----------\n".join(plain))
    wanted = [text.strip("\n") for text in plain] or [""]
    assert [cell.parts[0].text if cell.parts else "" for cell in found] == [
        text if text.strip() else "" for text in wanted
    ]
