import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml import strict


@dataclass(frozen=True, kw_only=True, slots=True)
class Inner:
    day: dt.date
    share: float = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Outer:
    name: str
    inner: Inner
    names: tuple[str, ...] = ()
    bounds: Mapping[str, Inner] | None = None


GOOD: dict[str, Any] = {"name": "n", "inner": {"day": dt.date(2013, 1, 1)}}


def test_a_whole_document_becomes_frozen_values() -> None:
    document = GOOD | {"names": ["a"], "bounds": {"x": {"day": dt.date(2013, 1, 2), "share": 1}}}
    built = strict.build(Outer, document, "here")
    assert built.inner == Inner(day=dt.date(2013, 1, 1))
    assert built.names == ("a",)
    assert built.bounds == {"x": Inner(day=dt.date(2013, 1, 2), share=1.0)}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (GOOD | {"nmae": 1}, r"here\.nmae: unknown key\. Did you mean 'name'\?"),
        (GOOD | {"zzz": 1}, r"here\.zzz: unknown key\. Known keys: bounds, inner, name, names"),
        ({"name": "n"}, r"here\.inner: missing"),
        (GOOD | {"name": 3}, r"here\.name: expected str, got 3"),
        (GOOD | {"inner": {"day": "1 Jan"}}, r"here\.inner\.day: expected a date such as 2013-10-01, got '1 Jan'"),
        (GOOD | {"inner": {"day": dt.datetime(2013, 1, 1)}}, r"here\.inner\.day: expected a date"),  # noqa: DTZ001
        (GOOD | {"inner": {"day": dt.date(2013, 1, 1), "share": True}}, r"here\.inner\.share: expected float"),
        (GOOD | {"inner": None}, r"here\.inner: expected keys and values, got None"),
        (GOOD | {"names": "a"}, r"here\.names: expected a list, got 'a'"),
        (GOOD | {"names": [1]}, r"here\.names\[0\]: expected str, got 1"),
        (GOOD | {"bounds": {"x": 1}}, r"here\.bounds\.x: expected keys and values"),
        (None, "here: expected keys and values, got None"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(document: Any, said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        strict.build(Outer, document, "here")


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    type: Literal["int"]
    low: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    type: Literal["float"]
    low: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Choosing:
    tagged: Whole | Broken | None = None
    fitting: Inner | Days | None = None
    scalar: int | str | None = None
    named: Mapping[str, Whole | Broken] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("document", "built"),
    [
        ({"tagged": {"type": "int", "low": 1}}, Choosing(tagged=Whole(type="int", low=1))),
        ({"tagged": {"type": "float", "low": 1}}, Choosing(tagged=Broken(type="float", low=1.0))),
        ({"fitting": {"days": 3}}, Choosing(fitting=Days(days=3))),
        ({"scalar": "a"}, Choosing(scalar="a")),
        ({"tagged": None}, Choosing()),
        ({"named": {"x": {"low": 2, "type": "int"}}}, Choosing(named={"x": Whole(type="int", low=2)})),
    ],
)
def test_a_choice_is_made_by_its_tag_or_by_the_keys_that_fit(document: Any, built: Choosing) -> None:
    assert strict.build(Choosing, document, "here") == built


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"tagged": {"type": "flaot", "low": 1}}, r"here\.tagged\.type: got 'flaot'; one of "),
        ({"tagged": {"type": "int", "low": 1.5}}, r"here\.tagged\.low: expected int, got 1\.5"),
        ({"fitting": {"days": "x"}}, r"here\.fitting\.days: expected int"),
        ({"fitting": 7}, r"here\.fitting: expected keys and values, got 7"),
        ({"scalar": 1.5}, r"here\.scalar: expected str, got 1\.5"),
    ],
)
def test_an_error_of_a_choice_speaks_of_the_one_that_was_meant(document: Any, said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        strict.build(Choosing, document, "here")
