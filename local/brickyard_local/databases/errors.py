"""What can go wrong between a Delta table and the Postgres that holds its copy."""

from brickyard_local.errors import LocalWorkspaceError, NotEmulated


class CannotLoad(LocalWorkspaceError):
    """Raised when rows cannot become a table of Postgres: a type, a key, a value. The table is as it was before."""


class PostgresNotInstalled(NotEmulated):
    """Raised where a database instance is needed and the optional packages are not there."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"database instances without the package {missing}. Install it where the workspace runs: `make setup-dev` "
            f"in a clone of Brickyard, `pip install {missing}` elsewhere"
        )


class LoginRefused(LocalWorkspaceError):
    """Raised by a `login` that knows more than "wrong user or token", e.g. an instance that is stopped.

    `sqlstate` is one of Postgres' own codes.
    Source: postgresql.org/docs/16/errcodes-appendix.html
    """

    def __init__(self, message: str, *, sqlstate: str = "28000") -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
