"""Who may read what in the server: a role for each table, and for each login one that is a member of its tables' roles.

A login is a role of its own rather than a superuser that changed its role: there is nothing that RESET ROLE leads to.
Roles of tables stay while tables are replaced, so nobody's grants are lost with the old rows.
"""

from typing import TYPE_CHECKING

from brickyard_local.databases import naming
from brickyard_local.databases.naming import OnlineTable, quoted

if TYPE_CHECKING:
    from pg8000.native import Connection

# Large objects are files that every role may fill.
_LARGE_OBJECTS = "lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea)"


def open_database(server: "Connection", instance: str, physical: str) -> None:
    """Let the instance's readers, and nobody else, into a database that was just made."""
    whole = ensure_role(server, naming.whole_role(instance), "NOLOGIN")
    server.run(f"REVOKE ALL ON DATABASE {quoted(physical)} FROM PUBLIC")
    server.run(f"GRANT CONNECT ON DATABASE {quoted(physical)} TO {whole}")


def close_catalog(database: "Connection") -> None:
    """Take from everybody what a fresh database gives to everybody."""
    database.run(f"REVOKE EXECUTE ON FUNCTION {_LARGE_OBJECTS} FROM PUBLIC")


def open_schema(database: "Connection", table: OnlineTable, physical: str) -> None:
    """Let the readers of a table see the schema that it lies in."""
    whole = quoted(naming.whole_role(table.instance))
    reader = ensure_role(database, naming.table_role(table), "NOLOGIN")
    database.run(f"GRANT USAGE ON SCHEMA {quoted(table.schema)} TO {whole}, {reader}")
    database.run(f"GRANT CONNECT ON DATABASE {quoted(physical)} TO {reader}")


def grant(database: "Connection", table: OnlineTable, place: str) -> None:
    """Let the readers of a table read `place`, which becomes that table."""
    readers = (naming.whole_role(table.instance), naming.table_role(table))
    database.run(f"GRANT SELECT ON {place} TO {', '.join(map(quoted, readers))}")


def ensure_login(server: "Connection", instance: str, user: str, tables: frozenset[OnlineTable] | None) -> str:
    """The name of the role of a user who reads exactly these tables; all of the instance where `tables` is None."""
    readers = [naming.whole_role(instance)] if tables is None else map(naming.table_role, tables)
    name = naming.login_role(instance, user, tables)
    role = ensure_role(server, name, "LOGIN INHERIT")
    for reader in readers:
        server.run(f"GRANT {ensure_role(server, reader, 'NOLOGIN')} TO {role}")
    return name


def ensure_role(server: "Connection", name: str, options: str) -> str:
    """Make the role unless it is there; its name, quoted."""
    if not server.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=name):
        server.run(f"CREATE ROLE {quoted(name)} {options}")
    return quoted(name)


def drop_roles(server: "Connection", instance: str) -> None:
    """Remove all roles of an instance whose databases are gone."""
    prefix = naming.roles_prefix(instance)
    for (name,) in server.run("SELECT rolname FROM pg_roles WHERE starts_with(rolname, :prefix)", prefix=prefix):
        server.run(f"DROP ROLE {quoted(name)}")
