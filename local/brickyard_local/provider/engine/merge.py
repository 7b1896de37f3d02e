"""Merge what the workspace reports into state: after an apply, on a refresh, on an import.

`found` is the workspace's answer under Terraform's names (`payload.from_api`).
"""

from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.engine.compare import canonical_key, cast_attribute, is_zero, pair, same
from brickyard_local.provider.schema.model import Attribute, Block, BlockType
from brickyard_local.provider.wire.values import UNKNOWN, Value

Found = dict[str, Any]


def empty(block: Block) -> dict[str, Value]:
    """The object with nothing set."""
    blocks: dict[str, Value] = {name: None if kind.nesting == "single" else [] for name, kind in block.blocks.items()}
    return {**dict.fromkeys(block.attributes), **blocks}


def adopt(block: Block, found: Found) -> dict[str, Value]:
    """The object just as the workspace reports it (import, blocks known after apply)."""
    values = empty(block)
    for name, attribute in block.attributes.items():
        value = cast_attribute(attribute, found.get(name))
        values[name] = None if value in ("", [], {}) else value
    for name, kind in block.blocks.items():
        if kind.nesting != "single":
            values[name] = [adopt(kind.block, item) for item in found.get(name) or []]
    return values


def settle(
    block: Block, behaviour: Behaviour, planned: Value, config: Value, found: Found, path: str = ""
) -> dict[str, Value]:
    """State after an apply: planned values win, computed ones come from the workspace, null stays null.

    Where no plan would ever see a difference the workspace's value wins, as in the genuine provider's state: a managed
    volume's location, a column's type in other letters.
    """
    values: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        is_chosen = not path and _is_suppressed(behaviour, name, found.get(name), planned.get(name))
        if _is_written_otherwise(attribute, behaviour, f"{path}{name}", planned.get(name), found.get(name)):
            values[name] = cast_attribute(attribute, found[name])
            continue
        is_filled_in = attribute.computed or is_chosen or (not path and name in behaviour.reported)
        is_ours = config.get(name) is not None or not is_filled_in
        values[name] = _settled(attribute, planned.get(name), found.get(name), is_ours=is_ours)
    for name, kind in block.blocks.items():
        member, reported = f"{path}{name}", found.get(name) or []
        is_filled_in = member in behaviour.computed_blocks and not config.get(name) and bool(reported)
        is_chosen = not path and bool(reported) and _is_suppressed(behaviour, name, reported, planned.get(name))
        if planned.get(name) is UNKNOWN or is_filled_in or is_chosen:
            values[name] = [adopt(kind.block, item) for item in reported]
        else:
            values[name] = _settled_blocks(kind, behaviour, planned.get(name), config.get(name), reported, f"{member}.")
    return values


def _settled(attribute: Attribute, planned: Value, found: Any, *, is_ours: bool) -> Value:
    if planned is not UNKNOWN and (is_ours or found is None):
        return planned
    return cast_attribute(attribute, found)


def _is_written_otherwise(attribute: Attribute, behaviour: Behaviour, path: str, planned: Value, found: Any) -> bool:
    """Whether the workspace has the planned value in another form, which planning takes for the same."""
    suppress = behaviour.suppress.get(path)
    if suppress is None or planned is UNKNOWN or is_zero(planned) or is_zero(found):
        return False
    return bool(suppress(cast_attribute(attribute, found), planned))


def _settled_blocks(
    kind: BlockType, behaviour: Behaviour, planned: Value, config: Value, found: list[Any], path: str
) -> Value:
    if kind.nesting == "single":
        return planned
    items = planned or []
    configured = [*(config if isinstance(config, list) else []), *({} for _ in items)]
    return [
        settle(kind.block, behaviour, item, configured[index], match or {}, path)
        for index, (item, match) in enumerate(zip(items, pair(items, found), strict=True))
    ]


def refresh(block: Block, behaviour: Behaviour, prior: Value, found: Found) -> dict[str, Value]:
    """State after a read. What was never configured is not adopted at the top level; inside a block it is.

    That, and keeping the prior value where the workspace reports an empty one, is how the genuine provider
    reads. Source: its `common.StructToData`.
    """
    values: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        old, new = prior.get(name), cast_attribute(attribute, found.get(name))
        is_ignored = name in behaviour.local or name not in found
        is_filled_in = attribute.computed or attribute.required or name in behaviour.reported
        is_unset = is_zero(old) and not is_filled_in
        is_emptied = attribute.optional and new in (None, "", [], {})
        keeps = is_ignored or is_unset or is_emptied or same(attribute, name, old, new, behaviour)
        values[name] = old if keeps else new
    for name, kind in block.blocks.items():
        old_items, new_items = prior.get(name), found.get(name)
        keeps = (
            kind.nesting == "single" or not new_items or (is_zero(old_items) and name not in behaviour.computed_blocks)
        )
        values[name] = old_items if keeps else _refreshed(kind, behaviour, name, old_items or [], new_items or [])
    return values


def _refreshed(
    kind: BlockType, behaviour: Behaviour, path: str, old_items: list[Value], new_items: list[Any]
) -> list[Value]:
    if kind.nesting == "set":
        return _refreshed_set(kind, behaviour, path, old_items, new_items)
    return [
        _refreshed_item(kind.block, behaviour, path, old_items[index] if index < len(old_items) else {}, item)
        for index, item in enumerate(new_items)
    ]


def _refreshed_set(
    kind: BlockType, behaviour: Behaviour, path: str, old_items: list[Value], new_items: list[Any]
) -> list[Value]:
    adopted = [adopt(kind.block, item) for item in new_items]
    before = {canonical_key(kind.block, path, item, behaviour): item for item in old_items}
    after = {canonical_key(kind.block, path, item, behaviour): item for item in adopted}
    if before.keys() == after.keys():
        return old_items
    return [before.get(key, item) for key, item in after.items()]


def _refreshed_item(block: Block, behaviour: Behaviour, path: str, old: Value, found: Found) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        member = f"{path}.{name}"
        before, after = old.get(name), cast_attribute(attribute, found.get(name))
        keeps = (
            member in behaviour.not_reported
            or same(attribute, member, before, after, behaviour)
            or _is_suppressed(behaviour, member, after, before)
        )
        values[name] = before if keeps else after
    for name, kind in block.blocks.items():
        member = f"{path}.{name}"
        before, after = old.get(name) or [], found.get(name) or []
        if kind.nesting == "single" or (not before and _is_suppressed(behaviour, member, after, before)):
            values[name] = old.get(name) if kind.nesting == "single" else before
        else:
            values[name] = _refreshed(kind, behaviour, member, before, after)
    return values


def _is_suppressed(behaviour: Behaviour, path: str, reported: Value, ours: Value) -> bool:
    """Whether planning would ignore that the workspace reports more than was configured."""
    suppress = behaviour.suppress.get(path)
    return suppress is not None and is_zero(ours) and bool(suppress(reported, ours))


def not_kept(block: Block, behaviour: Behaviour, config: Value, found: Found, path: str = "") -> list[str]:
    """Paths of configured values which the workspace does not report back."""
    lost: list[str] = []
    for name, attribute in block.attributes.items():
        member = f"{path}{name}"
        ours = config.get(name)
        exempt = (not path and name in behaviour.local) or member in behaviour.not_reported
        if exempt or ours is UNKNOWN or is_zero(ours):
            continue
        if not same(attribute, member, cast_attribute(attribute, found.get(name)), ours, behaviour):
            lost.append(member)
    for name, kind in block.blocks.items():
        ours = config.get(name)
        if kind.nesting == "single" or not isinstance(ours, list):
            continue
        lost += _not_kept_blocks(kind, behaviour, f"{path}{name}", ours, found.get(name) or [])
    return lost


def _not_kept_blocks(
    kind: BlockType, behaviour: Behaviour, path: str, ours: list[Value], found: list[Any]
) -> list[str]:
    if kind.nesting == "set":
        reported = {canonical_key(kind.block, path, adopt(kind.block, item), behaviour) for item in found}
        wanted = {canonical_key(kind.block, path, item, behaviour) for item in ours}
        return [path] if wanted - reported else []
    lost: list[str] = []
    for item, match in zip(ours, pair(ours, found), strict=True):
        if match is None and any(not is_zero(value) for value in item.values()):
            lost.append(path)
        else:
            lost += not_kept(kind.block, behaviour, item, match or {}, f"{path}.")
    return lost
