"""Wheels of tasks: unpacked once by content, checked against the interpreter, put on the path.

What a wheel or an environment requires and the workspace's own environment lacks is `missing`: `packages` installs it.
Source: packaging.python.org/specifications/binary-distribution-format
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from brickyard_local.errors import LocalWorkspaceError


class CannotInstall(LocalWorkspaceError):
    """Raised when a library of a task cannot be used here; becomes the failure of the task."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """An unpacked wheel."""

    name: str
    version: str
    requires: tuple[str, ...]
    requires_python: str
    folder: Path

    @property
    def archive(self) -> Path:
        """The same files as one zip, for the Python workers of Spark."""
        return self.folder.with_name(self.folder.name + ".zip")


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A requirement that is not met, and why; without `requirement` no index can help."""

    requirement: str
    why: str


def unpack(wheel: Path, cache: Path) -> Library:
    """Unpack a pure-Python wheel into `cache/<sha256>`, unless it is there. Errors: CannotInstall."""
    try:
        content = wheel.read_bytes()
    except FileNotFoundError as error:
        raise CannotInstall(f"The wheel {wheel.name} does not exist.") from error
    folder = cache / hashlib.sha256(content).hexdigest()
    archive = folder.with_name(folder.name + ".zip")
    if not (folder.exists() and archive.exists()):
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="new-") as unfinished:
            made = Path(unfinished) / "wheel"
            _extract(wheel, made)
            Path(shutil.make_archive(str(made), "zip", made)).replace(archive)
            try:
                made.rename(folder)
            except OSError:  # another task was faster
                if not folder.exists():
                    raise
    _ask_for(folder)
    return _library(wheel.name, folder)


def cache_of(cache: Path) -> Path:
    """Where unpacked wheels lie; `cache/wheels` is that of the build."""
    return cache / "unpacked-wheels"


def pinned(name: str, digest: str, cache: Path) -> Library | None:
    """A wheel as it was unpacked before, whatever became of its file; None when the cache was emptied since."""
    folder = cache / digest
    if not (folder.exists() and folder.with_name(digest + ".zip").exists()):
        return None
    _ask_for(folder)
    return _library(name, folder)


def _ask_for(folder: Path) -> None:
    for made in (folder, folder.with_name(folder.name + ".zip")):
        os.utime(made)  # `packages.in_use` goes by it


def missing(libraries: Sequence[Library], requirements: Sequence[str], python: str) -> list[Missing]:
    """Requirements that neither another wheel nor the interpreter meets. Errors: CannotInstall for what no index has.

    A wheel of the task that is of the wrong version cannot be replaced; one of another Python neither.
    """
    wheels: dict[str, str] = {canonicalize_name(library.name): library.version for library in libraries}
    problems = [
        f"{library.name} {library.version} requires Python {library.requires_python}; this is {python}"
        for library in libraries
        if library.requires_python and python not in SpecifierSet(library.requires_python)
    ]
    asked = [("the environment", text) for text in requirements]
    asked += [(f"{library.name} {library.version}", text) for library in libraries for text in library.requires]
    found = [each for who, text in asked for each in _unmet(who, text, wheels)]
    problems += [each.why for each in found if not each.requirement]
    if problems:
        raise CannotInstall("; ".join(problems) + ".")
    return found


def absent(requirements: Sequence[str]) -> list[Missing]:
    """What a model names and nothing here has in any version.

    Lines that are no requirements are passed over, and those with an address: by their name alone, an index would give
    somebody else's package.
    """
    found = []
    for text in requirements:
        try:
            requirement = Requirement(text.split(" #")[0].strip())
        except InvalidRequirement:
            continue
        is_meant = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if is_meant and requirement.url is None and _installed(requirement.name) is None:
            why = f"it requires '{requirement}', and {requirement.name} is not installed"
            found.append(Missing(requirement=_plain(requirement), why=why))
    return found


def _unmet(who: str, text: str, wheels: dict[str, str], extra: str = "") -> Iterator[Missing]:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        yield Missing(requirement="", why=f"{who} requires '{text}', which is no valid requirement")
        return
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return
    name = canonicalize_name(requirement.name)
    version = wheels.get(name) or _installed(name)
    wanted = "" if name in wheels else _plain(requirement)
    if version is None:
        why = f"{who} requires '{requirement}', and {requirement.name} is not installed"
        if requirement.url is not None:  # its name alone may be somebody else's package
            wanted, why = "", f"{why}; addresses are not fetched here: give the wheel itself as a library"
        yield Missing(requirement=wanted, why=why)
    elif not requirement.specifier.contains(version, prereleases=True):
        why = f"{who} requires '{requirement}', and {requirement.name} {version} is installed"
        yield Missing(requirement=wanted, why=why)
    elif name not in wheels:
        yield from _unmet_extras(requirement, wheels)


def _plain(requirement: Requirement) -> str:
    """The requirement without its marker, which was true."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _unmet_extras(requirement: Requirement, wheels: dict[str, str]) -> Iterator[Missing]:
    for extra in sorted(requirement.extras):
        for needed in metadata.requires(requirement.name) or []:
            if "extra" in needed:
                yield from _unmet(f"{requirement.name}[{extra}]", needed, wheels, extra)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _extract(wheel: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            _check_pure(wheel.name, archive)
            for item in archive.infolist():
                target = _place(item.filename)
                if item.is_dir() or target is None:
                    continue
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(item) as source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except zipfile.BadZipFile as error:
        raise CannotInstall(f"{wheel.name} is not a wheel: {error}.") from error


def _place(name: str) -> PurePosixPath | None:
    """Where a file of a wheel goes on the path; None for scripts, headers and data."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise CannotInstall(f"The wheel holds '{name}', a path that leaves its folder.")
    if path.parts and path.parts[0].endswith(".data"):
        return PurePosixPath(*path.parts[2:]) if path.parts[1:2] in (("purelib",), ("platlib",)) else None
    return path


def _check_pure(name: str, archive: zipfile.ZipFile) -> None:
    found = [entry for entry in archive.namelist() if entry.endswith(".dist-info/WHEEL")]
    if not found:
        raise CannotInstall(f"{name} is not a wheel: it holds no .dist-info/WHEEL.")
    facts = _headers(archive.read(found[0]).decode())
    tags = [str(tag) for tag in facts.get_all("Tag") or []]
    if not any(tag.endswith("-none-any") and "py3" in tag.split("-")[0] for tag in tags):
        raise CannotInstall(
            f"{name} is built for {', '.join(tags) or 'no known platform'}. Only pure Python 3 wheels (py3-none-any) "
            "run in the local workspace; install this package into the environment that the workspace runs in."
        )


def _library(name: str, folder: Path) -> Library:
    found = next(folder.glob("*.dist-info/METADATA"), None)
    if found is None:
        raise CannotInstall(f"{name} is not a wheel: it holds no .dist-info/METADATA.")
    facts = _headers(found.read_text(encoding="utf-8"))
    return Library(
        name=str(facts["Name"]),
        version=str(facts["Version"]),
        requires=tuple(str(text) for text in facts.get_all("Requires-Dist") or []),
        requires_python=str(facts["Requires-Python"] or ""),
        folder=folder,
    )


def _headers(text: str) -> Message:
    return HeaderParser().parsestr(text)
