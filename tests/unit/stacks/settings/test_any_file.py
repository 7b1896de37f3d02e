"""Any bytes give settings or a clear error, never a traceback: for every kind of settings file."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.settings.document import Document, document_of
from brickyard_stacks.settings.load import environment_of, project_of
from brickyard_stacks.settings.sandbox import sandbox_of

ROOT = Path(__file__).resolve().parents[4]
Read = Callable[[Document], Any]
KINDS: dict[str, tuple[Read, Path]] = {
    "environment": (environment_of, Path("prod.yaml")),
    "project": (project_of, Path("/p/flight_delays/project.yaml")),
    "sandbox": (sandbox_of, Path("ann.yaml")),
}
SHIPPED = {
    "environment": (ROOT / "environments/prod.yaml").read_text(),
    "project": (ROOT / "projects/flight_delays/project.yaml").read_text(),
    "sandbox": "name: ann\nowner: ann@acme.example\nexpires: 2026-12-24\n",
}
# What YAML reads in its own way, and what no model expects.
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", " ", "x" * 300, "\u2028", "é", "yes", "1.99"),
    *(
        [],
        {},
        [[]],
        [None],
        {"": None},
        {"a": {"b": []}},
        [{"a": 1}, 2],
        "create",
        "adopt",
        "aws",
        "azure",
        "llm",
        "2026-12-24",
    ),
)
WORDS = (
    "name",
    "stage",
    "kind",
    "ownership",
    "import_id",
    "type",
    "serverless",
    "workflow",
    "a",
    "",
    "é",
    "[key]",
    "0",
)
SCALAR = st.sampled_from("ab:-[]{}&*!#|>%@`'\"? \n\t0.yn~\u2028é\x00\ud800"[:-1])


def outcome(kind: str, raw: bytes) -> bool:
    """Whether these bytes are settings; if not, every problem says a line, a rule, and no Python."""
    read, file = KINDS[kind]
    try:
        read(document_of(file, raw))
    except InvalidSettings as error:
        problems = error.problems
    else:
        return True
    assert problems
    assert all(problem.line >= 1 and problem.rule for problem in problems)
    assert not [word for word in ("pydantic", "Traceback", "<class") if word in "\n".join(map(str, problems))]
    return False


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=400, deadline=None, database=None)
@given(raw=st.binary(max_size=80) | st.text(SCALAR, max_size=60).map(str.encode))
@example(raw=b"\xff\xfe")
@example(raw=b"{" * 3000)
@example(raw=b"a: &a [*a]\n")
@example(raw=b"? [a]\n: b\n")
@example(raw=b"? {a: 1}\n: b\n")
@example(raw=b"<<: {name: x}\n")
@example(raw=b"name: !!timestamp x\n")
@example(raw=b"name: 0o9\n1: 2\n")
@example(raw=b"--- a\n--- b\n")
@example(raw=b"name: !!binary x\n")
@example(raw=b"name: !!set {a}\n")
@example(raw=b"name: 1:60:61\n")
@example(raw=b"name: 99999-01-01\nexpires: 0000-00-00\n")
def test_any_bytes_are_no_settings_and_are_explained(kind: str, raw: bytes) -> None:
    assert not outcome(kind, raw)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, key))


def changed(data: Any, path: tuple[Any, ...], random: Random) -> Any:
    """The data with something odd at a place: another value, a key more, a key less, or a key renamed."""
    if path:
        kept = dict(data) if isinstance(data, dict) else list(data)
        kept[path[0]] = changed(kept[path[0]], path[1:], random)
        return kept
    if isinstance(data, dict) and data and random.random() < 0.6:
        key = random.choice(list(data))
        rest = {name: value for name, value in data.items() if name != key or random.random() < 0.3}
        return {**rest, random.choice((*WORDS, key)): random.choice((*ODD, data[key]))}
    return random.choice(ODD)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=200, deadline=None, database=None)
@given(random=st.randoms(use_true_random=True))
def test_anything_anywhere_in_a_right_file_is_settings_or_explained(kind: str, random: Random) -> None:
    data = yaml.safe_load(SHIPPED[kind])
    for _ in range(random.randint(1, 3)):
        data = changed(data, random.choice(list(places(data))), random)

    outcome(kind, yaml.dump(data, allow_unicode=True).encode("utf-8", "replace"))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=200, deadline=None, database=None)
@given(random=st.randoms(use_true_random=True))
def test_a_right_file_with_a_slip_of_the_keyboard_is_settings_or_explained(kind: str, random: Random) -> None:
    text = SHIPPED[kind]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        text = (
            text[:at]
            + random.choice(("", "\t", ":", "-", "'", '"', "  ", "\n", "&a ", "*a", "!x ", "{", "]", "#", "\x00"))
            + text[at + random.randint(0, 2) :]
        )

    outcome(kind, text.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shipped_is_settings_in_json_too(kind: str) -> None:
    """The tests above would hold for a reader that refuses everything."""
    assert outcome(kind, SHIPPED[kind].encode())
    if kind == "environment":
        assert outcome(kind, json.dumps(yaml.safe_load(SHIPPED[kind])).encode())
