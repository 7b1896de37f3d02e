"""Seconds of Terraform for 200 resources in the local workspace: `python bench/terraform_apply.py`.

100 schemas, 50 volumes, 40 sets of grants, 9 groups and a catalog: apply, a plan without changes, destroy. With the
offline provider, and with the genuine one when BRICKYARD_GENUINE_PROVIDER names its binary. Prints Markdown rows.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.provider.install import SOURCE, VERSION, install, target_platform

_STEPS = ("init", "apply", "plan", "destroy")
_CONFIGURATION = f"""
terraform {{
  required_providers {{
    databricks = {{ source = "databricks/databricks", version = "{VERSION}" }}
  }}
}}
resource "databricks_catalog" "c" {{
  name          = "bench"
  force_destroy = true
}}
resource "databricks_group" "g" {{
  count        = 9
  display_name = "bench-${{count.index}}"
}}
resource "databricks_schema" "s" {{
  count        = 100
  catalog_name = databricks_catalog.c.name
  name         = "s${{count.index}}"
  comment      = "of the bench"
}}
resource "databricks_volume" "v" {{
  count        = 50
  catalog_name = databricks_catalog.c.name
  schema_name  = databricks_schema.s[count.index].name
  name         = "v"
  volume_type  = "MANAGED"
}}
resource "databricks_grants" "g" {{
  count  = 40
  schema = databricks_schema.s[count.index].id
  grant {{
    principal  = databricks_group.g[count.index % 9].display_name
    privileges = ["USE_SCHEMA", "SELECT"]
  }}
}}
"""


def main() -> None:
    """Each provider in a workspace of its own."""
    genuine = os.environ.get("BRICKYARD_GENUINE_PROVIDER")
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder:
        root = Path(folder)
        print("| provider | " + " | ".join(f"{step}, s" for step in _STEPS) + " |\n|---|" + "---|" * len(_STEPS))
        _measure("offline", root / "offline", install(root / "terraform", root / "cache"))
        if genuine:
            _measure(f"genuine {VERSION}", root / "genuine", _mirror(root / "mirror", Path(genuine)))
        else:
            print("The genuine provider was not measured: BRICKYARD_GENUINE_PROVIDER names none.")


def _measure(name: str, folder: Path, cli_config: Path) -> None:
    folder.mkdir()
    (folder / "main.tf").write_text(_CONFIGURATION)
    with _workspace(folder) as (host, token):
        variables = {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": token, "TF_CLI_CONFIG_FILE": str(cli_config)}
        took = [_terraform(folder, variables, step) for step in _STEPS]
    print(f"| {name} | {' | '.join(f'{seconds:.1f}' for seconds in took)} |", flush=True)


def _terraform(folder: Path, variables: dict[str, str], step: str) -> float:
    flags = {
        "init": ["-input=false"],
        "apply": ["-auto-approve"],
        "plan": ["-detailed-exitcode"],
        "destroy": ["-auto-approve"],
    }[step]
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    begin = time.perf_counter()
    done = subprocess.run(
        ["terraform", step, "-no-color", *flags],
        cwd=folder,
        env={**kept, **variables, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"terraform {step}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - begin


@contextmanager
def _workspace(folder: Path) -> Iterator[tuple[str, str]]:
    home = Home(root=folder / "home", cache=folder / "cache")
    info = process.start(home, (WorkspaceSpec(name="local"),))
    try:
        yield info.hosts["local"], home.token_file.read_text().strip()
    finally:
        process.stop(home)


def _mirror(folder: Path, binary: Path) -> Path:
    """A filesystem mirror with one provider in it, and the configuration of Terraform that knows only that."""
    package = folder / "mirror" / SOURCE / VERSION / target_platform()
    package.mkdir(parents=True)
    shutil.copy2(binary, package / binary.name)
    config = folder / "terraform.rc"
    mirror = json.dumps(str(folder / "mirror"))
    config.write_text(f"provider_installation {{\n  filesystem_mirror {{\n    path = {mirror}\n  }}\n}}\n")
    return config


if __name__ == "__main__":
    main()
