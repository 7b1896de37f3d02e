"""The move to CDK Terrain changes names of packages, once, and nothing else."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from brickyard.clone import Clone
from brickyard.move_to_cdktn.move import move
from brickyard.move_to_cdktn.rewriting import rewritten
from brickyard.screen import Screen

WORDS = (
    "from cdktf import App\n",
    "import cdktf\n",
    "cdktf.json ",
    "cdktf_cdktf_provider_databricks",
    '".bin" / "cdktf"',
)
NAMES = ("Pipfile", "package.json", "app.py", "pyproject.toml")


@given(name=st.sampled_from(NAMES), text=st.lists(st.sampled_from(WORDS) | st.text(max_size=20)).map("".join))
def test_what_is_rewritten_stays_as_it_is(name: str, text: str) -> None:
    once = rewritten(name, text)
    assert rewritten(name, once) == once


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.py", "    from cdktf import Token", "    from cdktn import Token"),
        (
            "a.py",
            "from cdktf_cdktf_provider_databricks.job import Job",
            "from cdktn_provider_databricks.job import Job",
        ),
        ("a.py", 'folder = "cdktf.out"  # cdktf writes', 'folder = "cdktf.out"  # cdktf writes'),
        ("a.py", "from cdktf_helper import x", "from cdktf_helper import x"),
        ("Pipfile", 'cdktf = "==0.21.0"', 'cdktn = "==0.24.0"'),
        ("Pipfile", 'cdktf = "python -m brickyard.cdktf"', 'cdktf = "python -m brickyard.cdktf"'),
        ("package.json", '"cdktf-cli": "0.21.0"', '"cdktn-cli": "0.24.0"'),
    ],
)
def test_packages_are_renamed_and_what_keeps_its_name_keeps_it(name: str, before: str, after: str) -> None:
    assert rewritten(name, before) == after


def test_a_clone_is_shown_first_and_written_once(empty_clone: Clone, screen: Screen) -> None:
    source = empty_clone.root / "stacks" / "app.py"
    source.parent.mkdir()
    source.write_text("from cdktf import App\n")

    move(empty_clone, screen, write=False)
    assert source.read_text() == "from cdktf import App\n"
    assert "-from cdktf import App\n+from cdktn import App" in shown(screen)
    move(empty_clone, screen, write=True)
    assert source.read_text() == "from cdktn import App\n"
    again = Screen()
    again.console = Console(file=io.StringIO(), width=200)
    move(empty_clone, again, write=True)
    assert "Nothing to move" in shown(again)
    assert [path.name for path in source.parent.iterdir()] == ["app.py"]


def shown(screen: Screen) -> str:
    text: str = screen.console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_this_clone_has_something_to_move_in_every_part_that_uses_cdktf() -> None:
    root = Path(__file__).resolve().parents[3]
    for part in ("constructs", "stacks", "Pipfile", "package.json", "pyproject.toml"):
        path = root / part
        files = path.rglob("*.py") if path.is_dir() else [path]
        assert any(rewritten(file.name, file.read_text()) != file.read_text() for file in files), part
