"""The principals that plan and apply, and whose tokens sign in as them, so that they need no secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import NotFound

from brickyard.bootstrap.step import Step
from brickyard.errors import CannotBootstrap, in_one_line
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.principals import issuers_audience

APPLICATION_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Whose tokens sign in: the issuer, and the subject of each pipeline; none where people sign in themselves."""

    issuer: str | None = None
    plan_subject: str | None = None
    apply_subject: str | None = None
    audience: str | None = None


def identities(client: WorkspaceClient, environment: Environment, trust: Trust) -> Iterator[Step]:
    """The plan's and the deployer's, then their federation. Errors: CannotBootstrap."""
    plan = environment.service_principals.plan
    if plan.ownership == "reference":
        yield from _principal(client, plan.application_id or plan.name, "plan", "service_principals.plan")
        yield from _federation(client, plan.application_id or plan.name, trust, trust.plan_subject)
    else:
        yield Step(what=f"service principal {plan.name} (plan)", call="Terraform makes it: platform stack", done=True)
    yield from _applier(client, environment.deployer, "deployer")
    if "@" not in environment.deployer:
        yield from _federation(client, environment.deployer, trust, trust.apply_subject)
    if environment.platform is not None:  # another pipeline's, which is not told here: its federation is the account's
        yield from _applier(client, environment.platform.deployer, "platform.deployer")
    for project, applier in environment.deployers.items():  # and each project's own
        yield from _applier(client, applier.deployer, f"deployers.{project}.deployer")


def _applier(client: WorkspaceClient, name: str, key: str) -> Iterator[Step]:
    if "@" in name:
        done = any(client.users.list(filter=f'userName eq "{name}"'))
        call = f"an account administrator assigns {name} to the workspace"
        yield Step(what=f"user {name} ({key})", call=call, done=done, by_hand=not done)
        return
    yield from _principal(client, name, key, key)


def _principal(client: WorkspaceClient, name: str, role: str, key: str) -> Iterator[Step]:
    """By its application id it must be there; by a name it is made, and the settings learn its id."""
    found = _found(client, name)
    if APPLICATION_ID.fullmatch(name) and found is None:
        raise CannotBootstrap(
            f"{key}: no service principal of the workspace has the application id {name}. Assign it to the workspace, "
            "or write a name in its place: bootstrap makes a principal of that name and tells its id."
        )
    yield Step(
        what=f"service principal {name} ({role})",
        call=f"POST /api/2.0/preview/scim/v2/ServicePrincipals displayName={name}",
        done=found is not None,
        make=partial(_make, client, name, key),
    )


def _make(client: WorkspaceClient, name: str, key: str) -> str:
    made = client.service_principals.create(display_name=name, active=True)
    what = key if key.endswith("deployer") else f"{key}.application_id"
    return f"write into the environment: {what}: {made.application_id}"


def _found(client: WorkspaceClient, name: str) -> dict[str, Any] | None:
    attribute = "applicationId" if APPLICATION_ID.fullmatch(name) else "displayName"
    found = list(client.service_principals.list(filter=f'{attribute} eq "{name}"'))
    if len(found) > 1:
        ids = ", ".join(str(each.application_id) for each in found)
        raise CannotBootstrap(f"{len(found)} service principals are named '{name}': say which by its id: {ids}.")
    return found[0].as_dict() if found else None


def _federation(client: WorkspaceClient, name: str, trust: Trust, subject: str | None) -> Iterator[Step]:
    if trust.issuer is None or subject is None:
        return
    policy: dict[str, Any] = {"issuer": trust.issuer, "subject": subject}
    audience = trust.audience or issuers_audience(trust.issuer)
    if audience is not None:
        policy["audiences"] = [audience]
    yield Step(
        what=f"tokens of {trust.issuer} for {subject} sign in as {name}",
        call=f"POST /api/2.0/accounts/ACCOUNT/servicePrincipals/ID/federationPolicies {policy}",
        done=_is_trusted(client, name, policy),
        make=partial(_trust, client, name, policy),
    )


def _policies_path(client: WorkspaceClient, principal_id: str) -> str:
    account = client.config.account_id
    if not account:
        raise CannotBootstrap(
            "Federation policies are the account's, and this sign-in does not say which account: set "
            "DATABRICKS_ACCOUNT_ID."
        )
    return f"/api/2.0/accounts/{account}/servicePrincipals/{principal_id}/federationPolicies"


def _is_trusted(client: WorkspaceClient, name: str, policy: dict[str, Any]) -> bool:
    found = _found(client, name)
    if found is None:
        return False
    path = _policies_path(client, found["id"])
    try:
        answer: Any = client.api_client.do("GET", path)
    except NotFound:
        return False
    except DatabricksError as error:
        raise CannotBootstrap(
            f"Federation policies of {name} cannot be read: {in_one_line(error)} It takes an account administrator."
        ) from error
    there = [each.get("oidc_policy", {}) for each in answer.get("policies", ())]
    return any(all(one.get(key) == value for key, value in policy.items()) for one in there)


def _trust(client: WorkspaceClient, name: str, policy: dict[str, Any]) -> str:
    found = _found(client, name)
    if found is None:
        raise CannotBootstrap(f"The service principal {name} is not there yet: run bootstrap again.")
    client.api_client.do("POST", _policies_path(client, found["id"]), body={"oidc_policy": policy})
    return ""
