"""Wheels of tasks."""

import os
import time
import zipfile
from pathlib import Path

import pytest

from brickyard_local.jobs import packages
from brickyard_local.jobs.wheels import CannotInstall, Library, absent, cache_of, missing, pinned, unpack

METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\nRequires-Dist: pandas>=1\nRequires-Python: >=3.9\n"


def wheel(folder: Path, *, tag: str = "py3-none-any", files: dict[str, str] | None = None) -> Path:
    path = folder / f"tiny-1.0-{tag}.whl"
    content = {
        "tiny.py": "x = 1\n",
        "tiny-1.0.data/purelib/more.py": "y = 2\n",
        "tiny-1.0.data/scripts/run": "#!python\n",
        "tiny-1.0.dist-info/METADATA": METADATA,
        "tiny-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n",
        **(files or {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def test_a_wheel_is_unpacked_once_by_its_content(tmp_path: Path) -> None:
    made = wheel(tmp_path)
    first = unpack(made, tmp_path / "cache")
    assert (first.name, first.version, first.requires) == ("tiny", "1.0", ("pandas>=1",))
    assert {path.name for path in first.folder.iterdir()} == {"tiny.py", "more.py", "tiny-1.0.dist-info"}
    (first.folder / "marker").touch()
    assert (unpack(made, tmp_path / "cache").folder / "marker").exists()
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {first.folder.name, first.archive.name}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"../evil.py": ""}, "leaves its folder"),
        ({"tiny-1.0.dist-info/WHEEL": "Tag: cp311-cp311-linux_x86_64\n"}, "built for cp311-cp311-linux_x86_64"),
        ({"tiny-1.0.dist-info/WHEEL": "Tag: py2-none-any\n"}, "built for py2-none-any"),
    ],
)
def test_a_wheel_that_cannot_run_here_is_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(CannotInstall, match=message):
        unpack(wheel(tmp_path, files=files), tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_text("no zip")
    with pytest.raises(CannotInstall, match=r"a\.whl is not a wheel"):
        unpack(tmp_path / "a.whl", tmp_path / "cache")
    with pytest.raises(CannotInstall, match="does not exist"):
        unpack(tmp_path / "gone.whl", tmp_path / "cache")


@pytest.mark.parametrize(
    ("requires", "needed", "why"),
    [
        ("pandas>=1", None, ""),
        ("pandas>=99", "pandas>=99", "and pandas "),
        ("other==1.0", None, ""),
        ("no-such-package-9", "no-such-package-9", "is not installed"),
        ("no-such-package-9>1; python_version > '3'", "no-such-package-9>1", "is not installed"),
        ("no-such-package-9; python_version < '3'", None, ""),
        ("no-such-package-9; extra == 'dev'", None, ""),
        ("uvicorn[standard]", "uvloop>=0.15.1", r"uvicorn[standard] requires"),
    ],
)
def test_what_neither_wheels_nor_the_interpreter_have_is_missing(
    tmp_path: Path, requires: str, needed: str | None, why: str
) -> None:
    tiny = Library(name="tiny", version="1.0", requires=(requires,), requires_python="", folder=tmp_path)
    other = Library(name="Other", version="1.0", requires=(), requires_python="", folder=tmp_path)
    found = missing([tiny, other], [], "3.11.7")
    if needed is None:
        assert found == []
    else:
        assert needed in {each.requirement for each in found}
        assert all(why in each.why for each in found)


@pytest.mark.parametrize(
    ("requires", "problem"),
    [
        ("other==2.0", "and other 1.0 is installed"),
        ("=bad=", "no valid requirement"),
        ("mylib @ https://internal.example/mylib-1.0-py3-none-any.whl", "addresses are not fetched here"),
    ],
)
def test_what_no_index_can_give_is_refused(tmp_path: Path, requires: str, problem: str) -> None:
    tiny = Library(name="tiny", version="1.0", requires=(requires,), requires_python="", folder=tmp_path)
    other = Library(name="Other", version="1.0", requires=(), requires_python="", folder=tmp_path)
    with pytest.raises(CannotInstall, match=problem):
        missing([tiny, other], [], "3.11.7")


def test_of_a_models_requirements_only_names_that_nothing_here_has_are_asked_of_an_index() -> None:
    """The name of an address may be anybody's package there."""
    lines = ["# made by mlflow", "pandas==0.1", "-r other.txt", "./local", "no-such-package-9>1 # why"]
    lines += ["mylib @ https://internal.example/mylib-1.0-py3-none-any.whl", "no-such-package-8; python_version < '3'"]
    assert [each.requirement for each in absent(lines)] == ["no-such-package-9>1"]


def test_the_environments_own_requirements_and_pythons_are_checked(tmp_path: Path) -> None:
    old = Library(name="old", version="1.0", requires=(), requires_python="<3", folder=tmp_path)
    with pytest.raises(CannotInstall, match=r"requires Python <3; this is 3\.11\.7"):
        missing([old], [], "3.11.7")
    assert missing([], ["no-such-package-9"], "3.11.7")[0].why.startswith("the environment requires")


def test_a_pinned_wheel_needs_no_file_any_more(tmp_path: Path) -> None:
    made = wheel(tmp_path)
    first = unpack(made, tmp_path / "cache")
    made.unlink()
    assert pinned(made.name, first.folder.name, tmp_path / "cache") == first
    assert pinned(made.name, "0" * 64, tmp_path / "cache") is None


def test_a_wheel_that_no_task_brings_any_more_goes_with_its_archive(tmp_path: Path) -> None:
    cache, month_ago = cache_of(tmp_path), time.time() - 31 * 24 * 3600.0
    left = unpack(wheel(tmp_path), cache)
    asked, again = (unpack(wheel(tmp_path, files={"tiny.py": f"x = {n}\n"}), cache) for n in (2, 3))
    made = [path for each in (left, asked, again) for path in (each.folder, each.archive)]
    for path in made:
        os.utime(path, (month_ago, month_ago))
    assert pinned("asked.whl", asked.folder.name, cache) is not None
    assert unpack(wheel(tmp_path, files={"tiny.py": "x = 3\n"}), cache) == again
    with packages.in_use(tmp_path):
        assert set(cache.iterdir()) == {asked.folder, asked.archive, again.folder, again.archive}
    assert unpack(wheel(tmp_path), cache) == left
    assert left.archive.exists()
