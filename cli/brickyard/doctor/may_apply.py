"""May the one who is signed in apply the environment? Every missing right by name, with the text to send."""

from collections.abc import Iterator
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import NotFound, PermissionDenied

from brickyard.doctor.finding import Finding, Giver
from brickyard.doctor.preflight import Caller, Preflight
from brickyard.doctor.rights import SecurableRight, administrator_reasons, entitlement_rights, securable_rights
from brickyard.errors import in_one_line

_CHECK = "rights"
_UNITY = "/api/2.1/unity-catalog"
_PAGE = 1000
# A privilege that holds another one.
_ALL = "ALL_PRIVILEGES"


def may_apply(preflight: Preflight) -> Iterator[Finding]:
    """Privileges, entitlements, and what takes an administrator or the right to act as another."""
    client, caller = preflight.client, preflight.caller
    if client is None or caller is None:
        return
    yield from _securables(client, caller, preflight)
    yield from _workspace_rights(caller, preflight)
    yield from _run_as(client, caller, preflight)


def _securables(client: WorkspaceClient, caller: Caller, preflight: Preflight) -> Iterator[Finding]:
    name = preflight.environment.catalog.name
    there = _document(client, f"{_UNITY}/catalogs/{name}")
    held: dict[tuple[str, str], frozenset[str] | None] = {}
    for right in securable_rights(preflight.environment, catalog_is_there=there is not None):
        place = (right.kind, right.name)
        if place not in held:
            held[place] = _held(client, caller, right)
        yield _finding(right, held[place], caller)
    if there is None and preflight.environment.catalog.ownership != "create":
        said = f"the catalog {name} is not there, or {caller.name} does not see it; the settings do not make it"
        text = f"GRANT USE CATALOG, BROWSE ON CATALOG `{name}` TO `{caller.name}`;"
        yield Finding(
            check=_CHECK,
            status="problem",
            said=said,
            fix="correct catalog.name, or let its owner run:",
            giver="owner of the object",
            text=text,
        )


def _finding(right: SecurableRight, held: frozenset[str] | None, caller: Caller) -> Finding:
    on = right.name or "the metastore"
    if held is not None and held & {right.privilege, _ALL}:
        return Finding(check=_CHECK, status="ok", said=f"{right.privilege} on {on}: {right.because}")
    if held is None:  # Databricks shows grants to those who may manage them, and to nobody else
        said = f"whether {caller.name} has {right.privilege} on {on} cannot be read: {right.because}"
        fix = f"with an administrator's sign-in `--principal {caller.name}` tells; else the {right.giver} runs:"
    else:
        said, fix = f"{right.privilege} on {on} is missing: {right.because}", f"the {right.giver} runs:"
    return Finding(
        check=_CHECK,
        status="warning" if held is None else "problem",
        said=said,
        fix=fix,
        giver=right.giver,
        text=right.statement(caller.name),
    )


def _held(client: WorkspaceClient, caller: Caller, right: SecurableRight) -> frozenset[str] | None:
    """Privileges that reach the caller; an owner holds them all. None where they cannot be read."""
    metastore: Any = client.api_client.do("GET", f"{_UNITY}/metastore_summary")
    name = str(metastore["metastore_id"]) if right.kind == "metastore" else right.name
    owner = metastore.get("owner") if right.kind == "metastore" else _owner(client, right)
    if owner in caller.principals:
        return frozenset({right.privilege, _ALL})
    try:
        return frozenset(_effective(client, right.kind, name, caller.principals))
    except (PermissionDenied, NotFound):
        return None


def _effective(client: WorkspaceClient, kind: str, name: str, principals: frozenset[str]) -> Iterator[str]:
    query: dict[str, Any] = {"max_results": _PAGE}
    while True:
        path = f"{_UNITY}/effective-permissions/{kind}/{name}"
        answer: Any = client.api_client.do("GET", path, query=query)
        for assignment in answer.get("privilege_assignments", ()):
            if assignment["principal"] in principals:
                yield from (str(each["privilege"]).replace(" ", "_") for each in assignment["privileges"])
        if not answer.get("next_page_token"):
            return
        query["page_token"] = answer["next_page_token"]


def _owner(client: WorkspaceClient, right: SecurableRight) -> str | None:
    collection = {"external_location": "external-locations", "storage_credential": "storage-credentials"}
    document = _document(client, f"{_UNITY}/{collection.get(right.kind, right.kind + 's')}/{right.name}")
    return None if document is None else document.get("owner")


def _document(client: WorkspaceClient, path: str) -> dict[str, Any] | None:
    try:
        answer: Any = client.api_client.do("GET", path)
    except (NotFound, PermissionDenied):
        return None
    return dict(answer)


def _workspace_rights(caller: Caller, preflight: Preflight) -> Iterator[Finding]:
    environment = preflight.environment
    where = f"the workspace {environment.workspace.name}"
    for right in entitlement_rights(environment):
        if caller.is_admin or right.value in caller.entitlements:
            yield Finding(check=_CHECK, status="ok", said=f"{right.value}: {right.because}")
            continue
        yield Finding(
            check=_CHECK,
            status="problem",
            said=f"the entitlement {right.value} is missing: {right.because}",
            fix="a workspace administrator gives it:",
            giver="workspace administrator",
            text=right.request(caller.name, where),
        )
    reasons = administrator_reasons(environment)
    if reasons and not caller.is_admin:
        yield Finding(
            check=_CHECK,
            status="problem",
            said=f"{caller.name} does not administer the workspace: {'; '.join(reasons)}",
            fix="a workspace administrator adds it, or makes these objects (ownership: reference then):",
            giver="workspace administrator",
            text=f"Add `{caller.name}` to the group `admins` of {where}. Why: {'; '.join(reasons)}.",
        )


def _run_as(client: WorkspaceClient, caller: Caller, preflight: Preflight) -> Iterator[Finding]:
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
        fix="an account administrator, or who manages that principal, gives it:",
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
