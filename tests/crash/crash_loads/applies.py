"""A writer that is Terraform itself: it applies one generation of a configuration after the other.

What must hold after a kill in the middle of an apply:
- an object in the state exists: what the provider was answered is not lost;
- an object that exists without being in the state was under way: Terraform said which creation failed. It is a whole
  one, so it can be imported, as with any workspace that goes away before it answers;
- after that, `terraform apply` succeeds, and a plan has nothing to change.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from crash_loads.outliving import Outliving
from crash_loads.writer import ABSENT, Json

_DONE = re.compile(r": (Creation|Modifications|Destruction) complete after ")
_FAILED = re.compile(r"^[│|]?\s*with (\S+?),?$", re.MULTILINE)
_UC = "/api/2.1/unity-catalog"


class TerraformFailed(Exception):
    """Raised when a command of Terraform's does not succeed."""


@dataclass(kw_only=True, slots=True)
class Folder:
    """A Terraform folder, and how Terraform is run there."""

    path: Path
    cli_config: Path
    host: str
    token: str

    def start(self, *arguments: str, generation: int) -> "subprocess.Popen[str]":
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(self.cli_config),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_host": self.host,
            "TF_VAR_token": self.token,
            "TF_VAR_generation": str(generation),
        }
        command = ["terraform", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


class TerraformApplies(Outliving):
    """`answers` counts what Terraform was told is done."""

    folder: Folder

    def __post_init__(self) -> None:
        self.generation = 0
        self.failed: set[str] = set()
        self.whole = True
        self.imported = 0

    def is_wrong(self, error: Exception) -> bool:
        """Terraform gives its own plugin a minute to start, which is no word of the workspace's."""
        return "waiting for plugin to start" not in " ".join(str(error).split()) and super().is_wrong(error)

    def step(self) -> None:
        if not self.whole:
            self.recover()
            return
        self.generation += 1
        self.whole = False  # until it is known to be
        self.apply()
        self.whole = True

    def apply(self) -> None:
        """Each object that is done counts at once, and so do those that failed. Errors: TerraformFailed."""
        process = self.folder.start("apply", "-no-color", "-auto-approve", generation=self.generation)
        said = []
        for line in process.stdout or ():
            said.append(line)
            self.answers += bool(_DONE.search(line))
        if process.wait():
            self.failed |= set(_FAILED.findall("".join(said)))
            raise TerraformFailed(f"terraform apply: {''.join(said)}")
        self.failed.clear()

    def told(self, *arguments: str) -> str:
        """What it printed. Errors: TerraformFailed."""
        process = self.folder.start(*arguments, generation=self.generation)
        said, _ = process.communicate()
        if process.returncode:
            raise TerraformFailed(f"terraform {arguments[0]}: {said}")
        return said

    def recover(self) -> None:
        """Compare state and workspace, import what was under way, and converge."""
        in_state = (
            set(self.told("state", "list").split()) if (self.folder.path / "terraform.tfstate").exists() else set()
        )
        for address, planned in self.creations().items():
            assert address not in in_state, f"{address} is in Terraform's state and not in the workspace"
            object_id = self.stray(address, planned)
            if object_id is not ABSENT:
                assert address in self.failed, f"{address} was never said to have failed, and is not in the state"
                self.told("import", "-no-color", address, object_id)
                self.imported += 1
        self.apply()
        left = self.changes()
        assert not left, f"after an apply that succeeded there is left to do: {left}"
        self.whole = True

    def creations(self) -> dict[str, Json]:
        """What the plan would make anew, by address, with the arguments."""
        changes = self.planned()
        return {each["address"]: each["change"]["after"] for each in changes if each["change"]["actions"] == ["create"]}

    def changes(self) -> list[tuple[str, list[str]]]:
        changes = self.planned()
        return [
            (each["address"], each["change"]["actions"]) for each in changes if each["change"]["actions"] != ["no-op"]
        ]

    def planned(self) -> list[Json]:
        self.told("plan", "-no-color", "-out=plan")
        plan = json.loads(self.told("show", "-json", "plan"))
        changes: list[Json] = [each for each in plan.get("resource_changes", []) if each["mode"] == "managed"]
        return changes

    def stray(self, address: str, planned: Json) -> Any:
        """The id of an object which is there already, by what names it; ABSENT for what has no name of its own."""
        kind, key = address.partition(".")[0].removeprefix("databricks_"), address.partition('["')[2].removesuffix('"]')
        match kind:
            case "catalog":
                return self.named(f"{_UC}/catalogs/{planned['name']}", planned["name"])
            case "schema":
                return self.named(f"{_UC}/schemas/crash_terraform.{key}", f"crash_terraform.{key}")
            case "volume":
                return self.named(f"{_UC}/volumes/crash_terraform.{key}.v", f"crash_terraform.{key}.v")
            case "registered_model":
                return self.named(f"{_UC}/models/crash_terraform.{key}.m", f"crash_terraform.{key}.m")
            case "directory" | "workspace_file":
                path = planned["path"]
                return self.named("/api/2.0/workspace/get-status", path, path=path)
        return self.looked_up(kind, planned)

    def looked_up(self, kind: str, planned: Json) -> Any:
        if kind == "group":
            query = f'displayName eq "{planned["display_name"]}"'
            found = self.get("/api/2.0/preview/scim/v2/Groups", filter=query) or {}
            return next((each["id"] for each in found.get("Resources", [])), ABSENT)
        if kind == "job":
            found = self.get("/api/2.2/jobs/list", name=planned["name"]) or {}
            return next((str(each["job_id"]) for each in found.get("jobs", [])), ABSENT)
        if kind == "mlflow_experiment":
            found = self.get("/api/2.0/mlflow/experiments/get-by-name", experiment_name=planned["name"]) or {}
            return found["experiment"]["experiment_id"] if found else ABSENT
        return ABSENT

    def named(self, url: str, object_id: str, **query: str) -> Any:
        return ABSENT if self.get(url, **query) is None else object_id

    def check(self, client: httpx.Client, *, everything: bool = False) -> list[str]:  # noqa: ARG002 - it is in a plan
        """Compared is in the next round, by Terraform, in the thread that has a client of its own."""
        return self.noted()

    def actual(self, key: str) -> Any:
        raise NotImplementedError
