"""Who may enter a workspace, by the account's provider."""

from dataclasses import dataclass

from cdktf_cdktf_provider_databricks.mws_permission_assignment import MwsPermissionAssignment
from constructs import Construct

from brickyard_constructs.checks import check_at_least, check_not_empty
from brickyard_constructs.iam.principal_ids import as_number
from brickyard_constructs.ownership import claim


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountAssignmentProps:
    """A workspace and a principal, both by id; the principal's plain name is for the check."""

    workspace_id: int
    principal_id: str
    name: str
    admin: bool = False

    def __post_init__(self) -> None:
        check_at_least("workspace_id", self.workspace_id, 1)
        check_not_empty("principal_id", self.principal_id)
        check_not_empty("name", self.name)


class AccountAssignment(Construct):
    """Lets a principal into any workspace of the account. It takes an account-level provider.

    Creates: databricks_mws_permission_assignment.
    Errors: TwoOwners, when another construct of the app assigns the same principal to the same workspace.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/mws_permission_assignment
    """

    def __init__(self, scope: Construct, id_: str, props: AccountAssignmentProps) -> None:
        super().__init__(scope, id_)
        claim(self, f"entry of {props.name} into workspace {props.workspace_id}")
        self.assignment = MwsPermissionAssignment(
            self,
            "Resource",
            workspace_id=props.workspace_id,
            principal_id=as_number("principal_id", props.principal_id),
            permissions=["ADMIN" if props.admin else "USER"],
        )
