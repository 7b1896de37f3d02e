"""Checkpoints on a volume, without torch: whole or not there, whatever happens in between."""

import resource
import signal
from pathlib import Path

import pytest

from brickyard_pipelines.finetuning.errors import CheckpointNotWritten
from brickyard_pipelines.finetuning.training.checkpoints import Checkpoints, damage, step_of


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(folder=tmp_path / "checkpoints", keep=2)


def made(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    (folder / "optimizer.pt").write_bytes(content * 2)
    return folder


def steps(checkpoints: Checkpoints) -> list[int]:
    return sorted(step_of(each) for each in checkpoints.folder.iterdir() if not each.name.startswith("."))


def test_the_newest_whole_checkpoint_is_found(checkpoints: Checkpoints, tmp_path: Path) -> None:
    assert checkpoints.newest() is None
    for step in (10, 20):
        checkpoints.publish(made(tmp_path / "made"), step)
    assert checkpoints.newest() == checkpoints.of(20)
    assert damage(checkpoints.of(20)) is None


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.pt", "checkpoint.json"])
@pytest.mark.parametrize("harm", ["cut", "gone"])
def test_a_checkpoint_cut_short_is_passed_over(
    checkpoints: Checkpoints, tmp_path: Path, name: str, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    for step in (10, 20):
        checkpoints.publish(made(tmp_path / "made"), step)
    file = checkpoints.of(20) / name
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-3])
    assert checkpoints.newest() == checkpoints.of(10)
    assert "step-000020 is not used" in caplog.text


def test_a_full_disk_in_the_middle_of_a_checkpoint_keeps_the_one_before(
    checkpoints: Checkpoints, tmp_path: Path
) -> None:
    checkpoints.publish(made(tmp_path / "made"), 10)
    large = made(tmp_path / "large", b"x" * 600_000)  # the second file is above the limit, the first below
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        with pytest.raises(CheckpointNotWritten, match=r"step 20 could not be written .* step-000010 is whole"):
            checkpoints.publish(large, 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert [each.name for each in checkpoints.folder.iterdir()] == ["step-000010"]
    assert checkpoints.newest() == checkpoints.of(10)


def test_the_newest_and_the_best_are_kept(checkpoints: Checkpoints, tmp_path: Path) -> None:
    for step in (10, 20, 30, 40):
        checkpoints.publish(made(tmp_path / "made"), step, best=10)
    assert steps(checkpoints) == [10, 30, 40]


def test_what_a_killed_publication_left_is_no_checkpoint(checkpoints: Checkpoints, tmp_path: Path) -> None:
    checkpoints.publish(made(tmp_path / "made"), 10)
    half = checkpoints.folder / ".step-000020.partial"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"wei")
    assert checkpoints.newest() == checkpoints.of(10)
    checkpoints.publish(made(tmp_path / "made"), 20)
    assert checkpoints.newest() == checkpoints.of(20)
    assert not half.exists()
