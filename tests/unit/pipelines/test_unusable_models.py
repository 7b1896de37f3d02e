"""What a train function may return, and learn from; everything else is refused by name, before anything is logged."""

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from mlflow.models import Model
from mlflow.pyfunc import PythonModel
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from brickyard_pipelines.errors import InvalidProject, PipelineError, UnusableModel, UnusablePredictions, UnusableRows
from brickyard_pipelines.ml.code import pinned_requirements
from brickyard_pipelines.ml.project import Period, SplitByTime, Training
from brickyard_pipelines.ml.registry import models
from brickyard_pipelines.ml.training import libraries, packing
from brickyard_pipelines.ml.training.fitting import Fitting, Parts, probabilities
from brickyard_pipelines.ml.training.packing import Trained
from learning import COLUMNS, SPLIT, labelled

NAME = "refused_project"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The project's module, where its function is looked up."""
    made: Any = ModuleType(NAME)
    monkeypatch.setitem(sys.modules, NAME, made)
    return made


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda *_: None, "returned nothing. It must return a fitted scikit-learn estimator"),
        (lambda *_: LogisticRegression, "returned the class LogisticRegression, not an object"),
        (lambda *_: {"weights": 1}, r"returned builtins\.dict; it must return"),
        (lambda *_: LogisticRegression(), "LogisticRegression that is not fitted"),
        (lambda x, *_: LogisticRegression().fit(x, np.arange(len(x)) % 3), r"classes \[0, 1, 2\]"),
        (lambda x, y, _: DummyClassifier().fit(x, y * 0), r"classes \[0\]"),
        (lambda x, y: LogisticRegression().fit(x, y), "cannot be called with"),
    ],
)
def test_what_is_no_model_of_two_classes_is_refused_by_name(package: Any, made: Any, said: str) -> None:
    package.function = made
    fitting = Fitting(training=Training(function=f"{NAME}:function"), parts=Parts.of(labelled(), SPLIT))
    with pytest.raises(UnusableModel, match=said):
        fitting.fit({})


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ([0.2, float("nan")], UnusablePredictions, "are no probability, such as .*nan"),
        ([0.2, 9.0], UnusablePredictions, "are no probability"),
        ([[0.2, 0.8], [0.5, 0.5]], UnusablePredictions, r"the shape \(2, 2\) for 2 rows"),
        ([0, 1], UnusableModel, "answers only 0 and 1: classes, not probabilities"),
        (["late", "early"], UnusablePredictions, "must answer numbers"),
    ],
)
def test_what_is_no_probability_per_row_is_refused(answers: Any, error: type[PipelineError], said: str) -> None:
    with pytest.raises(error, match=said):
        probabilities(answers, 2, "f")
    assert probabilities([[0.2], [0.8]], 2, "f").tolist() == [0.2, 0.8]


class OfTheProject(LogisticRegression):  # type: ignore[misc]
    """A class that no library brings."""


def packed(model: Any, folder: Path) -> list[Any]:
    """What a look at the saved model sees."""
    seen: list[Any] = []
    kept = {"signature": models.signature(COLUMNS, "y"), "input_example": labelled().features.head(2)}
    kept |= {"pip_requirements": []}
    what = Trained(model=model, library=libraries.recognise(model, "f"), function="f")

    def look(predict: packing.Predict, _model_id: str) -> dict[str, float]:
        seen.append(predict)
        return {}

    packing.save_model(str(folder), Model(), trained=what, look=look, **kept)
    return seen


def test_a_class_that_nobody_trusts_is_told_with_the_lines_to_add(tmp_path: Path) -> None:
    model = OfTheProject().fit(labelled().features, labelled().labels)
    with pytest.raises(UnusableModel, match=r"(?s)add to project.yaml:.*skops_trusted_types:\n      - .*OfTheProject"):
        packed(model, tmp_path / "untrusted")


def test_what_cannot_be_saved_is_refused_by_name(tmp_path: Path) -> None:
    class Stuck(PythonModel):
        def __reduce__(self) -> Any:
            raise TypeError("cannot pickle a connection")

    with pytest.raises(
        UnusableModel, match=r"cannot be saved by mlflow\.pyfunc: .*Keep lambdas, open files and connections out"
    ):
        packed(Stuck(), tmp_path / "stuck")


def test_periods_without_rows_or_with_one_class_are_named() -> None:
    rows = labelled()
    late = Period(since=dt.date(2014, 1, 1), until=dt.date(2014, 2, 1))
    holdout = Period(since=dt.date(2014, 2, 1), until=dt.date(2014, 3, 1))
    with pytest.raises(
        UnusableRows, match=r"validation, 2014-01-01 to 2014-02-01: 0 labelled rows with the labels \[\]"
    ):
        Parts.of(rows, SplitByTime(train=SPLIT.train, validation=late, holdout=holdout))
    with pytest.raises(UnusableRows, match=r"train, .*with the labels \[1\]"):
        Parts.of(replace(rows, labels=rows.labels * 0 + 1), SPLIT)


def test_a_feature_without_any_value_is_named_where_the_function_fails_on_it(
    package: Any,
) -> None:
    package.logistic = lambda features, labels, _: LogisticRegression().fit(features, labels)
    parts, training = Parts.of(labelled(), SPLIT), Training(function=f"{NAME}:logistic")
    empty = replace(parts.train, features=parts.train.features.assign(noise=np.nan))
    with pytest.raises(UnusableRows, match=r"(?s)logistic failed \(.*noise has no value in any training row"):
        Fitting(training=training, parts=replace(parts, train=empty)).fit({})


@pytest.mark.parametrize(("root", "flavor"), [("xgboost.sklearn", "xgboost"), ("torch.nn.modules", "pytorch")])
def test_models_of_heavier_libraries_are_recognised_by_where_their_classes_come_from(root: str, flavor: str) -> None:
    """Stand-ins: the libraries themselves are not installed with the tests."""
    base = type("Base", (), {"__module__": root, "fit": 1, "predict": 1, "get_params": 1})
    found = libraries.recognise(type("Mine", (base,), {})(), "f")
    assert (found.flavor, found.wrapped) == (flavor, True)


def test_a_requirement_that_is_not_installed_and_regression_are_refused_by_name() -> None:
    with pytest.raises(InvalidProject, match=r"workflow\.training\.task: regression is not supported yet"):
        Training(task="regression")
    with pytest.raises(InvalidProject, match="requirements: no-such-thing is not installed here"):
        pinned_requirements("no-such-thing")
