"""Landing files to bronze and silver on real Spark: each file once, bad rows and files kept aside, nothing lost.

The Spark client runs in a process of its own, as a task does: a list of stages goes in, what the tables hold after
each comes out.
"""

import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databricks.sdk.service.catalog import VolumeType

from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).parents[3]
FOLDERS = [str(ROOT / "pipelines"), str(ROOT / "local")]
CODE = """
import io, json, logging, os, signal, sys
from dataclasses import replace
sys.path[:0] = {folders!r}
from brickyard_local.runtime import lazy_spark
lazy_spark.install([])
from brickyard_pipelines.errors import PipelineError
from brickyard_pipelines.ml.data import landing, tables
from brickyard_pipelines.ml.data.contract import Check, Column, TableContract
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import ingest

CONTRACT = TableContract(
    name="planes", comment="It's planes", source_columns=("tail", "seats", "built", "seen"),
    columns=(
        Column(name="tail", type="string", nullable=False, comment="Key"),
        Column(name="seats", type="int", comment="Seats"),
        Column(name="built", type="date", comment="Built"),
        Column(name="seen", type="timestamp", comment="Seen", time_zone="America/New_York"),
    ),
    key=("tail",), checks=(Check(reason="it's empty", condition="seats > 0 OR seats IS NULL"),),
)
catalog, stages = json.loads(sys.stdin.read())
settings = StepSettings(project="p", catalog=catalog)
spark, files, writes = session(), ingest.files_api(), []
appending = tables.append

def append(rows, table, **more):
    name = table.split(".")[1].strip("`") + ("_quarantine" if "quarantine" in table else "")
    if stage.get("kill") == ["before", name]:
        os.kill(os.getpid(), signal.SIGKILL)
    if stage.get("fail") == name:
        full = "CASE WHEN seats = '7' THEN raise_error('no space left') ELSE tail END"
        rows = rows.withColumn("tail", spark_functions.expr(full))
    appending(rows, table, **more)
    if stage.get("kill") == ["after", name]:
        os.kill(os.getpid(), signal.SIGKILL)

from pyspark.sql import functions as spark_functions
tables.append = append

def kept(name, *columns):
    table = settings.table("silver", name)
    if not spark.catalog.tableExists(table):
        return []
    return sorted([str(value) for value in row] for row in spark.table(table).selectExpr(*columns).collect())

for stage in stages:
    for name, text in stage.get("files", {{}}).items():
        files.create_directory(settings.landing() + "/planes")
        files.upload(settings.landing() + "/planes/" + name, io.BytesIO(text.encode("latin-1")), overwrite=True)
    contract = replace(CONTRACT, evolve=stage.get("evolve", "refuse"), format=stage.get("format", "csv"))
    if "seats_at_least" in stage:
        contract = replace(contract, checks=(Check(reason="few", condition=f"seats >= {{stage['seats_at_least']}}"),))
    said = None
    try:
        offered = landing.discover(files, [contract], settings.landing(), {{}})
        ingest.refine(spark, files, settings, offered, contract)
    except PipelineError as error:
        said = str(error)
    except Exception as error:
        if "no space left" not in str(error):
            raise
        said = "no space left"
    bronze, silver = settings.table("bronze", "planes"), settings.table("silver", "planes")
    there = spark.catalog.tableExists(bronze)
    history = spark.sql(f"DESCRIBE HISTORY {{silver}}").collect() if spark.catalog.tableExists(silver) else []
    refused = settings.table("bronze", "planes_refused_files")
    print("STAGE", json.dumps({{
        "said": said,
        "bronze": spark.table(bronze).count() if there else 0,
        "columns": spark.table(bronze).columns if there else [],
        "kept": kept("planes", "tail", "seats", "built", "cast(seen AS string)"),
        "bad": [row[:2] for row in kept("planes_quarantine", "reason", "source_file")],
        "rows_of_bad": len(kept("planes_quarantine", "row")),
        "refused": sorted([row["file"].rsplit("/", 1)[1], row["reason"]] for row in spark.table(refused).collect())
        if spark.catalog.tableExists(refused) else [],
        "commits": len(history),
    }}), flush=True)
"""
pytestmark = pytest.mark.slow
HEADER = "tail,seats,built,seen\n"


class Landing:
    """A catalog of its own, and a process that ingests what lands in it, stage by stage."""

    def __init__(self, workspace: LocalWorkspace, name: str) -> None:
        self.workspace = workspace
        self.catalog = f"tables-{name}"  # a hyphen: names must be quoted everywhere
        client = workspace.client()
        client.catalogs.create(self.catalog)
        for schema in ("bronze", "silver"):
            client.schemas.create(schema, self.catalog)
        client.volumes.create(self.catalog, "bronze", "landing", VolumeType.MANAGED)

    def ingest(self, *stages: dict[str, Any], ends_with: int = 0) -> list[dict[str, Any]]:
        """What the tables hold after each stage; the process ends as told."""
        done = subprocess.run(
            [sys.executable, "-c", CODE.format(folders=FOLDERS)],
            input=json.dumps([self.catalog, stages]),
            env=os.environ | self.workspace.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == ends_with, done.stderr
        return [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("STAGE ")]


def test_each_file_is_loaded_once_newer_rows_win_and_every_row_is_accounted_for(
    local_workspace: LocalWorkspace,
) -> None:
    first = (
        f"{HEADER}A,10,2001-01-01,2013-03-10 01:59:00\nB,ten,NA,NA\nNA,5,NA,NA\nC,0,NA,NA\nC,-1,NA,NA\nD,NA,NA,NA\n"
        "D,9,NA,NA\nE,1,NA,NA,too,many\nF,3,NA,2013-03-10 02:30:00\nG,3,NA,2013-07-01T12:00:00Z\n"
    )
    half, more = f"{HEADER}X,20,NA,NA\nY,3", "Z,1,NA,NA\n"
    binary = {"b.csv": "", "c.csv": "tail,se\0", "d.csv": f"{HEADER}\xff,1,NA,NA\n", "e.parquet": "PAR1"}
    landing = Landing(local_workspace, "story")
    none, start, again, corrected, stricter, evolved, refused, twice = landing.ingest(
        {"files": binary},
        {"files": {"1.csv": first, "2.csv": f"{HEADER}H,1,NA,NA\n", "g.csv": half}},
        {},
        {"files": {"3.csv": f"{HEADER}A,20,2002-02-02,NA\nI,30,NA,NA\nC,0,NA,NA\n", "g.csv": half + "0,NA,NA\n"}},
        {"seats_at_least": 20},
        {"files": {"4.csv": "tail,seats,built,seen,crew\nJ,40,NA,NA,4\n"}, "evolve": "add", "seats_at_least": 20},
        {"files": {"5.csv": "tail,seats,built,seen,cabin\nK,50,NA,NA,x\n"}, "seats_at_least": 20},
        {"files": {"1.csv": first + more}, "seats_at_least": 20},
    )
    assert "No file that can be loaded has landed for planes" in none["said"]
    assert [name for name, _ in start["refused"]] == ["b.csv", "c.csv", "d.csv", "e.parquet", "g.csv"]
    assert dict(start["refused"])["g.csv"] == "half-written: its last line ends after 2 of 4 fields"
    assert [row[0] for row in start["bad"]] == [
        "duplicate key",
        "it's empty",
        "it's empty",  # its key stands twice, but that is not why it was refused
        "seats is no int",
        "seen does not exist on the clocks of America/New_York",
        "seen has an offset, and is to be a local time of America/New_York",
        "tail is missing",
        "the line does not fit the columns",
    ]
    assert {row[1] for row in start["bad"]} == {"1.csv"}
    assert ["A", "10", "2001-01-01", "2013-03-10 06:59:00"] in start["kept"]
    assert start["bronze"] == 11 == len(start["kept"]) + start["rows_of_bad"]
    assert again == start
    assert ["A", "20", "2002-02-02", "None"] in corrected["kept"]
    assert corrected["bronze"] == 16 == len(corrected["kept"]) + corrected["rows_of_bad"] + 1  # A's older row
    assert [row[:2] for row in corrected["kept"]][-2:] == [["X", "20"], ["Y", "30"]]  # g.csv is whole now
    assert [row[0] for row in stricter["kept"]] == ["A", "I", "X", "Y"]
    assert stricter["bronze"] == 16 == 4 + stricter["rows_of_bad"]
    assert "crew" in evolved["columns"]
    assert [row[0] for row in evolved["kept"]] == ["A", "I", "J", "X", "Y"]
    assert "/planes/5.csv does not keep the contract of planes: missing [], unknown ['cabin']" in refused["said"]
    assert (refused["kept"], refused["bronze"]) == (evolved["kept"], 17)
    assert f"1.csv has {len(first + more)} bytes; " in twice["said"]
    assert "A file is loaded once" in twice["said"]
    assert twice["kept"] == evolved["kept"]


def test_a_kill_or_a_full_disk_at_any_write_loses_nothing_and_doubles_nothing(
    local_workspace: LocalWorkspace,
) -> None:
    landing = Landing(local_workspace, "killed")
    killed = -signal.SIGKILL
    one, two = f"{HEADER}A,1,NA,NA\nB,2,NA,NA\nB,3,NA,NA\n", f"{HEADER}A,9,NA,NA\nC,0,NA,NA\nD,7,NA,NA\n"
    landing.ingest({"files": {"1.csv": one}, "kill": ["after", "bronze"]}, ends_with=killed)
    first, full = landing.ingest(
        {}, {"files": {"2.csv": two}, "fail": "bronze"}, {"kill": ["before", "silver"]}, ends_with=killed
    )
    assert (first["said"], full["said"]) == (None, "no space left")
    assert [row[0] for row in first["kept"]] == ["A", "B"]
    assert (full["bronze"], full["kept"], full["bad"]) == (3, first["kept"], first["bad"])
    whole, again = landing.ingest({}, {})
    assert [row[0] for row in whole["kept"]] == ["A", "B", "D"]
    assert whole["kept"][0][1] == "9"
    assert whole["bad"] == [["duplicate key", "1.csv"], ["it's empty", "2.csv"]]
    assert whole["bronze"] == 6 == len(whole["kept"]) + len(whole["bad"]) + 1  # A's older row
    assert again == whole


def test_two_ingests_at_once_load_each_file_once_and_both_end_well(local_workspace: LocalWorkspace) -> None:
    landing = Landing(local_workspace, "both")
    landing.ingest({"files": {"0.csv": f"{HEADER}A,1,NA,NA\n"}})
    stages = [
        [{"files": {f"{who}{n}.csv": f"{HEADER}A,{n + 2},NA,NA\n{who}{n},1,NA,NA\n,1,NA,NA\n"}} for n in range(4)]
        for who in "xy"
    ]
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(landing.ingest, *each) for each in stages]
        ended = [each.result() for each in both]
    (last,) = landing.ingest({})
    assert [stage["said"] for each in ended for stage in each] == [None] * 8
    assert last["bronze"] == 1 + 8 * 3
    assert [row[0] for row in last["kept"]] == ["A", *(f"{who}{n}" for who in "xy" for n in range(4))]
    assert last["bad"] == sorted([["tail is missing", f"{who}{n}.csv"] for who in "xy" for n in range(4)])


def parquet(**columns: Any) -> str:
    """A file's bytes, each as the character of its number: stages travel as JSON."""
    written = io.BytesIO()
    pq.write_table(pa.table(columns), written, compression="none")
    return written.getvalue().decode("latin-1")


def test_json_lines_and_parquet_land_by_the_rules_of_csv(local_workspace: LocalWorkspace) -> None:
    at = [dt.datetime(2013, 3, 10, 1, 59), None, None]  # noqa: DTZ001 - as pandas writes a local time
    lines = (
        '{"seats": 10, "tail": "A", "built": "2001-01-01", "seen": "2013-03-10 01:59:00"}\n'
        '{"tail": "B", "seats": "ten"}\n{"tail": "C", "seats": 0, "built": null, "seen": null}\n'
        'no JSON\n{"tail": "D"}\n'
    )
    whole = parquet(tail=["E", "A", None], seats=[3.0, 20.0, None], built=[None, dt.date(2002, 2, 2), None], seen=at)
    spoilt = whole[:4] + "\xff" * 200 + whole[204:]
    more = {"tail": ["F"], "built": [dt.date(2003, 3, 3)], "seen": at[:1]}
    start, again, typed, evolved, changed = Landing(local_workspace, "formats").ingest(
        {"format": "json_lines", "files": {"1.jsonl": lines, "2.jsonl": '{"tail": "H", "se', "3.csv": HEADER}},
        {"format": "json_lines"},
        {"format": "parquet", "files": {"4.parquet": whole, "5.parquet": spoilt, "6.parquet": whole[:300]}},
        {"format": "parquet", "evolve": "add", "files": {"7.parquet": parquet(**more, seats=[4], crew=[2])}},
        {"format": "parquet", "files": {"8.parquet": parquet(**more, seats=[dt.date(2003, 3, 3)])}},
    )
    assert start["kept"] == [
        ["A", "10", "2001-01-01", "2013-03-10 06:59:00"],
        ["D", "None", "None", "None"],
    ]
    assert [row[0] for row in start["bad"]] == ["it's empty", "seats is no int", "the line does not fit the columns"]
    assert [name for name, _ in start["refused"]] == ["2.jsonl", "3.csv"]
    assert again == start
    assert typed["kept"] == [
        ["A", "20", "2002-02-02", "None"],
        ["D", "None", "None", "None"],
        ["E", "3", "None", "2013-03-10 06:59:00"],
    ]
    assert [row[0] for row in typed["bad"]][-1:] == ["the line does not fit the columns"]
    assert "tail is missing" in [row[0] for row in typed["bad"]]
    refused = dict(typed["refused"])
    assert refused["5.parquet"].startswith("its rows cannot be read: ")
    assert refused["6.parquet"] == "half-written: it has no footer"
    assert typed["bronze"] == 8 == len(typed["kept"]) + len(typed["bad"]) + 1  # A's older row
    assert ["F", "4", "2003-03-03", "2013-03-10 06:59:00"] in evolved["kept"]
    assert "crew" in evolved["columns"]
    assert "the column 'seats' changed its type: it is date, which is no int" in changed["said"]
    assert changed["kept"] == evolved["kept"]
