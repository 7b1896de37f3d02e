"""Views: what stands below one is read with the rights of its owner.

The reader needs SELECT on the view, its owner SELECT on what the view names; of a view over views the owner of each one
needs it on the next. An engine says which definitions it analysed: only those in force open anything.
Source: docs.databricks.com/aws/en/views/ (required permissions)
"""

import re
from collections.abc import Sequence
from typing import Protocol

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.catalog.payloads import AnalysedView
from brickyard_local.catalog.securables import TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.tables import TablesService
from brickyard_local.catalog.urls import as_file_url
from brickyard_local.errors import InvalidParameter, PermissionDenied
from brickyard_local.store import Document


class Owners(Protocol):
    """What views ask of the account's callers."""

    def owner(self, name: str, workspace: Workspace) -> Caller | None: ...


class ViewsService:
    """Access through views."""

    def __init__(self, catalog: CatalogService, tables: TablesService, owners: Owners) -> None:
        self._catalog = catalog
        self._tables = tables
        self._owners = owners

    def below(self, caller: Caller, views: Sequence[AnalysedView], table: str) -> tuple[Document, str | None]:
        """A table or view that the last of `views` names, and the folder of a table.

        `views` lead from the one that the caller reads down to the one whose text names `table`.
        Errors: NotFound, PermissionDenied, InvalidParameter.
        """
        reader = caller
        for view in views:
            document = self._readable(caller, reader, view.full_name)
            _refuse_other_definition(document, view)
            reader = self._owner(document, caller.workspace)
        _refuse_unnamed(views[-1], table)
        found = self._readable(caller, reader, table)
        return self._tables.fresh(found), self._url(found)

    def _readable(self, caller: Caller, reader: Caller, full_name: str) -> Document:
        try:
            return self._catalog.reach(reader, TABLE, full_name, "SELECT")[-1].document
        except PermissionDenied as error:
            if reader is caller:
                raise
            # The reader learns no more than that the owner lacks something.
            raise PermissionDenied(
                f"The owner of the view, '{reader.principal}', cannot read what it names. {error.message}"
            ) from error

    def _owner(self, view: Document, workspace: Workspace) -> Caller:
        owner = self._owners.owner(view["owner"], workspace)
        if owner is None:
            raise PermissionDenied(
                f"The owner of view '{view['full_name']}', '{view['owner']}', is gone or inactive: the view "
                "reads nothing. Fix: an administrator transfers it to another owner."
            )
        return owner

    def _url(self, table: Document) -> str | None:
        return None if table["table_type"] == "VIEW" else as_file_url(self._tables.folder(table))


def _refuse_other_definition(document: Document, view: AnalysedView) -> None:
    if document["table_type"] != "VIEW":
        raise InvalidParameter(f"'{view.full_name}' is no view: it opens nothing.")
    same = document.get("view_definition") == view.view_definition and document.get("spark_view") == view.spark_view
    if not same:
        raise PermissionDenied(
            f"The definition of view '{view.full_name}' that was analysed is not the one in force. Run the query again."
        )


def _refuse_unnamed(view: AnalysedView, table: str) -> None:
    """A view opens what its text names, and not all that its owner can read."""
    name = re.escape(table.rpartition(".")[2].replace("`", "``"))
    if not re.search(rf"(?<!\w){name}(?!\w)", view.view_definition, re.IGNORECASE):
        raise PermissionDenied(f"View '{view.full_name}' does not name '{table}'.")
