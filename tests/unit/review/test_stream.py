"""The stream reads what `json` reads, whatever the size of its chunks, and refuses what is no JSON."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_review.errors import UnreadablePlan
from brickyard_review.plan.sections import Keep, read_sections
from brickyard_review.plan.stream import JsonStream

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def text_of(value: Any, *, indent: int | None) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-8", "replace")


@settings(deadline=None)
@given(value=VALUES, chunk=st.integers(1, 40), indent=st.sampled_from([None, 2]))
def test_a_value_is_what_json_says_in_chunks_of_any_size(value: Any, chunk: int, indent: int | None) -> None:
    content = text_of(value, indent=indent)

    assert JsonStream(io.BytesIO(content), chunk).value() == json.loads(content)


@settings(deadline=None)
@given(value=VALUES, after=st.integers(0, 9), chunk=st.integers(1, 40))
def test_what_is_skipped_ends_where_the_value_ends(value: Any, after: int, chunk: int) -> None:
    stream = JsonStream(io.BytesIO(text_of([value, after], indent=None)), chunk)

    stream.take("[")
    assert stream.next_element()
    stream.skip()
    assert stream.next_element()
    assert stream.value() == after
    assert not stream.next_element()
    assert not stream.peek()


@settings(deadline=None)
@given(value=st.dictionaries(st.text(min_size=1), VALUES, min_size=1), data=st.data())
def test_a_plan_cut_short_is_refused(value: dict[str, Any], data: st.DataObject) -> None:
    content = text_of(value, indent=None)
    cut = content[: data.draw(st.integers(0, len(content) - 1))]

    for how in Keep:
        with pytest.raises(UnreadablePlan):
            list(read_sections(io.BytesIO(cut), dict.fromkeys(value, how)))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no JSON object"),
        (b"[]", "no JSON object"),
        (b'{"a": 1} {"a": 1}', "comes more"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"PK\x03\x04", "saved plan"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": NaN}', "no JSON"),
        (b'{"a": 1,}', "no JSON"),
        (b'{"a" 1}', "no JSON"),
    ],
)
def test_other_files_are_refused_by_what_they_are(content: bytes, says: str) -> None:
    with pytest.raises(UnreadablePlan, match=says):
        list(read_sections(io.BytesIO(content), {}))


def test_a_mark_of_utf_8_is_no_mistake() -> None:
    assert list(read_sections(io.BytesIO(b'\xef\xbb\xbf{"a": 1}'), {"a": Keep.WHOLE})) == [("a", 1)]


def test_resources_are_found_in_the_modules_below_and_nowhere_else() -> None:
    state = {
        "outputs": {"x": {"value": {"resources": [{"address": "no"}]}}},
        "root_module": {
            "resources": [{"address": "a", "values": {"resources": [{"address": "no"}]}}],
            "child_modules": [{"resources": [{"address": "module.b.c"}], "child_modules": []}],
        },
    }
    content = json.dumps({"prior_state": {"values": state}}).encode()

    found = list(read_sections(io.BytesIO(content), {"prior_state": Keep.RESOURCES}))

    assert [value["address"] for _, value in found] == ["a", "module.b.c"]
