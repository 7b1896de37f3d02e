"""From which commit code comes: the newest that changed it, and whether files differ from it."""

import subprocess
from pathlib import Path

import pytest

from brickyard_stacks.code_commit import code_commit
from brickyard_stacks.names import EnvironmentNames, ProjectNames
from brickyard_stacks.workflow import told_of_commit, workflow_tasks

NAMES = ProjectNames(
    shared=EnvironmentNames(environment="dev", catalog="dev", prefix="dev", deployer="ann"),
    project="churn",
    slug="churn",
    models=("churn",),
    endpoints=("churn",),
)


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(root), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def committed(root: Path, file: str, text: str) -> str:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", file)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def test_a_commit_elsewhere_is_not_the_one_that_the_code_comes_from(clone: Path) -> None:
    places = (clone / "projects/churn", clone / "pipelines")
    first = committed(clone, "projects/churn/a.py", "1")
    committed(clone, "docs/page.md", "1")
    assert code_commit(clone, places) == first
    second = committed(clone, "pipelines/b.py", "1")
    assert code_commit(clone, places) == second


def test_files_that_differ_from_it_are_told(clone: Path) -> None:
    places = (clone / "projects/churn",)
    first = committed(clone, "projects/churn/a.py", "1")
    (clone / "elsewhere.py").write_text("new")
    assert code_commit(clone, places) == first
    (clone / "projects/churn/b.py").write_text("new")
    assert code_commit(clone, places) == f"{first}+changes"


def test_without_a_repository_or_a_commit_nothing_is_told(tmp_path: Path, clone: Path) -> None:
    assert code_commit(tmp_path / "none", (tmp_path,)) is None
    assert code_commit(clone, (clone,)) is None


@pytest.mark.parametrize("commit", [None, "4f2a"])
def test_only_the_task_that_makes_a_version_is_told(commit: str | None) -> None:
    told = {task.key: "--commit" in task.parameters for task in told_of_commit(workflow_tasks(NAMES), commit)}
    assert told == dict.fromkeys(told, False) | {"train": commit is not None}
