"""What environments and libraries of a job may ask for, and which compute a task names. Pure: no I/O.

What a `new_cluster` may be is the compute service's to say: `resources` asks it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from brickyard_local.errors import InvalidParameter, NotEmulated

Settings = dict[str, Any]

_ENVIRONMENT_FIELDS = frozenset({"client", "environment_version", "dependencies"})
_NAMES = ("environment_key", "job_cluster_key", "existing_cluster_id", "new_cluster")


def is_set(value: object) -> bool:
    """Whether a field says anything."""
    return value not in (None, "", [], {}, False, 0)


def known(found: Mapping[str, Any], fields: Iterable[str], what: str) -> None:
    """Errors: NotEmulated for a field that says something and is not one of `fields`."""
    for name, value in found.items():
        if name not in fields and is_set(value):
            raise NotEmulated(f"the {what} '{name}'")


def by_key(found: Any, key: str, what: str) -> dict[str, dict[str, Any]]:
    """Entries of a list by their own key. Errors: InvalidParameter for a missing or doubled one."""
    keyed: dict[str, dict[str, Any]] = {}
    for item in found or []:
        name = item.get(key)
        if not name or name in keyed:
            raise InvalidParameter(f"Every entry of '{what}' needs a {key} of its own; got {name!r}.")
        keyed[name] = item
    return keyed


def check_environment(environment: Mapping[str, Any]) -> None:
    """Errors: NotEmulated."""
    key, spec = environment["environment_key"], environment.get("spec") or {}
    known(spec, _ENVIRONMENT_FIELDS, f"environment setting of '{key}':")
    for dependency in spec.get("dependencies") or []:
        check_dependency(dependency, f"environment '{key}'")


def check_dependency(dependency: str, where: str) -> None:
    """Errors: NotEmulated for what would have to be downloaded."""
    text = dependency.strip()
    if text.startswith("-r "):
        if not text[3:].strip().startswith(("/Volumes/", "/Workspace/")):
            raise NotEmulated(f"dependency '{text}' of {where}: only lists in /Volumes or /Workspace")
        return
    if text.startswith(("-", "git+")) or "://" in text or " @ " in text:
        raise NotEmulated(f"dependency '{text}' of {where}: name a wheel in /Volumes or /Workspace, or a requirement")
    if text.startswith("/") and not (text.startswith(("/Volumes/", "/Workspace/")) and text.endswith(".whl")):
        raise NotEmulated(f"dependency '{text}' of {where}: only wheels in /Volumes or /Workspace")


def check_compute(
    task: Mapping[str, Any], environments: Mapping[str, Any], clusters: Mapping[str, Any], *, needed: bool = True
) -> None:
    """A task names exactly one compute, and one that the job has. Errors: InvalidParameter, NotEmulated."""
    key = task["task_key"]
    named = [name for name in _NAMES if task.get(name)]
    if len(named) != 1 and (needed or named):
        raise InvalidParameter(f"Task '{key}' must name exactly one of {', '.join(_NAMES)}; got {named}.")
    for field, own in (("environment_key", environments), ("job_cluster_key", clusters)):
        if task.get(field) and task[field] not in own:
            raise InvalidParameter(f"{field} '{task[field]}' of task '{key}' is not one of the job's: {sorted(own)}.")
    if task.get("environment_key") and task.get("libraries"):
        raise InvalidParameter(f"Task '{key}' has an environment_key: its libraries belong into that environment.")
    for entry in task.get("libraries") or []:
        check_dependency(library(entry), f"task '{key}'")


def library(entry: Mapping[str, Any]) -> str:
    """A cluster library as a dependency. Errors: NotEmulated for all but wheels and PyPI packages."""
    if set(entry) == {"whl"}:
        return str(entry["whl"])
    if set(entry) == {"pypi"} and set(entry["pypi"]) == {"package"}:
        return str(entry["pypi"]["package"])
    if set(entry) == {"requirements"}:
        return f"-r {entry['requirements']}"
    raise NotEmulated(f"the library {dict(entry)}: only 'whl', 'requirements' and 'pypi.package'")


def dependencies(settings: Settings, task: Mapping[str, Any]) -> list[str]:
    """Wheel paths and requirements that a task asks for, in the order it names them."""
    if task.get("environment_key"):
        environments = {e["environment_key"]: e for e in settings.get("environments") or []}
        spec = environments[task["environment_key"]].get("spec") or {}
        return list(spec.get("dependencies") or [])
    return [library(entry) for entry in task.get("libraries") or []]


def new_cluster(settings: Mapping[str, Any], task: Mapping[str, Any]) -> Settings | None:
    """The spec of the job cluster that a task runs on, if it does."""
    if task.get("job_cluster_key"):
        clusters = {c["job_cluster_key"]: c for c in settings.get("job_clusters") or []}
        return dict(clusters[task["job_cluster_key"]].get("new_cluster") or {})
    return dict(task["new_cluster"]) if task.get("new_cluster") else None
