"""From what a train function returns to a registered model that answers probabilities, in a tracking store of files."""

import datetime as dt
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from mlflow.models import Model
from mlflow.pyfunc import PythonModel
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from brickyard_pipelines.errors import InvalidProject, PipelineError, UnusableModel, UnusablePredictions, UnusableRows
from brickyard_pipelines.ml.code import pinned_requirements
from brickyard_pipelines.ml.data.contract import Feature
from brickyard_pipelines.ml.data.rows import LabelledRows, Source
from brickyard_pipelines.ml.project import Period, Project, SplitByTime, Training, load_project
from brickyard_pipelines.ml.registry import models
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import train
from brickyard_pipelines.ml.training import libraries, packing
from brickyard_pipelines.ml.training.fitting import Fitting, Parts, probabilities
from brickyard_pipelines.ml.training.packing import Trained
from brickyard_pipelines.ml.training.reference import TRUSTED_TYPES

NAME = "training_project"
SPLIT = SplitByTime(
    train=Period(since=dt.date(2013, 1, 1), until=dt.date(2013, 3, 1)),
    validation=Period(since=dt.date(2013, 3, 1), until=dt.date(2013, 4, 1)),
    holdout=Period(since=dt.date(2013, 4, 1), until=dt.date(2013, 5, 1)),
)
SOURCE = Source(feature_table="dev.features.t", feature_version=3, label_versions={"flights": 1})
COLUMNS = [Feature(name=name, type="double", comment="") for name in ("useful", "noise")]


def labelled() -> LabelledRows:
    random = np.random.default_rng(0)
    moments = pd.Series(pd.date_range("2013-01-01", "2013-03-31", periods=600))
    features = pd.DataFrame({"useful": random.normal(size=600), "noise": random.normal(size=600)})
    labels = (features["useful"] + 0.3 * random.normal(size=600) > 0).astype("int64")
    return LabelledRows(features=features, labels=labels, moments=moments, unlabelled=2)


def logistic(features: pd.DataFrame, labels: Any, parameters: Mapping[str, Any]) -> Any:
    return LogisticRegression(**parameters).fit(features, labels)


def lightgbm(features: pd.DataFrame, labels: Any, parameters: Mapping[str, Any], validation: Any) -> Any:
    assert len(validation[0]) == len(validation[1]) > 0  # given because it is named
    return LGBMClassifier(n_estimators=5, verbose=-1, **parameters).fit(features, labels, eval_set=[validation])


class Own(PythonModel):
    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:  # noqa: ARG002
        return 1 / (1 + np.exp(-3 * model_input["useful"].to_numpy()))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose package travels with the model."""
    package = ModuleType(NAME)
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    package.COLUMNS = COLUMNS  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, NAME, package)
    monkeypatch.setattr(models, "package_folder", lambda _: folder)
    monkeypatch.setattr("brickyard_pipelines.ml.steps.train.package_sha256", lambda _: "hash")
    monkeypatch.setattr("brickyard_pipelines.ml.registry.runs.package_sha256", lambda _: "hash")
    flights = load_project("flight_delays")
    features = replace(flights.workflow.features, columns=f"{NAME}:COLUMNS")
    workflow = replace(flights.workflow, features=features, training=Training(), baseline_groups=("noise",))
    return Project(name=NAME, title="Training", workflow=workflow)


SETTINGS = StepSettings(
    project=NAME, catalog="dev", experiment="training", model="m", job_run_id="17", reason="drift of noise"
)


def trained(project: Project, monkeypatch: pytest.MonkeyPatch, function: Any, **training: Any) -> str:
    """The version that a train function leads to; a function of this module is named by the project."""
    package = sys.modules[NAME]
    monkeypatch.setattr(package, "function", function, raising=False)
    wanted = Training(function=f"{NAME}:function", **training)
    told = replace(project, workflow=replace(project.workflow, training=wanted))
    return train.fit_and_register(SETTINGS, told, SOURCE, SPLIT, labelled())


def loaded(version: str) -> Any:
    return mlflow.pyfunc.load_model(f"models:/m/{version}")


def test_a_plain_classifier_answers_probabilities_wherever_it_is_loaded(
    store: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = trained(project, monkeypatch, logistic, parameters={"C": 0.5})
    rows = labelled()
    expected = logistic(*_learnt(rows), {"C": 0.5}).predict_proba(rows.features)[:, 1]
    model = loaded(version)
    assert np.allclose(model.predict(rows.features), expected)
    assert set(model.metadata.flavors) == {"python_function", "sklearn"}
    assert model.metadata.flavors["sklearn"]["serialization_format"] == "skops"
    with pytest.raises(ValueError, match="NaN"):  # an optional column left out is missing, and shifts no other one
        model.predict(rows.features[["noise"]])


def test_the_run_says_what_the_version_was_made_from(
    store: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = trained(project, monkeypatch, logistic)
    client = mlflow.MlflowClient()
    facts = client.get_model_version("m", version)
    run = client.get_run(facts.run_id)
    assert run.data.params["split.holdout_since"] == "2013-04-01"
    assert facts.tags["split_train_until"] == "2013-03-01"
    assert (facts.tags["reason"], facts.tags["validation_status"]) == ("drift of noise", "PENDING")
    assert run.data.tags["brickyard.model_version"] == version
    assert {d.dataset.name for d in run.inputs.dataset_inputs} == {f"{NAME}_train", f"{NAME}_validation"}
    folder = Path(run.info.artifact_uri)
    shares = json.loads((folder / "importance.json").read_text())
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["useful"] > 0.9
    assert f"mlflow=={mlflow.__version__}" in (folder / "environment.txt").read_text()
    assert train.already_registered(SETTINGS, run.data.tags["brickyard.fingerprint"]) == version


def test_lightgbm_is_kept_by_its_own_flavour_and_answers_probabilities(
    store: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(trained(project, monkeypatch, lightgbm))
    answered = model.predict(labelled().features)
    assert set(model.metadata.flavors) == {"python_function", "lightgbm"}
    assert ((answered > 0) & (answered < 1)).all()
    requirements = mlflow.pyfunc.get_model_dependencies(model.metadata.get_model_info().model_uri)
    assert "lightgbm==" in Path(requirements).read_text()


def test_a_pyfunc_of_the_teams_own_is_taken_as_it_is(
    store: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(trained(project, monkeypatch, lambda *_: Own()))
    assert set(model.metadata.flavors) == {"python_function"}
    assert model.predict(pd.DataFrame({"useful": [0.0], "noise": [1.0]})).tolist() == [0.5]


def test_the_reference_model_is_trained_where_no_function_is_named(store: Path, project: Project) -> None:
    version = train.fit_and_register(SETTINGS, project, SOURCE, SPLIT, labelled())
    assert loaded(version).metadata.flavors["sklearn"]["skops_trusted_types"] == list(TRUSTED_TYPES)


class HardOnes(LogisticRegression):  # type: ignore[misc]
    """A classifier that hides its probabilities."""

    predict_proba = property()


def nan_model(*_: Any) -> Any:
    return type("Nan", (Own,), {"predict": lambda _self, _context, rows, _params=None: np.full(len(rows), np.nan)})()


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
def test_what_is_no_model_of_two_classes_is_refused_by_name(
    project: Project, monkeypatch: pytest.MonkeyPatch, made: Any, said: str
) -> None:
    monkeypatch.setattr(sys.modules[NAME], "function", made, raising=False)
    fitting = Fitting(training=Training(function=f"{NAME}:function"), parts=Parts.of(labelled(), SPLIT))
    with pytest.raises(UnusableModel, match=said):
        fitting.fit({})
    del project


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
    packing.save_model(str(folder), Model(), trained=what, look=seen.append, **kept)
    return seen


def test_a_class_that_nobody_trusts_is_told_with_the_lines_to_add(tmp_path: Path) -> None:
    model = OfTheProject().fit(*_learnt(labelled()))
    with pytest.raises(UnusableModel, match=r"(?s)add to project.yaml:.*skops_trusted_types:\n      - .*OfTheProject"):
        packed(model, tmp_path / "untrusted")


def test_what_cannot_be_saved_is_refused_by_name(tmp_path: Path) -> None:
    class Stuck(Own):
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
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[project.name], "logistic", logistic, raising=False)
    parts, training = Parts.of(labelled(), SPLIT), Training(function=f"{project.name}:logistic")
    empty = replace(parts.train, features=parts.train.features.assign(noise=np.nan))
    with pytest.raises(UnusableRows, match=r"(?s)logistic failed \(.*noise has no value in any training row"):
        Fitting(training=training, parts=replace(parts, train=empty)).fit({})


@pytest.mark.parametrize(("root", "flavor"), [("xgboost.sklearn", "xgboost"), ("torch.nn.modules", "pytorch")])
def test_models_of_heavier_libraries_are_recognised_by_where_their_classes_come_from(root: str, flavor: str) -> None:
    """Stand-ins: the libraries themselves are not installed with the tests."""
    base = type("Base", (), {"__module__": root, "fit": 1, "predict": 1, "get_params": 1})
    found = libraries.recognise(type("Mine", (base,), {})(), "f")
    assert (found.flavor, found.wrapped) == (flavor, True)


def test_shap_is_refused_by_name_where_it_is_not_installed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InvalidProject, match="explain: got shap, which is not installed here"):
        train.explain(
            replace(project, workflow=replace(project.workflow, training=Training(explain="shap"))),
            lambda rows: np.full(len(rows), 0.5),
            labelled(),
        )


def test_a_requirement_that_is_not_installed_and_regression_are_refused_by_name() -> None:
    with pytest.raises(InvalidProject, match=r"workflow\.training\.task: regression is not supported yet"):
        Training(task="regression")
    with pytest.raises(InvalidProject, match="requirements: no-such-thing is not installed here"):
        pinned_requirements("no-such-thing")


def test_the_recipe_changes_with_data_parameters_split_and_model() -> None:
    flights = load_project("flight_delays")
    newer = replace(SOURCE, feature_version=4)
    later = replace(SPLIT, holdout=Period(since=dt.date(2013, 4, 1), until=dt.date(2013, 6, 1)))
    told = replace(flights, workflow=replace(flights.workflow, training=Training(parameters={"max_iter": 9})))
    recipes = {
        train.recipe(SETTINGS, flights, SOURCE, SPLIT),
        train.recipe(SETTINGS, flights, newer, SPLIT),
        train.recipe(SETTINGS, flights, SOURCE, later),
        train.recipe(SETTINGS, told, SOURCE, SPLIT),
        train.recipe(replace(SETTINGS, model="other"), flights, SOURCE, SPLIT),
    }
    assert len(recipes) == 5
    assert train.recipe(SETTINGS, flights, SOURCE, SPLIT) in recipes


def test_a_training_parameter_cannot_pass_for_a_fact_that_validate_trusts(project: Project) -> None:
    from brickyard_pipelines.ml.training import records

    given = {"split.holdout_since": "1999-01-01", "validation_until": "1999-01-01", "depth": 3}
    logged = records.parameters(project, SPLIT, labelled(), given, None)
    assert logged["split.holdout_since"] == "2013-04-01"
    assert str(logged["validation_until"]) == "2013-04-01"
    assert logged["training.depth"] == 3


def _learnt(rows: LabelledRows) -> tuple[pd.DataFrame, Any]:
    inside = (rows.moments < pd.Timestamp(SPLIT.train.until)).to_numpy()
    return rows.features[inside], rows.labels[inside]
