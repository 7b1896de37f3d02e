"""Which tables of a schema are there when a plan is made."""

from typing import cast

from cdktf import TerraformStack
from cdktf_cdktf_provider_databricks.data_databricks_tables import DataDatabricksTables
from constructs import Construct

from brickyard_constructs.checks import check_object_name
from brickyard_constructs.expressions import quoted


class TableListing(Construct):
    """The tables of one schema: read once for each stack, however many constructs ask.

    Creates: nothing; it reads the data source databricks_tables.
    Gaps: views are not in it, nor is what the planning principal may not see. The schema must be there.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/data-sources/tables
    """

    def __init__(self, scope: Construct, id_: str, *, catalog: str, schema: str) -> None:
        super().__init__(scope, id_)
        check_object_name("catalog", catalog)
        check_object_name("schema", schema)
        tables = DataDatabricksTables(self, "Resource", catalog_name=catalog, schema_name=schema)
        self._ids = f"data.{tables.terraform_resource_type}.{tables.friendly_unique_id}.ids"

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
        return f"({self._ids} == null ? false : contains({self._ids}, {quoted(full_name.lower())}))"


def all_there(asker: Construct, tables: tuple[str, ...]) -> str:
    """Whether every table is there, as an expression without its `${}`."""
    return "(" + " && ".join(TableListing.of(asker, each).has(each) for each in tables) + ")"
