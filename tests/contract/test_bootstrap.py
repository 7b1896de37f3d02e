"""`brickyard bootstrap`: every call is said first, made once, and left alone the second time."""

import argparse
import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from databricks.sdk.errors.base import DatabricksError
from moto.server import ThreadedMotoServer
from rich.console import Console

from brickyard.clone import Clone
from brickyard.errors import CannotBootstrap, NotConfirmed
from brickyard.screen import Screen
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.pytest_plugin import LocalWorkspace

GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")
ISSUER = "https://vstoken.dev.azure.com/00000000-0000-0000-0000-0000000000dd"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Before:
    """An environment of which nothing exists yet but the workspace."""

    def __init__(self, workspace: LocalWorkspace, root: Path, endpoint: str) -> None:
        self.client = workspace.client()
        self.workspace = workspace
        self.environment = f"dev-{secrets.token_hex(4)}"
        self.bucket = f"{self.environment}-state"
        self.s3 = boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1")
        (root / "environments").mkdir(parents=True)
        (root / "cdktf.json").write_text("{}")
        self.clone = Clone.find(root)
        self.state = {
            "backend": "s3",
            "bucket": self.bucket,
            "region": "eu-central-1",
            "key_prefix": "brickyard",
            "endpoint": endpoint,
        }
        self.write()

    def write(self, **more: Any) -> None:
        auth = {"type": "profile", "profile": "local", "config_file": str(self.workspace.home.config_file)}
        document = {
            "name": self.environment,
            "stage": "dev",
            "cloud": "aws",
            "region": "eu-central-1",
            "workspace": {"name": "local", "auth": auth},
            "catalog": {"name": "c"},
            "groups": {role: {"name": role} for role in GROUPS},
            "service_principals": {role: {"name": f"{self.environment}-{role}"} for role in ("run_as", "plan", "ci")},
            "deployer": f"{self.environment}-deploy",
            "state": self.state,
            **more,
        }
        (self.clone.root / "environments" / f"{self.environment}.yaml").write_text(yaml.safe_dump(document))

    def run(self, *flags: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        add_workspace_verbs(parser.add_subparsers())
        options = parser.parse_args(["bootstrap", self.environment, *flags])
        screen = Screen()
        screen.console = Console(file=io.StringIO(), width=200, highlight=False)
        return options.run(options, self.clone, screen), screen.console.file.getvalue()  # type: ignore[attr-defined]

    def principals(self) -> set[str]:
        listed = self.client.service_principals.list()
        return {str(each.display_name) for each in listed if str(each.display_name).startswith(self.environment)}


@pytest.fixture
def before(local_workspace: LocalWorkspace, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> Before:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return Before(local_workspace, tmp_path / "clone", s3)


def roles_on_run_as(before: Before) -> list[str]:
    """Who may let jobs run as `run_as`."""
    found = next(iter(before.client.service_principals.list(filter=f'displayName eq "{before.environment}-run_as"')))
    account = before.client.api_client.do("GET", "/.well-known/databricks-config")["account_id"]
    name = f"accounts/{account}/servicePrincipals/{found.application_id}/ruleSets/default"
    query = {"name": name, "etag": ""}
    answer: Any = before.client.api_client.do("GET", "/api/2.0/preview/accounts/access-control/rule-sets", query=query)
    return [p for rule in answer["grant_rules"] if rule["role"].endswith(".user") for p in rule["principals"]]


def buckets(before: Before) -> list[str]:
    return [each["Name"] for each in before.s3.list_buckets()["Buckets"]]


def test_a_dry_run_says_every_call_and_makes_none(before: Before) -> None:
    status, shown = before.run("--dry-run")

    assert status == 1
    for call in ("s3:CreateBucket", "s3:PutBucketVersioning", "s3:PutPublicAccessBlock", "ServicePrincipals"):
        assert call in shown
    assert before.bucket not in buckets(before)
    assert not before.principals()


def test_what_is_missing_is_made_once_and_then_is_there(before: Before) -> None:
    before.client.service_principals.create(display_name=f"{before.environment}-run_as")
    status, shown = before.run("--yes")

    assert status == 0
    assert before.s3.get_bucket_versioning(Bucket=before.bucket)["Status"] == "Enabled"
    closed = before.s3.get_public_access_block(Bucket=before.bucket)["PublicAccessBlockConfiguration"]
    assert all(closed.values())
    rules = before.s3.get_bucket_encryption(Bucket=before.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert before.s3.get_bucket_location(Bucket=before.bucket)["LocationConstraint"] == "eu-central-1"
    # No more than the two: the run's and the pull request's principals are others'.
    assert before.principals() == {f"{before.environment}-{role}" for role in ("plan", "deploy", "run_as")}
    found = next(iter(before.client.service_principals.list(filter=f'displayName eq "{before.environment}-deploy"')))
    assert f"deployer: {found.application_id}" in shown
    assert roles_on_run_as(before) == [f"servicePrincipals/{found.application_id}"]

    status, shown = before.run("--dry-run")
    assert (status, "missing" in shown) == (0, False)
    before.run("--yes")
    assert len(before.principals()) == 3
    assert len(roles_on_run_as(before)) == 1


def test_a_projects_own_deployer_is_made_as_well_and_may_let_jobs_run_as_the_principal(before: Before) -> None:
    before.client.service_principals.create(display_name=f"{before.environment}-run_as")
    auth = {"type": "profile", "profile": "churn", "config_file": str(before.workspace.home.config_file)}
    before.write(deployers={"churn": {"deployer": f"{before.environment}-own", "auth": auth}})

    status, shown = before.run("--yes")

    assert status == 0
    assert before.principals() == {f"{before.environment}-{role}" for role in ("plan", "deploy", "own", "run_as")}
    assert "deployers.churn.deployer: " in shown
    assert len(roles_on_run_as(before)) == 2


def test_a_bucket_that_is_there_is_only_completed(before: Before) -> None:
    place = {"LocationConstraint": "eu-central-1"}
    before.s3.create_bucket(Bucket=before.bucket, CreateBucketConfiguration=place)
    before.s3.put_object(Bucket=before.bucket, Key="kept", Body=b"1")

    shown = before.run("--dry-run")[1]
    assert f"bucket s3://{before.bucket} in eu-central-1: is there" in shown
    assert f"s3://{before.bucket} keeps versions: missing" in shown
    before.run("--yes")
    assert before.s3.get_object(Bucket=before.bucket, Key="kept")["Body"].read() == b"1"


def test_nothing_is_made_unless_somebody_agrees(before: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(NotConfirmed, match="--yes"):
        before.run()
    assert before.bucket not in buckets(before)


def test_azures_store_is_left_to_its_own_command_line_and_said_so(before: Before) -> None:
    before.state = {
        "backend": "azurerm",
        "storage_account_name": "acmestate",
        "container_name": "tfstate",
        "resource_group_name": "acme",
        "key_prefix": "brickyard",
    }
    before.write(cloud="azure", region="westeurope")

    status, shown = before.run("--yes")
    assert status == 1
    assert "by hand: az storage account create --name acmestate --resource-group acme" in shown
    assert "--allow-blob-public-access false" in shown


def test_an_application_id_that_is_not_there_is_never_invented(before: Before) -> None:
    before.write(deployer="00000000-0000-0000-0000-00000000f000")
    with pytest.raises(
        CannotBootstrap, match=r"deployer: no service principal .* 00000000-0000-0000-0000-00000000f000"
    ):
        before.run("--yes")
    assert before.bucket not in buckets(before)


def test_the_plans_pipeline_never_signs_in_as_who_applies(before: Before) -> None:
    flags = (f"--issuer={ISSUER}", "--plan-subject=p://a/b/c", "--apply-subject=p://a/b/c")
    with pytest.raises(CannotBootstrap, match="would let the plan's pipeline apply"):
        before.run("--dry-run", *flags)


def has_federation(before: Before) -> bool:
    """Whether this workspace's account answers for federation policies."""
    found = next(iter(before.client.service_principals.list()))
    path = f"/api/2.0/accounts/{before.client.config.account_id}/servicePrincipals/{found.id}/federationPolicies"
    try:
        before.client.api_client.do("GET", path)
    except DatabricksError:
        return False
    return True


def test_each_pipeline_is_trusted_once_or_the_refusal_is_told_by_name(before: Before) -> None:
    flags = (f"--issuer={ISSUER}", "--plan-subject=p://a/b/plan", "--apply-subject=p://a/b/apply")
    before.client.service_principals.create(display_name=f"{before.environment}-run_as")
    before.run("--yes")
    if not has_federation(before):
        with pytest.raises(CannotBootstrap, match="federationPolicies"):
            before.run("--yes", *flags)
        return
    assert before.run("--yes", *flags)[0] == 0
    assert "missing" not in before.run("--dry-run", *flags)[1]
    account = before.client.config.account_id
    for role, subject in (("plan", "p://a/b/plan"), ("deploy", "p://a/b/apply")):
        name = f"{before.environment}-{role}"
        found = next(iter(before.client.service_principals.list(filter=f'displayName eq "{name}"')))
        path = f"/api/2.0/accounts/{account}/servicePrincipals/{found.id}/federationPolicies"
        answer: Any = before.client.api_client.do("GET", path)
        assert [(p["oidc_policy"]["issuer"], p["oidc_policy"]["subject"]) for p in answer["policies"]] == [
            (ISSUER, subject)
        ]
