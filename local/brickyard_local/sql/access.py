"""A principal's way into Spark and Unity Catalog while one statement runs: a token of its own, revoked at its end."""

from collections.abc import Iterator
from contextlib import contextmanager

from brickyard_local.callers import Caller
from brickyard_local.sql.needs import Principals, SparkSessions

PURPOSE = "sql statement"
_LONGEST_S = 2 * 24 * 3600.0  # as STATEMENT_TIMEOUT of Databricks SQL


class Access:
    """Tokens of statements, and environments of their Spark Connect sessions."""

    def __init__(self, principals: Principals, spark: SparkSessions) -> None:
        self._principals = principals
        self._spark = spark

    @contextmanager
    def token(self, caller: Caller, statement_id: str) -> Iterator[str]:
        """Valid inside the block. Errors: NotFound for a principal that is gone."""
        purpose = f"{PURPOSE} {statement_id}"
        token = self._principals.mint_token(caller.principal, purpose=purpose, lifetime_s=_LONGEST_S)
        try:
            yield token
        finally:
            self._principals.revoke(token)

    def environment(self, caller: Caller, token: str) -> dict[str, str]:
        """Starts Spark when it does not run. Errors: TemporarilyUnavailable with Spark's reason."""
        return self._spark.environment(caller, token)
