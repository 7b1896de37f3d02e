"""Whether a rule's conditions hold for a fact."""

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase, translate
from typing import Any

from brickyard_review.facts import Fact
from brickyard_review.rules.model import Condition, Rule, Test


def matching(rule: Rule, facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts that a rule speaks of."""
    return (fact for fact in facts if fact.kind == rule.kind and _holds(rule, fact))


def wanted_paths(rules: Iterable[Rule]) -> Callable[[str], object]:
    """Whether any rule may speak of an attribute's path: asked for every attribute of a plan, before all else."""
    patterns: list[str] = []
    for rule in rules:
        if rule.kind == "attribute":
            path = rule.where.get("path")
            listed = path if isinstance(path, list) else [path]
            patterns += [one if isinstance(one, str) else "*" for one in listed]
    every = "|".join(translate(_without_brackets(pattern)) for pattern in dict.fromkeys(patterns))
    search = re.compile(every or r"(?!)").match
    return lambda path: search(_without_brackets(path))


def _holds(rule: Rule, fact: Fact) -> bool:
    return all(_passes(test, fact.fields.get(name)) for name, test in rule.where.items())


def _passes(test: Test, value: Any) -> bool:
    if isinstance(test, Condition):
        return all(check(test, value) for check in (_not, _between, _contains, _matches))
    if isinstance(test, list):
        return any(_passes(one, value) for one in test)
    if isinstance(test, str) and "*" in test:
        return isinstance(value, str) and fnmatchcase(_without_brackets(value), _without_brackets(test))
    return type(test) is type(value) and test == value


def _without_brackets(text: str) -> str:
    """Brackets are labels in paths, and would be sets of characters in a pattern."""
    return text.replace("[", "<").replace("]", ">")


def _not(test: Condition, value: Any) -> bool:
    return "is_not" not in test.model_fields_set or not _passes(test.is_not, value)


def _between(test: Condition, value: Any) -> bool:
    if test.above is None and test.below is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (test.above is None or value > test.above) and (test.below is None or value < test.below)


def _contains(test: Condition, value: Any) -> bool:
    if test.contains is None:
        return True
    return isinstance(value, list) and any(_passes(one, element) for one in test.contains for element in value)


def _matches(test: Condition, value: Any) -> bool:
    return test.matches is None or (isinstance(value, str) and re.search(test.matches, value) is not None)
