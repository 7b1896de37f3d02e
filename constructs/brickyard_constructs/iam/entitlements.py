"""What a principal may do in a workspace beside the permissions on its objects."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from cdktf_cdktf_provider_databricks.entitlements import Entitlements
from constructs import Construct

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import claim

PrincipalKind: TypeAlias = Literal["group", "service_principal", "user"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EntitlementsProps:
    """Whose they are, by plain name for the check and by id; what is not granted here is taken away."""

    kind: PrincipalKind
    name: str
    principal_id: str
    workspace_access: bool = False
    sql_access: bool = False
    consumer_access: bool = False
    create_clusters: bool = False
    create_instance_pools: bool = False

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_not_empty("principal_id", self.principal_id)
        if self.consumer_access and (self.workspace_access or self.sql_access):
            rule = "who may only consume has neither workspace_access nor sql_access"
            raise InvalidProps("consumer_access", self.consumer_access, rule=rule)


class PrincipalEntitlements(Construct):
    """All entitlements of one principal in the provider's workspace. Nobody makes clusters past a policy unless said.

    Creates: databricks_entitlements.
    Errors: TwoOwners, when another construct of the app owns the same principal's.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/entitlements
    """

    def __init__(self, scope: Construct, id_: str, props: EntitlementsProps) -> None:
        super().__init__(scope, id_)
        claim(self, f"entitlements of the {props.kind} {props.name}")
        whose: dict[str, Any] = {f"{props.kind}_id": props.principal_id}
        self.entitlements = Entitlements(
            self,
            "Resource",
            workspace_access=props.workspace_access or None,
            databricks_sql_access=props.sql_access or None,
            workspace_consume=props.consumer_access or None,
            allow_cluster_create=props.create_clusters or None,
            allow_instance_pool_create=props.create_instance_pools or None,
            **whose,
        )
