"""What `brickyard.protection` refuses, by real Terraform: a line taken out of a stack deletes no data."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brickyard.clone import Clone
from brickyard.protection import OVERRIDE, protect
from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).resolve().parents[3]
HCL = """
resource "databricks_catalog" "main" {
  name          = var.prefix
  force_destroy = true
}
"""
DATA = """
resource "databricks_schema" "gold" {
  catalog_name = databricks_catalog.main.name
  name         = "gold"
}
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def terraform(stack: Any, offline_cli_config: Path, local_workspace: LocalWorkspace, tmp_path: Path) -> Any:
    """A catalog and a schema, applied."""
    folder = tmp_path / "hcl" / "stack"
    folder.mkdir(parents=True)
    (folder / "main.tf").write_text(HCL + DATA)
    shutil.copy(Path(__file__).parent / "parity" / "provider.tf", folder.parent)
    prefix = f"tf{secrets.token_hex(4)}"
    made = stack(folder, cli_config=offline_cli_config, workspace=local_workspace, prefix=prefix)
    made.apply()
    return made


@pytest.fixture
def protected(terraform: Any, tmp_path: Path) -> Run:
    """What cdktf starts as Terraform where data is protected, in the stack's folder."""
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    variables = protect(Clone(root=tmp_path), "prod", "deploy", os.environ)

    def run(*arguments: str, allowed: str = "") -> subprocess.CompletedProcess[str]:
        surroundings = {**terraform.surroundings(), **variables, OVERRIDE: allowed}
        command = [variables["TERRAFORM_BINARY_NAME"], *arguments]
        return subprocess.run(
            command, cwd=terraform.folder, env=surroundings, check=False, capture_output=True, text=True
        )

    return run


@pytest.mark.slow
def test_a_schema_that_left_its_stack_stays_until_it_is_named(
    protected: Run, terraform: Any, local_workspace: LocalWorkspace
) -> None:
    def schemas() -> set[str | None]:
        return {each.name for each in local_workspace.client().schemas.list(terraform.prefix)}

    (terraform.folder / "main.tf").write_text(HCL)
    saved = protected("plan", "-out=saved", "-input=false")
    assert saved.returncode == 0, saved.stderr

    for arguments in (("apply", "-auto-approve", "-input=false"), ("apply", "saved"), ("destroy", "-auto-approve")):
        refused = protected(*arguments)
        assert refused.returncode == 1
        assert "databricks_schema.gold" in refused.stderr
        assert "gold" in schemas()

    done = protected("apply", "-auto-approve", "-input=false", allowed="databricks_schema.gold")
    assert done.returncode == 0, done.stderr
    assert "gold" not in schemas()
    assert "gold" not in (terraform.folder / "terraform.tfstate").read_text()
