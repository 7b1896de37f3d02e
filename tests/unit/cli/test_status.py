"""What `brickyard status` tells without a workspace that runs."""

import json
from pathlib import Path

import pytest

from brickyard.clone import Clone
from brickyard.errors import StaleState
from brickyard.screen import Screen
from brickyard.status import read_status, show

RESOURCES = {
    "resources": [
        {"mode": "managed", "instances": [{}, {}]},
        {"mode": "managed", "instances": [{}]},
        {"mode": "data", "instances": [{}]},
    ]
}


def shown(screen: Screen) -> str:
    text: str = screen.console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_resources_are_counted_and_what_is_only_read_is_not(empty_clone: Clone, screen: Screen) -> None:
    empty_clone.terraform_state.mkdir(parents=True)
    (empty_clone.terraform_state / "local-platform.tfstate").write_text(json.dumps(RESOURCES))
    status = read_status(empty_clone)
    show(status, screen)
    assert "local-platform: 3 resources" in shown(screen)
    assert json.loads(status.as_json())["stacks"] == {"local-platform": 3}


def test_before_anything_was_made_it_says_what_to_type(empty_clone: Clone, screen: Screen) -> None:
    show(read_status(empty_clone), screen)
    assert "not running" in shown(screen)
    assert "not chosen yet" in shown(screen)
    assert "none; `make up` deploys them" in shown(screen)


def test_a_state_that_was_cut_off_is_named_with_the_way_out(empty_clone: Clone) -> None:
    empty_clone.terraform_state.mkdir(parents=True)
    (empty_clone.terraform_state / "local-platform.tfstate").write_text('{"resources": [')
    with pytest.raises(StaleState, match=r"state/local-platform.tfstate cannot be read .*tfstate.backup"):
        read_status(empty_clone)


def test_brackets_in_the_clones_path_are_shown(tmp_path: Path, screen: Screen) -> None:
    root = tmp_path / "a [bold] clone"
    (root / "environments").mkdir(parents=True)
    (root / "cdktf.json").write_text("{}")
    show(read_status(Clone.find(root)), screen)
    assert str(root / ".brickyard" / "local" / "token") in shown(screen)
