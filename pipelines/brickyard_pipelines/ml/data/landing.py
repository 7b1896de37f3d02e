"""Source files into the landing volume, each once: a file's name carries the hash of its bytes."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data.contract import LandingFile, TableContract

if TYPE_CHECKING:
    from databricks.sdk.service.files import FilesAPI


@dataclass(frozen=True, kw_only=True, slots=True)
class LandedFile:
    """A source file that lies in the volume."""

    table: str
    path: str
    sha256: str
    uploaded: bool


def land(files: "FilesAPI", sources: Iterable[LandingFile], folder: str) -> tuple[LandedFile, ...]:
    """Upload what the volume does not hold yet; the same bytes are never sent twice."""
    present: dict[str, Mapping[str, int]] = {}
    landed = []
    for source in sources:
        directory = f"{folder}/{source.table}"
        if directory not in present:
            present[directory] = _sizes(files, directory)
        landed.append(_land_one(files, source, directory, present[directory]))
    return tuple(landed)


def with_known_columns(sources: Iterable[LandingFile], contracts: Mapping[str, TableContract]) -> Iterator[LandingFile]:
    """The same files, each one looked at before it is sent.

    Errors: UnusableSource for a table without a contract, or a header that is not the contract's.
    """
    for source in sources:
        contract = contracts.get(source.table)
        if contract is None:
            raise UnusableSource(
                f"{source.name} is of the table {source.table}, which has no contract. Known: {sorted(contracts)}."
            )
        header = next(csv.reader([source.content.split(b"\n", 1)[0].decode("utf-8-sig", "replace").rstrip("\r")]), [])
        if tuple(header) != contract.source_columns:
            missing = [name for name in contract.source_columns if name not in header]
            unknown = [name for name in header if name not in contract.source_columns]
            wrong = f"missing {missing}, unknown {unknown}" if missing or unknown else f"another order: {header}"
            raise UnusableSource(f"{source.name} does not have the columns of its contract: {wrong}.")
        yield source


def landed_name(source: LandingFile, sha256: str) -> str:
    """The file's name in the volume.

    >>> landed_name(LandingFile(table="t", name="flights_2013-01.csv", content=b""), "0123456789abcdef")
    'flights_2013-01.01234567.csv'
    """
    path = PurePosixPath(source.name)
    return f"{path.stem}.{sha256[:8]}{path.suffix}"


def _land_one(files: "FilesAPI", source: LandingFile, directory: str, present: Mapping[str, int]) -> LandedFile:
    digest = hashlib.sha256(source.content).hexdigest()
    path = f"{directory}/{landed_name(source, digest)}"
    uploaded = present.get(path) != len(source.content)
    if uploaded:
        files.upload(path, io.BytesIO(source.content), overwrite=True)
    return LandedFile(table=source.table, path=path, sha256=digest, uploaded=uploaded)


def _sizes(files: "FilesAPI", directory: str) -> Mapping[str, int]:
    files.create_directory(directory)
    return {str(entry.path): int(entry.file_size or 0) for entry in files.list_directory_contents(directory)}
