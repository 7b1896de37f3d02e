"""A rule file: what it matches, how grave that is, why, and what to do.

Shapes: `kind` (of a fact, see `facts`) and `where`: a condition by the fact's field. A condition is a value; a list, of
which one must be; a text with `*`; or an object of `not`, `above`, `below`, `contains` (for lists) and `matches` (a
regular expression). `message` names fields in braces. `examples` holds plan fragments on which the rule fires, and some
on which it is silent.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from brickyard_review.model import Severity

Kind = Literal["change", "attribute", "access", "overwrite", "drift", "output", "check", "deferred", "cost"]
Scalar = str | bool | int | float | None


def _compiles(expression: str | None) -> str | None:
    try:
        re.compile(expression or "")
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return expression


class Condition(BaseModel):
    """A condition that is more than a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    is_not: Scalar | list[Scalar] = Field(default=None, alias="not")
    above: float | None = None
    below: float | None = None
    contains: list[str] | None = None
    matches: Annotated[str | None, AfterValidator(_compiles)] = None


Test = Condition | list[Scalar] | Scalar


class Examples(BaseModel):
    """Plan fragments: lists of resource changes, or whole sections."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fires: Annotated[list[dict[str, Any]], Field(min_length=1)]
    silent: Annotated[list[dict[str, Any]], Field(min_length=1)]


class Rule(BaseModel):
    """One rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,59}$")]
    severity: Severity
    title: Annotated[str, Field(min_length=5, max_length=80)]
    kind: Kind
    where: dict[str, Test] = Field(default_factory=dict)
    unless: tuple[str, ...] = ()
    """Rules that say it better: where one of them fires, this one is silent."""
    message: str
    why: str
    fix: str
    examples: Examples
