"""Volumes that arrive with their access rules."""

from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_databricks.schema import Schema
from cdktf_cdktf_provider_databricks.volume import Volume
from constructs import Construct

from brickyard_constructs.catalog.grants import Access, Securable, SecurableGrants
from brickyard_constructs.checks import check_object_name


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedVolumeProps:
    """A managed volume in a schema of the same stack, and who may use it."""

    catalog: str
    schema: str
    name: str
    comment: str
    access: Access
    protected: bool = True

    def __post_init__(self) -> None:
        for prop in ("catalog", "schema", "name"):
            check_object_name(prop, getattr(self, prop))

    @property
    def full_name(self) -> str:
        """The three-level name."""
        return f"{self.catalog}.{self.schema}.{self.name}"


class GovernedVolume(Construct):
    """A managed Unity Catalog volume.

    Creates: databricks_volume; databricks_grants.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/volume
    """

    def __init__(self, scope: Construct, id_: str, props: GovernedVolumeProps, *, within: Schema) -> None:
        super().__init__(scope, id_)
        self.volume = Volume(
            self,
            "Resource",
            catalog_name=within.catalog_name,
            schema_name=within.name,
            name=props.name,
            volume_type="MANAGED",
            comment=props.comment,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if props.protected else None,
        )
        # A volume's schema is a reference: without it Terraform could make the volume first.
        self.volume.node.add_dependency(within)
        SecurableGrants(
            self,
            "grants",
            securable=Securable.VOLUME,
            name=props.full_name,
            full_name=self.volume.id,
            access=props.access,
        )
