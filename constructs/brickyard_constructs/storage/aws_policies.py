"""AWS policies that Unity Catalog needs, as documents. What Terraform will know stands in them as references.

Source: docs.databricks.com/aws/en/connect/unity-catalog/cloud-storage/s3/s3-external-location-manual (policies);
terraform-provider-databricks, aws/data_aws_unity_catalog_assume_role_policy.go (the same trust)
"""

import json
from typing import Any

Statement = dict[str, Any]


def trust_policy(*, role_arn: str, root_arn: str, external_id: str, unity_catalog_arn: str) -> str:
    """Who may assume the role: Databricks' own role with the credential's external id, and the role itself.

    A policy that names the role as its principal cannot be written before the role is there. So the account is the
    principal, and a condition leaves the role alone of it.
    """
    external = {"StringEquals": {"sts:ExternalId": external_id}}
    databricks = _allow("sts:AssumeRole") | {
        "Sid": "UnityCatalogAssumeRole",
        "Principal": {"AWS": unity_catalog_arn},
        "Condition": external,
    }
    itself = _allow("sts:AssumeRole") | {
        "Sid": "ExplicitSelfRoleAssumption",
        "Principal": {"AWS": root_arn},
        "Condition": {"ArnLike": {"aws:PrincipalArn": role_arn}, **external},
    }
    return _document(databricks, itself)


def access_policy(*, role_arn: str, bucket_arn: str, kms_key_arn: str | None) -> str:
    """What the role may do: read and write the bucket, use its key, and assume itself."""
    files = _allow(
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:ListBucket",
        "s3:GetBucketLocation",
        "s3:ListBucketMultipartUploads",
        "s3:ListMultipartUploadParts",
        "s3:AbortMultipartUpload",
    ) | {"Resource": [bucket_arn, f"{bucket_arn}/*"]}
    itself = _allow("sts:AssumeRole") | {"Resource": [role_arn]}
    if kms_key_arn is None:
        return _document(files, itself)
    key = _allow("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*") | {"Resource": [kms_key_arn]}
    return _document(files, itself, key)


def tls_only_policy(*, bucket_arn: str) -> str:
    """Nobody reaches the bucket without TLS."""
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, f"{bucket_arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return _document(statement)


def _allow(*actions: str) -> Statement:
    return {"Effect": "Allow", "Action": list(actions) if len(actions) > 1 else actions[0]}


def _document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
