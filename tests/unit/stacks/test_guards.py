"""What must not be deployed: each rule fires on one planted thing, and not on its like that is right."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brickyard_stacks.errors import CannotBuildStacks
from brickyard_stacks.guarding import Refusal, judge, load_rules, stack_file
from brickyard_stacks.guards.no_secrets import forms_in
from brickyard_stacks.settings import Environment, load_environment

ROOT = Path(__file__).resolve().parents[3]
TAGS = {"owner": "a", "cost_center": "b"}
PAIRS = [{"key": key, "value": value} for key, value in TAGS.items()]
JOB: dict[str, Any] = {"name": "here-j", "tags": TAGS, "run_as": {"service_principal_name": "sp"}}
ENDPOINT: dict[str, Any] = {
    "name": "here-e",
    "tags": PAIRS,
    "lifecycle": {"prevent_destroy": True},
    "ai_gateway": {"inference_table_config": {"enabled": True}},
}
VOLUME: dict[str, Any] = {"name": "landing", "lifecycle": {"prevent_destroy": True}}
STORE: dict[str, Any] = {"name": "here-features", "custom_tags": PAIRS, "lifecycle": {"prevent_destroy": True}}
DAPI = "dapi" + "0123456789abcdef" * 2

Judge = Callable[..., list[str]]


@pytest.fixture
def refused(tmp_path: Path) -> Judge:
    """The rules that refuse one block, in an environment of a stage."""

    def run(stage: str, kind: str, arguments: dict[str, Any], **changes: Any) -> list[str]:
        return sorted({refusal.rule for refusal in refusals(tmp_path, stage, kind, arguments, **changes)})

    return run


def here(stage: str, **changes: Any) -> Environment:
    schedules = "running" if stage == "prod" else "paused"
    known = {"name": "here", "prefix": "acme", "stage": stage, "schedules": schedules, **changes}
    return load_environment(ROOT / "environments/local.yaml").model_copy(update=known)


def refusals(root: Path, stage: str, kind: str, arguments: dict[str, Any], **changes: Any) -> list[Refusal]:
    section, _, name = kind.rpartition(".")
    metadata = {"//": {"metadata": {"path": "here-platform/thing/Resource"}}}
    file = stack_file(root, "here-platform")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({section or "resource": {name: {"thing_1": arguments | metadata}}}))
    return judge(load_rules(root), here(stage, **changes), [file])


FIRES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("tags_and_owners", "dev", "databricks_job", JOB | {"tags": {"owner": "a"}}),
    ("tags_and_owners", "dev", "databricks_job", {"name": "here-j"}),
    ("tags_and_owners", "dev", "databricks_model_serving", ENDPOINT | {"tags": PAIRS[:1]}),
    ("tags_and_owners", "dev", "databricks_sql_endpoint", {"name": "here-w", "tags": {"custom_tags": PAIRS[:1]}}),
    ("tags_and_owners", "dev", "databricks_database_instance", {"name": "here-f", "custom_tags": PAIRS[:1]}),
    ("names", "dev", "databricks_database_instance", {"name": "features", "custom_tags": PAIRS}),
    ("names", "dev", "databricks_schema", {"name": "Gold-Data"}),
    ("names", "dev", "databricks_job", JOB | {"name": "nightly"}),
    ("names", "dev", "databricks_job", JOB | {"name": "hereafter"}),
    ("protected_in_prod", "prod", "databricks_volume", {"name": "landing"}),
    ("protected_in_prod", "prod", "databricks_volume", VOLUME | {"force_destroy": True}),
    ("protected_in_prod", "prod", "databricks_database_instance", STORE | {"lifecycle": None}),
    ("protected_in_prod", "prod", "databricks_database_instance", STORE | {"purge_on_delete": True}),
    ("no_public_grants", "prod", "databricks_grants", {"grant": [{"principal": "account users"}]}),
    ("no_public_grants", "prod", "databricks_grant", {"principal": "Account Users", "privileges": ["SELECT"]}),
    ("no_public_grants", "staging", "databricks_permissions", {"access_control": [{"group_name": "users"}]}),
    ("no_public_grants", "prod", "databricks_secret_acl", {"principal": "*"}),
    ("no_all_privileges", "staging", "databricks_grant", {"principal": "a", "privileges": ["ALL PRIVILEGES"]}),
    ("no_all_privileges", "prod", "databricks_grants", {"grant": {"principal": "a", "privileges": ["ALL_PRIVILEGES"]}}),
    ("no_secrets", "dev", "databricks_job", JOB | {"parameter": [{"name": "x", "default": DAPI}]}),
    ("no_secrets", "dev", "databricks_secret", {"key": "k", "string_value": "hunter2"}),
    ("no_workspace_urls", "dev", "databricks_job", JOB | {"description": "https://adb-1.2.azuredatabricks.net/#job/3"}),
    ("run_as", "staging", "databricks_job", {k: v for k, v in JOB.items() if k != "run_as"}),
    ("run_as", "prod", "databricks_job", JOB | {"run_as": {"user_name": "ada"}}),
    ("schedules_paused", "dev", "databricks_job", JOB | {"schedule": {"pause_status": "UNPAUSED"}}),
    ("schedules_paused", "dev", "databricks_job", JOB | {"trigger": {"file_arrival": {}}}),
    ("schedules_paused", "staging", "databricks_quality_monitor", {"schedule": [{"pause_status": "UNPAUSED"}]}),
    ("inference_tables", "prod", "databricks_model_serving", {k: v for k, v in ENDPOINT.items() if k != "ai_gateway"}),
    (
        "inference_tables",
        "prod",
        "databricks_model_serving",
        ENDPOINT | {"ai_gateway": {"inference_table_config": {"enabled": False}}},
    ),
]


@pytest.mark.parametrize(("rule", "stage", "kind", "arguments"), FIRES)
def test_a_rule_refuses_what_it_is_for_and_nothing_else_does(
    refused: Judge, rule: str, stage: str, kind: str, arguments: dict[str, Any]
) -> None:
    assert refused(stage, kind, arguments) == [rule]


@pytest.mark.parametrize(
    ("stage", "kind", "arguments"),
    [
        ("prod", "databricks_job", JOB | {"schedule": {"pause_status": "UNPAUSED"}}),
        ("prod", "databricks_model_serving", ENDPOINT),
        ("prod", "databricks_volume", VOLUME),
        ("prod", "databricks_database_instance", STORE),
        ("dev", "databricks_database_instance", STORE | {"lifecycle": None, "purge_on_delete": True}),
        ("prod", "databricks_grants", {"grant": [{"principal": "acme-readers", "privileges": ["SELECT"]}]}),
        ("dev", "databricks_volume", {"name": "landing", "force_destroy": True}),
        ("dev", "databricks_grants", {"grant": [{"principal": "account users", "privileges": ["ALL_PRIVILEGES"]}]}),
        ("dev", "databricks_job", {"name": "acme-j", "tags": TAGS, "schedule": {"pause_status": "PAUSED"}}),
        ("dev", "databricks_model_serving", {k: v for k, v in ENDPOINT.items() if k != "ai_gateway"}),
        ("dev", "databricks_sql_endpoint", {"name": "acme-w", "tags": {"custom_tags": PAIRS}}),
        ("dev", "databricks_job", JOB | {"parameter": [{"name": "t", "default": "{{secrets/scope/key}}"}]}),
        ("dev", "databricks_secret", {"key": "k", "string_value": "${var.value}"}),
        ("dev", "databricks_job", JOB | {"name": "${databricks_job.other.name}"}),
        ("prod", "data.databricks_job", {"name": "somebody-elses"}),
        ("prod", "data.databricks_volume", {"name": "Theirs"}),
    ],
)
def test_what_is_right_is_let_through(refused: Judge, stage: str, kind: str, arguments: dict[str, Any]) -> None:
    assert refused(stage, kind, arguments) == []


def test_a_schedule_may_run_where_the_settings_say_so(refused: Judge) -> None:
    job = JOB | {"schedule": {"pause_status": "UNPAUSED"}}

    assert refused("dev", "databricks_job", job, schedules="running") == []


def test_the_providers_block_may_name_the_workspace_but_hold_no_token(tmp_path: Path) -> None:
    file = stack_file(tmp_path, "s")
    file.parent.mkdir(parents=True)
    url = "https://adb-1.2.azuredatabricks.net"
    block = {"host": url, "token": "a"}
    file.write_text(json.dumps({"provider": {"databricks": [block]}, "output": {"where": {"value": url}}}))

    found = judge(load_rules(tmp_path), here("dev"), [file])

    assert [(r.path, r.rule) for r in found] == [("s/databricks", "no_secrets"), ("s/where", "no_workspace_urls")]


def test_every_refusal_names_the_construct_and_the_fix_and_none_repeats_a_secret(tmp_path: Path) -> None:
    for rule, stage, kind, arguments in FIRES:
        for refusal in refusals(tmp_path, stage, kind, arguments):
            assert str(refusal).startswith("here-platform/"), rule
            assert ";" in refusal.text, f"{rule} names no fix"
            assert DAPI not in str(refusal)
            assert "hunter2" not in str(refusal)


@pytest.mark.parametrize(
    ("planted", "what"),
    [
        (DAPI, "a Databricks token"),
        ("AKIA" + "ABCDEFGHIJKLMNOP", "an AWS access key"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("ghp_" + "a1" * 18, "a GitHub token"),
        ("hf_" + "a1B2" * 9, "a Hugging Face token"),
        ("https://me:word@index.example/simple", "a password in an address"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N", "a signed token (JWT)"),
    ],
)
def test_secrets_are_known_by_their_form_wherever_they_stand(planted: str, what: str) -> None:
    assert forms_in(f"before {planted} after") == [what]


@pytest.mark.parametrize(
    "harmless",
    [
        "11111111-2222-3333-4444-555566667777",
        "/Volumes/dev/models/artifacts/p/0123456789abcdef/p-1.2.3-py3-none-any.whl",
        "https://index.example/simple",
        "{{secrets/scope/key}}",
        "s3://bucket/folder",
    ],
)
def test_what_only_looks_like_a_secret_is_none(harmless: str) -> None:
    assert forms_in(harmless) == []


def test_a_team_adds_a_rule_as_one_file_of_its_clone(tmp_path: Path) -> None:
    (tmp_path / "guards").mkdir()
    (tmp_path / "guards" / "no_jobs.py").write_text(
        "def check(resource, environment):\n"
        "    if resource.kind == 'databricks_job':\n"
        "        yield f'{environment.name} has no jobs; remove it'\n"
    )

    found = refusals(tmp_path, "prod", "databricks_job", JOB)

    assert [str(r) for r in found] == ["here-platform/thing/Resource: here has no jobs; remove it [no_jobs]"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"mine\.py has no function check"),
        ("import nothing_of_this_name", r"mine\.py cannot be loaded: ModuleNotFoundError"),
        ("def check(resource, environment):\n    raise KeyError('x')", r"the rule mine failed on here-platform/thing"),
    ],
)
def test_a_rule_that_cannot_judge_lets_nothing_through(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "guards").mkdir()
    (tmp_path / "guards" / "mine.py").write_text(text)

    with pytest.raises(CannotBuildStacks, match=told):
        refusals(tmp_path, "dev", "databricks_job", JOB)
