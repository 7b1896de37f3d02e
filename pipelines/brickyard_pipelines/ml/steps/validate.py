"""validate: the version on a fresh hold-out, beside baselines and champion → verdict, evidence, tags.

Closed by default: until the verdict is written the version is PENDING, and whatever goes wrong makes it FAILED.
"""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import UnusableSource, ValidationRefused
from brickyard_pipelines.ml.data import rows
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.data.spark import session
from brickyard_pipelines.ml.evaluation import baselines, gate, holdout, report
from brickyard_pipelines.ml.evaluation.baselines import Baselines
from brickyard_pipelines.ml.evaluation.gate import Verdict
from brickyard_pipelines.ml.evaluation.holdout import Comparison, Predict
from brickyard_pipelines.ml.project import Project
from brickyard_pipelines.ml.registry import promotion
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """The version to judge, what it was trained with, and the champion it would replace."""

    version: str
    model_id: str | None
    predict: Predict
    rates: Baselines
    champion: str | None
    champion_predict: Predict | None


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
    try:
        verdict = judge(client, settings, project)
    except Exception as error:
        reason = f"error: {type(error).__name__}: {error}"
        versions.tag(client, model, version, status(settings, "FAILED", reason))
        raise
    word = "PASSED" if verdict.passed else "FAILED"
    versions.tag(client, model, version, status(settings, word, verdict.reason))
    _log.info("%s version %s: %s (%s)", model, version, word, verdict.reason)
    if not verdict.passed:
        raise ValidationRefused(f"{model} version {version} does not pass: {verdict.reason}.")


def judge(client: "MlflowClient", settings: StepSettings, project: Project) -> Verdict:
    """Compare on the hold-out, decide, and leave the evidence in a run.

    The version is tagged with the champion that it was compared with: deploy refuses when another has come.
    """
    from brickyard_pipelines.ml.registry import versions

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_holdout, settings, project)
        candidate = load_candidate(client, settings, project)
        source, fresh = reading.result()
    comparison = holdout.compare(
        project.workflow.gate, fresh, candidate.predict, candidate.rates, candidate.champion_predict
    )
    verdict = gate.judge(project.workflow.gate, comparison.evidence)
    facts = {
        "version": candidate.version,
        "champion": candidate.champion or "none yet",
        "hold-out": f"{project.workflow.split.holdout.since} to {project.workflow.split.holdout.until}",
        "table": f"{source.feature_table} at Delta version {source.feature_version}",
        "rows": str(len(fresh.labels)),
        "without label": str(fresh.unlabelled),
    }
    write_evidence(settings, project, candidate, comparison, verdict, facts)
    compared = {
        promotion.COMPARED_WITH: candidate.champion or "none",
        promotion.VALIDATED_AS: f"{settings.model}/{candidate.version}",
    }
    versions.tag(client, settings.need("model"), candidate.version, compared)
    return verdict


def read_holdout(settings: StepSettings, project: Project) -> tuple[Source, LabelledRows]:
    """The hold-out's rows, and the versions they were read at."""
    spark = session()
    source = rows.current_source(spark, settings, project)
    return source, rows.read(spark, settings, project, source, project.workflow.split.holdout)


def load_candidate(client: "MlflowClient", settings: StepSettings, project: Project) -> Candidate:
    """The version as an endpoint would load it, its baselines, and the champion.

    Errors: UnusableSource when the version was trained on the hold-out, or does not say on what.
    """
    import mlflow.artifacts

    from brickyard_pipelines.ml.registry import versions

    model, version = settings.need("model"), settings.need("model_version")
    facts = versions.find(client, model, version)
    run = client.get_run(str(facts.run_id))
    check_fresh(run.data.params, project)
    loaded = load(model, version)
    champion = versions.champion(client, model)
    document: Mapping[str, Any] = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/baselines.json")
    return Candidate(
        version=version,
        model_id=loaded.metadata.model_id,
        predict=loaded.predict,
        rates=baselines.from_document(document),
        champion=champion,
        champion_predict=_champion_predict(model, champion, version, loaded.predict),
    )


def check_fresh(parameters: Mapping[str, str], project: Project) -> None:
    """Errors: UnusableSource when the training run saw the hold-out, or does not say what it saw."""
    seen, fresh = parameters.get("validation_until"), str(project.workflow.split.holdout.since)
    if seen is None or seen > fresh:
        raise UnusableSource(
            f"The hold-out begins on {fresh}, the version has seen data until {seen or 'an unknown day'}:"
            " it would be judged on what it knows. Move workflow.split.holdout or train again."
        )


def load(model: str, version: str) -> Any:
    """The version by mlflow's pyfunc, which is what an endpoint loads."""
    import mlflow.pyfunc

    return mlflow.pyfunc.load_model(f"models:/{model}/{version}")


def write_evidence(
    settings: StepSettings,
    project: Project,
    candidate: Candidate,
    comparison: Comparison,
    verdict: Verdict,
    facts: Mapping[str, str],
) -> None:
    """Metrics, a JSON document and an HTML page in a run of their own."""
    import mlflow

    from brickyard_pipelines.ml.registry import runs

    title = f"{settings.model} version {candidate.version}"
    document = {
        "passed": verdict.passed,
        "conditions": [asdict(condition) for condition in verdict.conditions],
        "holdout": comparison.rivals,
        "calibration": [asdict(part) for part in comparison.calibration],
        "facts": dict(facts),
    }
    with runs.step_run("validate", settings, project, {"brickyard.model_version": candidate.version}):
        mlflow.log_metrics(flat(comparison), model_id=candidate.model_id)
        mlflow.log_dict(document, "validation.json")
        html = report.page(title, verdict, comparison.rivals, comparison.calibration, facts)
        mlflow.log_text(html, "validation.html")


def flat(comparison: Comparison) -> dict[str, float]:
    """Every number of the comparison under one name each."""
    numbers = {
        f"holdout_{metric}" if rival == "candidate" else f"holdout_{rival}_{metric}": value
        for rival, scores in comparison.rivals.items()
        for metric, value in scores.items()
    }
    gains = dict(comparison.evidence.baseline_gains)
    if comparison.evidence.champion_gain is not None:
        gains["champion"] = comparison.evidence.champion_gain
    for name, gain in gains.items():
        numbers |= gain.as_metrics(f"holdout_gain_over_{name}")
    return numbers


def status(settings: StepSettings, word: str, reason: str) -> dict[str, str]:
    """The tags of a verdict."""
    return {
        "validation_status": word,
        "validation_reason": reason,
        "validated_by_job_run": settings.job_run_id or "by hand",
    }


def _champion_predict(model: str, champion: str | None, version: str, own: Predict) -> Predict | None:
    if champion is None:
        return None
    predict: Predict = own if champion == version else load(model, champion).predict
    return predict
