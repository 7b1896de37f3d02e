"""The same sources under CDK Terrain (from the package registries): the same JSON, so that a state plans empty."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard.clone import Clone
from brickyard.move_to_cdktn.move import move
from brickyard.move_to_cdktn.rewriting import BINDINGS_VERSION, CORE_VERSION
from brickyard.screen import Screen
from brickyard_local.provider import install
from brickyard_local.pytest_plugin import LocalWorkspace, local_cache

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    f"cdktn=={CORE_VERSION}",
    f"cdktn-provider-databricks=={BINDINGS_VERSION}",
    "hatchling",
    "pydantic",
    "pyyaml",
)
ENVIRONMENTS = ("local", "dev", "staging", "prod")

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def cdktn_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with CDK Terrain and without cdktf, from the package registries."""
    folder = tmp_path_factory.mktemp("cdktn") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    argv = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the package registry has no CDK Terrain for us: {done.stderr.strip()[-300:]}")
    return python


@pytest.fixture
def clone(tmp_path: Path, local_workspace: LocalWorkspace) -> Clone:
    root = tmp_path / "clone"
    root.mkdir()
    for part in ("constructs", "stacks", "pipelines", "projects", "environments"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.imports.json"))
    for part in ("main.py", "cdktf.json", "Pipfile", "package.json", "pyproject.toml"):
        shutil.copy(ROOT / part, root)
    (root / ".brickyard").mkdir()
    (root / ".brickyard" / "local").symlink_to(local_workspace.home.root)
    return Clone.find(root)


def synthesise(clone: Clone, python: Path, environment: str, out: Path) -> dict[str, Any]:
    """Every stack's document, without what says which software wrote it."""
    out.mkdir(parents=True)
    paths = os.pathsep.join(str(clone.root / part) for part in ("constructs", "stacks", "pipelines"))
    variables = {
        **os.environ,
        "BRICKYARD_ENV": environment,
        "CDKTF_OUTDIR": str(out),
        "PYTHONPATH": paths,
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    done = subprocess.run(
        [str(python), "main.py"], cwd=clone.root, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {file.parent.name: bare(json.loads(file.read_text())) for file in out.glob("stacks/*/cdk.tf.json")}


def bare(document: Any) -> Any:
    """Without the comments, which hold versions and paths of constructs."""
    if isinstance(document, dict):
        return {key: bare(value) for key, value in document.items() if key != "//"}
    return [bare(value) for value in document] if isinstance(document, list) else document


def test_the_moved_clone_synthesises_the_same_and_what_is_deployed_plans_empty(
    clone: Clone, cdktn_python: Path, tmp_path: Path
) -> None:
    here = Path(sys.executable)
    before = {name: synthesise(clone, here, name, tmp_path / "before" / name) for name in ENVIRONMENTS}
    terraform = Terraform(tmp_path)
    terraform.run(tmp_path / "before/local/stacks/local-platform", "apply", "-auto-approve")

    move(clone, Screen(), write=True)
    after = {name: synthesise(clone, cdktn_python, name, tmp_path / "after" / name) for name in ENVIRONMENTS}

    assert sum(len(stacks) for stacks in before.values()) >= 12
    assert after == before
    assert terraform.run(tmp_path / "after/local/stacks/local-platform", "plan", "-detailed-exitcode") == 0
    terraform.run(tmp_path / "after/local/stacks/local-platform", "destroy", "-auto-approve")
    imported = [
        f"{path}: {line}"
        for path in clone.root.rglob("*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith(("from cdktf", "import cdktf"))
    ]
    assert not imported


class Terraform:
    """Terraform with the offline provider."""

    def __init__(self, folder: Path) -> None:
        configuration = install.install(folder / "provider", local_cache())
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "TF_"))}
        self._variables = {**kept, "TF_CLI_CONFIG_FILE": str(configuration), "CHECKPOINT_DISABLE": "1"}

    def run(self, folder: Path, *arguments: str) -> int:
        """The exit status; 1 fails the test with what Terraform said."""
        for argv in (("init", "-input=false"), arguments):
            done = subprocess.run(
                ["terraform", f"-chdir={folder}", *argv, "-no-color"],
                env=self._variables,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode != 1, done.stdout + done.stderr
        return done.returncode
