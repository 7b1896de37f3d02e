"""The store of Terraform's state: a bucket or container that keeps versions, is encrypted, and is nobody else's."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from brickyard.bootstrap.step import Step
from brickyard.errors import CannotBootstrap, in_one_line
from brickyard_stacks.settings import Environment
from brickyard_stacks.settings.state import AzurermState, S3State

_ABSENT = ("404", "NoSuchBucket")
_NOTHING_BLOCKED = "NoSuchPublicAccessBlockConfiguration"
_CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def state_store(environment: Environment) -> Iterator[Step]:
    """The steps for the environment's backend. Errors: CannotBootstrap."""
    state = environment.state
    if isinstance(state, S3State):
        yield from _bucket(state)
    elif isinstance(state, AzurermState):
        yield from _container(state, environment.region)
    else:
        yield Step(what=f"state in {state.path}", call="Terraform makes the folder", done=True)


def _bucket(state: S3State) -> Iterator[Step]:
    """Each property by itself, so that a bucket which is there is only completed."""
    client = _s3(state)
    name = state.bucket
    there = _answers(lambda: client.head_bucket(Bucket=name), _ABSENT)
    where = {} if state.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": state.region}}
    yield Step(
        what=f"bucket s3://{name} in {state.region}",
        call=f"s3:CreateBucket {name}",
        done=there,
        make=partial(_do, client.create_bucket, Bucket=name, **where),
    )
    yield Step(
        what=f"s3://{name} keeps versions",
        call=f"s3:PutBucketVersioning {name} Status=Enabled",
        done=there and client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled",
        make=partial(_do, client.put_bucket_versioning, Bucket=name, VersioningConfiguration={"Status": "Enabled"}),
    )
    yield Step(
        what=f"s3://{name} is never public",
        call=f"s3:PutPublicAccessBlock {name} {', '.join(_CLOSED)}",
        done=there and _is_closed(client, name),
        make=partial(_do, client.put_public_access_block, Bucket=name, PublicAccessBlockConfiguration=_CLOSED),
    )
    yield _encryption(client, state, there=there)


def _encryption(client: Any, state: S3State, *, there: bool) -> Step:
    """With the key of the settings, or S3's own; every bucket has S3's own from the start."""
    rule = (
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": state.kms_key_id}
        if state.kms_key_id
        else {"SSEAlgorithm": "AES256"}
    )
    configuration = {"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
    return Step(
        what=f"s3://{state.bucket} is encrypted with {state.kms_key_id or 'keys of S3'}",
        call=f"s3:PutEncryptionConfiguration {state.bucket} {rule['SSEAlgorithm']}",
        done=there and _encrypts_with(client, state.bucket, rule),
        make=partial(
            _do,
            client.put_bucket_encryption,
            Bucket=state.bucket,
            ServerSideEncryptionConfiguration=configuration,
        ),
    )


def _s3(state: S3State) -> Any:
    try:
        import boto3
    except ImportError as error:
        raise CannotBootstrap(
            "boto3 is not installed: `pipenv run pip install boto3`, or make the bucket by hand: `aws s3api "
            f"create-bucket --bucket {state.bucket} --region {state.region}`, with versions, encryption and no "
            "public access."
        ) from error
    return boto3.session.Session(profile_name=state.profile, region_name=state.region).client(
        "s3", endpoint_url=state.endpoint
    )


def _answers(ask: Any, absent: tuple[str, ...]) -> bool:
    """Whether the thing is there. Errors: CannotBootstrap, for any other answer: a 403 is not an absence."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        ask()
    except ClientError as error:
        if error.response["Error"]["Code"] in absent:
            return False
        raise CannotBootstrap(
            f"AWS refuses to say: {in_one_line(error)}. Sign in as who administers the account; a bucket's name may "
            "also be somebody else's."
        ) from error
    except BotoCoreError as error:
        raise CannotBootstrap(f"AWS does not answer: {in_one_line(error)}") from error
    return True


def _is_closed(client: Any, name: str) -> bool:
    def ask() -> None:
        found.update(client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"])

    found: dict[str, bool] = {}
    return _answers(ask, (_NOTHING_BLOCKED,)) and found == _CLOSED


def _encrypts_with(client: Any, name: str, rule: dict[str, str]) -> bool:
    def ask() -> None:
        rules = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        found.update(rules[0]["ApplyServerSideEncryptionByDefault"])

    found: dict[str, str] = {}
    return _answers(ask, ("ServerSideEncryptionConfigurationNotFoundError",)) and found == rule


def _do(method: Any, **arguments: Any) -> str:
    method(**arguments)
    return ""


def _container(state: AzurermState, region: str) -> Iterator[Step]:
    """Azure's own command lines: this command holds no sign-in to Azure, and says so."""
    group, account = state.resource_group_name or "GROUP", state.storage_account_name
    lines = (
        f"az group create --name {group} --location {region}",
        (
            f"az storage account create --name {account} --resource-group {group} --location {region} "
            "--sku Standard_ZRS --min-tls-version TLS1_2 "
            "--allow-blob-public-access false --allow-shared-key-access false"
        ),
        (
            f"az storage account blob-service-properties update --account-name {account} --resource-group {group} "
            "--enable-versioning true"
        ),
        f"az storage container create --name {state.container_name} --account-name {account} --auth-mode login",
    )
    for line in lines:
        yield Step(what="Azure's state store", call=line, by_hand=True)
