"""Real Terraform plans, applies, imports and destroys by the offline provider."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.errors import NotFound

from brickyard_local.pytest_plugin import LocalWorkspace

HEADER = """
terraform {
  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "1.99.0"
    }
  }
}
variable "host" { type = string }
variable "token" { type = string }
variable "prefix" { type = string }
variable "other_workspace_id" { type = number }
"""
PROVIDER = """
provider "databricks" {
  host  = var.host
  token = var.token
}
"""


@pytest.fixture
def prefix() -> str:
    return f"tf{secrets.token_hex(4)}"


@pytest.fixture
def whole(
    stack: Any, stack_folder: Path, offline_cli_config: Path, local_workspace: LocalWorkspace, prefix: str
) -> Any:
    """Every resource but the endpoint, which needs a model's version."""
    return stack(stack_folder, cli_config=offline_cli_config, workspace=local_workspace, prefix=prefix)


@pytest.fixture
def terraform(stack: Any, offline_cli_config: Path, local_workspace: LocalWorkspace, prefix: str) -> Any:
    """Makes a folder of some HCL."""

    def make(hcl: str, provider: str = PROVIDER) -> Any:
        return stack(HEADER + provider + hcl, cli_config=offline_cli_config, workspace=local_workspace, prefix=prefix)

    return make


@pytest.mark.slow
def test_a_stack_lives_from_nothing_to_nothing(whole: Any, local_workspace: LocalWorkspace, prefix: str) -> None:
    output = whole.apply()
    assert "Offline Databricks provider: verified locally only" in output
    assert whole.changes() == {}
    assert whole.changes(comment="second") == {
        "databricks_catalog.main": ["update"],
        "databricks_file.wheel": ["update"],
        "databricks_job.workflow": ["update"],
        "databricks_registered_model.model": ["update"],
        "databricks_schema.ml": ["update"],
        "databricks_volume.landing": ["update"],
        "databricks_workspace_file.notes": ["update"],
    }
    whole.apply(comment="second")
    assert whole.changes(comment="second") == {}
    assert whole.changes(comment="second", member="group") == {"databricks_group_member.runner": ["delete", "create"]}
    whole.apply(comment="second", member="group")
    whole.run("destroy", "-auto-approve")
    with pytest.raises(NotFound):
        local_workspace.client().catalogs.get(prefix)
    groups = local_workspace.client().groups.list(filter=f'displayName eq "{prefix}-readers"')
    assert list(groups) == []


@pytest.mark.slow
def test_every_resource_can_be_imported(whole: Any) -> None:
    """As with the genuine provider: a volume's file is made anew, the rest is what only Terraform knows."""
    whole.apply()
    whole.import_again()
    assert whole.changes() == {
        "databricks_catalog.main": ["update"],
        "databricks_file.wheel": ["delete", "create"],
        "databricks_schema.ml": ["update"],
        "databricks_workspace_file.notes": ["update"],
    }
    whole.apply()
    assert whole.changes() == {}


@pytest.mark.slow
def test_drift_is_reported(whole: Any, local_workspace: LocalWorkspace, prefix: str) -> None:
    whole.apply()
    state, client = whole.state(), local_workspace.client()
    client.schemas.update(f"{prefix}.ml", comment="changed elsewhere")
    client.groups.delete(state["databricks_group.others"]["id"])
    job_id = int(state["databricks_job.workflow"]["id"])
    settings = client.api_client.do("GET", "/api/2.2/jobs/get", query={"job_id": job_id})["settings"]
    settings["tasks"][0]["max_retries"] = 7
    settings["tasks"][1]["timeout_seconds"] = 99
    client.api_client.do("POST", "/api/2.2/jobs/reset", body={"job_id": job_id, "new_settings": settings})
    client.grants.update("catalog", prefix, changes=[_revoke(f"{prefix}-readers", "USE_SCHEMA")])
    assert whole.changes() == {
        "databricks_grants.catalog": ["update"],
        "databricks_group.others": ["create"],
        "databricks_job.workflow": ["update"],
        "databricks_schema.ml": ["update"],
    }
    whole.apply()
    assert whole.changes() == {}


def _revoke(principal: str, privilege: str) -> Any:
    from databricks.sdk.service.catalog import PermissionsChange, Privilege

    return PermissionsChange(principal=principal, remove=[Privilege(privilege)])


def test_what_is_not_emulated_fails_the_plan_by_name(terraform: Any) -> None:
    hcl = 'resource "databricks_token" "a" {\n  comment = "a"\n}\n'
    output = terraform(hcl).run("plan", fails=True)
    assert "does not emulate the resource databricks_token" in output
    output = terraform('resource "databricks_repo" "a" {\n  url = "https://x.org/a"\n}\n').run("plan", fails=True)
    assert "does not emulate the resource databricks_repo" in output
    output = terraform('data "databricks_clusters" "a" {}\n').run("plan", fails=True)
    assert "does not emulate the data source databricks_clusters" in output


def test_what_nobody_knows_is_terraforms_own_error(terraform: Any) -> None:
    output = terraform('resource "databricks_brick" "a" {}\n').run("validate", fails=True)
    assert "does not support resource type" in output


@pytest.mark.parametrize(
    ("hcl", "problem"),
    [
        (
            """
            resource "databricks_volume" "a" {
              catalog_name = "a"
              schema_name  = "b"
              name         = "c"
              volume_type  = "BOTH"
            }
            """,
            '"volume_type": expected one of MANAGED, EXTERNAL, got BOTH',
        ),
        ('resource "databricks_catalog" "a" {\n  name = "a"\n  created_at = 1\n}\n', '"created_at"'),
        ('resource "databricks_group" "a" {\n  display_name = "admins"\n}\n', "expected none of users, admins"),
        (
            """
            resource "databricks_grant" "a" {
              catalog    = "a"
              schema     = "a.b"
              principal  = "p"
              privileges = ["SELECT"]
            }
            """,
            "exclude each other",
        ),
        ('resource "databricks_file" "a" {\n  path = "dbfs:/a"\n}\n', "without dbfs:"),
        (
            """
            resource "databricks_permissions" "a" {
              job_id = "1"
              access_control {
                group_name       = "g"
                permission_level = "CAN_EDIT"
              }
            }
            """,
            "A job has no permission level CAN_EDIT",
        ),
        ('resource "databricks_job" "a" {\n  name = "a"\n}\n', "jobs of `task` blocks only"),
    ],
)
def test_a_wrong_argument_fails_before_anything_is_made(terraform: Any, hcl: str, problem: str) -> None:
    output = " ".join(terraform(hcl).run("plan", fails=True).replace("│", " ").split())
    assert problem in output


def test_another_host_is_refused(terraform: Any) -> None:
    provider = 'provider "databricks" {\n  host = "https://example.com"\n  token = "x"\n}\n'
    output = terraform('data "databricks_current_user" "me" {}\n', provider).run("plan", fails=True)
    assert "The offline provider refuses https://example.com" in output


def test_a_profile_names_host_and_token(terraform: Any, local_workspace: LocalWorkspace, tmp_path: Path) -> None:
    config = tmp_path / "databrickscfg"
    config.write_text(f"[local]\nhost = {local_workspace.host}\ntoken = {local_workspace.token}\n")
    config.chmod(0o600)
    provider = f'provider "databricks" {{\n  profile = "local"\n  config_file = "{config}"\n}}\n'
    made = terraform('data "databricks_current_user" "me" {}\n', provider)
    made.apply()
    assert made.state()["data.databricks_current_user.me"]["user_name"] == "admin@brickyard.local"


def test_two_workspaces_stay_apart(terraform: Any, local_workspace: LocalWorkspace) -> None:
    provider = PROVIDER + (
        f'provider "databricks" {{\n  alias = "other"\n  host = "{local_workspace.hosts["other"]}"\n'
        "  token = var.token\n}\n"
    )
    made = terraform(
        'resource "databricks_directory" "a" {\n  path = "/Shared/${var.prefix}-a"\n}\n'
        'resource "databricks_directory" "b" {\n  provider = databricks.other\n'
        '  path = "/Shared/${var.prefix}-b"\n}\n',
        provider,
    )
    made.apply()
    names = {
        name: {Path(item.path or "").name for item in local_workspace.client(workspace=name).workspace.list("/Shared")}
        for name in ("local", "other")
    }
    assert (f"{made.prefix}-a" in names["local"], f"{made.prefix}-b" in names["local"]) == (True, False)
    assert (f"{made.prefix}-a" in names["other"], f"{made.prefix}-b" in names["other"]) == (False, True)


def test_moved_and_ignored_changes_change_nothing(terraform: Any, local_workspace: LocalWorkspace) -> None:
    group = 'resource "databricks_group" "{name}" {{\n{count}  display_name = "${{var.prefix}}-{given}"\n{rest}}}\n'
    made = terraform(group.format(name="a", given="first", count="", rest=""))
    made.apply()
    ignored = "  lifecycle {\n    ignore_changes = [display_name]\n  }\n"
    moved = "moved {\n  from = databricks_group.a\n  to = databricks_group.b[0]\n}\n"
    hcl = group.format(name="b", given="second", count="  count = 1\n", rest=ignored) + moved
    (made.folder / "main.tf").write_text(HEADER + PROVIDER + hcl)
    assert made.changes() == {}


def test_the_token_is_in_no_log(terraform: Any, local_workspace: LocalWorkspace) -> None:
    made = terraform('data "databricks_current_user" "me" {}\n')
    log = made.folder / "trace.log"
    made.apply(environment={"TF_LOG": "trace", "TF_LOG_PATH": str(log)})
    ours = [line for line in log.read_text().splitlines() if "provider.terraform-provider-databricks" in line]
    assert local_workspace.token not in "\n".join(ours)
    assert local_workspace.token not in (made.folder / "terraform.tfstate").read_text()


def test_an_unreachable_workspace_is_named(terraform: Any) -> None:
    provider = 'provider "databricks" {\n  host = "http://127.0.0.1:9"\n  token = "x"\n}\n'
    output = terraform('data "databricks_current_user" "me" {}\n', provider).run("plan", fails=True)
    assert "The local workspace at http://127.0.0.1:9 does not answer" in output


def test_data_sources_find_what_exists(terraform: Any) -> None:
    made = terraform(
        """
        resource "databricks_group" "g" { display_name = "${var.prefix}-g" }
        resource "databricks_service_principal" "s" { display_name = "${var.prefix}-s" }
        resource "databricks_group_member" "m" {
          group_id  = databricks_group.g.id
          member_id = databricks_service_principal.s.id
        }
        resource "databricks_catalog" "c" {
          name          = var.prefix
          force_destroy = true
        }
        resource "databricks_schema" "s" {
          catalog_name = databricks_catalog.c.name
          name         = "ml"
        }
        resource "databricks_registered_model" "m" {
          catalog_name = databricks_catalog.c.name
          schema_name  = databricks_schema.s.name
          name         = "m"
        }
        data "databricks_group" "g" {
          display_name = databricks_group.g.display_name
          depends_on   = [databricks_group_member.m]
        }
        data "databricks_service_principal" "s" { application_id = databricks_service_principal.s.application_id }
        data "databricks_registered_model" "m" {
          full_name       = databricks_registered_model.m.id
          include_aliases = true
        }
        data "databricks_serving_endpoints" "all" {}
        data "databricks_current_metastore" "this" {}
        """
    )
    made.apply()
    state = made.state()
    principal = state["databricks_service_principal.s"]
    assert state["data.databricks_group.g"]["members"] == [principal["id"]]
    assert state["data.databricks_service_principal.s"]["sp_id"] == principal["id"]
    model = state["data.databricks_registered_model.m"]["model_info"][0]
    assert (model["full_name"], model["aliases"]) == (f"{made.prefix}.ml.m", [])
    assert state["data.databricks_current_metastore.this"]["id"] == state["databricks_catalog.c"]["metastore_id"]
    assert made.changes() == {}
