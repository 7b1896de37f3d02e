"""What is built on what goes: counts, and the picture around what is destroyed, replaced or forgotten."""

from collections.abc import Callable, Iterable

from brickyard_review.model import Action, Blast, GraphEdge, GraphNode
from brickyard_review.plan.addresses import without_keys
from brickyard_review.plan.model import Dependencies, Plan

MAX_COUNTED = 200
"""Dependents are counted up to here: past it, the answer to "is this dangerous" is known."""
_MAX_NODES = 40
GOES = (Action.DELETE, Action.REPLACE, Action.FORGET)


def dependents_counter(dependencies: Dependencies) -> Callable[[str], int]:
    """How many resources are built on an address, up to `MAX_COUNTED`."""
    counted: dict[str, int] = {}

    def count(address: str) -> int:
        origin = without_keys(address)
        if origin not in counted:
            counted[origin] = _count(origin, dependencies)
        return counted[origin]

    return count


def _count(origin: str, dependencies: Dependencies) -> int:
    seen = {origin}
    waiting = [origin]
    while waiting and len(seen) <= MAX_COUNTED:
        new = dependencies.dependents.get(waiting.pop(), frozenset()) - seen
        seen |= new
        waiting.extend(new)
    return min(len(seen) - 1, MAX_COUNTED)


def blast(plan: Plan) -> Blast:
    """The picture: what goes, and what depends on it, nearest first, up to a size that a person can read."""
    actions = _worst_actions(plan)
    origins = sorted(address for address, action in actions.items() if action in GOES)
    with_dependents = [origin for origin in origins if plan.dependencies.dependents.get(origin)]
    depths = _depths(with_dependents, plan.dependencies)
    kept = dict(sorted(depths.items(), key=lambda pair: (pair[1], pair[0]))[:_MAX_NODES])
    nodes = [GraphNode(address=a, action=actions.get(a, Action.NO_OP), depth=depth) for a, depth in kept.items()]
    return Blast(nodes=tuple(nodes), edges=_edges(kept, plan.dependencies), left_out=len(depths) - len(kept))


def _worst_actions(plan: Plan) -> dict[str, Action]:
    """The worst action by address without keys: instances of one resource are one node."""
    order = list(Action)
    worst: dict[str, Action] = {}
    for change in plan.changes:
        address = without_keys(change.address)
        worst[address] = min(change.action, worst.get(address, Action.NO_OP), key=order.index)
    return worst


def _depths(origins: Iterable[str], dependencies: Dependencies) -> dict[str, int]:
    depths = dict.fromkeys(origins, 0)
    level = list(depths)
    while level and len(depths) <= MAX_COUNTED:
        below = sorted({found for address in level for found in dependencies.dependents.get(address, ())})
        level = [address for address in below if address not in depths]
        depths |= dict.fromkeys(level, max(depths.values()) + 1)
    return depths


def _edges(kept: dict[str, int], dependencies: Dependencies) -> tuple[GraphEdge, ...]:
    return tuple(
        GraphEdge(origin=origin, dependent=dependent)
        for origin in kept
        for dependent in sorted(dependencies.dependents.get(origin, frozenset()) & kept.keys())
    )
