"""`brickyard local snapshot` and `restore` of a workspace that is used meanwhile."""

import io
import threading
from pathlib import Path

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import VolumeType

from brickyard_local import process
from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.snapshots.errors import CannotRestore
from brickyard_local.snapshots.restore import restore
from brickyard_local.snapshots.take import take


def test_what_was_saved_while_clients_wrote_comes_back_whole(
    fresh_local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    workspace = fresh_local_workspace
    client = workspace.client()
    job_id = _make_objects(client)
    acknowledged, stop = _write_on(workspace)
    file = tmp_path / "saved.tar.gz"
    first = len(acknowledged)
    taken = take(workspace.home, file, beside={})
    stop.set()
    assert taken.left_out == ()
    client.catalogs.update("c", comment="after")
    client.files.upload("/Volumes/c/s/v/a.bin", io.BytesIO(b"after"), overwrite=True)
    client.schemas.create("late", "c")
    with pytest.raises(CannotRestore, match="runs"):
        restore(workspace.home, file, beside={})
    restore(workspace.home, file, beside={}, force=True)
    assert process.running(workspace.home) is None
    workspace.start()
    client = workspace.client()
    assert client.catalogs.get("c").comment == "before"
    content = client.files.download("/Volumes/c/s/v/a.bin").contents
    assert content is not None
    assert content.read() == b"before"
    assert client.jobs.get(job_id).settings is not None
    with pytest.raises(NotFound):
        client.schemas.get("c.late")
    kept = {schema.name for schema in client.schemas.list("c")} - {"s", "information_schema", "default"}
    assert kept >= set(acknowledged[:first]), "what was answered before the snapshot is in it"
    assert kept <= set(acknowledged) | {f"w{len(acknowledged)}"}


def _make_objects(client: WorkspaceClient) -> int:
    client.catalogs.create("c", comment="before")
    client.schemas.create("s", "c")
    client.volumes.create("c", "s", "v", VolumeType.MANAGED)
    client.files.upload("/Volumes/c/s/v/a.bin", io.BytesIO(b"before"))
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body={"name": "before"})["job_id"])


def _write_on(workspace: LocalWorkspace) -> tuple[list[str], threading.Event]:
    """Creates schemas in a thread until told to stop; the names that were answered."""
    acknowledged: list[str] = []
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        headers = {"authorization": f"Bearer {workspace.token}"}
        with httpx.Client(base_url=workspace.host, headers=headers, trust_env=False, timeout=30) as http:
            while not stop.is_set():
                body = {"name": f"w{len(acknowledged)}", "catalog_name": "c"}
                if http.post("/api/2.1/unity-catalog/schemas", json=body).status_code == 200:
                    acknowledged.append(body["name"])
                    begun.set()

    threading.Thread(target=write, daemon=True).start()
    assert begun.wait(30)
    return acknowledged, stop
