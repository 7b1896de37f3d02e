"""Landing: each file once, and again when it is not whole."""

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_pipelines.errors import UnusableSource
from brickyard_pipelines.ml.data.contract import Column, LandingFile, TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection
from brickyard_pipelines.ml.data.inspection import inspect
from brickyard_pipelines.ml.data.landing import Landed, discover, land
from brickyard_pipelines.ml.data.landing import inspect as inspect_landed

FOLDER = "/Volumes/dev/bronze/landing/p"
SOURCES = (
    LandingFile(table="flights", name="flights_2013-01.csv", content=b"a,b\n1,2\n"),
    LandingFile(table="weather", name="weather.csv", content=b"c\n3\n"),
)


@dataclass(frozen=True)
class Entry:
    path: str
    file_size: int
    is_directory: bool = False


@dataclass
class Files:
    """The calls of the Files API that landing makes."""

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

    def download(self, path: str) -> Any:
        return SimpleNamespace(contents=io.BytesIO(self.kept[path]))


CONTRACTS = {
    "flights": TableContract(name="flights", comment="", source_columns=("a", "b")),
    "weather": TableContract(name="weather", comment="", source_columns=("c",)),
}


def landed(files: Files, sources: Iterable[LandingFile] = SOURCES) -> Landed:
    return land(files, sources, CONTRACTS, FOLDER)  # type: ignore[arg-type]


def test_files_land_in_their_tables_folder_under_a_name_with_their_hash() -> None:
    files = Files()
    sent = list(landed(files).files.values())
    assert [file.path for file in sent] == files.uploads
    assert sent[0].path == f"{FOLDER}/flights/flights_2013-01.{hashlib.sha256(SOURCES[0].content).hexdigest()[:8]}.csv"
    assert files.kept[sent[1].path] == b"c\n3\n"


def test_the_same_bytes_are_not_sent_twice() -> None:
    files = Files()
    first, second = landed(files), landed(files)
    assert (first.uploaded, second.uploaded, len(files.uploads)) == (2, 0, 2)
    assert first.files == second.files


def test_a_half_sent_file_is_sent_again() -> None:
    files = Files()
    (path,) = landed(files, SOURCES[:1]).files
    files.kept[path] = files.kept[path][:3]
    assert landed(files, SOURCES[:1]).uploaded == 1
    assert files.kept[path] == SOURCES[0].content


def test_changed_bytes_land_beside_the_old_ones() -> None:
    files = Files()
    landed(files, SOURCES[:1])
    landed(files, [LandingFile(table="flights", name="flights_2013-01.csv", content=b"a,b\n1,3\n")])
    assert len(files.kept) == 2


def test_files_that_others_left_are_found_by_name_and_looked_at_where_they_lie() -> None:
    files = Files()
    ours = landed(files, SOURCES[1:])
    files.kept |= {f"{FOLDER}/flights/2.csv": b"a,b\n1,2\n", f"{FOLDER}/flights/1.csv": b"a,b\n1"}
    files.kept[f"{FOLDER}/elsewhere/3.csv"] = b"a,b\n"
    found = discover(files, CONTRACTS.values(), FOLDER, ours.files)  # type: ignore[arg-type]
    assert [(file.name, file.size) for file in found["flights"]] == [("1.csv", 5), ("2.csv", 8)]
    assert found["weather"] == tuple(ours.files.values())
    half, whole = (inspect_landed(files, file, CONTRACTS["flights"]) for file in found["flights"])  # type: ignore[arg-type]
    assert half.not_whole == "half-written: its last line ends after 1 of 2 fields"
    assert whole == Inspection(header=("a", "b"))


def test_a_full_disk_is_named_with_the_file_and_what_to_do() -> None:
    class Full(Files):
        def upload(self, path: str, content: BinaryIO, *, overwrite: bool) -> None:
            del path, content, overwrite
            raise OSError(28, "No space left on device")

    with pytest.raises(UnusableSource, match=r"flights_2013-01\.csv could not be written to .*No space left on device"):
        landed(Full())


PLANES = TableContract(name="planes", comment="", source_columns=("tail", "seats"))


def look(content: bytes, contract: TableContract = PLANES, name: str = "p.csv", piece: int = 3) -> Inspection:
    """What is found in a file that comes in small pieces."""
    return inspect(name, [content[at : at + piece] for at in range(0, len(content), piece)], contract)


@pytest.mark.parametrize("header", [b"tail,seats", b"tail,seats\r", b'"tail","seats"', b"\xef\xbb\xbftail,seats"])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_file_with_the_columns_of_its_contract_may_come(header: bytes, end: bytes) -> None:
    assert look(header + b"\nA\xc3\xa4,1" + end) == Inspection(header=("tail", "seats"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"tail\nA\n", "missing ['seats'], unknown []"),
        (b"tail,seats,extra\n", "missing [], unknown ['extra']"),
        (b"seats,tail\n", "another order, from 'seats' on: ['seats', 'tail']"),
        (b"\n", "missing ['tail', 'seats'], unknown []"),
    ],
)
def test_missing_extra_and_moved_columns_are_named_before_anything_is_sent(content: bytes, said: str) -> None:
    assert look(content).breaks == said
    files, source = Files(), LandingFile(table="planes", name="p.csv", content=content)
    with pytest.raises(UnusableSource, match=r"p\.csv does not keep the contract of planes: .*Nothing of it is loaded"):
        land(files, [source], {"planes": PLANES}, FOLDER)  # type: ignore[arg-type]
    assert files.uploads == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"crew,tail,seats,Cabin", None),
        (b"tail,seats,tail", "the columns ['tail'] stand twice"),
        (b"tail,seats,TAIL", "the columns ['tail'] stand twice"),
        (b"tail,seats,_load", "new columns ['_load'] have names that bronze cannot keep"),
        (b"tail,seats,", "new columns [''] have names that bronze cannot keep"),
        (b"tail,seats,a b", "new columns ['a b'] have names that bronze cannot keep"),
        (b"tail,crew", "missing ['seats'], unknown ['crew']"),
        (b"seats,crew,tail", "another order, from 'seats' on: ['seats', 'crew', 'tail']"),
    ],
)
def test_new_columns_may_come_where_the_contract_says_so(header: bytes, said: str | None) -> None:
    found = look(header + b"\n", replace(PLANES, evolve="add"))
    assert found == Inspection(header=tuple(header.decode().split(",")), breaks=said)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "p.csv", "it is empty"),
        (b"tail,seats\nA", "p.csv", "half-written: its last line ends after 1 of 2 fields"),
        (b"tail,seats\n\xe4,1\n", "p.csv", "it is not UTF-8"),
        (b"tail,seats\nA,\xc3", "p.csv", "it is not UTF-8"),
        (b"tail,se\0ats\n", "p.csv", "it holds NUL bytes"),
        (b"PAR1", "p.parquet", "it is no .csv file"),
        (b"tail,seats\n", "_p.csv", "its name is not of letters"),
        (b"tail,seats\n", "p[1].csv", "its name is not of letters"),
        (b"x" * 200_000, "p.csv", "a line is longer than 131072 bytes"),
    ],
)
def test_a_file_that_is_not_whole_says_why(content: bytes, name: str, said: str) -> None:
    found = look(content, name=name, piece=50_000)
    assert found.not_whole is not None
    assert found.not_whole.startswith(said)


TYPED = TableContract(
    name="planes",
    comment="",
    source_columns=("tail", "seats", "built"),
    columns=(
        Column(name="tail", type="string", comment=""),
        Column(name="chairs", type="int", source="seats", comment=""),
        Column(name="built", type="date", comment=""),
    ),
)


def test_a_column_that_changed_its_type_is_named_and_single_bad_values_are_not() -> None:
    changed = look(b"tail,seats,built\nA,ten,NA\nB,nine,NA\nC,NA,NA\nD,two,NA\n", TYPED).breaks
    assert changed == "the column 'seats' changed its type: 'ten' and all others are no int"
    assert look(b"tail,seats,built\nA,ten,2001-1-1\nB,nine,2001\nC,3,NA\n", TYPED).breaks is None
    assert look(b"tail,seats,built\nA,ten,x\nB,nine,NA\n", TYPED).breaks is None  # two values say too little


def test_a_file_of_an_unknown_table_is_named() -> None:
    with pytest.raises(UnusableSource, match=r"table flights, which has no contract\. Known: \['planes'\]"):
        land(Files(), SOURCES[:1], {"planes": PLANES}, FOLDER)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["A", "Zürich", "日本"]), min_size=1, max_size=9), st.integers(1, 7), st.data())
def test_a_file_cut_anywhere_but_after_a_whole_line_is_never_taken_for_whole(
    tails: list[str], piece: int, data: st.DataObject
) -> None:
    content = ("tail,seats\n" + "".join(f"{tail},{number:03}\n" for number, tail in enumerate(tails))).encode()
    assert look(content, piece=piece) == Inspection(header=("tail", "seats"))
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    in_its_last_field = cut.rpartition(b"\n")[2].count(b",") == 1  # nobody can tell 12 from a half-written 123
    found = look(cut, piece=piece)
    assert found.not_whole or found.breaks or cut.endswith(b"\n") or in_its_last_field
