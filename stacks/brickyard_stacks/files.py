"""Notebooks and files of a project's folder, put into the workspace for its jobs."""

from pathlib import Path

from constructs import Construct

from brickyard_constructs.workspace import Notebook, NotebookProps, WorkspaceFile, WorkspaceFileProps
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.workshop import Workshop


def put_file(scope: Construct, workshop: Workshop, id_: str, path: str, *, notebook: bool) -> str:
    """Upload a file of the project's folder; returns its path in the workspace, which waits for it.

    Errors: CannotBuildStacks, when it is not there, or is not in the project's folder.
    """
    source = _source(workshop, path)
    target = f"{workshop.code_folder}/{path}"
    if notebook:
        props = NotebookProps(path=target.rpartition(".")[0], source=source, permissions=workshop.file_permissions)
        return str(Notebook(scope, id_, props).path)
    file = WorkspaceFileProps(path=target, source=source, permissions=workshop.file_permissions)
    return str(WorkspaceFile(scope, id_, file).path)


def _source(workshop: Workshop, path: str) -> Path:
    source = (workshop.folder / path).resolve()
    if not source.is_relative_to(workshop.folder.resolve()):
        raise CannotBuildStacks(f"{path} is not in projects/{workshop.names.project}: a job's files are the project's")
    if not source.is_file():
        raise CannotBuildStacks(f"projects/{workshop.names.project}/{path} is not there; a job of project.yaml runs it")
    return source
