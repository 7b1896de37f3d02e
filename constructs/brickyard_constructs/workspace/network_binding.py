"""Which of an account's network settings hold for a workspace's serverless work."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.mws_ncc_binding import MwsNccBinding
from cdktf_cdktf_provider_databricks.workspace_network_option import WorkspaceNetworkOption
from constructs import Construct

from brickyard_constructs.checks import check_at_least
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import claim


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkBindingProps:
    """The workspace, and what it is bound to: a connectivity configuration (NCC), an egress policy, or both."""

    workspace_id: int
    connectivity_config_id: str | None = None
    egress_policy_id: str | None = None

    def __post_init__(self) -> None:
        check_at_least("workspace_id", self.workspace_id, 1)
        if self.connectivity_config_id is None and self.egress_policy_id is None:
            rule = "a connectivity configuration, an egress policy, or both: without either there is nothing to bind"
            raise InvalidProps("connectivity_config_id", self.connectivity_config_id, rule=rule)


class NetworkBinding(Construct):
    """A workspace bound to network settings that the account has already. It needs a sign-in to the account.

    Creates: databricks_mws_ncc_binding, databricks_workspace_network_option, each where it is asked for.
    Errors: TwoOwners, when another construct of the app binds the same workspace.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/mws_ncc_binding
    """

    def __init__(self, scope: Construct, id_: str, props: NetworkBindingProps) -> None:
        super().__init__(scope, id_)
        claim(self, f"network of the workspace {props.workspace_id}")
        if props.connectivity_config_id is not None:
            MwsNccBinding(
                self,
                "connectivity",
                network_connectivity_config_id=props.connectivity_config_id,
                workspace_id=props.workspace_id,
            )
        if props.egress_policy_id is not None:
            WorkspaceNetworkOption(
                self, "egress", network_policy_id=props.egress_policy_id, workspace_id=props.workspace_id
            )
