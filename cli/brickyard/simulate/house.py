"""Where a simulation lives: a sandbox of `local` with one project's stacks, made and removed by Terraform."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from databricks.sdk import WorkspaceClient
from rich.console import Console

from brickyard.clone import Clone
from brickyard.errors import InvalidSimulation
from brickyard.sandbox.sandbox import Sandboxes, new, remove
from brickyard.screen import Screen
from brickyard.simulate.months import Plan, of_files, plan
from brickyard.simulate.observe import Columns
from brickyard.terraform import Synthesised, synthesise
from brickyard.up import prepare
from brickyard_stacks.names import EnvironmentNames, ProjectNames
from brickyard_stacks.sandboxes import SANDBOX_VARIABLE
from brickyard_stacks.settings import load_project, project_files

ENVIRONMENT, SANDBOX = "local", "simulation"
_DAYS = 7
# Asked of the project's own code, in a process of its own: it is not this command's to import.
_FACTS = """
import json, sys
from brickyard_pipelines.ml.project import load_project, refer
workflow = load_project(sys.argv[1]).workflow
print(json.dumps({
    "files": [file.name for file in refer(workflow.land)()] if workflow.land else [],
    "key": workflow.features.key,
    "time_key": workflow.features.time_key,
    "label": workflow.labels.column,
    "features": [column.name for column in refer(workflow.features.columns)],
}))
"""


class House:
    """One project's simulation in this clone."""

    def __init__(self, clone: Clone, screen: Screen, project: str | None) -> None:
        self.clone = clone
        self.screen = screen
        self.project = _chosen(clone, project)
        self.folder = clone.state / "simulate" / self.project

    def plan(self, *, months: int, learn: int) -> Plan:
        """The months of the project's source. Errors: InvalidSimulation."""
        return plan(of_files(self._facts["files"]), months=months, learn=learn)

    def columns(self) -> Columns:
        """Of its inference table."""
        facts = self._facts
        named = {name: facts[name] for name in ("key", "time_key", "label")}
        return Columns(**named, features=tuple(facts["features"]))

    def client(self) -> WorkspaceClient:
        """The client of the workspace; models are looked for there, too."""
        client = Sandboxes(self.clone, ENVIRONMENT).client
        token = self.clone.home.token_file.read_text().strip()
        uris = {"MLFLOW_TRACKING_URI": "databricks", "MLFLOW_REGISTRY_URI": "databricks-uc"}
        os.environ |= {"DATABRICKS_HOST": str(client.config.host), "DATABRICKS_TOKEN": token, **uris}
        return client

    @cached_property
    def _facts(self) -> Mapping[str, Any]:
        folders = [self.clone.root / "pipelines", self.clone.root / "projects" / self.project]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
        argv = [sys.executable, "-c", _FACTS, self.project]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise InvalidSimulation(f"{self.project} cannot be read: {done.stderr.strip()[-1000:]}")
        facts: Mapping[str, Any] = json.loads(done.stdout)
        return facts

    def open(self) -> ProjectNames:
        """The workspace, the platform and the project's stack in the sandbox. What is there is left as it is."""
        prepare(self.clone, self.screen, port=None, provider=None)
        sandboxes = Sandboxes(self.clone, ENVIRONMENT)
        platform = EnvironmentNames.of(sandboxes.environment).platform_stack
        if not (self.clone.terraform_state / f"{platform}.tfstate").exists():
            self._apply(synthesise(self.clone, ENVIRONMENT, self.folder / "platform"), platform)
        new(sandboxes, _silent(), name=SANDBOX, days=_DAYS)
        project = next(each for each in sandboxes.projects if each.name == self.project)
        owner = str(sandboxes.client.current_user.me().user_name)
        names = ProjectNames.of(sandboxes.environment, project, sandbox=SANDBOX, deployer=owner)
        self._apply(self._synthesised(), names.project_stack)
        return names

    def watch(self, names: ProjectNames) -> None:
        """The monitor, once there are predictions. Errors: InvalidSimulation when the project has none."""
        if not names.monitored:
            raise InvalidSimulation(
                f"{self.project} has no quality monitor (deployment.monitors in its project.yaml): no drift would be"
                " seen. Add one of its inference table."
            )
        self._apply(self._synthesised(), names.monitoring_stack)

    def close(self) -> None:
        """Destroy the sandbox, with its data, and forget how far it was."""
        prepare(self.clone, self.screen, port=None, provider=None)
        sandboxes = Sandboxes(self.clone, ENVIRONMENT)
        remove(sandboxes, self.screen, name=SANDBOX, yes=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.screen.line("The platform and the workspace stay, for others may use them: `make down` removes all.")

    def _synthesised(self) -> Synthesised:
        return synthesise(self.clone, ENVIRONMENT, self.folder / "sandbox", **{SANDBOX_VARIABLE: SANDBOX})

    def _apply(self, synthesised: Synthesised, stack: str) -> None:
        with self.screen.step(f"Deploy {stack}") as step:
            if not (synthesised.folder / "stacks" / stack / ".terraform").exists():
                synthesised.terraform(stack, "init", "-input=false")
            said = synthesised.terraform(stack, "apply", "-input=false", "-auto-approve")
            step.done(next((line for line in said.splitlines() if line.startswith("Apply complete")), ""))


def _chosen(clone: Clone, project: str | None) -> str:
    """The project that was named, or the only one that has what a simulation runs."""
    known = [each.name for each in map(load_project, project_files(clone.root)) if each.deployment.inference]
    if project is None and len(known) == 1:
        return known[0]
    if project not in known:
        got = f"'{project}' is none" if project else "none was named"
        there = ", ".join(known) or "there is no such project"
        raise InvalidSimulation(
            f"Name a project of this clone whose project.yaml has deployment.inference ({there}); {got}."
        )
    return project


def _silent() -> Screen:
    """What a command says to who called it is not for who simulates."""
    screen = Screen()
    screen.console = Console(file=io.StringIO())
    return screen
