"""What Unity Catalog acknowledged is there after `kill -9`."""

import io
import secrets

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.catalog import CatalogIsolationMode, PermissionsChange, Privilege, VolumeType

from brickyard_local.pytest_plugin import LocalWorkspace


def test_every_acknowledged_change_survives_a_kill(fresh_local_workspace: LocalWorkspace) -> None:
    workspace = fresh_local_workspace
    client = workspace.client()
    client.catalogs.create("c", comment="kept")
    client.catalogs.update("c", isolation_mode=CatalogIsolationMode.ISOLATED)
    client.schemas.create("s", "c")
    client.schemas.create("gone", "c")
    client.volumes.create("c", "s", "v", VolumeType.MANAGED)
    client.files.upload("/Volumes/c/s/v/a.txt", io.BytesIO(b"a"))
    client.registered_models.create(catalog_name="c", schema_name="s", name="m", comment="kept")
    change = PermissionsChange(principal="account users", add=[Privilege.EXECUTE])
    client.grants.update("function", "c.s.m", changes=[change])
    client.schemas.delete("c.gone")
    client.schemas.update("c.s", new_name="t")
    before = (client.catalogs.get("c"), client.schemas.get("c.t"), client.registered_models.get("c.t.m"))
    workspace.kill()
    workspace.start()
    client = workspace.client()
    after = (client.catalogs.get("c"), client.schemas.get("c.t"), client.registered_models.get("c.t.m"))
    assert after == before
    granted = client.grants.get("function", "c.t.m").privilege_assignments or []
    assert [each.principal for each in granted] == ["account users"]
    content = client.files.download("/Volumes/c/t/v/a.txt").contents
    assert content is not None
    assert content.read() == b"a"
    with pytest.raises(NotFound):
        client.schemas.get("c.gone")


def test_creating_is_durable_and_quick(local_workspace: LocalWorkspace) -> None:
    """Forty schemas one after another: each is on disk before its answer; none waits for a timer of TCP."""
    import time

    client = local_workspace.client()
    name = f"quick_{secrets.token_hex(4)}"
    client.catalogs.create(name)
    begin = time.perf_counter()
    for number in range(40):
        client.schemas.create(f"s{number}", name)
    took_s = time.perf_counter() - begin
    client.catalogs.delete(name, force=True)
    assert took_s / 40 < 0.035, f"{took_s / 40 * 1000:.1f} ms per schema"
