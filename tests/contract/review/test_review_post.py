"""`brickyard review … --post github`, as a pipeline runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from platforms import TOKEN, GitHubServer, served

PLAN = {
    "format_version": "1.2",
    "terraform_version": "1.11.0",
    "complete": True,
    "errored": False,
    "planned_values": {"root_module": {}},
    "resource_changes": [],
    "configuration": {"root_module": {}},
}


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    server = GitHubServer()
    with served(server):
        yield server


def review(server: GitHubServer, folder: Path, plan: str) -> subprocess.CompletedProcess[str]:
    event = folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": "bbb"}}}))
    (folder / "plan.json").write_text(plan)
    variables = {
        "GITHUB_API_URL": server.url,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "acme/kit",
        "GITHUB_RUN_ID": "55",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-m", "brickyard.main", "review", "plan.json", "--post", "github", "--key", "prod"]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


def test_a_review_is_posted_with_its_status(github: GitHubServer, tmp_path: Path) -> None:
    done = review(github, tmp_path, json.dumps(PLAN))
    assert done.returncode == 0, done.stderr
    assert "no change" in github.comments[0]["body"]
    assert [check["conclusion"] for check in github.checks] == ["success"]
    assert TOKEN not in done.stdout + done.stderr


def test_a_plan_that_cannot_be_read_takes_the_place_of_a_good_review(github: GitHubServer, tmp_path: Path) -> None:
    review(github, tmp_path, json.dumps(PLAN))
    done = review(github, tmp_path, json.dumps(PLAN)[:-20])
    assert done.returncode == 3
    assert len(github.comments) == 1
    assert "no change" not in github.comments[0]["body"]
    assert github.checks[-1]["conclusion"] == "failure"


def test_a_review_that_cannot_be_posted_is_no_pass(github: GitHubServer, tmp_path: Path) -> None:
    github.refuses = True
    done = review(github, tmp_path, json.dumps(PLAN))
    assert done.returncode == 3
    assert "pull-requests: write" in done.stderr
