"""Who gets into the local workspace, and what it says of things it does not do."""

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.errors import CannotStart
from brickyard_local.pytest_plugin import LocalWorkspace

ME = "/api/2.0/preview/scim/v2/Me"


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic YTpi"])
def test_a_call_without_a_known_token_is_refused(local_workspace: LocalWorkspace, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = httpx.get(local_workspace.host + ME, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert local_workspace.token not in answer.text


def test_a_web_page_cannot_reach_it_by_another_host_name(local_workspace: LocalWorkspace) -> None:
    """DNS rebinding sends the attacker's name in the Host header."""
    headers = {"authorization": f"Bearer {local_workspace.token}", "host": "attacker.example"}
    answer = httpx.get(local_workspace.host + ME, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/2.0/pipelines"), ("POST", "/api/2.0/genie/spaces")])
def test_what_is_not_emulated_answers_501_with_its_name(
    local_workspace: LocalWorkspace, method: str, path: str
) -> None:
    headers = {"authorization": f"Bearer {local_workspace.token}"}
    answer = httpx.request(method, local_workspace.host + path, headers=headers)
    assert answer.status_code == 501
    assert answer.json()["error_code"] == "NOT_IMPLEMENTED"
    assert f"{method} {path}" in answer.json()["message"]


def test_the_discovery_document_names_the_workspace_and_needs_no_token(local_workspace: LocalWorkspace) -> None:
    answers = {
        name: httpx.get(host + "/.well-known/databricks-config").json() for name, host in local_workspace.hosts.items()
    }
    assert answers["local"]["workspace_id"] != answers["other"]["workspace_id"]
    assert answers["local"]["account_id"] == answers["other"]["account_id"]


def test_the_token_stands_in_private_files_only_and_in_no_log(local_workspace: LocalWorkspace) -> None:
    for file in local_workspace.home.root.rglob("*"):
        if file.is_file() and local_workspace.token.encode() in file.read_bytes():
            assert file.stat().st_mode & 0o077 == 0, file
    arguments = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert local_workspace.token not in arguments


def test_a_taken_port_is_named_with_the_fix(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        home = Home(root=tmp_path / "home", cache=tmp_path / "cache")
        with pytest.raises(CannotStart, match=rf"Port {port} .* is taken by process .*--workspace local:PORT"):
            process.start(home, (WorkspaceSpec(name="local", port=port),))
    assert process.running(home) is None


def test_a_second_server_on_the_same_home_is_refused(fresh_local_workspace: LocalWorkspace) -> None:
    home = fresh_local_workspace.home
    argv = [sys.executable, "-m", "brickyard_local.server", "--home", str(home.root), "--cache", str(home.cache)]
    second = subprocess.run([*argv, "--workspace", "local"], capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert "already serves" in second.stderr
    assert httpx.get(fresh_local_workspace.host + "/.well-known/databricks-config").status_code == 200


def test_it_keeps_its_ports_and_its_token_over_kill_9(fresh_local_workspace: LocalWorkspace) -> None:
    fresh_local_workspace.kill()
    fresh_local_workspace.start()
    info = process.running(fresh_local_workspace.home)
    assert info is not None
    assert dict(info.hosts) == fresh_local_workspace.hosts
    assert fresh_local_workspace.home.token_file.read_text().strip() == fresh_local_workspace.token
