"""Values of a plan once they are inside the door: JSON, and two things that are no JSON."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

_KEY = os.urandom(32)  # of this process: a fingerprint tells nothing outside of it


class Unknown(Enum):
    """The value that is known after apply."""

    UNKNOWN = "known after apply"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Masked:
    """A value that is not shown; two are equal when what they hide is equal, so that a change is seen."""

    shown: str
    fingerprint: bytes = field(repr=False)


SENSITIVE = "(sensitive)"


def masked(value: Any, shown: str = SENSITIVE) -> Masked:
    """Hide a value behind words."""
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=True)
    return Masked(shown, hashlib.blake2b(text.encode(), key=_KEY, digest_size=16).digest())


def text_of(value: Any) -> str | None:
    """A text or number as text; None for what is absent, unknown, hidden or no scalar."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def shown_text(value: Any) -> str:
    """A scalar in a sentence: hidden and unknown values by their words."""
    if isinstance(value, Masked):
        return value.shown
    if value is UNKNOWN:
        return "(known after apply)"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else plain_json(value)


def plain_json(value: Any) -> str:
    """A value as JSON on one line, hidden and unknown parts by their words."""
    return json.dumps(value, default=shown_text, ensure_ascii=False)


def first_block(value: Any) -> dict[str, Any]:
    """A nested block as Terraform gives it, a list of at most one object; an empty one when it is not there."""
    block = value[0] if isinstance(value, list) and value else value
    return block if isinstance(block, dict) else {}


def blocks(value: Any) -> list[dict[str, Any]]:
    """Nested blocks, without what is unknown or hidden among them."""
    return [block for block in value if isinstance(block, dict)] if isinstance(value, list) else []
