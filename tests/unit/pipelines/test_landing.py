"""Landing: each file once, and again when it is not whole."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

import pytest

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data.contract import LandingFile, TableContract
from brickyard_pipelines.ml.data.landing import land, with_known_columns
from brickyard_pipelines.ml.steps.ingest import files_by_table

FOLDER = "/Volumes/dev/bronze/landing/p"
SOURCES = (
    LandingFile(table="flights", name="flights_2013-01.csv", content=b"a,b\n1,2\n"),
    LandingFile(table="weather", name="weather.csv", content=b"c\n3\n"),
)


@dataclass(frozen=True)
class Entry:
    path: str
    file_size: int


@dataclass
class Files:
    """The four calls of the Files API that landing makes."""

    kept: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    uploads: list[str] = field(default_factory=list)

    def create_directory(self, path: str) -> None:
        self.folders.add(path)

    def list_directory_contents(self, path: str) -> list[Entry]:
        assert path in self.folders
        return [
            Entry(name, len(content)) for name, content in self.kept.items() if str(PurePosixPath(name).parent) == path
        ]

    def upload(self, path: str, content: BinaryIO, *, overwrite: bool) -> None:
        assert overwrite
        self.uploads.append(path)
        self.kept[path] = content.read()


def test_files_land_in_their_tables_folder_under_a_name_with_their_hash() -> None:
    files = Files()
    landed = land(files, SOURCES, FOLDER)  # type: ignore[arg-type]
    assert [file.path for file in landed] == files.uploads
    assert landed[0].path == f"{FOLDER}/flights/flights_2013-01.{landed[0].sha256[:8]}.csv"
    assert files.kept[landed[1].path] == b"c\n3\n"


def test_the_same_bytes_are_not_sent_twice() -> None:
    files = Files()
    first = land(files, SOURCES, FOLDER)  # type: ignore[arg-type]
    second = land(files, SOURCES, FOLDER)  # type: ignore[arg-type]
    assert len(files.uploads) == 2
    assert [file.path for file in first] == [file.path for file in second]
    assert not any(file.uploaded for file in second)


def test_a_half_written_file_is_sent_again() -> None:
    files = Files()
    path = land(files, SOURCES[:1], FOLDER)[0].path  # type: ignore[arg-type]
    files.kept[path] = files.kept[path][:3]
    assert land(files, SOURCES[:1], FOLDER)[0].uploaded  # type: ignore[arg-type]
    assert files.kept[path] == SOURCES[0].content


def test_changed_bytes_land_beside_the_old_ones() -> None:
    files = Files()
    land(files, SOURCES[:1], FOLDER)  # type: ignore[arg-type]
    changed = LandingFile(table="flights", name="flights_2013-01.csv", content=b"a,b\n1,3\n")
    land(files, [changed], FOLDER)  # type: ignore[arg-type]
    assert len(files.kept) == 2


PLANES = TableContract(name="planes", comment="", source_columns=("tail", "seats"))


@pytest.mark.parametrize("header", [b"tail,seats", b"tail,seats\r", b'"tail","seats"', b"\xef\xbb\xbftail,seats"])
def test_a_file_with_the_columns_of_its_contract_may_land(header: bytes) -> None:
    source = LandingFile(table="planes", name="p.csv", content=header + b"\nA,1\n")
    assert list(with_known_columns([source], {"planes": PLANES})) == [source]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"tail\nA\n", r"p\.csv does not have the columns of its contract: missing \['seats'\], unknown \[\]"),
        (b"tail,seats,extra\n", r"missing \[\], unknown \['extra'\]"),
        (b"seats,tail\n", r"another order: \['seats', 'tail'\]"),
        (b"", r"missing \['tail', 'seats'\]"),
        (b"\x00\xff\n", "does not have the columns"),
    ],
)
def test_missing_extra_and_moved_columns_are_named_before_anything_is_sent(content: bytes, said: str) -> None:
    source = LandingFile(table="planes", name="p.csv", content=content)
    files = Files()
    with pytest.raises(UnusableSource, match=said):
        land(files, with_known_columns([source], {"planes": PLANES}), FOLDER)  # type: ignore[arg-type]
    assert files.uploads == []


def test_a_file_of_an_unknown_table_is_named() -> None:
    with pytest.raises(UnusableSource, match=r"table flights, which has no contract\. Known: \['planes'\]"):
        list(with_known_columns(SOURCES[:1], {"planes": PLANES}))


def test_a_table_without_files_is_named() -> None:
    with pytest.raises(UnusableSource, match="No file has landed for planes"):
        files_by_table([], [PLANES])
