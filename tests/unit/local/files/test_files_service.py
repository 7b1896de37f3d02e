"""The tree on disk: what is uploaded appears whole or not at all."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, InvalidParameter, InvalidState, NotFound, PermissionDenied
from brickyard_local.files.mounts import Mount, Place, artifacts_mount
from brickyard_local.files.service import FilesService
from brickyard_local.files.uploads import Part, receive

CALLER = Caller(
    principal="ann",
    groups=frozenset(),
    is_admin=False,
    workspace=Workspace(name="local", workspace_id=1, port=1),
)
OTHER = Caller(principal="bob", groups=frozenset(), is_admin=False, workspace=CALLER.workspace)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    message = "the client went away"
    raise ConnectionError(message)


@pytest.fixture
def files(tmp_path: Path) -> FilesService:
    service = FilesService(tmp_path / "files")

    def volume(_caller: Caller, names: tuple[str, ...], _write: bool) -> Place:
        return Place(base=tmp_path / "files" / "Volumes" / "v", names=names[1:])

    mount: Mount = volume
    service.mount("Volumes", mount)
    return service


def put(files: FilesService, path: str, *content: bytes, overwrite: bool = False) -> None:
    target = files.target(CALLER, path, overwrite=overwrite)
    staged = files.uploads.stage()
    asyncio.run(receive(chunks(*content), staged))
    files.publish(target, staged)


def staged(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "files" / ".uploads").glob("*"))


def test_an_upload_makes_the_folders_above_it(files: FilesService) -> None:
    put(files, "/Volumes/v/a/b/c.txt", b"one", b"two")
    assert files.file(CALLER, "/Volumes/v/a/b/c.txt").read_bytes() == b"onetwo"


def test_a_file_is_replaced_only_when_asked(files: FilesService, tmp_path: Path) -> None:
    put(files, "/Volumes/v/x", b"1")
    with pytest.raises(AlreadyExists):
        put(files, "/Volumes/v/x", b"2")
    put(files, "/Volumes/v/x", b"3", overwrite=True)
    assert files.file(CALLER, "/Volumes/v/x").read_bytes() == b"3"
    assert staged(tmp_path) == []


def test_of_two_uploads_to_a_new_path_one_wins(files: FilesService, tmp_path: Path) -> None:
    first, second = (files.target(CALLER, "/Volumes/v/x", overwrite=False) for _ in range(2))
    for target, content in ((first, b"1"), (second, b"2")):
        waiting = files.uploads.stage()
        asyncio.run(receive(chunks(content), waiting))
        if target is first:
            files.publish(target, waiting)
            continue
        with pytest.raises(AlreadyExists):
            files.publish(target, waiting)
    assert files.file(CALLER, "/Volumes/v/x").read_bytes() == b"1"
    assert staged(tmp_path) == []


def test_an_upload_that_breaks_off_leaves_nothing(files: FilesService, tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        asyncio.run(receive(broken(), files.uploads.stage()))
    assert staged(tmp_path) == []


def test_what_a_killed_server_left_is_swept_at_the_start(files: FilesService, tmp_path: Path) -> None:
    files.uploads.stage().write_bytes(b"half")
    files.open_upload(CALLER, "/Volumes/v/big", overwrite=True)
    files.start()
    assert staged(tmp_path) == []


def test_a_folder_or_a_root_is_no_place_for_a_file(files: FilesService) -> None:
    files.make_folder(CALLER, "/Volumes/v/d")
    for path in ("/Volumes/v", "/Volumes/v/d", "/Volumes/v/d/", "/Nowhere/x"):
        with pytest.raises(InvalidParameter):
            files.target(CALLER, path, overwrite=True)


def test_a_file_cannot_be_a_folder_above_another(files: FilesService) -> None:
    put(files, "/Volumes/v/x", b"1")
    with pytest.raises(InvalidParameter):
        put(files, "/Volumes/v/x/y", b"2")
    with pytest.raises(AlreadyExists):
        files.make_folder(CALLER, "/Volumes/v/x/y")


def test_folders_are_made_listed_page_by_page_and_deleted_when_empty(files: FilesService) -> None:
    for name in ("a", "b", "c"):
        put(files, f"/Volumes/v/d/{name}", b"1")
    page = files.list_folder(CALLER, "/Volumes/v/d", 2, None)
    rest = files.list_folder(CALLER, "/Volumes/v/d/", 2, page["next_page_token"])
    assert [entry["name"] for entry in page["contents"] + rest["contents"]] == ["a", "b", "c"]
    assert "next_page_token" not in rest
    with pytest.raises(InvalidState, match="not empty"):
        files.delete_folder(CALLER, "/Volumes/v/d")
    for name in ("a", "b", "c"):
        files.delete_file(CALLER, f"/Volumes/v/d/{name}")
    files.delete_folder(CALLER, "/Volumes/v/d")
    with pytest.raises(NotFound):
        files.list_folder(CALLER, "/Volumes/v/d", None, None)


def test_a_made_up_page_token_is_refused(files: FilesService) -> None:
    with pytest.raises(InvalidParameter, match="page_token"):
        files.list_folder(CALLER, "/Volumes/v", None, "\xff\xfe!")


def test_the_root_of_a_volume_cannot_be_deleted(files: FilesService) -> None:
    with pytest.raises(InvalidParameter):
        files.delete_folder(CALLER, "/Volumes/v")


def test_links_in_a_volume_are_neither_listed_nor_followed(files: FilesService, tmp_path: Path) -> None:
    files.make_folder(CALLER, "/Volumes/v/d")
    (tmp_path / "files" / "Volumes" / "v" / "d" / "out").symlink_to("/etc")
    assert files.list_folder(CALLER, "/Volumes/v/d", None, None)["contents"] == []
    with pytest.raises(PermissionDenied):
        files.file(CALLER, "/Volumes/v/d/out/passwd")
    with pytest.raises(PermissionDenied):
        files.target(CALLER, "/Volumes/v/d/out/x", overwrite=True)


def test_parts_are_joined_in_their_order(files: FilesService, tmp_path: Path) -> None:
    token = files.open_upload(CALLER, "/Volumes/v/big", overwrite=False)
    parts = []
    for number, content in ((2, b"world"), (1, b"hello ")):
        etag = asyncio.run(receive(chunks(content), files.part(CALLER, "/Volumes/v/big", token, number)))
        parts.append(Part(number=number, etag=etag))
    files.complete_upload(CALLER, "/Volumes/v/big", token, parts)
    assert files.file(CALLER, "/Volumes/v/big").read_bytes() == b"hello world"
    assert staged(tmp_path) == []
    with pytest.raises(NotFound):
        files.complete_upload(CALLER, "/Volumes/v/big", token, parts)


def test_a_part_that_is_missing_or_another_makes_no_file(files: FilesService) -> None:
    token = files.open_upload(CALLER, "/Volumes/v/big", overwrite=False)
    asyncio.run(receive(chunks(b"x"), files.part(CALLER, "/Volumes/v/big", token, 1)))
    for parts in ([], [Part(number=1, etag="0")], [Part(number=2, etag="0")]):
        with pytest.raises(InvalidParameter):
            files.complete_upload(CALLER, "/Volumes/v/big", token, parts)
    with pytest.raises(NotFound):
        files.file(CALLER, "/Volumes/v/big")


def test_an_upload_is_its_callers_and_its_paths(files: FilesService) -> None:
    token = files.open_upload(CALLER, "/Volumes/v/big", overwrite=False)
    for caller, path, known in (
        (OTHER, "/Volumes/v/big", token),
        (CALLER, "/Volumes/v/other", token),
        (CALLER, "/Volumes/v/big", "../../etc"),
    ):
        with pytest.raises(NotFound):
            files.part(caller, path, known, 1)
    with pytest.raises(InvalidParameter, match="10000"):
        files.part(CALLER, "/Volumes/v/big", token, 0)


class Guard:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    def require(self, _caller: Caller, object_type: str, object_id: str, level: str) -> None:
        self.asked.append((object_type, object_id, level))


def test_artifacts_are_guarded_by_their_experiment_and_kept_per_workspace(tmp_path: Path) -> None:
    guard = Guard()
    mount = artifacts_mount(guard, tmp_path)
    place = mount(CALLER, ("Mlflow", "Artifacts", "7", "Runs", "r"), True)
    mount(CALLER, ("Mlflow", "Artifacts", "8"), False)
    assert guard.asked == [("experiments", "7", "CAN_EDIT"), ("experiments", "8", "CAN_READ")]
    assert place.path == tmp_path / "WorkspaceInternal" / "1" / "Mlflow" / "Artifacts" / "7" / "Runs" / "r"
    with pytest.raises(NotFound):
        mount(CALLER, ("Secrets", "x"), False)


def test_an_upload_whose_place_was_closed_meanwhile_does_not_appear(tmp_path: Path) -> None:
    """A model version becomes READY, or a volume is dropped, while the body still comes."""
    service = FilesService(tmp_path / "files")
    closed = False

    def version(_caller: Caller, names: tuple[str, ...], write: bool) -> Place:
        if write and closed:
            message = "READY: its files cannot change"
            raise InvalidState(message)
        return Place(base=tmp_path / "files" / "Models", names=names)

    service.mount("Models", version)
    put(service, "/Models/kept", b"1")
    late = service.target(CALLER, "/Models/late", overwrite=True)
    waiting = service.uploads.stage()
    asyncio.run(receive(chunks(b"2"), waiting))
    closed = True
    with pytest.raises(InvalidState):
        service.publish(late, waiting)
    for change in (service.delete_file, service.make_folder, service.delete_folder):
        with pytest.raises(InvalidState):
            change(CALLER, "/Models/kept")
    assert [file.name for file in (tmp_path / "files" / "Models").iterdir()] == ["kept"]
    assert staged(tmp_path) == []


def test_check_and_move_are_one_step_that_nobody_comes_between(tmp_path: Path) -> None:
    held: list[str] = []

    @contextmanager
    def undisturbed() -> Iterator[None]:
        held.append("in")
        yield
        assert (tmp_path / "files" / "Volumes" / "x").exists()
        held.append("out")

    def volume(_caller: Caller, names: tuple[str, ...], _write: bool) -> Place:
        return Place(base=tmp_path / "files" / "Volumes", names=names)

    service = FilesService(tmp_path / "files")
    service.mount("Volumes", volume, undisturbed)
    put(service, "/Volumes/x", b"1")
    assert held == ["in", "out"]


def test_a_file_that_goes_while_its_folder_is_listed_is_left_out(
    files: FilesService, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(files, "/Volumes/v/kept", b"1")
    put(files, "/Volumes/v/gone", b"2")
    scan = os.scandir

    def scanned(folder: Path) -> list["os.DirEntry[str]"]:
        found = list(scan(folder))
        files.delete_file(CALLER, "/Volumes/v/gone")
        return found

    monkeypatch.setattr("brickyard_local.files.service.os.scandir", scanned)
    page = files.list_folder(CALLER, "/Volumes/v", None, None)
    assert [entry["name"] for entry in page["contents"]] == ["kept"]


def test_a_page_has_at_least_one_entry(files: FilesService) -> None:
    put(files, "/Volumes/v/a", b"1")
    with pytest.raises(InvalidParameter, match="page_size is -1"):
        files.list_folder(CALLER, "/Volumes/v", -1, None)
