"""What was synthesised, judged by rules: every refusal at once, before anything can be deployed.

A rule is a file with a function `check(resource, environment)` that yields a sentence for each thing that must not
be deployed: the rule, then the fix. Ours are in `brickyard_stacks/guards/`; a team's own are in `guards/` of its clone.
"""

import importlib.util
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from brickyard_stacks import guards
from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.settings import Environment

TEAM_FOLDER = "guards"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One block of a synthesised stack.

    `path` is the construct's, `kind` is as Terraform addresses it: `databricks_job`, `data.databricks_schema`,
    `provider.databricks`, `output`, `locals`, `backend.s3`. Blocks within `arguments` are mappings or lists of them.
    """

    path: str
    kind: str
    arguments: Mapping[str, Any]

    def blocks(self, *names: str) -> list[Mapping[str, Any]]:
        """The blocks at the end of a way of names, however often each stands there; none is no error."""
        found: list[Mapping[str, Any]] = [self.arguments]
        for name in names:
            found = [inner for block in found for inner in _as_blocks(block.get(name))]
        return found

    def texts(self) -> Iterator[str]:
        """Every text in it, however deep, and the keys of mappings such as tags."""
        return _texts(self.arguments)


Check: TypeAlias = Callable[[Resource, Environment], Iterable[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule and what its file is called."""

    name: str
    check: Check


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One thing that a rule refuses: where it is, which rule, and what to do."""

    path: str
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text} [{self.rule}]"


def load_rules(root: Path) -> tuple[Rule, ...]:
    """Ours, and those of the clone in `root`.

    Errors: CannotBuildStacks, when a file in the clone's folder is not a rule: what is not understood is not skipped.
    """
    ours = [
        Rule(name=module.name, check=import_module(f"{guards.__name__}.{module.name}").check)
        for module in pkgutil.iter_modules(guards.__path__)
    ]
    folder = root / TEAM_FOLDER
    return (*ours, *(_team_rule(file) for file in sorted(folder.glob("*.py")) if not file.name.startswith("_")))


def judge(rules: Iterable[Rule], environment: Environment, files: Iterable[Path]) -> list[Refusal]:
    """Everything that the rules refuse in the stacks' documents, in their order."""
    rules = tuple(rules)
    return [
        refusal
        for file in files
        for resource in read_resources(file.parent.name, json.loads(file.read_text()))
        for rule in rules
        for refusal in _apply(rule, resource, environment)
    ]


def stack_file(outdir: Path, stack: str) -> Path:
    """Where cdktf writes a stack's document."""
    return outdir / "stacks" / stack / "cdk.tf.json"


def read_resources(stack: str, document: Mapping[str, Any]) -> Iterator[Resource]:
    """Every block of one stack's document."""
    for prefix, section in (("", "resource"), ("data.", "data")):
        for kind, named in document.get(section, {}).items():
            for name, arguments in named.items():
                yield _resource(f"{stack}/{kind}.{name}", f"{prefix}{kind}", arguments)
    for kind, blocks in document.get("provider", {}).items():
        yield from (_resource(f"{stack}/{kind}", f"provider.{kind}", block) for block in blocks)
    for kind, block in document.get("terraform", {}).get("backend", {}).items():
        yield _resource(f"{stack}/backend", f"backend.{kind}", block)
    yield from (_resource(f"{stack}/{name}", "output", block) for name, block in document.get("output", {}).items())
    yield _resource(f"{stack}/locals", "locals", document.get("locals", {}))


def _resource(address: str, kind: str, arguments: Mapping[str, Any]) -> Resource:
    path = arguments.get("//", {}).get("metadata", {}).get("path", address)
    return Resource(path=path, kind=kind, arguments={k: v for k, v in arguments.items() if k != "//"})


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _as_blocks(value: object) -> list[Mapping[str, Any]]:
    blocks = value if isinstance(value, list) else [value]
    return [block for block in blocks if isinstance(block, Mapping)]


def _apply(rule: Rule, resource: Resource, environment: Environment) -> Iterator[Refusal]:
    try:
        for text in rule.check(resource, environment):
            yield Refusal(path=resource.path, rule=rule.name, text=text)
    except Exception as error:
        # A rule that fails has not said that all is well.
        what = f"the rule {rule.name} failed on {resource.path}: {type(error).__name__}: {error}"
        raise CannotBuildStacks(f"{what}; correct the rule's file") from error


def _team_rule(file: Path) -> Rule:
    spec = importlib.util.spec_from_file_location(f"brickyard_team_guards_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise CannotBuildStacks(f"{file} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise CannotBuildStacks(f"{file} cannot be loaded: {type(error).__name__}: {error}") from error
    check = getattr(module, "check", None)
    if not callable(check):
        raise CannotBuildStacks(f"{file} has no function check(resource, environment): write one, or move the file")
    return Rule(name=file.stem, check=check)
