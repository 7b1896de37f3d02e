"""Wheels: the same source gives the same bytes, and is built once."""

import hashlib
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from brickyard_stacks import artifacts
from brickyard_stacks.artifacts import build_wheel
from brickyard_stacks.errors import CannotBuildWheel

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "tiny-tool"
version = "1.2.3"
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
packages = ["tiny_tool"]
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder with spaces" / "tiny"
    (folder / "tiny_tool").mkdir(parents=True)
    (folder / "tiny_tool" / "__init__.py").write_text('"""Tiny."""\n')
    (folder / "pyproject.toml").write_text(PYPROJECT)
    return folder


def test_the_same_source_elsewhere_and_later_gives_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    first = build_wheel(tiny, tmp_path / "cache-1")
    copy = tmp_path / "elsewhere"
    shutil.copytree(tiny, copy)
    os.utime(copy / "tiny_tool" / "__init__.py", (1_900_000_000, 1_900_000_000))
    (copy / "tiny_tool" / "__init__.py").chmod(0o600)

    second = build_wheel(copy, tmp_path / "cache-2")

    assert first.content_hash == second.content_hash
    assert first.path.read_bytes() == second.path.read_bytes()


def test_a_wheel_says_what_it_is(tiny: Path, tmp_path: Path) -> None:
    wheel = build_wheel(tiny, tmp_path / "cache")

    assert (wheel.package, wheel.version) == ("tiny_tool", "1.2.3")
    assert wheel.path.name == "tiny_tool-1.2.3-py3-none-any.whl"
    assert wheel.content_hash == hashlib.sha256(wheel.path.read_bytes()).hexdigest()
    assert "tiny_tool/__init__.py" in zipfile.ZipFile(wheel.path).namelist()


def test_an_unchanged_source_is_not_built_again(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_wheel(tiny, tmp_path / "cache")
    (tiny / "tiny_tool" / "__pycache__").mkdir()
    (tiny / "tiny_tool" / "__pycache__" / "x.pyc").write_bytes(b"x")
    monkeypatch.delattr(artifacts, "_run_hatchling")

    assert build_wheel(tiny, tmp_path / "cache") == first


def test_a_changed_source_gives_another_hash(tiny: Path, tmp_path: Path) -> None:
    first = build_wheel(tiny, tmp_path / "cache")
    (tiny / "tiny_tool" / "__init__.py").write_text('"""Tinier."""\n')

    assert build_wheel(tiny, tmp_path / "cache").content_hash != first.content_hash


def test_building_leaves_the_environment_as_it_was(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")

    build_wheel(tiny, tmp_path / "cache")

    assert os.environ["SOURCE_DATE_EPOCH"] == "1234567890"


def test_a_wheel_that_another_process_built_meanwhile_is_taken(tiny: Path, tmp_path: Path) -> None:
    first = build_wheel(tiny, tmp_path / "cache")
    (first.path.parent / "wheel.json").unlink()
    (first.path.parent / "wheel.json").write_text("{}")
    shutil.copytree(first.path.parent, tmp_path / "other")

    artifacts._publish(tmp_path / "other", first.path.parent)

    assert [p.name for p in (tmp_path / "cache").iterdir()] == [first.path.parent.name]


@pytest.mark.parametrize(
    ("pyproject", "told"),
    [(None, "has no pyproject.toml"), ("[project]\nname = 3\n", "cannot be built"), ("[[[", "cannot be built")],
)
def test_a_folder_that_is_no_project_is_named(tiny: Path, tmp_path: Path, pyproject: str | None, told: str) -> None:
    (tiny / "pyproject.toml").unlink()
    if pyproject is not None:
        (tiny / "pyproject.toml").write_text(pyproject)

    with pytest.raises(CannotBuildWheel, match=f"tiny.*{told}"):
        build_wheel(tiny, tmp_path / "cache")

    assert not [p for p in (tmp_path / "cache").glob("*") if p.name.startswith("building-")]
