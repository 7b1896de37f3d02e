"""`brickyard review`, as a process, on plans that real Terraform makes."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_review.rules.loading import load_rules

ROOT = Path(__file__).resolve().parents[3]
PLANS = Path(__file__).parent / "plans"
PASSWORD = "planted-Tr0ub4dor-3"

# Which rules fire on which plan that a released Terraform makes.
OF_BUILTIN = {"check-failed", "resource-replaced", "resource-destroyed", "moved", "state-forgotten", "output-removed"}
OF_SALES = {
    "administrator-made",
    "access-lost",
    "compute-grows",
    "compute-size-changed",
    "cost-grows",
    "data-destroyed",
    "data-replaced",
    "destroy-allowed",
    "drift",
    "entitlement-gained",
    "everyone-gains-access",
    "group-left",
    "import-changes",
    "isolation-opened",
    "moved",
    "never-stops",
    "resource-destroyed",
    "run-as-changed",
    "schedule-changed",
    "silent-overwrite",
    "state-forgotten",
    "strong-access-gained",
}
OF_SERVICES = {
    "binding-changed",
    "database-stopped",
    "many-dependents",
    "policy-changed",
    "protection-removed",
    "resource-replaced",
    "served-model-changed",
    "service-destroyed",
    "service-replaced",
    "sign-in-widened",
}
# Only builds of Terraform with its experiments defer a change.
OF_NO_RELEASE = {"change-deferred"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    status: int
    text: str

    @property
    def stack(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text)["stacks"][0]
        return found

    def rules(self) -> set[str]:
        return {finding["rule"] for finding in self.stack["findings"]}


def review(*arguments: str, folder: Path, **environment: str) -> Outcome:
    parts = ("cli", "constructs", "local", "review", "stacks")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DATABRICKS_")}
    paths = os.pathsep.join(str(ROOT / part) for part in parts)
    done = subprocess.run(
        [sys.executable, "-m", "brickyard.main", "review", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert PASSWORD not in done.stdout + done.stderr
    return Outcome(status=done.returncode, text=done.stdout or done.stderr)


@pytest.fixture(scope="module")
def builtin(make_stack: Callable[[], Any]) -> Any:
    """A stack of Terraform's built-in resource, applied."""
    stack = make_stack()
    stack.use("builtin_before.tf")
    stack.apply(secret=PASSWORD)
    stack.use("builtin_after.tf")
    return stack


def test_replaced_destroyed_moved_forgotten_outputs_and_checks_are_seen(builtin: Any) -> None:
    plan = builtin.plan(secret=PASSWORD, size="2")

    found = review(str(plan), "--format", "json", folder=builtin.folder)

    assert PASSWORD in plan.read_text()
    assert found.status == 2
    assert found.stack["verdict"] == "dangerous"
    assert found.rules() == OF_BUILTIN
    counts = found.stack["counts"]
    assert [counts[name] for name in ("replace", "delete", "update", "forget", "moved")] == [1, 2, 1, 1, 1]
    replaced = next(change for change in found.stack["changes"] if change["action"] == "replace")
    assert replaced["forced_by"] == ["triggers_replace"]
    assert replaced["source"] == "builtin_after.tf:11"
    assert [node["address"] for node in found.stack["blast"]["nodes"]] == ["terraform_data.root", "terraform_data.leaf"]


def test_services_sign_ins_and_protections_are_seen(make_stack: Callable[[], Any], tmp_path: Path) -> None:
    """Over a state that no workspace knows: planned without a refresh, nothing is asked for."""
    stack = make_stack()
    stack.use("databricks.tf", "services_after.tf")
    shutil.copy(PLANS / "services_state.json", stack.folder / "terraform.tfstate")
    settings = {"host": "http://127.0.0.1:9", "token": PASSWORD, "prefix": "none"}
    stack.run("init", "-input=false", "-no-color", **settings)
    plan = stack.plan("-refresh=false", **settings)

    found = review(str(plan), "--format", "json", folder=tmp_path)

    assert found.status == 2
    assert found.rules() == OF_SERVICES


def test_every_rule_has_a_plan_that_a_real_terraform_made() -> None:
    assert {rule.id for rule in load_rules()} == OF_BUILTIN | OF_SALES | OF_SERVICES | OF_NO_RELEASE


def test_a_plan_of_a_part_is_not_decided(builtin: Any) -> None:
    targets = [f"-target=terraform_data.{name}" for name in ("leaf", "old", "new")]
    plan = builtin.plan(*targets, secret=PASSWORD)

    found = review(str(plan), "--threshold", "block", folder=builtin.folder)

    assert found.status == 3
    assert "incomplete" in found.text


def test_a_plan_that_says_no_changes_passes(make_stack: Callable[[], Any]) -> None:
    stack = make_stack()
    stack.use("builtin_before.tf")
    stack.apply(secret=PASSWORD)

    found = review(str(stack.plan(secret=PASSWORD)), "--format", "json", folder=stack.folder)

    assert (found.status, found.stack["verdict"]) == (0, "no change")


def test_several_stacks_stand_in_one_comment(builtin: Any) -> None:
    plan = builtin.plan(secret=PASSWORD)

    found = review(f"one={plan}", f"two={plan}", "--format", "md", "--out", "c.md", folder=builtin.folder)

    comment = (builtin.folder / "c.md").read_text()
    assert found.status == 0
    assert "### 🟡 one: needs care" in comment
    assert "### 🟡 two: needs care" in comment


@pytest.mark.parametrize(
    "arguments", [[], ["nowhere.json"], ["--bogus"], ["plan.bin"], ["--policy", "nowhere", "plan.json"]]
)
def test_what_cannot_be_reviewed_ends_with_3(builtin: Any, arguments: list[str]) -> None:
    builtin.plan(secret=PASSWORD)

    assert review(*arguments, folder=builtin.folder).status == 3


def test_the_examples_of_all_rules_can_be_run(tmp_path: Path) -> None:
    found = review("--check-rules", folder=tmp_path)

    assert (found.status, found.text) == (0, f"{len(load_rules())} rules, 0 failures\n")


@pytest.fixture(scope="module")
def sales(make_stack: Callable[[], Any], local_workspace: LocalWorkspace) -> Iterator[tuple[Any, Path]]:
    """A Databricks stack in the local workspace, drifted, and the plan of a dangerous release of it."""
    prefix = f"review{secrets.token_hex(3)}"
    client = local_workspace.client()
    warehouse = {"name": f"{prefix}-other", "cluster_size": "Small", "max_num_clusters": 1}
    other = client.api_client.do("POST", "/api/2.0/sql/warehouses", body=warehouse)["id"]
    client.workspace.mkdirs(f"/Shared/{prefix}-adopted")
    stack = make_stack()
    settings = {
        "host": local_workspace.host,
        "token": local_workspace.token,
        "prefix": prefix,
        "other_warehouse": other,
    }
    stack.use("databricks.tf", "databricks_before.tf")
    stack.apply(**settings)
    job = next(job for job in client.jobs.list(name=f"{prefix}-train"))
    client.api_client.do(
        "POST", "/api/2.2/jobs/update", body={"job_id": job.job_id, "new_settings": {"max_concurrent_runs": 9}}
    )
    stack.use("databricks.tf", "databricks_after.tf")
    yield stack, stack.plan(**settings, password=PASSWORD)
    stack.use("databricks.tf", "databricks_before.tf")
    stack.run("destroy", "-auto-approve", "-no-color", **settings)
    client.workspace.delete(f"/Shared/{prefix}-adopted")
    client.api_client.do("DELETE", f"/api/2.0/sql/warehouses/{other}")


@pytest.mark.slow
def test_a_dangerous_release_is_blocked_for_every_reason(
    sales: tuple[Any, Path], local_workspace: LocalWorkspace, tmp_path: Path
) -> None:
    _, plan = sales
    prices = str(ROOT / "docs" / "prices.example.yaml")

    found = review(str(plan), "--format", "json", "--prices", prices, folder=tmp_path)

    assert (found.status, found.stack["verdict"]) == (2, "blocked")
    assert local_workspace.token not in found.text
    assert found.rules() >= OF_SALES
    assert found.stack["counts"]["imported"] == 2


@pytest.mark.slow
def test_the_live_state_says_what_a_new_set_takes_away(
    sales: tuple[Any, Path], local_workspace: LocalWorkspace
) -> None:
    stack, plan = sales
    access = {**local_workspace.environment(), "NO_PROXY": "127.0.0.1"}

    found = review(str(plan), "--format", "json", "--live", folder=stack.folder, **access)

    overwrite = found.stack["overwrites"][0]
    assert overwrite["live"] is not None
    assert any("admin@brickyard.local" in line for line in overwrite["live"])


@pytest.mark.slow
def test_the_live_state_of_grants_is_read_by_securable(local_workspace: LocalWorkspace) -> None:
    from brickyard.live_access import WorkspaceAccess

    client = local_workspace.client()
    name = f"live{secrets.token_hex(3)}"
    client.catalogs.create(name)
    change = PermissionsChange(principal="account users", add=[Privilege.BROWSE])
    client.grants.update("catalog", name, changes=[change])
    live = WorkspaceAccess(client)

    assert live.held("catalog", name) == {"account users": frozenset({"BROWSE"})}
    assert live.held("catalog", "nowhere") is None
    assert live.held("something", name) is None
