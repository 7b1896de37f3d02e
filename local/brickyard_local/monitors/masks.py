"""Field masks of the data quality API. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from brickyard_local.errors import InvalidParameter
from brickyard_local.monitors.quality_payloads import DataProfilingConfig
from brickyard_local.store import Document


def masked(known: Mapping[str, Any], given: Mapping[str, Any], paths: Sequence[str]) -> Document:
    """`known` with the fields of the paths as `given` has them; one that it does not have is removed.

    Errors: InvalidParameter for a field that there is not.

    >>> masked({"schedule": {"timezone_id": "UTC"}}, {"schedule": {"timezone_id": "PST"}}, ["schedule.timezone_id"])
    {'schedule': {'timezone_id': 'PST'}}
    """
    changed = dict(known)
    for path in paths:
        name, _, rest = path.partition(".")
        if name not in DataProfilingConfig.model_fields:
            raise InvalidParameter(f"update_mask names '{path}', which data_profiling_config has not.")
        changed = _with(changed, given, name, rest)
    return changed


def _with(known: Mapping[str, Any], given: Mapping[str, Any], name: str, rest: str) -> Document:
    left = {field: value for field, value in known.items() if field != name}
    value = given.get(name)
    if rest:
        inside, _, below = rest.partition(".")
        return {**left, name: _with(known.get(name) or {}, value or {}, inside, below)}
    return left if value is None else {**left, name: value}
