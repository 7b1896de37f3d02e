"""Lists of the API, whole."""

from collections.abc import Iterator, Mapping
from typing import Any

from brickyard_local.provider.client import Api

NO_ID = "_"
"""The id of a data source which is no object."""


def all_pages(api: Api, path: str, key: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """The items of every page."""
    token = ""
    while True:
        answer = api.get(path, {**(query or {}), **({"page_token": token} if token else {})})
        yield from answer.get(key) or []
        token = answer.get("next_page_token") or ""
        if not token:
            return
