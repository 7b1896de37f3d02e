"""Dynamic value references: `{{job.run_id}}`, `{{tasks.train.values.version}}` … Pure: no I/O.

Source: docs.databricks.com/jobs/dynamic-value-references, …/jobs/for-each (`{{input}}`, `{{input.key}}`)
Gaps: `job.trigger.table_update.*`, `backfill.*`, `tasks.*.output.*`, `task.notebook_path` are refused by name.
Deviation: a reference to no known space is refused; Databricks takes it as text.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated

_REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_PART = re.compile(r"`([^`]+)`|\[([^\]]+)\]|([^.`\[\]]+)")
_LEGACY = {
    "job_id": "job.id",
    "run_id": "task.run_id",
    "parent_run_id": "job.run_id",
    "task_key": "task.name",
    "start_date": "job.start_time.iso_date",
    "start_time": "job.start_time.timestamp_ms",
}
_OF_JOB = frozenset({"id", "name", "run_id", "repair_count", "start_time", "parameters", "trigger"})
_OF_TRIGGER = ("type", "time.<form>", "file_arrival.location")
_OF_TASK = frozenset({"name", "run_id", "execution_count"})
_OF_TASKS = frozenset({"run_id", "result_state", "error_code", "execution_count", "values"})
_NOT_HERE = (["backfill"], ["job", "trigger", "table_update"], ["task", "notebook_path"])
_OF_TIME: dict[str, Callable[[datetime], object]] = {
    "iso_date": lambda t: t.date().isoformat(),
    "iso_datetime": lambda t: t.isoformat(timespec="milliseconds"),
    "iso_weekday": lambda t: t.isoweekday(),
    "is_weekday": lambda t: str(t.isoweekday() < 6).lower(),
    "year": lambda t: t.year,
    "month": lambda t: t.month,
    "day": lambda t: t.day,
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "second": lambda t: t.second,
    "timestamp_ms": lambda t: int(t.timestamp() * 1000),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Upstream:
    """What a later task may ask of a task that has ended."""

    run_id: int
    result_state: str
    execution_count: int
    values: Mapping[str, Any]
    error_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The facts that references of one task attempt stand for."""

    job: Mapping[str, Any]
    start_time_ms: int
    task: Mapping[str, Any]
    workspace: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, Upstream] = field(default_factory=dict)
    trigger: Mapping[str, Any] = field(default_factory=dict)
    """`type` and `time_ms` of what started the run, `location` for a file that arrived."""
    iteration: tuple[Any, ...] = ()
    """The one input of a For each iteration; empty outside of one."""


def check(settings: Mapping[str, Any]) -> None:
    """Refuse at create what could never be resolved. Errors: InvalidParameter, NotEmulated."""
    parameters = {parameter["name"] for parameter in settings.get("parameters") or []}
    tasks = {task["task_key"] for task in settings.get("tasks") or []}
    for task in settings.get("tasks") or []:
        loop = task.get("for_each_task") or {}
        _check_texts(task | {"for_each_task": {**loop, "task": None}}, parameters, tasks)
        _check_texts(loop.get("task"), parameters, tasks, iteration=True)
    _check_texts(settings.get("parameters"), parameters, tasks)


def _check_texts(found: Any, parameters: set[str], tasks: set[str], *, iteration: bool = False) -> None:
    for text in _strings(found):
        for reference in _REFERENCE.findall(text):
            if not (iteration and _parts(reference)[0] == "input") and not _is_secret(reference):
                _check_reference(reference, parameters, tasks)


def _is_secret(reference: str) -> bool:
    """`{{secrets/scope/key}}` in spark_env_vars: no dynamic value, resolved with the cluster."""
    return reference.startswith("secrets/")


def resolve(text: str, context: Context) -> str:
    """The text with every reference replaced. Errors: InvalidParameter for what is not known (yet)."""
    return _REFERENCE.sub(lambda match: _render(_value(_parts(match[1]), context, match[0])), text)


def values_in(text: str, context: Context) -> Iterator[tuple[str, Any]]:
    """Every reference of a text and what it stands for, as it was set. Errors: as `resolve`."""
    for match in _REFERENCE.finditer(text):
        yield match[0], _value(_parts(match[1]), context, match[0])


def _check_reference(reference: str, parameters: set[str], tasks: set[str]) -> None:
    parts = _parts(reference)
    space, rest = parts[0], parts[1:]
    if any(parts[: len(start)] == start for start in _NOT_HERE) or (space == "tasks" and rest[1:2] == ["output"]):
        raise NotEmulated(f"the dynamic value reference {{{{{reference}}}}}")
    names = {"job": _OF_JOB, "task": _OF_TASK, "workspace": frozenset({"id", "url"})}
    if space == "tasks":
        _need(rest[:1] and rest[0] in tasks, reference, f"its task is not one of {sorted(tasks)}")
        _need(rest[1:2] and rest[1] in _OF_TASKS, reference, f"after the task: one of {sorted(_OF_TASKS)}")
        _need(rest[1] != "values" or len(rest) == 3, reference, "write {{tasks.<task>.values.<key>}}")
        return
    _need(space in names, reference, f"known are {sorted([*names, 'tasks'])}")
    _need(rest and rest[0] in names[space], reference, f"known in '{space}' are {sorted(names[space])}")
    if rest[0] == "parameters":
        _need(len(rest) == 2 and rest[1] in parameters, reference, f"the job's parameters are {sorted(parameters)}")
    if rest[0] == "start_time" or rest[:2] == ["trigger", "time"]:
        form = rest[-1] if len(rest) == (2 if rest[0] == "start_time" else 3) else None
        _need(form in _OF_TIME, reference, f"forms of a time are {sorted(_OF_TIME)}")
    elif rest[0] == "trigger":
        allowed = (["type"], ["file_arrival", "location"])
        _need(rest[1:] in allowed, reference, f"known in 'job.trigger' are {', '.join(_OF_TRIGGER)}")


def _need(true: object, reference: str, rule: str) -> None:
    if not true:
        raise InvalidParameter(f"The dynamic value reference {{{{{reference}}}}} is unknown: {rule}.")


def _parts(reference: str) -> list[str]:
    written = _LEGACY.get(reference, reference)
    return [a or b or c for a, b, c in _PART.findall(written)] or [written]


def _value(parts: list[str], context: Context, written: str) -> Any:
    match parts:
        case ["job", *rest]:
            return _of_job(rest, context, written)
        case ["task" | "workspace" as space, name] if name in (found := getattr(context, space)):
            return found[name]
        case ["input", *keys] if context.iteration:
            return _of_input(keys, context.iteration[0], written)
        case ["tasks", key, *rest]:
            return _of_upstream(key, rest, context, written)
    raise InvalidParameter(f"The dynamic value reference {written} is unknown.")


def _of_job(rest: list[str], context: Context, written: str) -> Any:
    match rest:
        case ["parameters", name] if name in context.parameters:
            return context.parameters[name]
        case ["start_time", form] if form in _OF_TIME:
            return _time(form, context.start_time_ms)
        case ["trigger", *asked]:
            return _of_trigger(asked, context, written)
        case [name] if name in context.job:
            return context.job[name]
    raise InvalidParameter(f"The dynamic value reference {written} is unknown.")


def _time(form: str, at_ms: int) -> object:
    return _OF_TIME[form](datetime.fromtimestamp(at_ms / 1000, UTC))


def _of_trigger(rest: list[str], context: Context, written: str) -> Any:
    match rest:
        case ["type"] if "type" in context.trigger:
            return context.trigger["type"]
        case ["time", form] if form in _OF_TIME:
            return _time(form, context.trigger.get("time_ms", context.start_time_ms))
        case ["file_arrival", "location"] if "location" in context.trigger:
            return context.trigger["location"]
    raise InvalidParameter(f"{written} is unknown in a run that was started by {context.trigger.get('type')}.")


def _of_input(keys: list[str], value: Any, written: str) -> Any:
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            raise InvalidParameter(f"{written}: this input has no '{key}'; it is {json.dumps(value)}.")
        value = value[key]
    return value


def _of_upstream(key: str, rest: list[str], context: Context, written: str) -> Any:
    ended = context.tasks.get(key)
    if ended is None:
        raise InvalidParameter(f"{written} asks for task '{key}', which has not ended: depend on it.")
    match rest:
        case ["values", name] if name in ended.values:
            return ended.values[name]
        case ["values", name]:
            raise InvalidParameter(f"{written}: task '{key}' has set no value '{name}'; it set {sorted(ended.values)}.")
        case ["run_id"]:
            return ended.run_id
        case ["result_state"]:
            return ended.result_state.lower()
        case ["error_code"]:
            return ended.error_code
        case ["execution_count"]:
            return ended.execution_count
    raise InvalidParameter(f"The dynamic value reference {written} is unknown.")


def _render(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
