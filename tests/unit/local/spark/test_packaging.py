"""What Spark needs beside Python is in the wheel that is installed."""

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[4]


def test_the_wheel_carries_the_plugins_source_and_sparks_settings(tmp_path: Path) -> None:
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path))
    package = ROOT / "local"
    needed = {
        path.relative_to(package).as_posix()
        for path in (package / "brickyard_local" / "spark").rglob("*")
        if path.suffix in {".scala", ".xml", ".properties", ".json"}
    }
    assert {path.rpartition("/")[2] for path in needed} >= {
        "Access.scala",
        "fairscheduler.xml",
        "jars.lock.json",
        "log4j2.properties",
    }
    assert needed <= set(zipfile.ZipFile(wheel).namelist())
