"""Groups, service principals and permissions."""

from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformLocal, TerraformStack

from brickyard_constructs.errors import InvalidProps, TwoOwners
from brickyard_constructs.iam import (
    AccountGroup,
    AccountGroupProps,
    MadeServicePrincipal,
    ObjectPermissions,
    Permission,
    ServicePrincipalProps,
    Target,
    WorkspaceObject,
)

JOB = Target(kind=WorkspaceObject.JOB, name="nightly", object_id="${databricks_job.j.id}")


def test_a_groups_name_waits_for_the_group(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    principal = MadeServicePrincipal(stack, "robot", ServicePrincipalProps(name="robot"))
    members = {"robot": principal.service_principal.id}
    group = AccountGroup(stack, "group", AccountGroupProps(name="team", members=members))
    TerraformLocal(stack, "name", group.name)

    made = synth()
    (name,) = made["databricks_group"]
    assert made["locals"]["name"] == f"${{databricks_group.{name}.display_name}}"
    (member,) = made["databricks_group_member"].values()
    assert member["group_id"] == f"${{databricks_group.{name}.id}}"
    assert member["member_id"].startswith("${databricks_service_principal.")


def test_permissions_name_groups_and_application_ids(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    wanted = [Permission(level="CAN_VIEW", group="team"), Permission(level="CAN_MANAGE", service_principal="app-id")]
    ObjectPermissions(stack, "permissions", on=JOB, permissions=wanted)

    (made,) = synth()["databricks_permissions"].values()
    assert made == {
        "access_control": [
            {"group_name": "team", "permission_level": "CAN_VIEW"},
            {"permission_level": "CAN_MANAGE", "service_principal_name": "app-id"},
        ],
        "job_id": "${databricks_job.j.id}",
    }


def test_two_owners_of_one_objects_permissions_are_refused(stack: TerraformStack) -> None:
    wanted = [Permission(level="CAN_VIEW", group="team")]
    ObjectPermissions(stack, "one", on=JOB, permissions=wanted)

    with pytest.raises(TwoOwners, match="job nightly has two owners of its access: stack/one and stack/two"):
        ObjectPermissions(stack, "two", on=JOB, permissions=wanted)


def test_a_level_of_another_kind_of_object_is_refused(stack: TerraformStack) -> None:
    with pytest.raises(InvalidProps, match="level: got 'CAN_QUERY'; one of CAN_VIEW, CAN_MANAGE_RUN, CAN_MANAGE"):
        ObjectPermissions(stack, "one", on=JOB, permissions=[Permission(level="CAN_QUERY", group="team")])


@pytest.mark.parametrize("who", [{}, {"group": "team", "service_principal": "app-id"}])
def test_a_permission_is_for_exactly_one(who: dict[str, str]) -> None:
    with pytest.raises(InvalidProps, match="exactly one of them is named"):
        Permission(level="CAN_VIEW", **who)


def test_names_must_be_there() -> None:
    with pytest.raises(InvalidProps, match="name: got ''"):
        AccountGroupProps(name="")
    with pytest.raises(InvalidProps, match="name: got ''"):
        ServicePrincipalProps(name="")
    with pytest.raises(InvalidProps, match=r"members\.ann: got ''"):
        AccountGroupProps(name="team", members={"ann": ""})
