"""Terraform in the folder of one stack: its plan, saved and as data, and where its state is."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard.bundle.manifest import PlannedStack, Position, actions_of, sha256
from brickyard.protection import deletions
from brickyard.terraform import Synthesised

PLAN, LOCK = "plan", ".terraform.lock.hcl"
# What stands for a thing that an earlier stack has yet to make: brickyard_constructs.upstream writes it.
NOT_THERE = '"not there yet: '
_PROVIDER = re.compile(r'^provider "([^"]+)" \{\s*version\s*=\s*"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """A stack's entry, and its plan's JSON: secret, and only ever in memory."""

    entry: PlannedStack
    shown: bytes
    waits: bool
    deletes: bool


def plan_stack(synthesised: Synthesised, stack: str, *, sign_ins: list[str], options: tuple[str, ...]) -> Planned:
    """Plan one stack into its folder. Locks nothing: an apply looks again. Errors: DeployFailed."""
    folder = synthesised.folder / "stacks" / stack
    synthesised.terraform(stack, "init", "-input=false")
    before = state_position(synthesised, stack)  # one that moves from here on makes this plan stale
    synthesised.terraform(stack, "plan", "-input=false", "-lock=false", *options, f"-out={PLAN}")
    text = synthesised.terraform(stack, "show", "-json", PLAN)
    shown: dict[str, Any] = json.loads(text)
    actions = actions_of(shown)
    entry = PlannedStack(
        name=stack,
        changes=bool(shown.get("applyable")),
        actions=actions,
        state=before,
        plan_sha256=sha256(folder / PLAN),
        lock_sha256=sha256(folder / LOCK),
        sign_ins=sign_ins,
        destroys=deletions(shown),
    )
    waits = NOT_THERE in json.dumps([each["change"].get("after") for each in shown.get("resource_changes", ())])
    return Planned(entry=entry, shown=text.encode(), waits=waits, deletes=any("delete" in name for name in actions))


def state_position(synthesised: Synthesised, stack: str) -> Position:
    """Where a state is now; it is read, and nothing of it is kept. Errors: DeployFailed."""
    pulled = synthesised.terraform(stack, "state pull").strip()
    if not pulled:
        return Position(serial=0, lineage="")
    state = json.loads(pulled)
    return Position(serial=int(state["serial"]), lineage=str(state["lineage"]))


def providers_of(folder: Path) -> dict[str, str]:
    """The provider versions that a stack's lock file names."""
    return dict(_PROVIDER.findall((folder / LOCK).read_text(encoding="utf-8")))
