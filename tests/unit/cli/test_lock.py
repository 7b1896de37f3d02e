"""Only one command of a clone at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from brickyard.clone import Clone
from brickyard.errors import AlreadyUnderWay, NotThisFolder
from brickyard.lock import only_one


def make_clone(root: Path) -> Clone:
    (root / "environments").mkdir(parents=True)
    (root / "cdktf.json").write_text("{}")
    return Clone.find(root)


def test_a_second_command_is_told_which_one_is_under_way(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "a clone")
    program = (
        "import sys, time; from pathlib import Path; from brickyard.clone import Clone; "
        "from brickyard.lock import only_one\n"
        "with only_one(Clone.find(Path(sys.argv[1])), 'up'):\n    print('held', flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", program, str(clone.root)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(AlreadyUnderWay, match=rf"`brickyard up` \(process {holder.pid}\)"), only_one(clone, "down"):
            pass
        holder.kill()
    with only_one(clone, "down"):
        pass


def test_a_clone_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    clone = make_clone(tmp_path)
    inner = tmp_path / "projects" / "flights"
    inner.mkdir(parents=True)
    assert Clone.find(inner) == clone


def test_outside_of_a_clone_the_command_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotThisFolder, match="not inside a Brickyard clone"):
        Clone.find(tmp_path)
