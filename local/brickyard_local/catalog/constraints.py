"""Keys and named constraints of tables: informational, as on Databricks.

Source: docs.databricks.com/api/workspace/tableconstraints.
"""

from collections.abc import Mapping, Sequence

from brickyard_local.callers import Caller
from brickyard_local.catalog.privileges import MANAGE
from brickyard_local.catalog.securables import TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService
from brickyard_local.errors import AlreadyExists, InvalidParameter, InvalidState, NotFound
from brickyard_local.store import Document

PRIMARY, FOREIGN = "primary_key_constraint", "foreign_key_constraint"
_SHAPES = (PRIMARY, FOREIGN, "named_table_constraint")


class ConstraintsService:
    """Constraints of the account's tables."""

    def __init__(self, catalog: CatalogService, tables: TablesService) -> None:
        self._catalog = catalog
        self._tables = tables

    def create(self, caller: Caller, full_name: str, constraint: Document) -> None:
        """Errors: AlreadyExists, InvalidParameter for unknown columns, NotFound for the parent of a foreign key."""
        shape, inner = _inner(constraint)
        with self._catalog.storage.change():
            document = self._catalog.reach(caller, TABLE, full_name, MANAGE)[-1].document
            kept = document.get("table_constraints", [])
            if constraint_name(constraint) in map(constraint_name, kept):
                raise AlreadyExists(f"Constraint '{constraint_name(constraint)}' already exists on '{full_name}'.")
            if shape == PRIMARY and any(PRIMARY in each for each in kept):
                raise AlreadyExists(f"Table '{full_name}' has a primary key. Drop it first.")
            if shape in {PRIMARY, FOREIGN}:
                self._refuse_unknown_columns(document, inner.get("child_columns", []))
            if shape == FOREIGN:
                parent = self._catalog.reach(caller, TABLE, str(inner.get("parent_table")), "SELECT")[-1].document
                self._refuse_no_key(parent, inner.get("parent_columns", []))
            self._catalog.update(caller, TABLE, full_name, {"table_constraints": [*kept, constraint]})

    def delete(self, caller: Caller, full_name: str, name: str, *, cascade: bool) -> None:
        """Errors: NotFound, InvalidState for a primary key that foreign keys refer to, unless cascading."""
        with self._catalog.storage.change():
            document = self._catalog.reach(caller, TABLE, full_name, MANAGE)[-1].document
            constraints: Sequence[Document] = document.get("table_constraints", [])
            gone = [each for each in constraints if constraint_name(each) == name]
            if not gone:
                raise NotFound(f"Constraint '{name}' does not exist on Table '{full_name}'.")
            if PRIMARY in gone[0]:
                self._drop_references(caller, document["full_name"], cascade=cascade)
            kept = [each for each in constraints if each is not gone[0]]
            self._catalog.update(caller, TABLE, full_name, {"table_constraints": kept})

    def _drop_references(self, caller: Caller, parent: str, *, cascade: bool) -> None:
        for child in self._catalog.documents.children(TABLE):
            constraints = child.get("table_constraints", [])
            kept = [each for each in constraints if each.get(FOREIGN, {}).get("parent_table", "").lower() != parent]
            if len(kept) == len(constraints):
                continue
            if not cascade:
                raise InvalidState(
                    f"The primary key of '{parent}' is referred to by a foreign key of '{child['full_name']}'. "
                    "Drop that first, or delete with cascade."
                )
            self._catalog.update(caller, TABLE, child["full_name"], {"table_constraints": kept})

    def _refuse_unknown_columns(self, document: Document, wanted: Sequence[str]) -> None:
        columns = [column["name"] for column in self._tables.fresh(document).get("columns", [])]
        missing = {name.lower() for name in wanted} - {name.lower() for name in columns}
        if missing or not wanted:
            raise InvalidParameter(
                f"child_columns {list(wanted)} of a constraint on '{document['full_name']}': name columns of the "
                f"table. It has {columns}."
            )

    def _refuse_no_key(self, parent: Document, wanted: Sequence[str]) -> None:
        keys = [each[PRIMARY]["child_columns"] for each in parent.get("table_constraints", []) if PRIMARY in each]
        if [sorted(key) for key in keys] != [sorted(wanted)]:
            raise InvalidParameter(
                f"parent_columns {list(wanted)} are not the primary key of '{parent['full_name']}', which has "
                f"{keys[0] if keys else 'none'}."
            )


def constraint_name(constraint: Mapping[str, object]) -> str:
    """The name of a constraint in any of the API's three shapes."""
    inner = next((value for value in constraint.values() if isinstance(value, Mapping)), constraint)
    return str(inner.get("name", ""))


def _inner(constraint: Document) -> tuple[str, Document]:
    given = [shape for shape in _SHAPES if constraint.get(shape)]
    if len(given) != 1 or not constraint_name(constraint):
        raise InvalidParameter(f"A constraint is exactly one of {', '.join(_SHAPES)}, with a name; given: {given}.")
    return given[0], constraint[given[0]]
