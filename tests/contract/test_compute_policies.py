"""Cluster policies through the unmodified databricks-sdk: kept, enforced on clusters and job clusters, permitted."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.compute import ListSortColumn, ListSortOrder
from databricks.sdk.service.iam import AccessControlRequest, ComplexValue, Patch, PatchOp, PatchSchema, PermissionLevel

VERSION = "15.4.x-scala2.12"
NewRobot = Callable[[], Any]
DEFINITION = {
    "spark_version": {"type": "fixed", "value": VERSION, "hidden": True},
    "node_type_id": {"type": "allowlist", "values": ["i3.xlarge", "m5d.large"], "defaultValue": "m5d.large"},
    "num_workers": {"type": "range", "minValue": 1, "maxValue": 3},
    "custom_tags.team": {"type": "fixed", "value": "ml"},
    "instance_pool_id": {"type": "forbidden", "hidden": True},
}


@pytest.fixture
def new_policy(client: WorkspaceClient) -> Callable[..., str]:
    def make(definition: dict[str, Any] | None = None, **more: Any) -> str:
        name = f"policy-{secrets.token_hex(4)}"
        made = client.cluster_policies.create(name=name, definition=json.dumps(definition or DEFINITION), **more)
        return str(made.policy_id)

    return make


def allow(client: WorkspaceClient, policy_id: str, robot: Any) -> None:
    grant = AccessControlRequest(service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_USE)
    client.permissions.update("cluster-policies", policy_id, access_control_list=[grant])


def test_a_policy_comes_back_as_it_was_made_and_edited(client: WorkspaceClient, new_policy: Callable[..., str]) -> None:
    policy_id = new_policy(description="for the team", max_clusters_per_user=2)
    made = client.cluster_policies.get(policy_id)
    assert json.loads(made.definition or "") == DEFINITION
    assert (made.description, made.max_clusters_per_user, made.is_default) == ("for the team", 2, False)

    client.cluster_policies.edit(policy_id, name=f"{made.name}-2", definition="{}")

    edited = client.cluster_policies.get(policy_id)
    assert (edited.name, edited.definition, edited.max_clusters_per_user) == (f"{made.name}-2", "{}", None)
    assert edited.created_at_timestamp == made.created_at_timestamp
    by_name = client.cluster_policies.list(sort_column=ListSortColumn.POLICY_NAME, sort_order=ListSortOrder.ASC)
    names = [str(policy.name) for policy in by_name]
    assert edited.name in names
    assert names == sorted(names)
    client.cluster_policies.delete(policy_id)
    with pytest.raises(NotFound):
        client.cluster_policies.get(policy_id)


def test_a_wrong_definition_and_a_taken_name_are_refused(
    client: WorkspaceClient, new_policy: Callable[..., str]
) -> None:
    name = client.cluster_policies.get(new_policy()).name
    with pytest.raises(InvalidParameterValue, match="already exists"):
        client.cluster_policies.create(name=name, definition="{}")
    with pytest.raises(InvalidParameterValue, match=r"'num_workers': a range rule needs minValue, maxValue or both"):
        new_policy({"num_workers": {"type": "range"}})
    with pytest.raises(InvalidParameterValue, match="greater than 0"):
        new_policy(max_clusters_per_user=0)
    for refused, named in (
        ({"definition": {"dbus_per_hour": {"type": "range", "maxValue": 5}}}, "dbus_per_hour"),
        ({"policy_family_id": "personal-vm"}, "policy_family_id"),
    ):
        with pytest.raises(DatabricksError, match=named) as error:
            new_policy(**refused)  # type: ignore[arg-type]
        assert error.value.error_code == "NOT_IMPLEMENTED"


def test_every_broken_rule_is_named_with_its_policy_path_and_value(
    client: WorkspaceClient, new_policy: Callable[..., str]
) -> None:
    policy_id = new_policy()
    with pytest.raises(InvalidParameterValue) as refused:
        client.clusters.create(
            spark_version="14.3.x-scala2.12",
            node_type_id="r5d.large",
            num_workers=9,
            custom_tags={"team": "web"},
            policy_id=policy_id,
        )

    message = str(refused.value)
    assert policy_id in message
    assert f'spark_version, the value must be "{VERSION}" (is "14.3.x-scala2.12")' in message
    assert 'node_type_id, the value must be one of "i3.xlarge", "m5d.large" (is "r5d.large")' in message
    assert 'num_workers, the value must be at least 1 and at most 3 (is "9")' in message
    assert 'custom_tags.team, the value must be "ml" (is "web")' in message


def test_fixed_values_are_filled_in_and_defaults_only_when_asked_for(
    client: WorkspaceClient, new_policy: Callable[..., str]
) -> None:
    policy_id = new_policy()
    body = {"policy_id": policy_id, "num_workers": 1}
    with pytest.raises(InvalidParameterValue, match="node_type_id, the value must be present"):
        client.api_client.do("POST", "/api/2.1/clusters/create", body=body)

    made = client.api_client.do("POST", "/api/2.1/clusters/create", body={**body, "apply_policy_default_values": True})

    cluster = client.clusters.get(made["cluster_id"])  # type: ignore[index]
    assert (cluster.spark_version, cluster.node_type_id, cluster.custom_tags) == (VERSION, "m5d.large", {"team": "ml"})
    client.clusters.permanent_delete(str(cluster.cluster_id))


def test_an_edit_must_keep_the_policy_and_fails_when_the_policy_is_gone(
    client: WorkspaceClient, new_policy: Callable[..., str]
) -> None:
    policy_id = new_policy()
    cluster_id = client.clusters.create(
        spark_version=VERSION, node_type_id="i3.xlarge", num_workers=1, policy_id=policy_id
    ).cluster_id

    def edit(workers: int) -> None:
        client.clusters.edit(
            str(cluster_id), VERSION, node_type_id="i3.xlarge", num_workers=workers, policy_id=policy_id
        ).result()

    with pytest.raises(InvalidParameterValue, match="num_workers"):
        client.clusters.resize(str(cluster_id), num_workers=4)
    client.clusters.wait_get_cluster_running(str(cluster_id))
    with pytest.raises(InvalidParameterValue, match="num_workers"):
        edit(4)
    edit(2)
    client.cluster_policies.delete(policy_id)
    with pytest.raises(NotFound, match="Policy"):
        edit(3)
    assert client.clusters.get(str(cluster_id)).num_workers == 2
    client.clusters.permanent_delete(str(cluster_id))


def test_whoever_lacks_the_entitlement_needs_a_policy_it_may_use(
    client: WorkspaceClient, new_robot: NewRobot, new_policy: Callable[..., str]
) -> None:
    robot, policy_id = new_robot(), new_policy()
    own = robot.client()

    def create(policy: str | None = None) -> str:
        made = own.clusters.create(spark_version=VERSION, node_type_id="i3.xlarge", num_workers=1, policy_id=policy)
        return str(made.cluster_id)

    with pytest.raises(PermissionDenied, match="allow-cluster-create"):
        create()
    with pytest.raises(PermissionDenied, match="CAN_USE"):
        create(policy_id)
    assert policy_id not in {policy.policy_id for policy in own.cluster_policies.list()}
    allow(client, policy_id, robot)
    own.clusters.permanent_delete(create(policy_id))
    assert policy_id in {policy.policy_id for policy in own.cluster_policies.list()}

    principal = next(iter(client.service_principals.list(filter=f'applicationId eq "{robot.application_id}"')))
    group = client.groups.create(
        display_name=f"creators-{secrets.token_hex(4)}",
        entitlements=[ComplexValue(value="allow-cluster-create")],
        members=[ComplexValue(value=principal.id)],
    )
    own.clusters.permanent_delete(create())
    client.groups.patch(
        str(group.id),
        schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
        operations=[Patch(op=PatchOp.REMOVE, path="entitlements")],
    )
    with pytest.raises(PermissionDenied, match="allow-cluster-create"):
        create()


def test_only_administrators_change_policies_and_their_permissions(
    client: WorkspaceClient, new_robot: NewRobot, new_policy: Callable[..., str]
) -> None:
    robot, policy_id = new_robot(), new_policy()
    allow(client, policy_id, robot)
    own = robot.client()

    with pytest.raises(PermissionDenied):
        own.cluster_policies.create(name="own", definition="{}")
    with pytest.raises(PermissionDenied):
        own.cluster_policies.edit(policy_id, name="own", definition="{}")
    with pytest.raises(PermissionDenied):
        own.cluster_policies.delete(policy_id)
    with pytest.raises(PermissionDenied):
        allow(own, policy_id, new_robot())


def test_a_user_has_no_more_active_clusters_than_the_policy_says(
    client: WorkspaceClient, new_robot: NewRobot, new_policy: Callable[..., str]
) -> None:
    policy_id = new_policy(max_clusters_per_user=1)
    owners = [new_robot(), new_robot()]
    for owner in owners:
        allow(client, policy_id, owner)

    def create(owner: Any) -> str:
        made = owner.client().clusters.create(
            spark_version=VERSION, node_type_id="i3.xlarge", num_workers=1, policy_id=policy_id
        )
        return str(made.cluster_id)

    first, other = create(owners[0]), create(owners[1])
    with pytest.raises(DatabricksError, match="max_clusters_per_user") as refused:
        create(owners[0])
    assert refused.value.error_code == "QUOTA_EXCEEDED"
    owners[0].client().clusters.delete_and_wait(first)
    second = create(owners[0])
    with pytest.raises(DatabricksError, match="max_clusters_per_user"):
        owners[0].client().clusters.start(first)
    for cluster_id in (first, second, other):
        client.clusters.permanent_delete(cluster_id)
