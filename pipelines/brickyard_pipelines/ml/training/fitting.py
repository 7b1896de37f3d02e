"""A team's train function, called with parameters that are given or looked for, and judged on the validation period."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brickyard_pipelines.errors import UnusableModel, UnusableRows
from brickyard_pipelines.ml.data import rows
from brickyard_pipelines.ml.data.rows import LabelledRows
from brickyard_pipelines.ml.evaluation import metrics
from brickyard_pipelines.ml.project import Period, SplitByTime, refer
from brickyard_pipelines.ml.project.training import Training
from brickyard_pipelines.ml.training import libraries
from brickyard_pipelines.ml.training.brickyard_answers import Answers
from brickyard_pipelines.ml.training.libraries import Library
from brickyard_pipelines.ml.training.tuning import Report

_MOST_ROWS = 50_000  # enough to see overfitting


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The rows to learn from and the rows to look at while learning."""

    train: LabelledRows
    validation: LabelledRows

    @classmethod
    def of(cls, labelled: LabelledRows, split: SplitByTime) -> "Parts":
        """The two periods. Errors: UnusableRows, for one that has no rows, or rows of one class only."""
        named = {"train": split.train, "validation": split.validation}
        return cls(**{name: _part(name, labelled, period) for name, period in named.items()})


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitting:
    """One training: the project's settings for it, and its rows."""

    training: Training
    parts: Parts

    def fit(self, parameters: Mapping[str, Any], report: Report | None = None) -> tuple[Any, Library]:
        """A model and its library. A train function may ask, by name, for `validation` and `report`.

        Errors: UnusableModel; UnusableRows, when the function fails and features have no value in any row.
        """
        function, learnt, seen = self.training.function, self.parts.train, self.parts.validation
        given = {**self.training.parameters, **parameters}
        try:
            model = libraries.call(
                function,
                refer(function),
                *(learnt.features, learnt.labels, given),
                validation=(seen.features, seen.labels),
                report=report or _nobody_listens,
            )
        except ValueError as error:
            if without := [str(name) for name in learnt.features if learnt.features[name].isna().all()]:
                raise UnusableRows(_no_values(function, without, error)) from error
            raise
        return model, libraries.recognise(model, function)

    def score(self, parameters: Mapping[str, Any], report: Report) -> Mapping[str, float]:
        """What a trial is judged by: the metrics on the validation period."""
        model, library = self.fit(parameters, report)
        columns = list(self.parts.train.features.columns)
        answer = Answers(model, columns).predict if library.wrapped else _answer_of(model)
        seen = self.parts.validation
        said = probabilities(answer(seen.features), len(seen.labels), self.training.function)
        return metrics.scores(np.asarray(seen.labels, dtype=np.int64), said)

    def scored_rows(self) -> dict[str, LabelledRows]:
        """The rows whose metrics the run keeps."""
        return {"train": rows.thin(self.parts.train, _MOST_ROWS), "validation": self.parts.validation}


def probabilities(answers: object, count: int, function: str) -> NDArray[np.float64]:
    """A model's answers as one probability per row.

    Errors: UnusablePredictions; UnusableModel, for answers that are classes.
    """
    values = np.asarray(answers)
    said = metrics.checked(values.reshape(-1) if values.shape == (count, 1) else values, count)
    if count > 1 and set(np.unique(said).tolist()) <= {0.0, 1.0}:
        raise UnusableModel(
            f"The model of {function} answers only 0 and 1: classes, not probabilities. Return one that has"
            " predict_proba, or whose predict answers the probability of class 1."
        )
    return said


def _answer_of(model: Any) -> Any:
    """`predict` of an estimator, or of a PythonModel, which takes a context first."""
    import inspect

    predict = model.predict
    takes_context = next(iter(inspect.signature(predict).parameters), "") == "context"
    return (lambda features: predict(None, features)) if takes_context else predict


def _part(name: str, labelled: LabelledRows, period: Period) -> LabelledRows:
    part = rows.select(labelled, period)
    classes = sorted(set(part.labels.tolist()))
    if classes != [0, 1]:
        raise UnusableRows(
            f"{name}, {period.since} to {period.until}: {len(part.labels)} labelled rows with the labels {classes};"
            " both 0 and 1 are needed. Check workflow.split against the days that the landed files cover."
        )
    return part


def _no_values(function: str, features: list[str], error: ValueError) -> str:
    return (
        f"{function} failed ({error}), and {', '.join(features)} has no value in any training row. Leave it out of the"
        " features, or train on a period in which it is known."
    )


def _nobody_listens(step: int, value: float) -> None:
    """`report` outside of tuning."""
    del step, value
