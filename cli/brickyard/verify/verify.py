"""All checks of an environment, one after the other, and what they come to."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from databricks.sdk import WorkspaceClient

from brickyard.clone import Clone
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard.verify.jobs import jobs_can_run
from brickyard.verify.serving import serving_answers
from brickyard.verify.unchanged import plans_nothing
from brickyard.verify.verdicts import Check, Held, exit_status
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings import (
    Environment,
    Project,
    environment_file,
    load_environment,
    load_project,
    project_files,
)

_MARKS = {Held.YES: "✓", Held.WAITS: "·", Held.NO: "✗"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the command line says."""

    environment: str
    parts: tuple[str, ...]
    complete: bool
    as_json: bool


def verify(clone: Clone, screen: Screen, asked: Asked) -> int:
    """0 where everything holds, 2 where something does not. Errors: DeployFailed, CannotSignIn, InvalidSettings."""
    checks = list(_checks(clone, screen, asked))
    if asked.as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))
    for check in () if asked.as_json else checks:
        said = f": {check.said}" if check.said else ""
        screen.console.print(f"  {_MARKS[check.held]} {check.what}{said}", markup=False, soft_wrap=True)
    return exit_status(checks, complete=asked.complete)


def _checks(clone: Clone, screen: Screen, asked: Asked) -> Iterator[Check]:
    environment = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": asked.environment}))
    folder = clone.state / "verify" / environment.name
    try:
        yield from plans_nothing(clone, screen, environment.name, asked.parts)
    finally:
        remove([folder])
    if "projects" in asked.parts:
        client = workspace_client(clone, environment)
        for path in project_files(clone.root):
            yield from project_works(client, environment, load_project(path))


def project_works(client: WorkspaceClient, environment: Environment, project: Project) -> Iterator[Check]:
    """Its jobs, aliases and endpoints."""
    names = ProjectNames.of(environment, project)
    yield from jobs_can_run(client, [names.job, *(names.extra_job(name) for name in project.deployment.jobs)])
    yield from serving_answers(client, project, names)
