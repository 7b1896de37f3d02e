"""Automatic authentication passthrough: a model is the endpoint's creator towards what its MLmodel declares.

Source: docs.databricks.com/aws/en/generative-ai/agent-framework/agent-authentication-model-serving.
Emulated for database instances (`DatabricksLakebase`), since models here read online stores; a model that declares
other resources gets nothing for them. Deviation: on Databricks the SDK finds its credentials in a file that is kept
fresh; here the process has DATABRICKS_HOST and a token that lasts as long as it does. Gap: the token reads of every
database instance that the creator may use, not of the declared ones alone.
"""

from collections.abc import Sequence

from brickyard_local.callers import Caller
from brickyard_local.serving.needs import Databases, Tokens

PURPOSE = "a served model's resources"
_REACHES = ("GET /api/2.0/database/instances/", "POST /api/2.0/database/credentials", "GET /api/2.0/preview/scim/v2/Me")


class Passthrough:
    """Lets processes of models be their endpoint's creator, as far as they declare to need it."""

    def __init__(self, databases: Databases, tokens: Tokens) -> None:
        self._databases = databases
        self._tokens = tokens

    def forget_all(self) -> None:
        """No process of an earlier server is left: nor are tokens."""
        self._tokens.revoke_made_for(PURPOSE)

    def check(self, creator: Caller, instances: Sequence[str]) -> None:
        """Errors: NotFound, PermissionDenied, for a database instance that the creator may not use."""
        for name in instances:
            self._databases.require_usable(creator, name)

    def token(self, creator: Caller, instances: Sequence[str]) -> str | None:
        """A token for a process that is about to start; none where it declares nothing. Give it back to `end`.

        Errors: as `check`.
        """
        self.check(creator, instances)
        if not instances:
            return None
        return self._tokens.mint_token(creator.principal, purpose=PURPOSE, lifetime_s=None, reaches=_REACHES)

    def environment(self, creator: Caller, token: str | None) -> dict[str, str]:
        """The variables by which the SDK, and clients of Postgres, find their way."""
        if token is None:
            return {}
        found = {"DATABRICKS_HOST": creator.workspace.host, "DATABRICKS_TOKEN": token}
        return {**found, **self._databases.environment()}

    def end(self, token: str | None) -> None:
        """The process that had it is gone."""
        if token is not None:
            self._tokens.revoke(token)
