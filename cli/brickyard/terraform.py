"""Synthesise an environment, and run Terraform in the folders of its stacks: what a plan says, as data."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard.cdktf import settings_of
from brickyard.clone import Clone
from brickyard.errors import DeployFailed

_SHOWN = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a plan does to one address, and which of its attributes would differ."""

    address: str
    actions: tuple[str, ...]
    importing: bool
    differs: tuple[str, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether nothing is made, changed or deleted; an import alone is such a change."""
        return self.actions in (("no-op",), ("read",))


@dataclass(frozen=True, kw_only=True, slots=True)
class Synthesised:
    """The stacks of one environment in a folder of their own, and the variables that Terraform runs with."""

    folder: Path
    variables: Mapping[str, str]

    @property
    def stacks(self) -> tuple[str, ...]:
        """In the order of the alphabet."""
        return tuple(sorted(path.parent.name for path in self.folder.glob("stacks/*/cdk.tf.json")))

    def document(self, stack: str) -> dict[str, Any]:
        """What was synthesised for a stack."""
        found: dict[str, Any] = json.loads((self.folder / "stacks" / stack / "cdk.tf.json").read_text())
        return found

    def plan(self, stack: str) -> list[Change]:
        """Initialise and plan, without a lock: nothing is written but the plan. Errors: DeployFailed."""
        return list(_changes(json.loads(self.planned(stack))))

    def planned(self, stack: str, *options: str) -> str:
        """The same, as `terraform show -json` has it; it may hold what is secret. Errors: DeployFailed."""
        if not (self.folder / "stacks" / stack / ".terraform").exists():
            self.terraform(stack, "init", "-input=false")
        self.terraform(stack, "plan", "-input=false", "-lock=false", *options, "-out=plan")
        shown = self.terraform(stack, "show", "-json", "plan")
        (self.folder / "stacks" / stack / "plan").unlink()  # it may hold what is secret
        return shown

    def terraform(self, stack: str, *arguments: str) -> str:
        """Run Terraform without colours; a verb may be two words. Errors: DeployFailed with what it said."""
        verb, *more = arguments
        argv = ["terraform", f"-chdir={self.folder / 'stacks' / stack}", *verb.split(), "-no-color", *more]
        done = subprocess.run(argv, env=dict(self.variables), capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise DeployFailed(f"`terraform {verb}` of {stack} failed:\n" + "\n".join(said[:_SHOWN]))
        return done.stdout


def synthesise(clone: Clone, environment: str, folder: Path, **variables: str) -> Synthesised:
    """Build the stacks of an environment into `folder`, as cdktf would; what Terraform initialised there stays.

    Errors: DeployFailed, NotUp.
    """
    asked = {**os.environ, "BRICKYARD_ENV": environment, **variables}
    settings = {**settings_of(clone, ["plan"], asked), "CDKTF_OUTDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    folder.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, str(clone.root / "main.py")]
    done = subprocess.run(argv, cwd=clone.root, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeployFailed(f"Synthesis of {environment} failed:\n{(done.stderr or done.stdout).strip()[-3000:]}")
    return Synthesised(folder=folder, variables=settings)


def _changes(plan: Mapping[str, Any]) -> Iterator[Change]:
    for resource in plan.get("resource_changes", ()):
        if resource.get("mode") != "managed":
            continue
        change = resource["change"]
        yield Change(
            address=resource["address"],
            actions=tuple(change["actions"]),
            importing="importing" in change,
            differs=tuple(sorted(_differing(change))),
        )


def _differing(change: Mapping[str, Any]) -> set[str]:
    before, after, unknown = change.get("before") or {}, change.get("after") or {}, change.get("after_unknown") or {}
    known = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    return {key for key in known | {key for key in unknown if unknown[key]} if before}
