"""The environment's settings for what is there: what the workspace tells, and what only a person can say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from brickyard.adopt.inventory import Found, Inventory
from brickyard.errors import CannotAdopt
from brickyard_stacks.settings.catalog import Schemas
from brickyard_stacks.settings.principals import Groups, ServicePrincipals

_HEADER = """# Written by `brickyard adopt {name}` from the workspace {host}.
# ownership: adopt is imported, then ours; create is not there yet; reference stays its owner's.
# extra_access keeps what others may do. Why each key is there: the models in stacks/brickyard_stacks/settings.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What no workspace tells: given on the command line."""

    environment: str
    catalog: str
    stage: str
    cloud: str
    region: str
    auth: Mapping[str, Any]
    groups: Mapping[str, str] = field(default_factory=dict)
    service_principals: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    deployer: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the workspace says beside the inventory: its id, who is signed in, and the direct grants by securable."""

    host: str
    workspace_id: int | None
    me: str
    grants: Mapping[str, Mapping[str, tuple[str, ...]]]


def environment_document(answers: Answers, inventory: Inventory, told: Told) -> dict[str, Any]:
    """The settings as plain data, in the order of the model. Errors: CannotAdopt, for roles nobody holds."""
    workspace: dict[str, Any] = {"name": answers.environment, "auth": dict(answers.auth)}
    if told.workspace_id is not None:
        workspace["id"] = told.workspace_id
    return {
        "name": answers.environment,
        "stage": answers.stage,
        "cloud": answers.cloud,
        "region": answers.region,
        "workspace": workspace,
        "catalog": _catalog(answers, inventory, told),
        "groups": _roles(Groups, answers.groups, inventory, "group"),
        "service_principals": _roles(ServicePrincipals, answers.service_principals, inventory, "service principal"),
        "deployer": answers.deployer or told.me,
        "state": {"backend": "local", "path": ".brickyard/state"},
        "tags": dict(answers.tags),
    }


def as_yaml(document: Mapping[str, Any], *, name: str, host: str) -> str:
    """The file's text."""
    body = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=110)
    return _HEADER.format(name=name, host=host) + body


def _catalog(answers: Answers, inventory: Inventory, told: Told) -> dict[str, Any]:
    found = inventory.named("catalog", answers.catalog)
    if not found:
        why = "; ".join(str(u) for u in inventory.unseen if u.kind == "catalog") or "there is none"
        raise CannotAdopt(
            f"The catalog '{answers.catalog}' cannot be read: {why}. "
            f"Name another one with --catalog, or let its owner run: GRANT MANAGE, USE CATALOG ON CATALOG "
            f"`{answers.catalog}` TO `{told.me}`;"
        )
    facts = found[0].facts
    document: dict[str, Any] = {"name": answers.catalog, "ownership": "adopt"}
    document["isolation"] = "OPEN" if facts.get("isolation_mode") == "OPEN" else "ISOLATED"
    if facts.get("storage_root"):
        document["storage_root"] = facts["storage_root"]
    if document["isolation"] == "ISOLATED" and (bindings := _bindings(inventory, told)):
        document["bindings"] = bindings
    document["extra_access"] = _extra(told, answers.catalog)
    document["schemas"] = {name: _schema(answers.catalog, name, inventory, told) for name in Schemas.model_fields}
    return document


def _bindings(inventory: Inventory, told: Told) -> list[dict[str, Any]]:
    """Those of other workspaces; Databricks binds the catalog's own."""
    bindings = []
    for binding in inventory.of("workspace binding"):
        if binding.facts["workspace_id"] != told.workspace_id:
            read_only = binding.facts.get("binding_type") == "BINDING_TYPE_READ_ONLY"
            access = "read_only" if read_only else "read_write"
            bindings.append({"workspace_id": binding.facts["workspace_id"], "access": access})
    return bindings


def _schema(catalog: str, name: str, inventory: Inventory, told: Told) -> dict[str, Any]:
    full_name = f"{catalog}.{name}"
    if not inventory.named("schema", full_name):
        return {"ownership": "create"}
    return {"ownership": "adopt", "extra_access": _extra(told, full_name)}


def _extra(told: Told, securable: str) -> dict[str, list[str]]:
    return {principal: list(privileges) for principal, privileges in sorted(told.grants.get(securable, {}).items())}


def _roles(model: type[Any], given: Mapping[str, str], inventory: Inventory, kind: str) -> dict[str, Any]:
    """Who holds a role is a decision; a guess by name could give the wrong people rights in production."""
    roles = list(model.model_fields)
    flag = f"--{kind.replace(' ', '-')}"
    missing, unknown = [role for role in roles if role not in given], [role for role in given if role not in roles]
    if missing or unknown:
        there = ", ".join(sorted(found.name for found in inventory.of(kind))) or "none that can be seen"
        asked = " ".join(f"{flag} {role}=NAME" for role in missing or roles)
        wrong = f"{', '.join(unknown)} is no role of a {kind}. " if unknown else ""
        raise CannotAdopt(f"{wrong}Say who holds each role: {asked}. The workspace has: {there}.")
    return {role: _role(given[role], inventory, kind) for role in roles}


def _role(name: str, inventory: Inventory, kind: str) -> dict[str, Any]:
    found: tuple[Found, ...] = inventory.named(kind, name)
    if kind == "service principal":
        found = found or tuple(f for f in inventory.of(kind) if f.facts.get("application_id") == name)
    if len(found) != 1:
        there = ", ".join(sorted(f"{f.name} ({f.facts.get('application_id', f.id)})" for f in inventory.of(kind)))
        raise CannotAdopt(
            f"There are {len(found)} objects of kind {kind} named '{name}'; one is needed. There: {there}."
        )
    role = {"name": found[0].name, "ownership": "reference"}
    if kind == "service principal":
        role["application_id"] = found[0].facts["application_id"]
    return role
