"""`brickyard up`: deploy `local`, run its workflows, answer a request. Each step can be interrupted and run again."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from rich.markup import escape

from brickyard.ask import Answer, ask, champion_version
from brickyard.cdktf import run_cdktf
from brickyard.clone import Clone
from brickyard.environment import Names, names_of
from brickyard.errors import BrickyardError, InvalidProject, StaleState
from brickyard.lock import only_one
from brickyard.provider import Provider, ProviderName, choose_provider, remember_settings
from brickyard.screen import Screen
from brickyard.workflow import JobRun, run_workflow
from brickyard_local import process
from brickyard_local.account import WorkspaceSpec, write_private
from brickyard_local.process import ServerInfo
from brickyard_local.provider.install import VERSION
from brickyard_local.spark import jars
from brickyard_stacks.names import ProjectNames

_LEAST_FREE_GIB = 2.0
_NEXT = (
    ("make status", "what exists, what runs, where its logs are"),
    ("BRICKYARD_ENV=local pipenv run cdktf diff local-platform", "what Terraform would change: nothing"),
    ("edit projects/flight_delays/flight_delays/model.py; make up", "train, validate and promote your change"),
    ("make down", "destroy it all by Terraform"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What the closing screen tells."""

    host: str
    provider: Provider
    catalog: str
    projects: list[tuple[ProjectNames, JobRun, Answer]]
    took_s: float


def up(clone: Clone, screen: Screen, *, port: int | None, provider: ProviderName | None) -> None:
    """The whole way from nothing, or from wherever an earlier call stopped, to an answered request."""
    begin = time.monotonic()
    with only_one(clone, "up"):
        names = names_of(clone, "local")
        check_projects(clone, screen, names)
        server, chosen = prepare(clone, screen, port=port, provider=provider)
        client = client_of(clone, server)
        if not _all_have_state(clone, names):
            for warm in (_warm_tracking, _warm_spark):
                threading.Thread(target=warm, args=(client,), daemon=True).start()
        deploy(clone, screen, names)
        ended = [finish(clone, screen, client, project) for project in names.projects]
        summary = Summary(
            host=server.hosts["local"],
            provider=chosen,
            catalog=names.shared.catalog,
            projects=ended,
            took_s=time.monotonic() - begin,
        )
        show_summary(clone, screen, summary)


def prepare(
    clone: Clone, screen: Screen, *, port: int | None, provider: ProviderName | None
) -> tuple[ServerInfo, Provider]:
    """The engine's jars, the running workspace, and the way to the Terraform provider."""
    _check_disk(clone)
    with screen.step("Spark engine") as step:
        jars.ensure(clone.home.cache, step.say)
    with screen.step("Local workspace") as step:
        server = process.start(clone.home, (WorkspaceSpec(name="local", port=port),))
        check_state(clone, server)
        step.done(server.hosts["local"])
    with screen.step("Databricks provider for Terraform") as step:
        chosen = choose_provider(clone, provider)
        remember_settings(clone, chosen)
        step.done(_said_of(chosen))
    return server, chosen


def check_projects(clone: Clone, screen: Screen, names: Names) -> None:
    """Read each workflow block with the code that its job will run. Errors: InvalidProject."""
    with screen.step("Check the projects") as step:
        for project in names.projects:
            step.say(project.project)
            folder = clone.root / "projects" / project.project
            path = os.pathsep.join([str(clone.root / "pipelines"), str(folder)])
            argv = [sys.executable, "-m", "brickyard_pipelines.ml.check", project.project]
            environment = {**os.environ, "PYTHONPATH": path}
            done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                reason = done.stderr.strip() or f"the check ended with status {done.returncode}"
                raise InvalidProject(f"{clone.relative(folder / 'project.yaml')}: {reason}")


def check_state(clone: Clone, server: ServerInfo) -> None:
    """Refuse a Terraform state that describes another account. Errors: StaleState."""
    account = httpx.get(f"{server.hosts['local']}/.well-known/databricks-config").json()["account_id"]
    memory = clone.terraform_state / "account"
    made_for = memory.read_text().strip() if memory.exists() else ""
    if any(clone.terraform_state.glob("*.tfstate")) and made_for != account:
        raise StaleState(
            f"The Terraform state in {clone.relative(clone.terraform_state)} belongs to another local account "
            f"({made_for or 'unknown'}) than {clone.relative(clone.home.root)} has now ({account}). "
            "Remove both with `pipenv run brickyard down --force`, then run `make up`."
        )
    clone.terraform_state.mkdir(parents=True, exist_ok=True)
    write_private(memory, account + "\n")


def deploy(clone: Clone, screen: Screen, names: Names) -> None:
    """Platform and projects; what serves and watches them too, once an earlier `up` has deployed it."""
    os.environ["BRICKYARD_ENV"] = names.shared.environment
    later = {stack for p in names.projects for stack in p.stacks[1:] if not _has_state(clone, stack)}
    stacks = [stack for stack in names.stacks if stack not in later]
    with screen.step(f"Deploy {', '.join(stacks)}") as step:
        step.done(_deploy(clone, stacks, step.say))


def finish(
    clone: Clone, screen: Screen, client: WorkspaceClient, project: ProjectNames
) -> tuple[ProjectNames, JobRun, Answer]:
    """A project's workflow, then what looks at its result: endpoint and monitors; then a request to it."""
    with screen.step(f"Job {project.job}") as step:
        promoted = champion_version(client, project.model) is not None
        run = run_workflow(client, project.job, promoted=promoted, say=step.say)
        step.done(f"run {run.run_id}" if run.fresh else f"run {run.run_id} succeeded before with these settings")
    stacks = project.stacks[1:]
    is_begun = all(_has_state(clone, stack) for stack in stacks)  # of an interrupted call, perhaps not each
    if run.fresh or not is_begun or not _endpoint_exists(client, project.endpoint):
        with screen.step(f"Deploy {', '.join(stacks)}") as step:
            flags = ["--auto-approve", "--skip-synth", "--ignore-missing-stack-dependencies"]
            step.done(run_cdktf(clone, ["deploy", *stacks, *flags], step.say))
    with screen.step(f"Ask {project.endpoint}") as step:
        answer = ask(clone, client, project)
        step.done(f"{answer.took_ms:.0f} ms")
    return project, run, answer


def client_of(clone: Clone, server: ServerInfo) -> WorkspaceClient:
    """The unmodified databricks-sdk client of the local workspace, as its administrator."""
    token = clone.home.token_file.read_text().strip()
    return WorkspaceClient(host=server.hosts["local"], token=token, auth_type="pat")


def _deploy(clone: Clone, stacks: list[str], say: Callable[[str], None]) -> str:
    return run_cdktf(clone, ["deploy", *stacks, "--auto-approve"], say)


def _warm_tracking(client: WorkspaceClient) -> None:
    """Start mlflow's server while cdktf synthesises; a failure is told by Terraform, which asks it first."""
    with contextlib.suppress(DatabricksError):
        next(iter(client.experiments.search_experiments(max_results=1)), None)


def _warm_spark(client: WorkspaceClient) -> None:
    """Start the JVM while Terraform works; a failure is told by the first task that needs Spark."""
    with contextlib.suppress(DatabricksError):
        client.api_client.do("POST", "/api/local/spark/session")


def _all_have_state(clone: Clone, names: Names) -> bool:
    return all(_has_state(clone, stack) for stack in names.stacks)


def _has_state(clone: Clone, stack: str) -> bool:
    return (clone.terraform_state / f"{stack}.tfstate").exists()


def _endpoint_exists(client: WorkspaceClient, name: str) -> bool:
    return any(endpoint.name == name for endpoint in client.serving_endpoints.list())


def _said_of(provider: Provider) -> str:
    if provider.name == "genuine":
        return f"genuine databricks/databricks {VERSION}"
    return "offline (the Terraform registry does not answer): what it shows is verified locally only"


def _check_disk(clone: Clone) -> None:
    free_gib = shutil.disk_usage(clone.root).free / 2**30
    if free_gib < _LEAST_FREE_GIB:
        raise BrickyardError(
            f"{free_gib:.1f} GiB are free on the disk of this clone; the local workspace needs {_LEAST_FREE_GIB:.0f}. "
            "Free some space, then run `make up` again."
        )


def show_summary(clone: Clone, screen: Screen, summary: Summary) -> None:
    """What exists, where it is, and what to type next."""
    say, home = screen.line, clone.home
    say()
    say(
        f"[bold]`local` is up[/bold] after {summary.took_s:.0f} s (verified locally, {summary.provider.name} provider)."
    )
    say(f"  workspace   {summary.host}")
    say(f"  token       {clone.relative(home.token_file)}, profile 'local' in {clone.relative(home.config_file)}")
    say(f"  catalog     {summary.catalog}")
    for project, run, answer in summary.projects:
        say(f"  job         {project.job}, run {run.run_id}, {run.took_s:.0f} s, logs in {clone.relative(home.runs)}")
        say(f"  model       {project.model} version {answer.version} @champion")
        say(f"  endpoint    {project.endpoint} answered {escape(answer.prediction)}")
        say()
        say("[bold]Ask it yourself[/bold] (paste this):")
        screen.console.print(f"  {answer.command}", soft_wrap=True, markup=False)
    say()
    say("[bold]Next[/bold]")
    for command, effect in _NEXT:
        say(f"  {command:<62} {effect}")
    say(f'  (no pipenv of your own? export PATH="$PWD/{clone.relative(clone.state)}/tools/bin:$PATH")')
