"""`constructs` is PyPI's package, on which cdktf stands, although a folder of ours has that name."""

import importlib.metadata
from pathlib import Path

import constructs
import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "bench",
    "ci",
    "cli",
    "constructs",
    "docs",
    "environments",
    "local",
    "pipelines",
    "projects",
    "review",
    "stacks",
)


def test_constructs_is_the_installed_package() -> None:
    """Not installed, the bare folder would import as an empty namespace, and fail one line later."""
    assert importlib.metadata.version("constructs")
    assert Path(constructs.__file__).parent.parent.name == "site-packages"
    assert constructs.Construct.__module__ == "constructs"


@pytest.mark.parametrize("part", PARTS)
def test_a_top_level_folder_is_not_a_package(part: str) -> None:
    """With constructs/__init__.py, `from constructs import Construct` breaks (aws/aws-cdk issue 19301)."""
    assert not (ROOT / part / "__init__.py").exists()


def test_nothing_of_ours_has_the_name_of_a_module_in_the_installed_package() -> None:
    """The generated package extends its path by folders of its name: ours must add nothing it imports."""
    installed = {path.stem for path in Path(constructs.__file__).parent.glob("*.py")}

    assert not {path.stem for path in (ROOT / "constructs").iterdir()} & installed


def test_tests_are_no_packages() -> None:
    """tests/constructs/__init__.py would hide PyPI's package too; file names may repeat without any."""
    assert not list((ROOT / "tests").rglob("__init__.py"))
