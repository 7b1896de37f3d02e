"""Policies, clusters and secrets as the genuine Terraform provider sees them: applied, changed, destroyed."""

import base64
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

Terraform = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.genuine,
    pytest.mark.slow,
    pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
]


@pytest.fixture
def terraform(tmp_path: Path, fresh_local_workspace: LocalWorkspace) -> Terraform:
    """Runs Terraform in a folder that holds `compute_resources.tf`, with the genuine provider from a mirror."""
    genuine = Path(os.environ["BRICKYARD_GENUINE_PROVIDER"]).resolve()
    named = re.search(r"_v(\d+\.\d+\.\d+)$", genuine.name)
    version = named[1] if named else "1.99.0"
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    binary = tmp_path / f"mirror/registry.terraform.io/databricks/databricks/{version}"
    binary /= f"{platform.system().lower()}_{machine}"
    binary.mkdir(parents=True)
    (binary / f"terraform-provider-databricks_v{version}").symlink_to(genuine)
    configuration = tmp_path / "terraform.rc"
    configuration.write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{tmp_path / "mirror"}" }}\n}}\n'
    )
    shutil.copy(Path(__file__).with_name("compute_resources.tf"), tmp_path / "main.tf")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
    environment = {
        **kept,
        "TF_CLI_CONFIG_FILE": str(configuration),
        "CHECKPOINT_DISABLE": "1",
        "DATABRICKS_HOST": fresh_local_workspace.host,
        "DATABRICKS_TOKEN": fresh_local_workspace.token,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    initialized = run("init")
    assert initialized.returncode == 0, initialized.stdout + initialized.stderr
    return run


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """`compute_resources.tf`, with these wheels on the shared cluster."""

    terraform: Terraform

    def expect_no_changes(self, *variables: str) -> None:
        planned = self.terraform("plan", "-detailed-exitcode", *variables)
        assert planned.returncode == 0, planned.stdout + planned.stderr

    def apply(self, *variables: str) -> str:
        """Apply; a second plan must be empty."""
        applied = self.terraform("apply", "-auto-approve", *variables)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        self.expect_no_changes(*variables)
        return applied.stdout


def with_wheels(*paths: str) -> str:
    return f"-var=wheels={json.dumps(paths)}"


def test_a_second_plan_is_empty_after_apply_after_a_kill_and_after_changes(
    terraform: Terraform, fresh_local_workspace: LocalWorkspace, fresh_wheels: Any
) -> None:
    stack, client = Stack(terraform=terraform), fresh_local_workspace.client()
    first, second = (fresh_wheels.upload({name: "x = 1"}, name=name) for name in ("first", "second"))
    stack.apply(with_wheels(first))
    shared = next(cluster for cluster in client.clusters.list() if cluster.cluster_name == "shared")
    outputs = {name: output["value"] for name, output in json.loads(terraform("output", "-json").stdout).items()}
    assert outputs == {"name": "shared", "pinned": [shared.cluster_id], "policy": shared.policy_id}
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    stack.expect_no_changes(with_wheels(first))

    told = stack.apply("-var=workers=2", with_wheels(second))

    assert "1 added, 3 changed, 1 destroyed" in told, told
    edited = client.clusters.get(str(shared.cluster_id))
    assert (edited.num_workers, edited.spark_env_vars) == (2, {"TOKEN": "{{secrets/team/token}}", "WORKERS": "2"})
    statuses = client.libraries.cluster_status(str(shared.cluster_id))
    assert [status.library.whl for status in statuses if status.library] == [second]
    assert base64.b64decode(client.secrets.get_secret("team", "token").value or "") == b"workers-2"
    stack.apply("-var=workers=2", with_wheels())

    destroyed = terraform("destroy", "-auto-approve")

    assert destroyed.returncode == 0, destroyed.stdout + destroyed.stderr
    left = [*client.clusters.list(), *client.cluster_policies.list(), *client.secrets.list_scopes()]
    assert left == []
