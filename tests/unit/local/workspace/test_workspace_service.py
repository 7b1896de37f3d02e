"""The workspace tree: what an import becomes, and who may do what where."""

import base64
import contextlib
import json
import threading
from pathlib import Path

import pytest

from brickyard_local.account import ADMIN, Workspace
from brickyard_local.callers import Caller, Callers
from brickyard_local.errors import (
    AlreadyExists,
    InvalidParameter,
    InvalidState,
    NotEmulated,
    NotFound,
    PermissionDenied,
)
from brickyard_local.identity.payloads import ScimResource
from brickyard_local.identity.resource_types import USERS
from brickyard_local.identity.service import IdentityService
from brickyard_local.permissions.payloads import AccessControl, AccessControlList
from brickyard_local.permissions.service import PermissionsService
from brickyard_local.store import Document, Store
from brickyard_local.workspace.compose import compose_workspace
from brickyard_local.workspace.formats import imported
from brickyard_local.workspace.service import WorkspaceService, tree_path

HERE = Workspace(name="local", workspace_id=1, port=1)
THERE = Workspace(name="other", workspace_id=2, port=2)
NOTEBOOK = b"# Databricks notebook source\nprint(1)"


class World:
    def __init__(self, root: Path) -> None:
        self.store = Store(root / "account.db")
        self.identity = IdentityService(self.store)
        self.permissions = PermissionsService(self.store, self.identity)
        self.tree: WorkspaceService = compose_workspace(self.store, root / "files", self.permissions, self.identity)
        self.admin = Callers(self.store).caller(ADMIN, HERE)

    def user(self, name: str, workspace: Workspace = HERE) -> Caller:
        if not self.identity.principal_exists(name):
            self.identity.create(self.admin, USERS, ScimResource(userName=name))
        return Callers(self.store).caller(name, workspace)

    def write(self, caller: Caller, path: str, content: bytes = b"x", *, overwrite: bool = False) -> int:
        made = self.tree.write(caller, path, content, format_="AUTO", language=None, overwrite=overwrite)
        return int(made["object_id"])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(
    ("path", "format_", "content", "expected"),
    [
        ("/a.py", "AUTO", b"print(1)", ("/a.py", "FILE", None)),
        ("/a.py", "AUTO", NOTEBOOK, ("/a", "NOTEBOOK", "PYTHON")),
        ("/a.sql", "AUTO", b"-- Databricks notebook source\n", ("/a", "NOTEBOOK", "SQL")),
        ("/a.ipynb", "AUTO", b'{"metadata": {}}', ("/a", "NOTEBOOK", "PYTHON")),
        ("/a.py", "RAW", NOTEBOOK, ("/a.py", "FILE", None)),
        ("/a", "JUPYTER", b'{"metadata": {"language_info": {"name": "r"}}}', ("/a", "NOTEBOOK", "R")),
    ],
)
def test_an_import_becomes(path: str, format_: str, content: bytes, expected: tuple[str, str, str | None]) -> None:
    made = imported(path, format_, None, content)
    assert (made.path, made.object_type, made.language) == expected


def test_an_import_that_cannot_be_understood_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="needs its `language`"):
        imported("/a", "SOURCE", None, b"")
    with pytest.raises(InvalidParameter, match="Jupyter"):
        imported("/a", "JUPYTER", None, b"[]")
    with pytest.raises(InvalidParameter, match="Jupyter"):
        imported("/a.ipynb", "AUTO", None, b'{"metadata": {"kernelspec": []}}')
    assert imported("/a", "JUPYTER", None, b'{"metadata": null}').language == "PYTHON"
    with pytest.raises(NotEmulated, match="DBC"):
        imported("/a", "DBC", None, b"")


def test_workspace_in_front_of_a_path_means_nothing(world: World) -> None:
    assert tree_path("/Workspace/Shared/x/") == tree_path("/Shared/x") == "/Shared/x"
    world.write(world.admin, "/Workspace/Shared/x")
    assert world.tree.status(world.admin, "/Shared/x")["object_type"] == "FILE"


def test_a_parent_folder_must_exist_and_the_message_is_the_one_terraform_looks_for(world: World) -> None:
    with pytest.raises(NotFound) as refused:
        world.write(world.admin, "/Shared/no/file")
    assert "parent folder " in refused.value.message.lower()
    assert " does not exist" in refused.value.message.lower()


def test_an_object_keeps_its_id_when_it_is_written_again(world: World) -> None:
    first = world.write(world.admin, "/Shared/x", b"1")
    with pytest.raises(AlreadyExists):
        world.write(world.admin, "/Shared/x", b"2")
    assert world.write(world.admin, "/Shared/x", b"3", overwrite=True) == first
    assert world.tree.read(world.admin, "/Shared/x", "AUTO")[1] == b"3"


def test_an_object_is_not_overwritten_by_another_type(world: World) -> None:
    world.write(world.admin, "/Shared/x", b"1")
    with pytest.raises(InvalidParameter, match="type mismatch"):
        world.write(world.admin, "/Shared/x.py", NOTEBOOK, overwrite=True)


def test_folders_are_made_with_those_above_and_once(world: World) -> None:
    made = world.tree.mkdirs(world.admin, "/Shared/a/b/c")
    assert world.tree.mkdirs(world.admin, "/Shared/a/b/c") == made
    assert [entry["path"] for entry in world.tree.listed(world.admin, "/Shared/a")] == ["/Shared/a/b"]
    world.write(world.admin, "/Shared/a/f")
    with pytest.raises(AlreadyExists):
        world.tree.mkdirs(world.admin, "/Shared/a/f")


def test_a_folder_goes_with_its_content_only_when_asked(world: World, tmp_path: Path) -> None:
    world.tree.mkdirs(world.admin, "/Shared/a/b")
    world.write(world.admin, "/Shared/a/b/f")
    with pytest.raises(InvalidState, match="not empty"):
        world.tree.delete(world.admin, "/Shared/a", recursive=False)
    world.tree.delete(world.admin, "/Shared/a", recursive=True)
    with pytest.raises(NotFound):
        world.tree.status(world.admin, "/Shared/a/b/f")
    assert not (tmp_path / "files" / "Workspace" / "1" / "Shared" / "a").exists()


@pytest.mark.parametrize("path", ["/", "/Shared", "/Users"])
def test_what_is_built_in_cannot_be_deleted(world: World, path: str) -> None:
    with pytest.raises(InvalidParameter):
        world.tree.delete(world.admin, path, recursive=True)


def test_deleting_a_folder_deletes_the_experiments_in_it(world: World) -> None:
    gone: list[str] = []
    world.tree.when_experiment_deleted(lambda _caller, experiment_id: gone.append(experiment_id))
    world.tree.mkdirs(world.admin, "/Shared/a")
    world.tree.add_experiment(world.admin, "/Shared/a/e", "5")
    assert world.permissions.holds(world.admin, "experiments", "5", "CAN_READ")
    world.tree.delete(world.admin, "/Shared/a", recursive=True)
    assert gone == ["5"]
    assert not world.tree.exists("experiments", 1, "5")


def test_everybody_works_in_shared_and_only_the_owner_at_home(world: World) -> None:
    ann, bob = world.user("ann@x.org"), world.user("bob@x.org")
    world.write(ann, "/Shared/x")
    world.write(bob, "/Shared/x", overwrite=True)
    world.write(ann, "/Users/ann@x.org/secret")
    for attempt in (
        lambda: world.tree.status(bob, "/Users/ann@x.org/secret"),
        lambda: world.tree.read(bob, "/Users/ann@x.org/secret", "AUTO"),
        lambda: world.tree.delete(bob, "/Users/ann@x.org/secret", recursive=False),
        lambda: world.write(bob, "/Users/ann@x.org/secret", overwrite=True),
        lambda: world.write(bob, "/Users/ann@x.org/mine"),
        lambda: world.tree.mkdirs(bob, "/Users/ann@x.org/mine"),
        lambda: world.tree.mkdirs(bob, "/mine"),
        lambda: world.tree.folder(bob, ("Users", "ann@x.org", "secret")),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert [entry["path"] for entry in world.tree.listed(bob, "/Users")] == []


def test_a_grant_on_a_folder_reaches_what_lies_in_it(world: World) -> None:
    ann, bob = world.user("ann@x.org"), world.user("bob@x.org")
    folder = world.tree.mkdirs(ann, "/Users/ann@x.org/open")
    world.write(ann, "/Users/ann@x.org/open/f", b"1")
    grant = AccessControl(user_name="bob@x.org", permission_level="CAN_READ")
    body = AccessControlList(access_control_list=[grant])
    world.permissions.patch(ann, "directories", str(folder["object_id"]), body)
    assert world.tree.read(bob, "/Users/ann@x.org/open/f", "AUTO")[1] == b"1"
    with pytest.raises(PermissionDenied):
        world.write(bob, "/Users/ann@x.org/open/f", b"2", overwrite=True)


def test_a_workspace_does_not_see_the_tree_of_another(world: World) -> None:
    world.write(world.admin, "/Shared/x")
    there = Callers(world.store).caller(ADMIN, THERE)
    with pytest.raises(NotFound):
        world.tree.status(there, "/Shared/x")


def test_a_notebook_is_exported_as_it_was_imported_or_said_not_to_be(world: World) -> None:
    content = json.dumps({"metadata": {}, "cells": []}).encode()
    world.write(world.admin, "/Shared/nb.ipynb", content)
    document, read = world.tree.read(world.admin, "/Shared/nb", "JUPYTER")
    assert (document["language"], base64.b64encode(read)) == ("PYTHON", base64.b64encode(content))
    with pytest.raises(NotEmulated, match="conversion"):
        world.tree.read(world.admin, "/Shared/nb", "SOURCE")


def test_a_path_with_dots_is_refused(world: World) -> None:
    with pytest.raises(InvalidParameter):
        world.write(world.admin, "/Shared/../../etc/passwd")


def test_what_is_written_while_its_folder_is_deleted_is_gone_or_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once before the folder is taken out of the tree, once after: never an object without its content."""
    below = world.tree._objects.below

    def looked(workspace_id: int, path: str) -> list[Document]:
        found = below(workspace_id, path)
        monkeypatch.undo()
        writer.start()
        writer.join(timeout=0.5)
        return found

    def write() -> None:
        with contextlib.suppress(NotFound):
            world.write(world.admin, "/Shared/a/late")

    world.tree.mkdirs(world.admin, "/Shared/a")
    world.write(world.admin, "/Shared/a/f")
    writer = threading.Thread(target=write)
    monkeypatch.setattr(world.tree._objects, "below", looked)
    world.tree.delete(world.admin, "/Shared/a", recursive=True)
    writer.join()
    with pytest.raises(NotFound):
        world.tree.read(world.admin, "/Shared/a/late", "AUTO")


def test_a_folder_that_is_made_again_while_the_old_one_goes_keeps_its_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.tree.mkdirs(world.admin, "/Shared/a")
    world.write(world.admin, "/Shared/a/old")
    content = world.tree._content

    def meanwhile(workspace_id: int, path: str) -> Path:
        if world.tree.object_at(workspace_id, "/Shared/a") is None:
            monkeypatch.undo()
            again = threading.Thread(target=make)
            again.start()
            done.wait(timeout=0.5)
        return content(workspace_id, path)

    def make() -> None:
        world.tree.mkdirs(world.admin, "/Shared/a")
        world.write(world.admin, "/Shared/a/new")
        done.set()

    done = threading.Event()
    monkeypatch.setattr(world.tree, "_content", meanwhile)
    world.tree.delete(world.admin, "/Shared/a", recursive=True)
    assert done.wait(timeout=30)
    assert world.tree.read(world.admin, "/Shared/a/new", "AUTO")[1] == b"x"
