"""Schemas that arrive with their access rules."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.schema import Schema
from constructs import Construct

from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_object_name
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedSchemaProps:
    """The schema, and who may use it.

    With `protected`, Terraform refuses to delete; without, it deletes what jobs have put in as well.
    """

    catalog: str
    name: str
    access: Access
    comment: str = ""
    storage_root: str | None = None
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        check_object_name("catalog", self.catalog)
        check_object_name("name", self.name)
        check_ownership(self.ownership)
        if self.storage_root is not None and self.ownership == "reference":
            raise InvalidProps("storage_root", self.storage_root, rule="a referenced schema keeps the one it has")

    @property
    def full_name(self) -> str:
        """The two-level name."""
        return f"{self.catalog}.{self.name}"


class GovernedSchema(Construct):
    """A schema of a catalog, with the privileges on it.

    Creates: databricks_schema, unless it is referenced; databricks_grants, or databricks_grant for each principal
    where it is referenced.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/schema
    """

    def __init__(
        self, scope: Construct, id_: str, props: GovernedSchemaProps, *, catalog_reference: str | None = None
    ) -> None:
        """`catalog_reference` is the name taken from a catalog of the same stack, which is then made first."""
        super().__init__(scope, id_)
        self._props = props
        self.schema = self._made(catalog_reference or props.catalog) if props.ownership != "reference" else None
        self.catalog_name = self.schema.catalog_name if self.schema else props.catalog
        self.name = self.schema.name if self.schema else props.name
        full_name = self.schema.id if self.schema else props.full_name
        on = SecurableName(kind=Securable.SCHEMA, name=props.full_name, full_name=full_name)
        # Beside the schema, not within: there the addresses of grants have been from the first version on.
        govern(scope, f"{id_}-grants", on=on, access=props.access, ownership=props.ownership)

    def _made(self, catalog: str) -> Schema:
        props = self._props
        schema = Schema(
            self,
            "Default",  # cdktf leaves this id out of addresses
            catalog_name=catalog,
            name=props.name,
            comment=props.comment or None,
            storage_root=props.storage_root,
            force_destroy=not props.protected,
            lifecycle=protection(props.protected),
        )
        take_over(schema, props.ownership, props.full_name)
        return schema
