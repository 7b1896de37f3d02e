"""Planning over a schema: defaults, computed values, suppression, replacement."""

from typing import Any

import pytest

from brickyard_local.provider.engine.behaviour import Behaviour, ignore_case, ignore_unset
from brickyard_local.provider.engine.merge import not_kept, refresh, settle
from brickyard_local.provider.engine.plan import changed, plan
from brickyard_local.provider.engine.validate import problems
from brickyard_local.provider.schema.model import Attribute, Block, BlockType
from brickyard_local.provider.wire.values import UNKNOWN

_TASK = Block(
    attributes={
        "task_key": Attribute(type="string", required=True),
        "retry": Attribute(type="bool", optional=True, computed=True),
        "max_retries": Attribute(type="number", optional=True),
        "run_if": Attribute(type="string", optional=True),
        "principals": Attribute(type=["set", "string"], optional=True),
    }
)
BLOCK = Block(
    attributes={
        "id": Attribute(type="string", optional=True, computed=True),
        "name": Attribute(type="string", required=True),
        "comment": Attribute(type="string", optional=True),
        "active": Attribute(type="bool", optional=True),
        "owner": Attribute(type="string", optional=True, computed=True),
        "created_at": Attribute(type="number", computed=True),
        "privileges": Attribute(type=["set", "string"], optional=True),
    },
    blocks={
        "task": BlockType(block=_TASK, nesting="list"),
        "run_as": BlockType(block=_TASK, nesting="list", max_items=1),
        "grant": BlockType(block=_TASK, nesting="set"),
    },
)
BEHAVIOUR = Behaviour(
    force_new=frozenset({"name", "run_as.task_key"}),
    defaults={"active": True, "task.max_retries": 3},
    computed_blocks=frozenset({"run_as"}),
    suppress={"name": ignore_case, "task.run_if": ignore_unset},
    canonical={"privileges": str.upper},
)


def configured(**given: Any) -> dict[str, Any]:
    unset: dict[str, Any] = {**dict.fromkeys(BLOCK.attributes), "task": [], "run_as": [], "grant": []}
    return {**unset, "name": "a", **given}


def task(**given: Any) -> dict[str, Any]:
    return {**dict.fromkeys(_TASK.attributes), "task_key": "t", **given}


def state(**given: Any) -> dict[str, Any]:
    known = {"id": "1", "owner": "me", "created_at": 5, "active": True}
    return configured(**{**known, **given})


def test_a_creation_knows_defaults_and_nothing_of_what_the_workspace_computes() -> None:
    planned = plan(BLOCK, BEHAVIOUR, None, configured(task=[task()])).planned
    assert planned == configured(
        id=UNKNOWN,
        owner=UNKNOWN,
        created_at=UNKNOWN,
        active=True,
        run_as=UNKNOWN,
        task=[task(retry=UNKNOWN, max_retries=3)],
    )


def test_an_update_keeps_computed_values() -> None:
    prior = state(run_as=[task()])
    assert plan(BLOCK, BEHAVIOUR, prior, configured(comment="new")).planned == {**prior, "comment": "new"}


@pytest.mark.parametrize(
    ("prior", "config"),
    [
        ({"comment": None}, {"comment": ""}),
        ({"active": None}, {"active": False}),
        ({"privileges": ["a", "b"]}, {"privileges": ["B", "A"]}),
        ({"name": "A"}, {"name": "a"}),
        ({"task": [task(max_retries=3, run_if="ALL_SUCCESS")]}, {"task": [task(max_retries=3)]}),
        ({"grant": [task(), task(task_key="u")]}, {"grant": [task(task_key="u"), task()]}),
        ({"owner": "me"}, {"owner": None}),
    ],
)
def test_what_means_the_same_plans_no_change(prior: dict[str, Any], config: dict[str, Any]) -> None:
    before = state(**prior)
    planned = plan(BLOCK, BEHAVIOUR, before, configured(**config))
    assert planned.planned == before
    assert planned.replace == ()
    assert changed(BLOCK, BEHAVIOUR, before, planned.planned) == frozenset()


def test_a_replacement_names_the_path() -> None:
    prior = state(run_as=[task()])
    planned = plan(BLOCK, BEHAVIOUR, prior, configured(name="b", run_as=[task(task_key="u")]))
    assert planned.replace == (("name",), ("run_as", 0, "task_key"))


def test_a_list_with_an_unknown_element_is_unknown() -> None:
    planned = plan(BLOCK, BEHAVIOUR, None, configured(privileges=["a", UNKNOWN])).planned
    assert planned["privileges"] is UNKNOWN


def test_unknown_grants_which_look_alike_all_stay() -> None:
    grants = [task(task_key=UNKNOWN), task(task_key=UNKNOWN)]
    assert len(plan(BLOCK, BEHAVIOUR, None, configured(grant=grants)).planned["grant"]) == 2


def test_a_set_with_an_unknown_element_inside_a_set_is_unknown() -> None:
    grants = [task(principals=[UNKNOWN]), task(task_key="known", principals=["a"])]
    planned = plan(BLOCK, BEHAVIOUR, None, configured(grant=grants)).planned
    assert [grant["principals"] for grant in planned["grant"]] == [UNKNOWN, ["a"]]


def test_removing_an_argument_plans_null() -> None:
    assert plan(BLOCK, BEHAVIOUR, state(comment="old"), configured()).planned["comment"] is None


def test_after_an_apply_planned_values_win_but_for_their_letters_and_null_stays_null() -> None:
    config = configured(task=[task(task_key="b"), task(task_key="a")])
    planned = plan(BLOCK, BEHAVIOUR, None, config).planned
    found = {
        "name": "A",
        "comment": "the server's",
        "owner": "me",
        "created_at": "7",
        "task": [{"task_key": "a", "retry": True}, {"task_key": "b", "retry": False}],
    }
    assert settle(BLOCK, BEHAVIOUR, planned, config, found) == configured(
        name="A",
        owner="me",
        created_at=7,
        active=True,
        task=[task(task_key="b", retry=False, max_retries=3), task(task_key="a", retry=True, max_retries=3)],
    )


def test_a_value_the_workspace_does_not_report_is_named() -> None:
    config = configured(comment="mine", active=False, task=[task(max_retries=2), task(task_key="u")])
    found = {"name": "A", "task": [{"task_key": "t", "max_retries": 1}]}
    assert not_kept(BLOCK, BEHAVIOUR, config, found) == ["comment", "task.max_retries", "task"]


def test_drift_of_what_was_configured_is_reported() -> None:
    prior = state(comment="mine", task=[task(max_retries=3)])
    found = {"name": "a", "comment": "theirs", "task": [{"task_key": "t", "max_retries": 9}]}
    after = refresh(BLOCK, BEHAVIOUR, prior, found)
    assert (after["comment"], after["task"]) == ("theirs", [task(max_retries=9)])


def test_what_was_never_configured_is_not_adopted() -> None:
    prior = state(task=[task(max_retries=3)])
    found = {
        "name": "a",
        "comment": "theirs",
        "grant": [{"task_key": "x"}],
        "task": [{"task_key": "t", "max_retries": 3, "run_if": "ALL_SUCCESS"}],
    }
    assert refresh(BLOCK, BEHAVIOUR, prior, found) == prior


def test_a_read_only_attribute_cannot_be_configured() -> None:
    assert list(problems(BLOCK, BEHAVIOUR, configured(created_at=1))) == [
        '"created_at" is set by the workspace and cannot be configured'
    ]
