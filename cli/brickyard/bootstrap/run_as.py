"""The deployer's role on a `run_as` that others own: added to the roles that are there, which all stay.

Terraform knows rule sets as a whole only, so that a stack would take the roles of everybody else.
Source: docs.databricks.com/aws/en/security/auth/access-control/service-principal-acl
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.bootstrap.identities import APPLICATION_ID
from brickyard.bootstrap.step import Step
from brickyard.errors import CannotBootstrap, in_one_line
from brickyard_stacks.settings import Environment

_PATH = "/api/2.0/preview/accounts/access-control/rule-sets"
_USER = "roles/servicePrincipal.user"


def run_as_roles(client: WorkspaceClient, environment: Environment) -> Iterator[Step]:
    """A step for each deployer where `run_as` is somebody else's. Errors: DatabricksError."""
    if environment.service_principals.run_as.ownership == "create":
        return
    of_projects = (each.deployer for each in environment.deployers.values())
    for deployer in dict.fromkeys((environment.deployer, *of_projects)):
        yield from _role(client, environment, deployer)


def _role(client: WorkspaceClient, environment: Environment, deployer: str) -> Iterator[Step]:
    run_as = environment.service_principals.run_as
    what = f"{deployer} may let jobs run as {run_as.name} ({_USER})"
    found = run_as.application_id or _application_id(client, run_as.name)
    if found is None or deployer == found:
        call = f"assign {run_as.name} to the workspace, then run bootstrap again"
        yield Step(what=what, call=call, done=deployer == found, by_hand=deployer != found)
        return
    try:
        rule_set = _rule_set(client, environment, found)
    except DatabricksError as error:
        call = f"its roles cannot be read ({in_one_line(error)[:120]}): an account administrator gives {_USER}"
        yield Step(what=what, call=call, by_hand=True)
        return
    yield Step(
        what=what,
        call=f"PUT {_PATH} name={rule_set['name']} + {deployer}",
        done=_holder(client, deployer) in _users(rule_set),
        make=partial(_give, client, rule_set["name"], deployer),
    )


def _holder(client: WorkspaceClient, deployer: str) -> str | None:
    """As rules name it; None for a service principal that is called by a name, and not there yet."""
    if "@" in deployer:
        return f"users/{deployer}"
    known = deployer if APPLICATION_ID.fullmatch(deployer) else _application_id(client, deployer)
    return None if known is None else f"servicePrincipals/{known}"


def _users(rule_set: Any) -> list[str]:
    rules = rule_set.get("grant_rules", ())
    return [principal for rule in rules if rule["role"] == _USER for principal in rule["principals"]]


def _application_id(client: WorkspaceClient, name: str) -> str | None:
    found = list(client.service_principals.list(filter=f'displayName eq "{name}"'))
    return str(found[0].application_id) if len(found) == 1 else None


def _rule_set(client: WorkspaceClient, environment: Environment, application_id: str) -> Any:
    account = environment.account_id or client.config.account_id
    if not account:
        told: Any = client.api_client.do("GET", "/.well-known/databricks-config")
        account = told["account_id"]
    return _read(client, f"accounts/{account}/servicePrincipals/{application_id}/ruleSets/default")


def _read(client: WorkspaceClient, name: str) -> Any:
    return client.api_client.do("GET", _PATH, query={"name": name, "etag": ""})


def _give(client: WorkspaceClient, name: str, deployer: str) -> str:
    """Read again, so that the etag is of what is changed. Errors: CannotBootstrap, DatabricksError."""
    holder = _holder(client, deployer)
    if holder is None:
        raise CannotBootstrap(f"deployer: there is no single service principal called {deployer} yet")
    now = _read(client, name)
    rules = {rule["role"]: list(rule["principals"]) for rule in now.get("grant_rules", ())}
    rules[_USER] = [*rules.get(_USER, ()), holder]
    written = [{"role": role, "principals": principals} for role, principals in rules.items()]
    body = {"name": name, "rule_set": {"name": name, "etag": now["etag"], "grant_rules": written}}
    client.api_client.do("PUT", _PATH, body=body)
    return ""
