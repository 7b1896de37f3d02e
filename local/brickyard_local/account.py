"""The local account: its home folder, its metastore, its workspaces and its administrator."""

import hashlib
import io
import os
import secrets
import socket
import uuid
from configparser import ConfigParser
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from brickyard_local.errors import CannotStart
from brickyard_local.store import Store

ADMIN = "admin@brickyard.local"
HOST = "127.0.0.1"
_PORTS = range(20_000, 30_000)
_FIRST_WORKSPACE_ID = 1_000_000_000_000_001


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkspaceSpec:
    """A workspace that must exist; without `port` a free one is chosen once and remembered."""

    name: str
    port: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """One workspace of the account."""

    name: str
    workspace_id: int
    port: int

    @property
    def host(self) -> str:
        """The URL that clients are given as DATABRICKS_HOST."""
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """Where the account keeps its state; `cache` holds only what can be made again."""

    root: Path
    cache: Path

    @property
    def database(self) -> Path:
        return self.root / "account.db"

    @property
    def token_file(self) -> Path:
        return self.root / "token"

    @property
    def config_file(self) -> Path:
        return self.root / "databrickscfg"

    @property
    def server_file(self) -> Path:
        return self.root / "server.json"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def tables(self) -> Path:
        return self.root / "tables"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def create(self) -> None:
        """Make the folders, readable by their owner only."""
        for folder in (self.root, self.files, self.tables, self.runs, self.logs, self.cache):
            folder.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)


def token_digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Account:
    """The account in its store: account id, metastore id, administrator, workspaces."""

    def __init__(self, store: Store, home: Home) -> None:
        self._store = store
        self._home = home
        with store.write():
            facts = store.get("account", "account") or {}
            if not facts:
                facts = {"account_id": str(uuid.uuid4()), "metastore_id": str(uuid.uuid4())}
                store.put("account", "account", facts)
        self.account_id: str = facts["account_id"]
        self.metastore_id: str = facts["metastore_id"]

    def admin_token(self) -> str:
        """The administrator's token; made anew when its file is gone (the old one is then worthless)."""
        path = self._home.token_file
        if path.exists():
            token = path.read_text().strip()
        else:
            token = "dapi" + secrets.token_hex(24)
            write_private(path, token + "\n")
        with self._store.write():
            for stale in self._store.all("tokens"):
                if stale["purpose"] == "administrator" and stale["digest"] != token_digest(token):
                    self._store.delete("tokens", stale["digest"])
            digest = token_digest(token)
            document = {"digest": digest, "principal": ADMIN, "purpose": "administrator", "expires_at": None}
            self._store.put("tokens", digest, document)
        return token

    def ensure_workspace(self, spec: WorkspaceSpec) -> Workspace:
        """Create the workspace, or find it and move it to the port asked for."""
        with self._store.write():
            known = self._store.get("workspaces", spec.name)
            if known is None:
                workspace_id = _FIRST_WORKSPACE_ID + len(self._store.all("workspaces"))
                known = {"name": spec.name, "workspace_id": workspace_id, "port": spec.port or free_port()}
            elif spec.port and spec.port != known["port"]:
                known["port"] = spec.port
                listen(Workspace(**known)).close()
            self._store.put("workspaces", spec.name, known)
        return Workspace(**known)

    def workspaces(self) -> list[Workspace]:
        """All workspaces, oldest first."""
        return [Workspace(**document) for document in self._store.all("workspaces")]

    def write_config_file(self, token: str) -> None:
        """A databrickscfg with one profile per workspace, for Terraform, the SDK and mlflow."""
        profiles = ConfigParser(interpolation=None)
        for workspace in self.workspaces():
            profiles[workspace.name] = {"host": workspace.host, "token": token}
        text = io.StringIO()
        profiles.write(text)
        write_private(self._home.config_file, text.getvalue())


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now.

    From below the range that operating systems lend to outgoing connections: it must be free next week too.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def listen(workspace: Workspace) -> socket.socket:
    """The listening socket of a workspace. Errors: CannotStart when the port is taken."""
    # asyncio turns off Nagle's algorithm only where the protocol is named; with it every answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, workspace.port))
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Port {workspace.port} of workspace '{workspace.name}' is taken by {_listener(workspace.port)} "
            f"({error.strerror}). Stop it, or choose another port with `brickyard local up --workspace "
            f"{workspace.name}:PORT`."
        ) from error
    listener.listen(2048)
    return listener


def _listener(port: int) -> str:
    """Who listens on a port of this machine, as far as this user may know."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                command = " ".join(psutil.Process(connection.pid).cmdline())[:120]
                return f"process {connection.pid} (`{command}`, {connection.status})"
    except psutil.Error:
        pass
    return "another program"


def describe(workspaces: list[Workspace]) -> list[dict[str, object]]:
    """Workspaces as they stand in server.json."""
    return [{**asdict(workspace), "host": workspace.host} for workspace in workspaces]
