"""Volume files through the unmodified SDK, and what an attacker or a broken line can do to them."""

import hashlib
import http.client
import io
import json
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.catalog import VolumeType

from brickyard_local.pytest_plugin import LocalWorkspace, until

BIG = 60 * 1024 * 1024


def make_volume(client: WorkspaceClient) -> str:
    catalog = f"files_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("s", catalog)
    client.volumes.create(catalog, "s", "v", VolumeType.MANAGED)
    return f"/Volumes/{catalog}/s/v"


@pytest.fixture(scope="module")
def volume(local_workspace: LocalWorkspace) -> str:
    return make_volume(local_workspace.client())


@pytest.fixture
def files_http(local_workspace: LocalWorkspace) -> httpx.Client:
    headers = {"Authorization": f"Bearer {local_workspace.token}"}
    return httpx.Client(base_url=f"{local_workspace.host}/api/2.0/fs/files", headers=headers, trust_env=False)


def begun_upload(workspace: LocalWorkspace, token: str, path: str, length: int) -> socket.socket:
    """A connection on which the head of an upload was sent; the body is the test's to send."""
    host, port = workspace.host.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=60)
    head = f"PUT /api/2.0/fs/files{path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {length}\r\n"
    line.sendall(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
    return line


def uploads(workspace: LocalWorkspace) -> list[Path]:
    return [path for path in (workspace.home.files / ".uploads").rglob("*") if path.is_file()]


def test_a_file_goes_up_and_comes_down(client: WorkspaceClient, volume: str) -> None:
    path = f"{volume}/deep/er/a b+ü.bin"
    client.files.upload(path, io.BytesIO(b"hello"))
    assert client.files.download(path).contents.read() == b"hello"  # type: ignore[union-attr]
    metadata = client.files.get_metadata(path)
    assert (metadata.content_length, metadata.content_type) == (5, "application/octet-stream")
    assert metadata.last_modified is not None
    client.files.delete(path)
    with pytest.raises(NotFound):
        client.files.get_metadata(path)


def test_an_empty_file_is_a_file(client: WorkspaceClient, volume: str) -> None:
    client.files.upload(f"{volume}/empty", io.BytesIO(b""))
    assert client.files.download(f"{volume}/empty").contents.read() == b""  # type: ignore[union-attr]


def test_a_file_is_overwritten_only_when_asked(client: WorkspaceClient, volume: str) -> None:
    path = f"{volume}/once"
    client.files.upload(path, io.BytesIO(b"1"))
    with pytest.raises(AlreadyExists):
        client.files.upload(path, io.BytesIO(b"2"), overwrite=False)
    client.files.upload(path, io.BytesIO(b"3"), overwrite=True)
    assert client.files.download(path).contents.read() == b"3"  # type: ignore[union-attr]


def test_folders_are_made_listed_and_deleted(client: WorkspaceClient, volume: str) -> None:
    client.files.create_directory(f"{volume}/d/e")
    for name in ("x", "y", "z"):
        client.files.upload(f"{volume}/d/{name}", io.BytesIO(name.encode()))
    found = list(client.files.list_directory_contents(f"{volume}/d", page_size=2))
    assert [(entry.name, entry.is_directory) for entry in found] == [
        ("e", True),
        ("x", False),
        ("y", False),
        ("z", False),
    ]
    assert found[1].path == f"{volume}/d/x"
    client.files.get_directory_metadata(f"{volume}/d/e")
    with pytest.raises(BadRequest, match="not empty"):
        client.files.delete_directory(f"{volume}/d")
    client.files.delete_directory(f"{volume}/d/e")
    with pytest.raises(NotFound):
        client.files.get_directory_metadata(f"{volume}/d/e")


@pytest.mark.parametrize("use_parallel", [False, True])
def test_sixty_megabytes_go_up_in_parts_and_come_down(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str, tmp_path: Path, use_parallel: bool
) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(secrets.token_bytes(1024) * (BIG // 1024))
    path = f"{volume}/big-{use_parallel}"
    client.files.upload_from(path, str(source), use_parallel=use_parallel)
    client.files.download_to(path, str(copy), use_parallel=use_parallel)
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (source, copy)}
    assert len(digests) == 1
    assert uploads(local_workspace) == []
    log = (local_workspace.home.logs / "server.log").read_text()
    assert f"PUT /api/2.0/fs/files{path} -> 204" not in log  # it went in parts, not by falling back to one PUT


def test_a_range_is_answered_and_a_file_that_changed_is_not_continued(
    client: WorkspaceClient, volume: str, files_http: httpx.Client
) -> None:
    path = f"{volume}/range"
    client.files.upload(path, io.BytesIO(b"0123456789"))
    part = files_http.get(path, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    old = {"If-Unmodified-Since": "Sun, 01 Jan 2023 00:00:00 GMT"}
    assert files_http.get(path, headers=old).status_code == 412
    fresh = {"If-Unmodified-Since": part.headers["last-modified"]}
    assert files_http.get(path, headers=fresh).status_code == 200


def test_ranges_from_the_end_and_past_it(client: WorkspaceClient, volume: str, files_http: httpx.Client) -> None:
    path = f"{volume}/ranges"
    client.files.upload(path, io.BytesIO(b"0123456789"))
    for asked, content in (("bytes=-3", b"789"), ("bytes=8-", b"89"), ("bytes=0-99", b"0123456789")):
        answer = files_http.get(path, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, content)
    past = files_http.get(path, headers={"Range": "bytes=10-"})
    assert (past.status_code, past.headers["content-range"]) == (416, "bytes */10")


def test_a_signed_url_opens_one_file_without_a_token(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str
) -> None:
    """Clients of cloud storage send no token with a presigned URL; ours carries none either."""
    path = f"{volume}/signed"
    client.files.upload(path, io.BytesIO(b"mine"))
    made = client.api_client.do("POST", "/api/2.0/fs/create-download-url", query={"path": path})
    url = str(made["url"])
    assert made["headers"] == []
    assert local_workspace.token not in url
    assert httpx.get(url).content == b"mine"
    assert httpx.put(url, content=b"x").status_code == 403
    assert httpx.get(url.replace("/signed?", "/range?")).status_code == 403
    expired = httpx.get(url.replace("x-expires=", "x-expires=1"))
    assert expired.status_code == 403


def test_a_finished_model_version_takes_no_late_upload(
    local_workspace: LocalWorkspace, client: WorkspaceClient
) -> None:
    """The body of an upload comes while another call finalizes the version."""
    catalog = f"late_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("s", catalog)
    name = f"{catalog}.s.m"
    client.registered_models.create(catalog_name=catalog, schema_name="s", name="m")
    mlflow = "/api/2.0/mlflow/unity-catalog/model-versions"
    client.api_client.do("POST", f"{mlflow}/create", body={"name": name, "source": "dbfs:/x"})
    root = f"/Models/{catalog}/s/m/1"
    client.files.upload(f"{root}/MLmodel", io.BytesIO(b"kept"))
    with begun_upload(local_workspace, local_workspace.token, f"{root}/MLmodel", 4) as line:
        line.sendall(b"la")
        until(lambda: uploads(local_workspace))
        client.api_client.do("POST", f"{mlflow}/finalize", body={"name": name, "version": "1"})
        line.sendall(b"te")
        assert line.makefile("rb").readline().split()[1] == b"400"
    assert client.files.download(f"{root}/MLmodel").contents.read() == b"kept"  # type: ignore[union-attr]


def test_ten_thousand_entries_are_listed_page_by_page(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str
) -> None:
    client.files.create_directory(f"{volume}/many")
    folder = local_workspace.home.files / volume.removeprefix("/") / "many"
    for number in range(10_000):
        (folder / f"{number:05}").touch()
    names = [entry.name for entry in client.files.list_directory_contents(f"{volume}/many")]
    assert names == [f"{number:05}" for number in range(10_000)]


@pytest.mark.parametrize("loss", ["principal", "group"])
def test_who_lost_the_right_while_the_body_came_has_uploaded_nothing(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str, new_robot: Callable[[], Any], loss: str
) -> None:
    robot = new_robot()
    group = client.groups.create(display_name=f"writers-{secrets.token_hex(4)}")
    member = next(client.service_principals.list(filter=f"applicationId eq {robot.application_id}"))
    add = {"op": "add", "path": "members", "value": [{"value": member.id}]}
    client.api_client.do("PATCH", f"/api/2.0/preview/scim/v2/Groups/{group.id}", body={"Operations": [add]})
    catalog, schema, name = volume.split("/")[2:]
    for kind, full_name, privilege in (
        ("catalog", catalog, "USE_CATALOG"),
        ("schema", f"{catalog}.{schema}", "USE_SCHEMA"),
        ("volume", f"{catalog}.{schema}.{name}", "WRITE_VOLUME"),
    ):
        changes = [{"principal": group.display_name, "add": [privilege]}]
        path = f"/api/2.1/unity-catalog/permissions/{kind}/{full_name}"
        client.api_client.do("PATCH", path, body={"changes": changes})
    robot.client().files.upload(f"{volume}/before", io.BytesIO(b"x"))
    with begun_upload(local_workspace, robot.token, f"{volume}/late", 4) as line:
        line.sendall(b"la")
        until(lambda: uploads(local_workspace))
        lose = client.service_principals if loss == "principal" else client.groups
        lose.delete(str(member.id if loss == "principal" else group.id))
        line.sendall(b"te")
        assert line.makefile("rb").readline().split()[1] == (b"401" if loss == "principal" else b"403")
    assert uploads(local_workspace) == []
    with pytest.raises(NotFound):
        client.files.get_metadata(f"{volume}/late")


def test_an_upload_that_breaks_off_leaves_neither_a_file_nor_a_remainder(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str
) -> None:
    with begun_upload(local_workspace, local_workspace.token, f"{volume}/cut", 5_000_000) as line:
        line.sendall(b"x" * 2_500_000)
        until(lambda: uploads(local_workspace))
    until(lambda: not uploads(local_workspace))
    with pytest.raises(NotFound):
        client.files.get_metadata(f"{volume}/cut")


@pytest.mark.parametrize(
    "tail", ["/../../../../account.db", "/%2e%2e/%2e%2e/account.db", "/..%2f..%2faccount.db", "/a%00b", "//x", "/./x"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_no_path_leads_out_of_the_volume(local_workspace: LocalWorkspace, volume: str, method: str, tail: str) -> None:
    """Sent with http.client, which leaves the path as it is; the SDK and httpx would tidy it."""
    headers = {"Authorization": f"Bearer {local_workspace.token}"}
    connection = http.client.HTTPConnection(local_workspace.host.removeprefix("http://"), timeout=10)
    body = b"x" if method == "PUT" else None
    connection.request(method, f"/api/2.0/fs/files{volume}{tail}", body=body, headers=headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())["message"]
    connection.close()
    assert answer.status == 400
    assert "empty name, '.' or '..'" in told or "control character" in told


def test_a_link_in_the_volume_is_not_followed(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str
) -> None:
    client.files.upload(f"{volume}/links/real", io.BytesIO(b"1"))
    folder = local_workspace.home.files / volume.removeprefix("/") / "links"
    (folder / "out").symlink_to(local_workspace.home.token_file)
    with pytest.raises(PermissionDenied, match="symbolic link"):
        client.files.download(f"{volume}/links/out")
    assert [entry.name for entry in client.files.list_directory_contents(f"{volume}/links")] == ["real"]


def test_a_volume_must_exist_and_be_granted(
    local_workspace: LocalWorkspace, client: WorkspaceClient, volume: str
) -> None:
    with pytest.raises(NotFound):
        client.files.upload("/Volumes/none/s/v/x", io.BytesIO(b"1"))
    robot = client.service_principals.create(display_name="robot")
    token = client.token_management.create_obo_token(application_id=str(robot.application_id)).token_value
    theirs = local_workspace.client(token=token)
    client.files.upload(f"{volume}/secret", io.BytesIO(b"1"))
    for attempt in (
        lambda: theirs.files.download(f"{volume}/secret"),
        lambda: theirs.files.upload(f"{volume}/x", io.BytesIO(b"1")),
        lambda: list(theirs.files.list_directory_contents(volume)),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


def test_a_refused_upload_is_told_so_however_long_it_is(client: WorkspaceClient, files_http: httpx.Client) -> None:
    answer = files_http.put("/Volumes/none/s/v/x", content=b"x" * 20_000_000)
    assert answer.status_code == 404
    assert "none" in answer.json()["message"]


def test_the_namespace_is_named_when_it_is_unknown(files_http: httpx.Client) -> None:
    answer = files_http.get("/FileStore/x")
    assert answer.status_code == 400
    assert "/Volumes" in answer.json()["message"]
