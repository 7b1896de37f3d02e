"""Notebooks, files and destinations."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdktf import TerraformLocal, TerraformStack

from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.iam import Permission
from brickyard_constructs.workspace import (
    Notebook,
    NotebookProps,
    NotificationDestinationProps,
    WorkspaceFile,
    WorkspaceFileProps,
)

RUNS = (Permission(level="CAN_RUN", service_principal="run-as"),)


def notebook(**changes: Any) -> NotebookProps:
    return NotebookProps(**{"path": "/Users/me/n", "permissions": RUNS, "content": "print(1)"} | changes)


def test_a_notebook_from_text_holds_the_text(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    Notebook(stack, "notebook", notebook(content="spark.sql('${not a reference}')"))

    (made,) = synth()["databricks_notebook"].values()
    assert base64.b64decode(made["content_base64"]).decode() == "spark.sql('${not a reference}')"
    assert made["language"] == "PYTHON"


@pytest.mark.parametrize(("name", "language"), [("n.py", "PYTHON"), ("n.SQL", "SQL"), ("n.ipynb", None)])
def test_a_notebook_from_a_file_has_the_language_of_its_name(
    stack: TerraformStack, synth: Callable[[], Any], tmp_path: Path, name: str, language: str | None
) -> None:
    source = tmp_path / name
    source.write_text("SELECT 1")
    Notebook(stack, "notebook", notebook(content=None, source=source))

    (made,) = synth()["databricks_notebook"].values()
    assert made.get("language") == language
    assert str(tmp_path) not in made["source"]  # a plan made here applies elsewhere


def test_a_file_is_named_with_the_whole_tree(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    props = WorkspaceFileProps(path="/Users/me/x.py", source=Path(__file__), permissions=RUNS)
    TerraformLocal(stack, "path", WorkspaceFile(stack, "file", props).path)

    ((name, made),) = synth()["databricks_workspace_file"].items()
    assert made["path"] == "/Users/me/x.py"
    assert synth()["locals"]["path"] == f"/Workspace${{databricks_workspace_file.{name}.path}}"


@pytest.mark.parametrize("path", ["/Shared/n", "/Workspace/Shared/team/n", "/Shared"])
def test_what_runs_as_a_principal_does_not_lie_where_everybody_may_edit(path: str) -> None:
    for make in (
        lambda: notebook(path=path),
        lambda: WorkspaceFileProps(path=path, source=Path(__file__), permissions=RUNS),
    ):
        with pytest.raises(InvalidProps, match="outside of /Shared: everybody may edit what lies there"):
            make()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: notebook(path="n"), "path: got 'n'; a workspace path starts with /"),
        (lambda: notebook(source=Path(__file__)), "exactly one of the two"),
        (lambda: notebook(content=None), "exactly one of the two"),
        (lambda: notebook(content=None, source=Path("/nowhere.py")), "must be a file"),
        (lambda: notebook(language="COBOL"), "language: got 'COBOL'"),
        (lambda: WorkspaceFileProps(path="/Users/me/x", source=Path("/nowhere"), permissions=RUNS), "must be a file"),
        (lambda: NotificationDestinationProps(name="n", emails=()), "emails: got"),
        (lambda: NotificationDestinationProps(name="n", emails=("https://hooks.example/T0",)), "an e-mail address"),
        (lambda: NotificationDestinationProps(name="n", emails=("a@b.c", "a@b.c")), "each stands once"),
    ],
)
def test_what_could_not_be_written_is_refused(make: Callable[[], object], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        make()


def test_a_source_of_another_kind_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "n.txt"
    source.write_text("x")

    with pytest.raises(InvalidProps, match=r"source: got 'n\.txt'; ends with one of \.py"):
        notebook(content=None, source=source)
