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
from dataclasses import replace
sys.path[:0] = {folders!r}
from brickyard_local.runtime import lazy_spark
lazy_spark.install([])
import numpy as np
import pandas as pd
from brickyard_pipelines.errors import BrokenContract
from brickyard_pipelines.ml.data import gold, tables
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.silver import definitions
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.features.as_of import AsOf, join_pandas, join_spark
from brickyard_pipelines.ml.project import FeatureTable, load_project, refer
from brickyard_pipelines.ml.project.existing import ExistingFeatures, Lookup
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

# A view of others as the feature table, and values of theirs that are looked up as of each moment.
builtins.OTHERS = (Feature(name="size", type="double", comment="S"), Feature(name="score", type="double", comment="S"))
scores = Lookup(table=f"{{catalog}}.crm.scores", by=("customer",), at="known_at", columns=("score",))
taken = FeatureTable(columns="builtins:OTHERS", key="id", time_key="at",
    existing=ExistingFeatures(table="crm.moments", lookups=(scores,)))
others = replace(project, name="others", workflow=replace(project.workflow, features=taken))
crm, features_of_others = f"`{{catalog}}`.crm", settings.table("features", "others")
spark.sql(f"CREATE TABLE {{crm}}.kept (id string, customer string, at timestamp, size double) USING DELTA")
spark.sql(f"CREATE TABLE {{crm}}.scores (customer string, known_at timestamp, score double) USING DELTA")
spark.sql(f"CREATE VIEW {{crm}}.moments AS SELECT id, customer, at, size FROM {{crm}}.kept")

def taken_in():
    features.features(settings, others)
    history = spark.sql(f"DESCRIBE HISTORY {{features_of_others}}")
    return [rows(spark.table(features_of_others)), history.count()]

def refused(work):
    try:
        work()
    except BrokenContract as error:
        return str(error)

told = [refused(lambda: features.features(settings, others))]
spark.sql(f"INSERT INTO {{crm}}.kept VALUES ('a', 'ann', timestamp'2013-01-01 12:00:00', 1),"
          " ('b', 'bob', timestamp'2013-01-01 12:00:00', double('NaN'))")
spark.sql(f"INSERT INTO {{crm}}.scores VALUES ('ann', timestamp'2013-01-01 11:00:00', 0.1),"
          " ('ann', timestamp'2013-01-01 12:00:00.4', 0.9)")
told += [taken_in(), taken_in()]
spark.sql(f"UPDATE {{crm}}.kept SET size = 2 WHERE id = 'a'")
spark.sql(f"DELETE FROM {{crm}}.kept WHERE id = 'b'")
spark.sql(f"INSERT INTO {{crm}}.kept VALUES ('c', 'ann', timestamp'2013-01-01 12:00:01', 3)")
told.append(taken_in())
spark.sql(f"INSERT INTO {{crm}}.kept VALUES ('c', 'ann', timestamp'2013-01-01 12:00:02', 4)")
told.append(refused(lambda: features.features(settings, others)))
gone = ExistingFeatures(table="crm.gone")
told.append(refused(lambda: features.take(spark, settings, others, gone)))
told.append(rows(spark.table(features_of_others)))
print("REST", json.dumps({{"gold": [wrote, counted], "as_of": same, "found": int(one.sky.notna().sum()),
    "others": told}}))
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


@pytest.fixture(scope="module")
def told(local_workspace: LocalWorkspace) -> list[str]:
    """What the steps said, in one session with Spark. The second load brings a day, and corrects an earlier flight."""
    client, catalog = local_workspace.client(), "features-increments"
    client.catalogs.create(catalog)
    for schema in ("silver", "gold", "features", "crm"):
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
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def rest(told: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = next(json.loads(line[5:]) for line in told if line.startswith("REST "))
    return found


def test_what_new_rows_touch_is_built_anew_and_equals_a_full_rebuild(told: list[str]) -> None:
    new, again, more = (json.loads(line[6:]) for line in told if line.startswith("STAGE "))
    assert [stage["rows"] for stage in (new, again, more)] == [63, 63, 72]
    assert [stage["is_whole"] for stage in (new, again, more)] == [True] * 3
    assert "all features are built, since it is new" in new["said"][0]
    assert again["commits"] == new["commits"]
    assert "new rows touch the features of 2013-01-03 to 2013-01-06, 2013-01-07 to 2013-01-11" in more["said"][0]


def test_gold_is_built_once_and_as_of_joins_are_those_of_pandas(rest: dict[str, Any]) -> None:
    assert rest["gold"] == [[True, False], [["EWR", "72"]]]
    assert rest["as_of"]
    assert rest["found"] > 50


def test_a_view_of_others_is_the_feature_table_with_what_was_known_at_each_moment(rest: dict[str, Any]) -> None:
    empty, first, again, changed, twice, gone, after = rest["others"]
    noon = "2013-01-01 12:00:00"
    assert "crm.moments is not the feature table of project.yaml: it has no rows (id)" in empty
    # The score of 12:00:00.4 was not known at noon, and bob has none.
    assert first[0] == [["a", noon, "1.0", "0.1"], ["b", noon, "nan", "None"]]
    assert again == first, "what is as it was is not written again"
    assert changed[0] == [["a", noon, "2.0", "0.1"], ["c", "2013-01-01 12:00:01", "3.0", "0.9"]]
    assert changed[1] == first[1] + 1
    assert "3 rows have only 2 different id" in twice
    assert "`crm`.`gone` (workflow.features.existing) cannot be read" in gone
    assert after == changed[0], "what was refused has changed nothing"


AT_ONCE = """
import logging, pathlib, time
from dataclasses import replace
from brickyard_pipelines.ml.steps import features as step
WHO, OTHER, ROOM = {who!r}, {other!r}, pathlib.Path({room!r})
said, write = [], tables.replace
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("brickyard_pipelines").addHandler(handler)
logging.getLogger("brickyard_pipelines").setLevel(logging.INFO)
definition = replace(project.workflow.features, event_times={{"events": "at"}}, lookback_days=1)
project = replace(project, workflow=replace(project.workflow, features=definition))

def meet(place):
    (ROOM / f"{{place}} {{WHO}}").touch()
    ends = time.monotonic() + 300
    while not (ROOM / f"{{place}} {{OTHER}}").exists():
        assert time.monotonic() < ends, place
        time.sleep(0.02)

def landed(load, *loads):
    rows = " UNION ALL ".join(
        f"SELECT 'k' || id AS id, timestamp'2013-11-01' + make_interval(0, 0, 0, {{each}}) AS at, double(id) AS a,"
        f" 'x' AS c, bigint({{each}}) AS _load FROM range({{each}}0, {{each}}5)" for each in (load, *loads))
    write(spark.sql(rows), events, made_from={{"load": load, "contract": "c"}})

def together(rows, table, **named):
    meet(stage)  # both have planned before either writes
    write(rows, table, **named)

tables.replace = together
if WHO == "one":
    spark.sql(f"CREATE TABLE {{events}} (id string, at timestamp, a double, c string, _load bigint) USING DELTA")
    landed(1)
meet("landed")
stage = "new"
step.features(settings, project)
meet("built")
if WHO == "one":
    landed(2, 1)
meet("landed more")
stage = "more"
step.features(settings, project)
meet("end")
rows = sorted(row["id"] for row in spark.table(features).collect())
commits = [row["operation"] for row in spark.sql(f"DESCRIBE HISTORY {{features}}").collect()]
print(json.dumps([rows, len(commits), sum("another run wrote" in line for line in said)]))
"""


def test_two_features_steps_at_once_write_each_row_once_and_both_end_well(demo: Any, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    codes = [AT_ONCE.format(who=who, other=other, room=str(room)) for who, other in (("one", "two"), ("two", "one"))]
    one, two = (demo.ended(process) for process in [demo.begin(code) for code in codes])
    expected = [f"k{n}" for n in (*range(10, 15), *range(20, 25))]
    assert one[0] == two[0] == expected
    assert one[1] == two[1] == 3, "the table, its first rows, and the new day: written by one of both"
    assert one[2] + two[2] >= 2, "both times Delta refused the later one, who found nothing left to do"
