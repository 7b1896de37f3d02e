"""A frozen version of prepared data: Parquet files per split and a manifest with their hashes, written last."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from brickyard_pipelines.finetuning.errors import Problem, UnusableData
from brickyard_pipelines.finetuning.outputs import file_sha256
from brickyard_pipelines.finetuning.preparation.account import SPLITS
from brickyard_pipelines.finetuning.preparation.spool import SCHEMA

MANIFEST = "manifest.json"
_ROWS_PER_FILE = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A version that is there, whole. *Shapes*: `rows` counts per split, `manifest` as it was written."""

    folder: Path
    id: str
    manifest: Mapping[str, Any]

    def batches(self, split: str) -> Iterator[pa.RecordBatch]:
        """The rows of a split in their order, a record batch at a time."""
        for name in self.manifest["files"]:
            if name.startswith(f"{split}-"):
                yield from pq.ParquetFile(self.folder / name).iter_batches(batch_size=1024)

    def tokens(self, split: str) -> int:
        """How many tokens a split holds."""
        return int(self.manifest["splits"][split]["tokens"])

    def rows(self, split: str) -> int:
        """How many rows a split holds."""
        return int(self.manifest["splits"][split]["kept"])


def open_version(folder: Path) -> Version:
    """A version, whose files are hashed again.

    Errors: UnusableData when its manifest is missing, or a file is not what the manifest says.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        files: Mapping[str, str] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        fix = "Prepare the data again."
        raise UnusableData([Problem(where=str(path), got=f"{error}", rule="a version is whole", fix=fix)]) from error
    for name, expected in files.items():
        actual = file_sha256(folder / name)
        if actual != expected:
            fix = "Prepare the data again; a version is never changed."
            got = f"sha256 {actual[:12]} instead of {expected[:12]}"
            raise UnusableData([Problem(where=str(folder / name), got=got, rule="a version is frozen", fix=fix)])
    return Version(folder=folder, id=str(manifest["version"]), manifest=manifest)


class VersionWriter:
    """Writes kept rows into files of a work folder, and names the version by what went into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._counts = dict.fromkeys(SPLITS, 0)
        self._digests = {split: hashlib.sha256() for split in SPLITS}
        self.files: list[str] = []

    def write(self, split: str, batch: pa.RecordBatch) -> None:
        """Rows of one split."""
        if batch.num_rows == 0:
            return
        number = self._counts[split] // _ROWS_PER_FILE
        name = f"{split}-{number:05d}.parquet"
        if name not in self._writers:
            self._close(split)
            self._writers[name] = pq.ParquetWriter(self._folder / name, SCHEMA, compression="zstd")
            self.files.append(name)
        self._writers[name].write_batch(batch)
        self._counts[split] += batch.num_rows
        self._digests[split].update("\n".join(batch["row"].to_pylist()).encode("utf-8", "surrogatepass") + b"\n")

    def close(self) -> Mapping[str, str]:
        """Ends writing; the hash of the rows of each split."""
        for split in SPLITS:
            self._close(split)
        return {split: digest.hexdigest() for split, digest in self._digests.items()}

    def _close(self, split: str) -> None:
        for name in [name for name in self._writers if name.startswith(f"{split}-")]:
            self._writers.pop(name).close()


def version_id(*parts: Mapping[str, Any]) -> str:
    """16 hexadecimal digits of what the version is made of: settings, rows, and what was left out."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
