"""May who deploys make jobs that run as `run_as`? Where our stacks make that principal, they give the role."""

from collections.abc import Iterator
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError

from brickyard.doctor.finding import Finding, Giver
from brickyard.doctor.preflight import Caller, Preflight
from brickyard.errors import in_one_line

_CHECK = "rights"


def may_run_as(client: WorkspaceClient, caller: Caller, preflight: Preflight) -> Iterator[Finding]:
    """A job that runs as a service principal is made by who may use that principal."""
    run_as = preflight.environment.service_principals.run_as
    if run_as.ownership == "create" or caller.name == run_as.application_id:
        return
    found = run_as.application_id or _application_id(client, run_as.name)
    if found is None:
        said = f"the service principal {run_as.name} (run_as) is not in the workspace"
        text = f"Assign the service principal `{run_as.name}` to the workspace {preflight.environment.workspace.name}."
        yield Finding(
            check=_CHECK,
            status="problem",
            said=said,
            fix="an account administrator assigns it, or ownership: create makes it:",
            giver="account administrator",
            text=text,
        )
        return
    yield _may_use(client, caller, found, run_as.name)


def _application_id(client: WorkspaceClient, name: str) -> str | None:
    try:
        found = list(client.service_principals.list(filter=f'displayName eq "{name}"'))
    except DatabricksError:
        return None
    return str(found[0].application_id) if len(found) == 1 else None


def _may_use(client: WorkspaceClient, caller: Caller, application_id: str, name: str) -> Finding:
    role = "roles/servicePrincipal.user"
    text = f"Give `{caller.name}` the role 'Service principal: User' on the service principal `{name}` "
    text += f"({application_id})."
    giver: Giver = "account administrator"
    try:
        account = _account_id(client)
        path = "/api/2.0/preview/accounts/access-control/rule-sets"
        rule_set = f"accounts/{account}/servicePrincipals/{application_id}/ruleSets/default"
        answer: Any = client.api_client.do("GET", path, query={"name": rule_set, "etag": ""})
    except (DatabricksError, KeyError) as error:
        said = f"whether {caller.name} may let jobs run as {name} cannot be read: {in_one_line(error)[:120]}"
        fix = f"with an administrator's sign-in `--principal {caller.name}` tells; else:"
        return Finding(check=_CHECK, status="warning", said=said, fix=fix, giver=giver, text=text)
    if any(_is_for(rule, caller, role) for rule in answer.get("grant_rules", ())):
        return Finding(check=_CHECK, status="ok", said=f"may let jobs run as {name}")
    return Finding(
        check=_CHECK,
        status="problem",
        said=f"{role} on the service principal {name} is missing: jobs run as it",
        fix="`brickyard bootstrap` gives it with an administrator's sign-in, or who manages that principal does:",
        giver=giver,
        text=text,
    )


def _is_for(rule: dict[str, Any], caller: Caller, role: str) -> bool:
    names = {str(principal).partition("/")[2] for principal in rule.get("principals", ())}
    return rule.get("role") == role and bool(names & caller.principals)


def _account_id(client: WorkspaceClient) -> str:
    if client.config.account_id:
        return str(client.config.account_id)
    answer: Any = client.api_client.do("GET", "/.well-known/databricks-config")
    return str(answer["account_id"])
