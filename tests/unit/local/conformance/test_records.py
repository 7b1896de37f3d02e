"""Conformance records: shapes without data, and what two of them say of each other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.conformance.__main__ import main
from brickyard_local.conformance.records import Observer, Record, differences, shape

LEAVES = st.none() | st.booleans() | st.integers() | st.text()
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def record(target: str, **notes: object) -> Record:
    made = Record(target=target, date="2026-11-22", clients={"databricks-sdk": "0"})
    made.outcomes["t"] = "passed"
    made.observations["t"] = dict(notes)
    return made


@given(DOCUMENTS)
def test_a_shape_holds_types_and_enumerations_only(document: object) -> None:
    types = {"str", "int", "bool", "NoneType", "any"}
    assert all(leaf in types or (str(leaf)[0] == "=" and str(leaf).isupper()) for leaf in leaves(shape(document)))


def test_no_token_gets_into_a_shape() -> None:
    assert shape({"token_value": "dapi0123", "state": "RUNNING"}) == {"state": "=RUNNING", "token_value": "str"}


def test_the_elements_of_a_list_have_one_shape() -> None:
    assert shape([{"a": 1}, {"b": "x"}, {"a": "MANAGED"}]) == [{"a": "any", "b": "str"}]
    assert shape(["READ", "WRITE"]) == ["str"]


@given(DOCUMENTS)
def test_equal_answers_do_not_differ(document: object) -> None:
    noted = {"call": {"answer": shape(document)}}
    assert differences(record("local", **noted), record("azure", **noted)) == []


def test_every_difference_is_named_with_its_place() -> None:
    ours = record("local", get={"answer": {"owner": "str", "extra": "int"}}, drop={"error": ["BadRequest", "A"]})
    theirs = record("azure", get={"answer": {"owner": "int", "more": "=ON"}}, drop={"error": ["BadRequest", "B"]})
    theirs.outcomes["t"] = "failed"
    assert differences(ours, theirs) == [
        "t: local passed, azure failed",
        't · drop: error is ["BadRequest", "A"] in ours, ["BadRequest", "B"] there',
        "t · get: answer.extra is only in ours",
        't · get: answer.more is missing in ours ("=ON")',
        't · get: answer.owner is "str" in ours, "int" there',
    ]


def test_the_command_says_where_records_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    record("local", get={"answer": "str"}).write(one)
    record("azure", get={"answer": "int"}).write(two)
    assert main([str(one), str(one)]) == 0
    assert main([str(one), str(two)]) == 1
    assert 't · get: answer is "str" in ours, "int" there' in capsys.readouterr().out
    two.write_text("{}")
    assert main([str(one), str(two)]) == 2


def test_a_refusal_that_does_not_come_fails() -> None:
    observer = Observer(notes={})
    with pytest.raises(AssertionError, match="'create' was allowed; ValueError was expected"):
        observer.refusal("create", lambda: None, ValueError)
    observer.refusal("parse", lambda: int("x"), ValueError)
    assert observer.notes == {"parse": {"error": ["ValueError", ""]}}
