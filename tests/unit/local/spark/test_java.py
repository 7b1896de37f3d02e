"""Which Java runtime is used."""

from pathlib import Path

import pytest

from brickyard_local.spark.errors import JavaUnusable
from brickyard_local.spark.java import find_java


def _home(folder: Path, version: str) -> Path:
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return folder


def test_the_locked_runtime_is_used_whatever_java_home_says(tmp_path: Path) -> None:
    found = find_java({"JAVA_HOME": str(tmp_path)})
    assert found.executable.is_file()
    assert found.major == 21


def test_a_runtime_can_be_named(tmp_path: Path) -> None:
    found = find_java({"BRICKYARD_JAVA_HOME": str(_home(tmp_path, "17.0.15"))})
    assert (found.home, found.major) == (tmp_path, 17)


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "25"])
def test_a_version_that_spark_does_not_support_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(JavaUnusable, match=r"Spark needs 17 or 21\. Set BRICKYARD_JAVA_HOME"):
        find_java({"BRICKYARD_JAVA_HOME": str(_home(tmp_path, version))})
