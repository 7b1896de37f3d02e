"""Who is signed in, how, and is it who the settings say deploys?"""

from collections.abc import Iterator

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.service.iam import ServicePrincipal, User

from brickyard.doctor.finding import Finding
from brickyard.doctor.preflight import Caller, Preflight
from brickyard.errors import UnknownPrincipal

_CHECK = "sign-in"


def who_am_i(client: WorkspaceClient) -> Caller:
    """Errors: DatabricksError, OSError, TimeoutError."""
    me = client.current_user.me()
    return Caller(
        name=str(me.user_name),
        groups=frozenset(str(group.display) for group in me.groups or [] if group.display),
        entitlements=frozenset(str(entitlement.value) for entitlement in me.entitlements or []),
    )


def who_is(client: WorkspaceClient, name: str) -> Caller:
    """Another principal, as an administrator sees it: a user's name or an application id. Errors: UnknownPrincipal."""
    users: list[User | ServicePrincipal] = [*client.users.list(filter=f'userName eq "{name}"')]
    found = users or [*client.service_principals.list(filter=f'applicationId eq "{name}"')]
    if len(found) != 1:
        raise UnknownPrincipal(
            f"The workspace has {len(found)} principals named '{name}'; one is needed: a user's name or an "
            "application id."
        )
    return Caller(
        name=name,
        groups=frozenset(str(group.display) for group in found[0].groups or [] if group.display),
        entitlements=frozenset(str(entitlement.value) for entitlement in found[0].entitlements or []),
    )


def identity(preflight: Preflight) -> Iterator[Finding]:
    """Name, kind of sign-in, workspace."""
    client, caller, environment = preflight.client, preflight.caller, preflight.environment
    if client is None or caller is None:
        return  # said already, where the sign-in failed
    kind = client.config.auth_type
    admin = ", administers the workspace" if caller.is_admin else ""
    yield Finding(check=_CHECK, status="ok", said=f"{caller.name} by {kind} at {client.config.host}{admin}")
    if kind == "pat" and environment.stage in ("staging", "prod"):
        fix = "sign in by federation (azure-devops-oidc, github-oidc) or by a login: workspace.auth.type"
        yield Finding(check=_CHECK, status="warning", said="a personal access token is a long-lived secret", fix=fix)
    if caller.name not in environment.appliers:
        said = f"the settings say {' and '.join(environment.appliers)} deploys; rights below are those of {caller.name}"
        fix = "run doctor as the deployer as well, or correct `deployer`"
        yield Finding(check=_CHECK, status="warning", said=said, fix=fix)
    yield from _workspace(client, preflight)


def _workspace(client: WorkspaceClient, preflight: Preflight) -> Iterator[Finding]:
    expected = preflight.environment.workspace.id
    if expected is None:
        return
    try:
        there = int(client.get_workspace_id())
    except (DatabricksError, KeyError, ValueError) as error:
        said = f"the workspace does not say its id: {error}"
        yield Finding(check=_CHECK, status="warning", said=said, fix="look at ?o= in its address")
        return
    if there != expected:
        said = f"this sign-in leads to workspace {there}, the settings say {expected}"
        yield Finding(check=_CHECK, status="problem", said=said, fix="correct workspace.id or workspace.auth")
