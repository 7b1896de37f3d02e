"""The S3 bucket of an external location."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cdktf import TerraformResource
from constructs import Construct

from brickyard_constructs.checks import check_at_least
from brickyard_constructs.errors import InvalidProps
from brickyard_constructs.ownership import protection
from brickyard_constructs.storage.aws import AwsAccount, aws_resource
from brickyard_constructs.storage.aws_policies import tls_only_policy

# Source: docs.aws.amazon.com, S3 user guide, "General purpose bucket naming rules".
_BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_KEY_ARN = re.compile(r"arn:aws(-us-gov)?:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class UnityCatalogBucketProps:
    """The bucket's name, the key it encrypts with (else AES-256 with keys of S3), and how long old versions stay."""

    name: str
    kms_key_arn: str | None = None
    noncurrent_days: int = 30
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = True

    def __post_init__(self) -> None:
        if not _BUCKET.fullmatch(self.name):
            rule = "3 to 63 of a-z, 0-9 and -; no dot, which TLS to a bucket does not allow"
            raise InvalidProps("name", self.name, rule=rule)
        if self.kms_key_arn is not None and not _KEY_ARN.fullmatch(self.kms_key_arn):
            rule = "a key's ARN, as arn:aws:kms:region:123456789012:key/id"
            raise InvalidProps("kms_key_arn", self.kms_key_arn, rule=rule)
        check_at_least("noncurrent_days", self.noncurrent_days, 1)


class UnityCatalogBucket(Construct):
    """A bucket that is encrypted and versioned, that no one reaches in public or without TLS, and without ACLs.

    Versions make a deleted table recoverable; those that are no longer current go after `noncurrent_days`, and
    uploads that nobody finished after a week. A key of one's own must allow the role: its policy is the key owner's.

    Creates: aws_s3_bucket, aws_s3_bucket_versioning, aws_s3_bucket_server_side_encryption_configuration,
    aws_s3_bucket_public_access_block, aws_s3_bucket_ownership_controls, aws_s3_bucket_policy,
    aws_s3_bucket_lifecycle_configuration.
    Source: docs.databricks.com/aws/en/connect/unity-catalog/cloud-storage/s3/s3-external-location-manual
    """

    def __init__(self, scope: Construct, id_: str, props: UnityCatalogBucketProps, *, account: AwsAccount) -> None:
        super().__init__(scope, id_)
        self.arn = account.bucket_arn(props.name)
        self.bucket = aws_resource(
            self,
            "Resource",
            "s3_bucket",
            bucket=props.name,
            force_destroy=not props.protected,
            tags=dict(props.tags) or None,
            lifecycle=protection(props.protected),
        )
        self._name = self.bucket.get_string_attribute("id")
        self._keep_versions(props.noncurrent_days)
        self._encrypt(props.kms_key_arn)
        self.ready = self._close()

    def _keep_versions(self, noncurrent_days: int) -> None:
        enabled = {"status": "Enabled"}
        versioning = aws_resource(
            self, "versioning", "s3_bucket_versioning", bucket=self._name, versioning_configuration=[enabled]
        )
        rule = {
            "id": "old-versions-and-unfinished-uploads",
            "status": "Enabled",
            "filter": [{"prefix": ""}],
            "noncurrent_version_expiration": [{"noncurrent_days": noncurrent_days}],
            "abort_incomplete_multipart_upload": [{"days_after_initiation": 7}],
        }
        aws_resource(
            self,
            "old-versions",
            "s3_bucket_lifecycle_configuration",
            bucket=self._name,
            rule=[rule],
            depends_on=[versioning],
        )

    def _encrypt(self, kms_key_arn: str | None) -> None:
        with_key = {"sse_algorithm": "aws:kms", "kms_master_key_id": kms_key_arn}
        rule = {
            "apply_server_side_encryption_by_default": [with_key if kms_key_arn else {"sse_algorithm": "AES256"}],
            # One bucket key asks KMS for many objects, at a hundredth of the price.
            "bucket_key_enabled": kms_key_arn is not None,
        }
        kind = "s3_bucket_server_side_encryption_configuration"
        aws_resource(self, "encryption", kind, bucket=self._name, rule=[rule])

    def _close(self) -> TerraformResource:
        enforced = {"object_ownership": "BucketOwnerEnforced"}
        aws_resource(self, "ownership", "s3_bucket_ownership_controls", bucket=self._name, rule=[enforced])
        closed = aws_resource(
            self,
            "public-access",
            "s3_bucket_public_access_block",
            bucket=self._name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
        policy = tls_only_policy(bucket_arn=self.arn)
        # S3 refuses two changes of one bucket's access at a time.
        return aws_resource(self, "tls-only", "s3_bucket_policy", bucket=self._name, policy=policy, depends_on=[closed])
