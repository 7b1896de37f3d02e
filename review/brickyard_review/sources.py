"""Where the code makes a resource: construct paths of cdktf and CDK Terrain, and lines of `.tf` files.

A plan's JSON names neither. `cdk.tf.json` carries the path under `//`, the files of a module their own lines; whoever
knows the repository and the commit hands in where a line is shown.
Gaps: lines are found in the root module's folder only.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brickyard_review.plan.addresses import without_keys

_BLOCK = re.compile(r'^\s*(resource|data)\s+"([\w-]+)"\s+"([\w-]+)"')
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Construct paths, lines (`main.tf:12`) and pages of lines by address without instance keys."""

    constructs: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)

    def construct(self, address: str) -> str | None:
        return self.constructs.get(without_keys(address))

    def line(self, address: str) -> str | None:
        return self.lines.get(without_keys(address))

    def page(self, address: str) -> str | None:
        return self.pages.get(without_keys(address))


def read_sources(folder: Path, page: Callable[[Path, int], str | None] = lambda _file, _line: None) -> Sources:
    """What the folder of a stack tells; nothing where it holds no code, or none that can be read."""
    constructs: dict[str, str] = {}
    for path in sorted(folder.glob("*.tf.json")):
        constructs |= _constructs(path)
    found = {address: place for path in sorted(folder.glob("*.tf")) for address, place in _lines(path)}
    lines = {address: f"{path.name}:{number}" for address, (path, number) in found.items()}
    pages = {address: url for address, place in found.items() if (url := page(*place))}
    return Sources(constructs=constructs, lines=lines, pages=pages)


def _constructs(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size < _MAX_BYTES else ""
        document = json.loads(text) if text else {}
    except (OSError, ValueError, RecursionError):
        return {}
    found = {}
    for kind, prefix in (("resource", ""), ("data", "data.")):
        for resource_type, resources in _object(_object(document).get(kind)).items():
            for name, resource in _object(resources).items():
                place = _path(resource)
                if place:
                    found[f"{prefix}{resource_type}.{name}"] = place
    return found


def _path(resource: Any) -> str | None:
    """`stack/construct` of `{"//": {"metadata": {"path": "stack/construct/Resource"}}}`."""
    path = _object(_object(_object(resource).get("//")).get("metadata")).get("path")
    return path.removesuffix("/Resource") if isinstance(path, str) else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _lines(path: Path) -> Iterator[tuple[str, tuple[Path, int]]]:
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size < _MAX_BYTES else ""
    except (OSError, ValueError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        block = _BLOCK.match(line)
        if block:
            prefix = "data." if block[1] == "data" else ""
            yield f"{prefix}{block[2]}.{block[3]}", (path, number)
