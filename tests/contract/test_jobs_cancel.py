"""Many runs cancelled at once, driven by the unmodified databricks-sdk."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

SLEEPS = {"tiny": "import time\ndef main(): time.sleep(600)\n"}


class Waiting:
    """A job with one run that runs, and two that wait for it."""

    def __init__(self, client: WorkspaceClient, job: int) -> None:
        self.client, self.job = client, job
        self.running, *self.queued = [int(client.jobs.run_now(job).run_id) for _ in range(3)]

    def states(self) -> list[str]:
        """Which of its runs have ended, and which wait: `ended`, `QUEUED`, or `going on`."""
        found = [self.client.jobs.get_run(run).state for run in (self.running, *self.queued)]
        known = {"QUEUED": "QUEUED", "TERMINATED": "ended"}
        return [
            known.get(state.life_cycle_state.value, "going on") for state in found if state and state.life_cycle_state
        ]


@pytest.fixture
def waiting(client: WorkspaceClient, wheels: Any, job_builder: Any) -> Iterator[list[Waiting]]:
    """Two such jobs; their runs end with the test."""
    wheel = wheels.upload(SLEEPS)
    made = [Waiting(client, job_builder.create(client, [job_builder.wheel_task("main")], wheel)) for _ in range(2)]
    yield made
    for each in made:
        client.jobs.cancel_all_runs(job_id=each.job)
        client.jobs.wait_get_run_job_terminated_or_skipped(each.running, timeout=timedelta(minutes=1))


def test_what_waits_is_cancelled_and_what_runs_goes_on(waiting: list[Waiting]) -> None:
    one, other = waiting
    assert one.states() == ["going on", "QUEUED", "QUEUED"]

    one.client.jobs.cancel_all_runs(job_id=one.job, all_queued_runs=True)

    assert one.states() == ["going on", "ended", "ended"]
    assert other.states() == ["going on", "QUEUED", "QUEUED"]


def test_of_all_jobs_only_those_that_the_caller_may_run_lose_what_waits(
    waiting: list[Waiting], new_robot: Callable[[], Any]
) -> None:
    theirs, others = waiting
    robot = new_robot()
    may_run = AccessControlRequest(
        service_principal_name=robot.application_id, permission_level=PermissionLevel.CAN_MANAGE_RUN
    )
    theirs.client.permissions.update("jobs", str(theirs.job), access_control_list=[may_run])

    robot.client().jobs.cancel_all_runs(all_queued_runs=True)

    assert theirs.states() == ["going on", "ended", "ended"]
    assert others.states() == ["going on", "QUEUED", "QUEUED"]
    with pytest.raises(PermissionDenied):
        robot.client().jobs.cancel_all_runs(job_id=others.job)


def test_all_runs_of_a_job_end_and_all_runs_of_no_job_are_refused(waiting: list[Waiting]) -> None:
    one, other = waiting

    one.client.jobs.cancel_all_runs(job_id=one.job)

    one.client.jobs.wait_get_run_job_terminated_or_skipped(one.running, timeout=timedelta(minutes=1))
    assert one.states() == ["ended", "ended", "ended"]
    assert other.states() == ["going on", "QUEUED", "QUEUED"]
    with pytest.raises(InvalidParameterValue, match="needs a job_id, or all_queued_runs"):
        one.client.jobs.cancel_all_runs()
