"""Preparation made faster gives the same rows: digests that were kept, and counts by hand where they can be made."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.plan import parse_plan
from brickyard_pipelines.finetuning.preparation import disk_index
from brickyard_pipelines.finetuning.preparation.digests import BINS, signatures
from brickyard_pipelines.finetuning.preparation.disk_index import DiskIndex
from brickyard_pipelines.finetuning.preparation.pii import kinds_in
from brickyard_pipelines.finetuning.preparation.prepare import prepare
from tiny_models import SPECIAL, write_tokenizer

ONCE = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
KEPT = ["aa2d89c204a92ed8", "3beecd050a293449", "0029cd41e3c457f2"]  # of rows, of what was left out, of counts
WORDS = ["the", "house", "Paris", "12345", "ada@example.org", "4111 1111 1111 1111", "Ünï", "日本🙂", "\t", "{{x}}"]


def letters_only(folder: Path) -> None:
    """A tokenizer of single bytes: no training of a library's moves the digests."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    write_tokenizer(folder)
    words = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))


def rows() -> list[dict[str, Any]]:
    draw = random.Random(3)  # noqa: S311 no secret
    words = [*WORDS, *("".join(draw.choices("abcdefgh", k=5)) for _ in range(400))]

    def said() -> str:
        return " ".join(draw.choices(words, k=draw.randint(0, 60)))

    fresh = [{"id": i, "prompt": said(), "response": said(), "topic": draw.choice("abc")} for i in range(300)]
    twice = [{**row, "id": 1000 + at} for at, row in enumerate(fresh[:30])]
    nearly = [{**row, "id": 2000 + at, "response": f"{row['response']} more"} for at, row in enumerate(fresh[30:90])]
    found: list[dict[str, Any]] = [
        *fresh,
        *twice,
        *nearly,
        {**fresh[5], "prompt": "other"},
        {"text": "of another shape"},
    ]
    draw.shuffle(found)
    return found


def test_a_version_holds_what_it_held_before_preparation_was_made_faster(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    letters_only(tmp_path / "m")
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()))
    data = {
        "train": [{"path": "train.jsonl"}],
        "context_length": 2048,
        "split": {"eval": 0.1, "test": 0.1, "by": "topic"},
        "slices": ["topic"],
        "near_duplicates": {"remove": True, "threshold": 0.7},
        "limits": {"quarantined": 1.0, "leaked": 1.0, "min_rows": 1},
    }
    document = {
        "name": "p",
        "use_case": "u",
        "approach": "supervised",
        "accepted_licences": ["mit"],
        "base_models": [{"name": "m", "path": "m", "licence": "mit"}],
        "training": {"precision": "fp32"},
        "data": data,
    }
    version = prepare(parse_plan(json.dumps(document)), root=tmp_path, model=tmp_path / "m", output=tmp_path / "out")
    held = [batch.to_pylist() for split in ("test", "eval", "train") for batch in version.batches(split)]
    beside = [(version.folder / name).read_text() for name in ("quarantine.jsonl", "removed.jsonl")]
    parts = [json.dumps(each, sort_keys=True) for each in (held, beside, version.manifest["splits"])]
    assert [hashlib.sha256(part.encode()).hexdigest()[:16] for part in parts] == KEPT


def by_hand(text: str) -> list[int]:
    """One-permutation MinHash as its definition says, in whole numbers."""
    data = " ".join(text.casefold().split()).encode().ljust(12)
    least: dict[int, int] = {}
    for at in range(len(data) - 11):
        hashed = 0
        for byte in data[at : at + 12]:
            hashed = (hashed * 0x9E3779B97F4A7C15 + byte + 1) % 2**64
        hashed = (hashed ^ hashed >> 31) * 0xBF58476D1CE4E5B9 % 2**64
        hashed = (hashed ^ hashed >> 27) * 0x9E3779B97F4A7C15 % 2**64
        least[hashed >> 57] = min(hashed, least.get(hashed >> 57, hashed))
    found = []
    for number in range(BINS):
        distance = next(d for d in range(BINS) if (number + d) % BINS in least)
        value = least[(number + distance) % BINS] >> 25 & 0xFFFFFFFF
        found.append((value + distance * 0x9E3779B1) % 2**32)
    return found


@ONCE
@given(st.lists(st.text(max_size=60), max_size=6))
def test_a_signature_is_the_rows_own_whoever_stands_beside_it(texts: list[str]) -> None:
    assert signatures([(text,) for text in texts]).tolist() == [by_hand(text) for text in texts]


def test_a_long_row_has_the_signature_of_the_whole_of_it() -> None:
    words = " ".join(map(str, range(9_000)))
    assert signatures([("before",), (words,), ("after",)])[1].tolist() == by_hand(words)


@ONCE
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40), st.sampled_from([3, 1000]))
def test_equal_keys_find_each_other_in_parts_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: list[tuple[int, int]], at_once: int
) -> None:
    monkeypatch.setattr(disk_index, "_AT_ONCE", at_once)
    index = DiskIndex(tmp_path, "x")
    spread = [key << 60 | key for key, _ in keys]
    index.add(np.array(spread, dtype="<u8"), np.array([check for _, check in keys], dtype="<u8"), np.arange(len(keys)))
    found = {
        (int(one), int(other)) for later, earlier in index.pairs() for one, other in zip(later, earlier, strict=True)
    }
    wanted = set()
    for row, key in enumerate(keys):
        before = [other for other in range(row) if keys[other] == key]
        wanted |= {(row, each) for each in (before[:1] + before[-1:])}
    assert found == wanted
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("dapi" + "0f" * 16, ("access_key",)),
        ("see٤٤٤ 123-45-6789", ("us_social_security",)),
        ("GB82 WEST 1234 5698 7654 32 and +49 170 1234567", ("iban", "phone")),
        ("XGB82 WEST 1234 5698 7654 32", ()),
        ("1.4111111111111111", ()),
        ("4111-1111-1111-1111, ghp_" + "a1" * 18, ("card_number", "access_key")),
        ("-----BEGIN RSA PRIVATE KEY-----", ("private_key",)),
    ],
)
def test_patterns_know_what_they_look_for(text: str, kinds: tuple[str, ...]) -> None:
    assert kinds_in([text]) == kinds
