"""Landing JSON lines and Parquet: whole or not by what the format itself says, columns by name, never by place."""

import io
import json
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.data.contract import Column, TableContract
from brickyard_pipelines.ml.data.file_rules import Inspection
from brickyard_pipelines.ml.data.inspection import inspect
from brickyard_pipelines.ml.data.parquet import changed_type
from brickyard_pipelines.ml.project import load_project
from brickyard_pipelines.ml.project.ingest import SourceFiles
from brickyard_pipelines.ml.steps.ingest import contracts_of

PLANES = TableContract(name="planes", comment="", source_columns=("tail", "seats"), format="json_lines")
TYPED = replace(
    PLANES, columns=(Column(name="tail", type="string", comment=""), Column(name="seats", type="int", comment=""))
)


def look(content: bytes, contract: TableContract = PLANES, name: str = "p.jsonl", piece: int = 3) -> Inspection:
    """What is found in a file that comes in small pieces."""
    return inspect(name, [content[at : at + piece] for at in range(0, len(content), piece)], contract)


@pytest.mark.parametrize("name", ["p.jsonl", "p.ndjson", "p.json"])
def test_json_lines_may_name_the_columns_in_any_order_and_leave_some_out_of_a_line(name: str) -> None:
    content = b'{"seats": 2, "tail": "\xc3\xa4"}\n\n{"tail": "B"}\r\n{"tail": null}'
    assert look(content, name=name) == Inspection(header=("tail", "seats"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b'{"tail": "A", "seats": 1}\n{"tail": "B"', "half-written: its last line is no whole JSON"),
        (b'{"tail": "\xff"}\n', "it is not UTF-8"),
        (b'[{"tail": "A", "seats": 1}]\n', "a line of it is a JSON array: write an object per line"),
        (b"tail,seats\nA,1\n", "no line of it is a JSON object"),
        (b'{"tail": "' + b"x" * 200_000 + b'"}\n', "a line is longer than 131072 bytes"),
    ],
)
def test_json_lines_that_are_not_whole_say_why(content: bytes, said: str) -> None:
    found = look(content, piece=50_000)
    assert found.not_whole is not None
    assert found.not_whole.startswith(said)


@pytest.mark.parametrize(
    ("content", "contract", "said"),
    [
        (b'{"tail": "A"}\n', PLANES, "missing ['seats'], unknown []"),
        (b'{"tail": "A", "seats": 1}\n{"crew": 1}\n', PLANES, "missing [], unknown ['crew']"),
        (
            b'{"tail": "A", "seats": 1, "Seats": 2}\n',
            replace(PLANES, evolve="add"),
            "the columns ['seats'] stand twice",
        ),
        (b'{"tail": "A", "seats": {"n": 1}}\n' * 3, TYPED, "the column 'seats' changed its type"),
    ],
)
def test_json_lines_with_other_keys_or_types_break_their_contract(
    content: bytes, contract: TableContract, said: str
) -> None:
    found = look(content, contract)
    assert found.breaks is not None
    assert found.breaks.startswith(said)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["A", "Zürich", "日本"]), min_size=1, max_size=9), st.integers(1, 7), st.data())
def test_json_lines_cut_anywhere_but_after_a_whole_line_are_never_taken_for_whole(
    tails: list[str], piece: int, data: st.DataObject
) -> None:
    lines = [json.dumps({"tail": tail, "seats": n}, ensure_ascii=False) for n, tail in enumerate(tails)]
    content = "\n".join(lines).encode()
    assert look(content, piece=piece) == Inspection(header=("tail", "seats"))
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    whole = [line.encode() for line in lines]
    assert look(cut, piece=piece).not_whole or cut.removesuffix(b"\n").split(b"\n")[-1] in whole


def parquet(**columns: Any) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written)
    return written.getvalue()


PARQUET = replace(TYPED, format="parquet")
WHOLE = parquet(tail=["A", "B"], seats=[1, 2])


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 400))
def test_a_parquet_file_cut_anywhere_is_never_taken_for_whole(cut: int, piece: int) -> None:
    assert look(WHOLE, PARQUET, "p.parquet", piece) == Inspection()  # whole; its columns are Spark's to tell
    assert look(WHOLE[:cut], PARQUET, "p.parquet", piece).not_whole


@pytest.mark.parametrize(
    ("name", "contract", "said"),
    [
        ("p.csv", PARQUET, "it is no .parquet file, and nothing else is read for planes"),
        ("p.parquet", PLANES, "it is no .jsonl or .ndjson or .json file"),
        ("p.jsonl.gz", PLANES, "it is no .jsonl or .ndjson or .json file"),
        ("p.jsonl", replace(PLANES, format="csv"), "it is no .csv file"),
        ("_p.parquet", PARQUET, "its name is not of letters"),
    ],
)
def test_a_file_of_another_format_is_refused_by_name(name: str, contract: TableContract, said: str) -> None:
    assert str(look(WHOLE, contract, name).not_whole).startswith(said)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("bigint", None),
        ("double", None),
        ("decimal(9,0)", None),
        ("string", None),
        ("date", "the column 'seats' changed its type: it is date, which is no int"),
        ("array<int>", "the column 'seats' changed its type: it is array<int>, which is no int"),
        ("binary", "the column 'seats' is binary, which is no text"),
    ],
)
def test_a_parquet_column_of_a_type_that_cannot_become_the_contracts_is_named(kind: str, said: str | None) -> None:
    assert changed_type({"tail": "string", "seats": kind}, PARQUET) == said


def test_the_format_is_chosen_in_project_yaml_for_tables_that_there_are() -> None:
    shipped = load_project("flight_delays")

    def told(**sources: SourceFiles) -> Any:
        return replace(shipped, workflow=replace(shipped.workflow, sources=sources))

    formats = {contract.name: contract.format for contract in contracts_of(told(weather=SourceFiles(format="parquet")))}
    assert (formats["weather"], formats["flights"]) == ("parquet", "csv")
    with pytest.raises(InvalidProject, match=r"workflow\.sources\.wether: .* has no contract of that name; it has"):
        contracts_of(told(wether=SourceFiles()))
    with pytest.raises(ValueError, match="format 'xml' is none of csv, json_lines, parquet"):
        replace(PLANES, format="xml")
