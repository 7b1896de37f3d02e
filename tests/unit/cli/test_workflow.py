"""Which run of a job counts as done for the settings that the job has now."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from databricks.sdk.service.jobs import Job, JobSettings, Run, RunLifeCycleState, RunResultState, RunState

from brickyard.errors import JobFailed
from brickyard.workflow import run_workflow

SUCCESS = RunState(life_cycle_state=RunLifeCycleState.TERMINATED, result_state=RunResultState.SUCCESS)
FAILED = RunState(life_cycle_state=RunLifeCycleState.INTERNAL_ERROR, result_state=RunResultState.FAILED)


@dataclass
class FakeJobs:
    """The Jobs API as far as it is asked: runs by idempotency token, the newest one first in a list."""

    job_id: int = 7
    settings: str = "a"
    outcome: RunState = field(default_factory=lambda: SUCCESS)
    runs: dict[str, Run] = field(default_factory=dict)

    def list(self, **_: Any) -> Sequence[Job]:
        return [Job(job_id=self.job_id)]

    def get(self, _: int) -> Job:
        return Job(job_id=self.job_id, settings=JobSettings(name=self.settings))

    def run_now(self, job_id: int, *, idempotency_token: str) -> SimpleNamespace:
        number = len(self.runs) + 1
        new = Run(run_id=number, job_id=job_id, state=self.outcome, start_time=0, end_time=0)
        return SimpleNamespace(run_id=self.runs.setdefault(idempotency_token, new).run_id)

    def get_run(self, run_id: int) -> Run:
        return next(run for run in self.runs.values() if run.run_id == run_id)

    def list_runs(self, *, job_id: int, **_: Any) -> Sequence[Run]:
        return [run for run in reversed(self.runs.values()) if run.job_id == job_id]


def run(jobs: FakeJobs, *, promoted: bool = True) -> int:
    client: Any = SimpleNamespace(jobs=jobs)
    return run_workflow(client, "job", promoted=promoted, say=lambda _: None).run_id


def test_the_same_settings_run_once() -> None:
    jobs = FakeJobs()
    assert [run(jobs), run(jobs), run(jobs)] == [1, 1, 1]


def test_changed_settings_run_again() -> None:
    jobs = FakeJobs()
    run(jobs)
    jobs.settings = "b"
    assert run(jobs) == 2


def test_a_change_that_was_taken_back_runs_again() -> None:
    jobs = FakeJobs()
    for settings in ("a", "b", "a"):
        jobs.settings = settings
        run(jobs)
    assert len(jobs.runs) == 3
    assert run(jobs) == 3


def test_a_job_made_anew_runs_again() -> None:
    jobs = FakeJobs()
    run(jobs)
    jobs.job_id = 8
    assert run(jobs) == 2


def test_a_success_that_left_no_champion_does_not_count() -> None:
    jobs = FakeJobs()
    run(jobs)
    jobs.outcome = RunState(life_cycle_state=RunLifeCycleState.RUNNING)
    jobs.get_run = _ends_when_asked_twice(jobs)  # type: ignore[method-assign]
    assert run(jobs, promoted=False) == 2


def test_a_failure_is_told_and_tried_again() -> None:
    jobs = FakeJobs(outcome=FAILED)
    jobs.get_run = _ends_when_asked_twice(jobs, FAILED)  # type: ignore[method-assign]
    with pytest.raises(JobFailed, match="did not succeed"):
        run(jobs)
    with pytest.raises(JobFailed):
        run(jobs)
    assert len(jobs.runs) == 2


def _ends_when_asked_twice(jobs: FakeJobs, outcome: RunState = SUCCESS) -> Any:
    """A run is under way when it is asked for first, and has ended when it is asked for again."""
    asked: set[int] = set()
    running = RunState(life_cycle_state=RunLifeCycleState.RUNNING)

    def get_run(run_id: int) -> Run:
        found = FakeJobs.get_run(jobs, run_id)
        state = outcome if run_id in asked or found.state is SUCCESS else running
        asked.add(run_id)
        return Run(run_id=run_id, job_id=found.job_id, state=state, start_time=0, end_time=0)

    return get_run
