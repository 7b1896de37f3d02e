"""Runs the examples in a rule's file: a rule whose examples fail, or that has none, is refused by its tests.

Shapes: an example is a plan with what is always the same left out. A change is an address, `actions`, `before`, `after`
and any other member of the format; type, name and marks are filled in.
"""

import datetime as dt
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from brickyard_review.analyses.prices import Prices, Rate
from brickyard_review.plan.reader import read_plan
from brickyard_review.review import PlanFile, Settings, analysed, judged
from brickyard_review.rules.model import Rule

_LISTS = ("resource_changes", "resource_drift")
_IN_CHANGE = ("actions", "before", "after", "after_unknown", "replace_paths", "importing")
_PRICE = Rate(type="databricks_sql_endpoint", price_by="cluster_size", per_hour={"Large": 10.0, "Tiny": 0.1})
_PRICES = Prices(currency="USD", as_of="2026-11-01", name="examples", rates=(_PRICE,))


def failures(rule: Rule) -> Iterator[str]:
    """What is wrong with a rule, by its own examples."""
    for number, example in enumerate(rule.examples.fires):
        if not fires(rule, example):
            yield f"{rule.id}: examples.fires[{number}]: the rule is silent."
    for number, example in enumerate(rule.examples.silent):
        if fires(rule, example):
            yield f"{rule.id}: examples.silent[{number}]: the rule fires."


def fires(rule: Rule, example: Mapping[str, Any]) -> bool:
    """Whether the rule alone finds something in an example. Errors: UnreadablePlan, when the example is no plan."""
    text = json.dumps(plan_of(example), default=str).encode()
    file = PlanFile(stack="example", name="example", open=lambda: io.BytesIO(text))
    settings = Settings(rules=(rule,), prices=_PRICES, today=dt.date(2026, 1, 1))
    plan = read_plan(io.BytesIO(text))
    return bool(judged(*analysed(plan, file, settings), file, settings).findings)


def plan_of(example: Mapping[str, Any]) -> dict[str, Any]:
    """An example as a whole plan."""
    plan: dict[str, Any] = {"format_version": "1.2", "planned_values": {}, **example}
    for section in _LISTS:
        if section in example:
            plan[section] = [_change(change) for change in example[section]]
    if "deferred_changes" in example:
        plan["deferred_changes"] = [
            {**deferred, "resource_change": _change(deferred["resource_change"])}
            for deferred in example["deferred_changes"]
        ]
    plan["output_changes"] = {
        name: {"before_sensitive": False, "after_sensitive": False, **output}
        for name, output in example.get("output_changes", {}).items()
    }
    return plan


def _change(short: Mapping[str, Any]) -> dict[str, Any]:
    address = str(short["address"])
    resource_type, _, name = address.rpartition(".")
    change = {name: short[name] for name in _IN_CHANGE if name in short}
    sides = {"before": None, "after": None, "before_sensitive": False, "after_sensitive": False}
    if change.get("actions") == ["no-op"]:
        sides["after"] = change.get("before")
    rest = {name: value for name, value in short.items() if name not in _IN_CHANGE}
    return {"type": resource_type, "name": name, "mode": "managed", **rest, "change": {**sides, **change}}
