"""Real Terraform on raw HCL against the local workspace, by the offline provider or the genuine one."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard_local.provider.install import VERSION, install
from brickyard_local.pytest_plugin import LocalWorkspace

_ACTIONS = {"replace": ["delete", "create"]}
_NO_ACTIONS = ("import", "noop", "read")
_COLORED = ("apply", "destroy", "import", "init", "plan", "validate")


@dataclass(frozen=True, kw_only=True)
class Terraform:
    """Terraform in one folder, with one provider and one workspace."""

    folder: Path
    cli_config: Path
    workspace: LocalWorkspace
    prefix: str
    variables: Mapping[str, str]

    def run(
        self,
        *arguments: str,
        fails: bool = False,
        environment: Mapping[str, str] | None = None,
        **variables: str,
    ) -> str:
        """One command's output. A command which should fail and does not is a failed test, and so is the reverse."""
        first, *rest = arguments
        command = ["terraform", first, *(["-no-color"] if first in _COLORED else []), *rest]
        surroundings = {**self.surroundings(**variables), **(environment or {})}
        done = subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False)
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, output
        return done.stdout if not fails else output

    def apply(self, **settings: Any) -> str:
        return self.run("apply", "-auto-approve", **settings)

    def applied(self, **variables: str) -> dict[str, list[str]]:
        """Apply; the actions which were planned, as `changes` has them."""
        output = self.run("apply", "-auto-approve", "-json", **variables)
        events = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        planned = [event["change"] for event in events if event["type"] == "planned_change"]
        return {
            change["resource"]["addr"]: _ACTIONS.get(change["action"], [change["action"]])
            for change in planned
            if change["action"] not in _NO_ACTIONS
        }

    def plan(self, **variables: str) -> dict[str, Any]:
        """The plan as JSON."""
        self.run("plan", "-out=plan", **variables)
        plan: dict[str, Any] = json.loads(self.run("show", "-json", "plan"))
        return plan

    def changes(self, **variables: str) -> dict[str, list[str]]:
        """Actions by address; what does not change is left out."""
        return actions(self.plan(**variables))

    def state(self) -> dict[str, dict[str, Any]]:
        """Attributes by address."""
        root = json.loads(self.run("show", "-json")).get("values", {}).get("root_module", {})
        return {resource["address"]: resource["values"] for resource in root.get("resources", [])}

    def import_again(self, **variables: str) -> None:
        """Forget every resource, and import it by its id."""
        known = {address: values["id"] for address, values in self.state().items()}
        managed = {address: known[address] for address in known if not address.startswith("data.")}
        self.run("state", "rm", *managed)
        for address, object_id in managed.items():
            self.run("import", address, object_id, **variables)

    def surroundings(self, **variables: str) -> dict[str, str]:
        """The environment variables that a command of Terraform is given."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        settings = {
            "host": self.workspace.host,
            "token": self.workspace.token,
            "prefix": self.prefix,
            **self.variables,
            **variables,
        }
        return {
            **kept,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(self.cli_config),
            "TF_IN_AUTOMATION": "1",
            **{f"TF_VAR_{name}": value for name, value in settings.items()},
        }


def actions(plan: Mapping[str, Any]) -> dict[str, list[str]]:
    """Actions by address; what does not change is left out."""
    return {
        change["address"]: change["change"]["actions"]
        for change in plan.get("resource_changes", [])
        if change["change"]["actions"] != ["no-op"]
    }


StackFactory = Callable[..., Terraform]


@pytest.fixture(scope="session")
def offline_cli_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline provider, installed once, in folders with a space."""
    root = tmp_path_factory.mktemp("offline provider")
    return install(root / "terraform", root / "cache")


@pytest.fixture(scope="session")
def genuine_cli_config(genuine_mirror: Callable[..., Path]) -> Path:
    """The genuine provider in a mirror of its own, as the version that the offline one has."""
    return genuine_mirror(VERSION)


@pytest.fixture(scope="session")
def stack_folder() -> Path:
    """Every emulated resource once."""
    return Path(__file__).parent / "stack"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StackFactory]:
    """Makes an initialized Terraform folder from HCL; destroys what is left at the end."""
    made: list[Terraform] = []

    def make(hcl: str | Path, *, cli_config: Path, workspace: LocalWorkspace, prefix: str) -> Terraform:
        folder = tmp_path / f"stack {len(made)}"
        if isinstance(hcl, Path):
            shutil.copytree(hcl, folder)
            for shared in hcl.parent.glob("*.tf"):
                shutil.copy(shared, folder)
        else:
            folder.mkdir()
            (folder / "main.tf").write_text(hcl)
        told: Any = workspace.client().api_client.do("GET", "/.well-known/databricks-config")
        other = str(workspace.client(workspace="other").get_workspace_id())
        variables = {"other_workspace_id": other, "account_id": told["account_id"]}
        terraform = Terraform(
            folder=folder, cli_config=cli_config, workspace=workspace, prefix=prefix, variables=variables
        )
        terraform.run("init")
        made.append(terraform)
        return terraform

    yield make
    for terraform in made:
        if terraform.state():
            terraform.run("destroy", "-auto-approve")


_REFERENCE = re.compile(r"\$\{(?:(?P<address>[\w.\[\]\"]+)\.)?(?P<name>\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One folder of `parity`: a configuration, what each step of its life plans, and what it leaves behind."""

    folder: Path
    facts: Mapping[str, Any]

    def filled_in(self, terraform: Terraform, value: Any) -> Any:
        """Text with `${prefix}`, variables and `${address.attribute}` as the state has them, in any document."""
        known, variables = _state_file(terraform), {**terraform.variables, "prefix": terraform.prefix}

        def named(found: re.Match[str]) -> str:
            address, name = found["address"], found["name"]
            return str(known[address][name]) if address else variables[name]

        def fill(item: Any) -> Any:
            if isinstance(item, dict):
                return {key: fill(member) for key, member in item.items()}
            if isinstance(item, list):
                return [fill(member) for member in item]
            return _REFERENCE.sub(named, item) if isinstance(item, str) else item

        return fill(value)

    def drift(self, terraform: Terraform) -> None:
        """Change objects behind Terraform's back."""
        call = terraform.workspace.client().api_client.do
        for method, path, body in self.filled_in(terraform, self.facts.get("drift", [])):
            call(method, path, body=body)

    def objects(self, terraform: Terraform) -> list[tuple[str, Mapping[str, str]]]:
        """Paths and queries which show what the configuration made."""
        found = []
        for text in self.filled_in(terraform, self.facts["objects"]):
            path, _, query = text.partition("?")
            found.append((path, dict(part.split("=", 1) for part in query.split("&")) if query else {}))
        return found

    def forget_and_import(self, terraform: Terraform) -> None:
        """Write `import` blocks for the next plan in place of what the state knows."""
        ids = self.filled_in(terraform, self.facts.get("imports", {}))
        managed = _state_file(terraform)
        skipped = self.facts.get("not_imported", [])
        blocks = [
            f'import {{\n  to = {address}\n  id = "{ids.get(address) or values["id"]}"\n}}\n'
            for address, values in managed.items()
            if address not in skipped
        ]
        terraform.run("state", "rm", *(address for address in managed if address not in skipped))
        (terraform.folder / "imports.tf").write_text("".join(blocks))


def _state_file(terraform: Terraform) -> dict[str, dict[str, Any]]:
    """Attributes of managed resources by address, without another run of Terraform."""
    document = json.loads((terraform.folder / "terraform.tfstate").read_text())
    return {
        f"{resource['type']}.{resource['name']}": resource["instances"][0]["attributes"]
        for resource in document["resources"]
        if resource["mode"] == "managed"
    }


def _scenarios() -> list[Path]:
    return sorted(path.parent for path in (Path(__file__).parent / "parity").glob("*/scenario.yaml"))


@pytest.fixture(params=_scenarios(), ids=lambda folder: folder.name)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """Every configuration of `parity`."""
    return Scenario(folder=request.param, facts=yaml.safe_load((request.param / "scenario.yaml").read_text()))


_LOG_VERSIONS = """
import sys
import mlflow, pandas
from mlflow.models import infer_signature

class Adds(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return (model_input["x"] + 1).tolist()

frame = pandas.DataFrame({"x": [1.0]})
mlflow.set_experiment(sys.argv[2])
for _ in range(2):
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model", python_model=Adds(), signature=infer_signature(frame, [1.0]),
            registered_model_name=sys.argv[1], pip_requirements=[], metadata={"task": "llm/v1/chat"},
        )
"""


@pytest.fixture
def log_versions(tmp_path: Path) -> Callable[[LocalWorkspace, str], None]:
    """Logs versions 1 and 2 of a registered model that says it chats, with the unmodified mlflow client."""
    script = tmp_path / "log_versions.py"
    script.write_text(_LOG_VERSIONS)

    def log(workspace: LocalWorkspace, name: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **workspace.environment()}
        argv = [sys.executable, str(script), name, f"/Shared/{name}-versions"]
        done = subprocess.run(argv, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return log
