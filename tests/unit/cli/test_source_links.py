"""Which commit a folder's code is of, asked of a real git."""

import subprocess
from pathlib import Path

import pytest

from brickyard.source_links import repository_of

ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://github.example.com", "GITHUB_REPOSITORY": "acme/ml"}
AZURE = {"TF_BUILD": "True", "BUILD_REPOSITORY_URI": "https://acme@dev.azure.com/acme/ml/_git/infra"}


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    argv = ["git", "-C", str(root), *identity, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    infra = tmp_path / "infra"
    infra.mkdir()
    for name in ("main.tf", "changed.tf"):
        (infra / name).write_text("# as committed\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "remote", "add", "origin", "git@github.com:acme/ml.git")
    (infra / "changed.tf").write_text("# another line\n# as committed\n")
    (infra / "new.tf").write_text("# not committed\n")
    return infra


@pytest.mark.parametrize(
    ("variables", "begin"),
    [
        ({}, "https://github.com/acme/ml/blob/{sha}/infra/main.tf#L1"),
        (ACTIONS, "https://github.example.com/acme/ml/blob/{sha}/infra/main.tf#L1"),
        (AZURE, "https://dev.azure.com/acme/ml/_git/infra?path=/infra/main.tf&version=GC{sha}&line=1&"),
    ],
)
def test_a_committed_line_has_a_page_and_a_changed_one_has_none(
    folder: Path, variables: dict[str, str], begin: str
) -> None:
    repository = repository_of(folder, variables)
    sha = git(folder, "rev-parse", "HEAD")

    assert repository is not None
    assert str(repository.line(folder / "main.tf", 1)).startswith(begin.format(sha=sha))
    assert repository.line(folder / "changed.tf", 1) is None
    assert repository.line(folder / "new.tf", 1) is None


def test_a_folder_that_git_does_not_know_has_no_pages(tmp_path: Path) -> None:
    assert repository_of(tmp_path, {}) is None
