"""Field masks change what they name, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_local.errors import InvalidParameter
from brickyard_local.sql.masks import masked

FIELDS = ("a", "b", "c")
DOCUMENTS = st.dictionaries(st.sampled_from(FIELDS), st.integers())


@given(DOCUMENTS, DOCUMENTS, st.sets(st.sampled_from(FIELDS), min_size=1))
def test_only_named_fields_change(known: dict[str, int], given_: dict[str, int], named: set[str]) -> None:
    changed = masked(known, given_, ",".join(sorted(named)), changeable=FIELDS)

    for field in FIELDS:
        assert changed.get(field) == (given_ if field in named else known).get(field)


def test_a_dot_reaches_into_a_field_and_a_star_is_all() -> None:
    assert masked({"a": {"x": 1, "y": 2}}, {"a": {"x": 3}}, "a.x", changeable=FIELDS) == {"a": {"x": 3, "y": 2}}
    assert masked({"a": 1, "id": 7}, {"b": 2}, "*", changeable=FIELDS) == {"b": 2, "id": 7}


@pytest.mark.parametrize("mask", ["", "id", "a,id.x"])
def test_a_mask_of_what_cannot_change_is_refused(mask: str) -> None:
    with pytest.raises(InvalidParameter, match="update_mask"):
        masked({}, {}, mask, changeable=FIELDS)
