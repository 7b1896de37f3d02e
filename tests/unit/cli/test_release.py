"""Production is deployed from a commit whose dependencies are locked, or by an override that names it."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from brickyard.clone import Clone
from brickyard.errors import NotReleased
from brickyard.release import pipfile_digest, refuse_unreleased

ROOT = Path(__file__).resolve().parents[3]
FILES = ("Pipfile", "Pipfile.lock", "package.json", "package-lock.json", "cdktf.json")


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "all")
    return Clone(root=tmp_path)


def test_this_repositorys_own_lock_is_known_as_locked() -> None:
    lock = json.loads((ROOT / "Pipfile.lock").read_text())

    assert pipfile_digest(tomllib.loads((ROOT / "Pipfile").read_text())) == lock["_meta"]["hash"]["sha256"]


@pytest.mark.parametrize("verb", ["deploy", "apply", "destroy"])
def test_a_commit_is_deployed(clone: Clone, verb: str) -> None:
    refuse_unreleased(clone, "prod", verb, {})


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("environments/prod.yaml", "\n# more\n", "not committed: environments/prod.yaml"),
        ("new.py", "x = 1\n", "not committed: new.py"),
        ("Pipfile", '\n[packages]\nrequests = "*"\n', "Pipfile has changed since it was locked: make lock"),
        ("package.json", "", "the lock of package.json cannot be read"),
    ],
)
def test_a_changed_clone_is_not_and_everything_in_the_way_is_told(
    clone: Clone, name: str, text: str, told: str
) -> None:
    file = clone.root / name
    if name == "Pipfile":
        file.write_text(file.read_text().replace("[packages]", text.strip()))
    else:
        file.write_text(file.read_text() + text if file.exists() and text else text)

    with pytest.raises(NotReleased) as caught:
        refuse_unreleased(clone, "prod", "deploy", {})

    assert told in str(caught.value)
    assert f"not committed: {name}" in str(caught.value)
    assert "BRICKYARD_ALLOW_UNCOMMITTED=prod" in str(caught.value)


def test_a_folder_without_git_is_not_deployed(clone: Clone) -> None:
    shutil.rmtree(clone.root / ".git")

    with pytest.raises(NotReleased, match="git cannot say whether it is committed"):
        refuse_unreleased(clone, "prod", "deploy", {})


def test_the_override_is_for_the_environment_that_it_names(clone: Clone) -> None:
    (clone.root / "new.py").touch()

    refuse_unreleased(clone, "prod", "deploy", {"BRICKYARD_ALLOW_UNCOMMITTED": "prod"})
    for other in ("1", "true", "staging"):
        with pytest.raises(NotReleased):
            refuse_unreleased(clone, "prod", "deploy", {"BRICKYARD_ALLOW_UNCOMMITTED": other})


@pytest.mark.parametrize(("name", "verb"), [("prod", "diff"), ("prod", "synth"), ("staging", "deploy")])
def test_looking_and_other_stages_need_no_commit(clone: Clone, name: str, verb: str) -> None:
    (clone.root / "new.py").touch()

    refuse_unreleased(clone, name, verb, {})
