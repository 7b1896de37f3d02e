"""An online store: asked for by a project's references, named by the project, had by the environment."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.settings import Project, load_project
from brickyard_stacks.settings.checking import check_together

ROOT = Path(__file__).resolve().parents[4]
Told = Callable[..., str]
Write = Callable[..., Path]


def shipped(*, store: Any = "online", **deployment: Any) -> dict[str, Any]:
    """The flights, whose planes stand in a store."""
    project: dict[str, Any] = yaml.safe_load((ROOT / "projects/flight_delays/project.yaml").read_text())
    project["workflow"]["features"]["request"]["references"]["planes"]["store"] = store
    project["deployment"] |= deployment
    return project


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A project's file, and `local` with the online stores given."""

    def run(project: dict[str, Any], stores: dict[str, Any] | None = None) -> Path:
        local = yaml.safe_load((ROOT / "environments/local.yaml").read_text())
        local["compute"]["online_stores"] = stores or {}
        (tmp_path / "local.yaml").write_text(yaml.safe_dump(local))
        file = tmp_path / "flight_delays/project.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(project, sort_keys=False))
        return file

    return run


def problem(file: Path) -> str:
    with pytest.raises(InvalidSettings) as refused:
        check_together(file.parent.parent / "local.yaml", [file])
    (found,) = refused.value.problems
    assert found.file == file
    assert file.read_text().splitlines()[found.line - 1].strip().startswith(found.key.rpartition(".")[2] + ":")
    return str(found)


def test_a_store_that_is_asked_named_and_there_is_right(write: Write) -> None:
    file = write(shipped(online_store="features"), {"features": {"ownership": "create"}})

    environment, (project,) = check_together(file.parent.parent / "local.yaml", [file])

    assert project.online_references == ("planes",)
    assert environment.compute.online_stores["features"].capacity == "CU_1"


def test_a_reference_that_asks_without_a_store_says_where_it_asks_and_both_ways_out(write: Write) -> None:
    told = problem(write(shipped(), {"features": {"ownership": "create"}}))

    assert "workflow.features.request.references.planes.store: needs deployment.online_store" in told
    assert told.endswith("one of compute.online_stores of the environment; or write packed; got 'online'")


def test_a_store_that_the_environment_does_not_have_lists_those_it_has(write: Write) -> None:
    stores = {"features": {"ownership": "create"}, "other": {"name": "theirs"}}

    told = problem(write(shipped(online_store="feature"), stores))

    assert (
        "deployment.online_store: must be one of compute.online_stores of the environment local: features, othe" in told
    )
    assert told.endswith("got 'feature'; did you mean features?")
    assert "there is none" in problem(write(shipped(online_store="features")))


def merged(data: Any, more: Any) -> Any:
    if not isinstance(data, dict) or not isinstance(more, dict):
        return more
    return {**data, **{key: merged(data.get(key), value) for key, value in more.items()}}


def test_the_three_places_of_the_guide_are_all_that_there_is_to_write(write: Write) -> None:
    guide = (ROOT / "docs/guides/online-store.md").read_text()
    environment, *project = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL))
    flights: Any = yaml.safe_load((ROOT / "projects/flight_delays/project.yaml").read_text())
    for block in project:
        flights = merged(flights, block)
    file = write(flights, environment["compute"]["online_stores"])

    _, (read,) = check_together(file.parent.parent / "local.yaml", [file])

    assert (read.deployment.online_store, read.online_references) == ("features", ("planes",))
    assert flights["workflow"] == shipped()["workflow"]


@pytest.mark.parametrize("store", ["packed", None])
def test_a_store_that_nothing_asks_is_refused_as_a_cost(write: Write, store: str | None) -> None:
    told = problem(write(shipped(store=store, online_store="features"), {"features": {"ownership": "create"}}))

    assert "deployment.online_store: a store that costs and serves nothing" in told
    assert "write it there, or remove this key; got 'features'" in told


def test_a_model_that_is_copied_up_would_ask_another_environments_store(write: Write) -> None:
    """A version carries the names of its store and tables, as they were where it was trained."""
    promoted = {"by": "model", "path": ["local", "prod"]}

    told = problem(write(shipped(online_store="features", promotion=promoted), {"features": {"ownership": "create"}}))

    assert "deployment.promotion.by: a version that is copied up asks the store of the environment that trained" in told
    assert told.endswith("code, or store: packed; got 'model'")


def test_every_reference_that_asks_is_told(project_with: Any, told: Told) -> None:
    references = {"a": {"store": "online"}, "b": {"store": "packed"}, "c": {"store": "online"}}

    def load(workflow: Any) -> Project:
        return Project.model_validate({"name": "p", "title": "P", "workflow": workflow})

    with pytest.raises(ValueError, match=r"needs deployment.*; needs deployment"):
        load({"features": {"request": {"references": references}}})
    assert load({"features": {"request": {"references": {"b": references["b"]}}}}).online_references == ()


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just("packed")),
        lambda inner: st.one_of(
            st.lists(inner, max_size=2),
            st.dictionaries(st.sampled_from(["features", "request", "references", "store", "x", 1]), inner, max_size=3),
        ),
        max_leaves=12,
    )
)
@settings(max_examples=200, deadline=None, database=None)
def test_whatever_a_workflow_block_is_only_the_word_online_asks_a_store(block: Any) -> None:
    """The block is the pipelines' to check: here, a wrong one asks nothing and breaks nothing."""
    assert Project.model_validate({"name": "p", "title": "P", "workflow": block}).online_references == ()


@pytest.mark.parametrize(
    ("deployment", "rule"),
    [
        (
            {"job": {"steps": {"publish_online": {"skip": True}}}},
            "job.steps.publish_online: there is no such step without online_store: name the store, or remove this",
        ),
        (
            {"job": {"steps": {"features": {"notebook": {"path": "f.py", "parameters": {"to": "$online_store"}}}}}},
            "job.steps.features: $online_store stands for what online_store names, which is not given",
        ),
    ],
)
def test_own_steps_speak_of_a_store_that_there_is(
    project_with: Any, told: Told, deployment: dict[str, Any], rule: str
) -> None:
    assert rule in told(project_with, deployment)


def test_own_steps_may_publish_and_be_told_the_store(write: Write) -> None:
    own = {"python_file": {"path": "publish.py", "parameters": ["--into", "$online_store"]}}

    project = load_project(write(shipped(online_store="features", job={"steps": {"publish_online": own}})))

    assert list(project.deployment.job.steps) == ["publish_online"]
