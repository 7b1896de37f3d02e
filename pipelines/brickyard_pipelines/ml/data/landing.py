"""Source files in the landing volume: landed by the project's function, each once, or found as others left them."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data import inspection
from brickyard_pipelines.ml.data.contract import LandingFile, TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection

if TYPE_CHECKING:
    from databricks.sdk.service.files import FilesAPI

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class LandedFile:
    """A file that lies in a table's folder of the volume; `inspected` where its bytes were looked at before landing."""

    table: str
    path: str
    size: int
    inspected: Inspection | None = None

    @property
    def name(self) -> str:
        """The file's name, by which bronze knows it."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """What a project's function has landed: how many files, and those that this call sent."""

    files: Mapping[str, LandedFile]
    uploaded: int


def land(
    files: "FilesAPI", sources: Iterable[LandingFile], contracts: Mapping[str, TableContract], folder: str
) -> Landed:
    """Upload what the volume does not hold yet; the same bytes are never sent twice.

    Errors: UnusableSource for a table without a contract, or a file that breaks its contract: it is not sent.
    """
    present: dict[str, Mapping[str, int]] = {}
    landed: dict[str, LandedFile] = {}
    uploaded = 0
    for source in sources:
        inspected = _inspect_source(source, contracts)
        directory = f"{folder}/{source.table}"
        if directory not in present:
            present[directory] = _sizes(files, directory)
        path = f"{directory}/{landed_name(source)}"
        if present[directory].get(path) != len(source.content):
            _upload(files, path, source)
            uploaded += 1
        landed[path] = LandedFile(table=source.table, path=path, size=len(source.content), inspected=inspected)
    return Landed(files=landed, uploaded=uploaded)


def discover(
    files: "FilesAPI", contracts: Iterable[TableContract], folder: str, known: Mapping[str, LandedFile]
) -> Mapping[str, tuple[LandedFile, ...]]:
    """The files that lie in each table's folder, by name, whoever put them there; `known` are those just landed."""
    found = {}
    for contract in contracts:
        sizes = _sizes(files, f"{folder}/{contract.name}")
        found[contract.name] = tuple(
            known.get(path) or LandedFile(table=contract.name, path=path, size=size)
            for path, size in sorted(sizes.items())
        )
    return found


def inspect(files: "FilesAPI", file: LandedFile, contract: TableContract) -> Inspection:
    """Look at a file in the volume from its first byte to its last, unless that has been done before it landed.

    A whole one without a header is Parquet, whose columns Spark tells.
    """
    return file.inspected or inspection.inspect(file.name, _chunks(files, file.path), contract)


def landed_name(source: LandingFile) -> str:
    """The file's name in the volume: it carries the hash of its bytes, so that other bytes land beside them.

    >>> landed_name(LandingFile(table="t", name="flights_2013-01.csv", content=b""))
    'flights_2013-01.e3b0c442.csv'
    """
    path = PurePosixPath(source.name)
    return f"{path.stem}.{hashlib.sha256(source.content).hexdigest()[:8]}{path.suffix}"


def _inspect_source(source: LandingFile, contracts: Mapping[str, TableContract]) -> Inspection | None:
    contract = contracts.get(source.table)
    if contract is None:
        raise UnusableSource(
            f"{source.name} is of the table {source.table}, which has no contract. Known: {sorted(contracts)}."
        )
    inspected = inspection.inspect(source.name, [source.content], contract)
    if inspected.breaks is not None:
        raise UnusableSource(broken(source.name, contract, inspected.breaks))
    return inspected if inspected.header or inspected.not_whole else None  # Spark has yet to tell its columns


def broken(file: str, contract: TableContract, breaks: str) -> str:
    """The sentence about a file that does not have the columns that its contract names."""
    return (
        f"{file} does not keep the contract of {contract.name}: {breaks}. Nothing of it is loaded. Correct the file,"
        f" or the contract{'' if contract.evolve == 'add' else ' (`evolve` says whether new columns may come)'}."
    )


def _upload(files: "FilesAPI", path: str, source: LandingFile) -> None:
    try:
        files.upload(path, io.BytesIO(source.content), overwrite=True)
    except OSError as error:  # a full disk, a lost connection; the SDK's own errors say what they are
        raise UnusableSource(
            f"{source.name} could not be written to {path}: {error}. What lies there counts only when it is whole;"
            " run ingest again when there is room."
        ) from error


def _sizes(files: "FilesAPI", directory: str) -> Mapping[str, int]:
    files.create_directory(directory)
    entries = files.list_directory_contents(directory)
    return {str(entry.path): int(entry.file_size or 0) for entry in entries if not entry.is_directory}


def _chunks(files: "FilesAPI", path: str) -> Iterator[bytes]:
    content: BinaryIO | None = files.download(path).contents
    if content is None:
        return
    with content:
        while chunk := content.read(_CHUNK_BYTES):
            yield chunk
