"""Which stacks of an environment belong to whom, and in which order they follow each other."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brickyard.errors import CannotPlan

PARTS = ("account", "platform", "projects")
# The account's stack is its administrator's, who is seldom a pipeline.
DEFAULT_PARTS = ("platform", "projects")


def stacks_in_order(folder: Path, environment: str, parts: Sequence[str]) -> tuple[str, ...]:
    """The stacks of these parts, each after those it follows. Errors: CannotPlan, where there is none."""
    dependencies = followed(folder)
    chosen = [stack for stack in dependencies if part_of(stack, environment) in parts]
    if not chosen:
        there = ", ".join(sorted(dependencies)) or "none"
        raise CannotPlan(f"{environment} has no stack of {', '.join(parts)}; it has: {there}.")
    return tuple(sorted(chosen, key=lambda stack: (len(all_before(stack, dependencies)), stack)))


def followed(folder: Path) -> Mapping[str, Sequence[str]]:
    """The stacks that each stack follows, as cdktf wrote them."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return {name: tuple(stack.get("dependencies", ())) for name, stack in manifest["stacks"].items()}


def all_before(stack: str, dependencies: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that must be there before a stack."""
    direct = dependencies[stack]
    return {*direct, *(name for each in direct for name in all_before(each, dependencies))}


def part_of(stack: str, environment: str) -> str:
    """Whose stack it is."""
    own = stack.removeprefix(f"{environment}-")
    return own if own in ("account", "platform") else "projects"
