"""Why a row is not learnt from. Every row that is read ends kept, removed or refused with one of these."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """A rule that a row broke; the values are the keys of every count."""

    NOT_UTF8 = "not_utf8"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_JSON = "not_json"
    REPEATED_KEY = "repeated_key"
    NOT_AN_OBJECT = "not_an_object"
    WRONG_COLUMNS = "wrong_columns"
    UNKNOWN_SHAPE = "unknown_shape"
    OTHER_SHAPE = "other_shape"
    OTHER_APPROACH = "other_approach"
    WRONG_TYPE = "wrong_type"
    EMPTY = "empty"
    WRONG_ROLE = "wrong_role"
    WRONG_ORDER = "wrong_order"
    NO_ASSISTANT = "no_assistant"
    TOOL_WITHOUT_CALL = "tool_without_call"
    DUPLICATE_ID = "duplicate_id"
    PII = "pii"
    SPECIAL_TEXT = "special_text"
    TEMPLATE_REFUSES = "template_refuses"
    TOOLS_NOT_RENDERED = "tools_not_rendered"
    CONTENT_NOT_RENDERED = "content_not_rendered"
    NO_PROVEN_MASK = "no_proven_mask"
    BOUNDARY_MERGES = "boundary_merges"
    NO_LOSS = "no_loss"
    STOP_NOT_LEARNT = "stop_not_learnt"
    TOO_LONG = "too_long"
    UNREADABLE_DOCUMENT = "unreadable_document"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One row's reason, with what was got, the rule and the fix; its place is added where it is read."""

    reason: Reason
    got: str
    rule: str
    fix: str


class RowRefused(Exception):
    """Raised inside preparation for one row; never leaves it."""

    def __init__(self, reason: Reason, got: str, rule: str, fix: str) -> None:
        self.refusal = Refusal(reason=reason, got=got, rule=rule, fix=fix)
        super().__init__(got)


def shown(value: object, limit: int = 60) -> str:
    """A value in an error: its beginning, on one line.

    >>> shown("a" * 70, 10)
    "'aaaaaaa..."
    """
    text = repr(value)
    return text if len(text) <= limit else text[: max(limit - 2, 1)] + "..."
