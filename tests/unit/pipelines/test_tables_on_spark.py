"""Landing files to bronze and silver on real Spark: what is bad is quarantined, what is done is left alone.

The Spark client runs in a process of its own, as a task does.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk.service.catalog import VolumeType

from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).parents[3]
FOLDERS = [str(ROOT / "pipelines"), str(ROOT / "local")]
CODE = """
import json, os, sys
sys.path[:0] = {folders!r}
from brickyard_local.runtime import lazy_spark
lazy_spark.install([])
from brickyard_pipelines.ml.data import bronze, landing, silver
from brickyard_pipelines.ml.data.contract import Check, Column, LandingFile, TableContract
from brickyard_pipelines.ml.data.spark import session
from databricks.sdk import WorkspaceClient

CONTRACT = TableContract(
    name="planes", comment="It's planes", source_columns=("tail", "seats", "built"),
    columns=(
        Column(name="tail", type="string", nullable=False, comment="Key"),
        Column(name="seats", type="int", comment="Seats"),
        Column(name="built", type="date", comment="Built"),
    ),
    key=("tail",), checks=(Check(reason="it's empty", condition="seats > 0 OR seats IS NULL"),),
)
catalog, files = json.loads(sys.argv[1])
spark = session()
tables = [f"`{{catalog}}`.`{{schema}}`.`planes`" for schema in ("bronze", "silver")]
sources = [LandingFile(table="planes", name=name, content=text.encode()) for name, text in files.items()]
landed = landing.land(WorkspaceClient().files, sources, f"/Volumes/{{catalog}}/bronze/landing/p")
loaded = bronze.load(spark, CONTRACT, landed, tables[0])
quarantine = f"`{{catalog}}`.`silver`.`planes_quarantine`"
counts = silver.conform(spark, CONTRACT, *tables, quarantine)
bad = spark.table(quarantine).collect() if spark.catalog.tableExists(quarantine) else []
kept = spark.table(tables[1]).orderBy("tail").collect()
print(json.dumps({{
    "loaded": loaded, "wrote": counts.wrote, "quarantined": counts.quarantined,
    "kept": [[str(value) for value in row] for row in kept],
    "bad": sorted([row["reason"], json.loads(row["row"]).get("tail")] for row in bad),
}}))
"""
Ingest = Callable[[dict[str, str]], dict[str, Any]]

pytestmark = pytest.mark.slow


@pytest.fixture
def ingest(local_workspace: LocalWorkspace, request: pytest.FixtureRequest) -> Ingest:
    client = local_workspace.client()
    catalog = f"tables-{abs(hash(request.node.name)) % 10**6}"  # a hyphen: names must be quoted everywhere
    client.catalogs.create(catalog)
    for schema in ("bronze", "silver"):
        client.schemas.create(schema, catalog)
    client.volumes.create(catalog, "bronze", "landing", VolumeType.MANAGED)

    def run(files: dict[str, str]) -> dict[str, Any]:
        command = [sys.executable, "-c", CODE.format(folders=FOLDERS), json.dumps([catalog, files])]
        environment = os.environ | local_workspace.environment()
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    return run


def test_every_bad_row_is_quarantined_with_its_reason_and_the_rest_is_kept(ingest: Ingest) -> None:
    first = "tail,seats,built\nA,10,2001-01-01\nB,ten,NA\nNA,5,NA\nC,0,NA\nC,-1,NA\nD,NA,NA\nE,1,NA,too,many\n"
    second = "tail,seats,built\nA,20,2002-02-02\n"
    done = ingest({"1.csv": first, "2.csv": second})
    assert done["kept"] == [["A", "20", "2002-02-02"], ["D", "None", "None"]]
    assert done["quarantined"] == 6
    assert done["bad"] == [
        ["duplicate key", "A"],
        ["it's empty", "C"],
        ["it's empty", "C"],  # its key stands twice, but that is not why it was refused
        ["seats is no int", "B"],
        ["tail is missing", None],
        ["the line does not fit the columns", "E"],
    ]


def test_the_same_files_are_not_loaded_again_and_new_ones_are(ingest: Ingest) -> None:
    files = {"1.csv": "tail,seats,built\nA,10,NA\n"}
    assert ingest(files)["wrote"]
    again = ingest(files)
    assert (again["loaded"], again["wrote"], again["kept"]) == (False, False, [["A", "10", "None"]])
    more = ingest(files | {"2.csv": "tail,seats,built\nB,20,NA\nC,0,NA\n"})
    assert more["kept"] == [["A", "10", "None"], ["B", "20", "None"]]
    repaired = ingest(files)
    assert (repaired["kept"], repaired["bad"]) == ([["A", "10", "None"]], [])


def test_a_moved_column_is_an_error_and_not_a_mix_up(ingest: Ingest) -> None:
    with pytest.raises(AssertionError, match="CSV header does not conform to the schema"):
        ingest({"1.csv": "tail,built,seats\nA,NA,10\n"})
