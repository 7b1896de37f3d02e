"""Volumes as the files of a task: Python's own functions and libraries, with what the run's principal may do."""

import io
import secrets
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.catalog import VolumeType

CODE = {
    "tiny": """
    import glob, os, shutil, sys, tempfile, zipfile
    from pathlib import Path

    def refused(does):
        try:
            does()
        except OSError as error:
            return f"{type(error).__name__}: {error}"
        return "not refused"

    def works():
        volume = Path(sys.argv[1])
        folder = volume / "a" / "b"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "one.txt").write_text("one")
        (folder / "one.txt").replace(folder / "two.txt")
        shutil.copytree(volume / "a", volume / "copy")
        with tempfile.TemporaryDirectory() as local:
            shutil.move(volume / "copy" / "b" / "two.txt", local)
            assert os.listdir(local) == ["two.txt"]
        with zipfile.ZipFile(volume / "given.zip") as archive:
            assert archive.namelist() == ["x"]
        print("listed", sorted(path.name for path in volume.rglob("*")))
        print("found", glob.glob(f"{volume}/a/*/two.txt"), [each.path for each in os.scandir(volume / "a")])
        assert (volume / "a").resolve() == volume / "a" and Path("/Volumes").is_dir()
        shutil.rmtree(volume / "copy")
        assert not (volume / "copy").exists()
        import pyarrow as pa, pyarrow.parquet as pq
        pq.write_table(pa.table({"n": [1, 2]}), (volume / "n.parquet").open("wb"))
        print("rows", pq.ParquetFile(str(volume / "n.parquet")).metadata.num_rows)

    def refusals():
        volume = Path(sys.argv[1])
        print(refused(lambda: (volume / "a" / "b" / "two.txt").open("a")))
        print(refused(lambda: (volume / "link").symlink_to(volume / "a")))
        print(refused(lambda: (volume / "nothing.txt").read_text()))
        print(refused(lambda: (volume.parent / "no_such" / "x").read_text()))
        print(refused(lambda: (volume / ".." / ".." / ".." / ".." / "brickyard.db").read_text()))
        print(refused(lambda: os.listdir("/Volumes")))

    def reads():
        volume = Path(sys.argv[1])
        print("read", (volume / "a" / "b" / "two.txt").read_text(), os.access(volume / "a", os.W_OK))
        for does in (
            lambda: (volume / "x").write_text("x"),
            lambda: (volume / "a" / "b" / "two.txt").unlink(),
            lambda: shutil.rmtree(volume / "a"),
            lambda: (volume / "d").mkdir(),
            lambda: Path(sys.argv[2], "x").read_text(),
        ):
            print(refused(does))
    """,
}
MINUTES = timedelta(minutes=3)


@pytest.fixture
def volume(client: WorkspaceClient, wheels: Any) -> Iterator[str]:
    catalog = f"files_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("s", catalog)
    for name in ("v", "hidden"):
        client.volumes.create(catalog, "s", name, VolumeType.MANAGED)
    yield f"/Volumes/{catalog}/s/v"
    client.catalogs.delete(catalog, force=True)


def output(client: WorkspaceClient, job: int) -> str:
    """What the one task of a job said."""
    waiter = client.jobs.run_now(job)
    try:
        run = waiter.result(timeout=MINUTES)
    except OperationFailed:
        run = client.jobs.get_run(waiter.run_id)
    found = client.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
    return f"{found.error or ''}{found.logs or ''}"


@pytest.fixture
def said(client: WorkspaceClient, wheels: Any, job_builder: Any) -> Callable[..., list[str]]:
    """The lines that an entry point of `tiny` prints."""
    wheel = wheels.upload(CODE)

    def run(entry_point: str, *parameters: str, **settings: Any) -> list[str]:
        task = job_builder.wheel_task(entry_point, wheel={"parameters": list(parameters)})
        return output(client, int(job_builder.create(client, [task], wheel, **settings))).splitlines()

    return run


def test_a_task_has_volumes_as_folders(client: WorkspaceClient, said: Callable[..., list[str]], volume: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("x", "y")
    client.files.upload(f"{volume}/given.zip", io.BytesIO(archive.getvalue()))
    told = said("works", volume)
    assert told[:3] == [
        "listed ['a', 'b', 'b', 'copy', 'given.zip', 'two.txt']",
        f"found ['{volume}/a/b/two.txt'] ['{volume}/a/b']",
        "rows 2",
    ]
    assert client.files.download(f"{volume}/a/b/two.txt").contents.read() == b"one"


def test_what_volumes_have_not_is_refused_by_name(said: Callable[..., list[str]], volume: str) -> None:
    append, link, missing, no_volume, above, listed = said("refusals", volume)[:6]
    assert "volumes take no appends" in append
    assert "volumes have no symlink" in link
    assert missing == f"FileNotFoundError: [Errno 2] No such file or directory: '{volume}/nothing.txt'"
    assert no_volume.startswith("FileNotFoundError")
    assert "brickyard.db" in above
    assert "files lie in /Volumes/<catalog>/<schema>/<volume> only" in listed


def test_a_task_does_with_a_volume_what_its_principal_may(
    client: WorkspaceClient, said: Callable[..., list[str]], new_robot: Callable[[], Any], wheels: Any, volume: str
) -> None:
    client.files.upload(f"{volume}/a/b/two.txt", io.BytesIO(b"one"))
    robot = new_robot()
    catalog, given = volume.split("/")[2], wheels.volume.split("/")[2]
    read = f"{catalog}.s.v"
    for kind, name, privileges in (
        ("catalog", catalog, ["USE_CATALOG", "USE_SCHEMA"]),
        ("volume", read, ["READ_VOLUME"]),
        ("catalog", given, ["USE_CATALOG", "USE_SCHEMA", "READ_VOLUME"]),
    ):
        body = {"changes": [{"principal": robot.application_id, "add": privileges}]}
        client.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body=body)
    acting = {"run_as": {"service_principal_name": robot.application_id}}
    first, *refusals = said("reads", volume, f"/Volumes/{catalog}/s/hidden", **acting)
    assert first == "read one False"
    assert [line.partition(":")[0] for line in refusals[:5]] == ["PermissionError"] * 5, refusals
    assert all("WRITE_VOLUME" in line or "WRITE VOLUME" in line for line in refusals[:4]), refusals
    assert client.files.download(f"{volume}/a/b/two.txt").contents.read() == b"one"
