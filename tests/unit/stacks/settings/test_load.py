"""Settings files: typed when they are right, explained all at once when they are not."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from brickyard_stacks.errors import InvalidSettings
from brickyard_stacks.settings import Environment, Project, load_environment, load_project
from brickyard_stacks.settings.places import Place
from brickyard_stacks.settings.principals import Federation

ROOT = Path(__file__).resolve().parents[4]
LOCAL = (ROOT / "environments/local.yaml").read_text()


def problems(tmp_path: Path, text: str | bytes, name: str = "local.yaml") -> list[str]:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InvalidSettings) as caught:
        load_environment(file)
    return [str(p).removeprefix(f"{file}:") for p in caught.value.problems]


def line_of(text: str, part: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


def test_the_shipped_environment_is_right() -> None:
    environment = load_environment(ROOT / "environments/local.yaml")

    assert environment.catalog.isolation == "ISOLATED"
    assert environment.provider.version == "1.99.0"
    assert not environment.deletion_protection


def test_the_shipped_project_is_right() -> None:
    project = load_project(ROOT / "projects/flight_delays/project.yaml")

    assert (project.name, project.slug) == ("flight_delays", "flight-delays")
    assert project.deployment.job.timeout_minutes == 60


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = (
        LOCAL.replace("stage: local", "stag: local")
        .replace("type: profile", "type: profil")
        .replace('"1000"', "1000")
        .replace("  run_as:", "  runas:")
        .replace("local-ci, ownership: create", "local-ci, ownership: creat")
    )

    told = "\n".join(problems(tmp_path, text))

    assert f"{line_of(text, 'stag:')}: stag: not a key of this place; did you mean stage?" in told
    assert "1: stage: required, and missing" in told
    assert f"{line_of(text, 'type: profil')}: workspace.auth.type" in told
    assert "did you mean profile?" in told
    assert f"{line_of(text, 'cost_center')}: tags.cost_center: must be a text (quote it); got 1000 (int)" in told
    assert f"{line_of(text, 'runas')}: service_principals.runas: not a key of this place; did you mean run_as?" in told
    line = line_of(text, "local-ci")
    assert f"{line}: service_principals.ci.ownership: must be 'create', 'adopt' or 'reference'; got 'creat'" in told


def test_a_typo_inside_a_chosen_kind_of_sign_in_names_that_kinds_keys(tmp_path: Path) -> None:
    told = problems(tmp_path, LOCAL.replace("config_file:", "configfile:"))

    line = line_of(LOCAL, "config_file:")
    assert told == [f"{line}: workspace.auth.configfile: not a key of this place; did you mean config_file?"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("name: local\nstage", "name: Local_1\nstage"), "name: must be lower-case letters, digits and single dashes"),
        (("  name: local\n\ngroups", "  name: a.b\n\ngroups"), "catalog.name: must be lower-case letters, digits"),
        (("cloud: local", "cloud: aws"), "cloud: stage and cloud are both local, or neither is; got 'aws'"),
        (("path: .brickyard/state", "path: [a]"), "state.path: must be a text (quote it); got a list"),
        (("deployer:", "provider: {version: 1.98.0}\ndeployer:"), "stage local uses exactly 1.99.0; got '1.98.0'"),
        (("deployer:", "provider: {version: 1.99}\ndeployer:"), "must be a text (quote it); got 1.99 (float)"),
        (
            (
                "ownership: create}\n  plan",
                "ownership: create, application_id: 00000000-0000-0000-0000-000000000000}\n  plan",
            ),
            "application_id is given by Databricks with ownership: create",
        ),
    ],
)
def test_a_broken_rule_is_said_in_its_own_words(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    assert change[0] in LOCAL
    assert told in "\n".join(problems(tmp_path, LOCAL.replace(*change)))


def test_several_broken_rules_are_told_together(tmp_path: Path) -> None:
    text = LOCAL.replace("stage: local", "stage: prod") + "deletion_protection: false\n"

    told = "\n".join(problems(tmp_path, text))

    assert "cloud: stage and cloud are both local" in told
    assert "deletion_protection: may be false for the stages local and dev only; got false" in told
    assert "groups.approvers.ownership: without the block account only the stage local makes" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: [", "the file must be YAML"),
        ("name: local\nname: other\n", "2: name: a key stands once; it stands on line 1 already"),
        ("name: &a {b: *a}\n", "must be YAML|anchors and aliases are not read here"),
        ("a: &a [1]\nb: *a\n", "anchors and aliases are not read here"),
        ("name: 2024-13-45\n", "must be YAML in UTF-8; got month must be in 1..12"),
        (b"name: \xff\n", "must be YAML in UTF-8"),
        ("[" * 2000, "levels|must be YAML"),
        ("yes: 1\n", "a key is a text .yes, no, on, off and numbers need quotes."),
        ("", "the file holds keys and values: name, stage"),
        ("- a\n", "the file holds keys and values.*got list"),
        ("name: !!python/object:os.system x\n", "tags such as !!str are not read here"),
        ("name: !!timestamp x\n", "tags such as !!str are not read here"),
        ("name: !!str 1\n", "tags such as !!str are not read here"),
        ("<<: {name: local}\n", "merging is not read here: write the keys out"),
        ("name: \x07\n", "must be YAML"),
    ],
)
def test_what_is_not_an_environment_at_all_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    assert re.search(told, "\n".join(problems(tmp_path, text)))


def test_a_file_that_is_not_there_is_a_problem_like_any_other(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="the file must be readable; got No such file or directory"):
        load_environment(tmp_path / "none.yaml")


def test_an_environment_is_called_as_its_file_is(tmp_path: Path) -> None:
    assert "name: must be dev: the file is called dev.yaml" in problems(tmp_path, LOCAL, "dev.yaml")[0]


def test_a_project_is_called_as_its_folder_is(tmp_path: Path) -> None:
    file = tmp_path / "churn" / "project.yaml"
    file.parent.mkdir()
    file.write_text("name: chrun\ntitle: x\nworkflow: {anything: [the, pipelines, like]}\n")

    with pytest.raises(InvalidSettings, match=r"project\.yaml:1: name: must be churn"):
        load_project(file)


def test_a_projects_workflow_block_is_the_pipelines_own(tmp_path: Path) -> None:
    file = tmp_path / "churn" / "project.yaml"
    file.parent.mkdir()
    file.write_text("name: churn\ntitle: x\nworkflow: {anything: [the, pipelines, like]}\ndeployment: {jbo: {}}\n")

    with pytest.raises(InvalidSettings, match=r"4: deployment.jbo: not a key of this place; did you mean job\?") as e:
        load_project(file)
    assert len(e.value.problems) == 1


def test_an_old_key_is_told_its_new_name(tmp_path: Path) -> None:
    told = problems(tmp_path, LOCAL.replace("local-ci, ownership: create", "local-ci, create: true"))

    assert len(told) == 1
    assert "service_principals.ci.create: not a key of this place any more; its name is ownership now" in told[0]


def places(place: Place, path: str = "") -> Iterator[tuple[str, Place]]:
    """Every key that a file may have, with what may stand there."""
    for name, child in place.fields.items():
        yield f"{path}{name}", child
        yield from places(child.item or child, f"{path}{name}.")
    for member in place.members.values():
        yield from places(member, path)


@pytest.mark.parametrize("model", [Environment, Project])
def test_no_setting_can_hold_a_secret(model: type[BaseModel]) -> None:
    """A key whose name speaks of a secret says where one lies, and never what it is."""
    speaking = {
        key: place
        for key, place in places(Place(annotation=model))
        if re.search(r"token|secret|password|passphrase|credential|(^|_)key$", key.rsplit(".", 1)[-1])
    }
    texts = {key for key, place in speaking.items() if not place.fields and place.annotation is str}

    assert speaking
    lies = {"network.package_index.secret.key", "deployment.endpoints.environment.key"}
    assert texts <= {*lies, "deployment.jobs.tasks.key"}


@pytest.mark.parametrize(
    ("issuer", "said", "expected"),
    [
        ("https://vstoken.dev.azure.com/00000000-0000-0000-0000-0000000000dd", (), ("api://AzureADTokenExchange",)),
        ("https://vstoken.dev.azure.com/00000000-0000-0000-0000-0000000000dd", ("mine",), ("mine",)),
        ("https://token.actions.githubusercontent.com", (), ()),
        ("https://vstoken.dev.azure.com.example", (), ()),
    ],
)
def test_a_federation_expects_the_audience_that_its_issuer_writes(
    issuer: str, said: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert Federation(issuer=issuer, subject="p://acme/ml/prod-plan", audiences=said).expected == expected
