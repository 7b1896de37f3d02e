"""The OAuth token endpoint's rules: a service principal's secret becomes an access token that lives for an hour.

Source: RFC 6749, 2.3.1, 4.4 and 5.2 (credentials, the client credentials grant, error bodies);
docs.databricks.com/dev-tools/auth/oauth-m2m. Deviation: the access token is opaque, not a JWT.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, unquote_plus

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import ApiError
from brickyard_local.identity.oauth_secrets import OauthSecrets
from brickyard_local.identity.tokens import OAUTH, Tokens

LIFETIME_S = 3600
_SCOPE = "all-apis"
_KNOWN = frozenset({"grant_type", "scope", "client_id", "client_secret"})

Admit = Callable[[str, Workspace], Caller]


class OauthError(ApiError):
    """Raised when the token endpoint refuses; its body is RFC 6749's."""

    def __init__(self, code: str, description: str, *, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(description, error_code=code, status=status)

    def body(self) -> dict[str, object]:
        return {"error": self.error_code, "error_description": self.message}


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRequest:
    """A request for an access token, its credentials read from wherever the client put them."""

    client_id: str
    client_secret: str


def read_request(authorization: str | None, body: bytes) -> TokenRequest:
    """Read a form and the header. Errors: OauthError.

    >>> read_request(None, b"grant_type=client_credentials&scope=all-apis&client_id=a&client_secret=b").client_id
    'a'
    """
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)
    except ValueError as error:
        raise OauthError("invalid_request", "The body is no form (application/x-www-form-urlencoded).") from error
    repeated = sorted(name for name, values in form.items() if len(values) > 1)
    if repeated:
        raise OauthError("invalid_request", f"Given more than once: {', '.join(repeated)}.")
    sent = {name: values[0] for name, values in form.items() if values[0]}
    _check(sent)
    return _credentials(authorization, sent)


def _check(sent: dict[str, str]) -> None:
    if "grant_type" not in sent:
        raise OauthError("invalid_request", "grant_type is missing.")
    if sent["grant_type"] != "client_credentials":
        raise OauthError(
            "unsupported_grant_type",
            f"The local workspace does not emulate grant_type {sent['grant_type']}: only client_credentials.",
        )
    if sent.get("scope", _SCOPE).split() != [_SCOPE]:
        raise OauthError("invalid_scope", f"The only scope is {_SCOPE}; got '{sent['scope']}'.")
    unknown = sorted(sent.keys() - _KNOWN)
    if unknown:
        raise OauthError("invalid_request", f"The local workspace does not emulate {', '.join(unknown)} here.")


def _credentials(authorization: str | None, sent: dict[str, str]) -> TokenRequest:
    if authorization is None:
        return TokenRequest(client_id=sent.get("client_id", ""), client_secret=sent.get("client_secret", ""))
    if "client_secret" in sent:
        raise OauthError("invalid_request", "Credentials came in the header and in the body: send one of them.")
    scheme, _, encoded = authorization.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    client_id, colon, client_secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _refused()
    return TokenRequest(client_id=unquote_plus(client_id), client_secret=unquote_plus(client_secret))


def issue(
    asked: TokenRequest, workspace: Workspace, *, secrets: OauthSecrets, tokens: Tokens, admit: Admit
) -> dict[str, object]:
    """The access token's answer. Errors: OauthError.

    An unknown client and a wrong secret take the same steps and get the same answer.
    """
    if not secrets.holds(asked.client_id, asked.client_secret):
        raise _refused()
    try:
        caller = admit(asked.client_id, workspace)
    except ApiError as error:
        raise OauthError("invalid_client", error.message, status=HTTPStatus.UNAUTHORIZED) from error
    token, _ = tokens.mint(caller.principal, purpose=OAUTH, lifetime_s=LIFETIME_S)
    return {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_S, "scope": _SCOPE}


def _refused() -> OauthError:
    return OauthError(
        "invalid_client",
        "The client is unknown, or its secret is wrong, deleted or expired. An administrator makes a secret: "
        "databricks_service_principal_secret in Terraform, or service_principal_secrets_proxy in the SDK.",
        status=HTTPStatus.UNAUTHORIZED,
    )
