"""Changes of a job that come between one another: what was answered stays, what was deleted stays away."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from brickyard_local.account import Workspace
from brickyard_local.callers import Caller
from brickyard_local.errors import InvalidParameter
from brickyard_local.jobs.payloads import RunNow
from brickyard_local.jobs.records import Records
from brickyard_local.jobs.runner import Runner
from brickyard_local.jobs.service import JobsService
from brickyard_local.jobs.starts import Starts
from brickyard_local.store import Store

TASKS = [{"task_key": "check", "condition_task": {"left": "1", "op": "EQUAL_TO", "right": "1"}}]


class Jobs:
    """The services over a store; `meanwhile` happens once, after a job or a wheel was looked at."""

    def __init__(self, folder: Path) -> None:
        workspace = Workspace(name="local", workspace_id=1, port=1)
        self.caller = Caller(principal="admin", groups=frozenset(), is_admin=True, workspace=workspace)
        self.meanwhile: Callable[[], object] | None = None
        self.records = Records(Store(folder / "account.db"))
        looks = MagicMock()
        looks.check.side_effect = looks.of.side_effect = self._between
        self.runner = MagicMock()
        self.service = JobsService(
            self.records,
            self.runner,
            permissions=MagicMock(),
            tokens=MagicMock(),
            resources=looks,
            grant=MagicMock(),
            check_triggers=None,
        )
        runner = Runner(self.records, MagicMock(), lambda *_: self.caller)
        self.starts = Starts(self.records, runner, self.service, lambda *_: self.caller, looks)
        self.job = self.service.create(self.caller, {"name": "one", "tasks": TASKS}, queue=False)

    def _between(self, *_: object, **_named: object) -> dict[str, str]:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return {}

    def update(self, **settings: object) -> None:
        self.service.update(self.caller, self.job, settings, [])

    def delete(self) -> None:
        self.service.delete(self.caller, self.job)


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path)


def test_two_updates_at_once_are_both_kept(jobs: Jobs) -> None:
    jobs.meanwhile = lambda: jobs.update(description="theirs")
    jobs.update(name="mine")
    settings = jobs.service.get(jobs.caller, jobs.job).get("settings")
    assert settings == {"name": "mine", "description": "theirs", "tasks": TASKS}


def test_an_update_does_not_bring_a_deleted_job_back(jobs: Jobs) -> None:
    jobs.meanwhile = jobs.delete
    with pytest.raises(InvalidParameter, match="does not exist"):
        jobs.update(name="back again")
    assert not jobs.service.exists(1, str(jobs.job))


def test_no_run_of_a_job_starts_after_the_job_was_deleted(jobs: Jobs) -> None:
    jobs.meanwhile = jobs.delete
    with pytest.raises(InvalidParameter, match="does not exist"):
        jobs.starts.run_now(jobs.caller, RunNow(job_id=jobs.job))
    assert not jobs.records.runs(1, jobs.job)


def test_a_trigger_of_a_job_that_is_being_deleted_starts_nothing(jobs: Jobs) -> None:
    jobs.meanwhile = jobs.delete
    assert jobs.starts.start_triggered(1, jobs.job, "PERIODIC", idempotency_token="once") is None


def test_a_run_that_was_cancelled_before_its_turn_does_not_start(jobs: Jobs) -> None:
    runner = Runner(jobs.records, MagicMock(side_effect=AssertionError), lambda *_: jobs.caller)
    run = {"run_id": 5, "job_id": jobs.job, "workspace_id": 1, "start_time": 1, "life_cycle_state": "PENDING"}
    stored = jobs.records.add_run({**run, "run_as": "admin", "settings": {"tasks": TASKS}, "tasks": []}, None)
    runner.cancel(stored, None)
    assert runner.submit(stored, queue=True)["result_state"] == "CANCELED"


def test_a_listener_that_fails_undoes_no_change(jobs: Jobs) -> None:
    jobs.service.when_changed(MagicMock(side_effect=RuntimeError))
    jobs.update(name="stored")
    assert jobs.service.get(jobs.caller, jobs.job)["settings"]["name"] == "stored"


@pytest.mark.parametrize("other", ["²", "00{}", "+{}", " {}", "9" * 5000])
def test_a_job_has_one_id_only(jobs: Jobs, other: str) -> None:
    assert jobs.service.exists(1, str(jobs.job))
    assert not jobs.service.exists(1, other.format(jobs.job))
