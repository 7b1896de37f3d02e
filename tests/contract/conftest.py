"""What several contract tests build: tiny wheels in a volume, and Terraform with the genuine provider."""

import io
import os
import re
import secrets
import shutil
import subprocess
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.provider.install import SOURCE, VERSION, install, target_platform
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache

Terraform = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheels:
    """Builds pure-Python wheels and uploads them to a volume."""

    client: WorkspaceClient
    volume: str

    def upload(
        self,
        modules: Mapping[str, str],
        *,
        name: str = "tiny",
        scripts: Mapping[str, str] | None = None,
        requires: Sequence[str] = (),
        tag: str = "py3-none-any",
    ) -> str:
        """The path of the wheel in the volume. `scripts` maps entry points to `module:function`."""
        path = f"{self.volume}/{secrets.token_hex(4)}/{name}-1.0-{tag}.whl"
        self.client.files.upload(path, io.BytesIO(build_wheel(modules, name, scripts or {}, requires, tag)))
        return path


def build_wheel(
    modules: Mapping[str, str], name: str, scripts: Mapping[str, str], requires: Sequence[str], tag: str
) -> bytes:
    info = f"{name}-1.0.dist-info"
    needed = "".join(f"Requires-Dist: {text}\n" for text in requires)
    points = "[console_scripts]\n" + "".join(f"{point} = {where}\n" for point, where in scripts.items())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        for module, text in modules.items():
            wheel.writestr(f"{module.replace('.', '/')}.py", textwrap.dedent(text))
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}")
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{info}/entry_points.txt", points)
        wheel.writestr(f"{info}/RECORD", "")
    return content.getvalue()


def make_wheels(workspace: LocalWorkspace) -> Wheels:
    client = workspace.client()
    catalog = f"wheels_{secrets.token_hex(4)}"
    client.catalogs.create(catalog)
    client.schemas.create("models", catalog)
    client.volumes.create(catalog, "models", "artifacts", VolumeType.MANAGED)
    return Wheels(client=client, volume=f"/Volumes/{catalog}/models/artifacts")


def wheel_task(key: str, *, after: tuple[str, ...] = (), entry_point: str | None = None, **more: Any) -> dict[str, Any]:
    """A python_wheel_task of the package `tiny`, in the environment `default`."""
    wheel = {"package_name": "tiny", "entry_point": entry_point or key, **more.pop("wheel", {})}
    dependencies = {"depends_on": [{"task_key": before} for before in after]} if after else {}
    return {"task_key": key, "environment_key": "default", "python_wheel_task": wheel, **dependencies, **more}


def create_job(client: WorkspaceClient, tasks: list[dict[str, Any]], *wheels: str, **settings: Any) -> int:
    """Create a job as it stands, without the SDK's dataclasses between."""
    environment = {
        "environment_key": "default",
        "spec": {"environment_version": "4", "dependencies": list(wheels)},
    }
    body = {"name": "tiny", "tasks": tasks, "environments": [environment], **settings}
    return int(client.api_client.do("POST", "/api/2.2/jobs/create", body=body)["job_id"])


@dataclass(frozen=True, kw_only=True, slots=True)
class JobBuilder:
    """How tests describe jobs."""

    wheel_task: Callable[..., dict[str, Any]] = wheel_task
    create: Callable[..., int] = create_job


@pytest.fixture(scope="session")
def job_builder() -> JobBuilder:
    return JobBuilder()


@pytest.fixture(scope="session")
def wheels(local_workspace: LocalWorkspace) -> Wheels:
    return make_wheels(local_workspace)


@pytest.fixture(scope="session", name="make_wheels")
def make_wheels_fixture() -> Callable[[LocalWorkspace], Wheels]:
    """For tests that start a workspace of their own."""
    return make_wheels


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexed:
    """A workspace whose pip knows one folder of wheels, and no network."""

    client: WorkspaceClient
    wheels: Wheels
    folder: Path

    def provide(self, name: str, *, requires: tuple[str, ...] = ()) -> None:
        """Put a package into the index."""
        path = self.wheels.upload({name: f"NAME = '{name}'\n"}, name=name, requires=requires)
        content = self.client.files.download(path).contents
        assert content is not None
        (self.folder / path.rsplit("/", 1)[1]).write_bytes(content.read())


@pytest.fixture
def indexed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexed]:
    folder, cache = tmp_path / "index", tmp_path / "cache"
    for made in (folder, cache):
        made.mkdir()
    for kept in ("jars", "spark-plugin"):  # a cache of its own, but for what takes minutes to fetch
        if (local_cache() / kept).is_dir():
            (cache / kept).symlink_to((local_cache() / kept).resolve())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    home = Home(root=tmp_path / "home", cache=cache)
    info = process.start(home, (WorkspaceSpec(name="local"),))
    try:
        workspace = LocalWorkspace(home=home, hosts=dict(info.hosts), token=home.token_file.read_text().strip())
        yield Indexed(client=workspace.client(), wheels=make_wheels(workspace), folder=folder)
    finally:
        process.stop(home)


@pytest.fixture
def fresh_wheels(fresh_local_workspace: LocalWorkspace) -> Wheels:
    return make_wheels(fresh_local_workspace)


@pytest.fixture
def client(local_workspace: LocalWorkspace) -> WorkspaceClient:
    return local_workspace.client()


@dataclass(frozen=True, kw_only=True, slots=True)
class Robot:
    """A service principal without any grant, and its clients."""

    application_id: str
    token: str
    workspace: LocalWorkspace

    def client(self, workspace: str = "local") -> WorkspaceClient:
        return self.workspace.client(workspace=workspace, token=self.token)


@pytest.fixture
def new_robot(local_workspace: LocalWorkspace) -> Callable[[], Robot]:
    """Makes service principals that may do nothing yet."""

    def make() -> Robot:
        admin = local_workspace.client()
        made = admin.service_principals.create(display_name=f"robot-{secrets.token_hex(4)}")
        application_id = str(made.application_id)
        minted = admin.token_management.create_obo_token(application_id, lifetime_seconds=3600)
        return Robot(application_id=application_id, token=str(minted.token_value), workspace=local_workspace)

    return make


@pytest.fixture(scope="session")
def genuine_mirror(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes Terraform's configuration for a mirror that holds the genuine provider, and no registry.

    The version is the one asked for, else that of the binary's name, else the kit's.
    """

    def make(version: str | None = None) -> Path:
        named = os.environ.get("BRICKYARD_GENUINE_PROVIDER")
        if not named:
            pytest.skip("BRICKYARD_GENUINE_PROVIDER names no genuine databricks provider")
        binary = Path(named).resolve()
        found = re.search(r"_v(\d+\.\d+\.\d+)$", binary.name)
        version = version or (found[1] if found else VERSION)
        root = tmp_path_factory.mktemp("genuine")
        folder = root / "mirror" / SOURCE / version / target_platform()
        folder.mkdir(parents=True)
        (folder / f"terraform-provider-databricks_v{version}").symlink_to(binary)
        configuration = root / "terraform.rc"
        mirror = root / "mirror"
        configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n')
        return configuration

    return make


@pytest.fixture(
    params=[
        "offline",
        pytest.param(
            "genuine",
            marks=[
                pytest.mark.genuine,
                pytest.mark.skipif("BRICKYARD_GENUINE_PROVIDER" not in os.environ, reason="no genuine provider named"),
            ],
        ),
    ],
    scope="module",
)
def either_provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, genuine_mirror: Callable[..., Path]
) -> Path:
    """Terraform's configuration with the offline provider, and once more with the genuine one where it is named."""
    if request.param == "genuine":
        return genuine_mirror(VERSION)
    return install(tmp_path_factory.mktemp("offline") / "provider", local_cache())


@pytest.fixture
def genuine_terraform(tmp_path: Path, genuine_mirror: Callable[..., Path]) -> Callable[..., Terraform]:
    """Terraform with the genuine provider, in a folder that holds one of the files beside this one."""

    def prepare(resources: str, access: Mapping[str, str], *, timeout_s: float = 300) -> Terraform:
        shutil.copy(Path(__file__).with_name(resources), tmp_path / "main.tf")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
        environment = {
            **kept,
            **access,
            "TF_CLI_CONFIG_FILE": str(genuine_mirror()),
            "CHECKPOINT_DISABLE": "1",
        }

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                ["terraform", *arguments, "-no-color"],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout_s,
            )

        initialized = run("init")
        assert initialized.returncode == 0, initialized.stdout + initialized.stderr
        return run

    return prepare


@dataclass(frozen=True, kw_only=True, slots=True)
class ConstructStack:
    """A stack of constructs, synthesised into a folder, and Terraform with one of the two providers."""

    out: Path
    variables: Mapping[str, str]

    def synth(self, build: Callable[[Any], object]) -> None:
        """Write what `build` puts into a stack; again after changes."""
        from cdktf import App, LocalBackend, TerraformStack
        from cdktf_cdktf_provider_databricks.provider import DatabricksProvider

        app = App(outdir=str(self.out))
        stack = TerraformStack(app, "stack")
        LocalBackend(stack, path=str(self.out.parent / "terraform.tfstate"))
        DatabricksProvider(stack, "databricks")
        stack.add_override("terraform.required_providers.databricks.version", f">= {VERSION}")
        build(stack)
        app.synth()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Terraform, whatever comes of it."""
        command = ["terraform", f"-chdir={self.out / 'stacks' / 'stack'}", *arguments, "-no-color"]
        return subprocess.run(command, env=self.variables, check=False, capture_output=True, text=True)

    def terraform(self, *arguments: str) -> str:
        """What Terraform printed; a failure of it fails the test."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def apply(self) -> str:
        """What was printed; a second plan must be empty."""
        printed = self.terraform("apply", "-auto-approve")
        self.terraform("plan", "-detailed-exitcode")
        return printed


@pytest.fixture
def construct_stack(
    request: pytest.FixtureRequest, tmp_path: Path, fresh_local_workspace: LocalWorkspace
) -> Callable[[str], ConstructStack]:
    """Makes a stack for the `offline` or the `genuine` provider against this test's own workspace."""

    def make(provider: str) -> ConstructStack:
        from brickyard_local.provider import install

        if provider == "genuine":
            configuration = request.getfixturevalue("genuine_mirror")()
        else:
            configuration = install.install(tmp_path / "provider", local_cache())
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
        access = {"DATABRICKS_HOST": fresh_local_workspace.host, "DATABRICKS_TOKEN": fresh_local_workspace.token}
        variables = {**kept, **access, "TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}
        return ConstructStack(out=tmp_path / "out", variables=variables)

    return make
