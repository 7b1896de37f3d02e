"""Why a statement failed, as `status.error` says it.

Source: databricks-sdk's `service/sql.py` (ServiceErrorCode).
"""

import re

_SQL_STATE = re.compile(r"SQLSTATE:\s*([0-9A-Z]{5})")
_PLAN = re.compile(r";\n|\n+\s*JVM stacktrace:|\n== ")


class StatementFailed(Exception):
    """Raised when a statement cannot be run as asked; the message is for its author."""

    def __init__(self, message: str, *, error_code: str = "BAD_REQUEST") -> None:
        super().__init__(message)
        self.error_code = error_code


class Canceled(Exception):
    """Raised in a statement's thread once somebody canceled it."""


def described(error: BaseException) -> dict[str, str]:
    """`error_code`, `message` and, where Spark says it, `sql_state`."""
    from pyspark.errors import PySparkException

    if isinstance(error, StatementFailed):
        return {"error_code": error.error_code, "message": str(error)}
    if isinstance(error, PySparkException):
        return _of_spark(error)
    return {"error_code": "INTERNAL_ERROR", "message": f"{type(error).__name__}: {error}"}


def _of_spark(error: Exception) -> dict[str, str]:
    message = _PLAN.split(str(error))[0].strip()
    found = {"error_code": "BAD_REQUEST", "message": message}
    state = _SQL_STATE.search(message)
    if state is None:
        named = getattr(error, "getSqlState", lambda: None)()
        return {**found, "sql_state": named} if named else found
    return {**found, "sql_state": state.group(1)}
