"""The online store of an environment: applied, unchanged, changed in its place, destroyed with what was synced into it.

With the offline provider always, and with the genuine one where BRICKYARD_GENUINE_PROVIDER names its binary.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache
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


@pytest.fixture(
    params=[
        "offline",
        pytest.param(
            "genuine",
            marks=[
                pytest.mark.genuine,
                pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
            ],
        ),
    ],
)
def clone(request: pytest.FixtureRequest, tmp_path: Path, fresh_local_workspace: LocalWorkspace) -> Clone:
    """The platform of `local` with a store, initialised."""
    root = tmp_path / "a clone"
    (root / ".brickyard").mkdir(parents=True)
    (root / ".brickyard" / "local").symlink_to(fresh_local_workspace.home.root)
    if request.param == "genuine":
        configuration = request.getfixturevalue("genuine_mirror")(VERSION)
    else:
        configuration = install.install(tmp_path / "provider", local_cache())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    variables = {**kept, "TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}
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
