"""Planning as Terraform's plugin framework does: everything computed is unknown again after any change."""

from typing import Any

import pytest

from brickyard_local.provider.engine import framework
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.schema.model import Attribute, Block, BlockType, NestedObject
from brickyard_local.provider.wire.values import UNKNOWN

_SCHEDULE = NestedObject(
    attributes={
        "cron": Attribute(type="string", required=True),
        "status": Attribute(type="string", computed=True),
    },
    nesting="single",
)
BLOCK = Block(
    attributes={
        "id": Attribute(type="string", computed=True),
        "name": Attribute(type="string", required=True),
        "comment": Attribute(type="string", optional=True),
        "updated": Attribute(type="string", computed=True),
        "schedule": Attribute(nested=_SCHEDULE, optional=True),
        "tags": Attribute(type=["list", "string"], optional=True),
        "secret": Attribute(type="string", optional=True),
    },
    blocks={"log": BlockType(block=Block(attributes=_SCHEDULE.attributes), nesting="list")},
)
BEHAVIOUR = Behaviour(
    framework=True, force_new=frozenset({"name"}), keeps=frozenset({"id"}), local=frozenset({"secret"})
)


def configured(**given: Any) -> dict[str, Any]:
    nothing = {**dict.fromkeys(BLOCK.attributes), "log": []}
    return {**nothing, "name": "a", **given}


def known(**given: Any) -> dict[str, Any]:
    return configured(id="1", updated="now", **given)


def test_a_creation_knows_nothing_that_is_computed() -> None:
    config = configured(schedule={"cron": "0", "status": None}, log=[{"cron": "1", "status": None}], comment=UNKNOWN)
    made = framework.plan(BLOCK, BEHAVIOUR, None, config, config)
    assert made.planned == configured(
        id=UNKNOWN,
        updated=UNKNOWN,
        comment=UNKNOWN,
        schedule={"cron": "0", "status": UNKNOWN},
        log=[{"cron": "1", "status": UNKNOWN}],
    )
    assert made.replace == ()


def test_nothing_changes_when_nothing_is_changed() -> None:
    prior = known(schedule={"cron": "0", "status": "on"})
    config = configured(schedule={"cron": "0", "status": None})
    assert framework.plan(BLOCK, BEHAVIOUR, prior, config, prior).planned == prior


def test_a_change_makes_what_is_computed_unknown_but_for_what_is_kept() -> None:
    config = configured(comment="new", schedule={"cron": "0", "status": None})
    prior = known(schedule={"cron": "0", "status": "on"})
    made = framework.plan(BLOCK, BEHAVIOUR, prior, config, {**prior, "comment": "new"})
    assert made.planned == configured(id="1", updated=UNKNOWN, comment="new", schedule={"cron": "0", "status": UNKNOWN})
    assert made.replace == ()


def test_a_changed_key_replaces() -> None:
    made = framework.plan(BLOCK, BEHAVIOUR, known(), configured(name="b"), {**known(), "name": "b"})
    assert made.replace == (("name",),)


def test_the_state_is_what_the_workspace_answers() -> None:
    planned = configured(id=UNKNOWN, updated=UNKNOWN, comment="mine", tags=[], secret="hidden")
    found = {"id": "1", "name": "a", "comment": "theirs", "updated": "now"}
    state = framework.state_of(BLOCK, BEHAVIOUR, planned, found)
    assert state == known(comment="theirs", tags=[], secret="hidden")
    assert framework.lost(planned, state) == ["comment"]


@pytest.mark.parametrize(
    ("planned", "state", "paths"),
    [
        ({"a": UNKNOWN}, {"a": "x"}, []),
        ({"a": {"b": "x", "c": UNKNOWN}}, {"a": {"b": "y", "c": "z"}}, ["a.b"]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, []),
        ({"a": [{"b": 1, "c": UNKNOWN}]}, {"a": [{"b": 2, "c": 3}]}, ["a"]),
        ({"a": ["x"]}, {"a": None}, ["a"]),
        ({"a": None}, {"a": []}, []),
    ],
)
def test_what_contradicts_the_plan_is_named(planned: Any, state: Any, paths: list[str]) -> None:
    assert framework.lost(planned, state) == paths
