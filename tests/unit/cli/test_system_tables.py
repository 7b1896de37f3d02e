"""Rights on the system table that payloads are joined with: asked for where needed, given once, named where not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.errors.platform import NotFound, PermissionDenied

from brickyard.bootstrap.step import Step
from brickyard.bootstrap.system_tables import system_tables
from brickyard.clone import Clone
from brickyard.doctor.payload_sight import payload_sight
from brickyard.doctor.preflight import Preflight
from brickyard_stacks.settings import Environment, Project, load_environment

ROOT = Path(__file__).resolve().parents[3]
JOBS = "00000000-0000-0000-0000-00000000b001"


class Metastore:
    """The calls of an account, in memory: system schemas and who holds what; `hidden` shows nobody's rights."""

    def __init__(self, *, hidden: bool = False) -> None:
        self.hidden = hidden
        self.states = {"serving": "AVAILABLE", "billing": "ENABLE_COMPLETED"}
        self.given: dict[str, dict[str, list[str]]] = {"system": {"account users": ["USE_CATALOG"]}}
        self.api_client = self
        self.metastores = SimpleNamespace(summary=lambda: SimpleNamespace(metastore_id="m"))
        self.system_schemas = SimpleNamespace(list=self.schemas, enable=self.enable)
        self.users = SimpleNamespace(list=lambda **_: [])
        self.service_principals = SimpleNamespace(list=self.principals)

    def schemas(self, _metastore: str) -> list[Any]:
        if self.hidden:
            raise PermissionDenied("account administrators only")
        return [SimpleNamespace(schema=name, state=state) for name, state in self.states.items()]

    def enable(self, _metastore: str, name: str) -> None:
        self.states[name] = "ENABLE_COMPLETED"

    def principals(self, *, filter: str) -> list[Any]:  # noqa: A002 - the client's own word
        known = SimpleNamespace(application_id=JOBS, groups=[], entitlements=[])
        return [known] if JOBS in filter or '"dev-run-as"' in filter else []

    def do(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        if path.endswith("metastore_summary"):
            return {"metastore_id": "m", "owner": "somebody"}
        name = path.rpartition("/")[2]
        if method == "PATCH":
            for change in more["body"]["changes"]:
                self.given.setdefault(name, {}).setdefault(change["principal"], []).extend(change["add"])
            return {}
        if "effective-permissions" not in path:
            raise NotFound(name)
        if self.hidden:
            raise PermissionDenied("only who may manage them sees grants")
        holders = self.given.get(name, {})
        told = [{"principal": p, "privileges": [{"privilege": each} for each in held]} for p, held in holders.items()]
        return {"privilege_assignments": told}


def environment(**run_as: Any) -> Environment:
    dev = load_environment(ROOT / "environments/dev.yaml")
    document = dev.model_dump(mode="json", exclude_unset=True)
    document["service_principals"]["run_as"] = {"name": "dev-run-as", **run_as}
    return Environment.model_validate(document)


def project(**changes: Any) -> Project:
    deployment = {"inference": {}} | changes.pop("deployment", {})
    return Project.model_validate({"name": "p", "title": "P", "deployment": deployment, **changes})


def steps(metastore: Any, *projects: Project) -> list[Step]:
    return list(system_tables(metastore, environment(application_id=JOBS), projects or (project(),)))


def test_bootstrap_switches_the_schema_on_and_gives_what_is_missing_once() -> None:
    metastore = Metastore()
    first = steps(metastore)
    assert [step.what for step in first if step.open] == [
        "system schema serving is enabled",
        f"USE_SCHEMA on system.serving for {JOBS} (run_as)",
        f"SELECT on system.serving.served_entities for {JOBS} (run_as)",
    ]
    for step in first:
        if step.open and step.make is not None:
            step.make()
    assert metastore.states["serving"] == "ENABLE_COMPLETED"
    assert metastore.given["system.serving.served_entities"] == {JOBS: ["SELECT"]}
    assert all(step.done for step in steps(metastore))


def test_what_this_sign_in_may_not_see_is_left_to_an_administrator_with_the_statement() -> None:
    told = steps(Metastore(hidden=True))
    assert all(step.by_hand for step in told)
    assert "an account administrator enables the system schema serving" in told[0].call
    assert f"GRANT SELECT ON TABLE `system`.`serving`.`served_entities` TO `{JOBS}`;" in told[-1].call


@pytest.mark.parametrize(
    "other",
    [
        Project.model_validate({"name": "p", "title": "P"}),  # no inference job
        project(deployment={"endpoints": {}}),
        project(
            deployment={"models": {"m": {}}, "endpoints": {"e": {"model": "m", "gateway": {"inference_table": False}}}}
        ),
        project(workflow={"inference": {"served_entities": "ours.serving.entities"}}),
    ],
)
def test_a_project_that_unpacks_nothing_or_asks_a_table_of_its_own_needs_none(other: Project) -> None:
    assert steps(Metastore(), other) == []


def preflight(metastore: Any, settings: Environment) -> Preflight:
    return Preflight(
        clone=Clone.find(ROOT), environment=settings, projects=(project(),), variables={}, client=metastore
    )


def test_doctor_names_each_right_that_jobs_lack_and_who_gives_it() -> None:
    found = list(payload_sight(preflight(Metastore(), environment())))  # by its name, which is looked up
    assert [each.status for each in found] == ["ok", "problem", "problem"]
    assert found[2].text == f"GRANT SELECT ON TABLE `system`.`serving`.`served_entities` TO `{JOBS}`;"
    assert found[2].giver == "metastore administrator"


def test_a_principal_that_is_not_there_yet_is_said_and_nothing_is_claimed() -> None:
    unknown = environment(application_id="00000000-0000-0000-0000-00000000beef")
    (only,) = payload_sight(preflight(Metastore(), unknown))
    assert only.status == "warning"
    assert "has 0 principals named" in only.said
    local = load_environment(ROOT / "environments/local.yaml")
    assert list(payload_sight(preflight(Metastore(), local))) == []
