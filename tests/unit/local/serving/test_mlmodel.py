"""What an MLmodel file says, and what it is safe to believe."""

from pathlib import Path

import pytest

from brickyard_local.serving.mlmodel import Facts, openapi, read

MLMODEL = """
metadata: {task: llm/v1/chat}
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}, {"type": "string", "name": "y", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
"""


def test_task_and_columns_are_read(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(MLMODEL)
    facts = read(tmp_path)
    assert facts.task == "llm/v1/chat"
    assert [column["name"] for column in facts.inputs] == ["x", "y"]
    assert facts.outputs == []


def test_the_database_instances_that_a_model_declares_are_read(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("resources: {api_version: '1', databricks: {lakebase: [{name: a}, {name: b}]}}")
    assert read(tmp_path).lakebase == ("a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "a: [",
        "metadata: 3",
        "signature: {inputs: '{'}",
        "resources: {databricks: {lakebase: [x]}}",
        "!!python/object:os.x {}",
    ],
)
def test_a_file_that_says_nothing_sensible_says_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path) == Facts()
    (tmp_path / "MLmodel").write_text(text)
    assert read(tmp_path) == Facts()


def test_the_schema_of_a_query_names_the_columns(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(MLMODEL)
    shown = openapi("e", "http://h", {"m-1": read(tmp_path)})
    post = shown["paths"]["/served-models/m-1/invocations"]["post"]
    records = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"][0]
    row = records["properties"]["dataframe_records"]["items"]
    assert row["properties"] == {"x": {"type": "number", "format": "double"}, "y": {"type": "string"}}
    assert row["required"] == ["x"]
