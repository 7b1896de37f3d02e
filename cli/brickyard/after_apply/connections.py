"""Connect models with their deployment jobs, which Terraform has no field for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import NotFound

from brickyard.clone import Clone
from brickyard.errors import AfterApplyFailed, in_one_line
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard_stacks.after_apply import ConnectDeploymentJob, after_apply_steps
from brickyard_stacks.settings import environment_file, load_environment, load_project, project_files

_MODELS = "/api/2.0/mlflow/unity-catalog/registered-models"
# As `terraform plan -detailed-exitcode` says that something would change.
DRIFT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """A model's job as it is and as it shall be, by ids; empty for none."""

    step: ConnectDeploymentJob
    is_id: str
    shall_id: str

    @property
    def drifts(self) -> bool:
        """Whether the two differ."""
        return self.is_id != self.shall_id

    def __str__(self) -> str:
        there = f"job {self.is_id}" if self.is_id else "no job"
        wanted = f"{self.step.job} (job {self.shall_id})" if self.shall_id else "no job"
        return f"{self.step.model}: {there}" + (f", shall be {wanted}" if self.drifts else "")


def after_apply(clone: Clone, screen: Screen, environment: str, *, check: bool, sandbox: str | None = None) -> int:
    """Do what is left to do, or with `check` say it. Returns 0, or 2 where `check` sees a difference.

    Errors: AfterApplyFailed, CannotSignIn, InvalidSettings, CannotBuildStacks.
    """
    settings = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": environment}))
    projects = [load_project(path) for path in project_files(clone.root)]
    steps = list(after_apply_steps(settings, projects, sandbox=sandbox))
    client = workspace_client(clone, settings)
    connections = list(_connections(client, steps))
    for connection in connections:
        mark = "[yellow]![/yellow]" if connection.drifts else "[green]✓[/green]"
        screen.console.print(f"  {mark} ", end="")
        screen.console.print(str(connection), markup=False, soft_wrap=True)
    drifting = [connection for connection in connections if connection.drifts]
    if check:
        return DRIFT if drifting else 0
    for connection in drifting:
        _connect(client, connection)
    screen.line(f"{len(drifting)} of {len(connections)} connections were made or changed.")
    return 0


def _connections(client: WorkspaceClient, steps: list[ConnectDeploymentJob]) -> Iterator[Connection]:
    for step in steps:
        try:
            answer: Any = client.api_client.do("GET", f"{_MODELS}/get", query={"name": step.model})
        except NotFound as error:
            raise AfterApplyFailed(
                f"The model {step.model} is not there: apply its project's stack first. ({in_one_line(error)})"
            ) from error
        model = answer.get("registered_model", {})
        shall_id = _job_id(client, step.job) if step.job else ""
        yield Connection(step=step, is_id=str(model.get("deployment_job_id") or ""), shall_id=shall_id)


def _job_id(client: WorkspaceClient, name: str) -> str:
    found = [str(job.job_id) for job in client.jobs.list(name=name)]
    if len(found) != 1:
        raise AfterApplyFailed(
            f"There are {len(found)} jobs named '{name}' ({', '.join(found) or 'none'}); Terraform makes exactly "
            "one. Apply its project's stack, and delete what was made by hand."
        )
    return found[0]


def _connect(client: WorkspaceClient, connection: Connection) -> None:
    body = {"name": connection.step.model, "deployment_job_id": connection.shall_id}
    try:
        client.api_client.do("PATCH", f"{_MODELS}/update", body=body)
    except DatabricksError as error:
        raise AfterApplyFailed(
            f"{connection.step.model} cannot be connected with {connection.step.job or 'no job'}: {in_one_line(error)} "
            "It takes MANAGE on the model, and the model's owner needs CAN_MANAGE_RUN on the job."
        ) from error
