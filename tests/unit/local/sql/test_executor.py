"""Names as the catalog is asked for them."""

from typing import Any

import pytest

from brickyard_local.errors import InvalidParameter
from brickyard_local.sql.front.executor import Executor
from brickyard_local.sql.front.parser import parse
from brickyard_local.sql.front.tokens import tokens


class Api:
    """Remembers what it was asked to make."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []

    def post(self, *_path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.made.append(body)
        return {}


@pytest.mark.parametrize("text", ["CREATE SCHEMA `other.secret`", "CREATE SCHEMA IF NOT EXISTS main.`a.b`"])
def test_a_quoted_dot_makes_nothing_elsewhere(text: str) -> None:
    """`a.b` would have become schema b."""
    api: Any = Api()
    with pytest.raises(InvalidParameter, match="dots"):
        Executor(api, catalog="main", schema=None).run(parse(tokens(text)))
    assert api.made == []
