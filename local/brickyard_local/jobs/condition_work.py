"""The attempt of an If/else condition task: no process, an outcome."""

from collections.abc import Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs import conditions, references
from brickyard_local.jobs.processes import Assignment
from brickyard_local.jobs.records import Ending


class ConditionWork:
    """Resolves both operands and compares them."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment

    def run(self) -> Ending:
        """Errors: InvalidParameter for an operand that cannot be resolved or compared."""
        condition, context = self._assignment.task["condition_task"], self._assignment.context
        for side in ("left", "right"):
            for name, value in references.values_in(condition[side], context):
                if not isinstance(value, str | bool | int | float):
                    raise InvalidParameter(
                        f"'{side}' of the condition: {name} is {value!r}; a task value must be a number, text or a "
                        "boolean to be compared."
                    )
        left, right = (references.resolve(condition[side], context) for side in ("left", "right"))
        outcome = "true" if conditions.outcome(condition["op"], left, right) else "false"
        facts = {"condition": {"left": left, "right": right, "op": condition["op"], "outcome": outcome}}
        return Ending(result="SUCCESS", code="SUCCESS", facts=facts)

    def cancel(self) -> None:
        """It ends by itself at once."""

    def values(self) -> Mapping[str, Any]:
        """None: a condition sets no task values."""
        return {}
