"""Plans and states of resources which the genuine provider builds with Terraform's plugin framework.

There a change makes every computed value unknown again, unless `keeps` names it, and the state is what the workspace
answered: nothing is suppressed, and nothing configured may come back different.
Source: terraform-plugin-framework, `internal/fwserver/server_planresourcechange.go`.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.engine.compare import cast_attribute
from brickyard_local.provider.engine.plan import Plan
from brickyard_local.provider.schema.model import Attribute, Block
from brickyard_local.provider.wire.values import UNKNOWN, Value

Found = dict[str, Any]


def plan(block: Block, behaviour: Behaviour, prior: Value, config: Value, proposed: Value) -> Plan:
    """The plan for a configuration. `proposed` is Terraform's own merge of it with the prior state."""
    planned = dict(proposed)
    if prior is None or planned != prior:
        planned = _unknown(block, config, planned)
    for name in behaviour.keeps:
        if planned[name] is UNKNOWN and config.get(name) is None and prior is not None:
            planned[name] = prior.get(name)
    before = planned if prior is None else prior
    changed = [name for name in behaviour.force_new if planned[name] != before[name]]
    return Plan(planned=planned, replace=tuple((name,) for name in sorted(changed)))


def _unknown(block: Block, config: Mapping[str, Value], planned: Mapping[str, Value]) -> dict[str, Value]:
    """What the workspace fills in is not known any more."""
    values = {name: _unknown_in(item, config.get(name), planned[name]) for name, item in block.attributes.items()}
    for name, kind in block.blocks.items():
        ours, items = config.get(name), planned[name]
        if isinstance(ours, list) and isinstance(items, list):
            pairs = zip(ours, items, strict=False)
            items = [_unknown(kind.block, *pair) if isinstance(pair[1], dict) else pair[1] for pair in pairs]
        values[name] = items
    return values


def _unknown_in(attribute: Attribute, config: Value, planned: Value) -> Value:
    if config is None and attribute.computed:
        return UNKNOWN
    if attribute.nested is None or not isinstance(planned, dict) or not isinstance(config, dict):
        return planned
    return _unknown(Block(attributes=attribute.nested.attributes), config, planned)


def state_of(block: Block, behaviour: Behaviour, known: Value, found: Found) -> dict[str, Value]:
    """The state which the workspace's answer makes; `known` was planned, or was there before.

    An empty list which was configured stays one: the API does not tell it from none.
    """
    values: dict[str, Value] = {}
    for name, attribute in block.attributes.items():
        ours, value = known.get(name), cast_attribute(attribute, found.get(name))
        is_told = name not in behaviour.local and name not in behaviour.not_reported
        keeps = not is_told or (ours == [] and value is None)
        values[name] = ours if keeps else value
    for name, kind in block.blocks.items():
        items = found.get(name) or []
        values[name] = (
            known.get(name) if name in behaviour.local else [_state_of_item(kind.block, item) for item in items]
        )
    return _without_unknown(values)


def _state_of_item(block: Block, found: Found) -> dict[str, Value]:
    values = {name: cast_attribute(attribute, found.get(name)) for name, attribute in block.attributes.items()}
    blocks = {
        name: [_state_of_item(kind.block, item) for item in found.get(name) or []]
        for name, kind in block.blocks.items()
    }
    return {**values, **blocks}


def _without_unknown(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: None if value is UNKNOWN else value for name, value in values.items()}


def lost(planned: Value, state: Value, path: str = "") -> list[str]:
    """Paths of planned, known values which the state has otherwise: Terraform calls that inconsistent."""
    if planned is UNKNOWN:
        return []
    if isinstance(planned, dict) and isinstance(state, dict):
        return [item for name in planned for item in lost(planned[name], state.get(name), f"{path}.{name}".strip("."))]
    if isinstance(planned, list) and isinstance(state, list) and len(planned) == len(state):
        ordered = zip(sorted(planned, key=repr), sorted(state, key=repr), strict=True)
        is_same = all(not lost(*pair) for pair in ordered) or all(
            not lost(*pair) for pair in zip(planned, state, strict=True)
        )
        return [] if is_same else [path]
    return [] if planned == state or (planned is None and state == []) else [path]
