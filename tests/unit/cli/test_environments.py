"""`brickyard environments`, as a person types it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The shipped settings, in a clone whose path has a space."""
    root = tmp_path / "a clone"
    shutil.copytree(ROOT / "environments", root / "environments")
    (root / "projects/flight_delays").mkdir(parents=True)
    shutil.copy(ROOT / "projects/flight_delays/project.yaml", root / "projects/flight_delays")
    (root / "cdktf.json").write_text("{}")
    return root


@pytest.fixture
def run(clone: Path) -> Run:
    """The command in the clone, with a shell that names nothing."""

    def command(*arguments: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, *python, "-m", "brickyard.main", "environments", *arguments]
        return subprocess.run(argv, cwd=clone, check=False, capture_output=True, text=True)

    return command


def edit(clone: Path, name: str, old: str, new: str) -> None:
    file = clone / "environments" / f"{name}.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_what_is_right_exits_with_0_and_names_every_file(run: Run) -> None:
    done = run("check")

    assert done.returncode == 0, done.stderr
    assert [line.strip() for line in done.stdout.splitlines()] == [
        *(f"✓ environments/{name}.yaml" for name in ("dev", "local", "prod", "staging")),
        "✓ projects/flight_delays/project.yaml",
    ]


def test_everything_that_is_wrong_is_told_at_once_with_places_relative_to_the_clone(clone: Path, run: Run) -> None:
    edit(clone, "dev", "stage: dev", "stage: devel")
    edit(clone, "staging", "region: eu-west-1\nprefix", "region: westeurope\nprefix")

    done = run("check")

    assert done.returncode == 1
    assert "environments/dev.yaml:4: stage: must be 'local', 'dev', 'staging' or 'prod'; got 'devel'" in done.stdout
    assert "environments/staging.yaml:7: region: a region of aws is written like us-east-1" in done.stdout
    assert "✓ environments/prod.yaml" in done.stdout
    assert done.stderr.strip() == "brickyard: 2 problems in the settings."
    assert run("check", "prod").returncode == 0
    told = json.loads(run("check", "--json").stdout)
    assert [(p["file"], p["line"], p["key"]) for p in told] == [
        ("environments/dev.yaml", 4, "stage"),
        ("environments/staging.yaml", 7, "region"),
    ]


def test_a_name_that_is_none_is_answered_with_the_nearest(run: Run) -> None:
    done = run("diff", "dev", "prdo")

    assert done.returncode == 1
    assert "no file environments/prdo.yaml; did you mean prod? Environments: dev, local, prod, staging." in done.stderr


def test_two_environments_stand_side_by_side(run: Run) -> None:
    rows = {
        line.split()[0]: " ".join(line.split()[1:])
        for line in run("diff", "dev", "prod").stdout.splitlines()
        if line.strip()
    }

    assert rows["schedules"] == "paused default of stage dev running :90"
    assert rows["deletion_protection"] == "false default of stage dev true default of stage prod"
    assert rows["account.id"] == "— 00000000-0000-0000-0000-0000000000ac :19"
    assert rows["compute.policies"] == "personal, job, ml, gpu :49 job, ml, gpu :72"
    assert "region" not in rows


def test_differences_are_there_for_programs(run: Run) -> None:
    done = json.loads(run("diff", "dev", "prod", "--json").stdout)

    assert done["environments"] == ["dev", "prod"]
    assert {
        "key": "schedules",
        "values": [
            {"value": "paused", "origin": "default of stage dev"},
            {"value": "running", "origin": "environments/prod.yaml:90"},
        ],
    } in done["differences"]
    assert json.loads(run("diff", "dev", "dev", "--json").stdout)["differences"] == []


def test_a_wrong_environment_is_listed_as_wrong_beside_the_others(clone: Path, run: Run) -> None:
    edit(clone, "dev", "stage: dev", "stage: devel")

    rows = json.loads(run("list", "--json").stdout)

    assert rows["dev"] is None
    assert rows["prod"] == {
        "stage": "prod",
        "cloud": "azure",
        "region": "westeurope",
        "workspace": "acme-prod",
        "state": "azurerm",
    }
    assert "wrong: see `brickyard environments check`" in run("list").stdout


def test_the_schemas_and_the_page_are_written_whole(clone: Path, run: Run) -> None:
    done = run("schema", "--write")

    assert done.returncode == 0, done.stderr
    for name in ("README.md", "environment.schema.json", "project.schema.json"):
        assert (clone / "docs/settings" / name).read_text() == (ROOT / "docs/settings" / name).read_text()
    assert len(list((clone / "docs/settings").iterdir())) == 3
    assert run("schema", "--kind", "project").stdout == (ROOT / "docs/settings/project.schema.json").read_text()


def test_settings_are_read_without_terraforms_libraries(run: Run) -> None:
    """Those take a second to load, and an editor may ask on every save."""
    loaded = run("check", python=("-X", "importtime")).stderr

    assert "brickyard_stacks.settings.checking" in loaded
    heavy = ("cdktf", "jsii", "brickyard_constructs.catalog", "databricks.sdk")
    assert not [name for name in heavy if f" {name}\n" in loaded]
