"""What each type of process task needs before it starts: its code as files here, its parameters resolved.

Source: docs.databricks.com/jobs/parameters (job parameters win over a task's own of the same name)
"""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from brickyard_local.account import Home
from brickyard_local.callers import Caller
from brickyard_local.jobs import references, settings, wheels
from brickyard_local.jobs.needs import Files
from brickyard_local.jobs.process_checks import in_tree
from brickyard_local.jobs.requirement_files import read_requirements

Block = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """`task` is what the process reads; `libraries` are its wheels; `missing` must be installed from an index."""

    task: dict[str, Any]
    libraries: Sequence[wheels.Library]
    missing: Sequence[wheels.Missing]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What is prepared, and for whom. `pinned` are wheels as they were when the run began, by path."""

    task: Block
    settings: dict[str, Any]
    caller: Caller
    context: references.Context
    job_parameters: Mapping[str, str]
    pinned: Mapping[str, str]


class Preparation:
    """Prepares tasks. Errors of `prepare`: ApiError for a bad reference or a missing file, CannotInstall."""

    def __init__(self, request: Request, *, home: Home, files: Files) -> None:
        self._request = request
        self._wheels = wheels.cache_of(home.cache)
        self._files = files

    def prepare(self) -> Prepared:
        """Everything that can be said before the process starts."""
        kind = settings.task_type(self._request.task)
        task = _OF[kind](self, self._request.task[kind])
        found = settings.dependencies(self._request.settings, self._request.task)
        paths, requirements = self._dependencies(found)
        libraries = [self._wheel(path) for path in paths]
        missing = wheels.missing(libraries, requirements, platform.python_version())
        task["archives"] = [str(library.archive) for library in libraries]
        return Prepared(task=task, libraries=libraries, missing=missing)

    def _dependencies(self, found: Sequence[str]) -> tuple[list[str], list[str]]:
        """Paths of wheels, and requirements; lists of requirements (`-r /Volumes/…`) are read."""
        paths: list[str] = []
        requirements: list[str] = []
        for text in found:
            inner = read_requirements(text, self._local(text[3:].strip())) if text.startswith("-r ") else [text]
            for each in inner:
                (paths if each.startswith("/") else requirements).append(each)
        return paths, requirements

    def _wheel(self, path: str) -> wheels.Library:
        pinned = self._request.pinned.get(path)
        known = wheels.pinned(PurePosixPath(path).name, pinned, self._wheels) if pinned else None
        return known or wheels.unpack(self._local(path), self._wheels)

    def _local(self, path: str) -> Path:
        return self._files.local_path(self._request.caller, path, write=False)

    def _resolve(self, text: Any) -> str:
        return references.resolve(str(text), self._request.context)

    def _wheel_task(self, block: Block) -> dict[str, Any]:
        named = {**(block.get("named_parameters") or {})}
        if named:
            named |= self._request.job_parameters
        parameters = [f"--{key}={value}" for key, value in named.items()] or block.get("parameters") or []
        return {
            "kind": "wheel",
            "package_name": block["package_name"],
            "entry_point": block["entry_point"],
            "parameters": [self._resolve(text) for text in parameters],
        }

    def _script_task(self, block: Block) -> dict[str, Any]:
        parameters = [self._resolve(text) for text in block.get("parameters") or []]
        return {"kind": "script", "script": str(self._local(in_tree(block["python_file"]))), "parameters": parameters}

    def _notebook_task(self, block: Block) -> dict[str, Any]:
        path = "/" + block["notebook_path"].removeprefix("/Workspace/").lstrip("/")
        parameters = {**(block.get("base_parameters") or {}), **self._request.job_parameters}
        return {
            "kind": "notebook",
            "notebook": path,
            "notebook_folder": str(self._local("/Workspace" + path).parent),
            "parameters": {name: self._resolve(value) for name, value in parameters.items()},
        }

    def _sql_task(self, block: Block) -> dict[str, Any]:
        parameters = {**self._request.job_parameters, **(block.get("parameters") or {})}
        task: dict[str, Any] = {
            "kind": "sql",
            "warehouse_id": block["warehouse_id"],
            "parameters": {name: self._resolve(value) for name, value in parameters.items()},
        }
        if block.get("query"):
            return task | {"query_id": block["query"]["query_id"]}
        if block.get("alert"):
            return task | {"alert_id": block["alert"]["alert_id"]}
        path = in_tree(block["file"]["path"])
        return task | {"text": self._local(path).read_text(encoding="utf-8"), "path": path}


_OF: Mapping[str, Callable[[Preparation, Block], dict[str, Any]]] = {
    "python_wheel_task": Preparation._wheel_task,  # noqa: SLF001 - one table of the class's own
    "spark_python_task": Preparation._script_task,  # noqa: SLF001
    "notebook_task": Preparation._notebook_task,  # noqa: SLF001
    "sql_task": Preparation._sql_task,  # noqa: SLF001
}
