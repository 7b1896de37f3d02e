"""A review as JSON, and the schema of that JSON: versioned, so that programs can rely on it."""

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from brickyard_review.model import Review


@cache
def _adapter() -> TypeAdapter[Review]:
    return TypeAdapter(Review)


def to_json(review: Review) -> str:
    """The review as an object, indented."""
    return _adapter().dump_json(review, indent=2).decode()


def from_json(text: str | bytes) -> Review:
    """The review that `to_json` wrote. Errors: pydantic's ValidationError."""
    return _adapter().validate_json(text)


def schema() -> dict[str, Any]:
    """The JSON schema of `to_json`."""
    return _adapter().json_schema(mode="serialization")


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"
