"""Both platforms' pipelines: as rendered, whole, pinned, without a secret, and calling only what exists."""

import argparse
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from brickyard.ci.render import differing, render
from brickyard.ci.settings import SETTINGS
from brickyard.errors import WrongReleaseSettings
from brickyard.settings_verbs import add_verbs as add_settings_verbs
from brickyard.workspace_verbs import add_workspace_verbs
from brickyard_stacks.errors import InvalidSettings

ROOT = Path(__file__).resolve().parents[4]
# What a platform gives to every step, by its own documentation.
GIVEN = {
    "AZURESUBSCRIPTION_CLIENT_ID",
    "AZURESUBSCRIPTION_TENANT_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
}


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return render(ROOT)


def documents(files: dict[str, str], folder: str = "") -> dict[str, Any]:
    return {path: document(text) for path, text in files.items() if path.startswith(folder)}


@functools.cache
def document(text: str) -> Any:
    """Every value as a text: YAML 1.1 would make a truth of `on`."""
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506


def inside(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(inner)


def scripts(found: Any) -> Iterator[tuple[str, set[str]]]:
    """Each script with the variables that its step, its job and its pipeline set."""

    def walk(value: Any, known: set[str]) -> Iterator[tuple[str, set[str]]]:
        if isinstance(value, list):
            for inner in value:
                yield from walk(inner, known)
        if not isinstance(value, dict):
            return
        known = known | {name for key in ("env", "variables") for name in value.get(key, ())}
        for key in ("run", "bash", "inlineScript"):
            if isinstance(value.get(key), str):
                yield value[key], known
        for inner in value.values():
            yield from walk(inner, known)

    yield from walk(found, set())


def test_the_files_here_are_as_they_are_rendered(files: dict[str, str]) -> None:
    assert differing(ROOT, files) == []


def test_every_variable_of_a_script_is_set_where_it_runs(files: dict[str, str]) -> None:
    missing = []
    for path, found in documents(files).items():
        for script, known in scripts(found):
            used = set(re.findall(r"\$\{?([A-Z_]+)", script))
            missing += [f"{path}: ${name} in {script!r}" for name in used - known - GIVEN]

    assert missing == []


def test_every_command_of_a_script_exists(files: dict[str, str]) -> None:
    """`make` targets, paths of this clone, and verbs of ours with their options."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    unknown = []
    for script in {script for found in documents(files).values() for script, _ in scripts(found)}:
        for words in map(shlex.split, re.split(r"\n|&&", script)):
            if words[:1] == ["make"]:
                unknown += [word for word in words[1:] if word not in targets]
            elif words[0].endswith("/brickyard"):
                assert parsed(words[1:]).run, script
            elif words[0] not in ("mkdir", "cp", "export"):
                unknown += [words[0]] if words[0] not in (".venv/bin/pytest", ".brickyard/tools/bin/pipenv") else []
                unknown += [word for word in words if word.startswith("--ignore=") and not (ROOT / word[9:]).exists()]
    assert unknown == []


def parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(required=True)
    add_workspace_verbs(verbs)
    add_settings_verbs(verbs.add_parser("environments"))
    plain = {"$ONLY": ["--only", "projects"], "$DESTROY": ["--destroy"], "$COMPLETE": ["--complete"]}
    given = [part for word in words for part in plain.get(word, [word.replace("$PLATFORM", "github")])]
    return parser.parse_args(given)


def test_every_template_and_workflow_that_is_named_is_rendered_and_takes_what_it_is_given(
    files: dict[str, str],
) -> None:
    every = documents(files)
    for path, found in every.items():
        for value in inside(found):
            if not isinstance(value, dict):
                continue
            if (named := value.get("template")) is not None:
                beside = named[1:] if named.startswith("/") else os.path.normpath(Path(path).parent / named)
                takes = {parameter["name"] for parameter in every[beside].get("parameters", ())}
                assert set(value.get("parameters", ())) <= takes, path
            if str(value.get("uses", "")).startswith("./"):
                called = every[value["uses"][2:]]["on"]["workflow_call"]
                assert set(value.get("with", ())) <= called["inputs"].keys(), path


def test_every_parameter_and_output_that_an_expression_names_exists(files: dict[str, str]) -> None:
    for path, text in files.items():
        names = {parameter["name"] for parameter in documents(files)[path].get("parameters", ())}
        assert set(re.findall(r"parameters\.([a-z_]+)", text)) <= names, path
        assert set(re.findall(r"outputs(?:\['plan\.(?:plan\.)?|\.)([a-z]+)", text)) <= {"digest", "changes", "waiting"}


def test_later_stages_of_azure_name_stages_that_come_before(files: dict[str, str]) -> None:
    """What a condition names must be depended on, or it is empty."""
    for value in inside(documents(files)["azure-pipelines.yml"]):
        if isinstance(value, dict) and "condition" in value and "task" not in value:
            named = set(re.findall(r"dependencies\.(\w+)", value["condition"]))
            assert named <= set(value.get("dependsOn", value.get("after", ()))), value


def test_actions_are_pinned_by_hash_and_jobs_get_the_least(files: dict[str, str]) -> None:
    may = {"contents": "read", "id-token": "write", "pull-requests": "write", "checks": "write", "issues": "write"}
    for path, found in documents(files, ".github").items():
        assert found["permissions"] == {}, path
        uses = [value["uses"] for value in inside(found) if isinstance(value, dict) and "uses" in value]
        assert all(re.fullmatch(r"\./\S+|[\w.-]+/[\w.-]+@[0-9a-f]{40}", each) for each in uses)
        for name, job in found["jobs"].items():
            assert job["permissions"].items() <= may.items(), f"{path}: {name}"
            checkouts = [step for step in job.get("steps", ()) if "actions/checkout" in step.get("uses", "")]
            assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_no_pipeline_holds_a_secret_or_puts_other_peoples_text_into_a_script(files: dict[str, str]) -> None:
    for path, text in files.items():
        assert "secrets." not in text, path
        assert "AGE-SECRET-KEY" not in text, path
        for script, _ in scripts(documents(files)[path]):
            assert "${{" not in script, path


def test_only_a_job_behind_an_approval_may_write_or_open_a_plan(files: dict[str, str]) -> None:
    for path, found in documents(files).items():
        jobs = [
            each for each in inside(found) if isinstance(each, dict) and {"runs-on", "deployment", "job"} & each.keys()
        ]
        writing = [
            job for job in jobs if re.search("PLAN_KEY_COMMAND|brickyard apply|SIGN_IN.: .apply", json.dumps(job))
        ]
        assert all(job["environment"] for job in writing), path
        assert all("concurrency" in job or "lockBehavior" in files[path] for job in writing), path


def clone_with(tmp_path: Path, **changes: Any) -> Path:
    """Three environments that sign in alike; `changes` are of ci/release.yaml's last one."""
    for part in ("environments", "ci"):
        shutil.copytree(ROOT / part, tmp_path / part)
    dev = yaml.safe_load((ROOT / "environments/dev.yaml").read_text())
    for name in ("staging", "prod"):
        settings = {**dev, "name": name, "prefix": name, "catalog": {"name": name}, "storage": {}, "stage": "dev"}
        (tmp_path / f"environments/{name}.yaml").write_text(json.dumps(settings))
    release = yaml.safe_load((ROOT / SETTINGS).read_text())
    first = release["environments"][0]
    release["environments"] = [{**first, "name": name} for name in ("dev", "staging", "prod")]
    release["environments"][-1] |= changes
    release["environments"][-1] = {k: v for k, v in release["environments"][-1].items() if v is not None}
    (tmp_path / SETTINGS).write_text(json.dumps(release))
    return tmp_path


def test_a_commit_goes_through_three_environments_in_order_on_both_platforms(tmp_path: Path) -> None:
    every = documents(render(clone_with(tmp_path)))
    jobs = every[".github/workflows/release.yml"]["jobs"]
    stages = every["azure-pipelines.yml"]["stages"]

    assert list(jobs) == [
        f"{step}-{name}" for name in ("dev", "staging", "prod") for step in ("deploy", "follow", "train", "serve")
    ]
    assert jobs["deploy-staging"]["needs"] == "serve-dev"
    assert jobs["deploy-prod"]["needs"] == "serve-staging"
    called = [each.get("template", each.get("stage")) for each in stages]
    assert called[::4] == [f"ci/azure/deploy-{name}.yml" for name in ("dev", "staging", "prod")]
    assert stages[8]["parameters"]["after"] == ["serve_staging_plan", "serve_staging_apply"]


S3 = {"backend": "s3", "bucket": "acme-state", "region": "eu-west-1", "key_prefix": "brickyard"}
ROLES = {
    "region": "eu-west-1",
    "plan": "arn:aws:iam::000000000000:role/plan",
    "apply": "arn:aws:iam::000000000000:role/apply",
}


def with_settings(root: Path, **changes: Any) -> Path:
    """Of the last environment."""
    file = root / "environments/prod.yaml"
    file.write_text(json.dumps(yaml.safe_load(file.read_text()) | changes))
    return root


def test_on_aws_two_pipelines_plan_and_apply_and_each_takes_its_role_by_federation(tmp_path: Path) -> None:
    oidc = yaml.safe_load((ROOT / "environments/prod.yaml").read_text())["workspace"]["auth"]
    connections = {"plan": "aws-prod-plan", "apply": "aws-prod-apply"}
    root = clone_with(tmp_path, azure_devops=connections, azure=None)
    every = documents(render(with_settings(root, state=S3, workspace={"name": "x", "auth": oidc})))

    for who in ("plan", "apply"):
        steps = [value for value in inside(every[f"ci/azure/{who}-prod.yml"]) if isinstance(value, dict)]
        signed = [step for step in steps if "brickyard" in json.dumps(step.get("inputs", {}).get("inlineScript", ""))]
        assert signed
        assert {step["task"] for step in signed} == {"AWSShellScript@1"}
        assert {(step["inputs"]["awsCredentials"], step["inputs"]["regionName"]) for step in signed} == {
            (f"aws-prod-{who}", "eu-west-1")
        }
    assert ".github/workflows/deploy-prod.yml" not in every


def test_a_step_of_azure_devops_is_not_asked_for_two_connections(tmp_path: Path) -> None:
    root = with_settings(clone_with(tmp_path, aws=ROLES), state=S3)

    with pytest.raises(WrongReleaseSettings, match="one service connection, of Azure or of AWS"):
        render(root)


def test_destruction_waits_for_an_approval_of_its_own(files: dict[str, str]) -> None:
    """By its environment; and `brickyard apply` refuses such a bundle where nobody asked for destruction."""
    every = documents(files)
    given = [stage["parameters"] for stage in every["ci/azure/destroy.yml"]["stages"]]
    applying = [step for found in every.values() for step, _ in scripts(found) if "brickyard apply" in step]

    assert {each["gate"] for each in given} == {"dev-destroy"}
    assert "'prod-destroy'" in every["ci/azure/apply-prod.yml"]["stages"][0]["jobs"][0]["environment"]
    assert "'dev-destroy'" in every[".github/workflows/deploy-dev.yml"]["jobs"]["apply"]["environment"]["name"]
    assert applying
    assert all("$DESTROY" in step for step in applying)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"azure": None}, "prod needs azure .* to be deployed from github"),
        ({"azure_devops": None}, "prod needs azure_devops .* to be deployed from azure-devops"),
        ({"recipient": "age1short"}, "a public key of age"),
        ({"name": "dev"}, "an environment stands in the chain once"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_settings_that_no_pipeline_could_use_are_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises((InvalidSettings, WrongReleaseSettings), match=told):
        render(clone_with(tmp_path, **changes))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("workspace", {"name": "x", "auth": {"type": "profile", "profile": "x"}}, "only do with a stored secret"),
        ("state", {"backend": "local", "path": "state"}, "a file of one machine"),
    ],
)
def test_an_environment_that_no_pipeline_could_reach_is_refused(
    tmp_path: Path, key: str, value: Any, told: str
) -> None:
    root = with_settings(clone_with(tmp_path), **{key: value})

    with pytest.raises(WrongReleaseSettings, match=told):
        render(root)


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    command = [str(zizmor), "--offline", "--no-progress", "--min-severity", "medium", str(ROOT / ".github/workflows")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not on PATH")
def test_actionlint_finds_nothing_in_the_workflows() -> None:
    """`$ONLY`, `$DESTROY` and `$COMPLETE` are words of ours, split on purpose, which shellcheck cannot know."""
    files = sorted(map(str, (ROOT / ".github/workflows").glob("*.yml")))

    done = subprocess.run(["actionlint", "-shellcheck=", *files], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif("BRICKYARD_PIPELINES_SCHEMA" not in os.environ, reason="no schema of Azure Pipelines named")
def test_azures_own_schema_allows_every_pipeline(files: dict[str, str]) -> None:
    """The file service-schema.json of microsoft/azure-pipelines-vscode; it knows no task of an extension."""
    import jsonschema

    schema = json.loads(Path(os.environ["BRICKYARD_PIPELINES_SCHEMA"]).read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    for path, found in documents(files).items():
        if "azure" in path:
            text = json.dumps(found).replace("TerraformInstaller@1", "Bash@3")
            wrong = [] if "Bash@3" in text and path.endswith("tools.yml") else list(validator.iter_errors(found))
            assert not wrong, path
