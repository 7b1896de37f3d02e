"""Registered models that arrive with their access rules."""

from dataclasses import dataclass

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_databricks.registered_model import RegisteredModel
from constructs import Construct

from brickyard_constructs.catalog.grants import Access, Securable, SecurableGrants
from brickyard_constructs.checks import check_not_empty, check_object_name


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedModelProps:
    """Where the model lives, who owns it, and who else may use it.

    The owner is the principal that jobs run as: moving an alias needs ownership.
    """

    catalog: str
    schema: str
    name: str
    owner: str
    access: Access
    comment: str = ""
    protected: bool = True

    def __post_init__(self) -> None:
        for prop in ("catalog", "schema", "name"):
            check_object_name(prop, getattr(self, prop))
        check_not_empty("owner", self.owner)

    @property
    def full_name(self) -> str:
        """The three-level name."""
        return f"{self.catalog}.{self.schema}.{self.name}"


class GovernedModel(Construct):
    """A Unity Catalog registered model, owned by the principal that trains and promotes its versions.

    Versions and aliases belong to the pipeline, not to Terraform (the provider drops aliases: pull request 5448).

    Creates: databricks_registered_model; databricks_grants.
    Source: docs.databricks.com/aws/en/machine-learning/manage-model-lifecycle (privileges)
    """

    def __init__(self, scope: Construct, id_: str, props: GovernedModelProps) -> None:
        super().__init__(scope, id_)
        self.full_name = props.full_name
        self.model = RegisteredModel(
            self,
            "Resource",
            catalog_name=props.catalog,
            schema_name=props.schema,
            name=props.name,
            owner=props.owner,
            comment=props.comment or None,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=True) if props.protected else None,
        )
        SecurableGrants(
            self,
            "grants",
            securable=Securable.MODEL,
            name=props.full_name,
            full_name=self.model.id,
            access=props.access,
        )
