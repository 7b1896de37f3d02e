"""Credentials and external locations in three clouds, and what stands before what on AWS."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import TerraformLocal, TerraformStack
from cdktf import Testing as Synthesis

from brickyard_constructs.catalog import Access, Grant
from brickyard_constructs.errors import InvalidProps, TwoOwners
from brickyard_constructs.storage import (
    AwsResources,
    AwsRole,
    AzureAccessConnector,
    GcpServiceAccount,
    StorageCredentialProps,
    StorageLocation,
    StorageLocationProps,
    UnityCatalogBucketProps,
    UnityCatalogRoleProps,
    UnityCatalogStorage,
    UnityCatalogStorageProps,
)

ROLE = AwsRole(role_arn="arn:aws:iam::123456789012:role/uc")
MADE = AwsResources(region="eu-west-1", role_name="acme-uc")
CONNECTOR = AzureAccessConnector(
    access_connector_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/accessConnectors/c"
)
FILES = Access(deployer="deployer", grants=(Grant(principal="team", privileges=("READ_FILES",)),))


def props(**changes: Any) -> UnityCatalogStorageProps:
    settings: dict[str, Any] = {
        "url": "s3://acme-lake/unity",
        "location_name": "lake",
        "credential_name": "lake",
        "location_access": FILES,
        "credential_access": Access(deployer="deployer"),
        "identity": ROLE,
    }
    return UnityCatalogStorageProps(**settings | changes)


def document(stack: TerraformStack) -> dict[str, Any]:
    synthesised: dict[str, Any] = json.loads(Synthesis.synth(stack))
    return synthesised


def test_location_and_credential_are_isolated_and_bound_to_the_workspaces_that_use_them(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    UnityCatalogStorage(stack, "lake", props(workspaces=(42,)))

    made = synth()
    (credential,) = made["databricks_storage_credential"].values()
    (location,) = made["databricks_external_location"].values()
    assert credential["isolation_mode"] == location["isolation_mode"] == "ISOLATION_MODE_ISOLATED"
    assert location["credential_name"].startswith("${databricks_storage_credential.")
    bound = {b["securable_type"]: b["binding_type"] for b in made["databricks_workspace_binding"].values()}
    assert bound == dict.fromkeys(("external_location", "storage_credential"), "BINDING_TYPE_READ_WRITE")
    granted = [g for g in made["databricks_grants"].values() if "external_location" in g]
    assert [g["principal"] for g in granted[0]["grant"]] == ["deployer", "team"]


def test_a_role_that_is_there_is_tried_and_one_that_comes_later_is_not(stack: TerraformStack) -> None:
    UnityCatalogStorage(stack, "there", props())
    UnityCatalogStorage(
        stack, "later", props(url="s3://acme-new", identity=MADE, location_name="new", credential_name="new")
    )

    made = document(stack)["resource"]
    credentials = {c["name"]: c for c in made["databricks_storage_credential"].values()}
    assert "skip_validation" not in credentials["lake"]
    assert credentials["new"]["skip_validation"] is True
    assert all("skip_validation" not in location for location in made["databricks_external_location"].values())


def test_on_aws_the_credential_is_first_then_its_role_and_then_the_location(stack: TerraformStack) -> None:
    UnityCatalogStorage(stack, "lake", props(identity=MADE))

    made = document(stack)["resource"]
    (credential_name,) = made["databricks_storage_credential"]
    (role_name,) = made["aws_iam_role"]
    assert "aws_iam_role." not in json.dumps(made["databricks_storage_credential"])
    trust = made["aws_iam_role"][role_name]["assume_role_policy"]
    for answer in ("external_id", "unity_catalog_iam_arn"):
        assert f"${{databricks_storage_credential.{credential_name}.aws_iam_role[0].{answer}}}" in trust
    assert "414351767826" not in json.dumps(made)  # GovCloud's is another: Databricks says which
    (location,) = made["databricks_external_location"].values()
    kinds = {dependency.partition(".")[0] for dependency in location["depends_on"]}
    assert kinds == {"aws_s3_bucket_policy", "terraform_data"}
    (waiting,) = made["terraform_data"].values()
    assert waiting["depends_on"] == [f"aws_iam_role_policy.{next(iter(made['aws_iam_role_policy']))}"]


def test_two_storages_of_one_stack_share_one_provider_of_aws(stack: TerraformStack) -> None:
    UnityCatalogStorage(stack, "a", props(identity=MADE))
    other = AwsResources(region="eu-west-1", role_name="other")
    UnityCatalogStorage(
        stack, "b", props(identity=other, url="s3://other-lake", location_name="b", credential_name="b")
    )

    made = document(stack)
    assert made["provider"]["aws"] == [{"region": "eu-west-1"}]
    assert made["terraform"]["required_providers"]["aws"]["source"] == "hashicorp/aws"
    assert len(made["resource"]["aws_s3_bucket"]) == 2


def test_a_second_region_in_one_stack_is_refused(stack: TerraformStack) -> None:
    UnityCatalogStorage(stack, "a", props(identity=MADE))
    other = AwsResources(region="us-east-1", role_name="other")

    with pytest.raises(InvalidProps, match="region: got 'us-east-1'; the stack's provider of AWS is in eu-west-1"):
        UnityCatalogStorage(
            stack, "b", props(identity=other, url="s3://other-lake", location_name="b", credential_name="b")
        )


def test_a_bucket_is_closed_versioned_and_encrypted_with_the_key_that_is_named(stack: TerraformStack) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234"
    made = AwsResources(region="eu-west-1", role_name="acme-uc", kms_key_arn=key)
    UnityCatalogStorage(stack, "lake", props(identity=made))

    resources = document(stack)["resource"]
    (bucket,) = resources["aws_s3_bucket"].values()
    assert bucket["bucket"] == "acme-lake"
    assert (bucket["force_destroy"], bucket["lifecycle"]) == (False, {"prevent_destroy": True})
    (closed,) = resources["aws_s3_bucket_public_access_block"].values()
    assert [value for value in closed.values() if isinstance(value, bool)] == [True] * 4
    (encryption,) = resources["aws_s3_bucket_server_side_encryption_configuration"].values()
    assert key in json.dumps(encryption)
    (location,) = resources["databricks_external_location"].values()
    assert "encryption_details" not in location  # the bucket encrypts by itself
    assert "kms:GenerateDataKey*" in json.dumps(resources["aws_iam_role_policy"])


def test_a_location_over_a_bucket_that_demands_its_key_names_it(
    stack: TerraformStack, synth: Callable[[], Any]
) -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1234"
    demanding = StorageLocationProps(name="l", access=FILES, url="s3://theirs", credential="c", kms_key_arn=key)
    StorageLocation(stack, "location", demanding)

    (location,) = synth()["databricks_external_location"].values()
    assert location["encryption_details"] == {
        "sse_encryption_details": {"algorithm": "AWS_SSE_KMS", "aws_kms_key_arn": key}
    }
    with pytest.raises(InvalidProps, match="only a location on s3:// has one"):
        StorageLocationProps(name="l", access=FILES, url="gs://theirs", credential="c", kms_key_arn=key)


def test_azure_and_gcp_name_what_others_made(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    azure = props(url="abfss://lake@acme.dfs.core.windows.net/unity", identity=CONNECTOR)
    UnityCatalogStorage(stack, "azure", azure)
    gcp = UnityCatalogStorage(
        stack,
        "gcp",
        props(url="gs://acme-lake", identity=GcpServiceAccount(), location_name="g", credential_name="g"),
    )

    credentials = {c["name"]: c for c in synth()["databricks_storage_credential"].values()}
    connector = {"access_connector_id": CONNECTOR.access_connector_id}
    assert credentials["lake"]["azure_managed_identity"] == connector
    assert "databricks_gcp_service_account" in credentials["g"]
    TerraformLocal(stack, "email", gcp.credential.email)
    assert synth()["locals"]["email"].endswith(".databricks_gcp_service_account[0].email}")
    assert not {kind for kind in synth() if kind.startswith(("aws_", "azurerm_", "google_"))}


def test_referenced_storage_makes_nothing_but_our_grants(stack: TerraformStack, synth: Callable[[], Any]) -> None:
    referenced = props(identity=None, ownership="reference", credential_ownership="reference")
    storage = UnityCatalogStorage(stack, "lake", referenced)

    assert synth().keys() == {"databricks_grant", "locals"}
    assert (storage.location.name, storage.location.url) == ("lake", "s3://acme-lake/unity")
    with pytest.raises(InvalidProps, match="nothing but the name is known"):
        _ = storage.credential.external_id


def test_two_owners_of_one_location_are_refused(stack: TerraformStack) -> None:
    UnityCatalogStorage(stack, "one", props())

    with pytest.raises(TwoOwners, match="storage_credential lake has two owners"):
        UnityCatalogStorage(stack, "two", props())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"url": "gs://acme-lake"}, "url: got 'gs://acme-lake'; a place of s3"),
        ({"identity": CONNECTOR}, "a place of abfss"),
        ({"identity": GcpServiceAccount()}, "a place of gs"),
        ({"url": "s3://acme-lake/../other"}, "no part of the path is . or .."),
        ({"identity": MADE, "ownership": "adopt"}, "bucket and role are made only for"),
        ({"identity": MADE, "credential_ownership": "reference"}, "bucket and role are made only for"),
    ],
)
def test_storage_that_does_not_fit_together_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidProps, match=told):
        props(**changes)


def test_china_is_refused_by_name_and_govcloud_is_not() -> None:
    for refused in ("cn-north-1", ""):
        with pytest.raises(InvalidProps, match="no Unity Catalog role in AWS China"):
            AwsResources(region=refused, role_name="r")
    with pytest.raises(InvalidProps, match="there is no Unity Catalog in aws-cn"):
        AwsRole(role_arn="arn:aws-cn:iam::123456789012:role/uc")
    assert AwsResources(region="us-gov-west-1", role_name="r")
    assert AwsRole(role_arn="arn:aws-us-gov:iam::123456789012:role/path/uc")


def test_names_and_ids_that_the_cloud_would_refuse_are_refused_before() -> None:
    with pytest.raises(InvalidProps, match="no dot"):
        UnityCatalogBucketProps(name="acme.lake")
    with pytest.raises(InvalidProps, match="a key's ARN"):
        UnityCatalogBucketProps(name="acme-lake", kms_key_arn="alias/mine")
    with pytest.raises(InvalidProps, match="a role's name"):
        UnityCatalogRoleProps(name="a role", bucket_arn="b", external_id="e", unity_catalog_arn="u")
    with pytest.raises(InvalidProps, match="access_connector_id"):
        AzureAccessConnector(access_connector_id="connector")
    with pytest.raises(InvalidProps, match="identity: got None; a credential that is created or adopted has one"):
        StorageCredentialProps(name="c", access=FILES)
