"""The inputs of a For each task: an array, one entry for each iteration. Pure: no I/O.

Source: docs.databricks.com/jobs/for-each (an array, or a reference to one; a nested For each is not allowed).
"""

import json
from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter

MAX_CONCURRENCY = 100
MAX_ITERATIONS = 5000


def check(key: str, for_each: Mapping[str, Any]) -> None:
    """What can be said before the inputs are known. Errors: InvalidParameter."""
    inputs, concurrency = for_each.get("inputs"), for_each.get("concurrency")
    if not isinstance(inputs, str) or not inputs.strip():
        raise InvalidParameter(f"for_each_task of task '{key}' needs 'inputs': a JSON array or a reference to one.")
    if "{{" not in inputs:
        parse(inputs, f"task '{key}'")
    whole = isinstance(concurrency, int) and not isinstance(concurrency, bool)
    if concurrency is not None and not (whole and 1 <= concurrency <= MAX_CONCURRENCY):
        raise InvalidParameter(f"concurrency of task '{key}' is {concurrency!r}; it must be 1 to {MAX_CONCURRENCY}.")
    nested = for_each.get("task")
    if not isinstance(nested, Mapping):
        raise InvalidParameter(f"for_each_task of task '{key}' needs the 'task' to repeat.")
    for refused in ("for_each_task", "depends_on"):
        if nested.get(refused):
            raise InvalidParameter(f"The nested task of '{key}' cannot have '{refused}'.")


def parse(inputs: str, where: str) -> list[Any]:
    """The entries. Errors: InvalidParameter when it is no JSON array, or too long a one.

    >>> parse('["a", {"b": 1}]', "task 'loop'")
    ['a', {'b': 1}]
    """
    try:
        entries = json.loads(inputs)
    except json.JSONDecodeError:
        entries = None
    if not isinstance(entries, list):
        shown = inputs if len(inputs) <= 100 else inputs[:100] + "…"
        raise InvalidParameter(f"The inputs of {where} must be a JSON array; got '{shown}'.")
    if len(entries) > MAX_ITERATIONS:
        raise InvalidParameter(f"The inputs of {where} have {len(entries)} entries; at most {MAX_ITERATIONS} run.")
    return entries
