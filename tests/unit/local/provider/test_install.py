"""The mirror and the CLI configuration Terraform reads."""

import os
import subprocess
from pathlib import Path

import pytest

from brickyard_local.provider import install as module
from brickyard_local.provider.install import SOURCE, VERSION, install, target_platform


def launcher(root: Path) -> Path:
    return root / "mirror" / SOURCE / VERSION / target_platform() / f"terraform-provider-databricks_v{VERSION}"


def test_the_launcher_starts_the_provider_from_paths_with_spaces(tmp_path: Path) -> None:
    root = tmp_path / "a clone" / "terraform"
    install(root, tmp_path / "a cache")
    done = subprocess.run([launcher(root)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Terraform starts it" in done.stderr


def test_installing_again_changes_no_byte_and_writes_nothing(tmp_path: Path) -> None:
    config = install(tmp_path, tmp_path / "cache")
    files = [config, launcher(tmp_path)]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    assert install(tmp_path, tmp_path / "cache") == config
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in files] == before


def test_what_was_damaged_is_mended(tmp_path: Path) -> None:
    config = install(tmp_path, tmp_path / "cache")
    good = launcher(tmp_path).read_text()
    launcher(tmp_path).write_text("broken")
    launcher(tmp_path).chmod(0o644)
    install(tmp_path, tmp_path / "cache")
    assert launcher(tmp_path).read_text() == good
    assert os.access(launcher(tmp_path), os.X_OK)
    assert sorted(path.name for path in config.parent.iterdir()) == ["mirror", "terraform.rc"]


def test_only_the_databricks_provider_comes_from_the_mirror(tmp_path: Path) -> None:
    text = install(tmp_path, tmp_path / "cache").read_text()
    assert f'include = ["{SOURCE}"]' in text
    assert f'exclude = ["{SOURCE}"]' in text


def test_a_path_cannot_write_terraform(tmp_path: Path) -> None:
    text = install(tmp_path / 'a "${b}" %{c}', tmp_path / "cache").read_text()
    assert '\\"$${b}\\" %%{c}' in text


def test_a_system_without_shell_scripts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")
    with pytest.raises(module.UnsupportedPlatform, match="Windows"):
        install(tmp_path, tmp_path / "cache")
