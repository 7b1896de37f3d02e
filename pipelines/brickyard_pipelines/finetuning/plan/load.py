"""From plan.yaml and criteria.yaml to checked settings; every error has its file, line and key."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.finetuning.errors import InvalidPlan, Problem
from brickyard_pipelines.finetuning.plan import criteria as criteria_rules
from brickyard_pipelines.finetuning.plan import rules
from brickyard_pipelines.finetuning.plan.criteria import Criteria
from brickyard_pipelines.finetuning.plan.document import LEGACY_TASK_TYPES, Plan
from brickyard_pipelines.finetuning.plan.yaml_lines import Marked, parse_marked, read_marked
from brickyard_pipelines.ml import strict

_T = TypeVar("_T")
_Rules = Callable[[_T], Iterable[rules.Broken]]


def load_plan(path: Path) -> Plan:
    """The plan of a file.

    Errors: InvalidPlan with all problems that were found.
    """
    return plan_of(read_marked(path))


def load_criteria(path: Path) -> Criteria:
    """The criteria of a file.

    Errors: InvalidPlan with all problems that were found.
    """
    return _checked(Criteria, read_marked(path), criteria_rules.problems)


def parse_plan(text: str, file: str = "plan.yaml") -> Plan:
    """As `load_plan`, from the text."""
    return plan_of(parse_marked(text, file))


def parse_criteria(text: str, file: str = "criteria.yaml") -> Criteria:
    """As `load_criteria`, from the text."""
    return _checked(Criteria, parse_marked(text, file), criteria_rules.problems)


def plan_of(marked: Marked) -> Plan:
    """A plan from its document; the retired API's names of approaches are understood."""
    document = dict(marked.document)
    approach = document.get("approach")
    if isinstance(approach, str):
        document["approach"] = LEGACY_TASK_TYPES.get(approach, approach)
    return _checked(Plan, Marked(file=marked.file, document=document, lines=marked.lines), rules.problems)


def _checked(cls: type[_T], marked: Marked, broken: _Rules[_T]) -> _T:
    try:
        settings = strict.build(cls, marked.document, "")
    except InvalidProject as error:
        raise InvalidPlan(_placed(str(error), marked)) from error
    found = [
        Problem(where=marked.place(path), got=got, rule=rule, fix=fix) for path, got, rule, fix in broken(settings)
    ]
    if found:
        raise InvalidPlan(found)
    return settings


def _placed(sentence: str, marked: Marked) -> str:
    """A sentence of `strict`, which begins with the key's path, behind the file and the line of that key."""
    path, _, rest = sentence.partition(": ")
    return f"{marked.place(path.removeprefix('.'))}: {rest}"
