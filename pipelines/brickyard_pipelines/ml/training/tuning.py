"""Trials of parameters, by Optuna in MLflow: each trial a nested run, a study that goes on after a kill.

The study lives in the experiment (`mlflow.optuna.storage.MlflowStorage`); `distributed` gives its trials to Spark's
workers (`mlflow.pyspark.optuna.study.MlflowSparkStudy`), which speaks Spark Connect too.
Source: mlflow.org/docs/latest/ml/tracking/tutorials/optuna
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brickyard_pipelines.errors import TuningFailed
from brickyard_pipelines.ml.project.tuning import DIRECTIONS, Choices, FloatRange, IntRange, Tuning

if TYPE_CHECKING:
    import optuna

_KILLED = "killed"
Report = Callable[[int, float], None]
# The metrics of a model with these parameters on the validation period; it may report on the way.
Score = Callable[[Mapping[str, Any], Report], Mapping[str, float]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a study lives: the experiment, its name there, and the run that its own is nested in."""

    experiment_id: str
    study: str
    parent_run_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Best:
    """The best trial's parameters and value, and how the trials ended."""

    parameters: Mapping[str, Any]
    value: float
    number: int
    finished: int
    pruned: int
    failed: int


def search(tuning: Tuning, score: Score, place: Place) -> Best:
    """Try parameters until `trials` have ended, earlier calls' included, or the time is over.

    The sampler is seeded by `seed` and the trials there are, so that a study that goes on does not repeat itself.
    Errors: TuningFailed, when Optuna is missing, the workers cannot run trials, or no trial was finished.
    """
    optuna = _optuna()
    from mlflow.optuna.storage import MlflowStorage

    storage = MlflowStorage(experiment_id=place.experiment_id, batch_flush_interval=0.2)
    known = storage.get_study_id_by_name_if_exists(place.study)
    begun = [] if known is None else _without_killed(storage, known)
    rules = {
        "sampler": optuna.samplers.TPESampler(seed=tuning.seed + len(begun)),
        "pruner": optuna.pruners.MedianPruner(),
    }
    direction = DIRECTIONS[tuning.metric]
    left = tuning.trials - sum(_KILLED not in trial.user_attrs for trial in begun)
    study = _study(tuning, place, storage, rules, direction, known=known is not None)
    _nest(study, place)
    if left > 0:
        _run(study, _Objective(tuning=tuning, score=score), tuning, left)
    storage.flush_all_batches()  # type: ignore[no-untyped-call]
    return _best(study, tuning)


def suggest(trial: "optuna.trial.BaseTrial", space: Mapping[str, FloatRange | IntRange | Choices]) -> dict[str, Any]:
    """One value of each parameter."""
    return {name: _one(trial, name, candidates) for name, candidates in space.items()}


def _one(trial: "optuna.trial.BaseTrial", name: str, candidates: FloatRange | IntRange | Choices) -> Any:
    if isinstance(candidates, Choices):
        return trial.suggest_categorical(name, candidates.values)
    if isinstance(candidates, IntRange):
        return trial.suggest_int(name, candidates.low, candidates.high, step=candidates.step or 1, log=candidates.log)
    return trial.suggest_float(name, candidates.low, candidates.high, step=candidates.step, log=candidates.log)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Objective:
    """What Optuna calls, here or on a worker."""

    tuning: Tuning
    score: Score

    def __call__(self, trial: "optuna.Trial") -> float:
        import mlflow

        client = mlflow.MlflowClient()
        client.set_tag(str(trial._trial_id), "mlflow.runName", f"trial-{trial.number}")  # noqa: SLF001

        def report(step: int, value: float) -> None:
            trial.report(value, step)
            if trial.should_prune():
                raise _optuna().TrialPruned

        scores = self.score(suggest(trial, self.tuning.space), report)
        for name, value in scores.items():
            client.log_metric(str(trial._trial_id), f"validation_{name}", value)  # noqa: SLF001
        return scores[self.tuning.metric]


def _study(tuning: Tuning, place: Place, storage: Any, rules: Mapping[str, Any], direction: str, *, known: bool) -> Any:
    optuna = _optuna()
    if tuning.distributed:
        from mlflow.pyspark.optuna.study import MlflowSparkStudy

        return MlflowSparkStudy(place.study, storage, **rules, direction=None if known else direction)
    if known:
        return optuna.load_study(study_name=place.study, storage=storage, **rules)
    return optuna.create_study(study_name=place.study, storage=storage, direction=direction, **rules)


def _run(study: Any, objective: _Objective, tuning: Tuning, trials: int) -> None:
    timeout_s = tuning.timeout_minutes * 60 if tuning.timeout_minutes else None
    more: dict[str, Any] = {"n_jobs": tuning.parallel} if tuning.distributed else {}
    try:
        study.optimize(objective, n_trials=trials, timeout=timeout_s, catch=(Exception,), **more)
    except Exception as error:
        if not tuning.distributed:
            raise
        raise TuningFailed(
            "workflow.training.tuning.distributed: Spark's workers could not run the trials. They need mlflow, optuna"
            " and credentials of the tracking server, which the local workspace gives its tasks, not its workers."
            f" Without `distributed` the task itself runs them. The end of what was said: …{str(error)[-600:]}"
        ) from error


def _without_killed(storage: Any, study_id: Any) -> list[Any]:
    """The study's trials, all of them ended: those that a killed task left running are failed, and do not count."""
    from optuna.trial import TrialState

    for trial in storage.get_all_trials(study_id, deepcopy=False):
        if not trial.state.is_finished():
            storage.set_trial_user_attr(trial._trial_id, _KILLED, value=True)  # noqa: SLF001
            storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)  # noqa: SLF001
    return list(storage.get_all_trials(study_id, deepcopy=False))


def _nest(study: Any, place: Place) -> None:
    import mlflow
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

    mlflow.MlflowClient().set_tag(str(study._study_id), MLFLOW_PARENT_RUN_ID, place.parent_run_id)  # noqa: SLF001


def _best(study: Any, tuning: Tuning) -> Best:
    import mlflow
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    mlflow.MlflowClient().set_terminated(str(study._study_id))  # noqa: SLF001
    ended = {state: [trial for trial in trials if trial.state == state] for state in TrialState}
    usable = [t for t in ended[TrialState.COMPLETE] if t.value is not None and math.isfinite(t.value)]
    if not usable:
        raise TuningFailed(
            f"None of {len(trials)} trials ended with a finite {tuning.metric}: {len(ended[TrialState.FAIL])} failed,"
            f" {len(ended[TrialState.PRUNED])} were pruned. Why stands in the nested runs and in this task's output."
        )
    sign = 1 if DIRECTIONS[tuning.metric] == "minimize" else -1
    best = min(usable, key=lambda trial: (sign * trial.value, trial.number))
    return Best(
        parameters=dict(best.params),
        value=float(best.value),
        number=best.number,
        finished=len(usable),
        pruned=len(ended[TrialState.PRUNED]),
        failed=len(ended[TrialState.FAIL]),
    )


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise TuningFailed(
            "workflow.training.tuning needs Optuna, which is not installed here: add brickyard-pipelines[tuning] or"
            " optuna to the project's dependencies."
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
