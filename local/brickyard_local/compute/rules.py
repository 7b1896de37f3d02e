"""The rules of a policy: what each type allows. Pure but for `patterns`, which may need a process.

Source: docs.databricks.com/admin/clusters/policy-definition (supported policy types)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from brickyard_local.compute.attributes import Attribute
from brickyard_local.compute.patterns import matches

RuleType = Literal["fixed", "forbidden", "allowlist", "blocklist", "regex", "range", "unlimited"]
LIMITING: tuple[RuleType, ...] = ("allowlist", "blocklist", "regex", "range", "unlimited")
Value = str | int | float | bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One limitation of one attribute. `minimum` and `maximum` are included in a range; a regex is matched whole."""

    attribute: Attribute
    type: RuleType
    value: Value | None = None
    values: tuple[Value, ...] = ()
    pattern: str = ""
    minimum: float | None = None
    maximum: float | None = None
    default: Value | None = None
    optional: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a cluster without the attribute breaks the rule. A generic rule requires no key or element."""
        return self.type in LIMITING and not self.optional and not self.attribute.is_generic

    def fills(self, *, defaults: bool) -> Value | None:
        """What a cluster that lacks the attribute is given: a fixed value always, a default when asked for."""
        if self.attribute.is_generic:
            return None
        return self.value if self.type == "fixed" else self.default if defaults else None

    def allows(self, value: Any) -> bool:
        """Whether a value that is present keeps the rule."""
        return _CHECKS[self.type](self, comparable(self.attribute, value))

    def demand(self) -> str:
        """What the rule asks for, in words."""
        return f"the value must {_DEMANDS[self.type](self)}"

    @property
    def listed(self) -> str:
        """The values of a list rule."""
        return ", ".join(map(self.shown, self.values))

    @property
    def bounds(self) -> str:
        """The bounds of a range."""
        bounds = (("at least", self.minimum), ("at most", self.maximum))
        return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)

    def contains(self, value: Any) -> bool:
        """Whether a range contains a value."""
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
        )

    def shown(self, value: Any) -> str:
        """A value as Databricks' messages show it, unless it may be a secret."""
        if not self.attribute.is_shown:
            return "[not shown]"
        return f'"{str(value).lower() if isinstance(value, bool) else value}"'


_CHECKS: Mapping[RuleType, Callable[[Rule, Any], bool]] = {
    "fixed": lambda rule, value: bool(value == rule.value),
    "forbidden": lambda _rule, _value: False,
    "allowlist": lambda rule, value: value in rule.values,
    "blocklist": lambda rule, value: value not in rule.values,
    "regex": lambda rule, value: matches(rule.pattern, str(value)),
    "range": lambda rule, value: rule.contains(value),
    "unlimited": lambda _rule, _value: True,
}
_DEMANDS: Mapping[RuleType, Callable[[Rule], str]] = {
    "fixed": lambda rule: f"be {rule.shown(rule.value)}",
    "forbidden": lambda _rule: "not be present",
    "allowlist": lambda rule: f"be one of {rule.listed}",
    "blocklist": lambda rule: f"not be one of {rule.listed}",
    "regex": lambda rule: f"match the pattern '{rule.pattern}'",
    "range": lambda rule: f"be {rule.bounds}",
    "unlimited": lambda _rule: "be present",
}


def comparable(attribute: Attribute, value: Any) -> Any:
    """A value as rules compare it: text for text attributes, since tags and settings may be sent as numbers."""
    if attribute.kind == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return value
