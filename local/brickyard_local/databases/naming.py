"""What the tables, databases and roles of all instances are called in the one Postgres server that holds them."""

import hashlib
from dataclasses import dataclass

from brickyard_local.databases.errors import CannotLoad

LONGEST_BYTES = 63


@dataclass(frozen=True, kw_only=True, slots=True)
class OnlineTable:
    """A table of a database instance, by the names that its clients use."""

    instance: str
    database: str
    schema: str
    name: str


def physical_database(instance: str, database: str) -> str:
    """The name in the server: two instances never meet, since the name of an instance holds no slash and no tilde.

    >>> physical_database("store", "main")
    'store/main'
    >>> physical_database("store", "m" * 63)
    '~824d80d71985f082/6e80a1cca9ce209522c092413cd97b7b'
    """
    plain = f"{instance}/{database}"
    if len(plain.encode()) <= LONGEST_BYTES:
        return plain
    return f"~{_short(instance)}/{_short(database, length=32)}"


def is_of(instance: str, physical: str) -> bool:
    """Whether a database of the server belongs to an instance."""
    return physical.startswith((f"{instance}/", f"~{_short(instance)}/"))


def roles_prefix(instance: str) -> str:
    """What all roles of an instance begin with."""
    return f"{_short(instance)}/"


def whole_role(instance: str) -> str:
    """The role that reads every table of an instance. Nobody logs in as it: roles of logins are its members."""
    return f"{roles_prefix(instance)}all"


def table_role(table: OnlineTable) -> str:
    """The role that reads one table, as `whole_role`."""
    return f"{roles_prefix(table.instance)}table/{_short(table.database, table.schema, table.name, length=32)}"


def login_role(instance: str, user: str, tables: frozenset[OnlineTable] | None) -> str:
    """The role of a user who reads exactly these tables; who shares a role may see and end each other's queries."""
    parts = ("all",) if tables is None else ("", *sorted(table_role(table) for table in tables))
    return f"{roles_prefix(instance)}login/{_short(user, *parts, length=32)}"


def quoted(name: str) -> str:
    """An identifier in SQL. Errors: CannotLoad for one that Postgres would cut short, or cannot hold.

    >>> print(quoted('a "b" c'))
    "a ""b"" c"
    """
    size = len(name.encode(errors="replace"))
    if not name or size > LONGEST_BYTES or "\0" in name:
        raise CannotLoad(
            f"The name '{name[:80]}' has {size} bytes; a name in Postgres has 1 to {LONGEST_BYTES} and no NUL: "
            "rename it in the source table."
        )
    return '"' + name.replace('"', '""') + '"'


def _short(*parts: str, length: int = 16) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]
