"""A base model of a plan, where it is brought from when it is not there, and what must hold of it. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from brickyard_pipelines.finetuning.plan import model_names

Broken = tuple[str, str, str, str]
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class WeightsSource:
    """Exactly one: a version in Unity Catalog (`system.ai.…/3`), a folder of a volume, an https address of a folder.

    *Shapes*: `files` are SHA-256 by name, relative to the folder; an address needs them, since it lists nothing.
    """

    model: str | None = None
    volume: str | None = None
    url: str | None = None
    files: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseModel:
    """A model to start from: its folder holds config.json, the tokenizer and the weights."""

    name: str
    path: str
    licence: str
    source: WeightsSource | None = None


def problems(models: Sequence[BaseModel]) -> Iterator[Broken]:
    """What does not hold of their sources: path, what was got, the rule, the fix."""
    for number, model in enumerate(models):
        if model.source is not None:
            yield from _of_source(model, model.source, f"base_models[{number}]")


def _of_source(model: BaseModel, source: WeightsSource, path: str) -> Iterator[Broken]:
    given = [name for name in ("model", "volume", "url") if getattr(source, name) is not None]
    if len(given) != 1:
        got = " and ".join(given) or "none of them"
        yield f"{path}.source", got, "a source is a model, a volume or a url", "Keep one of the three."
    if not _is_below(model.path):
        fix = "Write a path such as models/base, or leave source out."
        yield f"{path}.path", repr(model.path), "what is brought lies in the folder of work", fix
    yield from model_names.problems(source.model, f"{path}.source.model")
    if source.volume is not None and not re.fullmatch(r"/Volumes(/[^/]+){3,}/?", source.volume):
        fix = "Write /Volumes/catalog/schema/volume/folder."
        yield f"{path}.source.volume", repr(source.volume), "it is a folder of a volume", fix
    if source.url is not None:
        yield from _of_url(source, f"{path}.source")
    yield from _of_files(source.files or {}, f"{path}.source.files")


def _of_files(files: Mapping[str, str], path: str) -> Iterator[Broken]:
    for name, sha256 in files.items():
        if not _is_below(name) or not _SHA256.fullmatch(sha256):
            rule = "a name in the folder, and 64 hexadecimal digits"
            yield path, f"{name}: {sha256}", rule, "Write what sha256sum prints."


def _of_url(source: WeightsSource, path: str) -> Iterator[Broken]:
    parts = urlsplit(source.url or "")
    if not source.files:
        fix = "Write files: {config.json: <sha256>, …}."
        yield f"{path}.files", "none", "what comes from a host is checked by its hash", fix
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"  # neither user nor password
        fix = "Write https://host/folder; logins are not supported."
        yield f"{path}.url", repr(shown), "an address is https, with no user and no query", fix


def _is_below(path: str) -> bool:
    names = PurePosixPath(path)
    return bool(path) and not names.is_absolute() and not any(part.startswith(".") for part in names.parts)
