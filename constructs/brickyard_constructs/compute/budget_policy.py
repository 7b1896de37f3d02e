"""Budget policies of serverless work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.budget_policy import BudgetPolicy as BudgetPolicyResource
from cdktf_cdktf_provider_databricks.budget_policy import BudgetPolicyCustomTags
from constructs import Construct

from brickyard_constructs.checks import check_each_once, check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import protection


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetPolicyProps:
    """The tags that serverless usage is billed under, and the workspaces where the policy may be used."""

    name: str
    tags: Mapping[str, str]
    workspace_ids: tuple[int, ...] = ()
    protected: bool = False
    import_id: str = field(default="")

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        check_not_empty("tags", self.tags)
        check_each_once("workspace_ids", map(str, self.workspace_ids))
        if any(each < 1 for each in self.workspace_ids):
            raise InvalidProps("workspace_ids", self.workspace_ids, rule="ids of workspaces")


class BudgetPolicy(Construct):
    """A budget policy, which jobs and endpoints name by `policy_id`. It is the account's: an account stack makes it.

    Serverless work has no clusters and so no cluster tags: this is how its cost is told apart.

    Creates: databricks_budget_policy.
    Source: registry.terraform.io/providers/databricks/databricks/latest/docs/resources/budget_policy
    """

    def __init__(self, scope: Construct, id_: str, props: BudgetPolicyProps) -> None:
        super().__init__(scope, id_)
        self.policy = BudgetPolicyResource(
            self,
            "Resource",
            policy_name=props.name,
            custom_tags=[BudgetPolicyCustomTags(key=key, value=value) for key, value in sorted(props.tags.items())],
            binding_workspace_ids=list(props.workspace_ids) or None,
            lifecycle=protection(props.protected),
        )
        if props.import_id:
            self.policy.import_from(props.import_id)
        self.policy_id = self.policy.policy_id
