"""Which tables of a schema are there when a plan is made."""

from typing import cast

from cdktf import TerraformStack
from cdktf_cdktf_provider_databricks.data_databricks_tables import DataDatabricksTables
from constructs import Construct

from brickyard_constructs.checks import check_object_name
from brickyard_constructs.expressions import quoted
from brickyard_constructs.upstream import catalog_is_there, count_if


class TableListing(Construct):
    """The tables of one schema: read once for each stack, however many constructs ask.

    Creates: nothing; it reads the data source databricks_tables.
    Gaps: views are not in it, nor is what the planning principal may not see. The schema must be there, once the
    catalog is.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/tables
    """

    def __init__(self, scope: Construct, id_: str, *, catalog: str, schema: str) -> None:
        super().__init__(scope, id_)
        check_object_name("catalog", catalog)
        check_object_name("schema", schema)
        there = count_if(catalog_is_there(self, catalog))
        tables = DataDatabricksTables(self, "Resource", catalog_name=catalog, schema_name=schema, count=there)
        self._listing = f"data.databricks_tables.{tables.friendly_unique_id}"

    @classmethod
    def of(cls, asker: Construct, full_name: str) -> "TableListing":
        """The stack's listing of the schema of a table."""
        catalog, schema, _ = full_name.split(".")
        stack = TerraformStack.of(asker)
        id_ = f"tables-{catalog}-{schema}"
        found = stack.node.try_find_child(id_)
        return cast("TableListing", found) if found else cls(stack, id_, catalog=catalog, schema=schema)

    def has(self, full_name: str) -> str:
        """Whether a table is there, as an expression without its `${}`. Databricks writes names in lower case."""
        ids = f"flatten([for l in {self._listing} : l.ids == null ? [] : l.ids])"
        return f"contains({ids}, {quoted(full_name.lower())})"


def all_there(asker: Construct, tables: tuple[str, ...]) -> str:
    """Whether every table is there, as an expression without its `${}`."""
    return "(" + " && ".join(TableListing.of(asker, each).has(each) for each in tables) + ")"
