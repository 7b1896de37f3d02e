"""Groups of people, made here, adopted, or owned by the identity provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf_cdktf_provider_databricks.group import Group
from cdktf_cdktf_provider_databricks.group_member import GroupMember
from constructs import Construct

from brickyard_constructs.checks import check_not_empty
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import Ownership, check_ownership, take_over


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountGroupProps:
    """A group, and the ids of its members (users, service principals, groups) by a short name.

    One that is adopted is imported by its id, since names are not unique.
    """

    name: str
    members: Mapping[str, str] = field(default_factory=dict)
    ownership: Ownership = "create"
    import_id: str = ""

    def __post_init__(self) -> None:
        check_not_empty("name", self.name)
        _check_members(self.members)
        check_ownership(self.ownership)
        if self.ownership == "reference":
            rule = "a referenced group is used by its name alone; its members are its owner's"
            raise InvalidProps("ownership", self.ownership, rule=rule)
        if (self.ownership == "adopt") != bool(self.import_id):
            raise InvalidProps("import_id", self.import_id, rule="the SCIM id of an adopted group, and only of one")


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
        take_over(self.group, props.ownership, props.import_id)
        # Grants name a group by its name; taken from the resource, they wait until it exists.
        self.name = self.group.display_name
        _add_members(self, self.group.id, props.members)


def _check_members(members: Mapping[str, str]) -> None:
    for short_name, member in members.items():
        check_not_empty(f"members.{short_name}", member)


def _add_members(scope: Construct, group_id: str, members: Mapping[str, str]) -> None:
    for short_name, member in members.items():
        GroupMember(scope, f"member-{short_name}", group_id=group_id, member_id=member)
