"""`brickyard doctor`: principals of the local workspace who lack one right are told that one, and who gives it."""

import argparse
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema
from moto.server import ThreadedMotoServer

from brickyard.clone import Clone
from brickyard.doctor.doctor import CHECKS
from brickyard.doctor.finding import Finding
from brickyard.doctor.identity import identity, who_am_i, who_is
from brickyard.doctor.may_apply import may_apply
from brickyard.doctor.plan_sight import plan_sight
from brickyard.doctor.preflight import Preflight
from brickyard.doctor.rights import securable_rights
from brickyard.doctor.state_backend import state_backend
from brickyard.screen import Screen
from brickyard.sign_in import workspace_client
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache
from brickyard_stacks.settings import Environment, load_environment

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("data_scientists", "ml_engineers", "approvers", "consumers")


class Trial:
    """An environment whose deployer is a new service principal, and what it is given."""

    def __init__(self, workspace: LocalWorkspace, folder: Path) -> None:
        self.workspace = workspace
        self.admin = workspace.client()
        self.name = f"trial-{secrets.token_hex(4)}"
        self.catalog = self.name.replace("-", "_")
        made = self.admin.service_principals.create(display_name=self.name)
        self.id, self.deployer = str(made.id), str(made.application_id)
        run_as = self.admin.service_principals.create(display_name=f"{self.name}-run-as")
        self.run_as = str(run_as.application_id)
        (folder / "environments").mkdir(parents=True)
        (folder / "projects").mkdir()
        for part in ("cdktf.json", "package.json"):
            shutil.copy(ROOT / part, folder)
        profile = folder / "robot.cfg"
        profile.touch(0o600)
        profile.write_text(f"[robot]\nhost = {workspace.host}\ntoken = {workspace.act_as(self.deployer)}\n")
        self.clone = Clone.find(folder)

    def environment(self, **more: Any) -> Environment:
        document = {
            "name": self.name,
            "stage": "dev",
            "cloud": "aws",
            "region": "us-east-1",
            "workspace": {
                "name": "local",
                "auth": {"type": "profile", "profile": "robot", "config_file": "robot.cfg"},
            },
            "catalog": {"name": self.catalog},
            "groups": {role: {"name": role} for role in GROUPS},
            "service_principals": {
                "run_as": {"name": f"{self.name}-run-as", "application_id": self.run_as},
                "plan": {"name": "plan"},
                "ci": {"name": "ci"},
            },
            "deployer": self.deployer,
            "state": {"backend": "local", "path": ".brickyard/state"},
            **more,
        }
        file = self.clone.root / "environments" / f"{self.name}.yaml"
        file.write_text(yaml.safe_dump(document))
        return load_environment(file)

    def preflight(self, *, by_admin: bool = False, **more: Any) -> Preflight:
        """As the deployer sees it, or as an administrator sees the deployer."""
        environment = self.environment(**more)
        client = self.admin if by_admin else workspace_client(self.clone, environment)
        return Preflight(
            clone=self.clone,
            environment=environment,
            projects=(),
            variables=dict(os.environ),
            client=client,
            caller=who_is(client, self.deployer) if by_admin else who_am_i(client),
        )

    def grant(self, kind: str, name: str, *privileges: str, verb: str = "add") -> None:
        body = {"changes": [{"principal": self.deployer, verb: list(privileges)}]}
        self.admin.api_client.do("PATCH", f"/api/2.1/unity-catalog/permissions/{kind}/{name}", body=body)

    def entitle(self, value: str) -> None:
        entitlement = ComplexValue(value=value).as_dict()
        operation = Patch(op=PatchOp.ADD, path="entitlements", value=[entitlement])
        schema = [PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP]
        self.admin.service_principals.patch(self.id, operations=[operation], schemas=schema)


@pytest.fixture
def trial(local_workspace: LocalWorkspace, tmp_path: Path) -> Trial:
    return Trial(local_workspace, tmp_path / "clone")


def problems(findings: Iterator[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.status == "problem"]


def texts(findings: list[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.text]


def test_who_may_not_make_a_catalog_is_told_what_a_metastore_administrator_runs(trial: Trial) -> None:
    statement = f"GRANT CREATE CATALOG ON METASTORE TO `{trial.deployer}`;"
    for by_admin, status in ((False, "warning"), (True, "problem")):  # only an administrator sees who has it
        found = [each for each in may_apply(trial.preflight(by_admin=by_admin)) if each.text == statement]
        assert [(each.giver, each.status) for each in found] == [("metastore administrator", status)]

    metastore = str(trial.admin.metastores.summary().metastore_id)
    trial.grant("metastore", metastore, "CREATE_CATALOG")
    assert statement not in texts(list(may_apply(trial.preflight(by_admin=True))))


def test_of_all_rights_on_a_catalog_the_one_that_is_missing_is_named(trial: Trial) -> None:
    trial.admin.catalogs.create(trial.catalog)
    rights = list(securable_rights(trial.environment(), catalog_is_there=True))
    assert {right.privilege for right in rights} == {"USE_CATALOG", "USE_SCHEMA", "CREATE_SCHEMA", "MANAGE"}
    trial.grant("catalog", trial.catalog, *(right.privilege for right in rights))
    preflight = trial.preflight()
    assert not [text for text in texts(problems(may_apply(preflight))) if "GRANT" in text]

    for right in rights:
        trial.grant("catalog", trial.catalog, right.privilege, verb="remove")
        found = [each for each in problems(may_apply(preflight)) if "GRANT" in each.text]
        assert texts(found) == [right.statement(trial.deployer)]
        assert found[0].giver == "owner of the object"
        trial.grant("catalog", trial.catalog, right.privilege)


def test_who_applies_projects_only_is_asked_for_what_the_platforms_stack_gives(trial: Trial) -> None:
    trial.admin.catalogs.create(trial.catalog)
    auth = {"type": "profile", "profile": "robot", "config_file": "robot.cfg"}
    platform = {"platform": {"deployer": "admin@brickyard.local", "auth": auth}}
    found = [each for each in may_apply(trial.preflight(by_admin=True, **platform)) if "GRANT" in each.text]

    assert f"GRANT USE CATALOG ON CATALOG `{trial.catalog}` TO `{trial.deployer}`;" in texts(found)
    assert f"GRANT MANAGE ON SCHEMA `{trial.catalog}`.`models` TO `{trial.deployer}`;" in texts(found)
    assert not [text for text in texts(found) if "MANAGE ON CATALOG" in text or "CREATE SCHEMA" in text]
    assert {each.giver.partition(" (")[0] for each in found} == {"administrator of the platform"}


def test_a_folder_that_only_an_administrator_can_make_is_asked_of_one(trial: Trial) -> None:
    asked = f"Make the folder /Brickyard/{trial.name} and give `{trial.deployer}` CAN_MANAGE"
    assert asked in str(texts(problems(may_apply(trial.preflight()))))

    folder = f"/Users/{trial.deployer}/brickyard"
    own = {"name": "local", "auth": trial.environment().workspace.auth.model_dump(), "folder": folder}
    assert "Make the folder" not in str(texts(problems(may_apply(trial.preflight(workspace=own)))))


def test_a_credential_that_nobody_made_on_azure_is_asked_of_a_metastore_administrator(trial: Trial) -> None:
    lake = {
        "kind": "azure",
        "ownership": "create",
        "url": "abfss://dev@acmelake.dfs.core.windows.net/x",
        "credential": {"ownership": "reference", "name": f"{trial.name}-lake"},
    }
    azure = {"cloud": "azure", "region": "westeurope", "storage": {"lake": lake}}
    found = [each for each in problems(may_apply(trial.preflight(**azure))) if "az login" in each.text]

    assert [each.giver for each in found] == ["metastore administrator"]
    assert f"create the storage credential `{trial.name}-lake`" in found[0].text


def test_a_grant_to_a_group_of_the_deployer_counts(trial: Trial) -> None:
    group = trial.admin.groups.create(display_name=f"{trial.name}-deployers", members=[ComplexValue(value=trial.id)])
    metastore = str(trial.admin.metastores.summary().metastore_id)
    change = {"principal": group.display_name, "add": ["CREATE_CATALOG"]}
    path = f"/api/2.1/unity-catalog/permissions/metastore/{metastore}"
    trial.admin.api_client.do("PATCH", path, body={"changes": [change]})

    found = may_apply(trial.preflight(by_admin=True))
    assert not [text for text in texts(list(found)) if "CREATE CATALOG" in text]


def test_an_entitlement_that_is_missing_is_asked_of_a_workspace_administrator(trial: Trial) -> None:
    compute = {"warehouses": {"shared": {"ownership": "create"}}}
    found = [each for each in problems(may_apply(trial.preflight(compute=compute))) if "cluster creation" in each.text]
    assert [each.giver for each in found] == ["workspace administrator"]
    assert trial.deployer in found[0].text

    trial.entitle("allow-cluster-create")
    assert "cluster creation" not in str(problems(may_apply(trial.preflight(compute=compute))))


def test_policies_take_an_administrator_of_the_workspace(trial: Trial) -> None:
    compute = {"policies": ["ml"], "node_types": ["i3.xlarge"]}
    found = [each for each in problems(may_apply(trial.preflight(compute=compute))) if "`admins`" in each.text]
    assert [each.giver for each in found] == ["workspace administrator"]
    assert "cluster policies" in found[0].text


def test_jobs_run_as_a_principal_that_the_deployer_may_use(trial: Trial) -> None:
    for by_admin, status in ((False, "warning"), (True, "problem")):
        every = may_apply(trial.preflight(by_admin=by_admin))
        found = [each for each in every if "Service principal: User" in each.text]
        assert [(each.giver, each.status) for each in found] == [("account administrator", status)]
    assert trial.run_as in found[0].text

    account = trial.admin.api_client.do("GET", "/.well-known/databricks-config")["account_id"]
    name = f"accounts/{account}/servicePrincipals/{trial.run_as}/ruleSets/default"
    path = "/api/2.0/preview/accounts/access-control/rule-sets"
    etag = trial.admin.api_client.do("GET", path, query={"name": name, "etag": ""})["etag"]
    rule = {"principals": [f"servicePrincipals/{trial.deployer}"], "role": "roles/servicePrincipal.user"}
    body = {"name": name, "rule_set": {"name": name, "etag": etag, "grant_rules": [rule]}}
    trial.admin.api_client.do("PUT", path, body=body)
    assert "Service principal: User" not in str(list(may_apply(trial.preflight(by_admin=True))))


def test_another_sign_in_than_the_deployer_is_told(trial: Trial) -> None:
    found = list(identity(trial.preflight(deployer="someone@example.com")))
    assert [each.status for each in found] == ["ok", "warning"]
    assert "someone@example.com deploys" in found[1].said


def test_what_the_sign_in_cannot_read_is_named(trial: Trial) -> None:
    trial.admin.catalogs.create(trial.catalog)
    hidden = [each.said for each in plan_sight(trial.preflight()) if each.status == "warning"]
    assert any(said.startswith(f"catalog {trial.catalog}:") for said in hidden)

    trial.grant("catalog", trial.catalog, "MANAGE", "USE_CATALOG", "USE_SCHEMA")
    assert not [each for each in plan_sight(trial.preflight()) if each.status == "warning"]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    name = f"state-{secrets.token_hex(4)}"
    return {"backend": "s3", "bucket": name, "region": "us-east-1", "key_prefix": "brickyard", "endpoint": s3}


def test_a_state_bucket_that_is_not_there_is_a_cloud_administrators(trial: Trial, bucket: dict[str, str]) -> None:
    found = problems(state_backend(trial.preflight(state=bucket)))
    assert [each.giver for each in found] == ["cloud administrator"]
    assert f"s3://{bucket['bucket']}" in found[0].text


def test_who_holds_the_lock_of_a_state_is_named(trial: Trial, bucket: dict[str, str]) -> None:
    client = boto3.client("s3", endpoint_url=bucket["endpoint"], region_name="us-east-1")
    client.create_bucket(Bucket=bucket["bucket"])
    preflight = trial.preflight(state=bucket)
    assert [each.status for each in state_backend(preflight)] == ["warning", "ok"]  # no versions are kept

    lock = {"ID": "8f2", "Operation": "OperationTypeApply", "Who": "ana@laptop", "Created": "2026-01-01T00:00:00Z"}
    key = f"brickyard/{trial.name}-platform.tfstate.tflock"
    client.put_object(Bucket=bucket["bucket"], Key=key, Body=json.dumps(lock).encode())
    found = problems(state_backend(preflight))
    assert "locked by ana@laptop since 2026-01-01" in found[0].said
    assert "force-unlock 8f2" in found[0].fix


def test_a_lock_file_beside_a_local_state_is_found(trial: Trial) -> None:
    preflight = trial.preflight()
    folder = trial.clone.root / ".brickyard/state"
    folder.mkdir(parents=True)
    (folder / f".{trial.name}-platform.tfstate.lock.info").write_text('{"Who": "bo@laptop", "ID": "1"}')
    assert "bo@laptop" in problems(state_backend(preflight))[0].said


def run(trial: Trial, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, str]]]:
    parser = argparse.ArgumentParser()
    add_workspace_verbs(parser.add_subparsers())
    options = parser.parse_args(["doctor", trial.name, "--json"])
    status = options.run(options, trial.clone, Screen())
    return status, json.loads(capsys.readouterr().out)["findings"]


def test_the_command_looks_at_everything_and_its_status_says_how_bad_it_is(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = install.install(tmp_path / "provider", local_cache())
    for name in [name for name in os.environ if name.startswith(("DATABRICKS_", "TF_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    trial.environment()
    status, findings = run(trial, capsys)

    assert status == 2
    said = {(each["check"], each["status"]) for each in findings}
    assert ("provider", "ok") in said
    assert {check for check, _ in said} >= {"tools", "network", "sign-in", "clock", "rights", "quotas", "state"}
    assert trial.workspace.token not in json.dumps(findings)


def test_a_host_that_does_not_answer_is_a_problem_and_the_rest_is_still_checked(
    trial: Trial, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("brickyard.doctor.doctor._TIMEOUT_S", 1)
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(trial.clone.root / "absent.rc"))
    offline = trial.clone.root / "robot.cfg"
    offline.write_text("[robot]\nhost = http://127.0.0.1:9\ntoken = none\n")
    trial.environment()
    monkeypatch.setattr("brickyard.doctor.doctor.CHECKS", tuple(c for c in CHECKS if c.__name__ != "provider_source"))

    status, findings = run(trial, capsys)

    assert status == 2
    assert any(each["check"] == "sign-in" and each["status"] == "problem" for each in findings)
    assert any(each["check"] == "state" for each in findings)
