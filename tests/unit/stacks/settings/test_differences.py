"""Two environments side by side: what holds, what differs, and where it is set."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.settings.differences import Difference, Setting, differences, settings_of
from brickyard_stacks.settings.document import Document, document_of, read_document

ROOT = Path(__file__).resolve().parents[4]
FILES = {name: ROOT / f"environments/{name}.yaml" for name in ("dev", "local", "prod", "staging")}
NAMES = st.sampled_from(sorted(FILES))
EMPTY: tuple[Any, ...] = (None, [], {})
# Settings of `dev` that may be other ones without breaking a rule.
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "prefix": st.sampled_from(["a", "b-c"]),
        "schedules": st.sampled_from(["running", "paused"]),
        "deletion_protection": st.booleans(),
        "tags": st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
        "notifications": st.fixed_dictionaries({"on_failure": st.lists(st.sampled_from(["a@b.cd", "c@d.ef"]))}),
        "secrets": st.fixed_dictionaries(
            {"scopes": st.dictionaries(st.sampled_from("AB"), st.sampled_from([{}, {"readers": ["ci"]}]))}
        ),
    },
)


def document(changes: dict[str, Any]) -> Document:
    data = yaml.safe_load(FILES["dev"].read_text()) | changes
    return document_of(Path("dev.yaml"), json.dumps(data, indent=1).encode())


def plain(document: Document) -> dict[str, Any]:
    return {key: setting.value for key, setting in settings_of(document).items() if setting.value not in EMPTY}


@settings(max_examples=20, deadline=None, database=None)
@given(changes=CHANGES)
def test_an_environment_does_not_differ_from_itself(changes: dict[str, Any]) -> None:
    assert not differences(document(changes), document(changes))


@settings(max_examples=30, deadline=None, database=None)
@given(one=CHANGES, other=CHANGES)
def test_the_differences_lead_from_one_environment_to_the_other_and_back(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = document(one), document(other)
    forth, back = differences(first, second), differences(second, first)

    led = plain(first)
    for difference in forth:
        led.pop(difference.key, None)
        if difference.second is not None and difference.second.value not in EMPTY:
            led[difference.key] = difference.second.value

    assert led == plain(second)
    turned = [Difference(key=d.key, first=d.second, second=d.first) for d in back]
    assert sorted(map(repr, forth)) == sorted(map(repr, turned))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=NAMES, second=NAMES)
def test_a_value_says_the_line_that_says_it(first: str, second: str) -> None:
    """A line of the file holds the key's last name, or is where its list or block stands on one line."""
    for difference in differences(read_document(FILES[first]), read_document(FILES[second])):
        for name, setting in ((first, difference.first), (second, difference.second)):
            if setting is not None and setting.line:
                assert setting.origin == f"{FILES[name]}:{setting.line}"
                line = FILES[name].read_text().splitlines()[setting.line - 1]
                assert difference.key.rsplit(".", 1)[-1] in line


def test_a_default_says_which_it_is() -> None:
    found = {d.key: d for d in differences(read_document(FILES["dev"]), read_document(FILES["prod"]))}

    assert found["schedules"].first == Setting(value="paused", line=0, origin="default of stage dev")
    assert found["deletion_protection"].second == Setting(value=True, line=0, origin="default of stage prod")
    assert found["network.egress_policy_id"].first == Setting(value=None, line=0, origin="default")
    assert found["account.id"].first is None
    assert "account" not in found


def test_the_prefix_is_the_name_when_no_file_says_it() -> None:
    assert settings_of(read_document(FILES["local"]))["prefix"].origin == "default of name"


def test_true_is_not_one() -> None:
    one = document({"tags": {"a": "1"}, "budget": {"monthly_usd": 1}})

    assert [d.key for d in differences(one, document({"tags": {"a": "1"}, "budget": {"monthly_usd": 2}}))] == [
        "budget.monthly_usd"
    ]


def test_a_wrong_environment_is_explained_not_compared() -> None:
    with pytest.raises(InvalidSettings, match="regoin: not a key of this place; did you mean region"):
        differences(document({"regoin": "x"}), document({}))
