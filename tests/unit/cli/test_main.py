"""What the command says and which status it ends with when something stands in its way."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from brickyard import down, main, up
from brickyard.clone import Clone
from brickyard.errors import JobFailed
from brickyard_local.errors import CannotStart


@pytest.fixture
def run(empty_clone: Clone, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command line in the clone; answers its exit status. What it changes in the environment is put back."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)

    def command(*arguments: str) -> int:
        monkeypatch.chdir(empty_clone.root)
        monkeypatch.setattr(sys, "argv", ["brickyard", *arguments])
        return main.main()

    return command


def raising(error: BaseException) -> Any:
    def raises(*_: Any, **__: Any) -> NoReturn:
        raise error

    return raises


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (JobFailed("Task 'train' failed"), 1, "brickyard: Task 'train' failed"),
        (CannotStart("Port 20001 of workspace 'local' is taken"), 1, "Port 20001 of workspace 'local' is taken"),
        (KeyboardInterrupt(), 130, "interrupted; run the same command again"),
        (RuntimeError("a\n  bug"), 1, "RuntimeError: a bug\nRun the same command again"),
    ],
)
def test_every_end_is_a_sentence_and_a_status(
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    monkeypatch.delenv("BRICKYARD_DEBUG", raising=False)
    monkeypatch.setattr(up, "up", raising(error))
    assert run("up") == status
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_whoever_looks_for_a_bug_sees_where_it_happened(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRICKYARD_DEBUG", "1")
    monkeypatch.setattr(up, "up", raising(RuntimeError("a bug")))
    with pytest.raises(RuntimeError, match="a bug"):
        run("up")


def test_outside_of_a_clone_every_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["brickyard", "status"])
    assert main.main() == 1
    assert "not inside a Brickyard clone" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["80", "70000", "http", "-1"])
def test_what_is_no_port_is_refused_before_anything_starts(
    run: Any, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    with pytest.raises(SystemExit):
        run("start", f"--port={port}")
    assert "use a number from 1024 to 65535" in capsys.readouterr().err


def test_the_shells_sign_in_and_proxy_do_not_reach_the_local_workspace(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}
    monkeypatch.setenv("DATABRICKS_HOST", "https://adb-1.azuredatabricks.net")
    monkeypatch.setenv("NO_PROXY", "corp.example.com")
    monkeypatch.setattr(down, "down", lambda *_, **__: seen.update(os.environ))
    assert run("down") == 0
    assert "DATABRICKS_HOST" not in seen
    assert seen["NO_PROXY"] == "corp.example.com,127.0.0.1,localhost"


def test_status_of_what_is_deployed_and_does_not_run_fails_with_the_command(
    run: Any, empty_clone: Clone, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("status") == 0
    empty_clone.terraform_state.mkdir(parents=True)
    (empty_clone.terraform_state / "local-platform.tfstate").write_text('{"resources": []}')
    assert run("status") == 1
    assert "pipenv run brickyard start" in capsys.readouterr().err
