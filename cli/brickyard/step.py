"""`brickyard step`: one step of a project in this shell, with this clone's code, on the local workspace.

Its arguments are those that the deployed job gives its task; those typed here come after them, and count.
"""

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from brickyard.clone import Clone
from brickyard.errors import NoSuchStep, NotUp
from brickyard.screen import Screen

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import Task

_LOCAL = "local"
# A sign-in or a profile beside ours would send mlflow, or Spark, to the workspace that it is of.
_ELSEWHERE = ("DATABRICKS_", "MLFLOW_", "SPARK_", "ARM_", "GOOGLE_")
_LATER = "{{"  # a reference that only a run of the job can resolve


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A task of ours as a job of a project has it: its key, the wheel's entry point, and what it is told."""

    project: str
    job: str
    key: str
    entry_point: str
    arguments: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The task, the project, and arguments for the step."""
    parser.add_argument("--project", metavar="PROJECT", help="which, where several have a task of that name")
    parser.add_argument("--job", metavar="JOB", help="whose arguments, where the project's jobs give different ones")
    parser.add_argument("task", metavar="TASK", help="its key in a job, such as monitor")
    parser.add_argument("arguments", metavar="…", nargs=argparse.REMAINDER, help="for the step, after the task's own")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, clone: Clone, screen: Screen) -> int:
    """The step's exit status. Errors: NotUp, NoSuchStep, CannotSignIn."""
    from brickyard.environment import names_of
    from brickyard.sign_in import workspace_client
    from brickyard_local import process
    from brickyard_stacks.settings import environment_file, load_environment

    if process.running(clone.home) is None:
        raise NotUp("The local workspace does not run. Start it: `pipenv run brickyard start`.")
    client = workspace_client(clone, load_environment(environment_file(clone.root, {"BRICKYARD_ENV": _LOCAL})))
    known = {each.project: each.project_stack for each in names_of(clone, _LOCAL).projects}
    functions = scripts(clone.root)
    ours = [step for step in steps_of(client, known) if step.entry_point in functions]
    step = chosen(ours, options.task, project=options.project or _project_in(options.arguments), job=options.job)
    argv = [*step.arguments, *options.arguments]
    screen.line(f"{step.entry_point} {' '.join(argv)}")
    command = [sys.executable, "-m", "brickyard_local.runtime.shell", functions[step.entry_point], *argv]
    return subprocess.run(command, env=environment(clone, client, os.environ), check=False).returncode


def _project_in(arguments: Sequence[str]) -> str | None:
    """The project that the step itself is told.

    >>> _project_in(["--land-until", "2013-07-01", "--project", "p"])
    'p'
    """
    told = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    told.add_argument("--project")
    project: str | None = told.parse_known_args(arguments)[0].project
    return project


def steps_of(client: "WorkspaceClient", projects: Mapping[str, str]) -> list[Step]:
    """The tasks of the projects' jobs that run a wheel; `projects` are their stacks' names by project."""
    found: list[Step] = []
    for listed in client.jobs.list():
        name = (listed.settings.name if listed.settings else None) or ""
        owners = [project for project, stack in projects.items() if _is_of(name, stack)]
        if owners and listed.job_id is not None:
            owner = max(owners, key=lambda project: len(projects[project]))
            settings = client.jobs.get(listed.job_id).settings
            found += [
                each for task in (settings.tasks if settings else None) or [] for each in _step(owner, name, task)
            ]
    return found


def _is_of(job: str, stack: str) -> bool:
    return job == stack or job.startswith(f"{stack}-")


def _step(project: str, job: str, task: "Task") -> Iterator[Step]:
    wheel = task.python_wheel_task
    if wheel is not None and wheel.entry_point:
        given = tuple(_resolved(wheel.parameters or []))
        yield Step(project=project, job=job, key=task.task_key, entry_point=wheel.entry_point, arguments=given)


def _resolved(parameters: Sequence[str]) -> Iterator[str]:
    """Without flags whose value only a run knows.

    >>> list(_resolved(["--project", "p", "--job-run-id", "{{job.run_id}}", "--model-version={{tasks.t.values.v}}"]))
    ['--project', 'p']
    """
    for at, word in enumerate(parameters):
        following = parameters[at + 1] if at + 1 < len(parameters) else ""
        if _LATER not in word and not (word.startswith("--") and _LATER in following):
            yield word


def chosen(steps: Sequence[Step], task: str, *, project: str | None = None, job: str | None = None) -> Step:
    """The one step of that name; of jobs that tell it the same, any. Errors: NoSuchStep, with those that there are."""
    there = [step for step in steps if project in (None, step.project) and job in (None, step.job)]
    named = [step for step in there if step.key == task]
    if not named:
        among = "".join(f" of {what} {name}" for what, name in (("project", project), ("job", job)) if name)
        keys = ", ".join(sorted({step.key for step in there})) or "none"
        raise NoSuchStep(
            f"No task{among} is called '{task}' and runs our wheel. There are: {keys}. `make up` deploys them."
        )
    if len({(step.project, step.arguments) for step in named}) > 1:
        which = ", ".join(f"--project {step.project} --job {step.job}" for step in named)
        raise NoSuchStep(f"{len(named)} tasks are called '{task}', and are told different things. Name one: {which}.")
    return named[0]


def scripts(root: Path) -> dict[str, str]:
    """Functions by entry point, as module:function."""
    document = tomllib.loads((root / "pipelines" / "pyproject.toml").read_text())
    found: dict[str, str] = document["project"]["scripts"]
    return found


def environment(clone: Clone, client: "WorkspaceClient", inherited: Mapping[str, str]) -> dict[str, str]:
    """This shell's variables but those that lead elsewhere, the workspace, and this clone's code before any other."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_ELSEWHERE)}
    return {
        **kept,
        "DATABRICKS_HOST": str(client.config.host),
        "DATABRICKS_TOKEN": clone.home.token_file.read_text().strip(),
        "MLFLOW_TRACKING_URI": "databricks",
        "MLFLOW_REGISTRY_URI": "databricks-uc",
        "PYTHONPATH": code_path(clone, inherited),
        **_way_to_databases(client),
    }


def _way_to_databases(client: "WorkspaceClient") -> dict[str, str]:
    """Where database instances are reached, in libpq's names; nothing without one."""
    found = cast("dict[str, dict[str, str]]", client.api_client.do("GET", "/api/local/databases"))
    return found["environment"]


def code_path(clone: Clone, inherited: Mapping[str, str]) -> str:
    """PYTHONPATH by which the pipelines and the projects of this clone are imported, before what this shell has."""
    from brickyard_stacks.settings import project_files

    folders = [clone.root / "pipelines", *(file.parent for file in project_files(clone.root))]
    return os.pathsep.join([*map(str, folders), *filter(None, [inherited.get("PYTHONPATH")])])
