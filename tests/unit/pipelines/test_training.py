"""From what a train function returns to a registered model that answers probabilities, in a tracking store of files."""

import datetime as dt
import json
import secrets
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
from mlflow.pyfunc import PythonModel
from sklearn.linear_model import LogisticRegression

from brickyard_pipelines.errors import InvalidProject
from brickyard_pipelines.ml.data.rows import LabelledRows
from brickyard_pipelines.ml.monitoring import importance
from brickyard_pipelines.ml.project import Project, Training, load_project
from brickyard_pipelines.ml.registry import models
from brickyard_pipelines.ml.settings import StepSettings
from brickyard_pipelines.ml.steps import train
from brickyard_pipelines.ml.training.reference import TRUSTED_TYPES
from learning import COLUMNS, SOURCE, SPLIT, labelled

NAME = "training_project"


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
    of_this_test = secrets.token_hex(4)  # its recipe is that of no other test, which share a store
    monkeypatch.setattr("brickyard_pipelines.ml.steps.train.package_sha256", lambda _: of_this_test)
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
    assert train.already_registered(SETTINGS, SPLIT, run.data.tags["brickyard.fingerprint"]) == version


def test_what_a_model_leans_on_is_known_of_its_copy_without_the_run_and_not_guessed_when_nothing_says_it(
    store: Path, project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A version that was promoted to another environment's catalog; one that keeps no shares, as of a team's own."""
    version, names = trained(project, monkeypatch, logistic), ["useful", "noise"]
    client = mlflow.MlflowClient()
    copy = client.copy_model_version(f"models:/m/{version}", "copied")
    client.delete_run(copy.run_id)
    told = importance.of_champion("copied", str(copy.version), names)
    assert told.shares["useful"] > 0.9
    assert told.said == f"weighted by the importance that version {copy.version} logged in training"
    mlflow.pyfunc.save_model(tmp_path / "own", python_model=Own())
    own = client.create_registered_model("own") and mlflow.register_model(str(tmp_path / "own"), "own")
    unknown = importance.of_champion("own", str(own.version), names)
    assert unknown.shares == {"useful": 0.5, "noise": 0.5}
    assert "equal weights: version 1 keeps no importance.json, and its run has none" in unknown.said


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


def test_shap_is_refused_by_name_where_it_is_not_installed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(InvalidProject, match="explain: got shap, which is not installed here"):
        train.explain(
            replace(project, workflow=replace(project.workflow, training=Training(explain="shap"))),
            lambda rows: np.full(len(rows), 0.5),
            labelled(),
        )


def test_the_recipe_changes_with_data_parameters_split_and_model() -> None:
    flights = load_project("flight_delays")
    newer = replace(SOURCE, feature_version=4)
    later = replace(SPLIT, holdout=replace(SPLIT.holdout, until=SPLIT.holdout.until + dt.timedelta(31)))
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
