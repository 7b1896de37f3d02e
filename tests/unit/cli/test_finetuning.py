"""`pipenv run finetuning`: the wheel's command in a clone's shell, where the wheel is not installed."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PLAN = ROOT / "projects" / "examples" / "trivia" / "plan.yaml"


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command: str = tomllib.loads((ROOT / "Pipfile").read_text())["scripts"]["finetuning"]
    python, *module = command.split()
    assert python == "python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PYTHONPATH"] = os.pathsep.join(str(ROOT / part) for part in ("cli", "local", "review", "stacks"))
    argv = [sys.executable, *module, *arguments]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_it_is_found_from_any_folder_of_the_clone() -> None:
    done = run(ROOT / "docs", "plan", "--plan", os.path.relpath(PLAN, ROOT / "docs"))
    assert done.returncode == 0, done.stderr
    assert '"plan": "trivia"' in done.stdout


def test_what_it_refuses_is_its_exit_status(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("name: p\n")
    done = run(ROOT, "plan", "--plan", str(tmp_path / "plan.yaml"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "finetuning plan failed: InvalidPlan" in done.stderr


def test_outside_of_a_clone_it_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", "--plan", str(PLAN))
    assert done.returncode == 1
    assert "is not inside a Brickyard clone" in done.stderr
