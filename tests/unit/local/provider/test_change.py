"""Applying a change says honestly what became of it."""

from typing import Any

import pytest

from brickyard_local.provider.change import Change, read
from brickyard_local.provider.client import Api
from brickyard_local.provider.engine.behaviour import Behaviour
from brickyard_local.provider.errors import ApiError, InvalidValue, UnexpectedAnswer
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.schema.model import Attribute, Block
from brickyard_local.provider.wire.values import UNKNOWN

BLOCK = Block(
    attributes={
        "id": Attribute(type="string", optional=True, computed=True),
        "name": Attribute(type="string", required=True),
        "comment": Attribute(type="string", optional=True),
    }
)
PLANNED = {"id": UNKNOWN, "name": "a", "comment": "mine"}
CONFIG = {**PLANNED, "id": None}


class Brick(Resource):
    """A resource in memory; `fails` is the call which raises."""

    type_name = "databricks_brick"
    behaviour = Behaviour()

    def __init__(self, *, kept: bool = True, fails: str = "", status: int = 500) -> None:
        self._kept = kept
        self._fails = fails
        self._error = ApiError("GET /a", status, "", "it broke")

    def _call(self, name: str) -> None:
        if self._fails == name:
            raise self._error

    def create(self, _session: Session, _planned: State) -> str:
        self._call("create")
        return "1"

    def complete(self, _session: Session, _state: State) -> None:
        self._call("complete")

    def read(self, _session: Session, _state: State) -> Found | None:
        self._call("read")
        return {"name": "a", "comment": "mine"} if self._kept else {"name": "a"}

    def update(self, _session: Session, _prior: State, _planned: State) -> str:
        self._call("update")
        return "2"

    def delete(self, _session: Session, _prior: State) -> None:
        self._call("delete")


def change(kind: Resource, prior: Any = None, planned: Any = PLANNED) -> Change:
    session = Session(api=Api("http://127.0.0.1:9", "t"), block=BLOCK, behaviour=kind.behaviour)
    return Change(kind=kind, session=session, prior=prior, planned=planned, config=CONFIG)


def test_a_creation_keeps_what_was_planned() -> None:
    made = change(Brick())
    assert made.apply() == {"id": "1", "name": "a", "comment": "mine"}
    assert made.errors == []


def test_a_value_the_workspace_drops_is_an_error_which_names_it() -> None:
    made = change(Brick(kept=False))
    assert made.apply()["id"] == "1"
    assert [error.summary for error in made.errors] == ["databricks_brick: the local workspace did not keep comment"]


def test_an_object_half_made_stays_in_state() -> None:
    made = change(Brick(fails="complete"))
    assert made.apply() == {"id": "1", "name": "a", "comment": "mine"}
    assert [error.summary for error in made.errors] == ["it broke"]


def test_an_object_which_vanishes_is_an_error() -> None:
    made = change(Brick(fails="read", status=404))
    assert made.apply()["id"] == "1"
    assert len(made.errors) == 1


def test_an_object_never_made_is_not_in_state() -> None:
    with pytest.raises(ApiError):
        change(Brick(fails="create")).apply()


def test_an_update_may_change_the_id() -> None:
    prior = {"id": "1", "name": "a", "comment": None}
    assert change(Brick(), prior, {**prior, "comment": "mine"}).apply()["id"] == "2"


@pytest.mark.parametrize(("status", "is_gone"), [(404, True), (500, False)])
def test_deleting_what_is_gone_is_no_error(status: int, is_gone: bool) -> None:
    made = change(Brick(fails="delete", status=status), {"id": "1"}, None)
    if is_gone:
        assert made.apply() is None
    else:
        with pytest.raises(ApiError):
            made.apply()


def test_reading_what_is_gone_is_none() -> None:
    made = change(Brick(fails="read", status=404))
    assert read(made.kind, made.session, {"id": "1"}) is None


def test_an_answer_which_cannot_be_read_names_the_resource() -> None:
    class Broken(Brick):
        def create(self, _session: Session, _planned: State) -> str:
            answer: dict[str, str] = {}
            return answer["job_id"]

    with pytest.raises(UnexpectedAnswer, match="databricks_brick"):
        change(Broken()).apply()


def test_other_errors_of_a_read_are_errors() -> None:
    with pytest.raises(ApiError):
        read(Brick(fails="read"), change(Brick()).session, {"id": "1"})


def test_errors_carry_a_fix() -> None:
    assert InvalidValue("summary", "fix").detail == "fix"
