"""What the local workspace promises to keep out: one test per promise."""

import ast
import contextlib
import re
import socket
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

import brickyard_local
from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.app import create_app
from brickyard_local.pytest_plugin import LocalWorkspace
from brickyard_local.state import LocalState

ME = "/api/2.0/preview/scim/v2/Me"
FILES = "/api/2.0/fs/files"
OPEN = {
    "/.well-known/databricks-config",
    "/oidc/.well-known/oauth-authorization-server",
    "/oidc/v1/token",
    "/oidc/accounts/{account_id}/.well-known/oauth-authorization-server",
    "/oidc/accounts/{account_id}/v1/token",
}


def port_of(workspace: LocalWorkspace) -> int:
    return int(workspace.host.rpartition(":")[2])


def server_of(workspace: LocalWorkspace) -> psutil.Process:
    info = process.running(workspace.home)
    assert info is not None
    return psutil.Process(info.pid)


@pytest.fixture
def http(local_workspace: LocalWorkspace) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {local_workspace.token}"}
    with httpx.Client(base_url=local_workspace.host, headers=headers, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def volume(local_workspace: LocalWorkspace) -> str:
    client = local_workspace.client()
    client.catalogs.create("security")
    client.schemas.create("s", "security")
    client.volumes.create("security", "s", "v", VolumeType.MANAGED)
    return "/Volumes/security/s/v"


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Every method and path that the server answers, from the application itself."""
    root = tmp_path_factory.mktemp("routes")
    state = LocalState.open(Home(root=root / "home", cache=root / "cache"))
    workspace = state.account.ensure_workspace(WorkspaceSpec(name="local"))
    app = create_app(state, workspace)
    return [(method, route.path) for route in all_routes(app.routes) for method in sorted(route.methods or ())]


def all_routes(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    """Routes of included routers too; those hold paths with their prefixes."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from all_routes(route.original_router.routes)


@contextmanager
def connected(workspace: LocalWorkspace) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port_of(workspace)), timeout=30) as connection:
        yield connection


def say(workspace: LocalWorkspace, head: str) -> str:
    """What the server answers to these very bytes."""
    with connected(workspace) as connection:
        connection.sendall(head.encode())
        return connection.makefile("rb").readline().decode()


def test_it_and_its_children_listen_on_loopback_only(local_workspace: LocalWorkspace, http: httpx.Client) -> None:
    http.post("/api/2.0/mlflow/experiments/search", json={"max_results": 1}).raise_for_status()
    server = server_of(local_workspace)
    listening = [
        connection.laddr.ip
        for each in [server, *server.children(recursive=True)]
        for connection in each.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= len(local_workspace.hosts)
    # Java shows an IPv4 address of a socket that could do both as IPv6.
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}


def test_every_route_wants_a_token_but_the_five_that_say_where_to_get_one(
    local_workspace: LocalWorkspace, routes: list[tuple[str, str]]
) -> None:
    assert len(routes) > 100
    open_ones = set()
    with httpx.Client(base_url=local_workspace.host, trust_env=False) as stranger:
        for method, path in routes:
            answer = stranger.request(method, re.sub(r"\{[^}]+\}", "1", path))
            if answer.status_code != 401 or ("error" in answer.text and "error_code" not in answer.text):
                open_ones.add(path)
    assert open_ones == OPEN


def test_no_path_that_is_not_routed_can_be_told_without_a_token(local_workspace: LocalWorkspace) -> None:
    for path in (
        "/",
        "/docs",
        "/openapi.json",
        "/oidc/v1/authorize",
        "/.well-known/databricks-config/x",
        "//oidc/v1/token",
    ):
        assert httpx.get(local_workspace.host + path).status_code == 401, path


@pytest.mark.parametrize(
    "host",
    [
        "attacker.example",
        "127.0.0.1",
        "localhost",
        "localhost.:{port}",
        "127.0.0.1:1",
        "127.0.0.1:{port}.attacker.example",
        "attacker.example@127.0.0.1:{port}",
        "0.0.0.0:{port}",
        "127.1:{port}",
        "2130706433:{port}",
        "[::1]:{port}",
        "",
    ],
)
def test_only_its_own_name_is_answered(local_workspace: LocalWorkspace, host: str) -> None:
    named = host.format(port=port_of(local_workspace))
    for path in (ME, "/.well-known/databricks-config"):
        head = f"GET {path} HTTP/1.1\r\nHost: {named}\r\nAuthorization: Bearer {local_workspace.token}\r\n\r\n"
        assert say(local_workspace, head).split()[1] in {"400", "403"}


def test_two_hosts_or_none_are_refused(local_workspace: LocalWorkspace) -> None:
    own = f"Host: 127.0.0.1:{port_of(local_workspace)}\r\n"
    path = "/.well-known/databricks-config"
    assert say(local_workspace, f"GET {path} HTTP/1.1\r\n{own}\r\n").split()[1] == "200"
    assert say(local_workspace, f"GET {path} HTTP/1.1\r\n{own}Host: attacker.example\r\n\r\n").split()[1] == "400"
    assert say(local_workspace, f"GET {path} HTTP/1.0\r\n\r\n").split()[1] == "403"
    absolute = f"GET http://attacker.example{path} HTTP/1.1\r\nHost: attacker.example\r\n\r\n"
    assert say(local_workspace, absolute).split()[1] == "403"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://attacker.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_web_page_is_refused_even_with_a_token(http: httpx.Client, headers: dict[str, str]) -> None:
    assert http.get(ME, headers=headers).status_code == 403
    assert http.post("/oidc/v1/token", headers=headers).status_code == 403


def test_no_answer_opens_itself_to_web_pages(local_workspace: LocalWorkspace, http: httpx.Client) -> None:
    preflight = {"origin": "https://attacker.example", "access-control-request-method": "POST"}
    own = {"origin": local_workspace.host}
    for answer in (http.options(ME, headers=preflight), http.get(ME, headers=own), http.get(ME)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert http.get(ME, headers=own).status_code == 200


def test_a_token_is_kept_as_a_digest_and_stands_in_no_log(local_workspace: LocalWorkspace) -> None:
    client = local_workspace.client()
    robot = client.service_principals.create(display_name="logged")
    token = local_workspace.act_as(str(robot.application_id))
    local_workspace.client(token=token).current_user.me()
    secret = str(client.service_principal_secrets_proxy.create(str(robot.id)).secret)
    httpx.get(local_workspace.host + ME, params={"token": "x"}, headers={"authorization": f"Bearer {token}"})
    kept = [file for file in local_workspace.home.root.rglob("*") if file.is_file()]
    for value in (token, secret):
        assert not [file for file in kept if value.encode() in file.read_bytes()]


def test_private_files_are_private(local_workspace: LocalWorkspace) -> None:
    home = local_workspace.home
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
    for file in (home.token_file, home.config_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_children_know_nothing_of_the_administrators_token(
    local_workspace: LocalWorkspace, client: WorkspaceClient, wheels: Any, job_builder: Any, http: httpx.Client
) -> None:
    """The tracking server and a task that runs as the administrator; each has a token of its own, or none."""
    http.post("/api/2.0/mlflow/experiments/search", json={"max_results": 1}).raise_for_status()
    wheel = wheels.upload({"tiny": "import time\ndef main(): time.sleep(60)\n"})
    run = client.jobs.run_now(job_builder.create(client, [job_builder.wheel_task("main")], wheel))
    deadline = time.monotonic() + 30
    known: dict[int, bytes] = {}
    while not any(b"DATABRICKS_TOKEN=" in told for told in known.values()) and time.monotonic() < deadline:
        for child in server_of(local_workspace).children(recursive=True):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                files = (Path(f"/proc/{child.pid}/{name}") for name in ("environ", "cmdline"))
                known[child.pid] = b"".join(file.read_bytes() for file in files)
        time.sleep(0.05)
    client.jobs.cancel_run(run.run_id)
    assert len(known) >= 2
    assert any(b"DATABRICKS_TOKEN=" in told for told in known.values())
    assert [pid for pid, told in known.items() if local_workspace.token.encode() in told] == []


@pytest.mark.parametrize(
    "path",
    [
        "/../../../account.db",
        "/%2e%2e/%2e%2e/account.db",
        "/..%2f..%2faccount.db",
        "/a/%2e%2e/%2e%2e/x",
        "/a%00b",
        "/a%01b",
        "/./a",
        "//a",
        "/" + "n" * 256,
        "/" + "%C3%BC" * 128,
        "/" + "d/" * 1600 + "x",
    ],
)
def test_a_path_leads_out_of_nowhere(local_workspace: LocalWorkspace, volume: str, path: str) -> None:
    """Sent as it stands: httpx would tidy the path away."""
    head = (
        f"PUT {FILES}{volume}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port_of(local_workspace)}\r\n"
        f"Authorization: Bearer {local_workspace.token}\r\nContent-Length: 1\r\n\r\nx"
    )
    before = sorted(local_workspace.home.files.rglob("*"))
    assert say(local_workspace, head).split()[1] in {"400", "403", "404"}
    assert sorted(local_workspace.home.files.rglob("*")) == before


def test_a_symbolic_link_is_not_followed(local_workspace: LocalWorkspace, http: httpx.Client, volume: str) -> None:
    http.put(f"{FILES}{volume}/plain", content=b"x").raise_for_status()
    (folder,) = {file.parent for file in local_workspace.home.files.rglob("plain")}
    (folder / "link").symlink_to(local_workspace.home.token_file)
    (folder / "out").symlink_to(local_workspace.home.root)
    for path in ("link", "out/token"):
        assert http.get(f"{FILES}{volume}/{path}").status_code == 403
        assert http.put(f"{FILES}{volume}/{path}", content=b"x").status_code == 403
    names = [entry["name"] for entry in http.get(f"/api/2.0/fs/directories{volume}").json()["contents"]]
    assert not {"link", "out"} & set(names)
    assert local_workspace.home.token_file.read_text().strip() == local_workspace.token


def test_a_body_that_is_too_long_is_refused_and_not_kept(http: httpx.Client) -> None:
    answer = http.post("/api/2.0/secrets/put", content=b" " * (16 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["error_code"]) == (413, "REQUEST_TOO_LARGE")
    assert http.post("/oidc/v1/token", content=b"a" * (64 * 1024 + 1)).status_code == 413


def test_a_body_nested_without_end_breaks_nothing(http: httpx.Client) -> None:
    deep = b"[" * 200_000
    assert http.post("/api/2.0/secrets/put", content=deep).status_code == 400
    assert http.get(ME).status_code == 200


def test_a_head_without_end_is_cut_off(local_workspace: LocalWorkspace) -> None:
    head = "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{number}: {'y' * 1000}\r\n" for number in range(100))
    with connected(local_workspace) as connection:
        connection.sendall(head.encode())
        assert connection.makefile("rb").readline().split()[1] == b"400"


def test_the_server_never_loads_what_runs_strangers_code() -> None:
    """Models, pickles and mlflow are for child processes: nothing that the server imports reaches them."""
    forbidden = {"pickle", "cloudpickle", "joblib", "torch", "dill", "mlflow", "shelve", "marshal", "sklearn", "pandas"}
    wrong = [
        f"{path}: {name}"
        for path, tree in server_modules()
        for node in ast.walk(tree)
        for name in imported(node)
        if name.split(".")[0] in forbidden
    ]
    assert not wrong


def test_the_running_server_has_none_of_it_in_memory(local_workspace: LocalWorkspace, http: httpx.Client) -> None:
    maps = Path(f"/proc/{server_of(local_workspace).pid}/maps")
    if not maps.exists():
        pytest.skip("reads /proc")
    http.post("/api/2.0/mlflow/experiments/search", json={"max_results": 1}).raise_for_status()
    loaded = maps.read_text()
    assert "pydantic_core" in loaded
    for name in ("numpy", "pandas", "pyarrow", "sklearn", "torch", "skops"):
        assert f"/site-packages/{name}/" not in loaded


def server_modules() -> Iterator[tuple[Path, ast.Module]]:
    """The modules that the server process imports, found from its entry point."""
    root = Path(str(brickyard_local.__file__)).parent
    waiting, seen = ["brickyard_local.server"], set()
    while waiting:
        module = waiting.pop()
        path = root.parent / (module.replace(".", "/") + ".py")
        if module in seen or not path.is_file():
            continue
        seen.add(module)
        tree = ast.parse(path.read_text(), str(path))
        yield path.relative_to(root), tree
        names = [name for node in ast.walk(tree) for name in imported(node)]
        waiting += [name for name in names if name.startswith("brickyard_local")]


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []
