"""The stacks of a bundle as one sealed file, and back."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from brickyard.bundle.manifest import Manifest, sha256
from brickyard.bundle.planned import LOCK, PLAN
from brickyard.errors import BundleRefused

_KEPT = ("cdk.tf.json", LOCK, PLAN)


def pack(folder: Path, stacks: Iterable[str]) -> bytes:
    """What an apply needs of each stack's folder: its configuration, assets, lock file and saved plan."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for stack in stacks:
            home = folder / stack
            assets = sorted(path for path in (home / "assets").rglob("*") if path.is_file())
            for path in [*(home / name for name in _KEPT), *assets]:
                archive.add(path, arcname=str(path.relative_to(folder)), recursive=False)
    return content.getvalue()


def unpack(content: bytes, folder: Path, manifest: Manifest) -> None:
    """Into an empty folder, then compared with what the manifest says. Errors: BundleRefused."""
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BundleRefused(f"The sealed plans are no archive ({type(error).__name__}): plan again.") from error
    for stack in manifest.stacks:
        for name, expected in ((PLAN, stack.plan_sha256), (LOCK, stack.lock_sha256)):
            file = folder / stack.name / name
            if not file.is_file() or sha256(file) != expected:
                raise BundleRefused(f"{stack.name}: {name} is not the one that was reviewed. Plan again.")
