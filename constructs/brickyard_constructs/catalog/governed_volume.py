"""Volumes that arrive with their access rules."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.volume import Volume
from constructs import Construct

from brickyard_constructs.catalog.governed_schema import GovernedSchema
from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_object_name, check_storage_url
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedVolumeProps:
    """A volume, and who may use it; with a `storage_location` below an external location, it is an external one."""

    catalog: str
    schema: str
    name: str
    access: Access
    comment: str = ""
    storage_location: str | None = None
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        for prop in ("catalog", "schema", "name"):
            check_object_name(prop, getattr(self, prop))
        check_ownership(self.ownership)
        if self.storage_location is not None:
            check_storage_url("storage_location", self.storage_location)
            if self.ownership == "reference":
                rule = "a referenced volume keeps the one it has"
                raise InvalidProps("storage_location", self.storage_location, rule=rule)

    @property
    def full_name(self) -> str:
        """The three-level name."""
        return f"{self.catalog}.{self.schema}.{self.name}"


class GovernedVolume(Construct):
    """A Unity Catalog volume: managed, or external. Terraform never deletes the files of an external one.

    Creates: databricks_volume, unless it is referenced; databricks_grants, or databricks_grant for each principal
    where it is referenced.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/volume
    """

    def __init__(
        self, scope: Construct, id_: str, props: GovernedVolumeProps, *, within: GovernedSchema | None = None
    ) -> None:
        """`within` is the schema, where the same stack makes it: the volume then waits for it."""
        super().__init__(scope, id_)
        self.path = f"/Volumes/{props.catalog}/{props.schema}/{props.name}"
        self.volume = self._made(props, within) if props.ownership != "reference" else None
        full_name = self.volume.id if self.volume else props.full_name
        on = SecurableName(kind=Securable.VOLUME, name=props.full_name, full_name=full_name)
        self.grants = govern(self, "grants", on=on, access=props.access, ownership=props.ownership)

    def _made(self, props: GovernedVolumeProps, within: GovernedSchema | None) -> Volume:
        volume = Volume(
            self,
            "Resource",
            catalog_name=within.catalog_name if within else props.catalog,
            schema_name=within.name if within else props.schema,
            name=props.name,
            volume_type="EXTERNAL" if props.storage_location else "MANAGED",
            storage_location=props.storage_location,
            comment=props.comment or None,
            lifecycle=protection(props.protected),
        )
        take_over(volume, props.ownership, props.full_name)
        return volume
