"""A policy applied to a cluster: fill in what it fixes, then check every rule. Pure: no I/O.

Source: docs.databricks.com/admin/clusters/policy-definition; docs.databricks.com/api/workspace/clusters/create
(apply_policy_default_values)
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from brickyard_local.compute.attributes import CLUSTER_TYPE, assign, found
from brickyard_local.compute.rules import Rule
from brickyard_local.store import Document

_FILLED_BY_THE_PLATFORM = (CLUSTER_TYPE,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """A cluster after its policy: what it is now, and what still breaks a rule."""

    spec: Document
    violations: tuple[str, ...]


def applied(rules: Sequence[Rule], spec: Document, *, cluster_type: str, defaults: bool) -> Applied:
    """Fixed values are filled in always, default values with `defaults`; a value that is there is never changed."""
    filled = copy.deepcopy(spec)
    for rule in rules:
        value = rule.fills(defaults=defaults)
        if value is None or rule.attribute.path in _FILLED_BY_THE_PLATFORM:
            continue
        if found(filled, rule.attribute)[0][1] is None:
            assign(filled, rule.attribute, value)
    seen = _as_the_platform_sees_it(filled, cluster_type)
    own_rule = frozenset(rule.attribute.path for rule in rules if not rule.attribute.is_generic)
    violations = [message for rule in rules for message in _violations(rule, seen, own_rule)]
    return Applied(spec=filled, violations=tuple(violations))


def _violations(rule: Rule, spec: Document, own_rule: frozenset[str]) -> list[str]:
    messages = []
    for path, value in found(spec, rule.attribute):
        if rule.attribute.is_generic and path in own_rule:
            continue
        if value is None:
            if rule.is_required:
                messages.append(f"Validation failed for {path}, the value must be present ({_words(rule)})")
        elif not rule.allows(value):
            messages.append(f"Validation failed for {path}, {rule.demand()} (is {rule.shown(value)})")
    return messages


def _words(rule: Rule) -> str:
    return rule.type if rule.type == "unlimited" else f"{rule.type}: {rule.demand()}"


def _as_the_platform_sees_it(spec: Document, cluster_type: str) -> Document:
    """With the values that an absent field has: the driver is of the workers' type, every workload is allowed."""
    seen = copy.deepcopy(spec)
    seen[CLUSTER_TYPE] = cluster_type
    if seen.get("driver_node_type_id") is None:
        seen["driver_node_type_id"] = seen.get("node_type_id")
    clients = (seen.get("workload_type") or {}).get("clients") or {}
    seen["workload_type"] = {"clients": {"jobs": True, "notebooks": True, **clients}}
    return seen
