"""Increments of features, as-of joins and gold on real Spark: the same rows as a full rebuild, as pandas, as by hand.

The Spark client runs in a process of its own, as a task does.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brickyard_local.pytest_plugin import LocalWorkspace

ROOT = Path(__file__).parents[3]
FOLDERS = [str(ROOT / "pipelines"), str(ROOT / "local"), str(ROOT / "projects" / "flight_delays")]
CODE = """
import json, logging, sys
sys.path[:0] = {folders!r}
from brickyard_local.runtime import lazy_spark
lazy_spark.install([])
import numpy as np
import pandas as pd
from brickyard_pipelines.ml.data import gold, tables
from brickyard_pipelines.ml.data.silver import definitions
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.features.as_of import AsOf, join_pandas, join_spark
from brickyard_pipelines.ml.project import load_project, refer
from brickyard_pipelines.ml.project.ingest import GoldTable
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import features

class Said(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []
    def emit(self, record):
        self.lines.append(record.getMessage())

said = Said()
logging.getLogger("brickyard_pipelines").addHandler(said)
logging.getLogger("brickyard_pipelines").setLevel(logging.INFO)
catalog, stages = json.loads(sys.stdin.read())
settings = StepSettings(project="flight_delays", catalog=catalog)
project, spark = load_project("flight_delays"), session()
definition = project.workflow.features
table = settings.table("features", "flight_delays")

def rows(frame):
    return sorted([str(value) for value in row] for row in frame.collect())

contracts = {{contract.name: contract for contract in refer(project.workflow.contract)}}
silver = {{name: settings.table("silver", name) for name in definition.inputs}}
for load, stage in enumerate(stages, 1):
    said.lines.clear()
    for name, lines in stage.items():
        contract = contracts[name]
        lines = [[None if value == "NA" else value for value in line] for line in lines]
        source = spark.createDataFrame(lines, ", ".join(f"`{{c}}` string" for c in (*contract.source_columns, "_load")))
        columns = [f"{{c.sql()}} AS `{{c.name}}`" for c in contract.columns]
        typed = source.selectExpr(*columns, "cast(_load AS bigint) AS _load")
        tables.create(spark, silver[name], definitions(contract), comment="")
        tables.replace(typed, silver[name], made_from={{"load": load, "contract": "c"}})
    features.features(settings, project)
    now = rows(spark.table(table))
    whole = rows(features.build(project, {{name: spark.table(full) for name, full in silver.items()}}))
    commits = spark.sql(f"DESCRIBE HISTORY {{table}}").count()
    print("STAGE", json.dumps({{"rows": len(now), "is_whole": now == whole, "commits": commits,
        "said": [line for line in said.lines if table in line]}}), flush=True)

def by_origin(given):
    return given["flights"].groupBy("origin").count()

flown = GoldTable(name="flown", function="builtins:by_origin", inputs=("flights",), comment="Flights by origin")
import builtins
builtins.by_origin = by_origin
inputs = {{"flights": silver["flights"]}}
wrote = [gold.build(spark, project, flown, settings.table("gold", "flown"), inputs) for _ in range(2)]
counted = rows(spark.table(settings.table("gold", "flown")))

random = np.random.default_rng(0)
origins, moments = random.choice(["A", "B", "C"], 300), random.integers(0, 400, 300)
asked = pd.DataFrame({{"key": range(300), "origin": origins, "moment_s": moments}})
known = pd.DataFrame({{"origin": random.choice(["A", "B"], 120), "at_s": random.integers(0, 400, 120),
    "wind": random.choice([1.0, 2.0, np.nan], 120), "sky": random.choice(["blue", "grey"], 120)}})
rule = AsOf(by=("origin",), moment="moment_s", at="at_s", columns=("wind", "sky"), delay_s=7, stale_after_s=20)
one = join_pandas(asked, known, rule)
other = join_spark(spark.createDataFrame(asked), spark.createDataFrame(known), rule).toPandas().sort_values("key")
other = other.reset_index(drop=True)[list(one.columns)]
same = bool(((one == other) | (one.isna() & other.isna())).all(axis=None))
print("REST", json.dumps({{"gold": [wrote, counted], "as_of": same, "found": int(one.sky.notna().sum())}}))
"""
pytestmark = pytest.mark.slow


def flight(load: int, day: int, minute: int, number: int, delay: int, tail: str = "N1") -> list[str]:
    """A line of the source: from Newark in January 2013 (five hours behind UTC)."""
    hour, past = divmod(minute, 60)
    line = (
        f"2013,1,{day},NA,{hour}{past:02},{delay},NA,{hour + 2}00,{delay},UA,{number},{tail},EWR,ORD,120,719,"
        f"{hour},{past},2013-01-{day:02}T{hour + 5:02}:00:00Z,{load}"
    )
    return line.split(",")


def weather(load: int, day: int, hour: int, temperature: int) -> list[str]:
    at = f"2013-01-{day:02}T{hour + 5:02}:00:00Z"
    return f"EWR,2013,1,{day},{hour},{temperature},20,50,270,10,NA,0,1012,10,{at},{load}".split(",")


def test_what_new_rows_touch_is_built_anew_and_equals_a_full_rebuild(local_workspace: LocalWorkspace) -> None:
    """The second load brings a day, and corrects a flight of an earlier one."""
    client, catalog = local_workspace.client(), "features-increments"
    client.catalogs.create(catalog)
    for schema in ("silver", "gold", "features"):
        client.schemas.create(schema, catalog)
    kind = ["Fixed", "BOEING", "737", "2"]
    planes = [["N1", "1999", *kind, "149", "NA", "Jet", "1"], ["N2", "2004", *kind, "NA", "NA", "Jet", "1"]]
    sky = [weather(1, day, hour, 30 + day + hour) for day in range(1, 9) for hour in range(8, 15)]
    flights = [flight(1, day, 600 + 7 * n, n, n - day, f"N{n % 4}") for day in range(1, 8) for n in range(9)]
    corrected = flight(2, 4, 600, 0, 90, "N2")
    later = [line for line in flights if line[2] != "4" or line[10] != "0"]
    stages = [
        {"planes": planes, "weather": sky, "flights": flights},
        {},
        {
            "weather": [*sky, weather(2, 9, 9, 99)],
            "flights": [*later, corrected, *(flight(2, 8, 600 + 7 * n, n, 50 + n) for n in range(9))],
        },
    ]
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(folders=FOLDERS)],
        input=json.dumps([catalog, stages]),
        env=os.environ | local_workspace.environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    new, again, more = (json.loads(line[6:]) for line in lines if line.startswith("STAGE "))
    rest: dict[str, Any] = next(json.loads(line[5:]) for line in lines if line.startswith("REST "))
    assert [stage["rows"] for stage in (new, again, more)] == [63, 63, 72]
    assert [stage["is_whole"] for stage in (new, again, more)] == [True] * 3
    assert "all features are built, since it is new" in new["said"][0]
    assert again["commits"] == new["commits"]
    assert "new rows touch the features of 2013-01-03 to 2013-01-06, 2013-01-07 to 2013-01-11" in more["said"][0]
    assert rest["gold"] == [[True, False], [["EWR", "72"]]]
    assert rest["as_of"]
    assert rest["found"] > 50
