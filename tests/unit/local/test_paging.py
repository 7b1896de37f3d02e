import pytest

from brickyard_local.errors import InvalidParameter
from brickyard_local.paging import page

ITEMS = [{"key": str(number)} for number in range(5)]


def key(item: dict[str, str]) -> str:
    return item["key"]


def test_pages_hold_every_item_once_in_order() -> None:
    seen, token = [], None
    while True:
        chosen, token = page(ITEMS, key, 2, token)
        seen += chosen
        if token is None:
            break
    assert seen == ITEMS


def test_without_a_size_everything_is_one_page() -> None:
    assert page(ITEMS, key, 0, None) == (ITEMS, None)
    assert page([], key, None, None) == ([], None)


def test_a_negative_size_and_a_foreign_token_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="max_results is -1"):
        page(ITEMS, key, -1, None)
    with pytest.raises(InvalidParameter, match="page_token"):
        page(ITEMS, key, 2, "é")
