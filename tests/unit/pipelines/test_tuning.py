"""Tuning: nested runs, a study that goes on where it was, pruning, and what is refused by name."""

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import optuna
import pytest
from mlflow.optuna.storage import MlflowStorage

from brickyard_pipelines.errors import InvalidProject, TuningFailed
from brickyard_pipelines.ml import strict
from brickyard_pipelines.ml.project.training import Training
from brickyard_pipelines.ml.project.tuning import Tuning
from brickyard_pipelines.ml.training import tuning
from brickyard_pipelines.ml.training.tuning import Place, Report

SPACE = {
    "rate": {"type": "float", "low": 0.01, "high": 1, "log": True},
    "depth": {"type": "int", "low": 2, "high": 9},
    "kind": {"type": "choice", "values": ["a", None, 3]},
}


def told(**more: Any) -> Tuning:
    return strict.build(Tuning, {"trials": 3, "metric": "brier", "space": SPACE, **more}, "workflow.training.tuning")


def place(study: str) -> Place:
    experiment = mlflow.get_experiment_by_name("training")
    assert experiment is not None
    client = mlflow.MlflowClient()
    run = client.create_run(experiment.experiment_id)
    client.set_terminated(run.info.run_id)
    return Place(experiment_id=experiment.experiment_id, study=study, parent_run_id=run.info.run_id)


def runs_in(parent: str, where: Place) -> list[Any]:
    return list(mlflow.MlflowClient().search_runs([where.experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'"))


def brier(parameters: Mapping[str, Any], _report: Report) -> Mapping[str, float]:
    return {"brier": abs(parameters["rate"] - 0.5), "log_loss": 1.0}


def test_each_trial_is_a_nested_run_and_one_that_was_killed_is_made_up_for(store: Path) -> None:
    where = place("killed")
    storage = MlflowStorage(experiment_id=where.experiment_id)
    optuna.create_study(study_name="killed", storage=storage).ask()  # and the task was killed here
    storage.flush_all_batches()  # type: ignore[no-untyped-call]

    best = tuning.search(told(), brier, where)

    assert (best.finished, best.failed) == (3, 1)
    (study,) = runs_in(where.parent_run_id, where)
    trials = runs_in(study.info.run_id, where)
    assert sorted(trial.info.status for trial in trials) == ["FAILED", "FINISHED", "FINISHED", "FINISHED"]
    finished = [trial for trial in trials if trial.info.status == "FINISHED"]
    assert min(trial.data.metrics["validation_brier"] for trial in finished) == best.value
    assert len({trial.data.params["rate"] for trial in finished}) == 3  # it does not begin from its seed again

    asked: list[Any] = []
    again = tuning.search(told(), lambda *given: asked.append(given) or brier(*given), where)
    assert (asked, again) == ([], best)
    del store


def test_hopeless_trials_are_pruned_and_failed_ones_are_survived(store: Path) -> None:
    said = iter([0.1, 0.1, 0.1, 0.1, 0.1, 9.0])

    def reporting(parameters: Mapping[str, Any], report: Report) -> Mapping[str, float]:
        value = next(said)
        report(1, value)
        if parameters["depth"] < 0:
            raise AssertionError
        return {"brier": value}

    best = tuning.search(told(trials=6), reporting, place("pruned"))
    assert (best.finished, best.pruned, best.failed) == (5, 1, 0)
    del store


def test_a_study_of_which_nothing_comes_fails_by_name(store: Path) -> None:
    def nan(_parameters: Mapping[str, Any], _report: Report) -> Mapping[str, float]:
        return {"brier": float("nan")}

    with pytest.raises(TuningFailed, match="None of 2 trials ended with a finite brier: 2 failed"):
        tuning.search(told(trials=2), nan, place("nothing"))
    del store


def test_without_optuna_the_fix_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *arguments: Any, **more: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(TuningFailed, match=r"Optuna, which is not installed here: add brickyard-pipelines\[tuning\]"):
        tuning.search(told(), brier, Place(experiment_id="1", study="s", parent_run_id="r"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"metric": "accuracy"}, r"tuning\.metric: got 'accuracy'; one of roc_auc"),
        ({"direction": "maximize"}, "direction: got maximize, but a good brier is one to minimize"),
        ({"trials": 0}, r"tuning\.trials: got 0, must be from 1"),
        ({"space": {}}, "space: empty"),
        ({"space": {"x": {"type": "float", "low": 0.0, "high": 1.0, "log": True}}}, "a logarithm needs more than 0"),
        ({"space": {"x": {"type": "int", "low": 3, "high": 3}}}, "low must be less than high"),
        ({"space": {"x": {"type": "int", "low": 1, "high": 3, "step": 5}}}, "got step 5"),
        ({"space": {"x": {"type": "choice", "values": []}}}, "a choice needs at least one"),
        ({"space": {"x": {"type": "choise", "values": [1]}}}, "x.type: got 'choise'"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_with_its_place(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidProject, match=said):
        told(**more)


def test_a_parameter_is_given_or_looked_for_but_not_both() -> None:
    with pytest.raises(InvalidProject, match=r"space: depth stands in workflow\.training\.parameters too"):
        Training(parameters={"depth": 3}, tuning=told())
