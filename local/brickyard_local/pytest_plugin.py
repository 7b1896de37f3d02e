"""Pytest fixtures: a real local workspace in its own process, for tests of clients of it."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

_POLL_S = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalWorkspace:
    """A running local account with the workspaces `local` and `other`; `host` and `token` are of `local`."""

    home: Home
    hosts: dict[str, str]
    token: str = field(repr=False)  # a failing test prints its fixtures

    @property
    def host(self) -> str:
        return self.hosts["local"]

    def client(self, *, workspace: str = "local", token: str | None = None) -> "WorkspaceClient":
        """The unmodified databricks-sdk client."""
        from databricks.sdk import WorkspaceClient

        return WorkspaceClient(host=self.hosts[workspace], token=token or self.token, auth_type="pat")

    def act_as(self, principal: str, *, workspace: str = "local", lifetime_s: int = 3600) -> str:
        """A token of any user (its name) or service principal (its application id), for `client(token=…)`.

        For what a group may do, act as a member of it.
        """
        made = self.client(workspace=workspace).api_client.do(
            "POST",
            "/api/local/tokens",
            body={"principal": principal, "lifetime_seconds": lifetime_s, "comment": "act as"},
        )
        return str(made["token_value"])

    def environment(self) -> dict[str, str]:
        """Environment variables that lead unmodified clients here."""
        return {
            "DATABRICKS_HOST": self.host,
            "DATABRICKS_TOKEN": self.token,
            "MLFLOW_TRACKING_URI": "databricks",
            "MLFLOW_REGISTRY_URI": "databricks-uc",
        }

    def kill(self) -> None:
        """`kill -9` of the server. Returns when it is dead: `start` would else find it alive."""
        info = process.running(self.home)
        if info is not None:
            server = psutil.Process(info.pid)
            server.kill()
            server.wait(timeout=10)

    def start(self) -> None:
        """Start it again on the same home and ports."""
        process.start(self.home, (WorkspaceSpec(name="local"), WorkspaceSpec(name="other")), tied=True)


def until(ask: Callable[[], Any], *, timeout_s: float = 60) -> Any:
    """The first truthy answer; the test fails when none comes in time."""
    deadline = time.monotonic() + timeout_s
    while not (answer := ask()):
        if time.monotonic() > deadline:
            pytest.fail(f"it did not come true within {timeout_s:g} s")
        time.sleep(_POLL_S)
    return answer


def local_cache() -> Path:
    """Where jars and compiled plug-ins are kept between test runs."""
    named = os.environ.get("BRICKYARD_CACHE")
    return Path(named) if named else Path.cwd() / ".brickyard" / "cache"


@contextmanager
def _running(root: Path) -> Iterator[LocalWorkspace]:
    workspace = start_local_workspace(root)
    try:
        yield workspace
    finally:
        process.stop(workspace.home)
        _keep_server_log(workspace.home)


def _keep_server_log(home: Home) -> None:
    """Where BRICKYARD_KEEP_LOGS names a folder, `make coverage` reads there which client called what."""
    kept = os.environ.get("BRICKYARD_KEEP_LOGS")
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home.logs / "server.log", Path(kept) / f"{secrets.token_hex(8)}.log")


def start_local_workspace(root: Path) -> LocalWorkspace:
    """Start an account in an empty folder."""
    home = Home(root=root, cache=local_cache())
    info = process.start(home, (WorkspaceSpec(name="local"), WorkspaceSpec(name="other")), tied=True)
    return LocalWorkspace(home=home, hosts=dict(info.hosts), token=home.token_file.read_text().strip())


@pytest.fixture(scope="session")
def local_workspace() -> Iterator[LocalWorkspace]:
    """One account for all tests of this process: each test uses names of its own."""
    with tempfile.TemporaryDirectory(prefix="brickyard-") as folder, _running(Path(folder) / "home") as workspace:
        yield workspace


@pytest.fixture
def fresh_local_workspace(tmp_path: Path) -> Iterator[LocalWorkspace]:
    """An account of this test's own, e.g. to kill it."""
    with _running(tmp_path / "home") as workspace:
        yield workspace
