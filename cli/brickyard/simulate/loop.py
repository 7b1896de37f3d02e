"""The loop: train on the first months, then let the others come one by one. Nobody does anything in between."""

import datetime as dt
import time
from typing import Any

from databricks.sdk import WorkspaceClient

from brickyard.ask import champion_version
from brickyard.errors import InvalidSimulation
from brickyard.screen import Screen
from brickyard.simulate.months import Plan, after
from brickyard.simulate.observe import Observer
from brickyard.simulate.progress import Month, Progress
from brickyard.simulate.runs import Runs
from brickyard_stacks.names import ProjectNames
from brickyard_stacks.settings.deployment.jobs import INFERENCE


class Loop:
    """One simulation."""

    def __init__(
        self, client: WorkspaceClient, screen: Screen, names: ProjectNames, plan: Plan, progress: Progress
    ) -> None:
        self._client = client
        self._screen = screen
        self._names = names
        self._plan = plan
        self._progress = progress

    def first_model(self) -> None:
        """Train, validate and deploy from the months that are there at the beginning."""
        if self._progress.first_version:
            return
        until = self._plan.first
        with self._screen.step(f"First model, from {self._plan.begins:%Y-%m} to before {until:%Y-%m}") as step:
            parameters = {"land_until": until.isoformat(), "reason": "simulation: the first model"}
            Runs(client=self._client, say=step.say).once(
                self._names.job, token=f"simulate-{self._progress.id}-first", parameters=parameters
            )
            version = champion_version(self._client, self._names.model)
            if version is None:
                raise InvalidSimulation(f"The first run of {self._names.job} ended well and left no champion.")
            self._progress.first_version = version
            self._progress.keep()
            step.done(f"champion is version {version}")

    def months(self, observer: Observer) -> None:
        """Every month that has not come yet."""
        come = {each.month for each in self._progress.months}
        for month in self._plan.months():
            if f"{month:%Y-%m}" not in come:
                with self._screen.step(f"{month:%Y-%m}") as step:
                    brought = self._month(month, observer, step)
                    self._progress.months.append(brought)
                    self._progress.keep()
                    step.done(_said(brought))

    def _month(self, month: dt.date, observer: Observer, step: Any) -> Month:
        begin = time.monotonic()
        runs = Runs(client=self._client, say=step.say)
        job_run = runs.once(
            self._names.extra_job(INFERENCE),
            token=f"simulate-{self._progress.id}-{month:%Y-%m}",
            parameters={"land_until": after(month).isoformat()},
        )
        retrained, reason, started = observer.decision(job_run)
        outcome = ""
        if started is not None:
            outcome = runs.ended(self._names.job, started) or "deployed"
        scores, metrics = observer.month(month, self._progress.first_version), observer.metrics(month)
        return Month(
            month=f"{month:%Y-%m}",
            rows=scores.rows,
            champion=scores.champion,
            log_loss=scores.log_loss,
            first_log_loss=scores.first_log_loss,
            roc_auc=scores.roc_auc,
            first_roc_auc=scores.first_roc_auc,
            expected_log_loss=metrics.get("expected_log_loss"),
            feature_drift=metrics.get("feature_drift"),
            decision=reason,
            retrained=retrained,
            outcome=outcome,
            then=champion_version(self._client, self._names.model) or "",
            took_s=round(time.monotonic() - begin, 1),
        )


def _said(month: Month) -> str:
    loss = "no labels" if month.log_loss is None else f"log loss {month.log_loss:.4f}"
    moved = f", champion {month.champion} → {month.then}" if month.then != month.champion else ""
    return f"{month.rows:,} rows, {loss}{', retrained' if month.retrained else ''}{moved}"
