"""A restore is all or nothing: whatever the file holds, and wherever it is killed."""

import gzip
import io
import signal
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from brickyard_local import process
from brickyard_local.snapshots.errors import CannotRestore, CannotSnapshot
from brickyard_local.snapshots.restore import restore
from brickyard_local.snapshots.swap import settle
from brickyard_local.snapshots.take import take

# Restores, and kills itself at the n-th change of a folder (rename, removal, creation).
_KILLED = """
import os, signal, sys
from pathlib import Path
from brickyard_local.account import Home
from brickyard_local.snapshots.restore import restore
root, terraform, file, last = sys.argv[1:]
left = int(last)
def count(event, _arguments):
    global left
    if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
home = Home(root=Path(root), cache=Path(root).parent / "cache")
sys.addaudithook(count)
restore(home, Path(file), beside={"terraform": Path(terraform)})
"""


def test_what_was_saved_comes_back_and_what_was_not_goes(saved: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.tar.gz"
    token = saved.home.token_file.read_text()
    taken = take(saved.home, file, beside=saved.beside)
    saved.write("second")
    (saved.home.files / "later.txt").write_text("x")
    saved.home.token_file.unlink()
    about = restore(saved.home, file, beside=saved.beside)
    assert saved.read() == {"first"}
    assert not (saved.home.files / "later.txt").exists()
    assert saved.home.token_file.read_text() == token
    assert saved.home.token_file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_mode & 0o777 == 0o600
    assert taken.left_out == ()
    assert about.workspaces == ["local"]
    assert sorted(path.name for path in saved.home.root.parent.iterdir()) == ["local", "state"]


def test_killed_at_any_step_it_leaves_all_of_the_old_or_all_of_the_new(saved: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.tar.gz"
    take(saved.home, file, beside=saved.beside)
    seen: list[set[str]] = []
    for last in range(200):
        saved.write("second")
        argv = [sys.executable, "-c", _KILLED, str(saved.home.root), str(saved.terraform), str(file), str(last)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        settle(saved.home)
        seen.append(saved.read())
        assert seen[-1] in ({"first"}, {"second"}), f"killed at step {last}"
        assert not list(saved.home.root.parent.glob("*.restore"))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert {"second"} in seen
    assert seen[-2:] == [{"first"}, {"first"}], "the last kills come after the decision"
    assert len(seen) > 10


def unpacked(content: bytes) -> bytes | None:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_that_is_cut_or_changed_anywhere_is_refused(saved: Any, tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "whole.tar.gz"
    if not whole.exists():
        take(saved.home, whole, beside=saved.beside)
        saved.write("second")
    content = bytearray(whole.read_bytes())
    place = data.draw(st.integers(10, len(content) - 1))  # gzip's header has fields that mean nothing
    if data.draw(st.booleans()):
        del content[place:]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    assume(unpacked(bytes(content)) != unpacked(whole.read_bytes()))  # runs of zeros can be packed in many ways
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(content)
    with pytest.raises(CannotRestore):
        restore(saved.home, broken, beside=saved.beside)
    assert saved.read() == {"second"}


def _with(file: Path, entry: tarfile.TarInfo, content: bytes = b"") -> Path:
    """The snapshot with one more entry before its checksums."""
    changed = file.with_name("changed.tar.gz")
    with tarfile.open(file) as old, tarfile.open(changed, "w:gz") as new:
        for known in old:
            if known.name == "checksums.json":
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
            new.addfile(known, old.extractfile(known))
    return changed


@pytest.mark.parametrize(
    "name",
    ["../outside.txt", "/tmp/outside.txt", "home/../../outside.txt", "home//files/x", "elsewhere/x", "home/./x"],
)
def test_a_path_that_leads_out_is_refused(saved: Any, tmp_path: Path, name: str) -> None:
    file = tmp_path / "s.tar.gz"
    take(saved.home, file, beside=saved.beside)
    with pytest.raises(CannotRestore, match="lies in none of"):
        restore(saved.home, _with(file, tarfile.TarInfo(name), b"evil"), beside=saved.beside)
    assert saved.read() == {"first"}
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(saved: Any, tmp_path: Path, kind: bytes) -> None:
    file = tmp_path / "s.tar.gz"
    take(saved.home, file, beside=saved.beside)
    entry = tarfile.TarInfo("home/files/link")
    entry.type, entry.linkname = kind, "/etc/passwd"
    with pytest.raises(CannotRestore, match="neither a file nor a folder"):
        restore(saved.home, _with(file, entry), beside=saved.beside)
    assert saved.read() == {"first"}


def test_a_file_that_no_checksum_names_is_refused(saved: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.tar.gz"
    take(saved.home, file, beside=saved.beside)
    with pytest.raises(CannotRestore, match=r"'home/files/new\.txt' is not what was saved"):
        restore(saved.home, _with(file, tarfile.TarInfo("home/files/new.txt"), b"x"), beside=saved.beside)


def test_another_home_is_refused_by_both_names(saved: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.tar.gz"
    take(saved.home, file, beside={})
    other = type(saved.home)(root=tmp_path / "other", cache=saved.home.cache)
    with pytest.raises(CannotRestore, match="it can be restored there only"):
        restore(other, file, beside={})
    assert not other.root.exists()


def test_a_snapshot_is_never_overwritten_unasked(saved: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.tar.gz"
    take(saved.home, file, beside={})
    with pytest.raises(CannotSnapshot, match="exists already"):
        take(saved.home, file, beside={})
    take(saved.home, file, beside={}, replace=True)
    assert [path.name for path in tmp_path.glob("*s.tar.gz*")] == ["s.tar.gz"]


def test_a_home_that_a_server_is_starting_in_is_not_copied(saved: Any, tmp_path: Path) -> None:
    with process.held(saved.home), pytest.raises(CannotSnapshot, match="starting or ending"):
        take(saved.home, tmp_path / "s.tar.gz", beside={})


def test_links_are_left_out_and_said(saved: Any, tmp_path: Path) -> None:
    (saved.home.files / "link").symlink_to("/etc/passwd")
    taken = take(saved.home, tmp_path / "s.tar.gz", beside={})
    assert taken.left_out == ("files/link",)
    restore(saved.home, tmp_path / "s.tar.gz", beside={})
    assert not (saved.home.files / "link").is_symlink()
