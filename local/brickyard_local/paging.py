"""Pages of lists: the token of the next page is the key of the last item of this one."""

import base64
import binascii
from collections.abc import Callable, Sequence

from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document

_PAGE = 10_000


def page(
    items: Sequence[Document],
    key: Callable[[Document], str],
    max_results: int | None,
    page_token: str | None,
) -> tuple[list[Document], str | None]:
    """The page after `page_token` of items in a fixed order, and the token of the next. Errors: InvalidParameter."""
    size, start = checked_size(max_results) or _PAGE, 0
    if page_token:
        last = decoded(page_token)
        start = next((n for n, item in enumerate(items, start=1) if key(item) == last), len(items))
    chosen = list(items[start : start + size])
    more = start + size < len(items)
    return chosen, encoded(key(chosen[-1])) if more else None


def checked_size(max_results: int | None) -> int | None:
    """Errors: InvalidParameter for a negative one."""
    if max_results is not None and max_results < 0:
        raise InvalidParameter(f"max_results is {max_results}: it must be 0 (the server chooses) or more.")
    return max_results


def encoded(last_key: str) -> str:
    """The token of the page after an item."""
    return base64.urlsafe_b64encode(last_key.encode()).decode()


def decoded(page_token: str) -> str:
    """The key of the last item before a page. Errors: InvalidParameter."""
    try:
        return base64.b64decode(page_token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidParameter(
            f"page_token '{page_token}' was not given out by this API. Use next_page_token of the last answer."
        ) from error
