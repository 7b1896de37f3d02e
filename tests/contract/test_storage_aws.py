"""External storage on AWS: the real hashicorp/aws provider against a moto server, Databricks' against the workspace.

Terraform must find the provider without a registry: BRICKYARD_PROVIDER_MIRROR names a filesystem mirror's folder, or
TF_CLI_CONFIG_FILE a configuration that names one.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_databricks.provider import DatabricksProvider
from databricks.sdk.service.catalog import IsolationMode, StorageCredentialInfo
from moto.server import ThreadedMotoServer

from brickyard_constructs.catalog import Access
from brickyard_constructs.storage import AwsResources, UnityCatalogStorage, UnityCatalogStorageProps
from brickyard_constructs.storage.aws import VERSIONS
from brickyard_local.provider.install import VERSION, install
from brickyard_local.pytest_plugin import LocalWorkspace

REGION, BUCKET, ROLE = "eu-west-1", "acme-dev-lake", "acme-dev-unity-catalog"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/0f2d7a1c-aaaa-bbbb-cccc-1234567890ab"
SIGNED_IN = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # the provider alone is 700 MB


@pytest.fixture(scope="module")
def aws_mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filesystem mirror that holds the genuine hashicorp/aws, found without asking a registry."""
    named = os.environ.get("BRICKYARD_PROVIDER_MIRROR")
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", "/nowhere"))
    if named is None and not configuration.is_file():
        pytest.skip("neither BRICKYARD_PROVIDER_MIRROR nor TF_CLI_CONFIG_FILE names a mirror with hashicorp/aws")
    probe = tmp_path_factory.mktemp("probe")
    if named is not None:
        configuration = probe / "terraform.rc"
        configuration.write_text(cli_configuration({"hashicorp/aws": Path(named).resolve()}))
    aws = {"source": "hashicorp/aws", "version": VERSIONS}
    (probe / "main.tf.json").write_text(json.dumps({"terraform": {"required_providers": {"aws": aws}}}))
    found = terraform(probe, {"TF_CLI_CONFIG_FILE": str(configuration)}, "init", "-no-color")
    if found.returncode != 0:
        pytest.skip(f"the mirror that is named has no hashicorp/aws {VERSIONS}")
    return probe / ".terraform/providers"


@pytest.fixture(
    scope="module",
    params=[
        "offline",
        pytest.param(
            "genuine",
            marks=[
                pytest.mark.genuine,
                pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
            ],
        ),
    ],
)
def providers(
    request: pytest.FixtureRequest,
    aws_mirror: Path,
    genuine_mirror: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A Terraform configuration with hashicorp/aws and one of the two Databricks providers."""
    folder = tmp_path_factory.mktemp("providers")
    made = genuine_mirror(VERSION) if request.param == "genuine" else install(folder / "terraform", folder / "cache")
    configuration = folder / "terraform.rc"
    mirrors = {"hashicorp/aws": aws_mirror, "databricks/databricks": made.parent / "mirror"}
    configuration.write_text(cli_configuration(mirrors))
    return configuration


def cli_configuration(mirrors: Mapping[str, Path]) -> str:
    """Terraform's own settings: which provider comes from which folder."""
    blocks = [
        f"  filesystem_mirror {{\n    path = {json.dumps(str(path))}\n    include = [{json.dumps(source)}]\n  }}\n"
        for source, path in mirrors.items()
    ]
    return f"provider_installation {{\n{''.join(blocks)}}}\n"


def terraform(folder: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    surroundings = {**kept, **SIGNED_IN, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **environment}
    return subprocess.run(
        ["terraform", *arguments], cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cloud:
    """Synthesises a stack for the moto server and the local workspace, runs Terraform on it, and asks AWS itself."""

    endpoint: str
    environment: Mapping[str, str]
    folder: Path

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def synthesise(self, props: UnityCatalogStorageProps) -> None:
        """Write the stack where Terraform runs; only AWS's addresses are other than in the cloud."""
        app = App(outdir=str(self.folder / "out"))
        stack = TerraformStack(app, "storage")
        DatabricksProvider(stack, "databricks")
        UnityCatalogStorage(stack, "lake", props)
        app.synth()
        document = json.loads((self.folder / "out/stacks/storage/cdk.tf.json").read_text())
        services = dict.fromkeys(("s3", "iam", "sts"), self.endpoint)
        document["provider"]["aws"][0] |= {"endpoints": [services], "s3_use_path_style": True}
        del document["terraform"]["backend"]
        (self.folder / "cdk.tf.json").write_text(json.dumps(document))

    def run(self, *arguments: str) -> None:
        first, *more = arguments
        done = terraform(self.folder, self.environment, first, "-no-color", *more)
        assert done.returncode == 0, done.stdout + done.stderr

    def apply(self) -> None:
        """Apply, and see that nothing is left to change."""
        self.run("apply", "-auto-approve")
        self.run("plan", "-detailed-exitcode")


@pytest.fixture
def cloud(tmp_path: Path, endpoint: str, providers: Path, local_workspace: LocalWorkspace) -> Iterator[Cloud]:
    environment = {
        "TF_CLI_CONFIG_FILE": str(providers),
        "DATABRICKS_HOST": local_workspace.host,
        "DATABRICKS_TOKEN": local_workspace.token,
    }
    cloud = Cloud(endpoint=endpoint, environment=environment, folder=tmp_path)
    yield cloud
    state = tmp_path / "terraform.tfstate"
    if state.exists() and json.loads(state.read_text())["resources"]:
        cloud.run("destroy", "-auto-approve")


def storage(*, kms_key_arn: str | None = None) -> UnityCatalogStorageProps:
    access = Access(deployer="admin@brickyard.local")
    return UnityCatalogStorageProps(
        url=f"s3://{BUCKET}/unity",
        location_name=BUCKET,
        credential_name=BUCKET,
        location_access=access,
        credential_access=access,
        identity=AwsResources(region=REGION, role_name=ROLE, kms_key_arn=kms_key_arn, propagation_s=1),
        protected=False,
    )


def expect_a_closed_bucket(s3: Any) -> None:
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    closed = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert list(closed.values()) == [True] * 4
    (owner,) = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}
    (lifecycle,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert lifecycle["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert lifecycle["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    (denied,) = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert denied["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


def expect_a_role_that_trusts(credential: StorageCredentialInfo, iam: Any, *, reaches: list[list[str]]) -> None:
    """The role trusts whom Databricks named when it made the credential, and itself."""
    named = credential.aws_iam_role
    assert named is not None
    role = iam.get_role(RoleName=ROLE)["Role"]
    assert named.role_arn == role["Arn"]
    databricks, itself = role["AssumeRolePolicyDocument"]["Statement"]
    assert databricks["Principal"] == {"AWS": named.unity_catalog_iam_arn}
    assert itself["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert itself["Condition"]["ArnLike"] == {"aws:PrincipalArn": role["Arn"]}
    for statement in (databricks, itself):
        assert statement["Condition"]["StringEquals"] == {"sts:ExternalId": named.external_id}
    access = iam.get_role_policy(RoleName=ROLE, PolicyName="unity-catalog")["PolicyDocument"]["Statement"]
    bucket = f"arn:aws:s3:::{BUCKET}"
    assert [s["Resource"] for s in access] == [[bucket, f"{bucket}/*"], [role["Arn"]], *reaches]


def encryption(s3: Any) -> dict[str, Any]:
    (rule,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    default: dict[str, Any] = rule["ApplyServerSideEncryptionByDefault"]
    return default | {"bucket key": rule["BucketKeyEnabled"]}


def test_credential_role_bucket_and_location_apply_stay_change_and_go(
    cloud: Cloud, local_workspace: LocalWorkspace
) -> None:
    s3, iam, databricks = cloud.client("s3"), cloud.client("iam"), local_workspace.client()
    cloud.synthesise(storage())
    cloud.run("init")
    cloud.apply()
    expect_a_closed_bucket(s3)
    expect_a_role_that_trusts(databricks.storage_credentials.get(BUCKET), iam, reaches=[])
    assert encryption(s3) == {"SSEAlgorithm": "AES256", "bucket key": False}
    assert databricks.external_locations.get(BUCKET).isolation_mode is IsolationMode.ISOLATION_MODE_ISOLATED

    cloud.synthesise(storage(kms_key_arn=KEY))
    cloud.apply()
    expect_a_role_that_trusts(databricks.storage_credentials.get(BUCKET), iam, reaches=[[KEY]])
    assert encryption(s3) == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "bucket key": True}

    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket=BUCKET, Key="without-tls", Body=b"data")
    cloud.run("destroy", "-auto-approve")
    assert BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert ROLE not in {role["RoleName"] for role in iam.list_roles()["Roles"]}
    assert BUCKET not in {location.name for location in databricks.external_locations.list()}
    assert BUCKET not in {credential.name for credential in databricks.storage_credentials.list()}
