"""Routes of /oidc, and of service principals' OAuth secrets. HTTP only.

The paths below /oidc are open: a client has no token yet. They exist per workspace and, for clients that were told
the account's id, per account.
Source: docs.databricks.com/api/workspace/serviceprincipalsecretsproxy, …/api/account/serviceprincipalsecrets.
Gaps: secrets with scopes of their own; sign-in of people (authorize): there is no browser to send away.
"""

import re
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from brickyard_local.account import Workspace
from brickyard_local.callers import CurrentCaller
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound
from brickyard_local.identity.oauth import OauthError, issue, read_request
from brickyard_local.identity.oauth_secrets import shown
from brickyard_local.routing import LazyRouter
from brickyard_local.state import Local, LocalState

router = LazyRouter(tags=["identity"])

METADATA = "/oidc/.well-known/oauth-authorization-server"
TOKEN = "/oidc/v1/token"  # noqa: S105 - a path
ACCOUNT_METADATA = "/oidc/accounts/{account_id}/.well-known/oauth-authorization-server"
ACCOUNT_TOKEN = "/oidc/accounts/{account_id}/v1/token"  # noqa: S105 - a path
_SECRETS = "/servicePrincipals/{principal_id}/credentials/secrets"


class CreateSecret(BaseModel, defer_build=True):
    """A new secret; `lifetime` is seconds with an s, as protobuf writes durations."""

    model_config = ConfigDict(extra="forbid")

    lifetime: str | None = None
    scopes: list[str] = []
    service_principal_id: str | None = None

    @property
    def lifetime_s(self) -> int | None:
        """Errors: InvalidParameter."""
        if not self.lifetime:
            return None
        if not re.fullmatch(r"\d{1,12}s", self.lifetime):
            raise InvalidParameter(f"`lifetime` is seconds followed by s, as in 3600s; got '{self.lifetime}'.")
        return int(self.lifetime[:-1])


@router.get(METADATA)
def metadata(request: Request) -> dict[str, Any]:
    """Where clients get tokens (RFC 8414)."""
    workspace: Workspace = request.app.state.workspace
    return _metadata(f"{workspace.host}/oidc")


@router.get(ACCOUNT_METADATA)
def account_metadata(account_id: str, request: Request, local: Local) -> dict[str, Any]:
    """Errors: NotFound for another account."""
    workspace: Workspace = request.app.state.workspace
    _check_account(account_id, local)
    return _metadata(f"{workspace.host}/oidc/accounts/{account_id}")


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post(ACCOUNT_TOKEN)
def account_token(
    account_id: str, request: Request, body: Annotated[bytes, Depends(_body)], local: Local
) -> JSONResponse:
    """Errors: NotFound for another account, and as `token`."""
    _check_account(account_id, local)
    return token(request, body, local)


@router.post(TOKEN)
def token(request: Request, body: Annotated[bytes, Depends(_body)], local: Local) -> JSONResponse:
    """Errors: RFC 6749's, with its bodies."""
    no_store = {"cache-control": "no-store"}
    try:
        asked = read_request(request.headers.get("authorization"), body)
        answer = issue(
            asked,
            request.app.state.workspace,
            secrets=local.identity.oauth_secrets,
            tokens=local.identity.tokens,
            admit=local.callers.admit,
        )
    except OauthError as error:
        challenge = {"www-authenticate": 'Basic realm="oidc"'} if error.status == 401 else {}
        return JSONResponse(error.body(), error.status, no_store | challenge)
    return JSONResponse(answer, headers=no_store)


@router.post("/api/2.0/accounts" + _SECRETS)
@router.post("/api/2.0/accounts/{account_id}" + _SECRETS)
def create_secret(principal_id: str, body: CreateSecret, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound, InvalidParameter."""
    if body.scopes not in ([], ["all-apis"]):
        raise NotEmulated(f"secrets with scopes other than all-apis; got {', '.join(body.scopes)}")
    application_id = local.identity.managed_service_principal(caller, principal_id)
    secret, document = local.identity.oauth_secrets.create(application_id, body.lifetime_s)
    return {**shown(document), "secret": secret}


@router.get("/api/2.0/accounts" + _SECRETS)
@router.get("/api/2.0/accounts/{account_id}" + _SECRETS)
def list_secrets(
    principal_id: str,
    local: Local,
    caller: CurrentCaller,
    page_size: int | None = None,
    page_token: str | None = None,
) -> dict[str, Any]:
    """Errors: PermissionDenied, NotFound."""
    application_id = local.identity.managed_service_principal(caller, principal_id)
    del page_size, page_token  # at most five: always one page
    return {"secrets": [shown(document) for document in local.identity.oauth_secrets.listed(application_id)]}


@router.delete("/api/2.0/accounts" + _SECRETS + "/{secret_id}")
@router.delete("/api/2.0/accounts/{account_id}" + _SECRETS + "/{secret_id}")
def delete_secret(principal_id: str, secret_id: str, local: Local, caller: CurrentCaller) -> dict[str, Any]:
    """Its access tokens live on until their hour is over, as on Databricks. Errors: PermissionDenied, NotFound."""
    application_id = local.identity.managed_service_principal(caller, principal_id)
    local.identity.oauth_secrets.delete(application_id, secret_id)
    return {}


def _check_account(account_id: str, local: LocalState) -> None:
    if account_id != local.account.account_id:
        raise NotFound(f"This is account {local.account.account_id}, not {account_id}.")


def _metadata(root: str) -> dict[str, Any]:
    return {
        "issuer": root,
        "authorization_endpoint": f"{root}/v1/authorize",
        "token_endpoint": f"{root}/v1/token",
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["all-apis"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
