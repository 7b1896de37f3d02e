"""validate: the version on a fresh hold-out, beside baselines and champion → verdict, evidence, tags, challenger.

Closed by default: until the verdict is written the version is PENDING, and whatever goes wrong makes it FAILED.
"""

import logging
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from brickyard_pipelines.errors import UnusableSource, ValidationRefused
from brickyard_pipelines.ml.data import profile, rows
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.evaluation import baselines, evidence, gate, holdout, report, sanity, serving_check
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.evaluation.holdout import Comparison
from brickyard_pipelines.ml.evaluation.sanity import Profile
from brickyard_pipelines.ml.evaluation.serving_check import Served
from brickyard_pipelines.ml.evaluation.verdict import Verdict
from brickyard_pipelines.ml.project import Period, Project, SplitByTime
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from brickyard_pipelines.ml.registry.candidates import Candidate, Champion

_log = logging.getLogger(__name__)
_ASKED_ROWS = 200  # of the process that stands for an endpoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Fresh:
    """The hold-out's rows, what they were read from, the training period's profile, and the baselines."""

    source: Source
    rows: LabelledRows
    profile: Profile
    rates: Baselines


def main() -> None:
    """The task's entry point."""
    entry.run("validate", validate)


def validate(settings: StepSettings, project: Project) -> None:
    """Judge one version and write the verdict down; the task fails when it is refused.

    Errors: ValidationRefused.
    """
    from mlflow import MlflowClient  # seconds of imports that tests do not need

    from brickyard_pipelines.ml.registry import versions

    client, model, version = MlflowClient(), settings.need("model"), settings.need("model_version")
    versions.tag(client, model, version, status(settings, "PENDING", "validation has begun"))
    # Words on an earlier verdict are none on this one.
    versions.untag(client, model, version, settings.approval_tag, promotion.CANARY)
    try:
        verdict = judge(client, settings, project)
    except Exception as error:
        reason = f"error: {type(error).__name__}: {error}"
        versions.tag(client, model, version, status(settings, "FAILED", reason))
        versions.challenge(client, model, version, is_challenger=False)
        raise
    word = "PASSED" if verdict.passed else "FAILED"
    versions.tag(client, model, version, status(settings, word, verdict.reason))
    versions.challenge(client, model, version, is_challenger=verdict.passed)
    _log.info("%s version %s: %s (%s)", model, version, word, verdict.reason)
    if not verdict.passed:
        raise ValidationRefused(f"{model} version {version} does not pass: {verdict.reason}.")


def judge(client: "MlflowClient", settings: StepSettings, project: Project) -> Verdict:
    """Compare on the hold-out, decide, and leave the evidence in a run.

    The version is tagged with the champion that it was compared with: deploy refuses when another has come.
    """
    from brickyard_pipelines.ml.registry import candidates, versions

    model, version = settings.need("model"), settings.need("model_version")
    candidate = candidates.load_candidate(client, model, version)
    split = split_of(candidate, project)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_fresh, settings, project, split, candidate.rates)
        champion = candidates.load_champion(client, model, candidate)
        check_fresh(split, champion)
        fresh = reading.result()
    comparison = holdout.compare(
        project.workflow.gate, fresh.rows, candidate.predict, fresh.rates, champion.predict if champion else None
    )
    served = try_serving(settings, fresh, comparison)
    verdict = decide(project, fresh, comparison, served)
    facts = {
        "version": version,
        "champion": champion.version if champion else "none yet",
        "hold-out": f"{split.holdout.since} to {split.holdout.until}",
        "table": f"{fresh.source.feature_table} at Delta version {fresh.source.feature_version}",
        "rows": str(len(fresh.rows.labels)),
        "without label": str(fresh.rows.unlabelled),
    }
    write_evidence(settings, project, candidate, (comparison, verdict, served), facts)
    compared = {
        promotion.COMPARED_WITH: champion.version if champion else "none",
        promotion.VALIDATED_AS: f"{model}/{version}",
        "validation_undecided": ", ".join(verdict.undecided) or "nothing",
    }
    versions.tag(client, model, version, compared)
    return verdict


def split_of(candidate: "Candidate", project: Project) -> SplitByTime:
    """The days that the version was trained with, which a rolling split resolved then.

    Errors: UnusableSource when nothing says them.
    """
    if candidate.split is not None:
        return candidate.split
    raise UnusableSource(
        f"Neither the run nor the tags of version {candidate.version} say which days it has learnt from"
        f" (split.train_since to split.holdout_until): {project.name} cannot be judged on a hold-out that it may"
        " know. Train it again."
    )


def check_fresh(split: SplitByTime, champion: "Champion | None") -> None:
    """Errors: UnusableSource when the champion has seen the hold-out; that of the version begins after its data."""
    if champion is not None and champion.seen_until > str(split.holdout.since):
        raise UnusableSource(
            f"The hold-out begins on {split.holdout.since}, champion version {champion.version} has seen data until"
            f" {champion.seen_until}: it would be judged on what it knows. Train on newer data (workflow.split)."
        )


def read_fresh(settings: StepSettings, project: Project, split: SplitByTime, rates: Baselines | None) -> Fresh:
    """The hold-out's rows; baselines are learnt here when the training run's are not in this workspace."""
    spark = session()
    source = rows.current_source(spark, settings, project)
    fresh = rows.read(spark, settings, project, source, split.holdout)
    if rates is None:
        learnt = rows.read(spark, settings, project, source, Period(since=split.train.since, until=split.train.until))
        rates = baselines.learn(learnt.features, learnt.labels, project.workflow.baseline_groups)
    seen = profile.read(spark, project, source, split, rates.base_rate)
    return Fresh(source=source, rows=fresh, profile=seen, rates=rates)


def try_serving(settings: StepSettings, fresh: Fresh, comparison: Comparison) -> Served:
    """The version in a process that stands for an endpoint, asked for some of the rows."""
    import mlflow.artifacts

    asked = rows.thin(fresh.rows, _ASKED_ROWS).features
    uri = f"models:/{settings.need('model')}/{settings.need('model_version')}"
    with tempfile.TemporaryDirectory(prefix="model-to-judge-") as folder:
        path = Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder))
        return serving_check.try_out(path, asked, comparison.answers[asked.index.to_numpy()])


def decide(project: Project, fresh: Fresh, comparison: Comparison, served: Served) -> Verdict:
    """Every condition: of the comparison, the hold-out, the answers and the serving. Pure."""
    bar = project.workflow.gate
    judged = gate.judge(bar, comparison.evidence)
    total = len(fresh.rows.labels) + fresh.rows.unlabelled
    conditions = (
        *judged.conditions,
        *sanity.of_holdout(bar.sanity, fresh.profile, fresh.rows.features, fresh.rows.labels, total),
        *sanity.of_answers(comparison.answers),
        *served.conditions,
        *gate.within_budgets(bar.budgets, served.costs),
    )
    return Verdict(conditions=conditions)


def write_evidence(
    settings: StepSettings,
    project: Project,
    candidate: "Candidate",
    found: tuple[Comparison, Verdict, Served],
    facts: Mapping[str, str],
) -> None:
    """Metrics, a JSON document and an HTML page in a run of their own."""
    import mlflow

    from brickyard_pipelines.ml.registry import runs

    comparison, verdict, served = found
    title = f"{settings.model} version {candidate.version}"
    with runs.step_run("validate", settings, project, {"brickyard.model_version": candidate.version}):
        mlflow.log_metrics(evidence.numbers(comparison, served.costs), model_id=candidate.model_id)
        mlflow.log_dict(evidence.document(comparison, verdict, served.costs, facts), "validation.json")
        mlflow.log_text(report.page(title, verdict, comparison, facts), "validation.html")


def status(settings: StepSettings, word: str, reason: str) -> dict[str, str]:
    """The tags of a verdict."""
    return {
        "validation_status": word,
        "validation_reason": reason,
        "validated_by_job_run": settings.job_run_id or "by hand",
    }
