"""Wheels from folders of Python code, reproducibly: the same source gives the same bytes.

A wheel is named by the hash of its bytes, so a deployment without a change in code changes nothing. Building
takes a second; a wheel built before from the same source is taken from the cache.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from brickyard_stacks.errors import CannotBuildWheel

# 2020-02-02, hatchling's own default: a fixed time for every file in the archive.
_SOURCE_DATE_EPOCH = "1580601600"
_NO_SOURCE = frozenset({"__pycache__", "build", "dist", "tests"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """A built wheel; `content_hash` is the SHA-256 of its bytes."""

    path: Path
    package: str
    version: str
    content_hash: str


def build_wheel(folder: Path, cache: Path) -> Wheel:
    """Build the project in `folder`, or take it from `cache` when its source has not changed.

    Errors: CannotBuildWheel, saying which folder and why.
    """
    if not (folder / "pyproject.toml").is_file():
        raise CannotBuildWheel(f"{folder} has no pyproject.toml, which a wheel is built from")
    entry = cache / _source_digest(folder)
    record = entry / "wheel.json"
    if record.is_file():
        return _read(record)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="building-") as scratch:
        wheel = _run_hatchling(folder, Path(scratch))
        _write(wheel, Path(scratch) / "wheel.json")
        _publish(Path(scratch), entry)
    return _read(record)


def _source_digest(folder: Path) -> str:
    """One hash over every source file, the tool's version, and nothing of this machine."""
    digest = hashlib.sha256(f"hatchling {version('hatchling')}\n".encode())
    for path in sorted(_sources(folder)):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        hidden = any(p.startswith(".") or p in _NO_SOURCE or p.endswith(".egg-info") for p in parts)
        if path.is_file() and not hidden:
            yield path


def _run_hatchling(folder: Path, target: Path) -> Wheel:
    # Imported here: most deployments find the wheel in the cache and never need it.
    from hatchling.builders.wheel import WheelBuilder

    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = _SOURCE_DATE_EPOCH
    try:
        builder = WheelBuilder(str(folder))
        built = Path(next(iter(builder.build(directory=str(target), versions=["standard"]))))
        name, number = builder.metadata.core.name, builder.metadata.version
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        raise CannotBuildWheel(f"{folder} cannot be built: {error}") from error
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
    content_hash = hashlib.sha256(built.read_bytes()).hexdigest()
    return Wheel(path=built, package=name.replace("-", "_"), version=number, content_hash=content_hash)


def _write(wheel: Wheel, record: Path) -> None:
    fields = {
        "file": wheel.path.name,
        "package": wheel.package,
        "version": wheel.version,
        "content_hash": wheel.content_hash,
    }
    record.write_text(json.dumps(fields))


def _publish(scratch: Path, entry: Path) -> None:
    """Move a finished folder to its place at once; whoever comes second keeps the first one's, which is equal."""
    staged = entry.with_name(f"{scratch.name}-done")
    shutil.copytree(scratch, staged)
    try:
        staged.rename(entry)
    except OSError:
        shutil.rmtree(staged)
        if not entry.is_dir():
            raise


def _read(record: Path) -> Wheel:
    fields = json.loads(record.read_text())
    path = record.parent / fields["file"]
    return Wheel(path=path, package=fields["package"], version=fields["version"], content_hash=fields["content_hash"])
