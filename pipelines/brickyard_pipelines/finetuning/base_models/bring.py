"""A base model's folder from its source: what is there whole is found, what was begun is gone on with.

Files come into a folder beside the target, which takes its place when every hash is right; `.brought.json` in it says
where they are from. A kill loses a part of a file, of a version in Unity Catalog one file.
"""

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.base_models import catalog, download
from brickyard_pipelines.finetuning.errors import CannotBring, Problem
from brickyard_pipelines.finetuning.outputs import alone, file_hashes, place, write_json
from brickyard_pipelines.finetuning.plan.base_models import BaseModel, WeightsSource

_log = logging.getLogger(__name__)
_MANIFEST = ".brought.json"
_Fetch = Callable[[], None]


def bring(model: BaseModel, *, root: Path, hosts: Sequence[str]) -> Mapping[str, Any]:
    """Brings one base model that has a source, into its path under `root`; `hosts` are those of the environment.

    *Shapes*: name, folder, files (hashes by name), found (whether it was there).
    Errors: CannotBring, OutputTaken.
    """
    target, source = root / model.path, model.source
    if source is None:
        return {"name": model.name, "folder": str(target), "found": True, "files": {}}
    _require_allowed(model, source, hosts)
    with alone(target.parent, "bringing of base models"):
        hashes = _found(target, source)
        if hashes is None:
            _require_ours(target)
            hashes = _brought(model, source, target, hosts)
            return {"name": model.name, "folder": str(target), "found": False, "files": hashes}
    return {"name": model.name, "folder": str(target), "found": True, "files": hashes}


def _require_allowed(model: BaseModel, source: WeightsSource, hosts: Sequence[str]) -> None:
    if source.url is None or download.host_of(source.url) in hosts:
        return
    rule = f"hosts of this environment are {', '.join(hosts) or 'none'}"
    fix = "Have it added to network.model_hosts of the environment, or bring it from Unity Catalog or a volume."
    raise CannotBring([Problem(where=f"base model {model.name}", got=source.url, rule=rule, fix=fix)])


def _require_ours(target: Path) -> None:
    if target.is_dir() and any(target.iterdir()) and not (target / _MANIFEST).is_file():
        rule = "a folder that others filled is not written over"
        fix = "Leave source out to use it as it is, or give another path."
        raise CannotBring([Problem(where=str(target), got="files without .brought.json", rule=rule, fix=fix)])


def _found(target: Path, source: WeightsSource) -> Mapping[str, str] | None:
    """The hashes of what is there, where it is whole and from this source."""
    files = _kept(target, source).get("files")
    if files is None:
        return None
    damaged = [name for name, found in file_hashes(target, files).items() if found != files[name]]
    if damaged:
        _log.warning("%s: %s is not what was brought; it is brought again", target, damaged[0])
    return None if damaged else files


def _kept(folder: Path, source: WeightsSource) -> Mapping[str, Any]:
    """What a folder says of itself; nothing where it is from another source, or does not say."""
    try:
        found: Any = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("source") == asdict(source) else {}


def _brought(model: BaseModel, source: WeightsSource, target: Path, hosts: Sequence[str]) -> Mapping[str, str]:
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
        if not _kept(partial, source):
            shutil.rmtree(partial)
            partial.mkdir()
            write_json(partial / _MANIFEST, {"source": asdict(source)})
        hashes = _checked(model, source, partial, _fetch(source, partial, hosts))
        write_json(partial / _MANIFEST, {"source": asdict(source), "files": hashes})
        shutil.rmtree(target, ignore_errors=True)
        partial.replace(target)
    except OSError as error:
        fix = "Free space or mend the folder, and run it again: it goes on where it ended."
        raise CannotBring([Problem(where=str(target), got=str(error), rule="files can be written", fix=fix)]) from error
    return hashes


def _fetch(source: WeightsSource, partial: Path, hosts: Sequence[str]) -> Mapping[str, str]:
    """Bring the files. Answers the hashes of those that were read for it, so that no weight is read twice."""
    if source.url is not None:
        base = source.url.rstrip("/")
        for name, sha256 in (source.files or {}).items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            download.download(f"{base}/{name}", partial / name, sha256=sha256, hosts=hosts)
        return source.files or {}  # a file gets its name when its hash is right
    if source.volume is not None:
        return _copy(Path(source.volume), partial)
    return catalog.bring_version(source.model or "", partial)


def _copy(folder: Path, partial: Path) -> dict[str, str]:
    """The files of a volume's folder, and their hashes; those that are there in full length are hashed later."""
    hashes: dict[str, str] = {}
    if not (folder / "config.json").is_file():
        fix = "Correct the path, or have READ VOLUME granted."
        raise CannotBring([Problem(where=str(folder), got="no config.json", rule="a model lies there", fix=fix)])
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = file.relative_to(folder)
        there = partial / name
        if any(part.startswith(".") for part in name.parts):
            continue
        if not there.is_file() or there.stat().st_size != file.stat().st_size:
            there.parent.mkdir(parents=True, exist_ok=True)
            hashes[name.as_posix()] = place(file, there)
    return hashes


def _checked(model: BaseModel, source: WeightsSource, partial: Path, known: Mapping[str, str]) -> Mapping[str, str]:
    """The hashes of all files, `known` or computed, which are those of the plan where it names any."""
    files = [each for each in partial.rglob("*") if each.is_file()]
    names = sorted(each.relative_to(partial).as_posix() for each in files)
    shown = [name for name in names if not name.startswith(".") and "/." not in name]
    computed = file_hashes(partial, [name for name in shown if name not in known])
    hashes = {name: known.get(name) or computed[name] for name in shown}
    wrong = [
        Problem(
            where=f"base model {model.name}, {name}",
            got=f"sha256 {hashes.get(name, 'missing')}",
            rule=f"the plan wants {sha256}",
            fix="Correct the hash, or the source: what came is not what was meant.",
        )
        for name, sha256 in (source.files or {}).items()
        if hashes.get(name) != sha256
    ]
    if wrong:
        shutil.rmtree(partial, ignore_errors=True)
        raise CannotBring(wrong)
    return hashes
