"""Notebooks, files and folders of the workspace through the unmodified SDK."""

import base64
import io
import secrets

import pytest
from databricks.sdk import WorkspaceClient, errors
from databricks.sdk.core import DatabricksError
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

from brickyard_local.pytest_plugin import LocalWorkspace

NOTEBOOK = b"# Databricks notebook source\nprint(1)\n"


@pytest.fixture
def folder(client: WorkspaceClient) -> str:
    path = f"/Shared/{secrets.token_hex(4)}"
    client.workspace.mkdirs(path)
    return path


def test_a_file_is_uploaded_as_a_form_and_downloaded_again(client: WorkspaceClient, folder: str) -> None:
    content = secrets.token_bytes(200_000)
    client.workspace.upload(f"{folder}/main.bin", io.BytesIO(content), format=ImportFormat.AUTO)
    with client.workspace.download(f"{folder}/main.bin") as found:
        assert found.read() == content
    status = client.workspace.get_status(f"{folder}/main.bin")
    assert (status.object_type, status.size) == (ObjectType.FILE, len(content))


def test_a_notebook_is_imported_as_json_and_exported(client: WorkspaceClient, folder: str) -> None:
    content = base64.b64encode(NOTEBOOK).decode()
    client.workspace.import_(f"{folder}/nb", content=content, format=ImportFormat.SOURCE, language=Language.PYTHON)
    status = client.workspace.get_status(f"/Workspace{folder}/nb")
    assert (status.object_type, status.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    assert client.workspace.export(f"{folder}/nb", format=ExportFormat.SOURCE).content == content


def test_a_jupyter_notebook_comes_back_as_it_went_and_is_not_converted(client: WorkspaceClient, folder: str) -> None:
    content = b'{"cells": [], "metadata": {"language_info": {"name": "sql"}}, "nbformat": 4, "nbformat_minor": 5}'
    client.workspace.upload(f"{folder}/nb.ipynb", io.BytesIO(content), format=ImportFormat.AUTO)
    status = client.workspace.get_status(f"{folder}/nb")
    assert (status.object_type, status.language) == (ObjectType.NOTEBOOK, Language.SQL)
    for format_ in (ExportFormat.JUPYTER, ExportFormat.AUTO):
        with client.workspace.download(f"{folder}/nb", format=format_) as found:
            assert found.read() == content
    for format_ in (ExportFormat.SOURCE, ExportFormat.HTML, ExportFormat.DBC):
        with pytest.raises(errors.NotImplemented, match="conversion of a notebook"):
            client.workspace.export(f"{folder}/nb", format=format_)
    with pytest.raises(errors.NotImplemented, match="export of a folder"):
        client.workspace.export(folder, format=ExportFormat.DBC)
    with pytest.raises(errors.NotImplemented, match="notebooks_modified_after"):
        list(client.workspace.list(folder, notebooks_modified_after=1))


def test_writing_again_keeps_the_id_and_needs_to_be_asked_for(client: WorkspaceClient, folder: str) -> None:
    path = f"{folder}/main.py"
    client.workspace.upload(path, io.BytesIO(b"1"), format=ImportFormat.AUTO)
    before = client.workspace.get_status(path).object_id
    with pytest.raises(ResourceAlreadyExists):
        client.workspace.upload(path, io.BytesIO(b"2"), format=ImportFormat.AUTO)
    client.workspace.upload(path, io.BytesIO(b"2"), format=ImportFormat.AUTO, overwrite=True)
    assert client.workspace.get_status(path).object_id == before


def test_a_tree_is_listed_and_deleted(client: WorkspaceClient, folder: str) -> None:
    client.workspace.mkdirs(f"{folder}/a/b")
    client.workspace.upload(f"{folder}/a/b/f.txt", io.BytesIO(b"1"), format=ImportFormat.AUTO)
    assert [found.path for found in client.workspace.list(folder, recursive=True)] == [f"{folder}/a/b/f.txt"]
    with pytest.raises(BadRequest, match="not empty"):
        client.workspace.delete(f"{folder}/a")
    client.workspace.delete(f"{folder}/a", recursive=True)
    assert list(client.workspace.list(folder)) == []
    with pytest.raises(NotFound):
        client.workspace.get_status(f"{folder}/a")


@pytest.mark.parametrize("path", ["/Shared/../../../etc/passwd", "/Shared/./x", "/Shared//x", "/Shared/a\x00b"])
def test_no_path_leads_out(client: WorkspaceClient, path: str) -> None:
    with pytest.raises(DatabricksError, match=r"empty name, '\.' or '\.\.'|control character"):
        client.workspace.upload(path, io.BytesIO(b"1"), format=ImportFormat.AUTO, overwrite=True)


def test_a_home_is_private_until_it_is_shared(local_workspace: LocalWorkspace, client: WorkspaceClient) -> None:
    names, clients = [], []
    for _ in range(2):
        robot = client.service_principals.create(display_name="robot")
        token = client.token_management.create_obo_token(application_id=str(robot.application_id)).token_value
        names.append(str(robot.application_id))
        clients.append(local_workspace.client(token=token))
    owner, guest = clients
    path = f"/Users/{names[0]}/plans"
    owner.workspace.mkdirs(path)
    owner.workspace.upload(f"{path}/f.txt", io.BytesIO(b"1"), format=ImportFormat.AUTO)
    with pytest.raises(PermissionDenied):
        guest.workspace.download(f"{path}/f.txt")
    folder_id = str(owner.workspace.get_status(path).object_id)
    grant = AccessControlRequest(service_principal_name=names[1], permission_level=PermissionLevel.CAN_READ)
    owner.permissions.update("directories", folder_id, access_control_list=[grant])
    assert guest.workspace.download(f"{path}/f.txt").read() == b"1"
    with pytest.raises(PermissionDenied):
        guest.workspace.delete(f"{path}/f.txt")


def test_workspaces_have_trees_of_their_own(
    local_workspace: LocalWorkspace, client: WorkspaceClient, folder: str
) -> None:
    with pytest.raises(NotFound):
        local_workspace.client(workspace="other").workspace.get_status(folder)
    assert client.workspace.get_status(folder).object_type is ObjectType.DIRECTORY


def test_what_a_killed_import_left_is_swept_and_never_shown(fresh_local_workspace: LocalWorkspace) -> None:
    files = fresh_local_workspace.home.files
    client = fresh_local_workspace.client()
    client.workspace.upload("/Shared/kept.txt", io.BytesIO(b"1"), format=ImportFormat.AUTO)
    (tree,) = [folder for folder in (files / "Workspace").iterdir() if (folder / "Shared").is_dir()]
    left = [files / ".imports" / "half", tree / ".writing-0123456789abcdef0123456789abcdef"]
    for half in left:
        half.parent.mkdir(exist_ok=True)
        half.write_bytes(b"half")
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    assert [half for half in left if half.exists()] == []
    assert [found.path for found in client.workspace.list("/Shared")] == ["/Shared/kept.txt"]


def test_the_tree_survives_a_kill(fresh_local_workspace: LocalWorkspace) -> None:
    client = fresh_local_workspace.client()
    client.workspace.mkdirs("/Shared/a")
    client.workspace.upload("/Shared/a/f", io.BytesIO(b"kept"), format=ImportFormat.AUTO)
    before = client.workspace.get_status("/Shared/a/f")
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    client = fresh_local_workspace.client()
    assert client.workspace.get_status("/Shared/a/f") == before
    assert client.workspace.download("/Shared/a/f").read() == b"kept"
