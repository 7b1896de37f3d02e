"""The policies of a Unity Catalog role are those that Databricks' provider writes, file events aside."""

import json

from hypothesis import given
from hypothesis import strategies as st

from brickyard_constructs.storage.aws_policies import access_policy, tls_only_policy, trust_policy

ARNS = st.from_regex(r"arn:aws(-us-gov)?:iam::[0-9]{12}:[a-z/]{1,20}", fullmatch=True)


@given(ARNS, ARNS, ARNS, st.text())
def test_whoever_assumes_the_role_says_the_credentials_external_id(
    role: str, root: str, uc: str, external: str
) -> None:
    policy = trust_policy(role_arn=role, root_arn=root, external_id=external, unity_catalog_arn=uc)

    databricks, itself = json.loads(policy)["Statement"]
    assert databricks["Principal"] == {"AWS": uc}
    assert itself["Principal"] == {"AWS": root}
    assert itself["Condition"]["ArnLike"] == {"aws:PrincipalArn": role}
    for statement in (databricks, itself):
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
        assert statement["Condition"]["StringEquals"] == {"sts:ExternalId": external}


def test_the_role_reaches_one_bucket_one_key_and_itself() -> None:
    policy = json.loads(access_policy(role_arn="role", bucket_arn="bucket", kms_key_arn="key"))

    assert [s["Resource"] for s in policy["Statement"]] == [["bucket", "bucket/*"], ["role"], ["key"]]
    assert not [action for s in policy["Statement"] for action in s["Action"] if action.endswith(":*")]
    without_key = json.loads(access_policy(role_arn="role", bucket_arn="bucket", kms_key_arn=None))
    assert without_key["Statement"] == policy["Statement"][:2]


def test_a_bucket_answers_nobody_without_tls() -> None:
    (statement,) = json.loads(tls_only_policy(bucket_arn="bucket"))["Statement"]

    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == ["bucket", "bucket/*"]
