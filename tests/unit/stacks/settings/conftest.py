"""Settings with something changed, and what is told about them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.settings import Environment, Project, load_environment, load_project

ROOT = Path(__file__).resolve().parents[4]
Changes = Mapping[str, Any]
Told = Callable[..., str]


class Plain(yaml.SafeDumper):
    """Without anchors, which settings do not have."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write every value out."""
        return True


def dumped(data: Any) -> str:
    """YAML in the order given."""
    return yaml.dump(data, Dumper=Plain, sort_keys=False, allow_unicode=True)


def put(data: Any, path: str, value: Any) -> Any:
    """The data with a value at a dotted path; None removes it."""
    head, _, rest = path.partition(".")
    if rest:
        return {**(data or {}), head: put((data or {}).get(head), rest, value)}
    kept = {key: kept for key, kept in (data or {}).items() if key != head}
    return kept if value is None else {**kept, head: value}


def changed(data: Any, changes: Changes) -> Any:
    for path, value in changes.items():
        data = put(data, path, value)
    return data


@pytest.fixture
def environment_with(tmp_path: Path) -> Callable[[str, Changes], Environment]:
    """A shipped environment, changed."""

    def load(name: str, changes: Changes) -> Environment:
        data = changed(yaml.safe_load((ROOT / f"environments/{name}.yaml").read_text()), changes)
        file = tmp_path / f"{data.get('name', name)}.yaml"
        file.write_text(dumped(data))
        return load_environment(file)

    return load


@pytest.fixture
def project_with(tmp_path: Path) -> Callable[[Changes], Project]:
    """A small project with the deployment given."""

    def load(deployment: Changes) -> Project:
        file = tmp_path / "churn" / "project.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(dumped({"name": "churn", "title": "Who leaves?", "deployment": deployment}))
        return load_project(file)

    return load


@pytest.fixture
def told() -> Told:
    """The problems that a call ends with, a line each, without their file."""

    def run(call: Callable[..., object], *arguments: Any) -> str:
        with pytest.raises(InvalidSettings) as caught:
            call(*arguments)
        return "\n".join(str(problem).split(".yaml:", 1)[1] for problem in caught.value.problems)

    return run
