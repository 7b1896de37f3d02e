"""From a workspace to settings, import blocks, and a plan that only imports; and later: has anybody lost anything?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.adopt.access import load_access, read_access, save_access
from brickyard.adopt.blocks import Proof, find_blocks, prove, write_blocks
from brickyard.adopt.existing import Workspace
from brickyard.adopt.inventory import Inventory, Unseen, read_inventory
from brickyard.adopt.projects import project_documents, project_yaml
from brickyard.adopt.settings import Answers, Told, as_yaml, environment_document
from brickyard.clone import Clone
from brickyard.errors import AccessLost, CannotAdopt
from brickyard.removal import remove
from brickyard.screen import Screen
from brickyard.sign_in import connect, workspace_client
from brickyard.terraform import Synthesised, synthesise
from brickyard_local.account import write_private
from brickyard_stacks.imports import imports_file
from brickyard_stacks.settings import environment_file, load_environment

_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked for: the answers where the settings are to be written, none where they are there."""

    environment: str
    answers: Answers | None
    projects: Mapping[str, Sequence[str]] = field(default_factory=dict)
    replace: bool = False
    plan: bool = True


def adopt(clone: Clone, screen: Screen, request: Request) -> None:
    """Write the settings, note who has access, write and prove the import blocks. Nothing is applied.

    Errors: CannotAdopt, CannotSignIn, InvalidSettings, DeployFailed.
    """
    _refuse_to_overwrite(clone, request)
    client = _client(clone, request)
    with screen.step("Read the workspace") as step:
        inventory = read_inventory(client, _catalog(clone, request))
        access = read_access(client, inventory)
        step.done(f"{sum(map(len, inventory.found.values()))} objects, {len(access.rights)} rights")
    _say_unseen(screen, [*inventory.unseen, *access.unseen])
    with screen.step("Write the settings") as step:
        step.done(", ".join(_write_settings(clone, request, client, inventory)) or "they are there")
        save_access(access, access_file(clone, request.environment))
    file = imports_file(clone.root, request.environment)
    with screen.step("Find what Terraform shall import") as step:
        workspace = Workspace(client=client, inventory=inventory, me=str(client.current_user.me().user_name))
        remove([_folder(clone, request.environment)])
        write_blocks(file, {})
        blocks = find_blocks(workspace, _synthesised(clone, request.environment))
        write_blocks(file, blocks)
        step.done(f"{sum(map(len, blocks.values()))} objects")
    if not request.plan:
        screen.line(f"Not planned (--no-plan): {clone.relative(file)} may still change things; plan before you apply.")
        return
    with screen.step("Plan, and keep what differs as it is") as step:
        proof = prove(blocks, file, lambda: _synthesised(clone, request.environment))
        step.done(f"{proof.imported} imports, nothing is changed or deleted")
    _say_proof(clone, screen, request.environment, proof)


def check(clone: Clone, screen: Screen, environment: str) -> None:
    """Compare who has access now with what `adopt` noted. Errors: AccessLost (exit status 2)."""
    settings = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": environment}))
    client = workspace_client(clone, settings)
    before = load_access(access_file(clone, environment), environment)
    after = read_access(client, read_inventory(client, settings.catalog.name))
    _say_unseen(screen, after.unseen)
    lost, gained = before.lost(after), before.gained(after)
    for right in gained[:_SHOWN]:
        screen.console.print(f"  + {right}", markup=False)
    if lost:
        listed = "\n".join(f"  - {right}" for right in lost)
        raise AccessLost(f"{len(lost)} rights that were there before are gone:\n{listed}")
    screen.line(f"Nobody lost access: {len(before.rights)} rights are still there, {len(gained)} have come.")


def access_file(clone: Clone, environment: str) -> Path:
    """Where `adopt` notes who may do what."""
    return clone.state / "adopt" / f"{environment}.access.json"


def _refuse_to_overwrite(clone: Clone, request: Request) -> None:
    files = [imports_file(clone.root, request.environment)]
    if request.answers is not None:
        files.append(_settings_file(clone, request.environment))
    files.extend(_project_file(clone, name) for name in request.projects)
    there = [clone.relative(file) for file in files if file.exists()]
    if there and not request.replace:
        raise CannotAdopt(
            f"{', '.join(there)} would be overwritten. Look at it, then run the same command with --replace; "
            "with settings that are there already, leave --catalog out and only the imports are written."
        )
    if request.answers is None and not _settings_file(clone, request.environment).exists():
        raise CannotAdopt(
            f"{clone.relative(_settings_file(clone, request.environment))} is not there: give --catalog, --stage, "
            "--cloud and --region, and adopt writes it."
        )


def _client(clone: Clone, request: Request) -> WorkspaceClient:
    if request.answers is None:
        settings = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": request.environment}))
        return workspace_client(clone, settings)
    given = dict(request.answers.auth)
    kind = given.pop("type")
    if kind != "profile":
        given["auth_type"] = kind
    elif "config_file" in given:
        given["config_file"] = str(clone.root / Path(given["config_file"]).expanduser())
    return connect(given, where=f"adopt {request.environment}")


def _catalog(clone: Clone, request: Request) -> str:
    if request.answers is not None:
        return request.answers.catalog
    settings = load_environment(environment_file(clone.root, {"BRICKYARD_ENV": request.environment}))
    return str(settings.catalog.name)


def _write_settings(clone: Clone, request: Request, client: WorkspaceClient, inventory: Inventory) -> list[str]:
    """The files that were written; each is read back by the typed model, so that a wrong one is told at once."""
    written: dict[Path, str] = {}
    if request.answers is not None:
        told = _told(client, inventory)
        document = environment_document(request.answers, inventory, told)
        file = _settings_file(clone, request.environment)
        written[file] = as_yaml(document, name=request.environment, host=told.host)
    for name, project in project_documents(request.projects, inventory).items():
        written[_project_file(clone, name)] = project_yaml(project)
    for file, text in written.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, text)
        file.chmod(0o644)
    if request.answers is not None:
        load_environment(_settings_file(clone, request.environment))
    return [clone.relative(file) for file in written]


def _told(client: WorkspaceClient, inventory: Inventory) -> Told:
    securables = [("catalog", found.name) for found in inventory.of("catalog")]
    securables += [("schema", found.name) for found in inventory.of("schema")]
    return Told(
        host=str(client.config.host),
        workspace_id=_workspace_id(client),
        me=str(client.current_user.me().user_name),
        grants={name: _direct(client, kind, name) for kind, name in securables},
    )


def _workspace_id(client: WorkspaceClient) -> int | None:
    try:
        return int(client.get_workspace_id())
    except (DatabricksError, KeyError, ValueError):
        return None  # an optional key of the settings


def _direct(client: WorkspaceClient, kind: str, name: str) -> dict[str, tuple[str, ...]]:
    answer: Any = client.api_client.do("GET", f"/api/2.1/unity-catalog/permissions/{kind}/{name}")
    listed = answer.get("privilege_assignments", ())
    return {each["principal"]: tuple(sorted(p.replace(" ", "_") for p in each["privileges"])) for each in listed}


def _synthesised(clone: Clone, environment: str) -> Synthesised:
    return synthesise(clone, environment, _folder(clone, environment))


def _folder(clone: Clone, environment: str) -> Path:
    return clone.state / "adopt" / environment


def _settings_file(clone: Clone, environment: str) -> Path:
    return clone.root / "environments" / f"{environment}.yaml"


def _project_file(clone: Clone, name: str) -> Path:
    return clone.root / "projects" / name / "project.yaml"


def _say_unseen(screen: Screen, unseen: Sequence[Unseen]) -> None:
    for each in unseen:
        screen.console.print(f"  not seen: {each}", markup=False, soft_wrap=True)


def _say_proof(clone: Clone, screen: Screen, environment: str, proof: Proof) -> None:
    for stack, blocks in sorted(proof.blocks.items()):
        for block in blocks:
            kept = f", as found: {', '.join(block.keep)}" if block.keep else ""
            by = block.id or "as the settings say"
            screen.console.print(f"  import {stack}: {block.to} ({by}){kept}", markup=False, soft_wrap=True)
    for address in proof.made:
        screen.console.print(f"  not there yet, will be made: {address}", markup=False, soft_wrap=True)
    file = clone.relative(imports_file(clone.root, environment))
    screen.line(f"Nothing is applied. Read {file}, then plan and apply as ever; a line under `keep` that is taken out")
    screen.line(f"lets the code decide. Afterwards: `brickyard adopt {environment} --check` says whether anybody lost.")
