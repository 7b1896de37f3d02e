"""Rows with their learnt ranges as blocks of ids, labels and positions."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.errors import UnusableData
from brickyard_pipelines.finetuning.plan import Plan, parse_plan
from brickyard_pipelines.finetuning.preparation.spool import SCHEMA
from brickyard_pipelines.finetuning.training.blocks import Blocks, write_blocks

ONCE = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
CONTEXT = 12


@dataclass(frozen=True)
class Rows:
    """A version of the data as far as blocks ask it: rows of ids and of ranges, two in a batch."""

    rows: list[tuple[list[int], list[tuple[int, int]]]]
    folder: Path = Path("version")

    def batches(self, _split: str) -> Iterator[pa.RecordBatch]:
        for at in range(0, len(self.rows), 2):
            part = self.rows[at : at + 2]
            columns: dict[str, Any] = {name: ["{}"] * len(part) for name in ("split", "file", "row", "slices")}
            columns |= {"line": [1] * len(part), "ids": [ids for ids, _ in part]}
            columns |= {"begins": [[b for b, _ in spans] for _, spans in part]}
            columns |= {"ends": [[e for _, e in spans] for _, spans in part]}
            yield pa.record_batch(columns, schema=SCHEMA)


def plan(approach: str, *, packing: bool | None = None) -> Plan:
    return parse_plan(
        f"name: p\nuse_case: u\napproach: {approach}\naccepted_licences: [mit]\n"
        "base_models: [{name: m, path: m, licence: mit}]\n"
        f"data: {{train: [{{path: t.jsonl}}], context_length: {CONTEXT}}}\n"
        f"training: {{precision: fp32{'' if packing is None else f', packing: {str(packing).lower()}'}}}\n"
    )


def written(rows: Any, folder: Path, settled: Plan, vocabulary: int = 100) -> tuple[Blocks, list[dict[str, list[int]]]]:
    blocks = write_blocks(Rows(rows), "train", folder, settled, vocabulary=vocabulary)  # type: ignore[arg-type]
    with pa.OSFile(str(blocks.file)) as file, pa.ipc.open_stream(file) as reader:
        return blocks, reader.read_all().to_pylist()


ROW = st.lists(st.integers(1, 99), min_size=1, max_size=CONTEXT).flatmap(
    lambda ids: st.tuples(st.just(ids), st.integers(0, len(ids)), st.integers(0, len(ids))).map(
        lambda made: (made[0], [(min(made[1:]), max(made[1:]))] if made[1] != made[2] else [])
    )
)


def expected_labels(ids: list[int], spans: list[tuple[int, int]]) -> list[int]:
    """Token by token, as the rule says."""
    return [token if at and any(begin <= at < end for begin, end in spans) else -100 for at, token in enumerate(ids)]


@ONCE
@given(st.lists(ROW, min_size=1, max_size=9))
def test_unpacked_a_block_is_a_row_with_loss_on_what_is_learnt(tmp_path: Path, rows: Any) -> None:
    blocks, found = written(rows, tmp_path, plan("supervised"))
    assert [each["input_ids"] for each in found] == [ids for ids, _ in rows]
    assert [each["labels"] for each in found] == [expected_labels(*row) for row in rows]
    assert all(each["position_ids"] == list(range(len(each["input_ids"]))) for each in found)
    assert blocks.learnt == sum(label != -100 for each in found for label in each["labels"])
    assert (blocks.count, blocks.tokens) == (len(rows), sum(len(ids) for ids, _ in rows))


@ONCE
@given(st.lists(ROW, min_size=1, max_size=9))
def test_packed_rows_keep_their_labels_and_have_positions_of_their_own(tmp_path: Path, rows: Any) -> None:
    _, found = written(rows, tmp_path, plan("supervised", packing=True))
    pieces = []
    for block in found:
        edges = [at for at, position in enumerate(block["position_ids"]) if position == 0] + [len(block["input_ids"])]
        for begin, end in itertools.pairwise(edges):
            assert block["position_ids"][begin:end] == list(range(end - begin))
            pieces.append((block["input_ids"][begin:end], block["labels"][begin:end]))
        assert len(block["input_ids"]) <= CONTEXT
    assert sorted(pieces) == sorted((ids, expected_labels(ids, spans)) for ids, spans in rows)


@ONCE
@given(st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=40), min_size=1, max_size=6))
def test_of_text_every_token_is_there_and_learnt_but_the_first_of_a_piece(tmp_path: Path, texts: Any) -> None:
    _, found = written([(ids, [(0, len(ids))]) for ids in texts], tmp_path, plan("continued_pretraining"))
    assert [token for block in found for token in block["input_ids"]] == [token for ids in texts for token in ids]
    for block in found:
        for token, label, position in zip(*(block[name] for name in block), strict=True):
            assert label == (token if position else -100)


def test_tokens_that_the_model_does_not_know_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableData, match="token 7; the model knows 7"):
        written([([1, 7], [(1, 2)])], tmp_path, plan("supervised"), vocabulary=7)


def test_plain_text_is_packed_and_rows_with_answers_are_not_unless_the_plan_says_so() -> None:
    assert plan("continued_pretraining").packs
    assert not plan("supervised").packs
    assert plan("chat_completion", packing=True).packs
