"""Functions: the metadata of SQL and Python UDFs, with EXECUTE on them.

They share a type and a namespace with registered models, as in Unity Catalog's own messages ("Routine or Model").
Source: docs.databricks.com/api/workspace/functions.
Gaps: no engine here runs them: Spark and SQL of the local workspace know only their own functions.
"""

from brickyard_local.callers import Caller
from brickyard_local.catalog.function_payloads import NewFunction
from brickyard_local.catalog.kinds import is_function
from brickyard_local.catalog.securables import MODEL, SCHEMA
from brickyard_local.catalog.service import CatalogService
from brickyard_local.errors import InvalidParameter, NotFound
from brickyard_local.store import Document

_CREATE = "CREATE_FUNCTION"


class FunctionsService:
    """Functions of the account's metastore."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def create(self, caller: Caller, body: NewFunction) -> Document:
        """Errors: RESOURCE_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, InvalidParameter, PERMISSION_DENIED."""
        _check_language(body)
        parent = f"{body.catalog_name}.{body.schema_name}"
        fields = body.model_dump(exclude_none=True, exclude={"catalog_name", "schema_name", "name"})
        with self._catalog.storage.change():
            self._catalog.reach(caller, SCHEMA, parent, _CREATE)
            return self._catalog.create(caller, MODEL, parent, body.name, fields)

    def functions(self, caller: Caller, schema: str, *, browse: bool) -> list[Document]:
        """Functions of a schema that the caller may see."""
        return [each for each in self._catalog.visible(caller, MODEL, schema, browse=browse) if is_function(each)]

    def function(self, caller: Caller, full_name: str, *, browse: bool = False) -> Document:
        """Errors: RESOURCE_DOES_NOT_EXIST, PERMISSION_DENIED."""
        return _function(self._catalog.read(caller, MODEL, full_name, browse=browse))

    def update(self, caller: Caller, full_name: str, owner: str | None) -> Document:
        """Errors: as `function`, and PRINCIPAL_DOES_NOT_EXIST."""
        with self._catalog.storage.change():
            self.function(caller, full_name)
            return self._catalog.update(caller, MODEL, full_name, {"owner": owner})

    def delete(self, caller: Caller, full_name: str) -> None:
        """Errors: as `function`."""
        with self._catalog.storage.change():
            self.function(caller, full_name)
            self._catalog.delete(caller, MODEL, full_name)


def _function(document: Document) -> Document:
    if not is_function(document):
        raise NotFound(
            f"{MODEL.noun} '{document['full_name']}' is a registered model, not a function.", error_code=MODEL.missing
        )
    return document


def _check_language(body: NewFunction) -> None:
    """Rules of `routine_body` as databricks-sdk's `CreateFunction` states them."""
    if body.routine_body == "SQL" and body.external_language:
        raise InvalidParameter("external_language is for functions whose routine_body is EXTERNAL. Leave it out.")
    if body.routine_body == "SQL":
        return
    if not body.external_language:
        raise InvalidParameter("A function whose routine_body is EXTERNAL needs external_language, e.g. Python.")
    if body.return_params is not None or body.sql_data_access != "NO_SQL":
        raise InvalidParameter(
            "A function whose routine_body is EXTERNAL has no return_params, and NO_SQL data access."
        )
