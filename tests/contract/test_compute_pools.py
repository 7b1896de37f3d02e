"""Instance pools through the unmodified databricks-sdk: kept, permitted, and no instance invented."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.compute import DockerImage
from databricks.sdk.service.iam import AccessControlRequest, ComplexValue, Patch, PatchOp, PatchSchema, PermissionLevel

from brickyard_local.pytest_plugin import LocalWorkspace

NODE_TYPE = "i3.xlarge"
NewRobot = Callable[[], Any]


@pytest.fixture
def new_pool(client: WorkspaceClient) -> Callable[..., str]:
    def make(**fields: Any) -> str:
        name = f"pool-{secrets.token_hex(4)}"
        return str(client.instance_pools.create(name, NODE_TYPE, **fields).instance_pool_id)

    return make


def allow(client: WorkspaceClient, pool_id: str, robot: Any, level: PermissionLevel) -> None:
    grant = AccessControlRequest(service_principal_name=robot.application_id, permission_level=level)
    client.permissions.update("instance-pools", pool_id, access_control_list=[grant])


def test_a_pool_comes_back_as_it_was_made_and_edited(client: WorkspaceClient, new_pool: Callable[..., str]) -> None:
    pool_id = new_pool(min_idle_instances=1, max_capacity=3, custom_tags={"team": "ml"})
    client.instance_pools.edit(pool_id, f"{pool_id}-renamed", NODE_TYPE, max_capacity=5)
    found = client.instance_pools.get(pool_id)
    assert (found.instance_pool_name, found.max_capacity, found.min_idle_instances) == (f"{pool_id}-renamed", 5, None)
    assert not found.custom_tags
    assert pool_id in [pool.instance_pool_id for pool in client.instance_pools.list()]
    client.instance_pools.delete(pool_id)
    with pytest.raises(NotFound):
        client.instance_pools.get(pool_id)


def test_no_instance_is_invented(client: WorkspaceClient, new_pool: Callable[..., str]) -> None:
    stats = client.instance_pools.get(new_pool(min_idle_instances=2)).stats
    assert stats is not None
    assert (stats.idle_count, stats.used_count, stats.pending_idle_count) == (0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"node_type_id": "no node type"}, "node_type_id"),
        ({"node_type_id": NODE_TYPE, "max_capacity": 1, "min_idle_instances": 2}, "below min_idle_instances"),
    ],
)
def test_what_no_pool_can_be_is_refused(client: WorkspaceClient, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParameterValue, match=said):
        client.instance_pools.create(f"pool-{secrets.token_hex(4)}", **fields)


def test_a_pool_keeps_its_node_type_and_its_name_is_its_own(
    client: WorkspaceClient, new_pool: Callable[..., str]
) -> None:
    pool_id, other_id = new_pool(), new_pool()
    name = str(client.instance_pools.get(pool_id).instance_pool_name)
    with pytest.raises(InvalidParameterValue, match="node_type_id of an instance pool cannot be changed"):
        client.instance_pools.edit(pool_id, name, "m5d.large")
    with pytest.raises(InvalidParameterValue, match="taken"):
        client.instance_pools.edit(other_id, name, NODE_TYPE)


def test_what_is_not_emulated_of_a_pool_is_named(client: WorkspaceClient) -> None:
    with pytest.raises(DatabricksError, match="preloaded_docker_images"):
        client.instance_pools.create("docker", NODE_TYPE, preloaded_docker_images=[DockerImage(url="x")])


def test_permissions_say_who_sees_edits_and_makes_pools(
    client: WorkspaceClient, new_pool: Callable[..., str], new_robot: NewRobot
) -> None:
    pool_id, robot = new_pool(), new_robot()
    theirs = robot.client()
    with pytest.raises(PermissionDenied):
        theirs.instance_pools.get(pool_id)
    allow(client, pool_id, robot, PermissionLevel.CAN_ATTACH_TO)
    name = str(theirs.instance_pools.get(pool_id).instance_pool_name)
    assert [pool.instance_pool_id for pool in theirs.instance_pools.list()] == [pool_id]
    with pytest.raises(PermissionDenied):
        theirs.instance_pools.edit(pool_id, name, NODE_TYPE, max_capacity=9)
    with pytest.raises(PermissionDenied, match="allow-instance-pool-create"):
        theirs.instance_pools.create(f"pool-{secrets.token_hex(4)}", NODE_TYPE)
    principal = next(iter(client.service_principals.list(filter=f'applicationId eq "{robot.application_id}"')))
    entitled = Patch(
        op=PatchOp.ADD, path="entitlements", value=[ComplexValue(value="allow-instance-pool-create").as_dict()]
    )
    schema = PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP
    client.service_principals.patch(str(principal.id), operations=[entitled], schemas=[schema])
    own = theirs.instance_pools.create(f"pool-{secrets.token_hex(4)}", NODE_TYPE)
    theirs.instance_pools.delete(str(own.instance_pool_id))


def test_pools_are_there_after_a_kill(fresh_local_workspace: LocalWorkspace) -> None:
    made = fresh_local_workspace.client().instance_pools.create("lasting", NODE_TYPE)
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    again = fresh_local_workspace.client().instance_pools.get(str(made.instance_pool_id))
    assert again.instance_pool_name == "lasting"
