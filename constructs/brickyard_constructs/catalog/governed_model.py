"""Registered models that arrive with their access rules."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.registered_model import RegisteredModel
from constructs import Construct

from brickyard_constructs.catalog.grants import Access, Securable, SecurableName, govern
from brickyard_constructs.checks import check_not_empty, check_object_name
from brickyard_constructs.ownership import Ownership, check_ownership, protection, take_over


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
    ownership: Ownership = "create"
    protected: bool = True

    def __post_init__(self) -> None:
        for prop in ("catalog", "schema", "name"):
            check_object_name(prop, getattr(self, prop))
        check_not_empty("owner", self.owner)
        check_ownership(self.ownership)

    @property
    def full_name(self) -> str:
        """The three-level name."""
        return f"{self.catalog}.{self.schema}.{self.name}"


class GovernedModel(Construct):
    """A Unity Catalog registered model, owned by the principal that trains and promotes its versions.

    Versions and aliases belong to the pipeline, not to Terraform (the provider drops aliases: pull request 5448).

    Creates: databricks_registered_model, unless it is referenced; databricks_grants, or databricks_grant for each
    principal where it is referenced.
    Source: docs.databricks.com/aws/en/machine-learning/manage-model-lifecycle (privileges)
    """

    def __init__(self, scope: Construct, id_: str, props: GovernedModelProps) -> None:
        super().__init__(scope, id_)
        self.full_name = props.full_name
        self.model = self._made(props) if props.ownership != "reference" else None
        # Taken from the resource, the id makes whoever uses it wait.
        self.id = self.model.id if self.model else props.full_name
        on = SecurableName(kind=Securable.MODEL, name=props.full_name, full_name=self.id)
        govern(self, "grants", on=on, access=props.access, ownership=props.ownership)

    def _made(self, props: GovernedModelProps) -> RegisteredModel:
        model = RegisteredModel(
            self,
            "Resource",
            catalog_name=props.catalog,
            schema_name=props.schema,
            name=props.name,
            owner=props.owner,
            comment=props.comment or None,
            lifecycle=protection(props.protected),
        )
        take_over(model, props.ownership, props.full_name)
        return model
