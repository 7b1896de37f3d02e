"""`brickyard down`: what is destroyed by Terraform, in which order, and what is removed."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brickyard import down as module
from brickyard.clone import Clone
from brickyard.down import down
from brickyard.errors import DeployFailed
from brickyard.screen import Screen


@pytest.fixture
def destroyed(empty_clone: Clone, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stacks in the order in which Terraform was asked to destroy them; nothing is really started."""
    stacks: list[str] = []
    names = SimpleNamespace(
        stacks=("local-platform", "local-a", "local-a-serving"), shared=SimpleNamespace(environment="local")
    )
    monkeypatch.setattr(module, "names_of", lambda *_: names)
    monkeypatch.setattr(module.process, "start", lambda *_: None)
    monkeypatch.setattr(module, "choose_provider", lambda *_: None)
    monkeypatch.setattr(module, "remember_settings", lambda *_: None)
    monkeypatch.setattr(module, "run_cdktf", lambda _clone, arguments, _say: stacks.append(arguments[1]) or "")
    monkeypatch.setenv("BRICKYARD_ENV", "dev")
    return stacks


def deployed(clone: Clone, *stacks: str) -> None:
    clone.terraform_state.mkdir(parents=True)
    for stack in stacks:
        (clone.terraform_state / f"{stack}.tfstate").write_text("{}")
    clone.home.create()
    (clone.home.cache / "jar").touch()


def test_stacks_go_in_reverse_order_those_that_exist_alone_and_in_local(
    empty_clone: Clone, screen: Screen, destroyed: list[str]
) -> None:
    deployed(empty_clone, "local-platform", "local-a-serving")
    down(empty_clone, screen, force=False)
    assert destroyed == ["local-a-serving", "local-platform"]
    assert os.environ["BRICKYARD_ENV"] == "local"
    assert {path.name for path in empty_clone.state.iterdir()} == {"cache", "command.lock"}
    assert (empty_clone.home.cache / "jar").exists()


def test_what_terraform_cannot_destroy_stays_until_it_is_forced(
    empty_clone: Clone, screen: Screen, destroyed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise DeployFailed("it is held")

    monkeypatch.setattr(module, "run_cdktf", fail)
    deployed(empty_clone, "local-platform")
    with pytest.raises(DeployFailed):
        down(empty_clone, screen, force=False)
    assert list(empty_clone.terraform_state.iterdir())
    down(empty_clone, screen, force=True)
    assert not empty_clone.terraform_state.exists()
    assert not empty_clone.home.root.exists()


def test_down_where_nothing_is_up_leaves_nothing(empty_clone: Clone, screen: Screen) -> None:
    down(empty_clone, screen, force=False)
    down(empty_clone, screen, force=False)
    assert [path.name for path in Path(empty_clone.state).iterdir()] == ["command.lock"]
