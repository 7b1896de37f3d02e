"""What `pipenv run cdktf` hands on to cdktf and Terraform."""

import json
from pathlib import Path

import pytest

from brickyard.cdktf import settings_of
from brickyard.clone import Clone
from brickyard.errors import NotUp, UnknownEnvironment


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    (tmp_path / "environments").mkdir()
    for name in ("local", "dev"):
        (tmp_path / "environments" / f"{name}.yaml").touch()
    (tmp_path / "cdktf.json").write_text("{}")
    return Clone.find(tmp_path)


def make_settings(clone: Clone) -> None:
    clone.state.mkdir()
    settings = {"provider": "offline", "variables": {"TF_CLI_CONFIG_FILE": "terraform.rc"}}
    (clone.state / "local.settings.json").write_text(json.dumps(settings))


def test_local_never_signs_in_with_what_the_shell_has(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    make_settings(clone)
    monkeypatch.setenv("BRICKYARD_ENV", "local")
    monkeypatch.setenv("DATABRICKS_HOST", "https://adb-1.azuredatabricks.net")
    monkeypatch.setenv("DATABRICKS_TOKEN", "secret")
    monkeypatch.setenv("ARM_CLIENT_ID", "someone")
    settings = settings_of(clone, ["synth"])
    assert not [name for name in settings if name.startswith(("DATABRICKS_", "ARM_"))]
    assert settings["TF_CLI_CONFIG_FILE"] == "terraform.rc"


def test_another_environment_keeps_what_the_shell_has(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    make_settings(clone)
    monkeypatch.setenv("BRICKYARD_ENV", "dev")
    monkeypatch.setenv("DATABRICKS_HOST", "https://adb-1.azuredatabricks.net")
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    settings = settings_of(clone, ["deploy"])
    assert settings["DATABRICKS_HOST"] == "https://adb-1.azuredatabricks.net"
    assert "TF_CLI_CONFIG_FILE" not in settings


def test_without_an_environment_it_says_which_there_are(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRICKYARD_ENV", raising=False)
    with pytest.raises(UnknownEnvironment, match=r"BRICKYARD_ENV=<name> pipenv run cdktf diff .* dev, local"):
        settings_of(clone, ["diff", "local-platform"])


def test_a_workspace_that_does_not_run_is_named_with_the_command(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRICKYARD_ENV", "local")
    with pytest.raises(NotUp, match="make up"):
        settings_of(clone, ["deploy", "local-platform"])
    make_settings(clone)
    with pytest.raises(NotUp, match="brickyard start"):
        settings_of(clone, ["deploy", "local-platform"])
