"""May the one who is signed in apply the environment? Every missing right by name, with the text to send."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.platform import NotFound, PermissionDenied

from brickyard.doctor.azure_credentials import credentials_of_azure
from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Caller, Preflight
from brickyard.doctor.rights import (
    EntitlementRight,
    SecurableRight,
    administrator_reasons,
    entitlement_rights,
    entitlements_of_projects,
    project_rights,
    securable_rights,
)
from brickyard.doctor.run_as import may_run_as
from brickyard_stacks.names import EnvironmentNames
from brickyard_stacks.settings import Environment

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
    environment = preflight.environment
    if caller.name in environment.appliers and caller.name != environment.administrator:
        yield from _of_a_project(client, caller, preflight)
    else:
        yield from _securables(client, caller, preflight)
        yield from credentials_of_azure(client, caller, environment)
        yield from _workspace_rights(caller, preflight)
        yield from _folder(client, caller, environment)
    if caller.name != environment.administrator or caller.name == environment.deployer:
        yield from may_run_as(client, caller, preflight)


def _of_a_project(client: WorkspaceClient, caller: Caller, preflight: Preflight) -> Iterator[Finding]:
    """Who applies projects only holds what the platform's stack gives."""
    known: dict[tuple[str, str], frozenset[str] | None] = {}
    for right in project_rights(preflight.environment):
        place = (right.kind, right.name)
        if place not in known:
            known[place] = held(client, caller, right)
        yield finding(_CHECK, right, known[place], caller)
    yield from _entitlements(caller, preflight.environment, entitlements_of_projects())


def _folder(client: WorkspaceClient, caller: Caller, environment: Environment) -> Iterator[Finding]:
    """Outside of homes only administrators make folders."""
    path = EnvironmentNames.of(environment).workspace_folder
    if caller.is_admin or path.startswith(f"/Users/{caller.name}/"):
        return
    if _document(client, f"/api/2.0/workspace/get-status?path={quote(path)}") is None:
        yield Finding(
            check=_CHECK,
            status="problem",
            said=f"the folder {path} is not there, and {caller.name} administers no workspace",
            fix="a workspace administrator makes it, or workspace.folder names one in a home:",
            giver="workspace administrator",
            text=f"Make the folder {path} and give `{caller.name}` CAN_MANAGE on it; nobody else.",
        )


def _securables(client: WorkspaceClient, caller: Caller, preflight: Preflight) -> Iterator[Finding]:
    name = preflight.environment.catalog.name
    there = _document(client, f"{_UNITY}/catalogs/{name}")
    known: dict[tuple[str, str], frozenset[str] | None] = {}
    for right in securable_rights(preflight.environment, catalog_is_there=there is not None):
        place = (right.kind, right.name)
        if place not in known:
            known[place] = held(client, caller, right)
        yield finding(_CHECK, right, known[place], caller)
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


def finding(check: str, right: SecurableRight, there: frozenset[str] | None, caller: Caller) -> Finding:
    """What to say of a right, from the privileges that reach the caller."""
    on = right.name or "the metastore"
    if there is not None and there & {right.privilege, _ALL}:
        return Finding(check=check, status="ok", said=f"{right.privilege} on {on}: {right.because}")
    if there is None:  # Databricks shows grants to those who may manage them, and to nobody else
        said = f"whether {caller.name} has {right.privilege} on {on} cannot be read: {right.because}"
        fix = f"with an administrator's sign-in `--principal {caller.name}` tells; else the {right.giver} runs:"
    else:
        said, fix = f"{right.privilege} on {on} is missing: {right.because}", f"the {right.giver} runs:"
    return Finding(
        check=check,
        status="warning" if there is None else "problem",
        said=said,
        fix=fix,
        giver=right.giver,
        text=right.statement(caller.name),
    )


def holds(client: WorkspaceClient, caller: Caller, right: SecurableRight) -> bool | None:
    """Whether the right reaches the caller; None where that cannot be read."""
    there = held(client, caller, right)
    return None if there is None else bool(there & {right.privilege, _ALL})


def held(client: WorkspaceClient, caller: Caller, right: SecurableRight) -> frozenset[str] | None:
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
    yield from _entitlements(caller, environment, entitlement_rights(environment))
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


def _entitlements(caller: Caller, environment: Environment, rights: Iterable[EntitlementRight]) -> Iterator[Finding]:
    where = f"the workspace {environment.workspace.name}"
    for right in rights:
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
