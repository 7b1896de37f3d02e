"""Checkpoints on a volume: written whole or not at all, found by their hashes, the newest and the best kept.

A checkpoint is `step-000100/` with its files and `checkpoint.json`, which names their hashes and is written last. One
that was cut short, by a kill or a full disk, has none, or files that are not what it says; the one before is used.
"""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from brickyard_pipelines.finetuning.errors import CheckpointNotWritten
from brickyard_pipelines.finetuning.outputs import file_sha256, place_files, write_json

_log = logging.getLogger(__name__)
_MANIFEST = "checkpoint.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoints:
    """The checkpoints of one run. `keep` counts the newest ones; the best is kept beside them."""

    folder: Path
    keep: int

    def publish(self, made: Path, step: int, *, best: int | None = None) -> Path:
        """The files of the folder `made` as the checkpoint of `step`; then older ones are let go, but that of `best`.

        Errors: CheckpointNotWritten, with those before untouched.
        """
        partial, target = self.folder / f".step-{step:06d}.partial", self.folder / f"step-{step:06d}"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            write_json(partial / _MANIFEST, {"step": step, "files": place_files(made, partial)})
            shutil.rmtree(target, ignore_errors=True)  # a damaged one of the same step
            partial.replace(target)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise self.not_written(step, error) from error
        self._let_go(step, best)
        return target

    def not_written(self, step: int, error: Exception) -> CheckpointNotWritten:
        """What to say when the checkpoint of `step` could not be made."""
        whole = self.newest()
        before = f"{whole.name} is whole" if whole else "there is none before it"
        return CheckpointNotWritten(
            f"{self.folder}: the checkpoint of step {step} could not be written"
            f" ({type(error).__name__}: {' '.join(str(error).split())[:200]}); {before}."
            " Free space there or choose another output, and run again: it goes on from the last whole one."
        )

    def newest(self) -> Path | None:
        """The newest checkpoint that is whole; one that is not is said to be damaged and passed over."""
        for folder in sorted(self._folders(), reverse=True):
            problem = damage(folder)
            if problem is None:
                return folder
            _log.warning("%s is not used: %s", folder, problem)
        return None

    def of(self, step: int) -> Path:
        """The folder of a step's checkpoint, whether it is there or not."""
        return self.folder / f"step-{step:06d}"

    def _folders(self) -> Iterator[Path]:
        return self.folder.glob("step-[0-9]*")

    def _let_go(self, step: int, best: int | None) -> None:
        spared = {self.of(step), *([self.of(best)] if best is not None else [])}
        older = [folder for folder in sorted(self._folders(), reverse=True) if folder not in spared]
        for folder in older[self.keep - 1 :]:
            shutil.rmtree(folder, ignore_errors=True)


def step_of(folder: Path) -> int:
    """The step of a checkpoint's folder.

    >>> step_of(Path("checkpoints/step-000100"))
    100
    """
    return int(folder.name.removeprefix("step-"))


def damage(folder: Path) -> str | None:
    """What is wrong with a checkpoint; None where it is whole."""
    try:
        files: Mapping[str, str] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["files"]
        wanted = dict(files)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"no whole {_MANIFEST} ({type(error).__name__})"
    for name, expected in wanted.items():
        actual = file_sha256(folder / name)
        if actual != expected:
            return f"{name} has sha256 {actual[:12]} instead of {expected[:12]}"
    return None
