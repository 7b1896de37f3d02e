"""The two wheels that a job installs."""

import subprocess
import sys
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STEPS = ("ingest", "features", "train", "copy_model", "validate", "approve", "deploy", "batch_inference")


def built(folder: str, target: Path) -> zipfile.ZipFile:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT / folder, check=True, capture_output=True)
    return zipfile.ZipFile(next(target.glob("*.whl")))


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return built("pipelines", tmp_path_factory.mktemp("pipelines"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return built("projects/flight_delays", tmp_path_factory.mktemp("project"))


def requirements(wheel: zipfile.ZipFile) -> list[str]:
    name = next(entry for entry in wheel.namelist() if entry.endswith("METADATA"))
    return HeaderParser().parsestr(wheel.read(name).decode()).get_all("Requires-Dist") or []


def test_every_task_is_a_console_script(pipelines: zipfile.ZipFile) -> None:
    name = next(entry for entry in pipelines.namelist() if entry.endswith("entry_points.txt"))
    text = pipelines.read(name).decode()
    for step in STEPS:
        assert f"{step} = brickyard_pipelines.ml.steps.{step}:main" in text


def test_the_wheels_are_pure_and_reproducible(tmp_path: Path, project: zipfile.ZipFile) -> None:
    again = built("projects/flight_delays", tmp_path)
    assert Path(str(again.filename)).name == "flight_delays-0.1.0-py3-none-any.whl"
    assert Path(str(again.filename)).read_bytes() == Path(str(project.filename)).read_bytes()


def test_the_project_carries_its_project_yaml(project: zipfile.ZipFile) -> None:
    assert project.read("flight_delays/project.yaml") == (ROOT / "projects/flight_delays/project.yaml").read_bytes()


def test_no_wheel_knows_cdktf_or_brings_its_own_spark(pipelines: zipfile.ZipFile, project: zipfile.ZipFile) -> None:
    for wheel in (pipelines, project):
        always = [line for line in requirements(wheel) if "extra ==" not in line]
        assert not [line for line in always if line.startswith(("cdktf", "pyspark", "brickyard-local", "constructs"))]
        code = b"".join(wheel.read(name) for name in wheel.namelist() if name.endswith(".py"))
        assert b"import cdktf" not in code
        assert b"from cdktf" not in code
