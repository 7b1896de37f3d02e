"""The rules that a cluster policy is made of. One rule limits one attribute of a cluster.

Source: docs.databricks.com/admin/clusters/policy-definition (supported policy types)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.errors import InvalidProps

Value: TypeAlias = str | int | float | bool
Json: TypeAlias = dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """The one value there is; what a request leaves out is filled in. `hidden` takes it out of the UI's form."""

    value: Value
    hidden: bool = False

    def json(self) -> Json:
        """As the definition has it."""
        return {"type": "fixed", "value": self.value, **({"hidden": True} if self.hidden else {})}


@dataclass(frozen=True, kw_only=True, slots=True)
class Forbidden:
    """The attribute may not be set."""

    def json(self) -> Json:
        """As the definition has it."""
        return {"type": "forbidden", "hidden": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowlist:
    """One of these; the first is what a form starts with."""

    values: tuple[Value, ...]
    optional: bool = False

    def __post_init__(self) -> None:
        check_not_empty("values", self.values)

    def json(self) -> Json:
        """As the definition has it."""
        default = {} if self.optional else {"defaultValue": self.values[0]}
        return {"type": "allowlist", "values": list(self.values), **default, **_optional(self.optional)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Matching:
    """A text that a regular expression matches as a whole."""

    pattern: str
    optional: bool = False

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise InvalidProps("pattern", self.pattern, rule=f"a regular expression ({error})") from error

    def json(self) -> Json:
        """As the definition has it."""
        return {"type": "regex", "pattern": self.pattern, **_optional(self.optional)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A number with a floor, a ceiling or both, included."""

    minimum: float | None = None
    maximum: float | None = None
    default: float | None = None
    optional: bool = False

    def __post_init__(self) -> None:
        least, most = self.minimum, self.maximum
        if least is None and most is None:
            raise InvalidProps("minimum, maximum", None, rule="a range has a floor, a ceiling or both")
        if least is not None and most is not None and least > most:
            raise InvalidProps("minimum", least, rule=f"at most the maximum, {most:g}")
        below = self.default is not None and least is not None and self.default < least
        above = self.default is not None and most is not None and self.default > most
        if below or above:
            raise InvalidProps("default", self.default, rule="inside of its own range")

    def json(self) -> Json:
        """As the definition has it."""
        bounds = {"minValue": self.minimum, "maxValue": self.maximum, "defaultValue": self.default}
        present = {name: value for name, value in bounds.items() if value is not None}
        return {"type": "range", **present, **_optional(self.optional)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unlimited:
    """Any value, but one must be there; `default` is what a form starts with."""

    default: Value | None = None
    optional: bool = False

    def json(self) -> Json:
        """As the definition has it."""
        default = {} if self.default is None else {"defaultValue": self.default}
        return {"type": "unlimited", **default, **_optional(self.optional)}


Rule: TypeAlias = Fixed | Forbidden | Allowlist | Matching | Range | Unlimited
Definition: TypeAlias = Mapping[str, Rule]


def _optional(optional: bool) -> Json:
    return {"isOptional": True} if optional else {}
