"""How cdktf is run and what of its output is told; the cdktf here is a shell script."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from brickyard import cdktf
from brickyard.cdktf import run_cdktf
from brickyard.clone import Clone
from brickyard.errors import DeployFailed, NotSetUp, UnknownEnvironment


@pytest.fixture
def clone(empty_clone: Clone, monkeypatch: pytest.MonkeyPatch) -> Clone:
    (empty_clone.root / "environments" / "dev.yaml").touch()
    monkeypatch.setenv("BRICKYARD_ENV", "dev")
    return empty_clone


def install(clone: Clone, script: str) -> None:
    binary = clone.root / "node_modules" / ".bin" / "cdktf"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)


def test_changes_are_counted_as_they_come_and_terraforms_summaries_are_told(clone: Clone) -> None:
    install(clone, "echo 'a: Creation complete after 1s'; echo; echo 'Apply complete! Resources: 1 added.'")
    said: list[str] = []
    assert run_cdktf(clone, ["deploy", "dev-platform"], said.append) == "Apply complete! Resources: 1 added."
    assert said[0] == "1 changed · a: Creation complete after 1s"
    assert "Creation complete" in (clone.logs / "cdktf-deploy.log").read_text()


def test_a_failure_is_told_from_its_first_error_on_with_the_log(clone: Clone) -> None:
    lines = "".join(f"echo 'Error: {n}';" for n in range(40))
    install(clone, f"echo before; {lines} exit 3")
    with pytest.raises(DeployFailed) as error:
        run_cdktf(clone, ["deploy", "x"], lambda _text: None)
    told = str(error.value)
    assert told.startswith("`cdktf deploy x` failed:\nError: 0\n")
    assert "Error: 29" in told
    assert "Error: 30" not in told
    assert ".brickyard/logs/cdktf-deploy.log" in told


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that puts the tests in the background has them ignore SIGINT, and whatever they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_cdktf_before_it_is_told(clone: Clone) -> None:
    install(clone, "trap 'echo ended > ended; exit 1' INT; echo begun; while true; do sleep 0.05; done")

    def interrupt(text: str) -> None:
        assert text.endswith("begun")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cdktf(clone, ["deploy", "x"], interrupt)
    assert (clone.root / "ended").read_text() == "ended\n"


def test_without_the_tools_it_says_how_to_get_them(clone: Clone) -> None:
    with pytest.raises(NotSetUp, match="make setup"):
        run_cdktf(clone, ["deploy", "x"], lambda _text: None)


def test_the_wrapper_of_cdktf_ends_with_a_sentence(clone: Clone) -> None:
    program = "from brickyard.cdktf import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "diff"],
        cwd=clone.root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "brickyard: cdktf is not installed in this clone: run `make setup`.\n")


def test_an_environment_that_does_not_exist_is_named_before_cdktf_starts(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRICKYARD_ENV", "devv")
    for verb in ("synth", "diff", "deploy"):
        with pytest.raises(UnknownEnvironment, match=r"no environment 'devv'.*environments/ has: dev\)"):
            cdktf.settings_of(clone, [verb])
    assert cdktf.settings_of(clone, ["--version"])["BRICKYARD_ENV"] == "devv", "what needs no environment runs"
