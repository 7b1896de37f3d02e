"""Plan a change: what the object will be, and which paths force a replacement.

The rules are those of Terraform's SDK, which the genuine provider is built with: computed values stay as they are
on an update and are unknown on a creation; a suppressed difference keeps the prior value; null and zero are equal.
"""

from dataclasses import dataclass, field

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.engine.compare import canonical_key, is_zero, same
from brickyard_local.provider.schema.model import Attribute, Block, BlockType
from brickyard_local.provider.wire.values import UNKNOWN, Value, has_unknown

Step = str | int
Path = tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The planned object and the paths for which the prior one has to go."""

    planned: Value
    replace: tuple[Path, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Walk:
    """One planning pass; collects the paths which force a replacement."""

    behaviour: Behaviour
    creating: bool
    replace: list[Path] = field(default_factory=list)

    def note(self, dotted: str, where: Path, *, differs: bool) -> None:
        if differs and not self.creating and dotted in self.behaviour.force_new:
            self.replace.append(where)


def plan(block: Block, behaviour: Behaviour, prior: Value, config: Value) -> Plan:
    """The plan for a configuration; `prior` is None for a creation."""
    walk = _Walk(behaviour=behaviour, creating=prior is None)
    planned = _plan_block(walk, block, "", (), prior or {}, config)
    return Plan(planned=planned, replace=tuple(walk.replace))


def _plan_block(walk: _Walk, block: Block, dotted: str, where: Path, prior: Value, config: Value) -> dict[str, Value]:
    planned: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        path = f"{dotted}{name}"
        old, new = prior.get(name), config.get(name)
        planned[name] = _plan_attribute(walk, attribute, path, old, new)
        differs = not same(attribute, path, old, planned[name], walk.behaviour)
        walk.note(path, (*where, name), differs=differs)
    for name, kind in block.blocks.items():
        path = f"{dotted}{name}"
        old, new = prior.get(name), config.get(name)
        planned[name] = _plan_blocks(walk, kind, path, (*where, name), old, new)
    return planned


def _plan_attribute(walk: _Walk, attribute: Attribute, path: str, old: Value, new: Value) -> Value:
    if new is None and path in walk.behaviour.defaults:
        new = walk.behaviour.defaults[path]
    if new is None and attribute.computed:
        return UNKNOWN if walk.creating and old is None else old
    if isinstance(new, list) and has_unknown(new):
        return UNKNOWN  # the SDK knows a list as a whole or not at all
    if not walk.creating and same(attribute, path, old, new, walk.behaviour):
        return old
    return new


def _plan_blocks(walk: _Walk, kind: BlockType, path: str, where: Path, old: Value, new: Value) -> Value:
    if kind.nesting == "single" or new is UNKNOWN:
        return new
    old_items, new_items = old or [], new or []
    if not new_items:
        return _plan_absent(walk, path, where, old_items)
    if kind.nesting == "set":
        return _plan_set(walk, kind, path, where, old_items, new_items)
    walk.note(path, where, differs=not old_items)
    planned: list[Value] = []
    for index, item in enumerate(new_items):
        before = old_items[index] if index < len(old_items) else {}
        if item is UNKNOWN:
            planned.append(item)
            continue
        planned.append(_plan_block(walk, kind.block, f"{path}.", (*where, index), before, item))
    return planned


def _plan_absent(walk: _Walk, path: str, where: Path, old_items: list[Value]) -> Value:
    suppress = walk.behaviour.suppress.get(path)
    is_computed = path in walk.behaviour.computed_blocks
    if is_computed and walk.creating:
        return UNKNOWN
    if is_computed or (suppress is not None and suppress(old_items, [])):
        return old_items
    walk.note(path, where, differs=bool(old_items))
    return []


def _plan_set(
    walk: _Walk, kind: BlockType, path: str, where: Path, old_items: list[Value], new_items: list[Value]
) -> Value:
    """Elements of a set have no position: those known before stay, as they are, in the prior order.

    Two elements that look alike may still differ in what is not known yet, so none is dropped here.
    """
    before = {canonical_key(kind.block, path, item, walk.behaviour): item for item in old_items}
    after = [(canonical_key(kind.block, path, item, walk.behaviour), item) for item in new_items]
    is_same = before.keys() == {key for key, _ in after}
    walk.note(path, where, differs=not is_same)
    if not walk.creating and is_same:
        return old_items
    return [before.get(key, _with_defaults(kind.block, item)) for key, item in after]


def _with_defaults(block: Block, item: Value) -> Value:
    """A new element of a set, with what is known only after apply; a list or set is known as a whole or not at all."""
    if not isinstance(item, dict):
        return item
    planned = dict(item)
    for name in block.attributes.keys() & item.keys():
        is_filled_in = item[name] is None and block.attributes[name].computed
        if is_filled_in or (isinstance(item[name], list) and has_unknown(item[name])):
            planned[name] = UNKNOWN
    return planned


def changed(block: Block, behaviour: Behaviour, prior: Value, planned: Value) -> frozenset[str]:
    """Top-level names in which two objects differ."""
    names = {
        name
        for name, attribute in block.attributes.items()
        if not same(attribute, name, prior.get(name), planned.get(name), behaviour)
    }
    for name, kind in block.blocks.items():
        old = [canonical_key(kind.block, name, item, behaviour) for item in _items(prior.get(name))]
        new = [canonical_key(kind.block, name, item, behaviour) for item in _items(planned.get(name))]
        if kind.nesting == "set":
            old.sort()
            new.sort()
        if old != new:
            names.add(name)
    return frozenset(names)


def _items(value: Value) -> list[Value]:
    if is_zero(value):
        return []
    return value if isinstance(value, list) else [value]
