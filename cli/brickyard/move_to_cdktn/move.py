"""Rewrite a clone's own files, shown as a diff first."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from brickyard.clone import Clone
from brickyard.move_to_cdktn.rewriting import rewritten
from brickyard.screen import Screen
from brickyard.whole_file import write_whole

_FOLDERS = ("bench", "cli", "constructs", "guards", "local", "projects", "review", "stacks", "tests")
_FILES = ("main.py", "Pipfile", "package.json", "pyproject.toml")
# These are about the move itself: rewritten, they would say nothing.
_OWN = ("move_to_cdktn", "test_move_to_cdktn.py", "test_cdktn.py")
_NEXT = (
    "make lock          # locks the new packages; it asks the package registries",
    "make setup-dev     # installs them",
    "make test          # the offline provider reads its schemas from the bindings: look at its tests first",
    "BRICKYARD_ENV=… pipenv run cdktf diff …   # of an environment that is deployed: no changes",
)


def move(clone: Clone, screen: Screen, *, write: bool) -> None:
    """Show what would change, or change it. Files are written whole, each by itself; a second call changes nothing."""
    changes = {path: text for path in _sources(clone) if (text := _changed(path)) is not None}
    for path, text in changes.items():
        if write:
            write_whole(path, text, mode=path.stat().st_mode)
        else:
            _show(clone, path, text, screen)
    if not changes:
        screen.line("Nothing to move: this clone uses CDK Terrain.")
        return
    screen.line(f"{len(changes)} files {'are rewritten' if write else 'would be rewritten: --write does it'}. Then:")
    for line in _NEXT:
        screen.console.print(f"  {line}", markup=False, soft_wrap=True)


def _sources(clone: Clone) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((clone.root / folder).rglob("*.py")):
            parts = path.relative_to(clone.root).parts
            if not any(part in _OWN or part.startswith(".") for part in parts):
                yield path
    yield from (clone.root / name for name in _FILES if (clone.root / name).is_file())


def _changed(path: Path) -> str | None:
    text = path.read_text()
    new = rewritten(path.name, text)
    return new if new != text else None


def _show(clone: Clone, path: Path, text: str, screen: Screen) -> None:
    name = clone.relative(path)
    lines = difflib.unified_diff(path.read_text().splitlines(), text.splitlines(), name, name, n=0, lineterm="")
    screen.console.print("\n".join(lines), markup=False, soft_wrap=True)
