"""The record of a personal sandbox: what is saved is what is read, and anything else is explained."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from brickyard_stacks.settings.document import document_of
from brickyard_stacks.settings.sandbox import SandboxRecord, load_sandbox, sandbox_file, sandbox_of, sandbox_text

Told = Callable[..., str]


@given(
    name=st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,1}", fullmatch=True),
    owner=st.text(st.sampled_from("aZ9é .:/=+@_-"), min_size=1, max_size=127),
    expires=st.dates(),
)
def test_what_is_saved_is_what_is_read(name: str, owner: str, expires: date) -> None:
    record = SandboxRecord(name=name, owner=owner, expires=expires)

    assert sandbox_of(document_of(Path(f"{name}.yaml"), sandbox_text(record).encode())) == record


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("name: bob\nowner: a@b.example\nexpires: 2026-12-01\n", "1: name: must be ann: the file is called ann.yaml"),
        ("name: ann\nowner: a@b.example\nexpires: soon\n", "3: expires: must be a valid date; got 'soon'"),
        (
            "name: ann\nowner: a@b.example\nexpire: 2026-12-01\n",
            "3: expire: not a key of this place; did you mean expi",
        ),
        ("name: ann\nowner: 'a\"b'\nexpires: 2026-12-01\n", "2: owner: must be a text of letters, digits"),
        (f"name: {'a' * 21}\nowner: a\nexpires: 2026-12-01\n", "at most 20 long"),
        ("[ann]", "file: the file holds keys and values: name, owner, expires; got list"),
    ],
)
def test_a_record_that_is_none_is_explained(tmp_path: Path, told: Told, text: str, rule: str) -> None:
    file = sandbox_file(tmp_path, "dev", "ann")
    file.parent.mkdir(parents=True)
    file.write_text(text)

    assert rule in told(load_sandbox, file)


def test_a_record_outside_of_the_rules_cannot_be_made() -> None:
    with pytest.raises(ValidationError):
        SandboxRecord(name="Ann", owner="a", expires=date(2026, 12, 1))
