import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.training.packing import Packing, best_fit, cut_text, one_each

LENGTHS = st.lists(st.integers(1, 40), max_size=12)
WHOLE = st.lists(st.integers(1, 8), max_size=40)


def numbers(lengths: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(lengths, dtype=np.int64)


def pieces(packing: Packing) -> list[list[tuple[int, int]]]:
    """The ranges of each block."""
    ranges = list(zip(packing.begin.tolist(), packing.end.tolist(), strict=True))
    edges = packing.first.tolist()
    return [ranges[begin:end] for begin, end in itertools.pairwise(edges)]


def row_of(lengths: list[int]) -> list[int]:
    """Which row each token belongs to."""
    return [row for row, length in enumerate(lengths) for _ in range(length)]


@given(LENGTHS, st.integers(8, 20))
def test_text_is_packed_without_losing_a_token(lengths: list[int], length: int) -> None:
    blocks = pieces(cut_text(numbers(lengths), length=length))
    tokens = [token for block in blocks for begin, end in block for token in range(begin, end)]
    assert tokens == list(range(sum(lengths)))
    sizes = [sum(end - begin for begin, end in block) for block in blocks]
    assert all(size <= length for size in sizes)
    assert all(size >= length - 1 for size in sizes[:-1])


@given(LENGTHS, st.integers(8, 20))
def test_no_piece_holds_tokens_of_two_rows(lengths: list[int], length: int) -> None:
    rows = row_of(lengths)
    for block in pieces(cut_text(numbers(lengths), length=length)):
        assert all(len(set(rows[begin:end])) == 1 for begin, end in block)


@given(LENGTHS, st.integers(8, 20))
def test_no_row_leaves_a_first_token_alone_at_the_end_of_a_block(lengths: list[int], length: int) -> None:
    edges = {0, *np.cumsum(numbers(lengths)).tolist()}
    for block in pieces(cut_text(numbers(lengths), length=length)):
        begin, end = block[-1]
        assert end - begin > 1 or end in edges


@given(WHOLE)
def test_rows_that_may_not_be_cut_stay_whole_and_stand_once(lengths: list[int]) -> None:
    ends = np.cumsum(numbers(lengths)).tolist()
    expected = {(end - length, end) for length, end in zip(lengths, ends, strict=True)}
    packing = best_fit(numbers(lengths), length=8)
    found = [piece for block in pieces(packing) for piece in block]
    assert len(found) == len(lengths)
    assert set(found) == expected
    assert all(size <= 8 for size in packing.lengths().tolist())


@given(WHOLE)
def test_no_two_blocks_of_whole_rows_would_fit_into_one(lengths: list[int]) -> None:
    sizes = sorted(best_fit(numbers(lengths), length=8).lengths().tolist())
    assert len(sizes) < 2 or sizes[0] + sizes[1] > 8


@given(WHOLE)
def test_unpacked_a_block_is_a_row(lengths: list[int]) -> None:
    assert one_each(numbers(lengths)).lengths().tolist() == lengths


def test_a_row_above_the_block_that_may_not_be_cut_is_an_error() -> None:
    with pytest.raises(ValueError, match="a row of 9 tokens in blocks of 8"):
        best_fit(numbers([9]), length=8)
