"""No secret passes the door: marked, copied, encoded, in a JSON text, or looking like one."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_review.plan.masking import Door
from brickyard_review.plan.secrets import is_secret_form, is_secret_name
from brickyard_review.plan.values import UNKNOWN, plain_json

SECRET = "planted-9f8e7d"
SHAPES = st.recursive(
    st.just(SECRET),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner, min_size=1)
    ),
    max_leaves=5,
)


def shown(value: Any, marks: Any = False, unknown: Any = False, learnt: tuple[str, ...] = ()) -> str:
    door = Door()
    for secret in learnt:
        door.learn(secret)
    return plain_json(door.admit(value, marks, unknown))


def mirror(value: Any, marked: bool) -> Any:
    if isinstance(value, dict):
        return {key: mirror(inner, marked) for key, inner in value.items()}
    if isinstance(value, list):
        return [mirror(inner, marked) for inner in value]
    return marked


@settings(deadline=None)
@given(value=SHAPES, marks=st.sampled_from([True, "yes", 1]))
def test_a_mark_above_or_at_a_value_hides_it(value: Any, marks: Any) -> None:
    assert SECRET not in shown(value, marks)
    assert SECRET not in shown({"a": value}, {"a": mirror(value, True)})


@settings(deadline=None)
@given(value=SHAPES, marks=SHAPES)
def test_marks_of_another_shape_hide_rather_than_show(value: Any, marks: Any) -> None:
    """A provider or a newer Terraform may mirror another way."""
    assert not isinstance(marks, str) or SECRET not in shown({"a": value}, {"a": marks})
    assert SECRET not in shown({"a": SECRET}, {"a": mirror(marks, True)})


@pytest.mark.parametrize(
    "copy",
    [
        SECRET,
        f"https://host/?q={SECRET}",
        base64.b64encode(SECRET.encode()).decode(),
        json.dumps({"deep": [{"er": SECRET}]}),
        json.dumps({"deep": json.dumps({"er": SECRET})}),
    ],
)
def test_what_is_marked_once_is_hidden_everywhere(copy: str) -> None:
    assert SECRET not in shown({"output": copy, copy: 1}, learnt=(SECRET,))
    assert copy not in shown({"output": copy}, learnt=(SECRET,))


def test_a_json_text_with_a_secret_is_learnt_from_inside() -> None:
    assert SECRET not in shown({"copy": SECRET}, learnt=(json.dumps({"password": SECRET}),))


def test_json_within_a_text_keeps_what_is_no_secret() -> None:
    text = shown({"policy": json.dumps({"password": SECRET, "size": 3})})

    assert SECRET not in text
    assert "size" in text


@pytest.mark.parametrize(
    "name", ["password", "clientSecret", "DB_PASSWORD", "api_key", "token_value", "connection_string"]
)
def test_what_a_name_calls_secret_is_hidden(name: str) -> None:
    assert is_secret_name(name)
    assert SECRET not in shown({name: SECRET})
    assert SECRET not in shown({"env": [{"name": name, "value": SECRET}]})


@pytest.mark.parametrize(
    "name",
    ["secret_scope", "token_lifetime_seconds", "max_tokens", "path", "authorization", "secret_name", "private_key_id"],
)
def test_what_only_speaks_of_secrets_is_shown(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
        "dapi" + "0123456789abcdef" * 2,
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "postgres://app:s3cret@db/prod",
        "DefaultEndpointsProtocol=https;AccountKey=abcd1234==",
        "https://acc.blob.core.windows.net/c?sv=1&sig=abcdefghijkl",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str) -> None:
    assert is_secret_form(text)
    assert text not in shown({"comment": text})


@pytest.mark.parametrize(
    "text",
    [
        "{{secrets/prod/db}}",
        "34efe0ef-71c5-1f22-1056-38021eff32a8",
        "/Workspace/Shared/brickyard/local-flight-delays/notebooks",
        "arn:aws:iam::123456789012:role/databricks-unity-catalog",
        "0 0 5 * * ?",
        "https://dbc-1234.cloud.databricks.com/#job/1",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_what_reviewers_must_read_is_shown(text: str) -> None:
    assert text in shown({"comment": text})


def test_unknown_is_unknown_and_no_value() -> None:
    admitted = Door().admit({"a": 1}, {}, {"b": True, "c": {"d": True}})

    assert admitted == {"a": 1, "b": UNKNOWN, "c": {"d": UNKNOWN}}


def test_a_hidden_value_that_changes_is_seen_to_change() -> None:
    door = Door()

    assert door.admit("one-secret", marks=True) == door.admit("one-secret", marks=True)
    assert door.admit("one-secret", marks=True) != door.admit("another", marks=True)


def test_json_nested_beyond_reason_is_hidden() -> None:
    text = '{"a":' * 900 + "1" + "}" * 900

    assert shown({"x": text}) == '{"x": "(sensitive)"}'
