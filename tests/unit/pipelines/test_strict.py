import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
