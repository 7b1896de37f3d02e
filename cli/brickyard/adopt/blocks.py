"""Import blocks: found by name, then proven by Terraform's own plan, until importing is all that is left.

What the code says differently than the workspace stays as found (`keep`), so that adopting changes nothing. Each
such line can be taken out later; the plan then shows what the code would change.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brickyard.adopt.existing import Workspace, import_id
from brickyard.adopt.synthesised import StackNames
from brickyard.errors import CannotAdopt
from brickyard.terraform import Change, Synthesised
from brickyard_local.account import write_private

# Ignoring an attribute may uncover another one that follows from it.
_ROUNDS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One object to import, and the attributes that stay as found; without an id the stack imports it by itself."""

    to: str
    id: str | None
    keep: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As the file holds it."""
        named = {"id": self.id} if self.id is not None else {}
        kept = {"keep": list(self.keep)} if self.keep else {}
        return {"to": self.to, **named, **kept}


Blocks = Mapping[str, Sequence[Block]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What the plans say once the blocks are in: imports, and what is made new because it is not there."""

    blocks: Blocks
    imported: int
    made: tuple[str, ...]


def find_blocks(workspace: Workspace, synthesised: Synthesised) -> dict[str, list[Block]]:
    """A block for everything of the stacks that is there."""
    return {stack: _blocks(workspace, synthesised.document(stack)) for stack in synthesised.stacks}


def _blocks(workspace: Workspace, document: Mapping[str, Any]) -> list[Block]:
    names = StackNames(document=document, inventory=workspace.inventory)
    by_itself = [str(block["to"]) for block in document.get("import", ())]
    blocks = [Block(to=address, id=None) for address in by_itself]
    for kind, name, arguments in names.resources():
        address = f"{kind}.{name}[0]" if "count" in arguments else f"{kind}.{name}"
        if address in by_itself or "for_each" in arguments:
            continue
        found = import_id(workspace, names, kind, arguments)
        if found is not None:
            blocks.append(Block(to=address, id=found))
    return blocks


def write_blocks(file: Path, blocks: Blocks) -> None:
    """Write the file that the stacks read, whole or not at all; what would say nothing is left out."""
    written = {stack: [block for block in each if block.id or block.keep] for stack, each in sorted(blocks.items())}
    document = {stack: [block.as_dict() for block in each] for stack, each in written.items() if each}
    write_private(file, json.dumps(document, indent=2) + "\n")
    file.chmod(0o644)  # it is part of the clone, and holds names


def prove(blocks: Blocks, file: Path, synthesise: Callable[[], Synthesised]) -> Proof:
    """Plan, keep what would change, and plan again until nothing does. Errors: CannotAdopt, DeployFailed."""
    for _ in range(_ROUNDS):
        write_blocks(file, blocks)
        synthesised = synthesise()
        plans = {stack: synthesised.plan(stack) for stack in synthesised.stacks}
        kept = {stack: [_keeping(block, plans[stack]) for block in blocks.get(stack, ())] for stack in plans}
        if kept == {stack: list(blocks.get(stack, ())) for stack in plans}:
            return _proof(blocks, plans)
        blocks = kept
    raise CannotAdopt(f"After {_ROUNDS} plans something would still change: {_left(plans)}. {_ISSUE}")


_ISSUE = "Reference it instead (`ownership: reference`), or correct the settings; nothing has been applied."


def _keeping(block: Block, plan: Sequence[Change]) -> Block:
    change = next((each for each in plan if each.address == block.to), None)
    if change is None or change.changes_nothing:
        return block
    return replace(block, keep=tuple(sorted({*block.keep, *change.differs})))


def _proof(blocks: Blocks, plans: Mapping[str, Sequence[Change]]) -> Proof:
    """Whatever would be changed or deleted all the same is an error: adopting must not."""
    every = [change for plan in plans.values() for change in plan]
    harmful = [c for c in every if not c.changes_nothing and c.actions != ("create",)]
    if harmful:
        raise CannotAdopt(f"The plan would change what is there: {_left(plans)}. {_ISSUE}")
    made = tuple(f"{stack}: {c.address}" for stack, plan in plans.items() for c in plan if c.actions == ("create",))
    return Proof(blocks=blocks, imported=sum(c.importing for c in every), made=made)


def _left(plans: Mapping[str, Sequence[Change]]) -> str:
    changed = [c for plan in plans.values() for c in plan if not c.changes_nothing and c.actions != ("create",)]
    return "; ".join(f"{c.address} ({'/'.join(c.actions)}: {', '.join(c.differs)})" for c in changed)
