"""A simulation's months, how it is taken up again, and what it tells."""

import datetime as dt
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from databricks.sdk.service.jobs import Job, Run, RunLifeCycleState, RunResultState, RunState
from rich.console import Console

from brickyard.errors import InvalidSimulation
from brickyard.simulate import picture, report
from brickyard.simulate.loop import Loop
from brickyard.simulate.months import of_files, plan
from brickyard.simulate.observe import Scores
from brickyard.simulate.progress import Month, Progress
from brickyard.simulate.runs import Runs

YEAR = tuple(dt.date(2013, month, 1) for month in range(1, 13))
JUNE = Month(
    month="2013-06",
    rows=27069,
    champion="1",
    log_loss=0.53,
    first_log_loss=0.53,
    roc_auc=0.75,
    first_roc_auc=0.75,
    expected_log_loss=0.46,
    feature_drift=0.1,
    decision="log_loss 0.53 is above 0.52",
    retrained=True,
    outcome="deployed",
    then="2",
    took_s=60.0,
)


def test_the_first_months_train_and_the_others_come_one_by_one() -> None:
    made = plan(YEAR, months=12, learn=5)
    assert [f"{month:%m}" for month in made.months()] == ["06", "07", "08", "09", "10", "11", "12"]
    assert plan(YEAR, months=6, learn=5).months() == (dt.date(2013, 6, 1),)


@pytest.mark.parametrize(
    ("known", "months", "learn", "why"),
    [
        (YEAR, 13, 5, "--months 13: the project's source has 12, from 2013-01 on"),
        (YEAR, 5, 5, "--learn 5 of --months 5: at least one month must come"),
        (YEAR, 5, 0, "--learn 0"),
        ((), 12, 5, "lands no files with a month in their names"),
    ],
)
def test_months_that_the_source_does_not_have_are_refused(
    known: tuple[dt.date, ...], months: int, learn: int, why: str
) -> None:
    with pytest.raises(InvalidSimulation) as told:
        plan(known, months=months, learn=learn)
    assert why in str(told.value)


def test_months_are_read_from_names_of_files_and_numbers_are_no_months() -> None:
    names = ["flights_2013-11.csv", "2013-02.csv", "weather_2013-02.csv", "run_12013-05.csv", "a_2013-13.csv", "planes"]
    assert of_files(names) == (YEAR[1], YEAR[10])


def test_an_interrupted_simulation_goes_on_where_it_was(tmp_path: Path) -> None:
    begun = Progress.of(tmp_path / "s" / "progress.json", {"months": 12})
    begun.first_version = "1"
    begun.months.append(JUNE)
    begun.keep()
    again = Progress.of(tmp_path / "s" / "progress.json", {"months": 12})
    assert (again.id, again.first_version, again.months) == (begun.id, "1", [JUNE])
    with pytest.raises(InvalidSimulation, match="with other settings is under way"):
        Progress.of(tmp_path / "s" / "progress.json", {"months": 6})


@dataclass
class FakeJobs:
    """The Jobs API as far as it is asked: a run per token, ending as `ends` says, in turn."""

    ends: list[str]
    runs: dict[str, Run] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def list(self, *, name: str) -> list[Job]:
        return [Job(job_id=len(name))]

    def run_now(self, job_id: int, *, idempotency_token: str, job_parameters: dict[str, str]) -> SimpleNamespace:
        if idempotency_token not in self.runs:
            result = RunResultState(self.ends[len(self.runs)])
            state = RunState(life_cycle_state=RunLifeCycleState.TERMINATED, result_state=result)
            self.runs[idempotency_token] = Run(run_id=len(self.runs) + 1, job_id=job_id, state=state)
            self.asked.append(job_parameters)
        return SimpleNamespace(run_id=self.runs[idempotency_token].run_id)

    def get_run(self, run_id: int) -> Run:
        return next(run for run in self.runs.values() if run.run_id == run_id)


def runs(jobs: FakeJobs) -> Runs:
    return Runs(client=SimpleNamespace(jobs=jobs), say=lambda _: None)  # type: ignore[arg-type]


def test_a_run_is_started_once_however_often_the_command_is_repeated() -> None:
    jobs = FakeJobs(ends=["SUCCESS"])
    first = runs(jobs).once("job", token="t", parameters={"land_until": "2013-07-01"})
    assert runs(jobs).once("job", token="t", parameters={"land_until": "2013-07-01"}) == first
    assert jobs.asked == [{"land_until": "2013-07-01"}]


def test_after_a_run_that_failed_the_repeated_command_starts_another() -> None:
    jobs = FakeJobs(ends=["FAILED", "SUCCESS"])
    assert runs(jobs).once("job", token="t", parameters={}) == 2


class Sees:
    """What an observer tells of one month in which a run was started."""

    def decision(self, job_run_id: int) -> tuple[bool, str, int | None]:
        return True, f"limit broken, decided by {job_run_id}", 1

    def month(self, _: dt.date, first_version: str) -> Scores:
        return Scores(rows=10, champion=first_version, log_loss=0.5, first_log_loss=0.5)

    def metrics(self, _: dt.date) -> dict[str, float]:
        return {"feature_drift": 0.1}


def test_months_that_came_are_not_run_again_and_each_is_kept_as_it_ends(tmp_path: Path) -> None:
    progress = Progress(file=tmp_path / "progress.json", asked={}, first_version="1", months=[JUNE])
    jobs = FakeJobs(ends=["SUCCESS"] * 9)
    names: Any = SimpleNamespace(job="train", model="c.s.m", extra_job=lambda name: f"train-{name}")
    alias = SimpleNamespace(alias_name="champion", version_num=2)
    models = SimpleNamespace(get=lambda *_, **__: SimpleNamespace(aliases=[alias]))
    client: Any = SimpleNamespace(jobs=jobs, registered_models=models)
    screen: Any = SimpleNamespace(step=lambda _: Quiet())
    sees: Any = Sees()
    Loop(client, screen, names, plan(YEAR, months=7, learn=5), progress).months(sees)
    assert jobs.asked == [{"land_until": "2013-08-01"}]
    kept = Progress.of(tmp_path / "progress.json", {})
    assert [month.month for month in kept.months] == ["2013-06", "2013-07"]
    assert (kept.months[1].then, kept.months[1].outcome, kept.months[1].champion) == ("2", "deployed", "1")


class Quiet:
    """A step on a screen that shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, _: str) -> None:
        pass

    def done(self, _: str) -> None:
        pass


def test_the_table_says_why_and_how_it_ended_and_what_was_gained() -> None:
    later = replace(JUNE, month="2013-07", champion="2", then="2", log_loss=0.5, retrained=False, decision="kept")
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(report.table([JUNE, later, replace(JUNE, month="2013-08", log_loss=None)]))
    june, july, august = console.export_text().splitlines()[1:4]
    assert "yes: log_loss 0.53 is above 0.52 → deployed" in june
    assert "no: kept" in july
    assert "+5.7 %" in july
    assert "%" not in june + august


def test_the_picture_is_a_png_also_where_nothing_was_measured(tmp_path: Path) -> None:
    picture.draw(
        [JUNE, replace(JUNE, month="2013-07", log_loss=None, feature_drift=None)], tmp_path / "a.png", title="t"
    )
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
