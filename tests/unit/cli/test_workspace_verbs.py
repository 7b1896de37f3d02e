"""Which sign-in the commands for a workspace keep, and that each of them says what it is for."""

import os
from typing import Any

import pytest

from brickyard import main


@pytest.fixture(autouse=True)
def _own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command changes the variables of its process."""
    monkeypatch.setattr(os, "environ", dict(os.environ))


@pytest.mark.parametrize(("environment", "kept"), [("local", False), ("prod", True)])
def test_the_shells_sign_in_is_for_any_environment_but_local(
    environment: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}

    def doctor(*_: Any, **__: Any) -> int:
        seen.update(os.environ)
        return 2

    os.environ["DATABRICKS_CLIENT_SECRET"] = "s"
    monkeypatch.setattr("brickyard.doctor.doctor.doctor", doctor)
    monkeypatch.setattr("sys.argv", ["brickyard", "doctor", environment])

    assert main.main() == 2
    assert ("DATABRICKS_CLIENT_SECRET" in seen) == kept
    assert "127.0.0.1" in seen["NO_PROXY"]


@pytest.mark.parametrize("verb", ["adopt", "doctor", "bootstrap", "sandbox", "after-apply", "move-to-cdktn"])
def test_every_command_has_its_help(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["brickyard", verb, "--help"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 0
    assert f"usage: brickyard {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["nothing", "=x", "x=", ""])
def test_a_role_is_given_as_key_and_value(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = ["--catalog=c", "--stage=dev", "--cloud=aws", "--region=us-east-1", "--profile=p", f"--group={text}"]
    monkeypatch.setattr("sys.argv", ["brickyard", "adopt", "x", *facts])
    assert main.main() == 1
    assert "the form is KEY=VALUE" in capsys.readouterr().err
