"""Which code is running: versions of the wheels, and a hash of a package's source that no build can blur."""

import hashlib
import importlib.metadata
import importlib.resources
import json
from importlib.resources.abc import Traversable
from typing import Any

from brickyard_pipelines.errors import InvalidProject

_PINNED = ("mlflow", "scikit-learn", "numpy", "pandas", "skops")


def package_sha256(package: str) -> str:
    """The hash of a package's Python files, equal in a checkout and in a wheel of it."""
    digest = hashlib.sha256()
    for name, content in sorted(_sources(importlib.resources.files(package), "")):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def distribution_version(package: str) -> str:
    """The version of the wheel that a package came in; "checkout" when it is not installed."""
    try:
        return importlib.metadata.version(package.replace("_", "-"))
    except importlib.metadata.PackageNotFoundError:
        return "checkout"


def trained_from(commit: str | None) -> dict[str, str]:
    """The tag of a version that says which commit its code comes from; none where nobody said it.

    >>> trained_from("4f2a"), trained_from(None)
    ({'trained_from_commit': '4f2a'}, {})
    """
    return {"trained_from_commit": commit} if commit else {}


def pinned_requirements(*more: str) -> list[str]:
    """The libraries that a model is made with, at the exact versions of this process.

    Errors: InvalidProject for one that is not installed.
    """
    return [f"{name}=={_installed(name)}" for name in dict.fromkeys((*_PINNED, *more))]


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        raise InvalidProject(
            f"workflow.training.requirements: {name} is not installed here. Add it to the project's dependencies;"
            " a requirement is a distribution's name, without a version."
        ) from None


def fingerprint(document: Any) -> str:
    """The hash of a JSON document, whatever the order of its keys.

    >>> fingerprint({"a": 1, "b": (2,)}) == fingerprint({"b": [2], "a": 1})
    True
    """
    text = json.dumps(document, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _sources(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found += _sources(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".py"):
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
