"""Which provider is chosen, what is remembered, and what is never mixed."""

import json
import subprocess
from typing import Any

import pytest

from brickyard import provider
from brickyard.clone import Clone
from brickyard.errors import NoTerraform, ProviderSwitch
from brickyard.provider import choose_provider, remember_settings


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Exit statuses of `terraform init`, one per probe; no more probes than statuses."""
    statuses: list[int] = []

    def run(*_: Any, **__: Any) -> Any:
        return subprocess.CompletedProcess([], statuses.pop(0))

    monkeypatch.setattr(subprocess, "run", run)
    return statuses


def deployed(clone: Clone) -> None:
    clone.terraform_state.mkdir(parents=True)
    (clone.terraform_state / "local-platform.tfstate").touch()


def test_without_a_registry_it_is_the_offline_one(empty_clone: Clone, registry: list[int]) -> None:
    registry.append(1)
    chosen = choose_provider(empty_clone, None)
    assert chosen.name == "offline"
    assert chosen.variables["TF_CLI_CONFIG_FILE"].endswith("terraform.rc")


def test_a_provider_is_looked_for_again_until_it_has_made_a_state(empty_clone: Clone, registry: list[int]) -> None:
    registry += [1, 0]
    assert choose_provider(empty_clone, None).name == "offline"
    assert choose_provider(empty_clone, None).name == "genuine", "the registry answers now"
    deployed(empty_clone)
    assert choose_provider(empty_clone, None).name == "genuine", "and nobody asks it again"
    assert not registry


def test_a_state_of_one_provider_is_not_given_to_the_other(empty_clone: Clone, registry: list[int]) -> None:
    registry.append(1)
    choose_provider(empty_clone, None)
    deployed(empty_clone)
    with pytest.raises(ProviderSwitch, match=r"made with the offline provider; .*`--provider offline`"):
        choose_provider(empty_clone, "genuine")
    assert choose_provider(empty_clone, None).name == "offline"


def test_a_registry_that_hangs_is_one_that_does_not_answer(empty_clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("terraform", 180)

    monkeypatch.setattr(subprocess, "run", hang)
    assert choose_provider(empty_clone, None).name == "offline"


def test_without_terraform_it_says_what_to_install(empty_clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoTerraform, match=r"install Terraform 1\.11"):
        choose_provider(empty_clone, None)
    assert not (empty_clone.terraform / "provider").exists()


def test_a_terraform_configuration_that_is_gone_hides_no_registry(
    empty_clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = {}

    def run(*_: Any, env: dict[str, str], **__: Any) -> Any:
        given.update(env)
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(empty_clone.root / "gone.rc"))
    monkeypatch.setattr(provider.subprocess, "run", run)
    choose_provider(empty_clone, None)
    assert "TF_CLI_CONFIG_FILE" not in given


def test_what_cdktf_needs_is_noted_for_this_user_and_without_a_secret(empty_clone: Clone, registry: list[int]) -> None:
    registry.append(1)
    remember_settings(empty_clone, choose_provider(empty_clone, None))
    file = empty_clone.state / "local.settings.json"
    noted = json.loads(file.read_text())
    assert noted["provider"] == "offline"
    assert set(noted["variables"]) == {"TF_CLI_CONFIG_FILE", "DATABRICKS_CONFIG_FILE"}
    assert file.stat().st_mode & 0o777 == 0o600
