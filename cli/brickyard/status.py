"""`brickyard status`: what is deployed, what runs, where it answers."""

import json
from dataclasses import dataclass
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from rich.markup import escape

from brickyard.clone import Clone
from brickyard.environment import names_of
from brickyard.errors import StaleState
from brickyard.screen import Screen
from brickyard.up import client_of
from brickyard_local import process
from brickyard_stacks.names import ProjectNames


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """Facts for people and, as JSON, for programs."""

    workspace: dict[str, Any]
    provider: str | None
    stacks: dict[str, int]
    projects: list[dict[str, Any]]

    def as_json(self) -> str:
        """Keys: workspace {running, host, hosts, token_file, config_file, log_file}, provider, stacks, projects."""
        facts = {"workspace": self.workspace, "provider": self.provider, "stacks": self.stacks}
        return json.dumps({**facts, "projects": self.projects}, indent=2)


def read_status(clone: Clone) -> Status:
    """What is there now; nothing is started."""
    server = process.running(clone.home)
    workspace = {
        "running": server is not None,
        "host": server.hosts.get("local") if server else None,
        "hosts": dict(server.hosts) if server else {},
        "token_file": str(clone.home.token_file),
        "config_file": str(clone.home.config_file),
        "log_file": str(clone.home.logs / "server.log"),
        "pid": server.pid if server else None,
    }
    memory = clone.terraform / "provider"
    projects: list[dict[str, Any]] = []
    if server is not None and "local" in server.hosts:
        client = client_of(clone, server)
        projects = [_project(client, project) for project in names_of(clone, "local").projects]
    return Status(
        workspace=workspace,
        provider=memory.read_text().strip() if memory.exists() else None,
        stacks=_stacks(clone),
        projects=projects,
    )


def _stacks(clone: Clone) -> dict[str, int]:
    """Managed resources in the state of each stack. Errors: StaleState."""
    found = {}
    for file in sorted(clone.terraform_state.glob("*.tfstate")):
        try:
            resources = json.loads(file.read_text()).get("resources", [])
        except ValueError as error:  # Terraform was killed while it wrote
            raise StaleState(
                f"The Terraform state {clone.relative(file)} cannot be read ({error}). Put {file.name}.backup "
                "beside it in its place, or remove everything with `pipenv run brickyard down --force`."
            ) from error
        found[file.stem] = sum(len(r["instances"]) for r in resources if r["mode"] == "managed")
    return found


def _project(client: WorkspaceClient, names: ProjectNames) -> dict[str, Any]:
    facts: dict[str, Any] = {"project": names.project, "model": names.model, "champion": None, "endpoint": None}
    try:
        model = client.registered_models.get(names.model, include_aliases=True)
        aliases = {alias.alias_name: alias.version_num for alias in model.aliases or []}
        facts["champion"] = aliases.get("champion")
    except DatabricksError:
        return facts
    for endpoint in client.serving_endpoints.list():
        if endpoint.name == names.endpoint and endpoint.state is not None:
            url = f"{client.config.host}/serving-endpoints/{endpoint.name}/invocations"
            facts["endpoint"] = {"name": endpoint.name, "url": url, "state": endpoint.state.as_dict()}
    for job in client.jobs.list(name=names.job):
        runs = list(client.jobs.list_runs(job_id=job.job_id, limit=1))
        last = runs[0] if runs else None
        state = last.state.as_dict() if last is not None and last.state is not None else None
        facts["job"] = {
            "name": names.job,
            "job_id": job.job_id,
            "last_run": last.run_id if last else None,
            "state": state,
        }
    return facts


def show(status: Status, screen: Screen) -> None:
    """The same for a person."""
    where = status.workspace
    running = f"[green]running[/green]{_at(where)}" if where["running"] else "[yellow]not running[/yellow]"
    screen.line(f"Local workspace  {running}")
    for name, host in where["hosts"].items():
        if name != "local":
            screen.line(f"  also           {name} at {host}")
    screen.line(f"  token file     {escape(where['token_file'])}")
    screen.line(f"  log            {escape(where['log_file'])}")
    screen.line(f"Provider         {status.provider or 'not chosen yet'}")
    for stack, count in status.stacks.items():
        screen.line(f"Stack            {stack}: {count} resources")
    if not status.stacks:
        screen.line("Stacks           none; `make up` deploys them")
    for project in status.projects:
        screen.line(f"Project          {project['project']}: model {project['model']}, champion {project['champion']}")
        if project.get("job"):
            state = project["job"]["state"] or {}
            result = state.get("result_state") or state.get("life_cycle_state") or "never ran"
            screen.line(f"  job            {project['job']['name']}, last run {project['job']['last_run']}: {result}")
        if project["endpoint"]:
            ready = project["endpoint"]["state"].get("ready")
            screen.line(f"  endpoint       {project['endpoint']['url']} ({ready})")


def _at(workspace: dict[str, Any]) -> str:
    return f" at {workspace['host']}" if workspace["host"] else ", without a workspace named 'local'"
