"""Rows for a model, once they are in memory."""

import datetime as dt

import pandas as pd
import pytest

from brickyard_pipelines.errors import UnusableRows
from brickyard_pipelines.ml.data import rows
from brickyard_pipelines.ml.project import Period, Project, load_project, refer


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project("flight_delays")


def frame(project: Project, labels: list[int | None]) -> pd.DataFrame:
    names = [feature.name for feature in refer(project.workflow.features.columns)]
    days = pd.date_range("2013-01-01", periods=len(labels), freq="D")
    rows = pd.DataFrame(0.0, index=range(len(labels)), columns=names)
    return rows.assign(
        flight_id=[f"f{number}" for number in range(len(labels))],
        prediction_at=days,
        arrived_late=pd.Series(labels, dtype=float),
    )


def test_rows_without_a_label_are_left_out_and_counted(project: Project) -> None:
    known = rows.labelled(frame(project, [0, None, 1, None]), project, "January")
    assert known.labels.tolist() == [0, 1]
    assert known.unlabelled == 2
    assert len(known.features) == len(known.moments) == 2


def test_rows_stand_in_time_order_whatever_order_they_came_in(project: Project) -> None:
    ordered = frame(project, [0, 1, 0, 1, 1])
    shuffled = ordered.sample(frac=1, random_state=3)
    assert rows.labelled(shuffled, project, "").moments.tolist() == ordered.prediction_at.tolist()


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1], [None, None], []])
def test_a_period_of_one_class_or_none_is_refused(project: Project, labels: list[int | None]) -> None:
    with pytest.raises(UnusableRows, match="both 0 and 1 are needed"):
        rows.labelled(frame(project, labels), project, "January")


def test_a_period_ends_before_its_last_day(project: Project) -> None:
    known = rows.labelled(frame(project, [0, 1, 0, 1]), project, "")
    chosen = rows.select(known, Period(since=dt.date(2013, 1, 2), until=dt.date(2013, 1, 4)))
    assert chosen.moments.dt.day.tolist() == [2, 3]


def test_thinning_keeps_the_whole_period_in_view(project: Project) -> None:
    known = rows.labelled(frame(project, [0, 1] * 50), project, "")
    few = rows.thin(known, 10)
    assert len(few.labels) == 10
    assert (few.moments.max() - few.moments.min()).days > 80
    assert rows.thin(known, 1000).labels.tolist() == known.labels.tolist()
