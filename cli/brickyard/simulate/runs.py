"""Runs of the project's own jobs, each started once however often the command is interrupted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from databricks.sdk import WorkspaceClient

from brickyard.errors import JobFailed
from brickyard.workflow import ended, follow, job_called, succeeded


@dataclass(frozen=True, kw_only=True, slots=True)
class Runs:
    """Starts and follows runs."""

    client: WorkspaceClient
    say: Callable[[str], None]

    def once(self, job: str, *, token: str, parameters: Mapping[str, str]) -> int:
        """A run that ends well; of a token whose run failed, the next try is another run. Errors: JobFailed."""
        job_id = job_called(self.client, job)
        attempt = 0
        while True:
            started = self.client.jobs.run_now(
                job_id, idempotency_token=f"{token}-{attempt}", job_parameters=dict(parameters)
            )
            run = self.client.jobs.get_run(started.run_id)
            if ended(run) and not succeeded(run):
                attempt += 1
                continue
            return int(follow(self.client, job, run, self.say).run_id or 0)

    def ended(self, job: str, run_id: int) -> str:
        """Wait for a run that somebody else started; how it ended, in words."""
        try:
            follow(self.client, job, self.client.jobs.get_run(run_id), self.say)
        except JobFailed as error:
            return _short(str(error))
        return ""


def _short(text: str) -> str:
    """The sentence of the step that failed, of all that a run printed."""
    lines = [line.strip() for line in text.splitlines() if " failed: " in line]
    return lines[-1] if lines else text.splitlines()[0]
