"""Who refers to whom, from the configuration in a plan, through variables and outputs of modules.

Gaps: a plan's configuration does not hold locals, so what goes through one is found only by what the state remembers
(`depends_on` of the prior state), i.e. for resources that exist.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from brickyard_review.plan.addresses import without_keys
from brickyard_review.plan.model import Dependencies

_MAX_MODULES = 100


class References:
    """Collects edges from what refers to what is referred to."""

    def __init__(self) -> None:
        self._origins: dict[str, set[str]] = {}
        self._remembered: dict[str, set[str]] = {}
        self._resources: set[str] = set()
        self._through_locals: set[str] = set()

    def read_configuration(self, configuration: Any) -> None:
        """Every reference of the root module and the modules below it."""
        if isinstance(configuration, Mapping):
            self._read_module(configuration.get("root_module"), "", 0)

    def read_state(self, resource: Mapping[str, Any]) -> None:
        """What the state remembers of one resource's dependencies."""
        address = resource.get("address")
        origins = resource.get("depends_on")
        if isinstance(address, str) and isinstance(origins, list):
            found = {without_keys(origin) for origin in origins if isinstance(origin, str)}
            self._remembered.setdefault(without_keys(address), set()).update(found)

    def _read_module(self, module: Any, prefix: str, depth: int) -> None:
        if not isinstance(module, Mapping) or depth > _MAX_MODULES:
            return
        for resource in _objects(module.get("resources")):
            self._read_resource(resource, prefix)
        for name, output in _named(module.get("outputs")):
            if prefix:
                self._add(f"{prefix}{name}", self._targets(output, prefix))
        for name, call in _named(module.get("module_calls")):
            inside = f"{prefix}module.{name}."
            for variable, expression in _named(call.get("expressions")):
                self._add(f"{inside}var.{variable}", self._targets(expression, prefix))
            self._read_module(call.get("module"), inside, depth + 1)
            whole = (address for address in self._resources if address.startswith(inside))
            self._add(inside[:-1], tuple(whole))

    def _read_resource(self, resource: Mapping[str, Any], prefix: str) -> None:
        address = resource.get("address")
        if not isinstance(address, str):
            return
        parts = {key: resource.get(key) for key in ("expressions", "count_expression", "for_each_expression")}
        self._resources.add(prefix + address)
        explicit = resource.get("depends_on")
        named = [name for name in explicit if isinstance(name, str)] if isinstance(explicit, list) else []
        self._add(prefix + address, self._targets(parts, prefix))
        self._add(prefix + address, (prefix + _target(name) for name in named))

    def _targets(self, expression: Any, prefix: str) -> Iterator[str]:
        return (prefix + _target(reference) for reference in _references(expression))

    def _add(self, dependent: str, origins: Iterable[str]) -> None:
        found = set(origins)
        self._origins.setdefault(dependent, set()).update(found)
        if any(_is_local(origin) for origin in found):
            self._through_locals.add(dependent)

    def resolved(self) -> Dependencies:
        """Edges between resources alone: variables and outputs of modules between them are followed."""
        dependents: dict[str, set[str]] = {}
        for address in {*self._origins, *self._remembered}:
            if not _is_between(address):
                for origin in self._resources_behind(address) | self._only_remembered(address):
                    dependents.setdefault(origin, set()).add(address)
        return Dependencies(dependents={origin: frozenset(found) for origin, found in dependents.items()})

    def _only_remembered(self, address: str) -> set[str]:
        """What the configuration does not tell: of resources gone from it, and behind locals."""
        remembered = self._remembered.get(address, set()) - {address}
        if address not in self._resources or address in self._through_locals:
            return remembered
        return remembered - self._resources

    def _resources_behind(self, address: str) -> set[str]:
        found: set[str] = set()
        seen: set[str] = set()
        waiting = list(self._origins.get(address, ()))
        while waiting:
            origin = waiting.pop()
            if origin in seen or origin == address:
                continue
            seen.add(origin)
            if _is_between(origin):
                waiting.extend(self._origins.get(origin, ()))
            else:
                found.add(origin)
        return found


def _is_local(address: str) -> bool:
    return "local" in address.split(".")[-2:-1]


def _is_between(address: str) -> bool:
    """Whether this is a variable or an output of a module, and no resource."""
    parts = address.split(".")
    while len(parts) > 2 and parts[0] == "module":
        parts = parts[2:]
    return len(parts) < 2 or parts[0] in ("var", "local", "each", "count", "path", "terraform", "self", "module")


def _target(reference: str) -> str:
    """The node that a reference leads to.

    >>> _target("databricks_job.train.id"), _target("module.a.output.x"), _target('data.databricks_group.g["k"].id')
    ('databricks_job.train', 'module.a.output', 'data.databricks_group.g')
    """
    parts = without_keys(reference).split(".")
    length = 3 if parts[0] in ("data", "module") else 2
    return ".".join(parts[:length])


def _references(expression: Any) -> Iterator[str]:
    waiting = [expression]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            found = value.get("references")
            if isinstance(found, list):
                yield from _precise([text for text in found if isinstance(text, str)])
            waiting.extend(inner for key, inner in value.items() if key != "constant_value")
        elif isinstance(value, list):
            waiting.extend(value)


def _precise(references: list[str]) -> Iterator[str]:
    """Terraform lists `module.a` beside `module.a.x`: only the longer one says what is meant."""
    longer = {".".join(text.split(".")[:2]) for text in references if text.count(".") > 1}
    return (text for text in references if not (text.startswith("module.") and text in longer))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (element for element in value if isinstance(element, Mapping)) if isinstance(value, list) else iter(())


def _named(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return ((name, inner) for name, inner in pairs if isinstance(inner, Mapping))
