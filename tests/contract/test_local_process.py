"""The server process: several workspaces of one account, and servers that end with whoever tied them to itself."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec, free_port
from brickyard_local.pytest_plugin import LocalWorkspace

_TIED = """
import sys, time
from pathlib import Path
from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec
home = Home(root=Path(sys.argv[1]), cache=Path(sys.argv[2]))
print(process.start(home, (WorkspaceSpec(name="local"),), tied=True).pid, flush=True)
time.sleep(600)
"""


def test_dev_and_prod_rehearse_side_by_side_over_one_metastore(tmp_path: Path) -> None:
    home = Home(root=tmp_path / "home", cache=tmp_path / "cache")
    port = free_port()
    info = process.start(home, (WorkspaceSpec(name="dev"), WorkspaceSpec(name="prod", port=port)))
    try:
        assert info.hosts["prod"] == f"http://127.0.0.1:{port}"
        workspace = LocalWorkspace(home=home, hosts=dict(info.hosts), token=home.token_file.read_text().strip())
        workspace.client(workspace="dev").catalogs.create("shared")
        assert workspace.client(workspace="prod").catalogs.get("shared").name == "shared"
        ids = {name: workspace.client(workspace=name).get_workspace_id() for name in info.hosts}
        assert len(set(ids.values())) == 2
    finally:
        process.stop(home)


def test_a_tied_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _TIED, str(tmp_path / "home"), str(tmp_path / "cache")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        server = psutil.Process(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the server outlived its starter"
        time.sleep(0.02)


def test_a_home_that_is_named_from_the_working_folder_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home(root=Path("home"), cache=Path("cache"))
    info = process.start(home, (WorkspaceSpec(name="local"),), tied=True)
    try:
        assert info.home.root == tmp_path / "home"
        assert process.running(home) is not None
    finally:
        process.stop(home)
    assert not (tmp_path / "home" / "home").exists(), "the server's own working folder is the home"
