"""A task's process: `python -m brickyard_local.jobs.task_main FOLDER`, started by `processes`.

It reads FOLDER/task.json, runs the entry point, script, notebook or SQL, and on failure leaves FOLDER/failure.json.
Only the standard library is imported before the task's own code: that is the start-up time of every task.
"""

import contextlib
import importlib
import runpy
import sys
import traceback
from importlib import metadata
from pathlib import Path
from typing import Any

from brickyard_local.children import exit_with_parent
from brickyard_local.runtime import (
    lazy_spark,
    shared_models,
    task_files,
    volume_files,
    volume_libraries,
    worker_packages,
)
from brickyard_local.runtime.volumes import Volumes

_RUNTIME = Path(lazy_spark.__file__).parent


class EntryPointMissing(Exception):
    """Raised when a wheel does not have the entry point that the task names."""


def main() -> int:
    """Run the task. Exit status: that of the task's code, 1 for an exception."""
    exit_with_parent()
    folder = Path(sys.argv[1])
    task = task_files.read(folder, task_files.TASK)
    lazy_spark.install(task["archives"])
    shared_models.install(Path(task["scratch"]))
    worker_packages.install([*map(Path, task["packages"]), Path(task["scratch"]) / task_files.PACKAGES])
    volumes = Volumes()
    volume_files.install(volumes)
    volume_libraries.install(volumes)
    try:
        return _run(task, folder)
    except SystemExit as stop:
        return _exit_status(folder, stop)
    except BaseException as error:  # noqa: BLE001 - whatever the task's code raises is its failure
        _tell(folder, error)
        return 1


def _run(task: dict[str, Any], folder: Path) -> int:
    match task["kind"]:
        case "script":
            _run_script(task["script"], task["parameters"])
        case "wheel":
            _run_entry_point(task["package_name"], task["entry_point"], task["parameters"])
        case "notebook":
            from brickyard_local.runtime import notebook_main

            return notebook_main.run(task, folder)
        case "sql":
            from brickyard_local.runtime import sql_task

            sql_task.run(task, folder)
    return 0


def _run_script(script: str, parameters: list[str]) -> None:
    sys.argv = [script, *parameters]
    sys.path.insert(0, str(Path(script).parent))
    sys.dont_write_bytecode = True  # the folder is one of the workspace or a volume: it holds what was put there
    runpy.run_path(script, run_name="__main__")


def _run_entry_point(package: str, entry_point: str, parameters: list[str]) -> None:
    """The entry point of the wheel's metadata, else the function of that name in the package, as on Databricks."""
    sys.argv = [entry_point, *parameters]
    function = _from_metadata(package, entry_point) or _from_module(package, entry_point)
    if function is None:
        raise EntryPointMissing(
            f"Python wheel with name {package} could not be found, or it has no entry point '{entry_point}': "
            f"neither [project.scripts] / entry_points of its metadata nor a function {package}.{entry_point}."
        )
    function()


def _from_metadata(package: str, entry_point: str) -> Any:
    with contextlib.suppress(metadata.PackageNotFoundError):
        for found in metadata.distribution(package).entry_points:
            if found.name == entry_point:
                return found.load()
    return None


def _from_module(package: str, entry_point: str) -> Any:
    name = package.replace("-", "_")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        raise
    return getattr(module, entry_point, None)


def _exit_status(folder: Path, stop: SystemExit) -> int:
    if stop.code is None or stop.code == 0:
        return 0
    _tell(folder, stop)
    return stop.code if isinstance(stop.code, int) else 1


def _tell(folder: Path, error: BaseException) -> None:
    """The traceback into the log, without our own frames, and as facts for the server."""
    inner = error.__traceback__
    while inner is not None and _is_ours(inner.tb_frame.f_code.co_filename):
        inner = inner.tb_next
    error = error.with_traceback(inner)
    trace = "".join(traceback.format_exception(error))
    sys.stdout.flush()
    sys.stderr.write(trace)
    sys.stderr.flush()
    said = traceback.format_exception_only(error)
    short = said[-1 - len(getattr(error, "__notes__", ()))].strip()
    task_files.write(folder, task_files.FAILURE, {"error": short, "error_trace": trace})


def _is_ours(filename: str) -> bool:
    return filename == __file__ or filename.startswith("<frozen") or Path(filename).parent == _RUNTIME


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)
