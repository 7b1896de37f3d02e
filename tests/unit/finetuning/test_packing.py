import pytest
from hypothesis import given
from hypothesis import strategies as st

from brickyard_pipelines.finetuning.templates.packing import Piece, blocks_of, labels_of

LENGTHS = st.lists(st.integers(1, 40), max_size=12)


def rows_of(lengths: list[int]) -> list[Piece]:
    """Every token is another number, and all are learnt."""
    starts = [sum(lengths[:at]) for at in range(len(lengths))]
    return [Piece(ids=range(at, at + n), learnt=[(0, n)]) for at, n in zip(starts, lengths, strict=True)]


@given(LENGTHS, st.integers(8, 20))
def test_text_is_packed_without_losing_a_token(lengths: list[int], length: int) -> None:
    blocks = list(blocks_of(rows_of(lengths), length=length, divisible=True))
    assert [token for block in blocks for piece in block for token in piece.ids] == list(range(sum(lengths)))
    assert all(sum(len(piece.ids) for piece in block) <= length for block in blocks)
    assert all(sum(len(piece.ids) for piece in block) >= length - 1 for block in blocks[:-1])


@given(LENGTHS, st.integers(8, 20))
def test_every_token_but_the_first_of_a_piece_is_learnt(lengths: list[int], length: int) -> None:
    for block in blocks_of(rows_of(lengths), length=length, divisible=True):
        for piece in block:
            assert labels_of(piece) == [-100, *piece.ids[1:]]


@given(st.lists(st.integers(1, 8), max_size=12))
def test_rows_that_may_not_be_cut_stay_whole(lengths: list[int]) -> None:
    rows = rows_of(lengths)
    assert [piece for block in blocks_of(rows, length=8, divisible=False) for piece in block] == rows


def test_a_row_above_the_block_that_may_not_be_cut_is_an_error() -> None:
    with pytest.raises(ValueError, match="a row of 9 tokens in blocks of 8"):
        list(blocks_of(rows_of([9]), length=8, divisible=False))


def test_what_is_learnt_is_cut_with_its_tokens() -> None:
    first, second = (
        block[0] for block in blocks_of([Piece(ids=range(12), learnt=[(6, 10)])], length=8, divisible=True)
    )
    assert [token for piece in (first, second) for token in labels_of(piece)] == [-100] * 6 + [
        6,
        7,
        -100,
        9,
        -100,
        -100,
    ]
