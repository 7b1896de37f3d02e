"""A clone as far as the command line looks at it, and a screen that can be read."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from brickyard.clone import Clone
from brickyard.screen import Screen


@pytest.fixture
def empty_clone(tmp_path: Path) -> Clone:
    root = tmp_path / "a clone"
    (root / "environments").mkdir(parents=True)
    (root / "cdktf.json").write_text("{}")
    return Clone.find(root)


@pytest.fixture
def screen() -> Screen:
    """What it shows is in `screen.console.file.getvalue()`."""
    found = Screen()
    found.console = Console(file=io.StringIO(), width=200, highlight=False)
    return found
