"""Field masks: which fields of an object a PATCH changes. Pure.

Source: docs.databricks.com/api/workspace/queries/update (update_mask: names with commas, dots into sub-fields, `*`).
"""

from collections.abc import Collection, Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document


def masked(known: Document, given: Mapping[str, Any], mask: str, *, changeable: Collection[str]) -> Document:
    """`known` with the fields of the mask as `given` has them; one that it does not have is removed.

    Errors: InvalidParameter for a field that there is not, or that cannot be changed.

    >>> masked({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"c": 3}}, "a,b.c", changeable={"a", "b"})
    {'b': {'d': 2, 'c': 3}}
    """
    paths = sorted(changeable) if mask.strip() == "*" else [path.strip() for path in mask.split(",") if path.strip()]
    if not paths:
        raise InvalidParameter("`update_mask` is empty: name the fields to change, with commas between them.")
    changed = dict(known)
    for path in paths:
        first, *rest = path.split(".")
        if first not in changeable:
            possible = ", ".join(sorted(changeable))
            raise InvalidParameter(f"`update_mask` names '{path}', which cannot be changed; these can: {possible}.")
        changed = _with(changed, given, [first, *rest])
    return changed


def _with(known: Document, given: Mapping[str, Any], path: list[str]) -> Document:
    name, *rest = path
    left = {key: value for key, value in known.items() if key != name}
    value = given.get(name)
    if rest:
        inside = known.get(name) if isinstance(known.get(name), dict) else {}
        return {**left, name: _with(inside or {}, value if isinstance(value, dict) else {}, rest)}
    return left if value is None else {**left, name: value}
