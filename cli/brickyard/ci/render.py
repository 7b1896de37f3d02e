"""Render every pipeline, write them, or say which differ."""

from collections.abc import Mapping
from pathlib import Path

from brickyard.ci.azure.files import azure_files
from brickyard.ci.github.files import github_files
from brickyard.ci.settings import chain_of, load_release
from brickyard.clone import Clone
from brickyard.errors import WrongReleaseSettings
from brickyard.screen import Screen
from brickyard.whole_file import write_whole
from brickyard_stacks.settings import environment_files

# Where only rendered files are: another one there is left over.
_FOLDERS = (".github/workflows", "ci/azure")


def render(root: Path) -> dict[str, str]:
    """Path and text of each file. Errors: InvalidSettings, WrongReleaseSettings."""
    release = load_release(root)
    names = sorted(environment_files(root))
    return {
        **github_files(release, chain_of(root, release, "github"), names),
        **azure_files(release, chain_of(root, release, "azure-devops"), names),
    }


def write(clone: Clone, screen: Screen) -> None:
    """Write what differs, and remove what is left over."""
    files = render(clone.root)
    for path in differing(clone.root, files):
        file = clone.root / path
        if path in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, files[path])
        else:
            file.unlink()
        screen.line(f"{'Written' if path in files else 'Removed'}: {path}")


def check(clone: Clone) -> None:
    """Errors: WrongReleaseSettings, naming the files that differ."""
    if wrong := differing(clone.root, render(clone.root)):
        raise WrongReleaseSettings(
            f"Not as `brickyard ci render --write` writes them: {', '.join(wrong)}. Change ci/release.yaml or "
            "cli/brickyard/ci, not these files; then write them anew."
        )


def differing(root: Path, files: Mapping[str, str]) -> list[str]:
    """Files that are missing, say something else, or are left over."""
    wrong = [path for path, text in files.items() if _read(root / path) != text]
    there = [file for folder in _FOLDERS for file in (root / folder).glob("*.yml")]
    return sorted(
        {*wrong, *(str(file.relative_to(root)) for file in there if str(file.relative_to(root)) not in files)}
    )


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None
