"""Check a configuration before anything is planned: read-only attributes, values, arguments which exclude others."""

from collections.abc import Iterator

from brickyard_local.provider.engine.behaviour import Behaviour, OneOf
from brickyard_local.provider.schema.model import Block
from brickyard_local.provider.wire.values import UNKNOWN, Value


def problems(block: Block, behaviour: Behaviour, config: Value) -> Iterator[str]:
    """One sentence per rule broken."""
    yield from _in_block(block, behaviour, config, "")
    for rule in behaviour.one_of:
        yield from _broken(rule, config)


def _in_block(block: Block, behaviour: Behaviour, config: Value, path: str) -> Iterator[str]:
    for name, attribute in block.attributes.items():
        value = config.get(name)
        if value is None or value is UNKNOWN:
            continue
        if attribute.is_read_only:
            yield f'"{path}{name}" is set by the workspace and cannot be configured'
        check = behaviour.checks.get(f"{path}{name}")
        wrong = check(value) if check is not None else None
        if wrong is not None:
            yield f'"{path}{name}": {wrong}'
    for name, kind in block.blocks.items():
        items = config.get(name)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict):
                yield from _in_block(kind.block, behaviour, item, f"{path}{name}.")


def _broken(rule: OneOf, config: Value) -> Iterator[str]:
    """A rule counts in every object which holds the arguments; names share one parent path."""
    parent, _, _ = rule.names[0].rpartition(".")
    members = [name.rpartition(".")[2] for name in rule.names]
    for owner in _objects(config, parent.split(".") if parent else []):
        values = [owner.get(member) for member in members]
        given = [member for member, value in zip(members, values, strict=True) if value not in (None, [], UNKNOWN)]
        where = f"{parent}: " if parent else ""
        if len(given) > rule.at_most:
            yield f"{where}{' and '.join(given)} exclude each other"
        # What is not known yet may be anything: it excludes nothing, and may be the one that is asked for.
        if len(given) + values.count(UNKNOWN) < rule.at_least:
            yield f"{where}one of {', '.join(members)} is required"


def _objects(value: Value, steps: list[str]) -> Iterator[dict[str, Value]]:
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, steps)
    elif isinstance(value, dict):
        if steps:
            yield from _objects(value.get(steps[0]), steps[1:])
        else:
            yield value
