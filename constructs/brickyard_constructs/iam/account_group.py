"""Groups of people, made here or owned by the identity provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.group import Group
from cdktf_cdktf_provider_databricks.group_member import GroupMember
from constructs import Construct

from brickyard_constructs.checks import check_not_empty


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountGroupProps:
    """A group, and the ids of its members (users, service principals, groups) by a short name."""

    name: str
    members: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        for short_name, member in self.members.items():
            check_not_empty(f"members.{short_name}", member)


class AccountGroup(Construct):
    """A group of people or service principals.

    Unity Catalog privileges hold for account groups. Made by a workspace-level provider, a group is an account
    group only in the local workspace; elsewhere the identity provider or the account console owns it.

    Creates: databricks_group; databricks_group_member for each member.
    Source: docs.databricks.com/aws/en/admin/users-groups/groups
    """

    def __init__(self, scope: Construct, id_: str, props: AccountGroupProps) -> None:
        super().__init__(scope, id_)
        self.group = Group(self, "Resource", display_name=props.name)
        # Grants name a group by its name; taken from the resource, they wait until it exists.
        self.name = self.group.display_name
        for short_name, member in props.members.items():
            GroupMember(self, f"member-{short_name}", group_id=self.group.id, member_id=member)
